"""Long work: the list, one job with its progress, and calling it off."""

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import job, me, requires
from blueprints.jobs import bp
from models.ground import clock
from models.ground.vocabulary import Role
from models.record.job import KEPT, Job, jobs_of
from models.steps.jobs import cancel_job

RESULTS = {"replay": "admin.show_replay"}  # kind → the page that shows what came of it
ASKED = {"replay": {"policy": _l("Policy"), "first": _l("First day"), "last": _l("Last day")}}  # in this order
PAUSES = ((10, 1), (60, 2), (600, 5))  # (seconds since it was asked for, seconds between two looks); then 15
LONGEST_PAUSE = 15


class PlainForm(FlaskForm):
    """A button and nothing else."""


@bp.get("/jobs")
@requires("use_account")
def list_jobs() -> Response:
    """One's own; an administrator sees everybody's."""
    is_admin = me().holds(Role.ADMIN)
    return pages.show("jobs/list.html", jobs=jobs_of(None if is_admin else me()), is_admin=is_admin)


@bp.get("/jobs/<int:job_id>")
@requires("view_job", job)
def show_job(job: Job) -> Response:
    """Looks again by itself, less and less often; once it is over the whole page comes anew."""
    kept_until = job.ended_at + KEPT if job.ended_at else None
    response = pages.show("jobs/job.html", job=job, pause=_pause(job), kept_until=kept_until)
    if job.is_over and pages.is_fragment():
        response.headers["HX-Refresh"] = "true"
    return response


@bp.post("/jobs/<int:job_id>/cancellation")
@requires("cancel_job", job)
def cancel(job: Job) -> Response:
    return pages.act(
        PlainForm(), action="cancel_job", thing=job, page=pages.refuse_form,
        do=lambda: cancel_job(job, actor=me()),
        then=lambda _: url_for("jobs.show_job", job_id=job.id),
    )  # fmt: skip


@bp.app_template_global()
def result_url(job: Job) -> str:
    """Where what came of it is shown; "" while there is nothing, or nothing any more."""
    return url_for(RESULTS[job.kind], job_id=job.id) if job.result is not None else ""


@bp.app_template_global()
def asked_for(job: Job) -> list[tuple[str, str]]:
    """(word, what was said): the question that the job answers."""
    return [(str(word), str(job.arguments.get(name, ""))) for name, word in ASKED[job.kind].items()]


@bp.app_template_global()
def time_left(job: Job) -> str:
    """`about 40 s left`; "" as long as nobody can say."""
    seconds = job.seconds_left
    if seconds is None:
        return ""
    if seconds < 60:
        return _("about %(seconds)s s left", seconds=max(1, round(seconds)))
    return ngettext("about %(num)s minute left", "about %(num)s minutes left", round(seconds / 60))


def _pause(job: Job) -> int:
    age = (clock.real_now() - job.created_at).total_seconds()
    return next((pause for limit, pause in PAUSES if age < limit), LONGEST_PAUSE)
