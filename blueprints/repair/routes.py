"""Carrying out and testing: nothing happens without a valid approval (P7.6, P8)."""

from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import me, requires, ticket
from blueprints.fields import instant
from blueprints.labels import zone
from blueprints.repair.checks import usual_checks
from blueprints.repair.forms import FailForm, PassForm, RollBackForm, WorkForm
from blueprints.tickets.view import deed, pressed, ticket_url
from models.ground import clock
from models.insight.case import Case, case_of
from models.record.plan import DONE, PlanStep, WorkStep
from models.record.ticket import Ticket
from models.steps import repair as step

bp = Blueprint("repair", __name__)
MOST_PARTS = 30  # of a rollback


@bp.route("/t/<number>/work", methods=["GET", "POST"])
@requires("work", ticket)
def work(ticket: Ticket) -> Response:
    """The plan's steps as they stand, and the form of the next open one; a failed step leads on to the rollback."""
    case = case_of(ticket)
    task = _task(case)
    form = WorkForm(data=_prefilled(case, task))
    keys = pages.files_of(form.files.data or [], me()) if form.is_submitted() else []
    texts = ("body", "outcome", "result", "before", "after", "deviation")
    return deed(
        ticket,
        form,
        action="work",
        do=lambda: step.log_work(
            ticket,
            actor=me(),
            task=task,
            started_at=instant(form.started_at.data),
            ended_at=instant(form.ended_at.data),
            files=keys,
            **{name: form[name].data or "" for name in texts},
        ),
        then=lambda logged: _after_step(ticket, logged),
        template="repair/work.html",
        case=case,
        task=task,
    )


@bp.post("/t/<number>/fix")
@requires("fix", ticket)
def fix(ticket: Ticket) -> Response:
    """The plan has been carried out."""
    return pressed(ticket, "fix", lambda: step.finish_fix(ticket, actor=me()))


@bp.route("/t/<number>/rollback", methods=["GET", "POST"])
@requires("roll_back", ticket)
def roll_back(ticket: Ticket) -> Response:
    """A step failed and was undone, part by part as the plan says it."""
    case = case_of(ticket)
    form = RollBackForm(data=_undoing(case))
    return deed(
        ticket,
        form,
        action="roll_back",
        do=lambda: step.roll_back(
            ticket,
            actor=me(),
            reason=form.reason.data,
            undone=[step.Undone(part["body"] or "", instant(part["at"])) for part in form.undone.data],
        ),
        template="repair/rollback.html",
        case=case,
    )


@bp.get("/t/<number>/test")
@requires("pass_test", ticket)
def test(ticket: Ticket) -> Response:
    """Two answers on one page: it holds, or it does not."""
    return _test_page(ticket)


@bp.post("/t/<number>/test-pass")
@requires("pass_test", ticket)
def pass_test(ticket: Ticket) -> Response:
    """It holds: the customer is told and asked."""
    form = PassForm()
    names = ("findings", "result", "cause", "measures", "prevention", "new_problems", "leftovers", "confirmed_by")
    return pages.act(
        form,
        action="pass_test",
        thing=ticket,
        page=lambda f: _test_page(ticket, passing=f),
        do=lambda: step.pass_test(
            ticket,
            actor=me(),
            checks=[said or "" for said in form.checks.data],
            **{name: form[name].data or "" for name in names},
        ),
        then=lambda _: ticket_url(ticket),
    )


@bp.post("/t/<number>/test-fail")
@requires("fail_test", ticket)
def fail_test(ticket: Ticket) -> Response:
    """It does not hold: back to work."""
    form = FailForm()
    return pages.act(
        form,
        action="fail_test",
        thing=ticket,
        page=lambda f: _test_page(ticket, failing=f),
        do=lambda: step.fail_test(
            ticket,
            actor=me(),
            findings=form.findings.data,
            new_plan=form.goes_on.data == "new",
            new_problems=form.new_problems.data or "",
        ),
        then=lambda _: ticket_url(ticket),
    )


def _test_page(ticket: Ticket, *, passing: FlaskForm | None = None, failing: FlaskForm | None = None) -> Response:
    return pages.show(
        "repair/test.html",
        ticket=ticket,
        case=case_of(ticket),
        passing=passing or PassForm(formdata=None, checks=usual_checks(ticket)),
        failing=failing or FailForm(formdata=None),
    )


def _task(case: Case) -> PlanStep | None:
    """The step of the plan that the form is about: the one asked for, else the next that is open; None beyond it."""
    wanted = request.form.get("task", request.args.get("task", "next"))
    open_ones = [each.task for each in case.progress if not each.is_settled]
    if wanted == "next":
        return open_ones[0] if open_ones else None
    return next((each.task for each in case.progress if str(each.task.position) == wanted), None)


def _prefilled(case: Case, task: PlanStep | None) -> dict[str, Any]:
    """What the plan says, from the end of the last step, or now, to now."""
    now = clock.now().astimezone(zone())
    steps = case.work_of(case.plan)
    return {
        "task": task.position if task else "",
        "outcome": DONE,
        "body": task.body if task else "",
        "started_at": steps[-1].ended_at.astimezone(zone()) if steps else now,
        "ended_at": now,
    }


def _undoing(case: Case) -> dict[str, Any]:
    """A row for each line of the rollback plan, done now; one blank row more."""
    now = clock.now().astimezone(zone())
    said = [line.strip() for line in (case.plan.rollback if case.plan else "").splitlines() if line.strip()]
    failed = case.work_of(case.plan)[-1:] if case.has_failed else []
    return {
        "reason": "\n".join(part for each in failed for part in (each.body, each.result) if part),
        "undone": [{"body": line, "at": now} for line in [*said[:MOST_PARTS], ""]],
    }


def _after_step(ticket: Ticket, logged: WorkStep) -> str:
    """On to the rollback, to the next step, or back to the ticket when nothing is left."""
    if logged.failed:
        return url_for("repair.roll_back", number=ticket.number)
    is_done = case_of(ticket).is_carried_out
    return ticket_url(ticket) if is_done else url_for("repair.work", number=ticket.number)
