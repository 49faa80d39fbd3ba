"""A wish (客户需求): made in somebody's own words, then graded and given to a product manager (P2.2, P3.1)."""

from typing import Any

from models.ground import clock
from models.ground.db import command
from models.ground.errors import Invalid
from models.ground.vocabulary import Kind, RequestType, Severity, State
from models.insight.suggestion import suggest_product_manager
from models.people.person import Person
from models.people.team import Team
from models.record.ticket import Ticket
from models.rules import journal, registration, timekeeping, undoing, workflow


def make_request(
    *, actor: Person, description: str = "", expected: str = "", files: list[str] | None = None, **known: Any
) -> Ticket:
    """Somebody signed in makes a request for themselves (P2.2): the scene, or the effect that they hope for."""
    wish = registration.draft(kind=Kind.REQUEST, description=description, expected=expected, reporter=actor, **known)
    return _register(wish, actor=actor, files=files)


@command
def triage_request(
    ticket: Ticket,
    *,
    actor: Person,
    priority: str,
    category: str,
    team: Team,
    product_manager: Person | None = None,
    reason: str = "",
) -> Ticket:
    """Priority, type, and the product manager who owns it (P3.1, P3.5); what was reported as a fault may be a request.

    The number stays as it is. No product manager: as suggested.
    """
    workflow.check_state(ticket, "triage")
    if priority not in list(Severity):
        raise Invalid("Please choose a priority.", field="priority")
    if category not in list(RequestType):
        raise Invalid("Please choose a type.", field="category")
    if not ticket.is_request and not reason.strip():
        raise Invalid("Please say why it is a request and not a fault.", field="reason")
    was, was_level, chosen = ticket.kind, ticket.level, product_manager is not None
    owner = product_manager or suggest_product_manager(team.id)
    event = workflow.advance(
        ticket,
        "triage",
        actor=actor,
        to=State.AWAITING_ASSESSMENT,
        change={
            "kind": str(Kind.REQUEST),
            "severity": priority,
            "category": category,
            "category_other": "",
            "team": team,
            "assignee": owner,
            "product_manager": owner,
            "triaged_at": clock.now(),
        },
        severity=priority,
        was_severity=ticket.severity,
        ticket_kind=str(Kind.REQUEST),
        was_ticket_kind=was,
        category=category,
        team=team.code,
        assignee=owner.id if owner else None,
        before=undoing.as_it_was(ticket),
        chosen=chosen,
        digest=journal.digest_of(reason),
    )
    if reason.strip():
        journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    if was != ticket.kind:
        timekeeping.change_kind(ticket, was=was_level)
    return ticket


@command
def _register(wish: registration.Draft, *, actor: Person, files: list[str] | None) -> Ticket:
    return registration.enter(wish, actor=actor, files=files)
