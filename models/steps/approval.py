"""Approval (审批): a round decides exactly one revision of a plan, and what can be done while it runs (P7.3)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db, lock
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import Decision, State
from models.people.person import Person
from models.record.approval import Approval, PlanCopy
from models.record.event import Event
from models.record.link import CONSENT, open_link
from models.record.plan import LATE_GIVEN, LATE_REFUSED, Plan
from models.record.ticket import Ticket
from models.rules import journal, rounds, seating, voting, workflow
from models.rules.permissions import allows
from models.rules.rounds import HANDED_OVER, newest_plan
from models.rules.standing import STAFF

URGE_EVERY = timedelta(minutes=30)
SOLVED_IN = (State.AWAITING_CUSTOMER, State.AWAITING_REVIEW)
WORKED_IN = (State.AWAITING_FIX, State.AWAITING_TEST)


@command
def approve_plan(plan: Plan, *, actor: Person, digest: str = "", comment: str = "") -> Plan:
    """One approver agrees; the last of the round lets the plan be carried out (P7.3, P7.6).

    `digest` is the text that they read: the decision counts for no other. About an emergency it is the late approval.
    """
    seat = voting.voting(plan, actor, "countersign" if plan.is_emergency else "approve", digest)
    before = rounds.open_seats(plan)
    voting.decide(seat, actor, Decision.APPROVED, comment)
    final = rounds.is_final(plan)
    if plan.is_emergency:
        action, goal = "ratify" if final else "countersign", None
    else:
        action, goal = "approve", _after_approval(plan) if final else State(plan.ticket.state)
    workflow.advance(
        plan.ticket, action, actor=actor, to=goal, final=final, opened=rounds.opened(before, plan),
        comment=journal.digest_of(comment), **voting.about(plan), **voting.in_place_of(seat, actor),
    )  # fmt: skip
    if final:
        voting.conclude(plan, Decision.APPROVED, LATE_GIVEN)
    if plan.ticket.state == State.AWAITING_CONSENT:
        open_link(plan.ticket, days=plan.ticket.policy_version.pack.link_days, purpose=CONSENT)
    return plan


@command
def return_plan(plan: Plan, *, actor: Person, comment: str, digest: str = "") -> Plan:
    """Send the plan back with a reason (退回); the engineer writes a new revision (P7.3).

    An emergency that is refused afterwards goes back to planning, unless another plan has taken its place (P7.5).
    """
    if not comment.strip():
        raise Invalid("Please say why you return the plan.", field="comment")
    seat = voting.voting(plan, actor, "refuse_ratify" if plan.is_emergency else "return", digest)
    voting.decide(seat, actor, Decision.RETURNED, comment)
    action, goal, change = _refusal(plan)
    workflow.advance(
        plan.ticket, action, actor=actor, to=goal, change=change, comment=journal.digest_of(comment),
        **voting.about(plan), **voting.in_place_of(seat, actor),
    )  # fmt: skip
    voting.conclude(plan, Decision.RETURNED, LATE_REFUSED)
    return plan


# --- the round while it runs


@command
def add_approver(plan: Plan, *, actor: Person, person: Person, first: bool, comment: str = "") -> Approval:
    """Let somebody else decide as well (加签): `first` before the actor's own seat, else after it. They must agree."""
    seat = voting.sitting(plan, actor, "add_approver")
    seating.refuse_unfit(person, plan)
    before = rounds.open_seats(plan)
    added = voting.new_seat(plan, person, slot=voting.room_beside(plan, seat, first=first), reason=comment)
    added.required, added.added_by_id = True, actor.id
    db.session.flush()
    if first:
        added.after_id = next((s.after_id for s in plan.approvals if s.slot == seat.slot and s.after_id), None)
        for mine in plan.approvals:
            mine.after_id = added.id if mine.slot == seat.slot else mine.after_id
    else:
        added.after_id = seat.id
    workflow.advance(
        plan.ticket, "add_approver", actor=actor, added=person.id, first=first, comment=journal.digest_of(comment),
        opened=rounds.opened(before, plan), **voting.about(plan), **voting.in_place_of(seat, actor),
    )  # fmt: skip
    return added


