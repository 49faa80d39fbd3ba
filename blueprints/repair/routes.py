"""Carrying out and testing: nothing happens without a valid approval (P7.6, P8)."""

from flask import Blueprint, Response, url_for
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import me, requires, ticket
from blueprints.fields import instant
from blueprints.labels import zone
from blueprints.repair.forms import FailForm, PassForm, RollBackForm, WorkForm
from blueprints.tickets.view import deed, pressed, ticket_url
from models.ground import clock
from models.insight.case import case_of
from models.record.plan import WorkStep
from models.record.ticket import Ticket
from models.steps import repair as step

bp = Blueprint("repair", __name__)


@bp.route("/t/<number>/work", methods=["GET", "POST"])
@requires("work", ticket)
def work(ticket: Ticket) -> Response:
    """One step of the implementation record; a failed one leads on to the rollback plan."""
    now = clock.now().astimezone(zone())
    form = WorkForm(started_at=now, ended_at=now)
    return deed(
        ticket,
        form,
        action="work",
        do=lambda: step.log_work(
            ticket,
            actor=me(),
            body=form.body.data,
            started_at=instant(form.started_at.data),
            ended_at=instant(form.ended_at.data),
            failed=form.failed.data,
            evidence=form.evidence.data or "",
            deviation=form.deviation.data or "",
        ),
        then=lambda logged: _after_step(ticket, logged),
        template="repair/work.html",
        case=case_of(ticket),
    )


@bp.post("/t/<number>/fix")
@requires("fix", ticket)
def fix(ticket: Ticket) -> Response:
    """The plan has been carried out."""
    return pressed(ticket, "fix", lambda: step.finish_fix(ticket, actor=me()))


@bp.route("/t/<number>/rollback", methods=["GET", "POST"])
@requires("roll_back", ticket)
def roll_back(ticket: Ticket) -> Response:
    """A step failed and was undone."""
    form = RollBackForm()
    return deed(
        ticket,
        form,
        action="roll_back",
        do=lambda: step.roll_back(ticket, actor=me(), reason=form.reason.data),
        template="repair/rollback.html",
        case=case_of(ticket),
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
        do=lambda: step.pass_test(ticket, actor=me(), **{name: form[name].data or "" for name in names}),
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
        passing=passing or PassForm(formdata=None),
        failing=failing or FailForm(formdata=None),
    )


def _after_step(ticket: Ticket, logged: WorkStep) -> str:
    return url_for("repair.roll_back", number=ticket.number) if logged.failed else ticket_url(ticket)
