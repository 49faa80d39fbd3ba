"""Signing in and out, the way home, language and colours."""

from urllib.parse import urlsplit

from flask import Response, redirect, request, session, url_for
from flask_login import current_user, logout_user

from blueprints import begun, pages
from blueprints.access import me, public, requires, unsealed
from blueprints.account import bp, inbox, letters, passwords, second, security, settings
from blueprints.account.forms import LANGUAGES, THEMES, SignInForm
from blueprints.account.sign_in import arrived, enter, next_of, sign_in_page
from models.ground import tokens
from models.insight import approvals
from models.people import claim
from models.people.person import Person
from models.steps import accounts

__all__ = ["bp", "inbox", "letters", "passwords", "second", "security", "settings"]

# Where the day begins, the most urgent first; everybody else begins with their own reports.
HOMES = (
    ("board.watch", ("tech_manager", "director")),
    ("approval.inbox", ()),  # whoever has a seat that waits
    ("board.bench", ("engineer", "supervisor", "verifier", "product_manager")),
    ("triage.queue", ("first_line",)),
    ("board.watch", ("duty_lead", "dept_head")),
    ("knowledge.articles", ("kb_admin",)),
    ("admin.home", ("admin",)),
    ("cooperation.inbox", ("contact",)),
)


@bp.get("/")
@requires("use_account")
def home() -> Response:
    """To where this person is needed first."""
    return redirect(url_for(_home_of(me())), 303)  # type: ignore[return-value]


@bp.get("/login")
@public("signing in")
def login() -> Response:
    """Of an installation in which nobody has an account yet: the way to the first one."""
    if claim.is_unclaimed():
        return redirect(url_for("setup.begin"), 303)  # type: ignore[return-value]
    return sign_in_page(SignInForm(next=request.args.get("next", "")))


@bp.post("/login")
@public("signing in")
def sign_in() -> Response:
    """A wrong name and a wrong password get the same answer, after the same work."""
    form = SignInForm()
    answer = pages.act(
        form,
        action="sign_in",
        page=sign_in_page,
        do=lambda: enter(form.login.data, form.password.data, wanted=form.next.data or ""),
        then=lambda person: next_of(person, form.next.data or ""),
    )
    return arrived(answer)


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


@bp.get("/help/shortcuts")
@requires("use_account")
def shortcuts() -> Response:
    return pages.show("account/shortcuts.html")


def _home_of(person: Person) -> str:
    for endpoint, roles in HOMES:
        if person.roles.intersection(roles) or (not roles and approvals.box(person, "todo").lines):
            return endpoint
    return "intake.my"


def _keep_own(**changed: str) -> None:
    accounts.set_own_settings(me(), **changed)


def _back() -> str:
    """The page that asked, on this site; never elsewhere."""
    came = urlsplit(request.referrer or "")
    if came.netloc == request.host and begun.is_ours(came.path):
        return came.path + (f"?{came.query}" if came.query else "")
    return unsealed(request.form.get("next", ""))
