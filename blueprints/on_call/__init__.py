"""On call: rotas, absences, calendars to subscribe to, and the ladder of a ticket."""

from flask import Blueprint

bp = Blueprint("on_call", __name__)
