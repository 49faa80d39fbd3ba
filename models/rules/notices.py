"""Who is told what: one table from event to audience and template. Nobody is told of their own action."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, insert, literal_column, select

from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import Category, Role, Severity
from models.people.customer import Contact
from models.people.person import Person
from models.record.link import Link
from models.record.message import APP, MAIL, QUEUED, SENT, Message, first_try
from models.record.plan import Plan
from models.record.ticket import Follower, Ticket
from models.rules.calling import holding, people_of, seniors
from models.rules.permissions import SEE_SECURITY

BOTH, INBOX = (APP, MAIL), (APP,)
CALLS = ("p0", "escalated")  # whoever gets one of these has to act, and so to see
GRADING = ("reported", "triaged", "regraded")
_MESSAGES = cast(Table, Message.__table__)
_INSERT = insert(_MESSAGES).values(
    params=literal_column("'{}'"), attempts=literal_column("0"), error=literal_column("''")
)
_waiting: ContextVar[list[dict[str, Any]] | None] = ContextVar("owed", default=None)

# event → (audience, template, channels) …; `event` alone below means the same word.
TOLD: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "reported": (("caller", "receipt", BOTH), ("first_line", "new_report", INBOX), ("if_p0", "p0", BOTH)),
    "triaged": (("assignee", "assigned", BOTH), ("caller", "accepted", BOTH), ("if_p0", "p0", BOTH)),
    "regraded": (("assignee", "regraded", INBOX), ("caller", "regraded", BOTH), ("if_p0", "p0", BOTH)),
    "handed_over": (("assignee", "assigned", BOTH),),
    "asked": (("caller", "question", BOTH),),
    "supplied": (("assignee", "supplied", BOTH), ("triagers", "supplied", INBOX)),
    "answered": (("caller", "result", BOTH),),
    "plan_submitted": (("seats", "to_approve", BOTH),),
    "approved": (("author_when_final", "plan_approved", BOTH),),
    "returned": (("author", "plan_returned", BOTH),),
    "fixed": (("verifiers", "to_test", BOTH),),
    "test_passed": (("caller_if_asked", "result", BOTH), ("supervisors_if_sure", "to_review", INBOX)),
    "test_failed": (("assignee", "test_failed", BOTH),),
    "confirmed": (("assignee", "confirmed", INBOX), ("supervisors", "to_review", BOTH)),
    "partly_confirmed": (("assignee", "confirmed", INBOX), ("supervisors", "to_review", BOTH)),
    "silently_confirmed": (("assignee", "confirmed", INBOX), ("supervisors", "to_review", BOTH)),
    "disputed": (("assignee", "disputed", BOTH), ("supervisors", "disputed", BOTH)),
    "reopened": (("assignee", "disputed", BOTH), ("supervisors", "disputed", BOTH)),
    "sent_back": (("assignee", "sent_back", BOTH),),
    "closed": (("caller", "closed", BOTH), ("assignee", "closed", INBOX), ("followers", "closed", INBOX)),
    "cancelled": (("caller", "cancelled", BOTH), ("assignee", "cancelled", BOTH)),
    "updated": (("caller", "update", BOTH), ("followers", "update", INBOX), ("duty_lead_if_p0", "update", INBOX)),
    "extension_requested": (("supervisors", "to_extend", BOTH),),
    "extension_granted": (
        ("asker", "extension_granted", BOTH),
        ("caller", "extended", BOTH),
        ("followers", "extended", INBOX),
    ),
    "extension_refused": (("asker", "extension_refused", BOTH),),
    "link_sent": (("caller", "link", (MAIL,)),),
    "warned": (("named", "warning", BOTH),),
    "escalated": (("named", "escalated", BOTH),),
    "reported_up": (("directors", "escalated", BOTH),),
    "reminded": (("caller", "reminder", BOTH),),
}


@dataclass(frozen=True)
class Notice:
    """One thing to be told to one reader on one channel."""

    template: str
    channel: str
    person: Person | None = None
    contact: Contact | None = None


def told_of(ticket: Ticket, event: str, *, actor: Person | Link | None, details: dict[str, Any]) -> list[Notice]:
    """Everybody who is told of the event, each once: the first line of the table that names them counts."""
    found: dict[tuple[str, int, str], Notice] = {}
    for audience, template, channels in TOLD.get(event, ()):
        for reader in _AUDIENCES[audience](ticket, details):
            if isinstance(reader, Person) and (reader is actor or not reader.active):
                continue
            if _is_own_link(actor, reader, ticket):
                continue
            for channel in channels:
                if isinstance(reader, Person):
                    found.setdefault(("p", reader.id, channel), Notice(template, channel, person=reader))
                elif channel == MAIL and reader.email:
                    found.setdefault(("c", reader.id, channel), Notice(template, channel, contact=reader))
    return [n for n in found.values() if n.channel == APP or (n.person or n.contact).email]  # type: ignore[union-attr]


def owe(ticket: Ticket, event_id: int, event: str, told: Iterable[Notice]) -> None:
    """Put the notices into the outbox, in the transaction of their event. The key makes each of them unique."""
    now, real = clock.now(), clock.real_now()
    rows: list[dict[str, Any]] = [
        {
            "key": f"{event_id}:{n.template}:{n.channel}:{'p' if n.person else 'c'}{(n.person or n.contact).id}",  # type: ignore[union-attr]
            "ticket_id": ticket.id,
            "event_id": event_id,
            "template": n.template,
            "channel": n.channel,
            "person_id": n.person.id if n.person else None,
            "contact_id": n.contact.id if n.contact else None,
            "state": SENT if n.channel == APP else QUEUED,
            "created_at": now,
            "next_try_at": None if n.channel == APP else first_try(n.template, real),
            "sent_at": real if n.channel == APP else None,
        }
        for n in told
    ]
    if (waiting := _waiting.get()) is not None:
        waiting += rows
    elif rows:
        db.session.execute(_INSERT, rows)
    if ticket.category == Category.SECURITY:
        _let_in(ticket, event, told)


@contextmanager
def written_at_once() -> Iterator[None]:
    """Inside, what is owed is gathered and written in one statement at the end: a sweep owes thousands of messages."""
    rows: list[dict[str, Any]] = []
    token = _waiting.set(rows)
    try:
        yield
        if rows:
            db.session.execute(_INSERT, rows)
    finally:
        _waiting.reset(token)


def owe_person(person: Person, template: str, *, key: str, params: dict[str, Any]) -> None:
    """Owe one mail that belongs to no ticket (a password reset); runs inside a command."""
    now, real = clock.now(), clock.real_now()
    db.session.add(
        Message(key=key, template=template, params=params, channel=MAIL, person_id=person.id, state=QUEUED,
                created_at=now, next_try_at=real)
    )  # fmt: skip


def tell_person(person: Person, template: str, *, key: str, params: dict[str, Any]) -> None:
    """Tell somebody what belongs to no ticket: in the inbox at once, and by mail where there is an address."""
    now, real = clock.now(), clock.real_now()
    db.session.add(
        Message(key=f"{key}:{APP}", template=template, params=params, channel=APP, person_id=person.id, state=SENT,
                created_at=now, sent_at=real)
    )  # fmt: skip
    if person.email:
        owe_person(person, template, key=f"{key}:{MAIL}", params=params)


def _is_own_link(actor: Person | Link | None, reader: Person | Contact, ticket: Ticket) -> bool:
    """What came through the customer's link was done by the customer."""
    return isinstance(actor, Link) and reader is ticket.caller


