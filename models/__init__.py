"""The business: tables and rules. No request, no Redis, no prose. Importing this knows every table."""

from models.people import absence, customer, person, rota, session, team
from models.policy import draft, version
from models.record import (
    archive,
    article,
    attachment,
    deadline,
    demo_clock,
    drill,
    entry,
    event,
    extension,
    heartbeat,
    link,
    message,
    number,
    once,
    plan,
    resolution,
    ticket,
    verdict,
)

__all__ = [
    "absence", "archive", "article", "attachment", "customer", "deadline", "demo_clock", "draft", "drill",
    "entry", "event", "extension", "heartbeat", "link", "message", "number", "once", "person", "plan",
    "resolution", "rota", "session", "team", "ticket", "verdict", "version",
]  # fmt: skip
