"""Pages and forms: all that the house knows of htmx, of one-time tokens, and of turning refusals into pages."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError
from itsdangerous import BadSignature, URLSafeSerializer
from jinja2_fragments.flask import render_block
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException

from models.ground.db import db, expecting, last_words
from models.ground.errors import Busy, Conflict, DomainError, Invalid
from models.people.person import Person
from models.record import attachment, once
from models.record.attachment import Attachment
from models.record.link import Link
from models.rules import workflow
from models.steps.intake import keep_file

SECRETS = ("csrf_token", "password", "again", "old_password")  # never in the digest of what was sent
POLL_EVERY = 15  # seconds a region waits for its next look while the live hub is silent
log = structlog.get_logger("pages")


def register(app: Flask) -> None:
    """Template globals of forms, and one place where refusals become pages."""
    app.jinja_env.globals.update(
        once=one_time_token,
        can=lambda action, ticket: workflow.can(_actor(), action, ticket),
        kept_files=lambda: kept_files(_actor()),
    )
    app.register_error_handler(DomainError, _refusal)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _trouble)


def is_fragment() -> bool:
    """Whether htmx asks for a part of the page only."""
    return request.headers.get("HX-Request-Type") == "partial"


def show(template: str, *, status: int = 200, ptag: str = "", **context: Any) -> Response:
    """The page; for htmx only the block that is named like the target's id. `ptag` tells it when to come again."""
    block = _block_of(template) if is_fragment() else ""
    body = render_block(template, block, **context) if block else render_template(template, **context)
    response = make_response(body, status)
    response.headers["Vary"] = "HX-Request, HX-Request-Type, HX-Target, Cookie"
    response.headers["Cache-Control"] = "no-store"
    if ptag:
        response.headers["HX-PTag"] = ptag
    return response


def unchanged(ptag: str) -> bool:
    """Whether the region that asks already shows this state: answer `304` and render nothing."""
    return is_fragment() and request.headers.get("HX-PTag") == ptag


def not_modified() -> Response:
    """Nothing new for the region that asks."""
    return Response(status=304)


def done(location: str) -> Response:
    """What was asked for has happened: go and look. 303 for browsers, HX-Redirect for htmx."""
    if request.headers.get("HX-Request"):
        return Response(status=200, headers={"HX-Redirect": _loading(location)})
    return redirect(location, 303)  # type: ignore[return-value]


def _loading(location: str) -> str:
    """Without its anchor where the reader is there already: a step to an anchor would not load the page anew."""
    here = urlsplit(request.headers.get("HX-Current-URL", "")).path
    return location.partition("#")[0] if urlsplit(location).path == here else location


def act(
    form: FlaskForm,
    *,
    action: str,
    page: Callable[[FlaskForm], Response],
    do: Callable[[], Any],
    then: Callable[[Any], str],
    thing: Any = None,
) -> Response:
    """A POST from end to end: judge the shape, spend the one-time token, carry out one command, go on.

    `page` shows the form again with what was typed (422 for bad input, 409 when the thing has moved on);
    `then` names the address to go on to. A form sent twice gets the answer of the first.
    """
    token = _read_token(action, thing)
    if answered := _answer_of(token):
        return answered
    if not form.validate_on_submit():
        return _again(form, page, 422)
    if token is None:
        form.form_errors.append(_("This form is too old. Please check it and send it again."))
        return _again(form, page, 422)
    try:
        with last_words(lambda result: once.spend(token, body=_body(), location=then(result))), expecting(_version()):
            result = do()
    except IntegrityError:
        if answered := _answer_of(token):
            return answered
        raise
    except (Invalid, Conflict, Busy) as refusal:
        db.session.rollback()
        add_error(form, refusal)
        if isinstance(refusal, Conflict):
            _show_both(form, thing)
        return _again(form, page, refusal.status)
    return done(then(result))


def answered_already() -> Response | None:
    """The first answer of the form that is being sent again, also when its sender may no longer send it."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return None
    nonce, viewer, *_rest = _sealed() or ("", "")
    return _answer_of(nonce) if nonce and viewer == _viewer() else None


def refuse_form(form: FlaskForm) -> Response:
    """The page for a button without fields that was refused: there is nothing typed that could be lost."""
    sentences = [str(sentence) for sentences in form.errors.values() for sentence in sentences]
    return error_page(409, " ".join(sentences))


def add_error(form: FlaskForm, refusal: DomainError) -> None:
    """Put the refusal's sentence beside its field, or at the top of the form."""
    sentence = sentence_of(refusal)
    if refusal.field and refusal.field in form:
        field = form[refusal.field]
        field.errors = [*field.errors, sentence]
    else:
        form.form_errors.append(sentence)


def sentence_of(refusal: DomainError) -> str:
    """The refusal in the reader's language."""
    return _(refusal.message, **refusal.values)


