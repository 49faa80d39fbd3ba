"""The auditor: written apart from the engine, it asks every minute whether what should have fired has fired (P5.5).

It reads rows, never objects of the engine, and recounts due times in `recount.py`. It changes nothing but its verdict.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, exists, func, select, text

from models.clockwork import recount
from models.ground import clock
from models.ground.db import db, is_sqlite
from models.ground.vocabulary import HOUSEKEEPING, State
from models.policy.calendar import CalendarRow
from models.policy.version import PolicyVersion
from models.record import demo_clock, verdict
from models.record.assessment import Delivery
from models.record.deadline import Deadline, Firing, Pause
from models.record.event import Event
from models.record.extension import Extension
from models.record.plan import Plan
from models.record.ticket import ENDED, Ticket
from models.record.verdict import MOST_NAMED, Verdict

LATE_AFTER = timedelta(seconds=10)
WINDOW = timedelta(hours=24)
SLICE = 200  # running clocks that are recounted in one look, beside those of tickets that have changed
CHANGED = 500  # events
TOLERATED = timedelta(milliseconds=1)  # two ways to divide
OWED = {  # what must be running in a state, where the policy agrees it (P4.2)
    "awaiting_triage": ("triage", "resolve"),
    "awaiting_engineer": ("resolve", "update"),
    "awaiting_assessment": ("assess", "update"),
    "awaiting_direction": ("follow_up", "update"),
    "awaiting_plan": ("plan", "resolve", "update"),
    "awaiting_approval": ("approve", "resolve", "update"),
    "awaiting_fix": ("resolve", "update"),
    "awaiting_test": ("test", "resolve", "update"),
    "awaiting_review": ("close",),
}
OPEN_CLOCKS = ("running", "paused")
OPEN = tuple(str(state) for state in State if state not in ENDED)


def audit() -> Verdict:
    """Look, and write the verdict down."""
    _see_one_moment()
    before = verdict.last_verdict()
    newest = _newest_event()
    clocks, seen_until = _next_slice(before.seen_until if before else None)
    changed = _changed_since(before.seen_event if before else newest - CHANGED)
    looked_at = list({row.id: row for row in (*clocks, *_clocks_of(changed))}.values())
    wrong = [*_miscounted(looked_at), *_absent(changed)]
    fired, late, slowest = _fired()
    return verdict.keep(
        fired=fired,
        late=late,
        missing=_missing(),
        slowest_s=slowest,
        checked=len(looked_at),
        wrong_count=len(wrong),
        wrong=wrong[:MOST_NAMED],
        seen_event=max(changed.values(), default=newest),
        seen_until=seen_until,
    )


def _see_one_moment() -> None:
    """Everything is read as it was at one instant, so that a ticket on the move is not taken for a mistake."""
    db.session.rollback()
    if not is_sqlite():  # there every reader sees one instant anyway
        db.session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


# --- fired in time?


def _fired() -> tuple[int, int, float]:
    """How many marks fired in the last day, how many of them late, and the longest lateness in seconds.

    A breach that was already past when the level was chosen could not be told in time, so it is not judged (P4.2).
    """
    moved_at = demo_clock.moved_at()  # nobody can be in time for what the demonstration has jumped over
    fired = late = 0
    slowest = 0.0
    times = select(Firing.due_at, Firing.done_at).join(Deadline, Deadline.id == Firing.deadline_id)
    times = times.where(Firing.done_at > clock.now() - WINDOW, ~(Deadline.late_by_triage & (Firing.mark == 100)))
    for due_at, done_at in db.session.execute(times):
        jumped = moved_at is not None and due_at < moved_at <= done_at
        lateness = done_at - (moved_at if jumped and moved_at else due_at)
        fired, late = fired + 1, late + (lateness > LATE_AFTER)
        slowest = max(slowest, lateness.total_seconds())
    return fired, late, round(slowest, 1)


def _missing() -> int:
    """Marks that should have fired: those that ring, and breaches whatever the ring says."""
    then, moved_at = clock.now() - LATE_AFTER, demo_clock.moved_at()
    if moved_at and then < moved_at:
        return 0  # the demonstration has just jumped: nobody has had ten seconds yet
    just_graded = exists().where(Event.ticket_id == Deadline.ticket_id, Event.at > then)
    had_time = ~(Deadline.late_by_triage & just_graded)  # past on the spot; nobody has had ten seconds yet either
    rings = select(Deadline.id).where(Deadline.ring_at <= then, had_time)
    breached = (
        select(Deadline.id)
        .join(Ticket)
        .where(
            Ticket.state.in_(OPEN),
            Ticket.next_due_at <= then,
            Deadline.state == "running",
            Deadline.due_at <= then,
            Deadline.kind.not_in(HOUSEKEEPING),
            ~exists().where(Firing.deadline_id == Deadline.id, Firing.mark >= 100),
            had_time,
        )
    )
    return db.session.scalar(select(func.count()).select_from(rings.union(breached).subquery())) or 0


# --- due when it is written?


_CLOCK = select(
    Deadline.id, Deadline.ticket_id, Ticket.number, Deadline.kind, Deadline.severity, Deadline.started_at,
    Deadline.about_id, Deadline.due_at,
    func.coalesce(Deadline.policy_version_id, Ticket.policy_version_id).label("version_id"),
).join(Ticket, Ticket.id == Deadline.ticket_id).where(
    Deadline.state.in_(OPEN_CLOCKS), Deadline.kind.not_in(HOUSEKEEPING)
)  # fmt: skip


def _next_slice(after: datetime | None) -> tuple[list[Any], datetime | None]:
    """The running clocks that ring next after those of the last look; from the first again at the end."""
    wanted = _CLOCK.where(Deadline.ring_at.is_not(None)).order_by(Deadline.ring_at, Deadline.id).limit(SLICE)
    ring = select(Deadline.ring_at).where(Deadline.ring_at.is_not(None)).order_by(Deadline.ring_at)
    if after:
        wanted, ring = wanted.where(Deadline.ring_at > after), ring.where(Deadline.ring_at > after)
    rows = list(db.session.execute(wanted))
    until = db.session.scalar(ring.offset(SLICE - 1).limit(1)) if len(rows) == SLICE else None
    return rows, until


def _clocks_of(changed: dict[int, int]) -> list[Row[Any]]:
    return list(db.session.execute(_CLOCK.where(Deadline.ticket_id.in_(changed)))) if changed else []


def _miscounted(clocks: list[Row[Any]]) -> Iterable[dict[str, Any]]:
    """Clocks that are not due when the recount says."""
    tickets = sorted({row.ticket_id for row in clocks})
    pauses = _by_ticket(
        select(Pause.ticket_id, Pause.party, Pause.started_at, Pause.ended_at).where(
            Pause.ticket_id.in_(tickets), Pause.ended_at.is_not(None)
        )
    )
    granted = _by_ticket(
        select(Extension.ticket_id, Extension.counts_from, Extension.minutes).where(
            Extension.ticket_id.in_(tickets), Extension.outcome == "granted"
        )
    )
    policies = _contents({row.version_id for row in clocks})
    dates = _by_ticket(
        select(Delivery.ticket_id, Delivery.at, Delivery.due_at)
        .where(Delivery.ticket_id.in_([row.ticket_id for row in clocks if row.kind == "deliver"]))
        .order_by(Delivery.id)
    )
    rounds = _rounds([row.ticket_id for row in clocks if row.kind == "approve"])
    for row in clocks:
        policy, calendar = policies[row.version_id]
        found = recount.due(
            policy,
            calendar,
            kind=row.kind,
            level=row.severity,
            start=row.started_at,
            pauses=[
                (pause.started_at, pause.ended_at)
                for pause in pauses.get(row.ticket_id, ())
                if recount.stops(policy, pause.party, row.kind)
            ],
            extended=_extended(row, granted.get(row.ticket_id, ())),
            date=_date_agreed(row, dates.get(row.ticket_id, ())),
            own=rounds.get((row.ticket_id, row.started_at)) if row.kind == "approve" and not row.about_id else None,
        )
        if found is None or abs(found - row.due_at) > TOLERATED:
            yield {
                "ticket": row.number, "kind": row.kind, "stored": row.due_at.isoformat(),
                "recounted": found.isoformat() if found else None,
            }  # fmt: skip


def _extended(row: Row[Any], granted: Iterable[Row[Any]]) -> float:
    moves = row.kind in ("resolve", "resolve_max")
    return float(sum(one.minutes for one in granted if moves and one.counts_from == row.started_at))


def _rounds(tickets: list[int]) -> dict[tuple[int, datetime], dict[str, Any]]:
    """What rounds of approval say for themselves, by ticket and beginning: their template's limit, as it was then."""
    stated = select(Plan.ticket_id, Plan.submitted_at, Plan.limit_amount, Plan.limit_basis).order_by(Plan.revision)
    stated = stated.where(Plan.ticket_id.in_(tickets), Plan.limit_amount.is_not(None))
    return {
        (row.ticket_id, row.submitted_at): {
            "days" if row.limit_basis == "days" else "minutes": row.limit_amount, "basis": row.limit_basis,
        }
        for row in (db.session.execute(stated) if tickets else ())
    }  # fmt: skip


