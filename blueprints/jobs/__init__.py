"""Long work: what was asked for, how far it has come, what came of it."""

from flask import Blueprint

bp = Blueprint("jobs", __name__)
