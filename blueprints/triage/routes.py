"""Triage: the queue, and the questions asked of one ticket."""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _t
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from markupsafe import Markup

from blueprints import pages
from blueprints.access import me, requires, ticket
from blueprints.fields import person_choices, row, team_choices, whole
from blueprints.kept import kept
from blueprints.labels import label, language, level_choices
from blueprints.lists import shows_tickets
from blueprints.tickets.view import deed, watch_queue
from blueprints.triage import another_policy, bp, bulk
from blueprints.triage.forms import AnswerForm, AskForm, BulkForm, CancelForm, HandOverForm, RegradeForm, TriageForm
from blueprints.viewing import keeps_views, query_of, url_of
from models.ground.vocabulary import Severity, State
from models.insight import board
from models.insight.paging import Page
from models.insight.relations import likely_same
from models.insight.suggestion import suggest_team, suggestion
from models.people.person import Person
from models.people.team import Team
from models.record.attachment import attachments_of
from models.record.ticket import Ticket
from models.steps import triage as step

__all__ = ["another_policy", "bp"]


BOXES = ("open", "asked", "team", "all")
FRESH = 5  # seconds that drawn filters are shown


@bp.get("/triage")
@requires("view_triage")
def queue() -> Response:
    """Reports that wait for triage, the nearest promise first; worked through in the pane beside them. The form for
    several at once is fetched with the first one that is selected."""
    several = "several" in request.args or pages.asks_for("form_bulk")
    return _queue_page(BulkForm(formdata=None) if several else None, chosen=request.args.getlist("tickets"))


@bp.post("/triage")
@requires("view_triage")
def triage_many() -> Response:
    """Several reports at once, each by a command of its own; what happened to each is said."""
    form = BulkForm()
    return pages.act(
        form,
        action="triage_many",
        page=lambda f: _queue_page(f, chosen=request.form.getlist("tickets")),
        do=lambda: bulk.triage_each(request.form.getlist("tickets"), form),
        then=lambda _: url_for("triage.queue", **_wanted(request.args)),
    )


@shows_tickets("/triage")
def _queued(said: Mapping[str, str]) -> Page:
    wanted, after = _wanted(said), said.get("after", "")
    team_id = whole(wanted.get("team", ""))
    return board.triage_queue(me(), box=_box(said), severity=wanted.get("sev", ""), team_id=team_id, after=after)


def _queue_page(form: FlaskForm | None, *, chosen: Sequence[str]) -> Response:
    wanted = _wanted(request.args)
    url, page = url_for("triage.queue", **wanted), _queued(request.args)
    soonest = None if page.keys else board.soonest(me())
    chosen = () if pages.is_fragment() else chosen  # the list itself still shows what is selected
    return watch_queue(
        "triage/queue.html", page, url, also=soonest, form=form, chosen=[one.partition(":") for one in chosen],
        boxes=_boxes(language(), _box(request.args), **wanted), soonest=soonest, own_url=url, wanted=wanted,
        narrow=partial(_narrow, wanted),
    )  # fmt: skip


def _narrow(wanted: Mapping[str, str]) -> Markup:
    """The filters; teams change seldom, so they are drawn once every few seconds."""

    def draw() -> Markup:
        shown = {"wanted": wanted, "severities": tuple(Severity), "teams": _teams()}
        return Markup(render_template("triage/_narrow.html", **shown))  # noqa: S704 - escaped by the template

    return kept(("narrow", language(), *sorted(wanted.items())), draw, seconds=FRESH)


@lru_cache(maxsize=64)
def _boxes(_language: str, shown: str, **wanted: str) -> tuple[tuple[str, str, bool], ...]:
    """The views that everybody has: word, address, whether it is the one shown."""
    addresses = {each: url_of("triage", query_of("triage", wanted | {"box": each})) for each in BOXES}
    return tuple((label("box", each), address, each == shown) for each, address in addresses.items())


def _box(said: Mapping[str, str]) -> str:
    return said["box"] if said.get("box") in BOXES else BOXES[0]


def _words(wanted: Mapping[str, str]) -> list[str]:
    """What the reports are narrowed to."""
    teams = {str(id_): name for id_, name in _teams()}
    return [label("box", wanted.get("box", "")), wanted.get("sev", ""), teams.get(wanted.get("team", ""), "")]


def _teams() -> list[tuple[int, str]]:
    """Whose reports can be asked for: 0 for those that nobody keeps running."""
    return [*team_choices(), (0, _t("no team yet"))]


