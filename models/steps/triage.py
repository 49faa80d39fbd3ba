"""Triage (初步分类与分级): how severe, what kind, who takes it; and the same questions asked again later (P3)."""

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid
from models.ground.vocabulary import Category, Kind, Severity, State
from models.insight.suggestion import suggest_assignee, suggest_holder
from models.people.person import Person
from models.people.team import Team
from models.record.link import open_link
from models.record.resolution import Resolution
from models.record.ticket import Ticket
from models.rules import journal, timekeeping, undoing, waiting, workflow

ON_THE_SPOT = (Severity.P2, Severity.P3)  # what can be answered at first contact (P3.9)


@command
def triage_ticket(
    ticket: Ticket,
    *,
    actor: Person,
    severity: str,
    category: str,
    team: Team,
    assignee: Person | None = None,
    impact: str = "",
    urgency: str = "",
    category_other: str = "",
    reason: str = "",
) -> Ticket:
    """Grade and assign (P3.1–P3.5). No assignee: as suggested. Another level than the matrix says needs a reason, and
    so does a request that is a fault after all; its number stays."""
    workflow.check_state(ticket, "triage")
    if ticket.is_request and not reason.strip():
        raise Invalid("Please say why it is a fault and not a request.", field="reason")
    suggested = _suggestion(ticket, impact, urgency)
    if severity != suggested and not reason.strip():
        raise Invalid(
            "The matrix suggests %(level)s. Please say why you chose another level.", field="reason", level=suggested
        )
    if category == Category.OTHER and not category_other.strip():
        raise Invalid("Please say what kind of fault it is.", field="category_other")
    was, was_kind, was_level, assignee_chosen = ticket.severity, ticket.kind, ticket.level, assignee is not None
    # What remained of another ticket comes with its owner (P10.6).
    assignee = assignee or ticket.assignee or suggest_assignee(team.id, severity)
    event = workflow.advance(
        ticket,
        "triage",
        actor=actor,
        change={
            "kind": str(Kind.FAULT),
            "severity": severity,
            "category": category,
            "category_other": category_other.strip(),
            "impact": impact or ticket.impact,
            "urgency": urgency or ticket.urgency,
            "team": team,
            "assignee": assignee,
            "triaged_at": clock.now(),
        },
        severity=severity,
        was_severity=was,
        ticket_kind=str(Kind.FAULT),
        was_ticket_kind=was_kind,
        suggested=suggested,
        category=category,
        team=team.code,
        assignee=assignee.id if assignee else None,
        before=undoing.as_it_was(ticket),
        chosen=assignee_chosen,
        digest=journal.digest_of(reason),
    )
    if reason.strip():
        journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    timekeeping.judge_again(ticket, was_kind=was_kind, was_level=was_level)
    return ticket


@command
def regrade_ticket(ticket: Ticket, *, actor: Person, severity: str, reason: str) -> Ticket:
    """Change the severity later, with a reason; the clocks move from their original start (P3.6).

    Of a request it is the priority, by which no clock runs.
    """
    if not reason.strip():
        raise Invalid("Please give the reason for the new level.", field="reason")
    if severity == ticket.severity:
        raise Invalid("The ticket already has this level.", field="severity")
    was, was_level = ticket.severity, ticket.level
    event = workflow.advance(
        ticket,
        "regrade",
        actor=actor,
        change={"severity": severity},
        severity=severity,
        was_severity=was,
        ticket_kind=ticket.kind,
        was_ticket_kind=ticket.kind,
        digest=journal.digest_of(reason),
    )
    journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    if ticket.level != was_level:
        timekeeping.regrade(ticket, was=was_level)
    return ticket


@command
def hand_over_ticket(
    ticket: Ticket, *, actor: Person, reason: str, assignee: Person | None = None, team: Team | None = None
) -> Ticket:
    """Give the ticket to another person, or to another team, where it waits to be taken up anew (P3.10)."""
    if not reason.strip():
        raise Invalid("Please give the reason for the hand-over.", field="reason")
    if assignee is ticket.assignee and (team is None or team is ticket.team):
        raise Invalid("The ticket is already there.", field="assignee")
    team = team or ticket.team
    goes_back = team is not ticket.team and ticket.state in (State.AWAITING_ENGINEER, State.AWAITING_PLAN)
    assignee = assignee or suggest_holder(ticket, team)
    is_assessed = ticket.state == State.AWAITING_ASSESSMENT
    event = workflow.advance(
        ticket,
        "hand_over",
        actor=actor,
        to=State.AWAITING_ENGINEER if goes_back else State(ticket.state),
        change={"team": team, "assignee": assignee} | ({"product_manager": assignee} if is_assessed else {}),
        assignee=assignee.id if assignee else None,
        team=team.code if team else None,
        before=undoing.as_it_was(ticket),
        digest=journal.digest_of(reason),
    )
    journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    return ticket


@command
def answer_ticket(ticket: Ticket, *, actor: Person, result: str, category: str = "") -> Ticket:
    """Solve it at first contact: straight to the customer's confirmation, for P2 and P3 only (P3.9)."""
    if not result.strip():
        raise Invalid("Please write the answer for the customer.", field="result")
    workflow.check_state(ticket, "answer")
    refuse_answer(ticket)
    now = clock.now()
    event = workflow.advance(
        ticket,
        "answer",
        actor=actor,
        change={
            "resolved_at": now,
            "escalation": 0,
            "triaged_at": ticket.triaged_at or now,
            "category": category or ticket.category or Category.QUESTION,
            "assignee": ticket.assignee or actor,
        },
        digest=journal.digest_of(result),
    )
    open_link(ticket, days=ticket.policy_version.pack.link_days)
    journal.write(ticket, "result", result, event=event, actor=actor, public=True)
    db.session.add(
        Resolution(ticket_id=ticket.id, round=ticket.round, result=result.strip(), person_id=actor.id, at=event.at)
    )
    return ticket


def refuse_answer(ticket: Ticket) -> None:
    """Raise Conflict where it is too grave to be answered on the spot (P3.9)."""
    if ticket.severity not in ON_THE_SPOT:
        raise Conflict("Only a question or a small fault (P2, P3) can be answered at once.")


@command
def ask_reporter(ticket: Ticket, *, actor: Person, question: str) -> Ticket:
    """Ask for what is missing; the ticket waits on the reporter or customer (P2.8)."""
    if not question.strip():
        raise Invalid("Please write the question.", field="question")
    event = workflow.advance(ticket, "ask", actor=actor, digest=journal.digest_of(question))
    open_link(ticket, days=ticket.policy_version.pack.link_days)
    journal.write(ticket, "question", question, event=event, actor=actor, public=True)
    waiting.pause(ticket, timekeeping.caller_party(ticket), reason=waiting.ASKED)
    timekeeping.note_next(ticket)
    return ticket


@command
def cancel_ticket(ticket: Ticket, *, actor: Person, reason: str) -> Ticket:
    """End a ticket that needs no work; the reporter before triage, the first line or supervisor with a reason."""
    if not reason.strip():
        raise Invalid("Please give the reason.", field="reason")
    event = workflow.advance(
        ticket, "cancel", actor=actor, change={"closed_at": clock.now()}, digest=journal.digest_of(reason)
    )
    journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    return ticket


def _suggestion(ticket: Ticket, impact: str, urgency: str) -> str:
    pack = ticket.policy_version.pack
    impact, urgency = impact or ticket.impact, urgency or ticket.urgency
    return pack.suggest(impact, urgency) if impact and urgency else ticket.severity
