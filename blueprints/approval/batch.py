"""Several plans approved together: normal changes only, and each by a command of its own (P7.2, P7.3)."""

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints import several
from blueprints.access import me
from blueprints.access import ticket as ticket_loader
from models.ground.errors import Conflict, Invalid
from models.ground.vocabulary import Risk
from models.record.plan import Plan
from models.steps import approval as step

TOGETHER = (Risk.NORMAL,)  # one supervisor decides (P7.2); a major one is read first, on a page of its own


def boxes(plans: Iterable[Plan]) -> dict[int, str]:
    """For each plan that may be approved from the list what its box sends: the ticket, and the text that is shown."""
    return {plan.id: f"{plan.ticket.number}:{plan.digest}" for plan in plans if _goes_together(plan)}


def approve_each(chosen: list[str]) -> list[str]:
    """`chosen`: what the boxes sent. Returns the numbers of the tickets whose plans were approved.

    Raises Invalid when nothing could be done at all.
    """
    if not chosen:
        raise Invalid("Please select at least one plan.")
    return several.each(chosen, _approve, said=_words)


def _approve(number: str, digest: str) -> None:
    plan = _shown(number, digest)
    if _was_written_again(plan):
        raise Conflict("This plan was written again. Please read what changed and decide on it by itself.")
    if not _goes_together(plan):
        raise Conflict("Only normal changes are approved together. Please decide on this plan by itself.")
    step.approve_plan(plan, actor=me(), digest=digest)


def _goes_together(plan: Plan) -> bool:
    """A late approval never does: it settles what was carried out already (P7.5)."""
    return plan.risk in TOGETHER and not plan.is_emergency and not _was_written_again(plan)


def _was_written_again(plan: Plan) -> bool:
    """Returned, withdrawn or revised before: there is a difference to read."""
    return plan.revision > 1


def _shown(number: str, digest: str) -> Plan:
    """The newest plan of the ticket with the text that was shown; whether it still counts, the command says."""
    shown = [plan for plan in ticket_loader(number).plans if plan.digest == digest]
    if not shown:
        raise Conflict("The plan is not the one that you read. Please read it again before you decide.")
    return shown[-1]


def _words(numbers: list[str]) -> str:
    return ngettext(
        "You approved %(num)s plan: %(numbers)s",
        "You approved %(num)s plans: %(numbers)s",
        len(numbers),
        numbers=_(", ").join(numbers),
    )
