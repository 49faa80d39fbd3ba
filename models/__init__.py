"""The business: tables and rules. No request, no Redis, no prose. Importing this knows every table."""

from models.people import customer, person, session, team
from models.policy import version
from models.record import (
    archive,
    article,
    attachment,
    deadline,
    demo_clock,
    entry,
    event,
    heartbeat,
    link,
    message,
    number,
    once,
    plan,
    resolution,
    ticket,
)

__all__ = [
    "archive", "article", "attachment", "customer", "deadline", "demo_clock", "entry", "event", "heartbeat", "link",
    "message", "number", "once", "person", "plan", "resolution", "session", "team", "ticket", "version",
]  # fmt: skip
