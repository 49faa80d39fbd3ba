"""Diagnosis (分析与诊断): taking up the work, the investigation log, the cause (P6)."""

from models.ground.db import command, db
from models.ground.errors import Invalid
from models.people.person import Person
from models.record import attachment, search
from models.record.article import Article, count_reuse
from models.record.ticket import Ticket
from models.rules import journal, workflow


@command
def take_ticket(ticket: Ticket, *, actor: Person) -> Ticket:
    """The assignee begins; the time to a plan starts."""
    workflow.advance(ticket, "take", actor=actor)
    return ticket


@command
def log_step(ticket: Ticket, *, actor: Person, done: str, seen: str = "", files: list[str] | None = None) -> Ticket:
    """One step of the investigation log: what was done, what was seen, evidence; never edited away (P6.2)."""
    if not done.strip():
        raise Invalid("Please write what you did.", field="done")
    event = workflow.advance(ticket, "step", actor=actor, digest=journal.digest_of(done, seen))
    entry = journal.write(ticket, "step", done, event=event, actor=actor, public=False, outcome=seen.strip())
    db.session.flush()
    attachment.attach(
        files or [], ticket_id=ticket.id, person_id=actor.id, link_id=None, public=False, entry_id=entry.id
    )
    return ticket


@command
def reuse_solution(ticket: Ticket, *, actor: Person, article: Article) -> Ticket:
    """An article helped with this ticket: recorded, so that the reuse of knowledge can be counted (P6.3)."""
    workflow.advance(ticket, "reuse", actor=actor, article=article.id, title=article.title)
    count_reuse(article)
    return ticket


@command
def record_diagnosis(
    ticket: Ticket, *, actor: Person, root_cause: str, cause: str, scope: str = "", temporary_measure: str = ""
) -> Ticket:
    """The investigation report (问题排查报告): root cause, its category, scope of impact, temporary measure (P6.5)."""
    if not root_cause.strip():
        raise Invalid("Please write the root cause.", field="root_cause")
    workflow.advance(
        ticket,
        "diagnose",
        actor=actor,
        change={
            "root_cause": root_cause.strip(),
            "cause": cause,
            "scope": scope.strip(),
            "temporary_measure": temporary_measure.strip(),
        },
        cause=cause,
        digest=journal.digest_of(root_cause, scope, temporary_measure),
    )
    search.index_internal(ticket, root_cause)
    return ticket
