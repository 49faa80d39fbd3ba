"""Which letters somebody wants beside the inbox, which of them once a day, and when none."""

from collections.abc import Iterable
from datetime import time

from flask import Response, flash, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectMultipleField, TimeField, ValidationError
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput

from blueprints import pages
from blueprints.access import me, requires
from blueprints.account import bp
from blueprints.labels import label
from models.people.quiet import COLLECTED_AT
from models.rules.subjects import NEWS, SUBJECTS
from models.steps import accounts

QUIET = ("quiet_from", "quiet_until")


def _subjects() -> list[tuple[str, str]]:
    return [(subject, label("subject", subject)) for subject in SUBJECTS]


class LettersForm(FlaskForm):
    """A tick for each subject; news one by one or as one letter a day; quiet hours, or none."""

    mailed = SelectMultipleField(_l("By mail"), choices=_subjects, option_widget=CheckboxInput())
    collects = BooleanField(_l("Collect news: one letter a day"))
    quiet_from = TimeField(_l("Quiet from"), validators=[Optional()], render_kw={"step": 300})
    quiet_until = TimeField(_l("until"), validators=[Optional()], render_kw={"step": 300})

    def validate_quiet_from(self, _field: TimeField) -> None:
        if self.quiet_until.data is None:
            raise ValidationError(_("Please give both times, or none."))

    def validate_quiet_until(self, field: TimeField) -> None:
        if self.quiet_from.data is None:
            raise ValidationError(_("Please give both times, or none."))
        if field.data == self.quiet_from.data:
            raise ValidationError(_("These are the same time. Leave both empty for no quiet hours."))


@bp.get("/notifications/letters")
@requires("use_account")
def letters() -> Response:
    mailed = [subject for subject in SUBJECTS if subject not in me().unmailed]
    hours = {name: time.fromisoformat(said) for name in QUIET if (said := getattr(me(), name))}
    return _letters_page(LettersForm(mailed=mailed, collects=me().collects, **hours))


@bp.post("/notifications/letters")
@requires("use_account")
def keep_letters() -> Response:
    form = LettersForm()

    def keep() -> None:
        accounts.set_own_settings(
            me(),
            unmailed=[subject for subject in SUBJECTS if subject not in form.mailed.data],
            collects=form.collects.data,
            **{name: f"{form[name].data:%H:%M}" if form[name].data is not None else "" for name in QUIET},
        )
        flash(_("Your settings are kept."))

    return pages.act(
        form,
        action="keep_letters",
        thing=me(),
        page=_letters_page,
        do=keep,
        then=lambda _: url_for("account.letters"),
    )


def _letters_page(form: FlaskForm) -> Response:
    return pages.show(
        "account/letters.html",
        form=form,
        told={subject: _names(templates) for subject, templates in SUBJECTS.items()},
        news=_names(NEWS),
        five=f"{COLLECTED_AT:%H:%M}",
    )


def _names(templates: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(label("letter", template) for template in templates))
