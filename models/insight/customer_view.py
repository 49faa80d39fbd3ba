"""What the holder of a link may see, as plain values: never a row, so that nothing internal can slip out (P6.6)."""

from typing import Any

from sqlalchemy import select

from models.ground.db import db
from models.ground.vocabulary import Party, State
from models.insight.incidents import progress_of
from models.insight.masking import masked_address
from models.insight.promise import promise_of
from models.insight.story import newest_question, story
from models.people.person import masked_name
from models.record.assessment import AGREED, Assessment, assessments_of, newest_assessment
from models.record.attachment import Attachment
from models.record.consent import Consent, consent_to
from models.record.deadline import RUNNING, Deadline
from models.record.link import CONSENT, DIRECTION, PROGRESS, Link, purpose_in
from models.record.relation import bearer_of
from models.record.resolution import Check, Confirmation, Resolution, sheet_of
from models.record.ticket import ENDED, Ticket

ANSWERED = (State.AWAITING_REVIEW, State.CLOSED, State.ARCHIVED)


def customer_view(ticket: Ticket) -> dict[str, Any]:
    """The progress of the ticket, and what the holder of its link can do now."""
    told = [_line(moment) for moment in story(ticket, internal=False)]
    asked = ticket.waiting_on in (Party.REPORTER, Party.CUSTOMER) and ticket.state not in ENDED
    return {
        "number": ticket.number,
        "title": ticket.title,
        "status": ticket.status,
        "is_request": ticket.is_request,
        "handler": masked_name(ticket.assignee.name) if ticket.assignee else "",
        "last": next((line for line in told if line["name"] in ("updated", "asked", "answered", "test_passed")), None),
        "next_update_at": _next_update(ticket),
        "promise": promise_of(ticket) if ticket.is_open else None,
        "result": _result(ticket),
        "answer": _answer(ticket),
        "words": words_for(ticket),
        "goes_to": goes_to(ticket),
        "question": newest_question(ticket) if asked else "",
        "asked_elsewhere": purpose_in(ticket.state) if purpose_in(ticket.state) != PROGRESS else "",
        "follow_ups": follow_ups(ticket),
        "together": _together(ticket) if ticket.merged_into_id else None,
        "story": told,
        "can_confirm": ticket.state == State.AWAITING_CUSTOMER,
        "can_supply": ticket.is_open and ticket.state not in (*ANSWERED, State.AWAITING_CUSTOMER),
        "can_dispute": ticket.state in ANSWERED,
        "scale": _scale(ticket),
    }


def question_view(ticket: Ticket, purpose: str) -> dict[str, Any]:
    """What is asked behind a link of its own, in the words that were written for the customer, and what they said."""
    return _consent_view(ticket) if purpose == CONSENT else _direction_view(ticket)


def goes_to(ticket: Ticket) -> str:
    """Where a letter to the customer goes, for whoever knows the address; "" where none is known."""
    return masked_address(ticket.caller.email) if ticket.caller else ""


def look_of(link: Link) -> str:
    """What identifies all that the holder of the link can see: another one, and there is something new."""
    ticket = link.ticket
    bearer = bearer_of(ticket)
    return f"{link.id}.{ticket.seq}.{bearer.id}.{bearer.seq}.{link.death}"


def sheet_view(ticket: Ticket) -> dict[str, Any]:
    """The satisfaction form (客户满意度确认单, P10.3) as it was given, or to be filled in by hand."""
    caller, answer = ticket.caller, _answer(ticket)
    return {
        "number": ticket.number,
        "title": ticket.title,
        "is_request": ticket.is_request,
        "description": ticket.description,
        "customer": ticket.customer.name if ticket.customer else "",
        "caller": caller.name if caller else "",
        "reported_at": ticket.reported_at,
        "resolved_at": ticket.resolved_at,
        "closed_at": ticket.closed_at,
        "result": _result(ticket),
        "words": words_for(ticket),
        "answer": answer,
        "checks": answer["checks"] if answer else [{"text": row.text, "answer": ""} for row in sheet_of(ticket)],
        "scale": _scale(ticket),
    }


def words_for(ticket: Ticket) -> str:
    """Which words the answers have: solved or not, accepted or not (P8.3), or read, where a request was put off."""
    if not ticket.is_request:
        return "verdict"
    assessment = newest_assessment(ticket)
    return "uat" if assessment is None or assessment.is_to_be_built else "postponed"


def follow_ups(ticket: Ticket) -> list[str]:
    """Numbers of what remained, or came up again, for the same people; a parent's other children are not theirs."""
    theirs = (
        Ticket.parent_id == ticket.id,
        Ticket.contact_id.is_not_distinct_from(ticket.contact_id),
        Ticket.reporter_id.is_not_distinct_from(ticket.reporter_id),
    )
    return list(db.session.scalars(select(Ticket.number).where(*theirs).order_by(Ticket.id)))


def dead_view(link: Link) -> dict[str, Any]:
    """What may be said behind a link that no longer works: why, and what its holder answered with it."""
    ticket = link.ticket
    given = select(Confirmation).where(Confirmation.ticket_id == ticket.id, Confirmation.round == link.round)
    answer = db.session.scalar(given.order_by(Confirmation.id.desc()).limit(1)) if link.purpose == PROGRESS else None
    return {
        "number": ticket.number,
        "purpose": link.purpose,
        "death": link.death,
        "status": ticket.status,
        "answer": _plain(answer, ticket) if answer else None,
        "said": _said_with(link),
        "is_request": ticket.is_request,
        "words": words_for(ticket),
        "goes_to": goes_to(ticket),
        "follow_ups": follow_ups(ticket) if answer else [],
        "is_asked_anew": link.death == "superseded" and purpose_in(ticket.state) == link.purpose,
        "back_to_work": link.purpose == PROGRESS and link.death == "superseded" and ticket.resolved_at is None,
    }


