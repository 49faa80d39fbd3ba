"""The check of a policy: what nobody would notice before an emergency."""

from flask import Response, request, url_for
from flask_babel import gettext as _

from blueprints import pages
from blueprints.access import requires
from blueprints.admin import bp
from blueprints.admin.lint_words import mended_at, sentence
from blueprints.admin.policy_words import titled
from models.insight.policy_lint import lint
from models.insight.subject import Subject, subject_of, subjects


@bp.get("/lint")
@requires("edit_policy")
def check_policy() -> Response:
    """The default policy, or the one that the address names."""
    subject = subject_of(request.args.get("policy", ""))
    pack = subject.version.pack
    found = lint(subject.version)
    return pages.show(
        "admin/lint.html",
        pack=pack,
        tabs=[(title_of(each), url_for("admin.check_policy", policy=each.key), each.key == subject.key)
              for each in subjects()],
        findings=[(finding, sentence(finding, pack), mended_at(finding, subject)) for finding in found],
        errors=sum(finding.is_error for finding in found),
        key=subject.key,
    )  # fmt: skip


def title_of(subject: Subject) -> str:
    """What the policy is called, and whether it is a draft."""
    title = titled(subject.version.pack)
    return _("%(name)s (draft)", name=title) if subject.draft_id else title
