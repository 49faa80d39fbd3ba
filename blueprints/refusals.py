"""Refusals as pages: one place where errors become a sentence in the reader's language, with a number to ask by."""

from datetime import datetime, timedelta
from math import ceil

import structlog
from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from blueprints.clock_words import span
from blueprints.labels import label, local
from models.ground import clock
from models.ground.db import give_up, is_sqlite
from models.ground.errors import DomainError, TooMany
from models.rules.permissions import MAY, ROLES

SECRETS = ("password", "again", "old_password", "proof", "otp")  # are never sent back to a browser
log = structlog.get_logger("pages")


def register(app: Flask) -> None:
    """Every refusal and every trouble ends here."""
    app.register_error_handler(DomainError, _refusal)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(Exception, _trouble)


def error_page(code: int, text: str, **more: str) -> Response:
    """One page for every refusal, with a number to ask for help by."""
    give_up()
    g.broken = code >= 500  # then the page asks the database for nothing
    titles = {
        400: _("That request does not make sense"),
        401: _("Please sign in again"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("That is not possible here"),
        409: _("Somebody was quicker"),
        410: _("No longer valid"),
        413: _("Too large"),
        422: _("Something is not right yet"),
        429: _("Too many requests"),
        500: _("Something broke on our side"),
        503: _("Busy at the moment"),
        507: _("No room left"),
    }
    page = render_template(
        "errors/error.html",
        code=code,
        title=titles.get(code, titles[500]),
        text=text,
        request_id=g.get("request_id", ""),
        back_url="",
        who_may=roles_for(g.get("refused", "")) if code == 403 else [],
        typed=_typed() if code == 503 else [],
        **more,
    )
    response = make_response(page, code)
    response.headers["Cache-Control"] = "no-store"
    return response


def roles_for(action: str) -> list[str]:
    """The roles that may do it, so that whoever is refused knows whom to ask."""
    return [label("role", role) for role in MAY.get(action, "").split() if role in ROLES]


def sentence_of(refusal: DomainError) -> str:
    """The refusal in the reader's language, its times in their zone."""
    return _(refusal.message, **{name: _told(value) for name, value in refusal.values.items()})


def _told(value: object) -> object:
    if isinstance(value, timedelta):
        seconds = ceil(value.total_seconds())
        return _("%(s)s s", s=seconds) if seconds < 60 else span(seconds)
    return local(value) if isinstance(value, datetime) else value


def said_when(response: Response, refusal: DomainError) -> Response:
    """For machines: when it is worth while to come again."""
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(ceil(refusal.values["wait"].total_seconds()))
    return response


def signed_out() -> str:
    """What somebody reads whose session ended while they were writing."""
    return _("Your session has ended. Sign in again: what you typed will stand in the form, ready to be sent.")


def foreign() -> str:
    """What somebody reads whose form came from another site."""
    return _("The form did not come from this site, or your session has changed. Please load it again.")


def not_understood() -> str:
    """What somebody reads whose request makes no sense."""
    return _("The request was not understood.")


def _refusal(refusal: DomainError) -> Response:
    return said_when(error_page(refusal.status, sentence_of(refusal)), refusal)


def _forged(_error: CSRFError) -> Response:
    return error_page(403, foreign())


def _http_error(error: HTTPException) -> Response:
    sentences = {
        404: _("There is no such page, or it is not visible to you."),
        405: _("This address cannot be used that way."),
        413: _("Too large. Send smaller or fewer files."),
    }
    code = error.code or 500
    if code < 400:
        return error.get_response()  # type: ignore[return-value]
    return error_page(code, sentences.get(code, not_understood()))


def _database_error(error: DBAPIError) -> Response:
    """A server that went away between two statements; what a command says of its own end is in models/ground/db."""
    if not error.connection_invalidated and (is_sqlite() or not isinstance(error, OperationalError)):
        return _trouble(error)
    log.warning("the database is away", request_id=g.get("request_id", ""), path=_path())
    _ask_nothing()
    return error_page(503, _("The database was away for a moment. Please try again; what is sent twice counts once."))


def _ask_nothing() -> None:
    """From here on the page is a stranger's, in the language that is known: nobody can be looked up."""
    g.broken = True
    give_up()
    clock.keep_offset()
    current_app.login_manager._update_request_context_with_user()  # type: ignore[attr-defined]
    g.locale = str(get_locale())


def _typed() -> list[tuple[str, str]]:
    """What was sent, to be sent once more by its one-time token; nothing where a password was among it."""
    fields = list(request.form.items(multi=True)) if request.method == "POST" else []
    is_secret = any(name in SECRETS for name, _value in fields)
    return [] if is_secret else [(name, value) for name, value in fields if name != "csrf_token"]


def _trouble(error: Exception) -> Response:
    log.exception("unexpected", request_id=g.get("request_id", ""), path=_path(), error=type(error).__name__)
    return error_page(
        500, _("The trouble has been recorded. What you typed is kept by your browser; try again in a moment.")
    )


def _path() -> str:
    """Where it happened, without the token of a link or of a new password (safety rule 27)."""
    token = str((request.view_args or {}).get("token", ""))
    return request.path.replace(token, "…") if token else request.path
