"""What a draft would do to the open tickets of today, clock by clock. Nothing is written, and nothing will move them:
a running ticket keeps the edition that it started with (P4.3)."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import lazyload, load_only

from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import HOUSEKEEPING, ClockKind, State
from models.people.person import Person
from models.policy import clockface
from models.policy.draft import PolicyDraft
from models.policy.version import Edition, PolicyVersion
from models.record.deadline import PAUSED, RUNNING, Deadline, Pause
from models.record.extension import Extension
from models.record.ticket import ENDED, Ticket
from models.rules.marks import History, clock_of
from models.rules.permissions import visible
from models.rules.workflow import CLOCKS_IN

EFFECTS = ("overdue", "earlier", "later", "appears", "vanishes")
NAMED = 20  # tickets that are named for each effect
MOST = 2_000  # open tickets that are looked at, the newest
OPEN = tuple(state for state in State if state not in ENDED)
UNANSWERED = (State.AWAITING_TRIAGE, State.AWAITING_ENGINEER)


@dataclass
class Effect:
    """How many clocks of one kind would change in one way, and the first tickets that the reader may see."""

    count: int = 0
    numbers: list[str] = field(default_factory=list)


@dataclass
class Preview:
    """The effects by the kind of clock, and which tickets were looked at."""

    tickets: int
    of_all: bool  # no open ticket has this policy yet, so all of them were looked at
    is_cut: bool
    effects: dict[str, dict[str, Effect]]


def preview(draft: PolicyDraft, *, reader: Person) -> Preview:
    """Reckon the clocks of this policy's open tickets anew, as if they had been opened under the draft."""
    mine = _open_tickets(draft.pack_name)
    tickets = mine or _open_tickets("")
    seen = set(db.session.scalars(select(Ticket.id).where(visible(reader), Ticket.state.in_(OPEN))))
    under = Edition(draft.pack, draft.calendar_row.calendar)
    effects: dict[str, dict[str, Effect]] = defaultdict(lambda: defaultdict(Effect))
    for ticket, kind, name in _changes(tickets[:MOST], under):
        effect = effects[kind][name]
        effect.count += 1
        if ticket.id in seen and len(effect.numbers) < NAMED:
            effect.numbers.append(ticket.number)
    return Preview(min(len(tickets), MOST), not mine, len(tickets) > MOST, effects)


def _changes(tickets: list[Ticket], under: Edition) -> Iterator[tuple[Ticket, str, str]]:
    """(ticket, kind of clock, effect) for every clock that would not stay as it is."""
    ids, now = [ticket.id for ticket in tickets], clock.now()
    running = select(Deadline).where(Deadline.state.in_((RUNNING, PAUSED)), Deadline.kind.not_in(HOUSEKEEPING))
    deadlines, pauses, extensions = (
        _by_ticket(rows, ids) for rows in (running, select(Pause), select(Extension).options(lazyload("*")))
    )
    for ticket in tickets:
        history = History(pauses[ticket.id], extensions[ticket.id])
        for deadline in deadlines[ticket.id]:
            if effect := _effect(deadline, history, under, now):
                yield ticket, deadline.kind, effect
        yield from ((ticket, kind, "appears") for kind in _new_kinds(ticket, under))


def _effect(deadline: Deadline, history: History, under: Edition, now: datetime) -> str:
    due_at = clockface.due_at(clock_of(deadline, history, under=under))
    if due_at is None:
        return "vanishes"
    if deadline.state == RUNNING and due_at <= now < deadline.due_at:
        return "overdue"
    return "" if due_at == deadline.due_at else "earlier" if due_at < deadline.due_at else "later"


def _new_kinds(ticket: Ticket, under: Edition) -> list[str]:
    """Clocks that the ticket's own policy does not agree and that would run in its present state."""
    kinds = CLOCKS_IN.get(State(ticket.state), "").split()
    if ticket.state in UNANSWERED:
        kinds.append(ClockKind.RESPOND)
    if ticket.resolved_at is None:
        kinds += [ClockKind.RESOLVE, ClockKind.RESOLVE_MAX]
        kinds += [ClockKind.UPDATE] if ticket.triaged_at else []
    own = ticket.policy_version.pack
    level = ticket.level
    return [kind for kind in kinds if under.pack.target(kind, level) and not own.target(kind, level)]


def _open_tickets(pack_name: str) -> list[Ticket]:
    """Open tickets that have any edition of this policy, or of any; one more than are looked at."""
    wanted = select(Ticket).where(Ticket.state.in_(OPEN)).order_by(Ticket.id.desc()).limit(MOST + 1)
    if pack_name:
        editions = select(PolicyVersion.id).where(PolicyVersion.pack_name == pack_name)
        wanted = wanted.where(Ticket.policy_version_id.in_(editions))
    columns = (Ticket.number, Ticket.kind, Ticket.severity, Ticket.state, Ticket.resolved_at, Ticket.triaged_at)
    return list(db.session.scalars(wanted.options(load_only(*columns, Ticket.policy_version_id), lazyload("*"))))


def _by_ticket(rows: Select[Any], ids: list[int]) -> dict[int, list[Any]]:
    """Rows of the tickets, oldest first, by ticket."""
    model = rows.column_descriptions[0]["entity"]
    found: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.scalars(rows.where(model.ticket_id.in_(ids)).order_by(model.id)):
        found[row.ticket_id].append(row)
    return found
