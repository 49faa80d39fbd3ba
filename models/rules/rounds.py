"""Rounds of approval (P7): which seat is open, when a round is over, and whether its text is still the one decided on.

Nothing here asks who may; `permissions` asks here who sits.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import exists, select

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict
from models.ground.vocabulary import Decision, Role, Rule
from models.people.absence import Absence, away_at, stand_in
from models.people.person import Person, holders
from models.record.approval import Approval
from models.record.attachment import Attachment
from models.record.plan import LATE_OWED, PROSE, Plan
from models.record.ticket import Ticket

HANDED_OVER = "handed_over"
EMERGENCY = "emergency"  # outcome of a plan that is carried out on the duty lead's word (P7.5)
VALID = (Decision.APPROVED, EMERGENCY)
REVIEWERS = (Role.APPROVER, Role.SUPERVISOR)  # who can be named, added, or given a seat


@dataclass(frozen=True)
class Slot:
    """One voice in a round: a seat, or several whose holders are alternates."""

    number: int
    seats: tuple[Approval, ...]

    @property
    def decision(self) -> str:
        """What was said here; "" while nobody has."""
        return next((seat.decision for seat in self.seats if seat.decision), "")

    @property
    def is_required(self) -> bool:
        """Whether it was added (加签), and so must agree whatever the rule says."""
        return any(seat.required for seat in self.seats)


# --- the text


def digest_of_plan(plan: Plan) -> str:
    """What the rows of the plan say now, as one digest."""
    return digest_of(plan, files_of(plan))


def digest_of(plan: Plan, files: Iterable[Attachment]) -> str:
    """Texts, steps with their owners, options, window and files, and which of these the customer sees, in one canonical
    form: any change changes it."""
    said = {
        "kind": plan.kind,
        "risk": plan.risk,
        **{name: getattr(plan, name) for name in PROSE},
        "touches_customer": plan.touches_customer,
        "steps": [[task.body, task.owner_id, task.planned] for task in plan.tasks],
        "options": [[o.title, o.feasibility, o.risk, o.effort, o.impact, o.chosen] for o in plan.choices],
        "files": sorted([file.name, file.sha256, *(["customer"] if file.public else [])] for file in files),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def files_of(plan: Plan) -> list[Attachment]:
    """The plan's attachments as they are in the table now."""
    return list(db.session.scalars(select(Attachment).where(Attachment.plan_id == plan.id).order_by(Attachment.id)))


def newest_plan(ticket: Ticket) -> Plan | None:
    """The revision that counts, if there is any."""
    return db.session.scalar(select(Plan).where(Plan.ticket_id == ticket.id).order_by(Plan.revision.desc()).limit(1))


def valid_plan(ticket: Ticket) -> Plan:
    """The plan that may be carried out now: the newest, approved or on the duty lead's word, its text unchanged.

    Raises Conflict when there is none (P7.6).
    """
    plan = newest_plan(ticket)
    if plan is None or plan.outcome not in VALID:
        raise Conflict("There is no approved plan that could be carried out.")
    if digest_of_plan(plan) != plan.digest:
        raise Conflict("The plan is no longer the one that was approved. Please revise it; a new round decides.")
    return plan


def late_plan(ticket: Ticket) -> Plan | None:
    """The plan that went ahead on the duty lead's word and still owes its approval (P7.5); at most one."""
    return db.session.scalar(select(Plan).where(Plan.ticket_id == ticket.id, Plan.late == LATE_OWED).limit(1))


def duty_leads(ticket: Ticket) -> list[Person]:
    """Whose word lets a P0 be carried out before it is approved (P7.5)."""
    return list(db.session.scalars(holders(Role.DUTY_LEAD, ticket.team_id)))


def owes_late_approval(ticket: Ticket) -> bool:
    """Whether closing is blocked because an emergency has not been approved yet."""
    return bool(db.session.scalar(select(exists().where(Plan.ticket_id == ticket.id, Plan.late == LATE_OWED))))


# --- the round


def is_undecided(plan: Plan) -> bool:
    """Whether its round still runs: of an emergency, until the late approval is given or refused."""
    return plan.late == LATE_OWED or (not plan.outcome and not plan.late)


def slots_of(plan: Plan) -> list[Slot]:
    """The slots in their order; a seat that was handed over is no longer part of any."""
    sitting = sorted(
        (s for s in plan.approvals if s.decision != HANDED_OVER), key=lambda seat: (seat.slot, seat.id or 0)
    )
    return [Slot(number, tuple(seats)) for number, seats in groupby(sitting, key=lambda seat: seat.slot)]


