"""Tickets that belong together (P3.7, P3.8, P2.4): linked, merged, split, below an incident, joined; all undoable."""

from typing import Any

from models.ground.db import command, db, lock
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import Category, State
from models.people.person import Person
from models.record import attachment
from models.record.entry import Entry
from models.record.plan import WorkStep
from models.record.relation import (
    BY_HAND,
    DUPLICATE,
    PARENT,
    RELATED,
    SPLIT,
    Affected,
    Relation,
    bearer_of,
    find_relation,
    is_affected,
    is_known_incident,
    open_children,
    parent_of,
)
from models.record.ticket import TITLE_LENGTH, Ticket
from models.rules import journal, merging, registration, rounds, workflow
from models.rules.journal import Recorded
from models.rules.permissions import allows, can_see
from models.rules.saying import say

BOTH_WAYS = (RELATED, DUPLICATE)  # these mean the same from either side


@command
def relate(ticket: Ticket, *, actor: Person, other: Ticket | None, kind: str, reason: str = "") -> Relation:
    """Link the ticket with another one: `caused_by` it, or with it as the `parent`, the incident above (P3.8)."""
    _check_right(ticket, actor, "relate")
    other = _other(ticket, other, actor)
    if kind not in BY_HAND:
        raise Invalid("Please choose how they belong together.", field="kind")
    _refuse_twice(ticket, other, kind)
    if kind == PARENT:
        _check_parent(ticket, other)
    event = workflow.advance(
        ticket, "relate", actor=actor, kind=kind, other=other.number, digest=journal.digest_of(reason)
    )
    if reason.strip():
        journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    _note_on(other, "related", actor, kind=kind, other=ticket.number)
    return _put(ticket, other, kind, actor, event)


@command
def unrelate(relation: Relation, *, actor: Person, ticket: Ticket) -> Ticket:
    """They do not belong together after all; `ticket` is the one from whose page it is undone."""
    lock(relation)
    other = relation.other(ticket)
    if relation.undone_at or ticket.id not in (relation.from_id, relation.to_id):
        raise Conflict("They are no longer linked.")
    if relation.kind == SPLIT:
        raise Conflict("What was split off is undone by cancelling the new ticket before its triage.")
    event = workflow.advance(ticket, "unrelate", actor=actor, kind=relation.kind, other=other.number)
    _note_on(other, "unrelated", actor, kind=relation.kind, other=ticket.number)
    relation.undone_at, relation.undone_by_id = event.at, actor.id
    return ticket


@command
def merge_ticket(ticket: Ticket, *, actor: Person, into: Ticket | None) -> Ticket:
    """The ticket is the same report as another, open one: work goes on there, and its caller hears of it (P3.7).

    What was merged into it before comes along. Undone by `unmerge_ticket` within seven days.
    """
    _check_right(ticket, actor, "merge")
    target = bearer_of(_other(ticket, into, actor, field="into"))
    lock(target)
    _check_merge(ticket, target)
    workflow.advance(
        ticket, "merge", actor=actor, change={"merged_into_id": target.id, "merged_into": target},
        into=target.number,
    )  # fmt: skip
    _note_on(target, "absorbed", actor, other=ticket.number)
    return ticket


@command
def unmerge_ticket(ticket: Ticket, *, actor: Person) -> Ticket:
    """It is a report of its own after all: back to where it stood, with its clocks anew (within seven days)."""
    workflow.check_state(ticket, "unmerge")
    merge = merging.merge_of(ticket)
    if merge.too_late:
        raise Conflict("A merge can be undone for seven days only. Please report it as a new ticket and link the two.")
    target = ticket.merged_into
    assert target is not None
    if bearer_of(ticket).state == State.ARCHIVED:
        raise Conflict("The ticket that it was merged into is archived. Please report it as a new ticket.")
    workflow.advance(
        ticket, "unmerge", actor=actor, to=State(merge.was),
        change={"merged_into_id": None, "merged_into": None}, out_of=target.number,
    )  # fmt: skip
    _note_on(target, "released", actor, other=ticket.number)
    return ticket


@command
def split_ticket(
    ticket: Ticket, *, actor: Person, description: str, title: str = "", files: list[str] | None = None
) -> Ticket:
    """A part of the report becomes a ticket of its own for the same people, with copies of the `files` chosen (P3.8).

    Undone by cancelling the new one before its triage.
    """
    _check_right(ticket, actor, "split")
    if not description.strip():
        raise Invalid("Please say what the new ticket is about.", field="description")
    workflow.check_state(ticket, "split")
    kept: dict[str, Any] = {
        field: getattr(ticket, field) for field in ("reporter", "contact", "customer", "service", "team")
    }
    if title.strip():
        kept["title"] = title.strip()[:TITLE_LENGTH]
    part = registration.open_ticket(
        actor=actor, description=description, kind=ticket.kind, channel=ticket.channel, **kept
    )
    for file in attachment.attachments_of(ticket.id):
        if file.key in (files or []) and file.is_of_report and file.path.exists():
            attachment.copied(file, person_id=actor.id).ticket_id = part.id
    event = workflow.advance(ticket, "split", actor=actor, other=part.number, digest=journal.digest_of(description))
    _put(part, ticket, SPLIT, actor, event)
    return part


