"""Policies (P3.2, P4.3): what is in force, each edition to be read and printed, and how a draft begins."""

from flask import Response, url_for
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import by_id, me, requires
from blueprints.admin import bp, policy_words
from blueprints.admin.policy_forms import ImportForm, draft_form
from models.ground import clock
from models.ground.errors import Missing
from models.policy.draft import draft_of, drafts
from models.policy.pack import SHIPPED, Pack, load_pack
from models.policy.pack_file import write_pack
from models.policy.version import (
    PolicyVersion,
    editions_of,
    version_in_force,
    versions_in_force,
    versions_scheduled,
)
from models.steps import policies as steps

edition = by_id(PolicyVersion)


@bp.get("/policies")
@requires("edit_policy")
def policies() -> Response:
    """What is in force, what is coming, and what somebody is working on."""
    return _list_page()


@bp.get("/policies/editions/<int:thing_id>")
@requires("edit_policy", edition)
def show_policy(version: PolicyVersion) -> Response:
    """One edition, as it prints: definitions, time limits, ladder; and what it changed."""
    editions = editions_of(version.pack_name)
    before = next((other for other in editions if other.edition < version.edition), None)
    return pages.show(
        "admin/policy_edition.html",
        version=version,
        pack=version.pack,
        editions=editions,
        before=before,
        changes=policy_words.differences(before, version.pack, version.calendar_row) if before else [],
        draft=draft_of(version.pack_name),
        words=policy_words,
    )


@bp.get("/policies/editions/<int:thing_id>/file")
@requires("edit_policy", edition)
def export_policy(version: PolicyVersion) -> Response:
    """The edition as a file that can be read, kept and imported."""
    name = f"{version.pack_name}-{version.edition}.toml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(write_pack(version.pack), mimetype="application/toml", headers=headers)


@bp.post("/policies/drafts")
@requires("edit_policy")
def draft_policy() -> Response:
    form = draft_form(_sources())
    return pages.act(
        form,
        action="draft_policy",
        page=lambda shown: _list_page(begin=shown),
        do=lambda: steps.start_draft(_source(form.source.data), actor=me(), name=form.name.data or ""),
        then=lambda draft: url_for("admin.edit_policy", thing_id=draft.id),
    )


@bp.post("/policies/imports")
@requires("edit_policy")
def import_policy() -> Response:
    form = ImportForm()
    return pages.act(
        form,
        action="import_policy",
        page=lambda shown: _list_page(upload=shown),
        do=lambda: steps.import_draft(form.content(), actor=me()),
        then=lambda draft: url_for("admin.show_policy_draft", thing_id=draft.id),
    )


def _list_page(*, begin: FlaskForm | None = None, upload: FlaskForm | None = None) -> Response:
    now = clock.now()
    in_force = versions_in_force(now)
    return pages.show(
        "admin/policies.html",
        in_force=in_force,
        default=version_in_force(now),
        scheduled=versions_scheduled(now),
        drafts=drafts(),
        unused=[load_pack(name) for name in SHIPPED if name not in [version.pack_name for version in in_force]],
        begin=begin or draft_form(_sources()),
        upload=upload or ImportForm(),
    )


def _sources() -> list[tuple[str, str]]:
    """Policies that a draft can begin as: those in force, and those that ship."""
    names = [version.pack_name for version in versions_in_force(clock.now())]
    known = [*names, *(name for name in SHIPPED if name not in names)]
    return [(name, f"{policy_words.titled(_source(name))} ({name})") for name in known]


def _source(name: str) -> Pack:
    """The newest edition of a policy, else the pack that ships under the name. Raises Missing."""
    newest = next(iter(editions_of(name)), None)
    if newest:
        return newest.pack
    if name not in SHIPPED:
        raise Missing("There is no such policy.")
    return load_pack(name)
