"""Triage: the queue, grading and assigning."""

from flask import Blueprint

bp = Blueprint("triage", __name__)
