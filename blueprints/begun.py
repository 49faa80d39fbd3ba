"""Forms that were begun: what was typed stands there again, on every device, until it is sent or discarded."""

from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Flask, g, request
from flask_login import current_user
from flask_wtf import FlaskForm
from itsdangerous import BadSignature
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField

from blueprints import one_time
from blueprints.seals import seal
from models.insight.revision import Part, difference
from models.record import draft
from models.record.draft import FormDraft
from models.steps.drafts import LARGEST, keep_draft

NEVER = ("password", "again", "old_password", "proof", "otp")  # kept nowhere


def register(app: Flask) -> None:
    """What forms ask while they are drawn."""
    app.jinja_env.globals.update(bring_back=bring_back, begun=begun, against=against)


def place_of(action: str, address: str) -> str:
    """What a draft is kept under: the form's deed and the address that it posts to."""
    path = unquote(urlsplit(address).path)
    return f"{action} {path}" if action and path.startswith("/") else ""


def bring_back(action: str, url: str, form: FlaskForm | None, thing: Any = None) -> FormDraft | None:
    """Put what was begun here into the form that is about to be drawn; None when nothing was."""
    held = _drafts().get(place_of(action, url)) if form is not None else None
    if held is None or form is None or form.errors:
        return None
    before = dict(form.data)
    form.process(_as_sent(form, held), data=before)
    g.kept_keys = list(held.files)
    if held.version is not None and held.version != getattr(thing, "version", None):
        _set_against(form, before)
    return held


def sealed() -> str:
    """All that a form said whose sender is signed out, for the sign-in page to carry; signed, as it leaves us."""
    place, sent = place_of(one_time.deed(), request.path), request.form
    fixed = {*NEVER, "csrf_token", "once", "version", "kept"}
    said = {name: texts for name, texts in sent.lists() if name not in fixed}
    carried = {"place": place, "said": said, "files": sent.getlist("kept"), "version": sent.get("version")}
    return str(seal("begun").dumps(carried)) if place and len(repr(said)) < LARGEST else ""


def take_over() -> None:
    """Somebody has just signed in: what they had sent without being signed in is a draft of theirs now."""
    try:
        carried = seal("begun").loads(request.form.get("begun", ""))
    except BadSignature:
        return
    version = carried.pop("version") or ""
    if current_user.is_authenticated:
        keep_draft(**carried, person=current_user, version=int(version) if version.isdecimal() else None)


def begun(action: str, url: str, empty: Any) -> FlaskForm | None:
    """A form for what was begun here; None when nothing was, and the empty one may be drawn once for all."""
    return empty() if place_of(action, url) in _drafts() else None


def set_against(field: Any, theirs: str) -> None:
    """Beside what was typed, what stands there now."""
    field.theirs = theirs


def against(field: Any) -> list[Part] | None:
    """What stands there now, marked against what was typed; None when nobody else has changed it."""
    theirs = getattr(field, "theirs", None)
    return None if theirs is None else difference(_shown(field, field.data), _shown(field, theirs))


def came_from(referrer: str, host: str) -> str:
    """The page that asked, on this site; never elsewhere."""
    came = urlsplit(referrer)
    if came.netloc != host or not is_ours(came.path):
        return "/"
    return came.path + (f"?{came.query}" if came.query else "")


def is_ours(path: str) -> bool:
    """Whether it leads to a page of this site, as browsers read it: they take a backslash for a slash."""
    return path.startswith("/") and not path.startswith(("//", "/\\"))


def _as_sent(form: FlaskForm, held: FormDraft) -> MultiDict[str, str]:
    """As if it had been sent; what no person types comes from the page that is drawn, never from a draft."""
    fixed = {*NEVER, *(field.name for field in form if isinstance(field, HiddenField))}
    return MultiDict((name, text) for name, texts in held.said.items() for text in texts if name not in fixed)


def _set_against(form: FlaskForm, before: dict[str, Any]) -> None:
    for field in form:
        was = before.get(field.name)
        if isinstance(was, str) and was.strip() and isinstance(field.data, str) and was.strip() != field.data.strip():
            set_against(field, was)


def _shown(field: Any, value: Any) -> str:
    """The word for a choice, the text of everything else."""
    words = {str(code): str(word) for code, word, *_rest in field.iter_choices()} if hasattr(field, "choices") else {}
    return words.get(str(value), str(value or ""))


def _drafts() -> dict[str, FormDraft]:
    """What the reader has begun; only looked for when a page is asked for, for a refused form has it all itself."""
    if request.method != "GET" or not current_user.is_authenticated or g.get("link"):
        return {}
    if "drafts" not in g:
        g.drafts = draft.drafts_of(current_user.id)
    found: dict[str, FormDraft] = g.drafts
    return found
