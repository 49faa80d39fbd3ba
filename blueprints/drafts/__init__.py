"""What is begun and not sent: drafts, files that go ahead, and whether one is still signed in."""

from flask import Blueprint

bp = Blueprint("drafts", __name__)
