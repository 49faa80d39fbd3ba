"""Deciding in a round (P7.3): whose seat it is, everything that speaks against a decision, and what one does."""

from typing import Any

from models.ground import clock
from models.ground.db import db, lock
from models.ground.errors import Conflict, Refused
from models.ground.vocabulary import Decision, Rule
from models.people.person import Person
from models.record import attachment
from models.record.approval import Approval
from models.record.plan import LATE_OWED, Plan
from models.rules import rounds
from models.rules.permissions import allows
from models.rules.rounds import EMERGENCY, HANDED_OVER, newest_plan


def voting(plan: Plan, actor: Person, action: str, digest: str) -> Approval:
    """The seat by which the actor decides now, on this text; everything that speaks against it is refused."""
    seat = sitting(plan, actor, action)
    if rounds.has_decided(plan, actor):
        raise Conflict("You have already decided on this plan.")
    slots = rounds.open_slots(plan)
    if seat.slot not in {slot.number for slot in slots}:
        names = ", ".join(held.person.name for slot in slots for held in slot.seats)
        raise Conflict("It is not your turn: this waits for %(names)s.", names=names)
    if digest and digest != plan.digest:
        raise Conflict("The plan is not the one that you read. Please read it again before you decide.")
    intact = rounds.digest_of_plan(plan) == plan.digest and all(map(attachment.is_intact, rounds.files_of(plan)))
    if not intact:
        raise Conflict("This is no longer what was submitted: a file or a row was exchanged. Ask for a new revision.")
    return seat


def sitting(plan: Plan, actor: Person, action: str) -> Approval:
    """The undecided seat in the running round that is the actor's, or of somebody for whom they stand in."""
    ticket = plan.ticket
    lock(ticket)
    seat = rounds.seat_of(plan, actor)
    if seat is None:
        if ended := rounds.stood_in(plan, actor):
            raise Refused("Your standing in for %(name)s has ended; they decide again.", name=ended.person.name)
        raise Refused("You may not decide on this plan.")
    newest = newest_plan(ticket)
    if newest and plan is not newest and plan.late != LATE_OWED:
        raise Conflict("There is a newer revision of this plan, number %(revision)s.", revision=newest.revision)
    if seat.decision == HANDED_OVER:
        raise Conflict("This seat was handed over; somebody else decides.")
    if seat.decision:
        raise Conflict("You have already decided on this plan.")
    if not rounds.is_undecided(plan):
        raise Conflict("This plan has been decided already.")
    if not rounds.still_sits(seat):
        raise Refused("%(name)s no longer holds the role of this seat.", name=seat.person.name)
    if not allows(actor, action, ticket):
        raise Refused("You may not decide on this plan.")
    if any(s.decision == Decision.APPROVED for s in plan.approvals if s.slot == seat.slot):
        raise Conflict("Somebody else has decided for this seat.")
    return seat


def abandoned(plan: Plan, actor: Person, seat: Approval) -> Approval:
    """A waiting seat whose holder is away, or no longer decides; a supervisor gives it away."""
    lock(plan.ticket)
    if seat.plan_id != plan.id or not allows(actor, "give_seat_away", plan.ticket):
        raise Refused("Only a supervisor gives away somebody else's seat, and not over their own plan or work.")
    if not rounds.is_undecided(plan):
        raise Conflict("This plan has been decided already.")
    if seat.decision or not rounds.is_abandoned(seat):
        raise Conflict("%(name)s decides on this plan, and can hand it over.", name=seat.person.name)
    if any(held.decision == Decision.APPROVED for held in plan.approvals if held.slot == seat.slot):
        raise Conflict("Somebody else has decided for this seat.")
    return seat


def decide(seat: Approval, actor: Person, decision: Decision, comment: str) -> None:
    """Write the decision down, with who took it if somebody stood in."""
    seat.decision, seat.comment, seat.decided_at = decision, comment.strip(), clock.now()
    seat.decided_by_id = actor.id if actor is not seat.person else None
    seat.decided_by = actor if actor is not seat.person else None


def conclude(plan: Plan, outcome: Decision, late: str) -> None:
    """The round is over. An emergency that was rolled back meanwhile stays so; what it owed is paid."""
    if plan.outcome in ("", EMERGENCY):
        plan.outcome = outcome
    plan.late, plan.decided_at = late if plan.is_emergency else "", clock.now()


def about(plan: Plan) -> dict[str, Any]:
    """What every event of a round says."""
    return {"plan": plan.id, "revision": plan.revision, "digest": plan.digest}


def in_place_of(seat: Approval, actor: Person) -> dict[str, Any]:
    """In whose place, if somebody stood in."""
    return {"for_person": seat.person_id} if actor is not seat.person else {}


def new_seat(plan: Plan, person: Person, *, slot: int, reason: str) -> Approval:
    """One more seat in the running round."""
    seat = Approval(
        plan=plan, person_id=person.id, person=person, author_id=plan.author_id, slot=slot, role="", digest=plan.digest,
        decision="", required=False, reason=reason.strip(),
    )  # fmt: skip
    db.session.add(seat)
    return seat


def room_beside(plan: Plan, seat: Approval, *, first: bool) -> int:
    """The number of a slot beside this one; in a sequence those behind move on."""
    if plan.rule != Rule.SEQUENCE:
        return max(held.slot for held in plan.approvals) + 1
    number = seat.slot if first else seat.slot + 1
    for held in plan.approvals:
        held.slot += held.slot >= number
    return number
