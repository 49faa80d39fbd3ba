"""Signing in, one's own settings, the inbox."""

from flask import Blueprint

bp = Blueprint("account", __name__)
