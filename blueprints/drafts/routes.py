"""What the script asks on the quiet while somebody writes: keep it, keep this file, is my session still there?"""

import json
from typing import Any

from flask import Response, jsonify, request
from flask_wtf.csrf import generate_csrf

from blueprints import begun, one_time, pages, rates
from blueprints.access import me, requires
from blueprints.drafts import bp
from blueprints.fields import whole
from blueprints.refusals import sentence_of
from blueprints.tickets.view import shown
from models.ground.errors import DomainError, Invalid, Missing
from models.record import attachment
from models.record.attachment import Attachment
from models.record.draft import Said
from models.steps import drafts as step
from models.steps.intake import keep_file

__all__ = ["bp"]


def unsent_file(key: str) -> Attachment:
    """One's own file that no form has sent yet. Raises Missing."""
    found = attachment.kept([key], person_id=me().id)
    if not found:
        raise Missing("There is no such file.")
    return found[0]


@bp.get("/session")
@requires("use_account")
def session() -> Response:
    """Who is signed in here now, and the token that this session's forms carry."""
    return _json({"user": me().login, "csrf": generate_csrf()})


@bp.post("/drafts")
@requires("use_account")
def keep() -> Response:
    """What stands in a form now, a moment after the last key."""
    step.keep_draft(
        begun.place_of(request.form.get("deed", ""), request.form.get("address", "")),
        person=me(),
        said=_said(request.form.get("said", "")),
        files=request.form.getlist("kept")[:50],
        version=whole(request.form.get("version", "")),
        token=one_time.nonce() or "",
        at=request.form.get("at", type=int),
    )
    return Response(status=204)


@bp.post("/drafts/discarded")
@requires("use_account")
def discard() -> Response:
    """Not wanted any more; without script the page is shown again without it."""
    place = begun.place_of(request.values.get("deed", ""), request.values.get("address", ""))
    step.discard_draft(place, person=me())
    return pages.done(begun.came_from(request.referrer or "", request.host))


@bp.post("/files")
@requires("use_account")
def upload() -> Response:
    """One file, as soon as it was chosen, pasted or dropped; the form sends its key later (P2.3)."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid("The request was not understood.")
    try:
        with rates.counting_files():
            kept = keep_file(actor=me(), name=sent.filename, content=sent.read())
    except DomainError as refusal:
        return _json({"problem": sentence_of(refusal)}, refusal.status)
    return _json({"key": kept.key, "name": kept.name, "size": kept.size, "picture": kept.is_image}, 201)


@bp.get("/files/<key>")
@requires("use_account", unsent_file)
def look(file: Attachment) -> Response:
    """A picture that has not been sent yet, small beside its name; anything else is not shown at all."""
    if not file.is_image:
        raise Missing("There is no such file.")
    return shown(file)


@bp.route("/files/<key>/words", methods=["GET", "POST"])
@requires("use_account", unsent_file)
def words(file: Attachment) -> Response:
    """What it is called, and what it shows for whoever cannot see it."""
    if request.method == "POST":
        step.describe_file(file, actor=me(), shows=request.form.get("shows", ""))
    return _json({"name": file.name, "picture": file.is_image, "shows": file.shows})


def _said(sent: str) -> Said:
    """Field → what stands in it. Raises Invalid for anything of another shape."""
    try:
        said: Any = json.loads(sent)
        return {str(name): [str(text) for text in texts] for name, texts in said.items() if isinstance(texts, list)}
    except (ValueError, AttributeError) as error:
        raise Invalid("The request was not understood.") from error


def _json(content: dict[str, Any], status: int = 200) -> Response:
    response = jsonify(content)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
