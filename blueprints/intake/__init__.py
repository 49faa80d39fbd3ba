"""Intake: reporting, and following one's own reports."""

from flask import Blueprint

bp = Blueprint("intake", __name__)
