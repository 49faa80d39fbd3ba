"""The first steps of an installation; once they are ended there is nothing here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user
from flask_wtf import FlaskForm

from blueprints import house, pages
from blueprints.access import me, public, requires
from blueprints.limits import typed
from blueprints.setup import checks
from blueprints.setup.forms import ClaimForm, HoursForm, OrganisationForm, PlainForm, PolicyForm
from models.ground import clock
from models.ground.errors import Invalid, Missing
from models.people import claim
from models.people.organisation import organisation_name
from models.people.person import Person
from models.policy.pack import SHIPPED, load_pack
from models.policy.version import version_in_force
from models.record.message import MAIL, last_trial
from models.record.outage import outage_of
from models.steps import founding

bp = Blueprint("setup", __name__, url_prefix="/setup")


@bp.get("")
@public("nobody has an account yet; the code that ./run prints is asked for")
def begin() -> Response:
    """The first account; for whoever has made it, what is done and what is not."""
    _need_going_on()
    if claim.is_unclaimed():
        return _claim_page(ClaimForm())
    if not current_user.is_authenticated:
        return redirect(url_for("account.login"), 303)  # type: ignore[return-value]
    return redirect(url_for("setup.organisation"), 303)  # type: ignore[return-value]


@bp.post("")
@public("nobody has an account yet; the code that ./run prints is asked for")
def claim_desk() -> Response:
    """Whoever has the code becomes the administrator, and is signed in."""
    _need_going_on()
    form = ClaimForm()

    def enter() -> Person:
        if not claim.fits(_home(), form.code.data):
            raise Invalid("This is not the code that ./run has printed.", field="code")
        person, person_token = founding.claim_desk(
            login=form.login.data, name=form.name.data, email=form.email.data or "", password=form.password.data,
            browser=request.user_agent.string,
        )  # fmt: skip
        person.session_token = person_token
        session["seen"] = int(clock.real_now().timestamp())
        login_user(person)
        return person

    if not claim.is_unclaimed():
        raise Missing("There is no such page, or it is not visible to you.")
    return pages.act(
        form, action="claim_desk", page=_claim_page, do=enter, then=lambda _: url_for("setup.organisation")
    )


@bp.route("/organisation", methods=["GET", "POST"])
@requires("administer")
def organisation() -> Response:
    """What it is called, language, time zone, and the teams that tickets are given to."""
    form = OrganisationForm(obj=me(), organisation=organisation_name())

    def keep() -> None:
        teams = (form.teams.data or "").splitlines()
        founding.describe_organisation(
            me(), name=form.organisation.data or "", locale=form.locale.data, time_zone=form.time_zone.data,
            teams=teams,
        )  # fmt: skip
        house.renamed()

    return _step("organisation", form, do=keep, then="setup.policy")


@bp.route("/policy", methods=["GET", "POST"])
@requires("administer")
def policy() -> Response:
    """Which of the shipped policies stands; later ones are edited and published by two people."""
    form = PolicyForm(pack_name=version_in_force(clock.now()).pack_name)
    packs = [load_pack(name) for name in SHIPPED]
    form.pack_name.choices = [(pack.name, getattr(pack.title, _language())) for pack in packs]
    return _step(
        "policy",
        form,
        do=lambda: founding.choose_policy(form.pack_name.data, actor=me()),
        then="setup.hours",
        packs=packs,
        time_limit=lambda pack, kind, level: typed(pack.agreed(kind, level)) or "–",
    )


@bp.route("/calendar", methods=["GET", "POST"])
@requires("administer")
def hours() -> Response:
    """When the desk is open, and whose holidays it keeps."""
    form = HoursForm(name=_("Service hours"), tz=me().time_zone)

    def keep() -> None:
        founding.choose_calendar(
            actor=me(), name=form.name.data, tz=form.tz.data, hours=form.hours.data, days=form.days.data or [],
            country=form.country.data or "",
        )  # fmt: skip

    return _step("hours", form, do=keep, then="setup.checks")


@bp.route("/checks", methods=["GET", "POST"], endpoint="checks")
@requires("administer")
def look_round() -> Response:
    """What works and what does not, with the command that helps; and the end of setting up."""
    return _step(
        "checks",
        PlainForm(),
        do=lambda: claim.end(_home()),
        then="admin.home",
        found=checks.found(me()),
        trial=last_trial(me()),
        outage=outage_of(MAIL),
        has_mail_server=bool(current_app.config["SETTINGS"].smtp_url),
    )


def _step(name: str, form: FlaskForm, *, do: Callable[[], Any], then: str, **shown: Any) -> Response:
    """One step: its page, and what it does."""
    _need_going_on()

    def page(form: FlaskForm) -> Response:
        return pages.show(f"setup/{name}.html", form=form, here=name, done=_done(), **shown)

    if request.method == "GET":
        return page(form)
    return pages.act(form, action=f"set_up_{name}", page=page, do=do, then=lambda _: url_for(then))


def _claim_page(form: FlaskForm) -> Response:
    return pages.show("setup/claim.html", form=form, here="claim", done=set())


def _done() -> set[str]:
    """What has been seen to; the rest keeps its card on the administrator's page."""
    present = version_in_force(clock.now())
    seen = {
        "organisation": checks.has_teams() or bool(organisation_name()),
        "policy": present.proposed_by_id is not None,
        "hours": present.calendar_row.published_by_id is not None,
    }
    return {"claim", *(name for name, is_so in seen.items() if is_so)}


def _language() -> str:
    return "en" if me().locale == "en" else "zh"


def _need_going_on() -> None:
    if not claim.is_going_on(_home()):
        raise Missing("There is no such page, or it is not visible to you.")


def _home() -> Path:
    home: Path = current_app.config["SETTINGS"].home
    return home
