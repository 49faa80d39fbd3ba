"""Plans and their approval."""

from flask import Blueprint

bp = Blueprint("approval", __name__)
