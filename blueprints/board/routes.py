"""Boards: the engineer's bench and the manager's watch, both live."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import Blueprint, Response, g, jsonify, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from blueprints import pages
from blueprints.access import me, requires, ticket
from blueprints.board import pictures
from blueprints.board.forms import ReportUpForm
from blueprints.fields import chosen, team_choices
from blueprints.labels import label, zone
from blueprints.lists import ran_out, shows_tickets
from blueprints.tickets.view import deed
from blueprints.viewing import keeps_views
from models.ground import clock
from models.ground.vocabulary import ClockKind, Role, Severity, State
from models.insight import board, paging
from models.insight.due_times import due_times
from models.insight.paging import Page
from models.people.rota import stints_of
from models.record.ticket import ASK_CUSTOMER, Ticket
from models.steps import escalation as step

bp = Blueprint("board", __name__)
SHOWN_FIRST = 3  # deadlines above the lists


@bp.get("/bench")
@requires("view_bench")
def bench() -> Response:
    """What is to be done now, what is in progress, what waits on others; and what waits for one's test or review."""
    g.topics = ["tickets"]
    pages_shown = _queues()
    ptag = paging.tag_of(
        (ticket.id, ticket.seq, _group(ticket) == "now") for page in pages_shown.values() for ticket in page.tickets
    )
    if pages.unchanged(ptag):
        return pages.not_modified()
    groups, due, now = _grouped(pages_shown.pop("mine")), due_times(me()), clock.now()
    return pages.show(
        "board/bench.html",
        ptag=ptag,
        ptag_of_page=ptag,
        groups=groups,
        queues=pages_shown,
        coming=[each for each in due if each.due_at > now][:SHOWN_FIRST],
        updates_today=sum(each.kind == ClockKind.UPDATE and _is_today(each.due_at, now) for each in due),
        on_call=[] if pages.is_fragment() else stints_of(me(), now, now + timedelta(seconds=1)),
        counted=len(groups["now"]) or "",
    )


@shows_tickets("/bench")
def _on_bench(_said: Mapping[str, str]) -> Page:
    """All tickets of the bench in the order in which they stand there."""
    pages_shown = _queues()
    groups = _grouped(pages_shown.pop("mine"))
    mine = [paging.Key(ticket.id, ticket.seq, None) for group in groups.values() for ticket in group]
    return Page([*mine, *(key for page in pages_shown.values() for key in page.keys)], paging.OBLIGATIONS, "")


@bp.get("/watch")
@requires("view_watch")
def watch() -> Response:
    """Every open ticket by its next deadline, under the figures that matter."""
    g.topics = ["tickets"]
    wanted = _wanted(request.args)
    page = _watched(request.args)
    if first_page := ran_out(page.keys):
        return first_page
    counts = board.watch_counts(me())
    ptag = paging.tag_of([tuple(counts.values()), *((key.id, key.seq) for key in page.keys)])
    if pages.unchanged(ptag):
        return pages.not_modified()
    wall = bool(request.args.get("wall"))
    return pages.show(
        "board/wall.html" if wall else "board/watch.html",
        ptag=ptag,
        ptag_of_page=ptag,
        page=page,
        counts=counts,
        wanted=wanted,
        teams=_teams(),
        severities=tuple(Severity),
        pictures=pictures,
        wall="1" if wall else "",
        next_url=url_for("board.watch", **wanted, after=page.next) if page.next else "",
        theme="dark" if wall else me().theme or "auto",
        counted=min(counts["breached"], 99) or "",
    )


@shows_tickets("/watch")
def _watched(said: Mapping[str, str]) -> Page:
    wanted = _wanted(said)
    return board.open_tickets(
        me(),
        severity=wanted["severity"],
        team_id=chosen(wanted["team"][:9]),
        only=wanted["only"],
        after=said.get("after", ""),
    )


def _words(wanted: Mapping[str, str]) -> list[str]:
    """What the open tickets are narrowed to."""
    teams = {str(id_): name for id_, name in _teams()}
    return [label("watched", wanted["only"]), wanted["severity"], teams.get(wanted["team"], "")]


def _teams() -> list[tuple[int, str]]:
    """Whose tickets can be asked for: 0 for those that no team has yet."""
    return [*team_choices(), (0, _("no team yet"))]


@keeps_views("watch", _l("Watch"), "/watch", _words)
def _wanted(said: Mapping[str, str]) -> dict[str, str]:
    """Which of the open tickets an address asks for."""
    return {
        "severity": _known(said.get("severity", ""), tuple(Severity)),
        "team": said.get("team", "") if said.get("team", "").isdecimal() else "",
        "only": _known(said.get("only", ""), board.WATCHED),
    }


@bp.get("/whereabouts")
@requires("use_account")
def whereabouts() -> Response:
    """What has become of tickets that left somebody's list: one sentence each, of those that they may see."""
    numbers = request.args.getlist("number")[: paging.PAGE]
    return jsonify({ticket.number: _fate(ticket) for ticket in board.tickets_numbered(me(), numbers)})


@bp.route("/t/<number>/report-up", methods=["GET", "POST"])
@requires("report_up", ticket)
def report_up(ticket: Ticket) -> Response:
    """Put it before the director."""
    form = ReportUpForm()
    return deed(
        ticket,
        form,
        action="report_up",
        do=lambda: step.report_up(ticket, actor=me(), reason=form.reason.data),
    )


def _queues() -> dict[str, Page]:
    """One's own tickets, and the queues of the roles that one holds."""
    queues = {"mine": board.bench(me())}
    if me().holds(Role.PRODUCT_MANAGER):
        queues["to_assess"] = board.requests_in(me(), State.AWAITING_ASSESSMENT)
        queues["asked"] = board.requests_in(me(), State.AWAITING_DIRECTION)
        queues["to_accept"] = board.requests_in(me(), State.AWAITING_TEST)
    if me().holds(Role.VERIFIER):
        queues["to_test"] = board.team_queue(me(), State.AWAITING_TEST)
    if me().holds(Role.SUPERVISOR):
        queues["to_review"] = board.team_queue(me(), State.AWAITING_REVIEW)
    return queues


def _grouped(mine: Page) -> dict[str, list[Ticket]]:
    groups: dict[str, list[Ticket]] = {"now": [], "in_progress": [], "waiting": []}
    for held in mine.tickets:
        groups[_group(held)].append(held)
    return groups


def _fate(ticket: Ticket) -> str:
    """Who has it now, where that is news; else its stage."""
    if ticket.assignee and ticket.state == State.AWAITING_ENGINEER:
        return _("Given to %(name)s", name=ticket.assignee.name)
    if ticket.assignee and ticket.state == State.AWAITING_PLAN:
        return _("Taken up by %(name)s", name=ticket.assignee.name)
    return label("state", ticket.state)


def _is_today(due_at: datetime, now: datetime) -> bool:
    """Or was due before, and is not done yet."""
    return due_at.astimezone(zone()).date() <= now.astimezone(zone()).date()


def _group(ticket: Ticket) -> str:
    """Now: the next promise is due within half an hour, or it is a P0. Waiting: it is somebody else's turn."""
    if ticket.waiting_on or ticket.state in (State.AWAITING_APPROVAL, *ASK_CUSTOMER, State.AWAITING_REVIEW):
        return "waiting"
    left = (ticket.next_due_at - clock.now()).total_seconds() if ticket.next_due_at else 1e9
    return "now" if left < board.SOON.total_seconds() or ticket.level == Severity.P0 else "in_progress"


def _known(said: str, codes: tuple[str, ...]) -> str:
    return said if said in codes else ""
