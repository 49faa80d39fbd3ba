"""What can be done next on a ticket: one table from action to page or button, asked by right and state."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from blueprints.access import me
from models.ground.vocabulary import Role, Severity, State
from models.insight.case import Case
from models.people.person import Person
from models.record.plan import Plan
from models.record.ticket import Ticket
from models.rules import merging, rounds, workflow
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
    of_late: bool = False  # of the plan that went first and still owes its approval (P7.5)
    of_request: bool = False  # to one's own department
    step: str = ""  # the row of the state machine, where the action has none of its own

    def url(self, ticket: Ticket, case: Case) -> str:
        if self.of_plan:
            return url_for(self.endpoint, plan_id=case.plan.id if case.plan else 0)
        if self.of_late:
            return url_for(self.endpoint, plan_id=case.late.id if case.late else 0)
        if self.of_request:
            return url_for(self.endpoint, number=ticket.number, cooperation_id=case.owed_by(me())[0].id)
        return url_for(self.endpoint, number=ticket.number)


def _decides(plan: Plan | None, person: Person) -> bool:
    seat = rounds.seat_of(plan, person) if plan else None
    return plan is not None and seat in rounds.open_seats(plan)


def _undecided(_ticket: Ticket, case: Case, person: Person) -> bool:
    return _decides(case.plan, person)


def _owes_late_decision(_ticket: Ticket, case: Case, person: Person) -> bool:
    return _decides(case.late, person)


def _is_p0(ticket: Ticket, case: Case, _person: Person) -> bool:
    return ticket.severity == Severity.P0 and not ticket.is_request and case.late is None


def _not_begun(_ticket: Ticket, case: Case, _person: Person) -> bool:
    return not case.work_of(case.plan) and not (case.plan and case.plan.late)


def _owes_an_answer(_ticket: Ticket, case: Case, person: Person) -> bool:
    return person.holds(Role.CONTACT) and bool(case.owed_by(person))


def _is_request(ticket: Ticket, _case: Case, _person: Person) -> bool:
    return ticket.is_request


def _is_fault(ticket: Ticket, _case: Case, _person: Person) -> bool:
    return not ticket.is_request


def _is_promised(ticket: Ticket, _case: Case, _person: Person) -> bool:
    return ticket.deliver_at is not None


def _can_be_undone(ticket: Ticket, _case: Case, _person: Person) -> bool:
    return not merging.merge_of(ticket).too_late


# The road first: the first way that is open to the person is the one that the page puts forward.
ROAD = (
    Way("triage", "triage.triage_form", _l("Grade and assign"), fits=_is_fault),
    Way("triage", "assessment.triage_form", _l("Grade and assign"), fits=_is_request),
    Way("assess", "assessment.assess", _l("Assess the request")),
    Way("agree", "assessment.agree", _l("Say whether it is to be built like this")),
    Way("answer_cooperation", "cooperation.show", _l("Answer the request"), fits=_owes_an_answer, of_request=True),
    Way("take", "diagnosis.take", _l("Take it up"), presses=True),
    Way("approve", "approval.decide", _l("Decide on the plan"), fits=_undecided, of_plan=True),
    Way("ratify", "approval.decide", _l("Decide afterwards"), fits=_owes_late_decision, of_late=True),
    Way("submit_plan", "approval.plan", _l("Submit a plan")),
    Way("emergency", "approval.emergency", _l("Emergency: carry out first"), fits=_is_p0),
    Way("fix", "repair.fix", _l("Everything is carried out"), True, lambda _t, case, _p: case.is_carried_out),
    Way("roll_back", "repair.roll_back", _l("Roll back"), fits=lambda _t, case, _p: case.has_failed),
    Way("work", "repair.work", _l("Record a step carried out")),
    Way("pass_test", "repair.test", _l("Record the test"), fits=_is_fault),
    Way("pass_test", "repair.test", _l("Record the acceptance test (UAT)"), fits=_is_request),
    Way("consent", "customer_verification.consent", _l("Say whether you agree")),
    Way("confirm", "customer_verification.confirmation", _l("Say whether it is solved"), fits=_is_fault),
    Way("confirm", "customer_verification.confirmation", _l("Say whether you accept it"), fits=_is_request),
    Way("call_back", "archiving.call_back", _l("Record the call back"), fits=lambda _t, case, _p: case.owes_call_back),
    Way("close", "archiving.review", _l("Review and close")),
    Way("supply", "intake.supply", _l("Add information"), fits=lambda ticket, _c, _p: bool(ticket.waiting_on)),
    Way("unmerge", "relations.unmerge", _l("Undo the merge"), presses=True, fits=_can_be_undone),
)
BESIDE = (
    Way("step", "diagnosis.step", _l("Log an investigation step")),
    Way("reuse", "diagnosis.known", _l("Known solutions")),
    Way("diagnose", "diagnosis.diagnose", _l("Record the root cause")),
    Way("ask", "triage.ask", _l("Ask for information")),
    Way("answer", "triage.answer", _l("Answer at first contact")),
    Way("call", "tickets.call", _l("Record a conversation")),
    Way("record_spoken_consent", "customer_verification.spoken_consent", _l("Record a spoken consent"), step="consent"),
    Way("record_spoken", "customer_verification.spoken", _l("Record a spoken confirmation"), step="confirm"),
    Way("record_direction", "assessment.spoken", _l("Record the answer to the direction"), step="agree"),
    Way("change_delivery", "assessment.delivery", _l("Change the delivery date"), fits=_is_promised),
    Way("roll_back", "repair.roll_back", _l("Roll back"), fits=lambda _t, case, _p: not case.has_failed),
    Way("withdraw", "approval.revise", _l("Revise the plan"), fits=_not_begun, of_plan=True),
    Way("withdraw", "approval.withdraw", _l("Withdraw the plan"), presses=True, fits=_not_begun, of_plan=True),
    Way("wait", "tickets.wait", _l("Wait for somebody"), fits=lambda ticket, _c, _p: not ticket.waiting_on),
    Way("resume", "tickets.resume", _l("The waiting is over"), True, lambda ticket, _c, _p: bool(ticket.waiting_on)),
    Way("cooperate", "cooperation.ask", _l("Ask another department")),
    Way("name_lead", "cooperation.lead", _l("Name the lead department")),
    Way("extend", "extension.ask", _l("Ask for more time"), fits=lambda _t, case, _p: case.has_time_to_ask_for),
    Way("hand_over", "triage.hand_over", _l("Hand over")),
    Way("regrade", "triage.regrade", _l("Change the severity"), fits=_is_fault),
    Way("regrade", "triage.regrade", _l("Change the priority"), fits=_is_request),
    Way("change_policy", "triage.policies", _l("Triage under another policy")),
    Way(
        "dispute",
        "customer_verification.dispute",
        _l("Not solved after all"),
        fits=lambda ticket, _c, _p: ticket.state == State.AWAITING_REVIEW and not ticket.is_request,
    ),
    Way(
        "dispute",
        "customer_verification.dispute",
        _l("Not accepted after all"),
        fits=lambda ticket, _c, _p: ticket.state == State.AWAITING_REVIEW and ticket.is_request,
    ),
    Way("reopen", "archiving.reopen", _l("Reopen")),
    Way("supply", "intake.supply", _l("Add information"), fits=lambda ticket, _c, _p: not ticket.waiting_on),
    Way("merge", "relations.merge", _l("Merge into another ticket")),
    Way("relate", "relations.relate", _l("Link with another ticket")),
    Way("split", "relations.split", _l("Split off a part")),
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
