"""What a form of confirmation asks of the business, whoever sends it: somebody signed in, or the holder of a link."""

from collections.abc import Callable
from functools import partial
from typing import Any

from blueprints import pages
from blueprints.customer_verification.forms import (
    AgreeForm,
    AnswerForm,
    ConfirmForm,
    DisputeForm,
    SpokenConsentForm,
    SpokenForm,
)
from models.ground.errors import Unclear
from models.ground.vocabulary import State
from models.people.person import Person
from models.record.link import CONSENT, Link
from models.record.ticket import Ticket
from models.steps import consent, direction
from models.steps import customer_verification as step

AGREES = "yes"


def confirming(ticket: Ticket, form: ConfirmForm, *, actor: Person | Link) -> Callable[[], Ticket]:
    """The customer's answer; its files are kept before anything is judged (P2.3)."""
    keys = pages.files_of(form.files.data or [], actor)
    return _asking(form, partial(step.confirm_result, ticket, actor=actor, files=keys, **answer_of(form)))


def taking_down(ticket: Ticket, form: SpokenForm, *, actor: Person) -> Callable[[], Ticket]:
    """What was said on the telephone."""
    said = {"said_by": form.said_by.data or "", "how": form.how.data or ""}
    return _asking(form, partial(step.record_spoken, ticket, actor=actor, **said, **answer_of(form)))


def disputing(ticket: Ticket, form: DisputeForm, *, actor: Person | Link) -> Callable[[], Ticket]:
    """Not solved after all; after archiving it becomes a ticket of its own (P11.5)."""
    dispute = step.follow_up_archived if ticket.state == State.ARCHIVED else step.dispute_result
    return partial(dispute, ticket, actor=actor, reason=form.reason.data)


def agreeing(ticket: Ticket, form: AgreeForm, *, actor: Person | Link, purpose: str) -> Callable[[], Ticket]:
    """Agreed or not, to the plan or to the direction that was read."""
    text = form.comment.data or ""
    if purpose == CONSENT:
        given = {"actor": actor, "digest": form.key.data or ""}
        if form.answer.data == AGREES:
            return partial(consent.give_consent, ticket, comment=text, **given)
        return partial(consent.refuse_consent, ticket, reason=text, **given)
    if form.answer.data == AGREES:
        return partial(direction.agree_direction, ticket, actor=actor, comment=text)
    return partial(direction.decline_direction, ticket, actor=actor, reason=text)


def taking_down_consent(ticket: Ticket, form: SpokenConsentForm, *, actor: Person) -> Callable[[], Ticket]:
    """What was said about the plan on the telephone."""
    return partial(
        consent.record_spoken_consent,
        ticket,
        actor=actor,
        agreed=form.answer.data == AGREES,
        said_by=form.said_by.data or "",
        how=form.how.data or "",
        comment=form.comment.data or "",
        digest=form.key.data or "",
    )


def answer_of(form: AnswerForm) -> dict[str, Any]:
    """Whether it is solved, how satisfied they are, what they marked, and what they add."""
    return {
        "verdict": form.verdict.data,
        "satisfaction": form.satisfaction.data or "",
        "comment": form.comment.data or "",
        "checks": {
            nth: (_ticked(holds.data), remark.data or "")
            for nth, (holds, remark) in zip(form.positions, form.sheet, strict=True)
        },
        "asked": form.asked.data or "",
    }


def _ticked(said: str | None) -> str:
    return "" if said in (None, "None") else said


def _asking(form: AnswerForm, do: Callable[[], Ticket]) -> Callable[[], Ticket]:
    """What does not fit together comes back as a question, and not as an error (P10.6)."""

    def carry_out() -> Ticket:
        try:
            return do()
        except Unclear as unclear:
            form.ask(unclear.values["about"])
            raise

    return carry_out
