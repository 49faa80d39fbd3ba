"""Acts that somebody at an open desk must not do for another: one's own password is asked for again (ASVS 7.5).

Only some minutes after it was typed last, in the same form, with everything else that stands in it kept.
"""

from datetime import timedelta
from typing import Any

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import Length, ValidationError

from blueprints import rates
from blueprints.refusals import sentence_of
from models.ground import clock
from models.ground.db import aside
from models.ground.errors import Invalid, TooMany
from models.people.password import LONGEST
from models.people.person import password_matches
from models.rules import attempts
from models.rules.attempts import Attempt
from models.steps.accounts import prove

GOOD_FOR = timedelta(minutes=15)


def register(app: Flask) -> None:
    """Forms ask whether to show the field."""
    app.jinja_env.globals["must_prove"] = must_prove


def must_prove() -> bool:
    """Whether it is too long ago that the password was typed in this session."""
    proved = current_user.session_proved
    return proved is None or clock.real_now() - proved > GOOD_FOR


class ProvenForm(FlaskForm):
    """A form that is for whoever has typed the password a moment ago; else it asks for it."""

    proof = PasswordField(
        _l("Your own password"),
        description=_l("To be sure that it is you. It is asked for again after a quarter of an hour."),
        validators=[Length(max=LONGEST)],
        render_kw={"autocomplete": "current-password"},
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.proof.id = f"proof-{type(self).__name__}"  # a page may hold several of these forms

    def validate_proof(self, field: PasswordField) -> None:
        if not must_prove():
            return
        if not field.data:
            raise ValidationError(_("You typed your password a while ago. Please type it once more."))
        try:
            check_own_password(field.data, field=field.name)
        except (Invalid, TooMany) as refusal:
            raise ValidationError(sentence_of(refusal)) from refusal


def check_own_password(password: str, *, field: str) -> None:
    """That it is theirs, of whoever is signed in: counted before it is judged. Raises Invalid or TooMany."""
    person = current_user._get_current_object()
    attempt = Attempt("proof", str(person.id), rates.address(), device=str(person.id))
    with aside():
        try:
            used = attempts.count_try(attempt)
        except TooMany as refusal:
            refusal.field = field
            raise
        if not password_matches(person, password):
            attempts.note_if_paused(attempt, person_id=person.id, used=used)
            raise Invalid("This is not your present password.", field=field)
        prove(token=person.session_token, tried=attempt)
    person.session_proved = clock.real_now()