def _plan(ticket: Ticket) -> Plan:
    newest = select(Plan).where(Plan.ticket_id == ticket.id).order_by(Plan.revision.desc()).limit(1)
    return db.session.scalars(newest).one()


def _if_p0(ticket: Ticket, details: dict[str, Any]) -> list[Person]:
    """A P0 calls the duty lead and the second line at once (P3.4); told once, when it becomes one."""
    if ticket.severity != "P0" or details.get("was_severity") == "P0":
        return []
    return _crew(ticket)


def _crew(ticket: Ticket) -> list[Person]:
    """Who works on a P0 from the first minute: the duty lead and the second line."""
    return [*holding(Role.DUTY_LEAD, ticket), *seniors(ticket)]


def _let_in(ticket: Ticket, event: str, told: Iterable[Notice]) -> None:
    """Whoever is called to a ticket about security works on it, and so may see it: P3.4 and P5.4 go before P2.11."""
    people = {n.person.id: n.person for n in told if n.person and n.template in CALLS}
    if event in GRADING and ticket.severity == Severity.P0:
        people |= {person.id: person for person in _crew(ticket)}  # called before anybody knew what it is about
    for person in people.values():
        follows = db.session.get(Follower, (ticket.id, person.id)) is not None
        if not follows and not any(person.holds(role) for role in SEE_SECURITY):
            db.session.add(Follower(ticket_id=ticket.id, person_id=person.id))


def _one(person: Any) -> list[Any]:
    return [person] if person else []


_AUDIENCES: dict[str, Callable[[Ticket, dict[str, Any]], list[Any]]] = {
    "caller": lambda ticket, _: _one(ticket.caller),
    "caller_if_asked": lambda ticket, d: [] if d.get("joint") else _one(ticket.caller),
    "supervisors_if_sure": lambda ticket, d: holding(Role.SUPERVISOR, ticket) if d.get("joint") else [],
    "assignee": lambda ticket, _: _one(ticket.assignee),
    "first_line": lambda ticket, _: holding(Role.FIRST_LINE, ticket),
    "triagers": lambda ticket, _: [] if ticket.assignee else holding(Role.FIRST_LINE, ticket),
    "supervisors": lambda ticket, _: holding(Role.SUPERVISOR, ticket),
    "verifiers": lambda ticket, _: holding(Role.VERIFIER, ticket),
    "directors": lambda ticket, _: holding(Role.DIRECTOR, ticket),
    "followers": lambda ticket, _: list(ticket.followers),
    "seats": lambda ticket, _: [seat.person for seat in _plan(ticket).approvals],
    "author": lambda ticket, _: [_plan(ticket).author],
    "author_when_final": lambda ticket, d: [_plan(ticket).author] if d.get("final") else [],
    "duty_lead_if_p0": lambda ticket, _: holding(Role.DUTY_LEAD, ticket) if ticket.severity == "P0" else [],
    "if_p0": _if_p0,
    "asker": lambda _, d: _one(db.session.get(Person, d["asked_by"])),
    "named": lambda _, d: people_of(d["people"]),
}
