"""Pages and forms: all that the house knows of htmx, and a POST from end to end."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm
from jinja2_fragments.flask import render_block
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import FileStorage
from wtforms import Field, MultipleFileField, SelectMultipleField

from blueprints import begun, one_time, rates, undoing
from blueprints.refusals import error_page, not_understood, said_when, sentence_of
from models.ground import clock, tokens
from models.ground.db import db, expecting, last_words
from models.ground.errors import Busy, Conflict, DomainError, Invalid, Missing, TooMany
from models.people.person import Person
from models.people.session import SEEN_EVERY, see
from models.record import attachment, draft
from models.record.attachment import Attachment
from models.record.link import Link
from models.rules import workflow
from models.steps.intake import keep_file

MANY = (SelectMultipleField, MultipleFileField)  # fields that are sent with several values, and those that say so
WORKED_IN = {"/triage": "board"}  # lists in which one stays at work: their region is renewed after each deed
POLL_EVERY = 15  # seconds a region waits for its next look while the live hub is silent


def register(app: Flask) -> None:
    """What forms ask while they are drawn."""
    app.jinja_env.globals.update(
        can=lambda action, ticket: workflow.can(_actor(), action, ticket),
        beside_list=beside_list,
        kept_files=lambda: kept_files(_actor()),
    )


def is_fragment() -> bool:
    """Whether htmx asks for a part of the page only."""
    return request.headers.get("HX-Request-Type") == "partial"


def beside_list() -> bool:
    """Whether the page is shown in the pane beside a list, from which one works on."""
    return is_fragment() and request.headers.get("HX-Target", "").endswith("#preview")


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
        return Response(status=200, headers=_in_place() or {"HX-Redirect": _loading(location)})
    return redirect(location, 303)  # type: ignore[return-value]


def _in_place() -> dict[str, str]:
    """Of a deed done from within a list in which one stays at work: the list is fetched again where it stands."""
    here = urlsplit(request.headers.get("HX-Current-URL", ""))
    if here.path not in WORKED_IN:
        return {}
    path = here.path + (f"?{here.query}" if here.query else "")
    target = f"#{WORKED_IN[here.path]}"
    again = {"path": path, "target": target, "swap": "outerMorph", "push": "false", "headers": {"HX-Target": target}}
    return {"HX-Location": json.dumps(again)}


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
    token = one_time.read(action, thing)
    if answered := one_time.answer_of(token):
        return done(answered)
    if _says_twice(form):
        return error_page(400, not_understood())
    if refusal := g.pop("too_many", None):
        add_error(form, refusal)
        return said_when(_again(form, page, refusal.status), refusal)
    if not form.validate_on_submit():
        return _again(form, page, 422)
    if token is None:
        form.form_errors.append(_("This form is too old. Please check it and send it again."))
        return _again(form, page, 422)
    location, writer = "", current_user.id if current_user.is_authenticated else None

    def spend(result: Any) -> None:
        nonlocal location
        location = then(result)
        one_time.spend(token, location=location)
        rates.count(action)
        if writer:
            draft.forget(writer, begun.place_of(action, request.path))
            _see_session()

    try:
        with last_words(spend), expecting(_version()):
            result = do()
    except (IntegrityError, Missing):  # perhaps because the same form was faster
        db.session.rollback()
        if answered := one_time.answer_of(token):
            return done(answered)
        raise
    except (Invalid, Conflict, Busy, TooMany) as refusal:
        db.session.rollback()
        add_error(form, refusal)
        if isinstance(refusal, Conflict):
            _show_both(form, thing)
        return said_when(_again(form, page, refusal.status), refusal)
    undoing.remember(action, thing, result)
    return done(location or then(result))  # a deed that is no command has spent nothing


def _says_twice(form: FlaskForm) -> bool:
    """Whether a field of one value was sent with two: then nobody can say which was meant, or who else reads it."""
    names = {"once", "version", *(field.name for field in form if not _is_of_many(field))}
    return any(len(request.form.getlist(name)) > 1 for name in names)


def _is_of_many(field: Field) -> bool:
    return isinstance(field, MANY) or getattr(field, "is_of_many", False)


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


def files_of(uploads: Sequence[FileStorage], actor: Person | Link) -> list[str]:
    """Keep what was uploaded, before anything else is judged; returns the keys, earlier ones included.

    Of a form that has led somewhere already nothing is kept: those files are where the first led.
    """
    if "kept_keys" not in g:
        g.kept_keys = [key for key in request.form.getlist("kept") if key.isalnum()]
        for upload in () if one_time.is_spent() else uploads:
            if upload and upload.filename and "too_many" not in g:
                _keep(upload, actor)
    return list(g.kept_keys)


def _keep(upload: FileStorage, actor: Person | Link) -> None:
    """One file; whoever sends too many finds in the form again what was kept until then."""
    try:
        with rates.counting_files():
            g.kept_keys.append(keep_file(actor=actor, name=upload.filename or "", content=upload.read()).key)
    except TooMany as refusal:
        g.too_many = refusal


def kept_files(actor: Person | Link) -> list[Attachment]:
    """Files that the form shown again already holds."""
    keys = g.get("kept_keys", [])
    return attachment.kept(
        keys,
        person_id=actor.id if isinstance(actor, Person) else None,
        link_id=actor.id if isinstance(actor, Link) else None,
    )


def _see_session() -> None:
    """Every few minutes at most; looking alone writes nothing."""
    seen = current_user.session_seen
    if seen is None or clock.real_now() - seen > SEEN_EVERY:
        see(tokens.digest(current_user.session_token))


def _actor() -> Person | Link:
    """Whoever looks at the page: the person signed in, or the holder of a link."""
    return g.get("link") or current_user._get_current_object()


def _show_both(form: FlaskForm, thing: Any) -> None:
    """Beside what was typed, what stands there now: nobody's words are lost (safety rule 13)."""
    for field in form:
        stored = getattr(thing, field.name, None)
        if isinstance(stored, str) and isinstance(field.data, str) and stored.strip() != field.data.strip():
            field.errors = [*field.errors, _("Somebody else has changed this meanwhile.")]
            begun.set_against(field, stored)


def _again(form: FlaskForm, page: Callable[[FlaskForm], Response], status: int) -> Response:
    db.session.rollback()
    response = page(form)
    response.status_code = status
    return response


def asks_for(block: str) -> bool:
    """Whether htmx asks for this part only."""
    return is_fragment() and _wanted_block() == block


def _wanted_block() -> str:
    return request.headers.get("HX-Target", "").rpartition("#")[2].replace("-", "_")


def _block_of(template: str) -> str:
    """`section#clocks` in HX-Target asks for the block `clocks`; without such a block, for `content`, and
    in the pane beside a list for `work`."""
    wanted = _wanted_block()
    blocks = current_app.jinja_env.get_template(template).blocks
    likely = (wanted, "content", *(("work",) if beside_list() else ()))
    return next((name for name in likely if name in blocks), "")


def _version() -> int | None:
    version = request.form.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None
