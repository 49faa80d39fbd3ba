"""Plans (处理方案): handed in, revised, taken back, made from a template, or carried out first on a word (P7)."""

from typing import Unpack

from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db, lock
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import Decision, Risk, Role, Severity
from models.people.person import Person
from models.record.plan import LATE_OWED, Plan, StandardChange, WorkStep
from models.record.ticket import Ticket
from models.rules import journal, planning, rounds, seating, voting, workflow
from models.rules.deeds import recorded
from models.rules.permissions import allows
from models.rules.planning import HandedIn
from models.rules.rounds import EMERGENCY, newest_plan


@command
def submit_plan(ticket: Ticket, *, actor: Person, **handed_in: Unpack[HandedIn]) -> Plan:
    """Submit a plan for approval (P7.1).

    A normal change is decided by one supervisor, a major one by everybody named, either by the seats of a template if
    one is given; a major one must say how to back up and roll back (P7.2). Raises Invalid with the field at fault.
    """
    return _submit(ticket, actor, planning.said(handed_in), handed_in)


@command
def revise_plan(plan: Plan, *, actor: Person, **handed_in: Unpack[HandedIn]) -> Plan:
    """Change a plan after its submission: a new revision with a round of its own; nothing is carried out until then.

    What was decided about the old text stays with it (P7.3).
    """
    said = planning.said(handed_in)
    _take_back(plan, actor, "superseded")
    return _submit(plan.ticket, actor, said, handed_in)


@command
def withdraw_plan(plan: Plan, *, actor: Person, reason: str = "") -> Plan:
    """The author takes the plan back, as long as nothing of it has been carried out (P7.3)."""
    event = _take_back(plan, actor, "withdrawn")
    if reason.strip():
        journal.write(plan.ticket, "reason", reason, event=event, actor=actor, public=False)
    return plan


@command
def use_standard_change(ticket: Ticket, *, actor: Person, template: StandardChange) -> Plan:
    """Plan by a template that a supervisor approved beforehand, unchanged: no round is needed (P7.2, P7.6)."""
    if not template.active:
        raise Conflict("This standard change is no longer in use.")
    workflow.check_state(ticket, "use_standard_change")
    texts = template.texts
    steps, options = planning.tasks_of(texts.pop("steps")), planning.choices_of(texts.pop("options"))
    plan = planning.write(ticket, actor, {**texts, "risk": Risk.STANDARD, "tasks": steps, "choices": options}, ())
    workflow.advance(ticket, "use_standard_change", actor=actor, plan=plan.id, template=template.id, digest=plan.digest)
    plan.outcome, plan.decided_at = Decision.APPROVED, clock.now()
    return plan


@command
def declare_emergency(
    ticket: Ticket,
    *,
    actor: Person,
    word_by: Person,
    how: str,
    **handed_in: Unpack[HandedIn],
) -> Plan:
    """On a P0 the duty lead's recorded word lets the plan be carried out first; its round decides afterwards (P7.5)."""
    _refuse_word(ticket, actor, word_by, how)
    plan = _write(ticket, actor, planning.said(handed_in), handed_in)
    plan.outcome, plan.late = EMERGENCY, LATE_OWED
    plan.word_by, plan.word_how, plan.word_at = word_by, how.strip(), clock.now()
    db.session.flush()
    workflow.advance(
        ticket, "emergency", actor=actor, change={"emergency": True}, word_by=word_by.id, how=journal.digest_of(how),
        opened=rounds.opened((), plan), **voting.about(plan),
    )  # fmt: skip
    return plan


# --- standard changes


@command
@recorded("change_kept")
def keep_standard_change(plan: Plan, *, actor: Person, title: str) -> StandardChange:
    """A supervisor turns a plan that was approved and worked into a template for the next time (P7.2)."""
    if not allows(actor, "keep_standard_change"):
        raise Refused("Only a supervisor approves a standard change.")
    if plan.author.human_id == actor.human_id:
        raise Refused("Nobody approves their own plan beforehand; another supervisor keeps it.")
    if not title.strip():
        raise Invalid("Please name the standard change.", field="title")
    if plan.outcome != Decision.APPROVED or plan.risk == Risk.MAJOR:
        raise Conflict("Only an approved plan that is not a major change can become a standard change.")
    template = StandardChange.of(plan, title=title.strip(), approved_by_id=actor.id, approved_at=clock.now())
    db.session.add(template)
    db.session.flush()
    return template


@command
@recorded("change_retired")
def retire_standard_change(template: StandardChange, *, actor: Person) -> StandardChange:
    """A supervisor takes a template out of use; plans made from it stay as they are."""
    if not allows(actor, "keep_standard_change"):
        raise Refused("Only a supervisor retires a standard change.")
    if not template.active:
        raise Conflict("This standard change is no longer in use.")
    template.active = False
    return template


# --- what the commands share


def _submit(ticket: Ticket, actor: Person, said: planning.Said, handed_in: HandedIn) -> Plan:
    workflow.check_state(ticket, "submit_plan")
    plan = _write(ticket, actor, said, handed_in)
    workflow.advance(
        ticket, "submit_plan", actor=actor, risk=plan.risk, opened=rounds.opened((), plan), **voting.about(plan)
    )
    return plan


def _write(ticket: Ticket, actor: Person, said: planning.Said, handed_in: HandedIn) -> Plan:
    """The plan with its round, in the database."""
    named, template = handed_in.get("approvers") or (), handed_in.get("template")
    held = seating.round_for(ticket, author=actor, risk=said["risk"], named=named, template=template)
    plan = planning.write(ticket, actor, said, handed_in.get("files", ()), shown=handed_in.get("shown", ()))
    seating.seat(plan, held)
    db.session.flush()
    return plan


def _take_back(plan: Plan, actor: Person, outcome: str) -> journal.Recorded:
    ticket = plan.ticket
    lock(ticket)
    if plan is not newest_plan(ticket):
        raise Conflict("There is a newer revision of this plan.")
    if plan.is_emergency:
        raise Conflict("This plan went ahead on the duty lead's word and owes its approval. Roll it back instead.")
    if db.session.scalar(select(WorkStep.id).where(WorkStep.plan_id == plan.id).limit(1)):
        raise Conflict("The plan is being carried out; roll it back instead.")
    event = workflow.advance(ticket, "withdraw", actor=actor, superseded=outcome == "superseded", **voting.about(plan))
    plan.outcome, plan.decided_at = outcome, event.at
    return event


def refuse_emergency(ticket: Ticket) -> None:
    """Raise Conflict where nothing may be carried out before it is approved (P7.5)."""
    if ticket.is_request or ticket.severity != Severity.P0:
        raise Conflict("Only a critical fault (P0) is carried out before it is approved. Please submit the plan.")
    if rounds.late_plan(ticket):
        raise Conflict("The plan that went ahead before still owes its approval. Have it decided, or submit this one.")


def _refuse_word(ticket: Ticket, actor: Person, word_by: Person, how: str) -> None:
    workflow.check_state(ticket, "emergency")
    if not allows(actor, "emergency", ticket):
        raise Refused("You may not do this on this ticket.")
    refuse_emergency(ticket)
    if not (word_by.active and word_by.holds(Role.DUTY_LEAD, ticket.team_id)):
        raise Invalid("The word is the duty lead's of this team.", field="word_by")
    if word_by.human_id == actor.human_id:
        raise Invalid("Nobody gives themselves the word.", field="word_by")
    if not how.strip():
        raise Invalid("Please say how the word was given.", field="how")
