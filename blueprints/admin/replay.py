"""The replay of a policy (政策回放, P12.3): a question in the address, so that the answer can be handed on."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, ValidationError
from wtforms.validators import InputRequired

from blueprints import pages
from blueprints.access import me, requires
from blueprints.admin import bp, policy_words
from models.ground import clock
from models.insight.replay import AGAIN, QUARTER, replay
from models.policy.draft import PolicyDraft, drafts
from models.policy.version import PolicyVersion, version_in_force, versions

RUNGS = ("1", "2", "3", AGAIN)
LONGEST = timedelta(days=366)
_given = InputRequired(_l("This must be filled in."))


class ReplayForm(FlaskForm):
    """Which policy, and the first and last day of the reports."""

    class Meta:
        csrf = False

    policy = SelectField(_l("Policy"))
    first = DateField(_l("First day"), validators=[_given])
    last = DateField(_l("Last day"), validators=[_given])

    def validate_last(self, field: DateField) -> None:
        if not self.first.data or not field.data:
            return
        if field.data < self.first.data:
            raise ValidationError(_("The last day must not be before the first."))
        if field.data - self.first.data > LONGEST:
            raise ValidationError(_("Please choose a year at most."))


@bp.get("/replay")
@requires("replay_policy")
def replay_policy() -> Response:
    """Opening it only asks for the period."""
    policies = _policies()
    today = clock.now().astimezone(ZoneInfo(version_in_force(clock.now()).calendar.tz)).date()
    form = ReplayForm(formdata=request.args if "first" in request.args else None, data=_usual(today, policies))
    form.policy.choices = [(code, _title(policy)) for code, policy in policies.items()]
    is_asked = "first" in request.args and form.validate()
    found = None
    if is_asked:
        chosen = policies[form.policy.data]
        found = replay(chosen, first=form.first.data, last=form.last.data, reader=me())
    return pages.show(
        "admin/replay.html", form=form, found=found, rungs=RUNGS, words=policy_words, status=422 if form.errors else 200
    )


def _usual(today: date, policies: dict[str, PolicyDraft | PolicyVersion]) -> dict[str, object]:
    """The first policy, and the last quarter."""
    asked = request.args.get("policy", "")
    return {
        "policy": asked if asked in policies else next(iter(policies)),
        "first": today - QUARTER + timedelta(days=1),
        "last": today,
    }


def _policies() -> dict[str, PolicyDraft | PolicyVersion]:
    """Drafts first, for they are what has to be decided; then every edition, the newest first."""
    found: dict[str, PolicyDraft | PolicyVersion] = {draft.pack_name: draft for draft in drafts()}
    return found | {f"{version.pack_name}@{version.edition}": version for version in versions()}


def _title(policy: PolicyDraft | PolicyVersion) -> str:
    name = policy_words.titled(policy.pack)
    if isinstance(policy, PolicyVersion):
        return f"{name} ({policy.pack_name} {policy.edition})"
    return _("Draft of %(name)s", name=f"{name} ({policy.pack_name})")
