"""What can be done next on a ticket: one table from action to page or button, asked by right and state."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from models.ground.vocabulary import State
from models.insight.case import Case
from models.people.person import Person
from models.record.ticket import Ticket
from models.rules import workflow
from models.rules.permissions import allows


@dataclass(frozen=True)
class Way:
    """One thing to do: a link to the page with its form or, if it `presses`, a button that does it."""

    action: str
    endpoint: str
    word: Any
    presses: bool = False
    fits: Callable[[Ticket, Case, Person], bool] = lambda ticket, case, person: True
    of_plan: bool = False
    step: str = ""  # the row of the state machine, where the action has none of its own

    def url(self, ticket: Ticket, case: Case) -> str:
        if self.of_plan:
            return url_for(self.endpoint, plan_id=case.plan.id if case.plan else 0)
        return url_for(self.endpoint, number=ticket.number)


def _undecided(_ticket: Ticket, case: Case, person: Person) -> bool:
    return case.plan is not None and any(s.person_id == person.id and not s.decision for s in case.plan.approvals)


def _not_begun(_ticket: Ticket, case: Case, _person: Person) -> bool:
    return not case.work_of(case.plan)


# The road first: the first way that is open to the person is the one that the page puts forward.
ROAD = (
    Way("triage", "triage.triage_form", _l("Grade and assign")),
    Way("take", "diagnosis.take", _l("Take it up"), presses=True),
    Way("approve", "approval.decide", _l("Decide on the plan"), fits=_undecided, of_plan=True),
    Way("submit_plan", "approval.plan", _l("Submit a plan")),
    Way("fix", "repair.fix", _l("Everything is carried out"), presses=True, fits=lambda _t, case, _p: case.has_worked),
    Way("work", "repair.work", _l("Record a step carried out")),
    Way("pass_test", "repair.test", _l("Record the test")),
    Way("confirm", "customer_verification.confirmation", _l("Say whether it is solved")),
    Way("call_back", "archiving.call_back", _l("Record the call back"), fits=lambda _t, case, _p: case.owes_call_back),
    Way("close", "archiving.review", _l("Review and close")),
    Way("supply", "intake.supply", _l("Add information"), fits=lambda ticket, _c, _p: bool(ticket.waiting_on)),
)
BESIDE = (
    Way("step", "diagnosis.step", _l("Log an investigation step")),
    Way("reuse", "diagnosis.known", _l("Known solutions")),
    Way("diagnose", "diagnosis.diagnose", _l("Record the root cause")),
    Way("ask", "triage.ask", _l("Ask for information")),
    Way("answer", "triage.answer", _l("Answer at first contact")),
    Way("call", "tickets.call", _l("Record a conversation")),
    Way("record_spoken", "customer_verification.spoken", _l("Record a spoken confirmation"), step="confirm"),
    Way("roll_back", "repair.roll_back", _l("Roll back")),
    Way("withdraw", "approval.withdraw", _l("Withdraw the plan"), presses=True, fits=_not_begun, of_plan=True),
    Way("wait", "tickets.wait", _l("Wait for somebody"), fits=lambda ticket, _c, _p: not ticket.waiting_on),
    Way("resume", "tickets.resume", _l("The waiting is over"), True, lambda ticket, _c, _p: bool(ticket.waiting_on)),
    Way("extend", "extension.ask", _l("Ask for more time"), fits=lambda _t, case, _p: case.has_time_to_ask_for),
    Way("hand_over", "triage.hand_over", _l("Hand over")),
    Way("regrade", "triage.regrade", _l("Change the severity")),
    Way(
        "dispute",
        "customer_verification.dispute",
        _l("Not solved after all"),
        fits=lambda ticket, _c, _p: ticket.state == State.AWAITING_REVIEW,
    ),
    Way("reopen", "archiving.reopen", _l("Reopen")),
    Way("supply", "intake.supply", _l("Add information"), fits=lambda ticket, _c, _p: not ticket.waiting_on),
    Way("report_up", "board.report_up", _l("Report to the director")),
    Way("cancel", "triage.cancel", _l("Cancel the ticket")),
    Way("follow", "tickets.follow", _l("Follow"), True, lambda _t, case, person: person.id not in case.followers),
    Way("unfollow", "tickets.unfollow", _l("Follow no longer"), True, lambda _t, case, who: who.id in case.followers),
)


def ways(table: tuple[Way, ...], ticket: Ticket, case: Case, person: Person) -> list[Way]:
    """The ways of a table that are open to this person now."""
    return [way for way in table if _is_open(way, ticket, person) and way.fits(ticket, case, person)]


def _is_open(way: Way, ticket: Ticket, person: Person) -> bool:
    fits_state = ticket.state in workflow.STEPS[way.step or way.action].come_from
    return fits_state and allows(person, way.action, ticket)
