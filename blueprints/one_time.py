"""One-time tokens of forms: a form that is sent twice has one effect and gets the first answer (safety rule 12)."""

import secrets
from typing import Any

from flask import Flask, g, request
from flask_login import current_user
from itsdangerous import BadSignature

from blueprints.seals import seal
from models.ground import tokens
from models.ground.errors import Conflict
from models.record import once


def register(app: Flask) -> None:
    """Let every form carry its token."""
    app.jinja_env.globals.update(once=token_for)


def token_for(action: str, thing: Any = None) -> str:
    """What a form carries: 128 random bits, bound to who sees it, the action and the thing."""
    return str(seal("once").dumps([secrets.token_hex(16), _viewer(), action, _name_of(thing)]))


def read(action: str, thing: Any) -> str | None:
    """The random part of the form's token; None when it is not ours, or was shown to somebody else."""
    sealed = _sealed()
    return sealed[0] if sealed and sealed[1:] == [_viewer(), action, _name_of(thing)] else None


def nonce_of(token: str) -> str:
    """The random part of a token that was just made."""
    return str(seal("once").loads(token)[0])


def nonce() -> str | None:
    """The random part of the token that was sent, whatever form it is of; None when it was shown to somebody else."""
    sealed = _sealed()
    return sealed[0] if sealed and sealed[1] == _viewer() else None


def deed() -> str:
    """What the form that is being sent was to do, whoever sends it; empty when the token is not ours."""
    sealed = _sealed()
    return sealed[2] if sealed else ""


def spend(token: str, *, location: str) -> None:
    """Inside the command's own transaction: from now on this form leads to `location`."""
    once.spend(token, body=_body(), location=location)


def answer_of(token: str | None) -> str | None:
    """Where the form led that spent this token; None while it is unspent. Raises Conflict when the words differ."""
    held = once.spent(token) if token else None
    if held is None:
        return None
    if held.body != _body():
        raise Conflict("This form has already been sent with other words.")
    return held.location


def is_spent() -> bool:
    """Whether the form that is being sent has led somewhere already, with these words or others."""
    token = nonce()
    return token is not None and once.spent(token) is not None


def answered_already() -> str | None:
    """Where the form that is being sent again led, also when its sender may no longer send it."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return None
    token = nonce()
    return answer_of(token) if token else None


def _sealed() -> list[str] | None:
    """What the token of the form says, if we have signed it: random part, viewer, action, thing."""
    try:
        sealed = seal("once").loads(request.form.get("once", ""))
    except BadSignature:
        return None
    return [str(part) for part in sealed] if isinstance(sealed, list) and len(sealed) == 4 else None


def _body() -> str:
    """What was said, passwords too: under the key, so that nobody who reads the table can try what it was."""
    said = [pair for pair in sorted(request.form.items(multi=True)) if pair[0] != "csrf_token"]
    return tokens.mac("form", repr(said).encode()).hex()


def _viewer() -> str:
    if link := g.get("link"):
        return f"link:{link.id}"
    return f"person:{current_user.id}" if current_user.is_authenticated else "stranger"


def _name_of(thing: Any) -> str:
    return f"{thing.__class__.__name__}:{thing.id}" if thing is not None else ""
