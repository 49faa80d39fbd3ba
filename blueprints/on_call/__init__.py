"""On call: rotas, absences, and the ladder of a ticket."""

from flask import Blueprint

bp = Blueprint("on_call", __name__)
