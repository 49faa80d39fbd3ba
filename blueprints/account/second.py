"""The second step of signing in, and signing in with a passkey alone."""

from flask import Response, flash, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from blueprints import one_time, pages
from blueprints.access import public, unsealed
from blueprints.account import bp, ceremony, devices
from blueprints.account.forms import SignInForm
from blueprints.account.sign_in import PASSKEY, arrived, ask_for_passkey, half_in, how, remember, sign_in_page
from models.ground.db import aside, db
from models.ground.errors import Invalid
from models.people.factor import authenticator_of, codes_left, passkeys_of
from models.people.person import Person
from models.rules import attempts
from models.rules.attempts import Attempt
from models.steps import factors

CODE = {
    "autocomplete": "one-time-code", "inputmode": "text", "autocapitalize": "characters", "spellcheck": "false",
}  # fmt: skip


class CodeForm(FlaskForm):
    """Six digits of the application, or a recovery code."""

    otp = StringField(
        _l("One-time code"),
        description=_l("Six digits from your authenticator application, or one of your recovery codes."),
        validators=[InputRequired(_l("This must be filled in.")), Length(max=60)],
        render_kw=CODE,
    )


class PasskeyForm(FlaskForm):
    """What the browser answers; a small script fills it in."""

    next = HiddenField()
    answer = HiddenField(
        validators=[
            InputRequired(_l("This passkey was not accepted. Try again, or use another way.")),
            Length(max=ceremony.LONGEST),
        ]
    )


@bp.get("/login/second")
@public("whoever has given the right password a moment ago")
def second_step() -> Response:
    return _page(CodeForm()) if half_in() else _begin_again()


@bp.post("/login/second")
@public("whoever has given the right password a moment ago")
def take_second_step() -> Response:
    """The code of the application or, once each, a recovery code."""
    held = half_in()
    if held is None:
        return _begin_again()
    person, form = held.person, CodeForm()

    def enter() -> Person:
        tried = _attempt(person)
        with aside():
            used = attempts.count_try(tried)
        given = (tried, devices.attempt_of("password", held.login, person.id))
        try:
            token = factors.sign_in_with_code(person, code=form.otp.data, **how(person, *given, epoch=held.epoch))
        except Invalid:
            with aside():
                attempts.note_if_paused(tried, person_id=person.id, used=used)
            raise
        return remember(person, token)

    return arrived(pages.act(form, action="second_step", page=_again, do=enter, then=lambda _: unsealed(held.next)))


@bp.post("/login/passkey")
@public("the key proves who it is")
def sign_in_with_passkey() -> Response:
    """The key alone, or as the second step: the device has asked for finger, face or PIN."""
    form, held = PasskeyForm(), half_in()
    sealed = held.next if held else form.next.data or ""

    def enter() -> Person:
        key, count = ceremony.read_answer(form.answer.data, nonce=one_time.nonce() or "")
        person = db.session.get_one(Person, key.person_id)
        if held and held.person.id != person.id:
            raise Invalid(ceremony.REFUSED)
        given = (devices.attempt_of("password", held.login, person.id),) if held else ()
        known = how(person, *given, epoch=held.epoch if held else None)
        return remember(person, factors.sign_in_with_passkey(person, key=key, sign_count=count, **known))

    def again(refused: FlaskForm) -> Response:
        return _again(_telling(refused, CodeForm(formdata=None))) if held else _from_the_start(refused, sealed)

    answer = pages.act(form, action=PASSKEY, page=again, do=enter, then=lambda _: unsealed(sealed))
    return arrived(answer)


def _attempt(person: Person) -> Attempt:
    return devices.attempt_of("second", str(person.id), person.id)


def _again(form: FlaskForm) -> Response:
    """The second step once more; the first, where the password was changed at that moment."""
    return _page(form) if half_in() else _from_the_start(form, "")


def _from_the_start(refused: FlaskForm, sealed: str) -> Response:
    return sign_in_page(_telling(refused, SignInForm(formdata=None, next=sealed)))


def _telling(refused: FlaskForm, shown: FlaskForm) -> FlaskForm:
    """Another form, with what was wrong about the one that was sent."""
    shown.form_errors = [str(sentence) for sentences in refused.errors.values() for sentence in sentences]
    return shown


def _page(form: FlaskForm) -> Response:
    held = half_in()
    assert held
    person = held.person
    confirmed = (known := authenticator_of(person)) is not None and known.confirmed_at is not None
    keys = passkeys_of(person)
    return pages.show(
        "account/second.html",
        form=form,
        person=person,
        has_app=confirmed,
        has_codes=bool(codes_left(person)),
        passkey=ask_for_passkey(keys) if keys else None,
    )


def _begin_again() -> Response:
    if request.method == "POST":
        flash(_("That took too long. Please sign in again."), "error")
    session.pop("half", None)
    return redirect(url_for("account.login"), 303)  # type: ignore[return-value]