@keeps_views("triage", _l("Triage"), "/triage", _words)
def _wanted(said: Mapping[str, str]) -> dict[str, str]:
    """What an address narrows the queue to; the first box and what nobody could have chosen are left out."""
    sev, team = said.get("sev", ""), whole(said.get("team", ""))
    found = {
        "box": _box(said) if _box(said) != BOXES[0] else "",
        "sev": sev if sev in {str(each) for each in Severity} else "",
        "team": "" if team is None else str(team),
    }
    return {name: value for name, value in found.items() if value}


@bp.get("/t/<number>/triage")
@requires("triage", ticket)
def triage_form(ticket: Ticket) -> Response:
    team = suggest_team(ticket)
    form = TriageForm(
        impact=ticket.impact or "single",
        urgency=ticket.urgency or "medium",
        severity=ticket.severity,
        team=team.id if team else None,
        assignee=ticket.assignee_id,  # what remained of another ticket comes with its owner (P10.6)
    )
    return _triage_page(ticket, form)


@bp.post("/t/<number>/triage")
@requires("triage", ticket)
def triage(ticket: Ticket) -> Response:
    form = TriageForm()
    return pages.act(
        form,
        action="triage",
        thing=ticket,
        page=lambda f: _triage_page(ticket, f),
        do=lambda: step.triage_ticket(
            ticket,
            actor=me(),
            severity=form.severity.data,
            impact=form.impact.data,
            urgency=form.urgency.data,
            reason=form.reason.data or "",
            category=form.category.data,
            category_other=form.category_other.data or "",
            team=row(Team, form.team.data),
            assignee=row(Person, form.assignee.data),
        ),
        then=lambda _: url_for("triage.queue"),
    )


@bp.route("/t/<number>/answer", methods=["GET", "POST"])
@requires("answer", ticket)
def answer(ticket: Ticket) -> Response:
    """Solve it at first contact."""
    form = AnswerForm()
    return deed(
        ticket,
        form,
        action="answer",
        ready=step.refuse_answer,
        do=lambda: step.answer_ticket(ticket, actor=me(), result=form.result.data),
    )


@bp.route("/t/<number>/ask", methods=["GET", "POST"])
@requires("ask", ticket)
def ask(ticket: Ticket) -> Response:
    """Ask the reporter for what is missing."""
    form = AskForm()
    return deed(
        ticket,
        form,
        action="ask",
        do=lambda: step.ask_reporter(ticket, actor=me(), question=form.question.data),
    )


@bp.route("/t/<number>/severity", methods=["GET", "POST"])
@requires("regrade", ticket)
def regrade(ticket: Ticket) -> Response:
    """Another severity, with a reason."""
    form = RegradeForm(severity=ticket.severity)
    form.severity.choices = level_choices(ticket)
    return deed(
        ticket,
        form,
        action="regrade",
        do=lambda: step.regrade_ticket(ticket, actor=me(), severity=form.severity.data, reason=form.reason.data),
    )


@bp.route("/t/<number>/hand-over", methods=["GET", "POST"])
@requires("hand_over", ticket)
def hand_over(ticket: Ticket) -> Response:
    """Another person, or another team."""
    form = HandOverForm(team=ticket.team_id)
    if ticket.state == State.AWAITING_ASSESSMENT:
        form.assignee.choices = person_choices("product_manager", _t("As suggested"))()
    return deed(
        ticket,
        form,
        action="hand_over",
        do=lambda: step.hand_over_ticket(
            ticket,
            actor=me(),
            reason=form.reason.data,
            assignee=row(Person, form.assignee.data),
            team=row(Team, form.team.data),
        ),
    )


@bp.route("/t/<number>/cancellation", methods=["GET", "POST"])
@requires("cancel", ticket)
def cancel(ticket: Ticket) -> Response:
    """End a ticket that needs no work."""
    form = CancelForm()
    return deed(
        ticket,
        form,
        action="cancel",
        do=lambda: step.cancel_ticket(ticket, actor=me(), reason=form.reason.data),
    )


def _triage_page(ticket: Ticket, form: TriageForm) -> Response:
    team = suggest_team(ticket)
    form.severity.choices = level_choices(ticket)
    return pages.show(
        "triage/triage.html",
        ticket=ticket,
        form=form,
        suggested=suggestion(team.id if team else None, ticket.severity),
        level=ticket.severity,
        likely=likely_same(me(), ticket),
        files=attachments_of(ticket.id),
    )
