"""Consent (方案沟通与确认): whoever a plan touches agrees before it is carried out, or says why not (P7.4)."""

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import Means
from models.people.person import Person
from models.record.consent import Consent, consent_to
from models.record.link import Link
from models.record.plan import Plan
from models.record.ticket import Ticket
from models.rules import journal, workflow
from models.rules.permissions import allows

REFUSED = "refused"  # the outcome of a plan that the customer did not agree to


@command
def give_consent(ticket: Ticket, *, actor: Person | Link, digest: str = "", comment: str = "") -> Ticket:
    """The customer agrees to the plan as it was explained; now it may be carried out."""
    return _answer(ticket, actor, True, comment, digest=digest, means=_means(actor))


@command
def refuse_consent(ticket: Ticket, *, actor: Person | Link, reason: str, digest: str = "") -> Ticket:
    """The customer does not agree; the engineer reads why and writes a new plan."""
    return _answer(ticket, actor, False, reason, digest=digest, means=_means(actor))


@command
def record_spoken_consent(
    ticket: Ticket, *, actor: Person, agreed: bool, said_by: str, how: str, comment: str = "", digest: str = ""
) -> Ticket:
    """The first line or the assignee records what was said: who, when, by what means, taken by whom."""
    if not allows(actor, "record_spoken_consent", ticket):
        raise Refused("You may not record a consent on this ticket.")
    for field, said in (("said_by", said_by), ("how", how)):
        if not said.strip():
            raise Invalid("Please say who said it and by what means.", field=field)
    return _answer(
        ticket, actor, agreed, comment, digest=digest, means=Means.SPOKEN, said_by=said_by.strip(), how=how.strip()
    )


def _means(actor: Person | Link) -> Means:
    return Means.LINK if isinstance(actor, Link) else Means.PORTAL


def _answer(
    ticket: Ticket, actor: Person | Link, agreed: bool, comment: str, *, digest: str, means: Means, **said: str
) -> Ticket:
    action = "consent" if agreed else "refuse"
    workflow.check_state(ticket, action)
    plan = _asked_about(ticket, digest)
    if not agreed and not comment.strip():
        raise Invalid("Please say why you do not agree.", field="comment")
    event = workflow.advance(
        ticket,
        action,
        actor=actor,
        right="record_spoken_consent" if means == Means.SPOKEN else "",
        plan=plan.id,
        revision=plan.revision,
        means=str(means),
        digest=plan.digest,
        comment=journal.digest_of(comment),
    )
    _keep(ticket, plan, actor, agreed, comment, means=means, **said)
    if not agreed:
        plan.outcome, plan.decided_at = REFUSED, event.at
    if comment.strip():
        name = ticket.caller.name if isinstance(actor, Link) and ticket.caller else ""
        journal.write(ticket, "feedback", comment, event=event, actor=actor, public=True, author_name=name)
    return ticket


def _asked_about(ticket: Ticket, digest: str) -> Plan:
    """The plan that waits for the answer. `digest` is that of what was read: an answer counts for no other plan."""
    plan = ticket.plans[-1]
    if digest and digest != plan.digest:
        raise Conflict("The plan has changed since you read it. Please read the newer one.")
    if consent_to(plan):
        raise Conflict("This question has been answered already.")
    return plan


def _keep(
    ticket: Ticket, plan: Plan, actor: Person | Link, agreed: bool, comment: str, *, means: Means, **said: str
) -> None:
    caller = ticket.caller
    db.session.add(
        Consent(
            ticket_id=ticket.id,
            plan_id=plan.id,
            digest=plan.digest,
            link_id=actor.id if isinstance(actor, Link) else None,
            means=means,
            agreed=agreed,
            comment=comment.strip(),
            said_by=said.get("said_by") or (caller.name if caller else ""),
            how=said.get("how", ""),
            taken_by_id=actor.id if means == Means.SPOKEN and isinstance(actor, Person) else None,
            at=clock.now(),
        )
    )