def _date_agreed(row: Row[Any], dates: Iterable[Row[Any]]) -> datetime | None:
    """Of a delivery: the date that was agreed last before its clock began."""
    return next((one.due_at for one in reversed(list(dates)) if one.at <= row.started_at), None)


def _contents(version_ids: set[int]) -> dict[int, tuple[dict[str, Any], dict[str, Any]]]:
    wanted = select(PolicyVersion.id, PolicyVersion.content, CalendarRow.content).join(
        CalendarRow, CalendarRow.id == PolicyVersion.calendar_id
    )
    return {id_: (policy, calendar) for id_, policy, calendar in db.session.execute(
        wanted.where(PolicyVersion.id.in_(version_ids))
    )}  # fmt: skip


# --- is every clock there?


def _changed_since(event_id: int) -> dict[int, int]:
    """Tickets with news since then, each with the id of its newest event in this look."""
    news = select(Event.ticket_id, Event.id).where(Event.id > event_id).order_by(Event.id).limit(CHANGED)
    return {row.ticket_id: row.id for row in db.session.execute(news)}


def _absent(changed: dict[int, int]) -> Iterable[dict[str, Any]]:
    """Clocks that a ticket's state owes, that its policy agrees, and that are not there."""
    wanted = select(Ticket.id, Ticket.number, Ticket.kind, Ticket.state, Ticket.severity, Ticket.policy_version_id)
    tickets = list(db.session.execute(wanted.where(Ticket.id.in_(changed), Ticket.state.in_(OWED)))) if changed else []
    policies = _contents({ticket.policy_version_id for ticket in tickets})
    there = _by_ticket(
        select(Deadline.ticket_id, Deadline.kind).where(
            Deadline.ticket_id.in_([ticket.id for ticket in tickets]), Deadline.state.in_(OPEN_CLOCKS)
        )
    )
    limited = _with_a_limit([ticket.id for ticket in tickets if ticket.state == "awaiting_approval"])
    for ticket in tickets:
        agreed = policies[ticket.policy_version_id][0]["clocks"]
        running = {row.kind for row in there.get(ticket.id, ())}
        for kind in OWED[ticket.state]:
            level = "request" if ticket.kind == "request" else ticket.severity
            is_owed = level in agreed.get(kind, {}) or (kind == "approve" and ticket.id in limited)
            if is_owed and kind not in running:
                yield {"ticket": ticket.number, "kind": kind, "stored": None, "recounted": None}


def _with_a_limit(tickets: list[int]) -> set[int]:
    """Those whose running round says itself how long it may take, whatever their policy agrees."""
    runs = select(Plan.ticket_id).where(Plan.ticket_id.in_(tickets), Plan.outcome == "", Plan.limit_amount.is_not(None))
    return set(db.session.scalars(runs)) if tickets else set()


def _newest_event() -> int:
    return db.session.scalar(select(func.max(Event.id))) or 0


def _by_ticket(wanted: Any) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    for row in db.session.execute(wanted):
        found.setdefault(row.ticket_id, []).append(row)
    return found
