"""Administration: the way round, the outbox, health, and the demonstration's clock."""

from datetime import timedelta
from typing import Any

from flask import Response, current_app, request, url_for

from blueprints import pages
from blueprints.access import by_id, me, requires
from blueprints.admin import (
    audit,
    bp,
    calendar_changes,
    calendar_edits,
    calendar_trial,
    calendars,
    components,
    doors,
    drill,
    lint,
    masterdata,
    organisation,
    people,
    policies,
    policy_drafts,
    rehearsal,
    replay,
)
from blueprints.admin.checklist import unset
from blueprints.admin.forms import PlainForm
from blueprints.fields import whole
from blueprints.messages import render
from blueprints.signs import signs
from models.clockwork.health import beats
from models.ground import clock
from models.ground.errors import Missing
from models.policy.sheet import calendars_behind
from models.record.message import FAILED, MAIL, QUEUED, SENT, Message, count_held, last_trial, outbox
from models.record.outage import outage_of
from models.record.verdict import last_objection
from models.rules.permissions import can_see
from models.steps import demo_clock as demo_clock_step
from models.steps import outbox as outbox_step

__all__ = [
    "audit",
    "bp",
    "calendar_changes",
    "calendar_edits",
    "calendar_trial",
    "calendars",
    "components",
    "doors",
    "drill",
    "lint",
    "masterdata",
    "organisation",
    "people",
    "policies",
    "policy_drafts",
    "rehearsal",
    "replay",
]
SPANS = {"30m": timedelta(minutes=30), "1h": timedelta(hours=1), "4h": timedelta(hours=4), "1d": timedelta(days=1)}
PAGE = 50


@bp.get("")
@requires("administer")
def home() -> Response:
    return pages.show("admin/home.html", unset=unset())


@bp.get("/outbox")
@requires("view_outbox")
def messages() -> Response:
    """Mail that waits, was sent, or failed; newest first."""
    state = request.args.get("state", QUEUED)
    state = state if state in (QUEUED, SENT, FAILED) else QUEUED
    found = outbox(state, before=whole(request.args.get("before", "")), limit=PAGE + 1)
    shown = found[:PAGE]
    next_url = url_for("admin.messages", state=state, before=shown[-1].id) if len(found) > PAGE else ""
    return pages.show(
        "admin/outbox.html",
        state=state,
        messages=shown,
        unseen={m.id for m in shown if m.ticket and not can_see(me(), m.ticket)},
        next_url=next_url,
        is_demo=_is_demo(),
        trial=last_trial(me()),
        held=count_held() if state == QUEUED else 0,
        **_leaving(),
    )


@bp.get("/outbox/<int:thing_id>")
@requires("view_outbox", by_id(Message))
def letter(message: Message) -> Response:
    """The letter itself, in the demonstration only: it holds the reader's link."""
    if not _is_demo():
        raise Missing("Letters can be read in the demonstration only.")
    return pages.show("admin/letter.html", message=message, letter=render(message), **_leaving())


@bp.post("/outbox/<int:thing_id>/retry")
@requires("view_outbox", by_id(Message))
def retry(message: Message) -> Response:
    return pages.act(
        PlainForm(),
        action="try_again",
        thing=message,
        page=pages.refuse_form,
        do=lambda: outbox_step.try_again(message, actor=me()),
        then=lambda _: url_for("admin.messages", state=QUEUED),
    )


@bp.post("/outbox/let-go")
@requires("view_outbox")
def let_go_letters() -> Response:
    """What a restore has held back leaves, once somebody has looked."""
    return pages.act(
        PlainForm(),
        action="let_go",
        page=pages.refuse_form,
        do=lambda: outbox_step.let_go(actor=me()),
        then=lambda _: url_for("admin.messages", state=QUEUED),
    )


@bp.get("/health")
@requires("administer")
def health() -> Response:
    """What /readyz says, for people."""
    seen = signs()
    known = seen.database == "ok"
    return pages.show(
        "admin/health.html",
        signs=seen,
        beats=beats() if known else {},
        behind=calendars_behind(clock.now()) if known else [],
        objection=last_objection() if known else None,
    )


@bp.get("/clock")
@requires("move_demo_clock")
def demo_clock() -> Response:
    _demo_only()
    return pages.show("admin/clock.html")


@bp.post("/clock")
@requires("move_demo_clock")
def move_demo_clock() -> Response:
    """Forward only; whatever comes due meanwhile is fired within a second."""
    _demo_only()
    span = SPANS.get(request.form.get("span", ""))
    if span is None:
        raise Missing("There is no such span.")
    return pages.act(
        PlainForm(),
        action="move_demo_clock",
        page=pages.refuse_form,
        do=lambda: demo_clock_step.move_demo_clock(span, actor=me()),
        then=lambda _: url_for("admin.demo_clock"),
    )


def _leaving() -> dict[str, Any]:
    """What says when a letter leaves: its next try is kept in real time, the page tells the house's."""
    ahead, outage = clock.now() - clock.real_now(), outage_of(MAIL)
    return {
        "next_try": lambda message: message.next_try_at + ahead,
        "outage": outage,
        "outage_since": outage and outage.since + ahead,
        "has_mail_server": bool(current_app.config["SETTINGS"].smtp_url),
    }


def _is_demo() -> bool:
    return str(current_app.config["SETTINGS"].env) == "demo"


def _demo_only() -> None:
    if not _is_demo():
        raise Missing("There is a demonstration clock only in the demonstration.")
