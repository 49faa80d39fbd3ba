"""The replay of a policy (政策回放, P12.3): the question becomes a job, and its address shows what came of it."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, ValidationError
from wtforms.validators import InputRequired

from blueprints import pages
from blueprints.access import job, me, requires
from blueprints.admin import bp, policy_words
from blueprints.labels import language
from models.ground import clock
from models.ground.errors import Gone, Missing
from models.insight.replay import AGAIN, QUARTER
from models.insight.replayed import seen_by
from models.policy.draft import PolicyDraft, drafts
from models.policy.version import PolicyVersion, version_in_force, versions
from models.record.job import DONE, Job, jobs_of
from models.steps.jobs import start_job

RUNGS = ("1", "2", "3", AGAIN)
LONGEST = timedelta(days=366)
_given = InputRequired(_l("This must be filled in."))


class ReplayForm(FlaskForm):
    """Which policy, and the first and last day of the reports."""

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
    """Asks for the policy and the period, and lists one's earlier replays."""
    return _question(_form(formdata=None))


@bp.post("/replay")
@requires("replay_policy")
def start_replay() -> Response:
    """To the job that plays it."""
    form = _form()
    return pages.act(
        form, action="start_replay", page=_question,
        do=lambda: start_job(actor=me(), kind="replay", arguments=_of(form)),
        then=lambda job: url_for("jobs.show_job", job_id=job.id),
    )  # fmt: skip


@bp.get("/replay/<int:job_id>")
@requires("view_job", job)
def show_replay(job: Job) -> Response:
    """Before and after."""
    if job.kind != "replay" or job.state != DONE:
        raise Missing("There is no such replay, or it is not finished.")
    if job.result is None:
        raise Gone("The result was kept for seven days and is gone. Please ask for it again.")
    found = seen_by(me(), job.result)
    return pages.show(
        "admin/replayed.html", job=job, found=found, title=found["title"][language()], rungs=RUNGS,
        kinds=policy_words.KINDS,
    )  # fmt: skip


def _form(**more: object) -> ReplayForm:
    policies = _policies()
    today = clock.now().astimezone(ZoneInfo(version_in_force(clock.now()).calendar.tz)).date()
    form = ReplayForm(data=_usual(today, policies), **more)
    form.policy.choices = [(code, _title(policy)) for code, policy in policies.items()]
    return form


def _question(form: FlaskForm) -> Response:
    earlier = [each for each in jobs_of(me()) if each.kind == "replay"]
    return pages.show("admin/replay.html", form=form, jobs=earlier[:10])


def _of(form: ReplayForm) -> dict[str, str]:
    assert form.first.data
    assert form.last.data
    return {
        "policy": form.policy.data,
        "first": form.first.data.isoformat(),
        "last": form.last.data.isoformat(),
    }


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
