"""Who is told what: one table from event to audience and template. Nobody is told of their own action."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from sqlalchemy import Table, insert, literal_column

from models.ground import clock
from models.ground.asked import once
from models.ground.bulk import write_many
from models.ground.db import db
from models.ground.vocabulary import Category, Severity
from models.people.customer import Contact
from models.people.person import Person
from models.people.quiet import end_of_quiet, next_collection
from models.record.link import Link
from models.record.message import APP, MAIL, QUEUED, SENT, Message, first_try, hasten
from models.record.ticket import Follower, Ticket
from models.rules.audiences import AUDIENCES, crew
from models.rules.permissions import SEE_SECURITY
from models.rules.subjects import CALLS, NEWS, wants_letter

BOTH, INBOX = (APP, MAIL), (APP,)
GRADING = ("reported", "triaged", "regraded", "policy_changed")
_MESSAGES = cast(Table, Message.__table__)
_INSERT = insert(_MESSAGES).values(
    params=literal_column("'{}'"), attempts=literal_column("0"), error=literal_column("''")
)
_waiting: ContextVar[list[dict[str, Any]] | None] = ContextVar("owed", default=None)

# event → (audience, template, channels) …; `event` alone below means the same word.
TOLD: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "reported": (("caller", "receipt", BOTH), ("first_line", "new_report", INBOX), ("if_p0", "p0", BOTH)),
    "triaged": (
        ("assignee", "assigned", BOTH),
        ("caller", "accepted", BOTH),
        ("if_p0", "p0", BOTH),
        ("callers_merged", "accepted", BOTH),
    ),
    "regraded": (
        ("assignee", "regraded", INBOX),
        ("caller", "regraded", BOTH),
        ("if_p0", "p0", BOTH),
        ("callers_merged", "regraded", BOTH),
    ),
    "policy_changed": (
        ("assignee", "another_policy", INBOX),
        ("caller", "another_policy", BOTH),
        ("if_p0", "p0", BOTH),
        ("callers_merged", "another_policy", BOTH),
    ),
    "triage_undone": (("caller", "undone", BOTH), ("named", "undone", BOTH)),
    "handed_over": (("assignee", "assigned", BOTH),),
    "hand_over_undone": (("assignee", "assigned", BOTH), ("named", "undone", BOTH)),
    "asked": (("caller", "question", BOTH),),
    "chased": (("assignee", "chased", BOTH), ("triagers", "chased", BOTH)),
    "supplied": (("assignee", "supplied", BOTH), ("triagers", "supplied", INBOX)),
    "answered": (
        ("caller", "result", BOTH),
        ("others", "solved_too", BOTH),
        ("handlers_below", "incident_solved", BOTH),
    ),
    "plan_submitted": (("opened", "to_approve", BOTH),),
    "approved": (
        ("opened", "to_approve", BOTH),
        ("author_when_final", "plan_approved", BOTH),
        ("caller_when_touched", "consent_asked", BOTH),
    ),
    "returned": (("author", "plan_returned", BOTH),),
    "withdrawn": (("seats_unless_revised", "plan_withdrawn", INBOX),),
    "emergency_declared": (("word_giver", "word_recorded", BOTH), ("opened", "late_approval", BOTH)),
    "countersigned": (("opened", "late_approval", BOTH),),
    "ratified": (("plan_author", "late_approved", BOTH), ("word_giver", "late_approved", INBOX)),
    "ratification_refused": (("plan_author", "late_refused", BOTH), ("refused", "late_refused", BOTH)),
    "overturned": (("plan_author", "late_refused", BOTH), ("refused", "late_refused", BOTH)),
    "approver_added": (("opened", "to_approve", BOTH), ("added", "approver_added", BOTH)),
    "seat_handed_over": (("taker", "seat_handed_over", BOTH), ("giver", "seat_given_away", BOTH)),
    "plan_copied": (("named", "plan_copied", BOTH),),
    "urged": (("named", "urged", BOTH),),
    "assessed": (("caller", "direction_asked", BOTH),),
    "postponed": (("caller", "postponed", BOTH), ("callers_merged", "postponed_too", BOTH)),
    "direction_agreed": (("assignee", "direction_agreed", BOTH), ("product_manager", "direction_agreed", INBOX)),
    "direction_declined": (("assignee", "direction_declined", BOTH),),
    "delivery_changed": (
        ("caller", "delivery_changed", BOTH),
        ("assignee", "delivery_changed", INBOX),
        ("callers_merged", "delivery_changed", BOTH),
    ),
    "fixed": (("product_manager", "to_test", BOTH), ("verifiers", "to_test", BOTH)),
    "test_passed": (
        ("caller_if_asked", "result", BOTH),
        ("supervisors_if_sure", "to_review", INBOX),
        ("others", "solved_too", BOTH),
        ("handlers_below", "incident_solved", BOTH),
    ),
    "test_failed": (("assignee", "test_failed", BOTH),),
    "confirmed": (("assignee", "confirmed", INBOX), ("supervisors", "to_review", BOTH)),
    "partly_confirmed": (("assignee", "confirmed", INBOX), ("supervisors", "to_review", BOTH)),
    "silently_confirmed": (("assignee", "confirmed", INBOX), ("supervisors", "to_review", BOTH)),
    "disputed": (("assignee", "disputed", BOTH), ("supervisors", "disputed", BOTH), ("others", "not_solved_too", BOTH)),
    "reopened": (("assignee", "disputed", BOTH), ("supervisors", "disputed", BOTH), ("others", "not_solved_too", BOTH)),
    "sent_back": (("assignee", "sent_back", BOTH),),
    "closed": (
        ("caller", "closed", BOTH),
        ("assignee", "closed", INBOX),
        ("followers", "closed", INBOX),
        ("others", "closed_too", BOTH),
    ),
    "cancelled": (("caller", "cancelled", BOTH), ("assignee", "cancelled", BOTH), ("others", "cancelled", BOTH)),
    "merged": (("caller", "merged", BOTH), ("assignee", "merged", INBOX)),
    "absorbed": (("assignee", "absorbed", INBOX),),
    "unmerged": (("caller", "unmerged", BOTH), ("assignee", "unmerged", BOTH)),
    "split_off": (("caller", "split_off", BOTH),),
    "updated": (
        ("caller", "update", BOTH),
        ("followers", "update", INBOX),
        ("duty_lead_if_p0", "update", INBOX),
        ("others", "update", BOTH),
    ),
    "extension_requested": (("supervisors", "to_extend", BOTH),),
    "extension_granted": (
        ("asker", "extension_granted", BOTH),
        ("caller", "extended", BOTH),
        ("followers", "extended", INBOX),
        ("others", "extended", BOTH),
    ),
    "extension_refused": (("asker", "extension_refused", BOTH),),
    "cooperation_asked": (("asked_contact", "cooperation_asked", BOTH),),
    "cooperation_answered": (("assignee", "cooperation_answered", BOTH), ("asker", "cooperation_answered", BOTH)),
    "lead_named": (("assignee", "lead_named", INBOX), ("followers", "lead_named", INBOX)),
    "link_sent": (
        ("caller_of_consent", "consent_asked", (MAIL,)),
        ("caller_of_direction", "direction_asked", (MAIL,)),
        ("caller", "link", (MAIL,)),
    ),
    "consented": (("assignee", "consented", BOTH), ("author", "consented", INBOX)),
    "consent_refused": (
        ("assignee", "consent_refused", BOTH),
        ("author", "consent_refused", BOTH),
        ("supervisors", "consent_refused", INBOX),
    ),
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
    ticket_id: int | None = None  # their own report, where it is not the one on which it happened

    @cached_property
    def name(self) -> str:
        """Unlike that of any other notice of the same event."""
        reader = f"p{self.person.id}" if self.person else f"c{self.contact.id if self.contact else ''}"
        return f"{self.template}:{self.channel}:{reader}"

    @cached_property
    def row(self) -> dict[str, Any]:
        """What its message says whatever the event."""
        return {
            "template": self.template,
            "channel": self.channel,
            "person_id": self.person.id if self.person else None,
            "contact_id": self.contact.id if self.contact else None,
            "state": SENT if self.channel == APP else QUEUED,
        }


def told_of(ticket: Ticket, event: str, *, actor: Person | Link | None, details: dict[str, Any]) -> list[Notice]:
    """Everybody who is told of the event, each once: the first line of the table that names them counts."""
    lines = TOLD.get(event, ())
    if lines and all(audience == "named" for audience, _, _ in lines):  # the same whatever the ticket
        return once((told_of, event, actor, *details["people"]), lambda: _told_of(ticket, event, actor, details))
    return _told_of(ticket, event, actor, details)


def owe(ticket: Ticket, event_id: int, event: str, told: Iterable[Notice]) -> None:
    """Put the notices into the outbox, in the transaction of their event. The key makes each of them unique."""
    now, real = clock.now(), once(clock.real_now, clock.real_now)
    rows = [
        {
            **notice.row,
            "key": f"{event_id}:{notice.name}",
            "ticket_id": notice.ticket_id or ticket.id,
            "event_id": event_id,
            "created_at": now,
            "collected": (collected := _is_collected(notice, ticket)),
            "next_try_at": None if notice.channel == APP else _goes_out(notice, ticket, real, collected=collected),
            "sent_at": real if notice.channel == APP else None,
        }
        for notice in told
    ]
    if (waiting := _waiting.get()) is not None:
        waiting += rows
    elif rows:
        write_many(_INSERT, rows)
    if event in GRADING and ticket.level == Severity.P0:
        hasten(real, Message.ticket_id == ticket.id)  # nothing about a P0 waits, not even what was owed before
    if ticket.category == Category.SECURITY:
        _let_in(ticket, event, told)


def _is_collected(notice: Notice, ticket: Ticket) -> bool:
    """Whether it waits for the letter of the day: news for a person who wants that, and never about a P0."""
    reader = notice.person
    if reader is None or notice.channel == APP or not reader.collects:
        return False
    return notice.template in NEWS and ticket.level != Severity.P0


def _goes_out(notice: Notice, ticket: Ticket, real: datetime, *, collected: bool) -> datetime:
    """When its letter is sent: not in the reader's quiet hours, unless it calls them or a P0 is at stake."""
    at, reader = _first_try(notice.template, real), notice.person
    if reader is None or not (reader.quiet_from or collected) or notice.template in CALLS:
        return at
    at = next_collection(at, zone=reader.time_zone) if collected else at
    ends = end_of_quiet(at, since=reader.quiet_from, until=reader.quiet_until, zone=reader.time_zone)
    return at if ends == at or ticket.level == Severity.P0 else ends


