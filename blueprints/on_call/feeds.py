"""Calendars to subscribe to: their addresses on one's own page, and what stands behind each (RFC 5545)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, flash, request, url_for
from flask_babel import gettext as _

from blueprints import pages, rates
from blueprints.access import me, public, requires
from blueprints.labels import in_language, named
from blueprints.on_call import bp, calendar_file
from blueprints.on_call.forms import PlainForm
from models.ground import clock
from models.ground.db import db
from models.insight.due_times import due_times
from models.people.feed import DUE, ONCALL, Feed, find_feed
from models.people.person import Person
from models.people.rota import shifts_between, stints, stints_of
from models.people.team import Team
from models.rules.permissions import allows
from models.steps import feeds as steps

KIND = "/me/feeds/<any(oncall,due):kind>"
BACK, AHEAD = timedelta(weeks=4), timedelta(weeks=26)  # of turns


@bp.post(KIND)
@requires("keep_feeds")
def open_feed(kind: str) -> Response:
    """A new address; the one before it dies."""
    return _pressed("open_feed", lambda: steps.open_feed(me(), kind=kind), _("The calendar has a new address."))


@bp.post(f"{KIND}/end")
@requires("keep_feeds")
def end_feed(kind: str) -> Response:
    return _pressed("end_feed", lambda: steps.end_feed(me(), kind=kind), _("The address opens nothing any more."))


@bp.get("/ical/oncall/<token>.ics")
@public("the token in the address is somebody's own")
def own_turns(token: str) -> Response:
    """Somebody's own turns of the last weeks and of the next half year."""

    def write(person: Person) -> bytes:
        now = clock.now()
        found = stints_of(person, now - BACK, now + AHEAD)
        return calendar_file.turns(found, name=_("On call: %(name)s", name=person.name))

    return _answer(find_feed(token, ONCALL), "keep_feeds", write)


@bp.get("/ical/oncall/<token>/<int:team_id>.ics")
@public("the token in the address is somebody's own")
def turns_of_team(token: str, team_id: int) -> Response:
    """Every rota of a team, for whoever may see rotas."""
    team = db.session.get(Team, team_id)

    def write(person: Person) -> bytes:
        now = clock.now()
        span = now - BACK, now + AHEAD
        shifts = [shift for shift in shifts_between(*span) if shift.team_id in (None, team_id)]
        name = _("On call: %(name)s", name=named(team))
        return calendar_file.turns(stints(shifts, *span), name=name, is_whole=True)

    return _answer(find_feed(token, ONCALL) if team else None, "view_rota", write)


@bp.get("/ical/due/<token>.ics")
@public("the token in the address is somebody's own")
def own_due_times(token: str) -> Response:
    """When what somebody works on has to be done."""

    def write(person: Person) -> bytes:
        base = current_app.config["SETTINGS"].base_url
        zone, name = ZoneInfo(person.time_zone), _("Due: %(name)s", name=person.name)
        return calendar_file.due(due_times(person), name=name, zone=zone, base=base)

    return _answer(find_feed(token, DUE), "keep_feeds", write)


@bp.app_template_global()
def feed_address(feed: Feed, team_id: int | None = None) -> str:
    """The whole address, made from the setting and never from the request (safety rule 27)."""
    base = current_app.config["SETTINGS"].base_url
    return f"{base}/ical/{feed.kind}/{feed.token}{f'/{team_id}' if team_id else ''}.ics"


def _pressed(action: str, do: Callable[[], Any], says: str) -> Response:
    def deed() -> None:
        do()
        flash(says)

    return pages.act(
        PlainForm(), action=action, thing=me(), page=pages.refuse_form, do=deed,
        then=lambda _: url_for("account.show_settings", _anchor="feeds"),
    )  # fmt: skip


def _answer(feed: Feed | None, right: str, write: Callable[[Person], bytes]) -> Response:
    """No page, whatever happens: nobody looks but a machine. What its owner may not see any more is gone (410)."""
    rates.guesses.refuse()
    if feed is None:
        rates.guesses.add()
        return _quiet(Response(status=404, mimetype="text/plain"))
    if feed.ended_at or not allows(feed.person, right):
        return _quiet(Response(status=410, mimetype="text/plain"))
    with in_language(feed.person.locale):
        response = Response(write(feed.person), content_type="text/calendar; charset=utf-8")
    response.add_etag()
    return _quiet(response.make_conditional(request))


def _quiet(response: Response) -> Response:
    """The address is a key: it is neither passed on nor listed; what it opens is asked for anew each time."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
