"""Plan and approval (方案与审批): a plan is one revision, a round decides exactly that one (P7)."""

from sqlalchemy import func, select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import Decision, Risk, Role, State
from models.people.person import Person, holders
from models.record.plan import Approval, Plan, StandardChange, WorkStep
from models.record.ticket import Ticket
from models.rules import journal, workflow
from models.rules.permissions import allows

FEWEST_APPROVERS = 2  # of a major change (P7.2)


@command
def submit_plan(
    ticket: Ticket, *, actor: Person, risk: str, steps: str, approvers: list[Person] | None = None, **texts: str
) -> Plan:
    """Submit a plan for approval. `texts`: kind, options, effect, verification, backup, rollback, window (P7.1).

    A normal change is decided by one supervisor, a major one by everybody named, and it must say how to
    back up and roll back (P7.2). Raises Invalid with the field at fault.
    """
    _refuse_incomplete(risk, steps, texts)
    workflow.check_state(ticket, "submit_plan")
    seated = _approvers(ticket, actor, risk, approvers or [])
    plan = _new_plan(ticket, actor=actor, risk=risk, steps=steps, **texts)
    rule = "all" if risk == Risk.MAJOR else "any"
    for person in seated:
        plan.approvals.append(
            Approval(person_id=person.id, person=person, author_id=actor.id, rule=rule, digest=plan.digest)
        )
    db.session.add(plan)
    db.session.flush()
    workflow.advance(
        ticket, "submit_plan", actor=actor, plan=plan.id, revision=plan.revision, risk=risk, digest=plan.digest
    )
    return plan


@command
def use_standard_change(ticket: Ticket, *, actor: Person, template: StandardChange) -> Plan:
    """Plan by a template that a supervisor approved beforehand, unchanged: no round is needed (P7.2, P7.6)."""
    if not template.active:
        raise Conflict("This standard change is no longer in use.")
    workflow.check_state(ticket, "use_standard_change")
    plan = _new_plan(ticket, actor=actor, risk=Risk.STANDARD, **template.texts)
    plan.outcome, plan.decided_at = Decision.APPROVED, clock.now()
    db.session.add(plan)
    db.session.flush()
    workflow.advance(ticket, "use_standard_change", actor=actor, plan=plan.id, template=template.id, digest=plan.digest)
    return plan


@command
def approve_plan(plan: Plan, *, actor: Person, comment: str = "") -> Plan:
    """One approver agrees; the last of the round lets the plan be carried out (P7.3, P7.6)."""
    seat = _seat(plan, actor, "approve")
    seat.decision, seat.comment, seat.decided_at = Decision.APPROVED, comment.strip(), clock.now()
    final = seat.rule == "any" or all(other.decision == Decision.APPROVED for other in plan.approvals)
    if final:
        plan.outcome, plan.decided_at = Decision.APPROVED, seat.decided_at
    workflow.advance(
        plan.ticket,
        "approve",
        actor=actor,
        to=State.AWAITING_FIX if final else State.AWAITING_APPROVAL,
        plan=plan.id,
        revision=plan.revision,
        final=final,
        digest=plan.digest,
        comment=journal.digest_of(comment),
    )
    return plan


@command
def return_plan(plan: Plan, *, actor: Person, comment: str) -> Plan:
    """Send the plan back with a reason (退回); the engineer writes a new revision (P7.3)."""
    if not comment.strip():
        raise Invalid("Please say why you return the plan.", field="comment")
    seat = _seat(plan, actor, "return")
    seat.decision, seat.comment, seat.decided_at = Decision.RETURNED, comment.strip(), clock.now()
    plan.outcome, plan.decided_at = Decision.RETURNED, seat.decided_at
    workflow.advance(
        plan.ticket, "return", actor=actor, plan=plan.id, revision=plan.revision, comment=journal.digest_of(comment)
    )
    return plan


@command
def withdraw_plan(plan: Plan, *, actor: Person, reason: str = "") -> Plan:
    """The author takes the plan back, as long as nothing of it has been carried out (P7.3)."""
    ticket = plan.ticket
    db.session.refresh(ticket, with_for_update=True)
    if plan is not newest_plan(ticket):
        raise Conflict("There is a newer revision of this plan.")
    if db.session.scalar(select(WorkStep.id).where(WorkStep.plan_id == plan.id).limit(1)):
        raise Conflict("The plan is being carried out; roll it back instead.")
    plan.outcome, plan.decided_at = "withdrawn", clock.now()
    event = workflow.advance(ticket, "withdraw", actor=actor, plan=plan.id, revision=plan.revision)
    if reason.strip():
        journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    return plan


