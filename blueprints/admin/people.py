"""Joiners, leavers, roles and passwords."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from blueprints import lookup, pages
from blueprints.access import by_id, me, requires
from blueprints.admin import bp
from blueprints.admin.forms import LeaverForm, NewPersonForm, NoFactorsForm, PersonForm, PlainForm, ResetForm
from models.insight.board import held_by
from models.people.factor import asks_for_more
from models.people.person import Person, everybody
from models.people.session import code_to_show
from models.steps import accounts, factors

person = by_id(Person)
PAGE = 50


@bp.get("/people")
@requires("administer")
def list_people() -> Response:
    """Everybody with an account, by user name."""
    q = request.args.get("q", "").strip()
    found = everybody(q=q, after=request.args.get("after", ""), limit=PAGE + 1)
    shown = found[:PAGE]
    next_url = url_for("admin.list_people", q=q, after=shown[-1].login) if len(found) > PAGE else ""
    return pages.show("admin/people.html", people=shown, q=q, next_url=next_url)


@bp.get("/people/new")
@requires("administer")
def new_person() -> Response:
    return _new_page(NewPersonForm())


@bp.post("/people/new")
@requires("administer")
def create_person() -> Response:
    form = NewPersonForm()
    return pages.act(
        form,
        action="create_person",
        page=_new_page,
        do=lambda: accounts.create_person(
            actor=me(), login=form.login.data, password=form.password.data, **_details(form)
        ),
        then=_person_url,
    )


@bp.get("/people/<int:thing_id>")
@requires("administer", person)
def show_person(person: Person) -> Response:
    return _person_page(person)


@bp.post("/people/<int:thing_id>")
@requires("administer", person)
def edit_person(person: Person) -> Response:
    form = PersonForm()
    return pages.act(
        form,
        action="edit_person",
        thing=person,
        page=lambda f: _person_page(person, form=f),
        do=lambda: accounts.edit_person(person, actor=me(), **_details(form)),
        then=_person_url,
    )


@bp.post("/people/<int:thing_id>/code")
@requires("administer", person)
def issue_code(person: Person) -> Response:
    """The old password and every session end; the page shows the code for a new one for some minutes."""
    return pages.act(
        ResetForm(),
        action="issue_code",
        thing=person,
        page=lambda f: _person_page(person, reset=f),
        do=lambda: accounts.issue_code(person, actor=me()),
        then=lambda _: _person_url(person),
    )


@bp.post("/people/<int:thing_id>/second-factors")
@requires("administer", person)
def remove_factors(person: Person) -> Response:
    """Somebody has lost telephone, keys and recovery codes."""

    def remove() -> None:
        factors.remove_factors(person, actor=me())
        flash(_("The second factors are removed; the password alone counts again."))

    return pages.act(
        NoFactorsForm(),
        action="remove_factors",
        thing=person,
        page=lambda f: _person_page(person, no_factors=f),
        do=remove,
        then=lambda _: _person_url(person),
    )


@bp.route("/people/<int:thing_id>/deactivation", methods=["GET", "POST"])
@requires("administer", person)
def deactivate_person(person: Person) -> Response:
    """A leaver: the account closes and the open work is handed over in the same step (P1)."""
    form = LeaverForm()

    def page(shown: FlaskForm) -> Response:
        return pages.show("admin/leaver.html", person=person, form=shown, held=held_by(person))

    def leave() -> None:
        given = accounts.deactivate_person(person, actor=me(), successor=form.successor.row)
        flash(_("The account is closed; tickets handed over: %(count)s.", count=given))

    if request.method != "POST":
        return lookup.offers(form) or page(form)
    return pages.act(
        form, action="deactivate_person", thing=person, page=page, do=leave, then=lambda _: _person_url(person)
    )


@bp.post("/people/<int:thing_id>/reactivation")
@requires("administer", person)
def reactivate_person(person: Person) -> Response:
    return pages.act(
        PlainForm(),
        action="reactivate_person",
        thing=person,
        page=pages.refuse_form,
        do=lambda: accounts.reactivate_person(person, actor=me()),
        then=_person_url,
    )


def _details(form: PersonForm) -> dict[str, Any]:
    names = ("name", "email", "phone", "engineer_level", "team_id", "department_id", "locale", "on_duty")
    known = {"roles": form.roles_held.data, "same_as_id": form.same_as_id}
    return known | {name: form[name].data for name in names}


def _new_page(form: FlaskForm) -> Response:
    return pages.show("admin/new_person.html", form=form)


def _person_page(person: Person, **forms: FlaskForm) -> Response:
    return pages.show(
        "admin/person.html",
        person=person,
        form=forms.get("form") or PersonForm(formdata=None, obj=person),
        reset=forms.get("reset") or ResetForm(formdata=None),
        no_factors=forms.get("no_factors") or NoFactorsForm(formdata=None),
        code=code_to_show(person),
        has_factors=asks_for_more(person),
    )


def _person_url(person: Person) -> str:
    return url_for("admin.show_person", thing_id=person.id)
