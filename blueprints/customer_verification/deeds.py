"""What a form of confirmation asks of the business, whoever sends it: somebody signed in, or the holder of a link."""

from collections.abc import Callable
from functools import partial

from blueprints import pages
from blueprints.customer_verification.forms import ConfirmForm, DisputeForm, SpokenForm
from models.ground.vocabulary import State
from models.people.person import Person
from models.record.link import Link
from models.record.ticket import Ticket
from models.steps import customer_verification as step


def confirming(ticket: Ticket, form: ConfirmForm, *, actor: Person | Link) -> Callable[[], Ticket]:
    """The customer's answer; its files are kept before anything is judged (P2.3)."""
    keys = pages.files_of(form.files.data or [], actor)
    return partial(step.confirm_result, ticket, actor=actor, files=keys, **answer_of(form))


def disputing(ticket: Ticket, form: DisputeForm, *, actor: Person | Link) -> Callable[[], Ticket]:
    """Not solved after all; after archiving it becomes a ticket of its own (P11.5)."""
    dispute = step.follow_up_archived if ticket.state == State.ARCHIVED else step.dispute_result
    return partial(dispute, ticket, actor=actor, reason=form.reason.data)


def answer_of(form: ConfirmForm | SpokenForm) -> dict[str, str]:
    """Whether it is solved, how satisfied they are, and what they add."""
    return {
        "verdict": form.verdict.data,
        "satisfaction": form.satisfaction.data or "",
        "comment": form.comment.data or "",
    }