def _first_try(template: str, real: datetime) -> datetime:
    return once((first_try, template), lambda: first_try(template, real))  # where `real` is asked once, too


@contextmanager
def written_at_once() -> Iterator[None]:
    """Inside, what is owed is gathered and written in one statement at the end: a sweep owes thousands of messages."""
    rows: list[dict[str, Any]] = []
    token = _waiting.set(rows)
    try:
        yield
        write_many(_INSERT, rows)
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
    tell_inbox(person, template, key=f"{key}:{APP}", params=params)
    if person.email:
        owe_person(person, template, key=f"{key}:{MAIL}", params=params)


def tell_inbox(person: Person, template: str, *, key: str, params: dict[str, Any]) -> None:
    """Tell somebody what belongs to no ticket, in the inbox only; runs inside a command."""
    now, real = clock.now(), clock.real_now()
    db.session.add(
        Message(key=key, template=template, params=params, channel=APP, person_id=person.id, state=SENT,
                created_at=now, sent_at=real)
    )  # fmt: skip


def _told_of(ticket: Ticket, event: str, actor: Person | Link | None, details: dict[str, Any]) -> list[Notice]:
    found: dict[tuple[str, int, str], Notice] = {}
    for audience, template, channels in TOLD.get(event, ()):
        for reader in AUDIENCES[audience](ticket, details):
            reader, of = reader if isinstance(reader, tuple) else (reader, None)
            if isinstance(reader, Person) and (reader is actor or not reader.active):
                continue
            if _is_own_link(actor, reader, ticket):
                continue
            for channel in channels:
                if isinstance(reader, Person):
                    if channels == BOTH and channel == MAIL and not wants_letter(reader, template):
                        continue
                    found.setdefault(("p", reader.id, channel), Notice(template, channel, person=reader, ticket_id=of))
                elif channel == MAIL and reader.email:
                    found.setdefault(("c", reader.id, channel), Notice(template, channel, contact=reader, ticket_id=of))
    return [n for n in found.values() if n.channel == APP or (n.person or n.contact).email]  # type: ignore[union-attr]


def _is_own_link(actor: Person | Link | None, reader: Person | Contact, ticket: Ticket) -> bool:
    """What came through the customer's link was done by the customer."""
    return isinstance(actor, Link) and reader is ticket.caller


def _let_in(ticket: Ticket, event: str, told: Iterable[Notice]) -> None:
    """Whoever is called to a ticket about security works on it, and so may see it: P3.4 and P5.4 go before P2.11."""
    people = {n.person.id: n.person for n in told if n.person and n.template in CALLS}
    if event in GRADING and ticket.level == Severity.P0:
        people |= {person.id: person for person in crew(ticket)}  # called before anybody knew what it is about
    for person in people.values():
        follows = db.session.get(Follower, (ticket.id, person.id)) is not None
        if not follows and not any(person.holds(role) for role in SEE_SECURITY):
            db.session.add(Follower(ticket_id=ticket.id, person_id=person.id))