def is_shown(file: Attachment, ticket: Ticket) -> bool:
    """Whether the customer's side may have the file; of a plan's only those of the one that they are, or were, asked
    about, and that its author has ticked for them (P7.4)."""
    if file.plan_id is None or not file.public:
        return file.public
    plan = ticket.plans[-1]
    return file.plan_id == plan.id and (ticket.state == State.AWAITING_CONSENT or consent_to(plan) is not None)


def _consent_view(ticket: Ticket) -> dict[str, Any]:
    """Only what the plan says to the customer; its steps, risks and options stay in the house (P6.6, P7.4)."""
    plan = ticket.plans[-1]
    said = consent_to(plan)
    return {
        "purpose": CONSENT,
        "text": plan.explanation,
        "when": plan.window,
        "files": [_file(file) for file in plan.files if file.public],
        "key": plan.digest,
        "is_open": ticket.state == State.AWAITING_CONSENT and said is None,
        "said": _consent(said) if said else None,
    }


def _direction_view(ticket: Ticket) -> dict[str, Any]:
    assessment = newest_assessment(ticket)
    assert assessment is not None, "a direction is asked for by an assessment"
    return {
        "purpose": DIRECTION,
        "text": assessment.report,
        "when": assessment.deliver_at,
        "files": [],
        "key": str(assessment.nth),
        "is_open": ticket.state == State.AWAITING_DIRECTION and not assessment.answer,
        "said": _direction(assessment) if assessment.answer else None,
    }


def _said_with(link: Link) -> dict[str, Any] | None:
    """What was answered to the question that this link was for."""
    if link.purpose == CONSENT:
        plan = next((plan for plan in link.ticket.plans if plan.revision == link.round), None)
        said = consent_to(plan) if plan else None
        return _consent(said) if said else None
    if link.purpose == DIRECTION:
        found = next((a for a in assessments_of(link.ticket) if a.nth == link.round and a.answer), None)
        return _direction(found) if found else None
    return None


def _consent(said: Consent) -> dict[str, Any]:
    return {"agreed": said.agreed, "comment": said.comment, "means": said.means, "at": said.at}


def _direction(said: Assessment) -> dict[str, Any]:
    return {
        "agreed": said.answer == AGREED, "comment": said.comment, "means": said.means, "at": said.answered_at,
    }  # fmt: skip


def _scale(ticket: Ticket) -> list[tuple[str, dict[str, str]]]:
    scale = ticket.policy_version.pack.satisfaction
    return [(choice.code, {"zh": choice.title.zh, "en": choice.title.en}) for choice in scale]


def _line(moment: Any) -> dict[str, Any]:
    return {
        "at": moment.at,
        "name": moment.name,
        "text": moment.text,
        "files": [_file(file) for file in moment.files],
    }


def _file(file: Attachment) -> dict[str, Any]:
    return {"key": file.key, "name": file.name, "size": file.size}


def _together(ticket: Ticket) -> dict[str, Any]:
    """How the work goes on that is done for several reports of the same (P3.7), without a word about the others."""
    progress = progress_of(ticket)
    return {
        "status": progress.bearer.status,
        "next_update_at": progress.next_update_at,
        "updates": [{"at": at, "text": text} for at, text in progress.updates],
        "result": progress.result,
    }


def _next_update(ticket: Ticket) -> Any:
    running = select(Deadline.due_at).where(
        Deadline.ticket_id == ticket.id, Deadline.kind == "update", Deadline.state == RUNNING
    )
    return db.session.scalar(running.limit(1)) if ticket.state not in ENDED else None


def _result(ticket: Ticket) -> dict[str, str] | None:
    if ticket.resolved_at is None:
        return None
    newest = select(Resolution).where(Resolution.ticket_id == ticket.id, Resolution.round == ticket.round)
    found = db.session.scalar(newest)
    names = ("result", "cause", "measures", "prevention")
    return {name: getattr(found, name) for name in names} if found else None


def _answer(ticket: Ticket) -> dict[str, Any] | None:
    given = select(Confirmation).where(Confirmation.ticket_id == ticket.id, Confirmation.round == ticket.round)
    found = db.session.scalar(given.order_by(Confirmation.id.desc()).limit(1))
    return _plain(found, ticket) if found else None


def _plain(answer: Confirmation, ticket: Ticket) -> dict[str, Any]:
    """As it was given, with the words of the scale by which it was asked (P10.5)."""
    scale = {choice.code: choice.title for choice in ticket.policy_version.pack.satisfaction}
    words = scale.get(answer.satisfaction)
    given = {name: getattr(answer, name) for name in ("verdict", "satisfaction", "comment", "means", "at")}
    sheet = select(Check).where(Check.ticket_id == ticket.id, Check.round == answer.round, Check.answer != "")
    checks = [{"text": row.text, "answer": row.answer, "comment": row.comment}
              for row in db.session.scalars(sheet.order_by(Check.position))]  # fmt: skip
    return given | {"words": {"zh": words.zh, "en": words.en} if words else None, "checks": checks}
