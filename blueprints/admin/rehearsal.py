"""The rehearsal: a ticket that nobody touches, and everything that would follow. A question, so nothing is written."""

from datetime import datetime

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, ValidationError
from wtforms.validators import Optional

from blueprints import pages
from blueprints.access import requires
from blueprints.admin import bp, rehearsal_words
from blueprints.admin.calendar_forms import FIRST_YEAR, LAST_YEAR
from blueprints.admin.lint import title_of
from blueprints.fields import MINUTE, Moment, chosen, instant, optional_team_choices, row
from blueprints.labels import zone
from models.ground import clock
from models.ground.errors import Invalid
from models.ground.vocabulary import Severity
from models.insight.rehearsal import Line, rehearse
from models.insight.subject import subject_of, subjects
from models.people.team import Team


class RehearsalForm(FlaskForm):
    """Which policy, which level, from when on."""

    class Meta:
        csrf = False

    policy = SelectField(_l("Policy"), choices=lambda: [(each.key, title_of(each)) for each in subjects()])
    level = SelectField(_l("Severity"), choices=[(str(code), str(code)) for code in Severity])
    team = SelectField(
        _l("Team"),
        coerce=chosen,
        choices=optional_team_choices,
        validators=[Optional()],
        description=_l("Without a team nobody looks at the report at all; with one, triage hands it there at once."),
    )
    start = Moment(_l("Begins"), format=MINUTE, validators=[Optional()])
    acknowledged = BooleanField(_l("Whoever is told first takes charge at once"))

    def validate_start(self, field: Moment) -> None:
        if field.data and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
            raise ValidationError(_("Please give a year from %(first)s to %(last)s.", first=FIRST_YEAR, last=LAST_YEAR))


@bp.get("/rehearsal")
@requires("edit_policy")
def rehearse_policy() -> Response:
    """The question stands in the address, so that the answer can be handed on as a link."""
    form = RehearsalForm(formdata=request.args or None, data=_usual())
    lines = _played(form) if request.args and form.validate() else None
    status = 422 if form.errors else 200
    return pages.show("admin/rehearsal.html", form=form, lines=lines, words=rehearsal_words, status=status)


def _played(form: RehearsalForm) -> list[Line] | None:
    try:
        return rehearse(
            subject_of(form.policy.data).version,
            level=form.level.data,
            start=instant(form.start.data) or clock.now(),
            team=row(Team, form.team.data),
            acknowledged=form.acknowledged.data,
        )
    except Invalid as refusal:
        pages.add_error(form, refusal)
        return None


def _usual() -> dict[str, str | datetime]:
    """The worst level of the default policy, now."""
    here = clock.now().astimezone(zone()).replace(tzinfo=None, second=0, microsecond=0)
    return {"policy": subject_of("").key, "level": Severity.P0, "start": here}
