"""Cooperation (跨部门协作, P6.4): a lead department is named, others are asked through their contacts and answer."""

from models.ground import clock
from models.ground.db import command, db, lock
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import Party, Role
from models.people.person import Person
from models.people.team import Team
from models.record.cooperation import RESULTS, Cooperation, cooperations_of
from models.record.ticket import Ticket
from models.rules import journal, timekeeping, waiting, workflow
from models.rules.permissions import allows


@command
def name_lead(ticket: Ticket, *, actor: Person, team: Team | None, reason: str = "") -> Ticket:
    """The department that leads when several work together; another one later needs a reason."""
    if team is None or not team.active:
        raise Invalid("Please choose the department that leads.", field="team")
    if ticket.lead_team_id == team.id:
        raise Conflict("This department leads already.")
    if ticket.lead_team_id and not reason.strip():
        raise Invalid("Please say why another department leads now.", field="reason")
    event = workflow.advance(
        ticket, "name_lead", actor=actor, change={"lead_team_id": team.id, "lead_team": team},
        lead=team.id, digest=journal.digest_of(reason),
    )  # fmt: skip
    if reason.strip():
        journal.write(ticket, "reason", reason, event=event, actor=actor, public=False)
    return ticket


@command
def ask_department(
    ticket: Ticket, *, actor: Person, contact: Person | None, body: str, waits: bool = False
) -> Cooperation:
    """Ask another department through its contact; they have the time that the policy gives (24 h), on the ladder.

    `waits`: the ticket waits for the answer meanwhile.
    """
    if contact is None or not contact.active or not contact.holds(Role.CONTACT):
        raise Invalid("Please choose the contact of another department.", field="contact")
    if not body.strip():
        raise Invalid("Please say what you need.", field="body")
    workflow.check_state(ticket, "cooperate")
    request = Cooperation(
        ticket_id=ticket.id,
        ticket=ticket,
        team_id=contact.team_id,
        department_id=contact.department_id,
        contact=contact,
        asked_by=actor,
        body=body.strip(),
        asked_at=clock.now(),
    )
    db.session.add(request)
    db.session.flush()
    event = workflow.advance(
        ticket, "cooperate", actor=actor, about=request.id, cooperation=request.id, contact=contact.id,
        digest=journal.digest_of(body),
    )  # fmt: skip
    journal.write(ticket, "cooperation", body, event=event, actor=actor, public=False)
    if waits and can_wait(ticket):
        _wait(ticket, actor, body)
    return request


@command
def answer_cooperation(request: Cooperation, *, actor: Person, result: str, answer: str) -> Cooperation:
    """The department answers: done, not ours, or it needs time and answers again; what was said can be taken down.

    When the last answer is in, a ticket that waits for the departments goes on by itself.
    """
    ticket = request.ticket
    lock(ticket)
    if not allows(actor, "answer_cooperation", request):
        raise Refused("You may not answer this request.")
    workflow.check_state(ticket, "answer_cooperation")
    if request.is_settled:
        raise Conflict("This request has been answered already.")
    if result not in RESULTS:
        raise Invalid("Please choose an answer.", field="result")
    if not answer.strip():
        raise Invalid("Please write a sentence to your answer.", field="answer")
    request.result, request.answer = result, answer.strip()
    request.answered_by, request.answered_at = actor, clock.now()
    event = workflow.advance(
        ticket, "answer_cooperation", actor=actor, about=request.id, cooperation=request.id, result=result,
        asked_by=request.asked_by_id, contact=request.contact_id, digest=journal.digest_of(answer),
    )  # fmt: skip
    journal.write(ticket, "cooperation", answer, event=event, actor=actor, public=False)
    if ticket.waiting_on == Party.DEPARTMENT and all(other.is_settled for other in cooperations_of(ticket)):
        _go_on(ticket, actor)
    return request


def can_wait(ticket: Ticket) -> bool:
    """Whether the ticket can wait for the answer: it waits for nobody else."""
    return not ticket.waiting_on and ticket.state in workflow.STEPS["wait"].come_from


def _wait(ticket: Ticket, actor: Person, reason: str) -> None:
    """As `wait` does it: the policy says which clocks stand still for another department (P4.5)."""
    workflow.advance(
        ticket, "wait", actor=actor, right="cooperate", party=Party.DEPARTMENT, digest=journal.digest_of(reason)
    )
    waiting.pause(ticket, Party.DEPARTMENT, reason=reason.strip())
    timekeeping.note_next(ticket)


def _go_on(ticket: Ticket, actor: Person) -> None:
    workflow.advance(ticket, "resume", actor=actor, right="answer_cooperation", party=ticket.waiting_on)
    waiting.resume(ticket, at=clock.now())
    timekeeping.note_next(ticket)