@command
def hand_over_seat(plan: Plan, *, actor: Person, to: Person, reason: str, seat: Approval | None = None) -> Approval:
    """Give the seat to somebody else (转交). A supervisor may give away the `seat` of somebody who is away, or who no
    longer decides; both are told."""
    if not reason.strip():
        raise Invalid("Please give the reason.", field="reason")
    given = voting.abandoned(plan, actor, seat) if seat else voting.sitting(plan, actor, "hand_over_seat")
    seating.refuse_unfit(to, plan)
    before = rounds.open_seats(plan)
    taken = voting.new_seat(plan, to, slot=given.slot, reason=reason)
    taken.handed_from_id, taken.required, taken.added_by_id = given.person_id, given.required, given.added_by_id
    taken.after_id = given.after_id
    given.decision, given.decided_at = HANDED_OVER, clock.now()
    given.decided_by_id = actor.id if actor is not given.person else None
    db.session.flush()
    workflow.advance(
        plan.ticket, "hand_over_seat", actor=actor, to_person=to.id, from_person=given.person_id,
        reason=journal.digest_of(reason), opened=rounds.opened(before, plan), **voting.about(plan),
    )  # fmt: skip
    return taken


@command
def copy_plan(plan: Plan, *, actor: Person, people: Sequence[Person]) -> list[PlanCopy]:
    """Let people know of the plan (抄送); they decide nothing."""
    lock(plan.ticket)
    if not allows(actor, "copy_plan", plan.ticket):
        raise Refused("You may not send copies of this plan.")
    unfit = next((person for person in people if not _may_read(person, plan.ticket)), None)
    if unfit:
        raise Invalid("%(name)s may not read plans.", field="people", name=unfit.name)
    held = {copy.person_id for copy in plan.copies}
    new = [person for person in dict.fromkeys(people) if person.id not in held and person is not actor]
    if not new:
        raise Invalid("Please choose somebody who does not have a copy yet.", field="people")
    copies = [PlanCopy(plan=plan, person_id=p.id, person=p, by_id=actor.id, by=actor, at=clock.now()) for p in new]
    db.session.add_all(copies)
    workflow.advance(plan.ticket, "copy_plan", actor=actor, people=[person.id for person in new], **voting.about(plan))
    return copies


@command
def read_copy(plan: Plan, *, actor: Person) -> PlanCopy:
    """Whoever has a copy has read it."""
    copy = next((copy for copy in plan.copies if copy.person_id == actor.id), None)
    if copy is None:
        raise Refused("You have no copy of this plan.")
    copy.read_at = copy.read_at or clock.now()
    return copy


@command
def urge_approvers(plan: Plan, *, actor: Person) -> Plan:
    """Remind those whose turn it is (催办), at most once in half an hour."""
    lock(plan.ticket)
    if not allows(actor, "urge", plan.ticket):
        raise Refused("You may not urge the approvers of this plan.")
    workflow.check_state(plan.ticket, "urge")
    waiting = [seat.person_id for seat in rounds.open_seats(plan)]
    if not waiting:
        raise Conflict("Nobody's decision on this plan is waited for.")
    again_at = _last_urged(plan)
    if again_at and again_at > clock.now():
        raise Conflict("They were urged a short while ago. You can urge them again from %(time)s.", time=again_at)
    workflow.advance(plan.ticket, "urge", actor=actor, people=waiting, **voting.about(plan))
    return plan


def _may_read(person: Person, ticket: Ticket) -> bool:
    """Anybody of the house, but for whoever has only reported it: what is internal is not for them (P6.6)."""
    return person.active and (bool(person.roles & STAFF) or person.id != ticket.reporter_id)


def _after_approval(plan: Plan) -> State:
    return State.AWAITING_CONSENT if plan.touches_customer else State.AWAITING_FIX


def _refusal(plan: Plan) -> tuple[str, State | None, dict[str, Any]]:
    """Which step a refusal is, where it goes and what it changes."""
    if not plan.is_emergency:
        return "return", None, {}
    ticket = plan.ticket
    if plan is newest_plan(ticket) and ticket.state in SOLVED_IN:
        return "overturn", None, {"resolved_at": None, "round": ticket.round + 1}
    goal = State.AWAITING_PLAN if plan is newest_plan(ticket) and ticket.state in WORKED_IN else State(ticket.state)
    return "refuse_ratify", goal, {}


def _last_urged(plan: Plan) -> datetime | None:
    """From when on the approvers of this round can be urged again; None: they never were."""
    urged = select(Event).where(Event.ticket_id == plan.ticket_id, Event.name == "urged").order_by(Event.seq.desc())
    last: Iterable[Event] = db.session.scalars(urged.limit(50))
    return next((event.at + URGE_EVERY for event in last if event.details.get("plan") == plan.id), None)