@command
def keep_standard_change(plan: Plan, *, actor: Person, title: str) -> StandardChange:
    """A supervisor turns a plan that was approved and worked into a template for the next time (P7.2)."""
    if not allows(actor, "keep_standard_change"):
        raise Refused("Only a supervisor approves a standard change.")
    if not title.strip():
        raise Invalid("Please name the standard change.", field="title")
    if plan.outcome != Decision.APPROVED or plan.risk == Risk.MAJOR:
        raise Conflict("Only an approved plan that is not a major change can become a standard change.")
    template = StandardChange.of(plan, title=title.strip(), approved_by_id=actor.id, approved_at=clock.now())
    db.session.add(template)
    db.session.flush()
    return template


@command
def retire_standard_change(template: StandardChange, *, actor: Person) -> StandardChange:
    """A supervisor takes a template out of use; plans made from it stay as they are."""
    if not allows(actor, "keep_standard_change"):
        raise Refused("Only a supervisor retires a standard change.")
    if not template.active:
        raise Conflict("This standard change is no longer in use.")
    template.active = False
    return template


def newest_plan(ticket: Ticket) -> Plan | None:
    """The revision that counts, if there is any."""
    return db.session.scalar(select(Plan).where(Plan.ticket_id == ticket.id).order_by(Plan.revision.desc()).limit(1))


def _refuse_incomplete(risk: str, steps: str, texts: dict[str, str]) -> None:
    if risk == Risk.STANDARD:
        raise Invalid("A standard change is used from its template, unchanged.", field="risk")
    if not steps.strip():
        raise Invalid("Please write the steps of the plan.", field="steps")
    for field, sentence in (
        ("backup", "A major change needs a backup statement."),
        ("rollback", "A major change needs a rollback plan."),
    ):
        if risk == Risk.MAJOR and not texts.get(field, "").strip():
            raise Invalid(sentence, field=field)


def _new_plan(ticket: Ticket, *, actor: Person, risk: str, **texts: str) -> Plan:
    held = db.session.scalar(select(func.max(Plan.revision)).where(Plan.ticket_id == ticket.id)) or 0
    texts = {key: (value or "").strip() for key, value in texts.items()}
    return Plan(
        ticket_id=ticket.id,
        ticket=ticket,
        revision=held + 1,
        risk=risk,
        author_id=actor.id,
        author=actor,
        submitted_at=clock.now(),
        digest=journal.digest_of(risk, *(f"{key}={texts[key]}" for key in sorted(texts))),
        **texts,
    )


def _approvers(ticket: Ticket, author: Person, risk: str, named: list[Person]) -> list[Person]:
    if risk != Risk.MAJOR:
        found = [p for p in db.session.scalars(holders(Role.SUPERVISOR, ticket.team_id)) if p is not author]
        if not found:
            raise Conflict("There is no supervisor who could approve this plan.")
        return found
    named = [person for person in dict.fromkeys(named) if person is not author]
    if len(named) < FEWEST_APPROVERS:
        raise Invalid(
            "A major change needs at least %(count)s other approvers.", field="approvers", count=FEWEST_APPROVERS
        )
    if any(not (p.active and (p.holds(Role.APPROVER) or p.holds(Role.SUPERVISOR))) for p in named):
        raise Invalid("Somebody named here does not sit on reviews.", field="approvers")
    return named


def _seat(plan: Plan, actor: Person, action: str) -> Approval:
    """The actor's own undecided seat in the open round; everything that speaks against it is refused."""
    ticket = plan.ticket
    db.session.refresh(ticket, with_for_update=True)
    if not allows(actor, action, ticket):
        raise Refused("You may not decide on this plan.")
    if plan is not newest_plan(ticket) or plan.outcome:
        raise Conflict("This plan has been decided already, or there is a newer revision.")
    seat = next((seat for seat in plan.approvals if seat.person_id == actor.id), None)
    if seat is None:
        raise Refused("You may not decide on this plan.")
    if seat.decision:
        raise Conflict("You have already decided on this plan.")
    return seat
