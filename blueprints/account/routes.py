"""Signing in and out, one's own settings, the inbox."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, g, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, logout_user
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import me, public, requires, unsealed
from blueprints.account.forms import (
    LANGUAGES,
    THEMES,
    ChangePasswordForm,
    ForgottenForm,
    NewPasswordForm,
    ReadForm,
    SettingsForm,
    SignInForm,
)
from blueprints.account.inbox import inbox_page
from blueprints.account.sign_in import check_password, demonstration_cast, remember
from models.ground import tokens
from models.ground.errors import Gone, Invalid
from models.insight.board import seats
from models.people.person import Person, find_person, password_matches
from models.people.session import reset_of
from models.record.message import mark_read, unread_count
from models.steps import accounts

bp = Blueprint("account", __name__)

# Where the day begins, the most urgent first; everybody else begins with their own reports.
HOMES = (
    ("board.watch", ("tech_manager", "director")),
    ("approval.inbox", ()),  # whoever has a seat that waits
    ("board.bench", ("engineer", "supervisor", "verifier")),
    ("triage.queue", ("first_line",)),
    ("board.watch", ("duty_lead", "dept_head")),
    ("knowledge.articles", ("kb_admin",)),
    ("admin.home", ("admin",)),
)


@bp.get("/")
@requires("use_account")
def home() -> Response:
    """To where this person is needed first."""
    return redirect(url_for(_home_of(me())), 303)  # type: ignore[return-value]


@bp.get("/login")
@public("signing in")
def login() -> Response:
    return _sign_in_page(SignInForm(next=request.args.get("next", "")))


@bp.post("/login")
@public("signing in")
def sign_in() -> Response:
    """A wrong name and a wrong password get the same answer, after the same work."""
    form = SignInForm()

    def enter() -> Person:
        person = check_password(form.login.data, form.password.data)
        return remember(person, accounts.sign_in(person, browser=request.user_agent.string))

    return pages.act(
        form, action="sign_in", page=_sign_in_page, do=enter, then=lambda _: unsealed(form.next.data or "")
    )


@bp.post("/logout")
@public("ending no session does no harm")
def logout() -> Response:
    if current_user.is_authenticated:
        accounts.sign_out(tokens.digest(me().session_token))
    logout_user()
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    return pages.done(url_for("account.login"))


@bp.route("/password", methods=["GET", "POST"])
@public("whoever forgot the password cannot sign in")
def forgotten() -> Response:
    """The same answer whether there is such an account or not."""
    form = ForgottenForm()

    def ask() -> None:
        person = find_person(form.login.data)
        if person and person.active and person.email:
            accounts.request_reset(person)
        flash(_("If there is such an account, a link to set a new password is on its way by e-mail."))

    if request.method != "POST":
        return pages.show("account/forgotten.html", form=form)
    return pages.act(
        form,
        action="request_reset",
        page=lambda f: pages.show("account/forgotten.html", form=f),
        do=ask,
        then=lambda _: url_for("account.login"),
    )


@bp.route("/password/<token>", methods=["GET", "POST"])
@public("the link from the mail proves who it is")
def new_password(token: str) -> Response:
    form = NewPasswordForm()

    def page(shown: FlaskForm) -> Response:
        return pages.show("account/new_password.html", form=shown, token=token)

    if request.method != "POST":
        if reset_of(token) is None:
            raise Gone("This link has been used or has expired. Please ask for a new one.")
        return page(form)
    return pages.act(
        form,
        action="use_reset",
        page=page,
        do=lambda: accounts.use_reset(token=token, password=form.password.data),
        then=lambda _: url_for("account.login"),
    )


@bp.get("/me")
@requires("use_account")
def settings() -> Response:
    return _settings_page(SettingsForm(obj=me()))


@bp.post("/me")
@requires("use_account")
def keep_settings() -> Response:
    form = SettingsForm()

    def keep() -> None:
        accounts.set_own_settings(
            me(),
            locale=form.locale.data,
            time_zone=form.time_zone.data,
            theme=form.theme.data,
            on_duty=form.on_duty.data,
        )
        session.pop("language", None)
        flash(_("Your settings are kept."))

    return pages.act(
        form, action="keep_settings", thing=me(), page=_settings_page, do=keep, then=lambda _: url_for("account.settings")
    )


@bp.post("/me/password")
@requires("use_account")
def change_password() -> Response:
    """Every other session of this person ends; this browser gets a new one."""
    form = ChangePasswordForm()

    def change() -> None:
        if not password_matches(me(), form.old_password.data):
            raise Invalid("This is not your present password.", field="old_password")
        person, browser = me(), request.user_agent.string
        remember(person, accounts.change_own_password(person, password=form.password.data, browser=browser))
        flash(_("Your password is changed. Every other session has ended."))

    return pages.act(
        form,
        action="change_password",
        thing=me(),
        page=lambda f: _settings_page(SettingsForm(formdata=None, obj=me()), password=f),
        do=change,
        then=lambda _: url_for("account.settings"),
    )


@bp.post("/language")
@public("strangers read too; only the cookie of this browser changes")
def set_language() -> Response:
    language = request.form.get("language", "")
    if language in dict(LANGUAGES):
        session["language"] = language
        if current_user.is_authenticated:
            session.pop("language")
            _keep_own(locale=language)
    return pages.done(_back())


@bp.post("/theme")
@public("strangers read too; only the cookie of this browser changes")
def set_theme() -> Response:
    theme = request.form.get("theme", "")
    if theme in dict(THEMES):
        session["theme"] = theme
        if current_user.is_authenticated:
            _keep_own(theme=theme)
    return pages.done(_back())


@bp.get("/notifications")
@requires("use_account")
def notifications() -> Response:
    """The inbox; the bell of every page asks here for itself."""
    g.unread = unread_count(me())
    if request.headers.get("HX-Target", "").endswith("#inbox") and pages.is_fragment():
        bell = f"n{g.unread}"
        return pages.not_modified() if pages.unchanged(bell) else pages.show("layouts/_inbox.html", ptag=bell)
    return inbox_page(me(), before=request.args.get("before", ""))


@bp.post("/notifications/reading")
@requires("use_account")
def read() -> Response:
    """Everything that the page showed has been seen."""
    form = ReadForm()
    return pages.act(
        form,
        action="mark_read",
        page=pages.refuse_form,
        do=lambda: mark_read(me(), upto=int(form.upto.data) if form.upto.data.isdecimal() else 0),
        then=lambda _: url_for("account.notifications"),
    )


@bp.get("/help/shortcuts")
@requires("use_account")
def shortcuts() -> Response:
    return pages.show("account/shortcuts.html")


def _home_of(person: Person) -> str:
    for endpoint, roles in HOMES:
        if person.roles.intersection(roles) or (not roles and seats(person, "todo")):
            return endpoint
    return "intake.my"


def _sign_in_page(form: FlaskForm) -> Response:
    return pages.show("account/login.html", form=form, cast=demonstration_cast())


def _settings_page(form: FlaskForm, *, password: FlaskForm | None = None) -> Response:
    password = password or ChangePasswordForm(formdata=None)
    return pages.show("account/settings.html", form=form, password=password)


def _keep_own(**changed: str) -> None:
    person = me()
    kept = {name: getattr(person, name) for name in ("locale", "time_zone", "theme", "on_duty")}
    accounts.set_own_settings(person, **kept | changed)


def _back() -> str:
    """The page that asked, on this site; never elsewhere."""
    came = urlsplit(request.referrer or "")
    if came.netloc == request.host and came.path.startswith("/") and not came.path.startswith("//"):
        return came.path + (f"?{came.query}" if came.query else "")
    return unsealed(request.form.get("next", ""))
