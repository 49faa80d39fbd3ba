"""One's own doors: where one is signed in, the second factor, recovery codes, passkeys."""

from collections.abc import Callable

from flask import Response, flash, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from blueprints import one_time, pages
from blueprints.access import me, requires
from blueprints.account import bp, ceremony
from blueprints.house import house_name
from blueprints.proof import ProvenForm, must_prove
from blueprints.qr import picture_of
from models.ground import tokens
from models.ground.errors import Missing
from models.people.factor import (
    Passkey,
    authenticator_of,
    codes_left,
    codes_to_show,
    owes_factor,
    passkeys_of,
)
from models.people.session import Session, sessions_of
from models.steps import accounts, factors

BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("MicroMessenger", "WeChat"), ("Firefox/", "Firefox"),
            ("Chromium/", "Chromium"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
           ("Mac OS X", "macOS"), ("Linux", "Linux"))  # fmt: skip
MAKE_KEY = "add_passkey"


class PlainForm(FlaskForm):
    """A button and nothing else."""


class AppForm(FlaskForm):
    """The first code of an application that was just told the secret."""

    otp = StringField(
        _l("Code that the application shows"),
        validators=[InputRequired(_l("This must be filled in.")), Length(max=60)],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )


class KeyForm(FlaskForm):
    """A new passkey; the answer of the browser is filled in by a small script."""

    name = StringField(
        _l("Name of the passkey"),
        description=_l("So that you know it again: the laptop, the telephone, the blue stick."),
        validators=[DataRequired(_l("This must be filled in.")), Length(max=60)],
    )
    answer = HiddenField(validators=[Length(max=ceremony.LONGEST)])


def own_session(thing_id: int) -> Session:
    """A session of one's own that has not ended. Raises Missing."""
    found = next((held for held in sessions_of(me()) if held.id == thing_id), None)
    if found is None:
        raise Missing("There is no such session.")
    return found


def own_passkey(thing_id: int) -> Passkey:
    """A passkey of one's own. Raises Missing."""
    found = next((key for key in passkeys_of(me()) if key.id == thing_id), None)
    if found is None:
        raise Missing("There is no such passkey.")
    return found


@bp.get("/me/security")
@requires("use_account")
def show_security() -> Response:
    return _page()


@bp.post("/me/security/proof")
@requires("use_account")
def prove_oneself() -> Response:
    """The password once more; then everything on the page can be changed for a while."""
    return pages.act(
        ProvenForm(), action="prove", page=lambda f: _page(prove=f), do=lambda: None, then=lambda _: _here()
    )


@bp.post("/me/sessions/<int:thing_id>/end")
@requires("use_account", own_session)
def end_session(held: Session) -> Response:
    return _press("end_session", lambda: accounts.end_session(held, actor=me()))


@bp.post("/me/sessions/end")
@requires("use_account")
def end_other_sessions() -> Response:
    def end() -> None:
        accounts.end_other_sessions(me(), token=me().session_token)
        flash(_("You are signed in here only."))

    return _press("end_other_sessions", end)


@bp.post("/me/authenticator")
@requires("use_account")
def begin_authenticator() -> Response:
    """A new secret; nothing counts before its first code was typed."""
    return _proven("begin_authenticator", lambda: factors.begin_authenticator(me()))


@bp.get("/me/authenticator.svg")
@requires("use_account")
def authenticator_picture() -> Response:
    """The secret as a QR code, until its first code was typed."""
    held = authenticator_of(me())
    if held is None or held.confirmed_at:
        raise Missing("There is nothing to scan.")
    return picture_of(held.address(login=me().login, house=house_name()))


@bp.post("/me/authenticator/confirmation")
@requires("use_account")
def confirm_authenticator() -> Response:
    form = AppForm()

    def confirm() -> None:
        factors.confirm_authenticator(me(), code=form.otp.data)
        flash(_("From now on a code is asked for after the password. Print the recovery codes below."))

    return _act(form, "confirm_authenticator", confirm, kept="app")


@bp.post("/me/authenticator/removal")
@requires("use_account")
def remove_authenticator() -> Response:
    return _proven("remove_authenticator", lambda: factors.remove_authenticator(me()))


@bp.post("/me/recovery-codes")
@requires("use_account")
def renew_codes() -> Response:
    """Ten new ones; the old ones open nothing any more."""
    return _proven("renew_codes", lambda: factors.renew_codes(me()))


@bp.post("/me/passkeys")
@requires("use_account")
def add_passkey() -> Response:
    form = KeyForm()

    def add() -> None:
        made = ceremony.read_new(form.answer.data or "", nonce=one_time.nonce() or "")
        factors.add_passkey(me(), name=form.name.data, **vars(made))
        flash(_("The passkey is added."))

    return _act(form, MAKE_KEY, add, kept="key")


@bp.post("/me/passkeys/<int:thing_id>/removal")
@requires("use_account", own_passkey)
def remove_passkey(key: Passkey) -> Response:
    return _proven("remove_passkey", lambda: factors.remove_passkey(key, actor=me()))


@bp.app_template_global()
def device_of(browser: str) -> str:
    """What a browser says of itself, in two words: Firefox · Windows."""
    known = [next((word for sign, word in signs if sign in browser), "") for signs in (BROWSERS, SYSTEMS)]
    return " · ".join(filter(None, known)) or _("Unknown device")


def _press(action: str, do: Callable[[], object]) -> Response:
    return pages.act(PlainForm(), action=action, page=pages.refuse_form, do=do, then=lambda _: _here())


def _proven(action: str, do: Callable[[], object]) -> Response:
    """A button for whoever has typed the password a moment ago."""
    return _ask_again() if must_prove() else _press(action, do)


def _act(form: FlaskForm, action: str, do: Callable[[], object], *, kept: str) -> Response:
    """The same with something typed."""
    if must_prove():
        return _ask_again()
    return pages.act(form, action=action, page=lambda f: _page(**{kept: f}), do=do, then=lambda _: _here())


def _ask_again() -> Response:
    flash(_("You typed your password a while ago. Please type it once more."), "warning")
    return pages.done(_here())


def _here() -> str:
    return url_for("account.show_security")


def _page(**forms: FlaskForm) -> Response:
    app, keys = authenticator_of(me()), passkeys_of(me())
    token = one_time.token_for(MAKE_KEY)
    empty = {
        "app": AppForm(formdata=None), "key": KeyForm(formdata=None), "prove": ProvenForm(formdata=None),
        "plain": PlainForm(formdata=None),
    }  # fmt: skip
    return pages.show(
        "account/security.html",
        app=app,
        keys=keys,
        owes=owes_factor(me()),
        left=len(codes_left(me())),
        codes=codes_to_show(me()),
        sessions=sessions_of(me()),
        here=tokens.digest(me().session_token),
        key_once=token,
        key_asked=ceremony.question_for_new(me(), nonce=one_time.nonce_of(token), held=keys),
        forms=empty | forms,
    )
