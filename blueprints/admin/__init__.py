"""Administration: people, master data, policy, outbox, health, and the demonstration's clock."""

from flask import Blueprint

bp = Blueprint("admin", __name__, url_prefix="/admin")
