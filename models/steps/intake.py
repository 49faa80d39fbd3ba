"""Intake (受理): a report comes in, over the web or by telephone, and what is missing is added later (P2)."""

from typing import Any

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Invalid, Refused, TooLarge
from models.ground.vocabulary import Channel
from models.people.customer import Contact, Customer
from models.people.person import Person, read_standing
from models.record import attachment
from models.record.attachment import Attachment
from models.record.link import Link
from models.record.ticket import Ticket
from models.rules import journal, registration, timekeeping, waiting, workflow
from models.rules.permissions import Actor, allows

LARGEST_FILE = 20 * 1024 * 1024  # bytes


def report_fault(*, actor: Person, description: str, files: list[str] | None = None, **known: Any) -> Ticket:
    """Somebody signed in reports for themselves (P2.2); only the description is mandatory."""
    report = registration.draft(description=description, reporter=actor, **known)
    return _register(report, actor=actor, files=files)


@command
def register_call(
    *,
    actor: Person,
    description: str,
    contact: Contact | None = None,
    reporter: Person | None = None,
    new_customer: str = "",
    new_contact: str = "",
    phone: str = "",
    email: str = "",
    **known: Any,
) -> Ticket:
    """The first line registers for a caller: a known contact, a new one, or a colleague (P2.1, P2.7)."""
    if not allows(actor, "register"):
        raise Refused("Only the first line registers reports for others.")
    if contact is None and reporter is None:
        contact = _new_contact(new_customer, new_contact, phone=phone, email=email)
    return registration.open_ticket(
        actor=actor,
        description=description,
        channel=Channel.TELEPHONE,
        registrar=actor,
        contact=contact,
        customer=contact.customer if contact else None,
        reporter=None if contact else reporter,
        **known,
    )


@command
def keep_file(*, actor: Person | Link, name: str, content: bytes) -> Attachment:
    """Keep an uploaded file before the form is judged, so that an error cannot lose it (P2.3)."""
    if len(content) > LARGEST_FILE:
        raise TooLarge("“%(name)s” is too large: at most %(limit)s MB.", name=name, limit=LARGEST_FILE >> 20)
    file = attachment.store(name, content)
    file.person_id = actor.id if isinstance(actor, Person) else None
    file.link_id = actor.id if isinstance(actor, Link) else None
    db.session.add(file)
    db.session.flush()
    return file


@command
def supply_information(ticket: Ticket, *, actor: Actor, text: str, files: list[str] | None = None) -> Ticket:
    """The reporter, the customer or the first line adds what was asked for; the waiting ends (P2.8)."""
    if not text.strip() and not files:
        raise Invalid("Please write something or add a file.", field="text")
    was_waiting = ticket.waiting_on in ("reporter", "customer")
    event = workflow.advance(ticket, "supply", actor=actor, digest=journal.digest_of(text))
    said_by = ticket.caller.name if isinstance(actor, Link) and ticket.caller else ""
    entry = journal.write(ticket, "supplement", text, event=event, actor=actor, public=True, author_name=said_by)
    db.session.flush()
    attachment.attach(
        files or [],
        ticket_id=ticket.id,
        person_id=actor.id if isinstance(actor, Person) else None,
        link_id=actor.id if isinstance(actor, Link) else None,
        public=True,
        entry_id=entry.id,
    )
    if was_waiting:
        timekeeping.meet(ticket, ["follow_up"], at=clock.now())
        waiting.resume(ticket, at=clock.now())
        timekeeping.note_next(ticket)
    return ticket


@command
def _register(report: registration.Draft, *, actor: Person, files: list[str] | None) -> Ticket:
    read_standing(actor)
    return registration.enter(report, actor=actor, files=files)


def _new_contact(customer_name: str, name: str, *, phone: str, email: str) -> Contact:
    if not name.strip():
        raise Invalid("Please say who is calling.", field="new_contact")
    customer_name = customer_name.strip() or name.strip()
    customer = db.session.query(Customer).filter_by(name=customer_name).one_or_none()
    if customer is None:
        customer = Customer(name=customer_name)
    contact = Contact(name=name.strip(), phone=phone.strip(), email=email.strip(), customer=customer)
    db.session.add(contact)
    db.session.flush()
    return contact