def one_time_token(action: str, thing: Any = None) -> str:
    """What a form carries: 128 random bits, bound to who sees it, the action and the thing (safety rule 12)."""
    return str(_seal().dumps([secrets.token_hex(16), _viewer(), action, _name_of(thing)]))


def files_of(uploads: Sequence[FileStorage], actor: Person | Link) -> list[str]:
    """Keep what was uploaded, before anything else is judged; returns the keys, earlier ones included."""
    if "kept_keys" not in g:
        g.kept_keys = [key for key in request.form.getlist("kept") if key.isalnum()]
        for upload in uploads:
            if upload and upload.filename:
                g.kept_keys.append(keep_file(actor=actor, name=upload.filename, content=upload.read()).key)
    return list(g.kept_keys)


def kept_files(actor: Person | Link) -> list[Attachment]:
    """Files that the form shown again already holds."""
    keys = g.get("kept_keys", [])
    return attachment.kept(
        keys,
        person_id=actor.id if isinstance(actor, Person) else None,
        link_id=actor.id if isinstance(actor, Link) else None,
    )


def _actor() -> Person | Link:
    """Whoever looks at the page: the person signed in, or the holder of a link."""
    return g.get("link") or current_user._get_current_object()


def _show_both(form: FlaskForm, thing: Any) -> None:
    """Beside what was typed, what stands there now: nobody's words are lost (safety rule 13)."""
    for field in form:
        stored = getattr(thing, field.name, None)
        if isinstance(stored, str) and isinstance(field.data, str) and stored.strip() != field.data.strip():
            field.errors = [*field.errors, _("It now says: %(text)s", text=stored)]


def _again(form: FlaskForm, page: Callable[[FlaskForm], Response], status: int) -> Response:
    db.session.rollback()
    response = page(form)
    response.status_code = status
    return response


def _block_of(template: str) -> str:
    """`section#clocks` in HX-Target asks for the block `clocks`; without such a block, for `content`."""
    wanted = request.headers.get("HX-Target", "").rpartition("#")[2].replace("-", "_")
    blocks = current_app.jinja_env.get_template(template).blocks
    return next((name for name in (wanted, "content") if name in blocks), "")


def _read_token(action: str, thing: Any) -> str | None:
    """The random part of the form's token; None when it is not ours, or was shown to somebody else."""
    sealed = _sealed()
    return sealed[0] if sealed and sealed[1:] == [_viewer(), action, _name_of(thing)] else None


def _sealed() -> list[str] | None:
    """What the token of the form says, if we have signed it: random part, viewer, action, thing."""
    try:
        sealed = _seal().loads(request.form.get("once", ""))
    except BadSignature:
        return None
    return [str(part) for part in sealed] if isinstance(sealed, list) and len(sealed) == 4 else None


def _answer_of(token: str | None) -> Response | None:
    """The first answer of a token that is spent; another body under the same token is a conflict."""
    held = once.spent(token) if token else None
    if held is None:
        return None
    if held.body != _body():
        raise Conflict("This form has already been sent with other words.")
    return done(held.location)


def _version() -> int | None:
    version = request.form.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None


def _body() -> str:
    said = [pair for pair in sorted(request.form.items(multi=True)) if pair[0] not in SECRETS]
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _viewer() -> str:
    if link := g.get("link"):
        return f"link:{link.id}"
    return f"person:{current_user.id}" if current_user.is_authenticated else "stranger"


def _name_of(thing: Any) -> str:
    return f"{thing.__class__.__name__}:{thing.id}" if thing is not None else ""


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="once")


def error_page(code: int, text: str) -> Response:
    """One page for every refusal, with a number to ask for help by."""
    db.session.rollback()
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
    }
    page = render_template(
        "errors/error.html",
        code=code,
        title=titles.get(code, titles[500]),
        text=text,
        request_id=g.get("request_id", ""),
        back_url="",
    )
    response = make_response(page, code)
    response.headers["Cache-Control"] = "no-store"
    return response


def signed_out() -> str:
    """What somebody reads whose session ended while they were writing."""
    return _("Your session has ended. Sign in in another window, then go back and send the form again.")


def foreign() -> str:
    """What somebody reads whose form came from another site."""
    return _("The form did not come from this site, or your session has changed. Please load it again.")


def not_understood() -> str:
    """What somebody reads whose request makes no sense."""
    return _("The request was not understood.")


def _refusal(refusal: DomainError) -> Response:
    return error_page(refusal.status, sentence_of(refusal))


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


def _trouble(error: Exception) -> Response:
    log.exception("unexpected", request_id=g.get("request_id", ""), path=request.path, error=type(error).__name__)
    return error_page(
        500, _("The trouble has been recorded. What you typed is kept by your browser; try again in a moment.")
    )
