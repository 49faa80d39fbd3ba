"""The business: tables and rules. No request, no Redis, no prose. Importing this knows every table."""

from models.people import absence, customer, factor, feed, organisation, person, rota, session, team, view
from models.policy import draft, version
from models.record import (
    allowance,
    approval,
    archive,
    article,
    assessment,
    attachment,
    consent,
    cooperation,
    deadline,
    demo_clock,
    drill,
    entry,
    event,
    extension,
    heartbeat,
    job,
    known_letter,
    link,
    message,
    number,
    once,
    outage,
    plan,
    relation,
    resolution,
    ticket,
    verdict,
)
from models.record import draft as form_draft

__all__ = [
    "absence", "allowance", "approval", "archive", "article", "assessment", "attachment", "consent", "cooperation",
    "customer", "deadline", "demo_clock", "draft", "drill", "entry", "event", "extension", "factor", "feed",
    "form_draft", "heartbeat", "job", "known_letter", "link", "message", "number", "once", "organisation", "outage",
    "person", "plan", "relation", "resolution", "rota", "session", "team", "ticket", "verdict", "version", "view",
]  # fmt: skip
