"""The room of plans and approvals: its list of what waits, and the files of its other pages (P7)."""

from collections.abc import Mapping, Sequence

from flask import Response, g, request, url_for
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import me, requires
from blueprints.approval import batch, bp, decisions, plans, templates
from blueprints.fields import whole
from blueprints.lists import Name, Rows, ran_out, shows
from blueprints.tickets.view import PlainForm
from models.ground.vocabulary import ClockKind
from models.insight import approvals, paging
from models.insight.requests import requests_for_time
from models.insight.standing_in import away_from_all

__all__ = ["bp", "decisions", "plans", "templates"]
FEW = 5  # decisions of one's own, where nothing waits


@bp.get("/approvals")
@requires("read_approvals")
def inbox() -> Response:
    """Plans and requests for more time that wait for the person, that they decided, wrote, or were sent a copy of."""
    return _inbox_page(PlainForm(formdata=None), chosen=())


@bp.post("/approvals")
@requires("read_approvals")
def approve_several() -> Response:
    """Agree to several normal changes, each by a command of its own; what happened to each is said."""
    chosen = request.form.getlist("plans")
    return pages.act(
        PlainForm(),
        action="approve_several",
        page=lambda f: _inbox_page(f, chosen=chosen),
        do=lambda: batch.approve_each(chosen),
        then=lambda _: url_for("approval.inbox"),
    )


def _inbox_page(form: FlaskForm, *, chosen: Sequence[str]) -> Response:
    g.topics = ["tickets"]
    name, after = _wanted(request.args)
    box = approvals.box(me(), name, after=after)
    if first_page := ran_out(box.lines):
        return first_page
    requests = {known: requests_for_time(me(), known) for known in approvals.BOXES if known != "cc"}
    counts = {known: count + len(requests.get(known, ())) for known, count in approvals.counts(me()).items()}
    shown = [] if after else requests.get(name, [])
    away = away_from_all(line.plan for line in box.lines) if name in ("todo", "mine") else {}
    absent = [(id_, each.until.timestamp(), each.by.id if each.by else 0) for id_, each in sorted(away.items())]
    said = [*map(_mark, box.lines), *((r.id, r.ticket.seq) for r in shown), *absent]
    ptag = paging.tag_of([tuple(counts.values()), *said])
    if pages.unchanged(ptag):
        return pages.not_modified()
    tickets = [line.plan.ticket for line in box.lines]
    return pages.show(
        "approval/inbox.html",
        ptag=ptag,
        ptag_of_page=ptag,
        box=name,
        counted=min(counts["todo"], 99) or "",
        lines=box.lines,
        requests=shown,
        counts=counts,
        lately=approvals.box(me(), "done").lines[:FEW] if name == "todo" and not (box.lines or shown) else [],
        away=away,
        together=batch.boxes(line.plan for line in box.lines) if name == "todo" else {},
        form=form,
        chosen=chosen,
        clocks=paging.nearest_clocks(tickets, (ClockKind.APPROVE, ClockKind.RATIFY)),
        next_url=url_for("approval.inbox", box=name, after=box.next) if box.next else "",
    )


def _wanted(said: Mapping[str, str]) -> tuple[str, str]:
    """Which of the lists, and from after which place on."""
    name = said.get("box", "")
    return name if name in approvals.BOXES else approvals.BOXES[0], str(whole(said.get("after", "")) or "")


def _urls(names: Sequence[Name]) -> dict[Name, str]:
    pages = {"Plan": ("approval.decide", "plan_id"), "Extension": ("extension.decide", "extension_id")}
    return {(kind, id_): url_for(pages[kind][0], **{pages[kind][1]: id_}) for kind, id_ in names}


@shows("/approvals", ("Plan", "Extension"), _urls)
def _rows(said: Mapping[str, str]) -> Rows:
    """Plans, and on the first page what was asked for more time."""
    name, after = _wanted(said)
    box = approvals.box(me(), name, after=after)
    shown = [] if after or name == "cc" else requests_for_time(me(), name)
    return Rows([*(("Plan", line.plan.id) for line in box.lines), *(("Extension", r.id) for r in shown)], box.next)


def _mark(line: approvals.Line) -> tuple[int, ...]:
    """What of a line can change."""
    read = line.copy is not None and line.copy.read_at is not None
    return line.plan.id, line.plan.ticket.seq, line.for_person.id if line.for_person else 0, int(read)