@command
def join_incident(ticket: Ticket, *, actor: Person) -> Ticket:
    """ "Me too": no report of one's own, but the same news as its reporter (P2.4). Joining twice is joining once."""
    if is_affected(actor.id, ticket.id):
        return ticket
    workflow.check_state(ticket, "join")
    if not is_known_incident(ticket):
        raise Conflict("This is no known incident any more. Please report it.")
    if ticket.reporter_id == actor.id:
        raise Conflict("This is your own report.")
    event = workflow.advance(ticket, "join", actor=actor)
    db.session.add(Affected(ticket_id=ticket.id, person_id=actor.id, at=event.at))
    return ticket


@command
def leave_incident(ticket: Ticket, *, actor: Person) -> Ticket:
    """One does not have it after all, and hears no more of it."""
    workflow.advance(ticket, "leave", actor=actor)
    db.session.delete(db.session.get_one(Affected, (ticket.id, actor.id)))
    return ticket


@command
def post_update_below(ticket: Ticket, *, actor: Person, text: str, files: list[str] | None = None) -> Entry:
    """News of an incident goes to its own reporter and to those of the open reports below it, each on their own
    ticket, where it keeps the promise of the next update too (P3.8)."""
    entry = say(ticket, actor=actor, action="update", text=text, files=files, public=True)
    sent = [file for file in attachment.attachments_of(ticket.id) if file.entry_id == entry.id]
    for child in open_children(ticket):
        lock(child)
        told = say(child, actor=actor, action="update", right="update_below", text=text, public=True)
        for file in sent:
            copy = attachment.copied(file, person_id=actor.id)
            copy.ticket_id, copy.entry_id = child.id, told.id
    return entry


def refuse_merge(ticket: Ticket) -> None:
    """Raise Conflict, with the way forward, when the ticket cannot be merged as it stands."""
    if ticket.emergency and rounds.late_plan(ticket):
        raise Conflict(
            "It still owes the late approval of what was carried out first. Please merge the other one into it instead."
        )
    if _has_work(ticket):
        raise Conflict(
            "Work has been carried out under it. Please merge the other one into it instead, or link the two."
        )
    if ticket.state in (State.AWAITING_APPROVAL, State.AWAITING_CONSENT, State.AWAITING_FIX):
        raise Conflict("It has a plan that is decided on or approved. Please withdraw the plan first, or link the two.")
    if ticket.state == State.AWAITING_DIRECTION:
        raise Conflict("The customer has been asked about its direction. Please wait for the answer, or link the two.")


def _check_right(ticket: Ticket, actor: Person, action: str) -> None:
    if not allows(actor, action, ticket):
        raise Refused("You may not do this on this ticket.")


def _check_merge(ticket: Ticket, target: Ticket) -> None:
    if target is ticket:
        raise Invalid("A ticket cannot be merged into itself, or into what was merged into it.", field="into")
    refuse_merge(ticket)
    workflow.check_state(ticket, "merge")
    if not target.is_open:
        raise Conflict("The other ticket has ended. Please link the two instead.")
    if ticket.kind != target.kind:
        raise Conflict("A fault and a request cannot be merged. Please link the two instead.")
    _keep_secret(ticket, target)


def _check_parent(ticket: Ticket, parent: Ticket) -> None:
    """One incident above each report, no circle, and no news of a secret (P2.11)."""
    if parent_of(ticket):
        raise Conflict("It stands below another incident already. Please undo that first.")
    above: Ticket | None = parent
    while above is not None:
        if above.id == ticket.id:
            raise Conflict("That would be a circle: the other ticket stands below this one.")
        above = parent_of(above)
    _keep_secret(ticket, parent)


def _keep_secret(ticket: Ticket, other: Ticket) -> None:
    """What is said on one is heard on the other, so neither may be about security alone (P2.11)."""
    if (ticket.category == Category.SECURITY) != (other.category == Category.SECURITY):
        raise Conflict("Only one of the two is about security, and its news are for few. Please link them instead.")


def _other(ticket: Ticket, other: Ticket | None, actor: Person, *, field: str = "other") -> Ticket:
    """The other ticket, which the actor must see; what they may not see does not exist for them."""
    if other is None or not can_see(actor, other):
        raise Invalid("Please choose the other ticket.", field=field)
    if other.id == ticket.id:
        raise Invalid("This is the ticket itself.", field=field)
    return other


def _refuse_twice(ticket: Ticket, other: Ticket, kind: str) -> None:
    standing = find_relation(ticket, other, kind)
    if standing and (kind in BOTH_WAYS or standing.from_id == ticket.id):
        raise Conflict("They are linked like this already.")


def _note_on(there: Ticket, event: str, actor: Person, **details: str) -> None:
    """The other one's record says so too, unless it is frozen."""
    lock(there)
    if there.state != State.ARCHIVED:
        journal.record(there, event, actor=actor, state=there.state, **details)


def _put(ticket: Ticket, other: Ticket, kind: str, actor: Person, event: Recorded) -> Relation:
    relation = Relation(from_ticket=ticket, to_ticket=other, kind=kind, by_id=actor.id, at=event.at)
    db.session.add(relation)
    db.session.flush()
    return relation


def _has_work(ticket: Ticket) -> bool:
    steps = db.session.query(WorkStep.id).filter_by(ticket_id=ticket.id)
    return ticket.state == State.AWAITING_TEST or (ticket.state == State.AWAITING_FIX and steps.first() is not None)