def is_satisfied(plan: Plan) -> bool:
    """Whether the rule alone is: what was added to the round does not count towards it."""
    given = [slot.decision == Decision.APPROVED for slot in slots_of(plan) if not slot.is_required]
    match Rule(plan.rule):
        case Rule.ANY:
            return any(given)
        case Rule.QUORUM:
            return sum(given) >= plan.quorum
        case _:
            return all(given)


def is_final(plan: Plan) -> bool:
    """Whether everybody who is needed has agreed."""
    added = [slot for slot in slots_of(plan) if slot.is_required]
    return is_satisfied(plan) and all(slot.decision == Decision.APPROVED for slot in added)


def open_slots(plan: Plan) -> list[Slot]:
    """The slots that can decide now: the next of a sequence, else all that wait for nobody."""
    if not is_undecided(plan):
        return []
    waiting = [slot for slot in slots_of(plan) if not slot.decision]
    if plan.rule == Rule.SEQUENCE:
        return waiting[:1]
    if is_satisfied(plan):
        return [slot for slot in waiting if slot.is_required]
    slot_of = {seat.id: seat.slot for seat in plan.approvals}
    undecided = {slot.number for slot in waiting}
    return [slot for slot in waiting if not {slot_of[s.after_id] for s in slot.seats if s.after_id} & undecided]


def open_seats(plan: Plan) -> list[Approval]:
    """The seats that can decide now."""
    return [seat for slot in open_slots(plan) for seat in slot.seats if still_sits(seat)]


# --- who sits


def seat_of(plan: Plan, person: Person) -> Approval | None:
    """The person's seat in the round: their own, one they decided, or one of somebody absent for whom they stand in.

    Whoever has a seat of their own keeps to it. One that they handed over is the last answer.
    """
    own = next((seat for seat in plan.approvals if seat.person_id == person.id), None)
    if own and own.decision != HANDED_OVER:
        return own
    decided = next((seat for seat in plan.approvals if seat.decided_by_id == person.id), None)
    return decided or _stood_in_for(plan, person) or own


def still_sits(seat: Approval) -> bool:
    """Whether the holder still holds what the seat was given for: nobody decides after a demotion."""
    person = seat.person
    if not person.active:
        return False
    return person.holds(seat.role, seat.team_id) if seat.role else any(person.holds(role) for role in REVIEWERS)


def is_abandoned(seat: Approval) -> bool:
    """Whether its holder cannot decide now: they have left, hold the role no longer, or are away."""
    return not still_sits(seat) or seat.person_id in away_at(clock.now())


def has_decided(plan: Plan, person: Person) -> bool:
    """Whether this human has, by whichever account and for whomever."""
    return any(
        (seat.decided_by or seat.person).human_id == person.human_id
        for seat in plan.approvals
        if seat.decision in tuple(Decision)
    )


def is_seated(plan: Plan, person: Person) -> bool:
    """Whether this human has a seat in the round already, by whichever account."""
    return any(seat.person.human_id == person.human_id for seat in plan.approvals)


def stood_in(plan: Plan, person: Person) -> Approval | None:
    """The seat for whose holder the person stood in by an absence that is over: their delegation has ended."""
    holders = [seat.person_id for seat in plan.approvals]
    ended = select(Absence.person_id).where(
        Absence.delegate_id == person.id, Absence.person_id.in_(holders), Absence.ends_at <= clock.now()
    )
    found = db.session.scalar(ended.limit(1))
    return next((seat for seat in plan.approvals if seat.person_id == found), None)


def opened(before: Iterable[Approval], plan: Plan) -> list[int]:
    """Whose turn it has become: the people of the seats that are open now and were not before."""
    held = {seat.id for seat in before}
    return [seat.person_id for seat in open_seats(plan) if seat.id not in held]


def _stood_in_for(plan: Plan, person: Person) -> Approval | None:
    away = away_at(clock.now()) if is_undecided(plan) else {}
    if not away:
        return None
    absent = [s for s in plan.approvals if not s.decision and s.person_id in away and still_sits(s)]
    standing_in = [seat for seat in absent if stand_in(seat.person_id, away, {person.id}) == person.id]
    ready = {slot.number for slot in open_slots(plan)} if standing_in else set()
    return min(standing_in, key=lambda seat: (seat.slot not in ready, seat.slot), default=None)
