"""Drafts of policies: the table, what it would do, and publishing, which takes two (P4.3, P12.3)."""

from typing import Any

from flask import Response, request, url_for
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import by_id, me, requires
from blueprints.admin import bp, policy_words
from blueprints.admin.forms import PlainForm
from blueprints.admin.policy_forms import ContentForm, ProposalForm, content_form
from blueprints.fields import row
from models.insight.policy_preview import EFFECTS, preview
from models.policy.calendar import CalendarRow
from models.policy.draft import PolicyDraft
from models.policy.version import editions_of
from models.steps import policies as steps

draft = by_id(PolicyDraft)


@bp.get("/policies/drafts/<int:thing_id>")
@requires("edit_policy", draft)
def show_policy_draft(draft: PolicyDraft) -> Response:
    """What it changes, what it would do to the open tickets of today, and what is to be done with it."""
    return _draft_page(draft)


@bp.route("/policies/drafts/<int:thing_id>/content", methods=["GET", "POST"])
@requires("edit_policy", draft)
def edit_policy(draft: PolicyDraft) -> Response:
    """The policy as a table."""
    form = content_form(draft)

    def page(shown: FlaskForm) -> Response:
        return pages.show(
            "admin/policy_content.html", draft=draft, pack=draft.pack, form=shown, words=policy_words,
            steps=_ladder_keys(shown),
        )  # fmt: skip

    if request.method != "POST":
        return page(form)
    return pages.act(
        form,
        action="edit_policy",
        thing=draft,
        page=page,
        do=lambda: steps.edit_draft(draft, actor=me(), content=form.content(), calendar=_calendar(form)),
        then=_draft_url,
    )


@bp.post("/policies/drafts/<int:thing_id>/proposal")
@requires("publish_policy", draft)
def propose_policy(draft: PolicyDraft) -> Response:
    form = ProposalForm()
    return pages.act(
        form,
        action="propose_policy",
        thing=draft,
        page=lambda shown: _draft_page(draft, proposal=shown),
        do=lambda: steps.propose_edition(draft, actor=me(), **form.given()),
        then=_draft_url,
    )


@bp.post("/policies/drafts/<int:thing_id>/withdrawal")
@requires("publish_policy", draft)
def withdraw_policy(draft: PolicyDraft) -> Response:
    return _press("withdraw_policy", draft, lambda: steps.withdraw_proposal(draft, actor=me()), _draft_url)


@bp.post("/policies/drafts/<int:thing_id>/publication")
@requires("publish_policy", draft)
def confirm_policy(draft: PolicyDraft) -> Response:
    """The second person: from now on, or from its day, it stands."""
    return _press(
        "confirm_policy",
        draft,
        lambda: steps.confirm_edition(draft, actor=me()),
        lambda version: url_for("admin.show_policy", thing_id=version.id),
    )


@bp.post("/policies/drafts/<int:thing_id>/removal")
@requires("edit_policy", draft)
def discard_policy(draft: PolicyDraft) -> Response:
    return _press(
        "discard_policy", draft, lambda: steps.discard_draft(draft, actor=me()), lambda _: url_for("admin.policies")
    )


def _press(action: str, draft: PolicyDraft, do: Any, then: Any) -> Response:
    return pages.act(PlainForm(), action=action, thing=draft, page=pages.refuse_form, do=do, then=then)


def _draft_page(draft: PolicyDraft, *, proposal: FlaskForm | None = None) -> Response:
    before = next(iter(editions_of(draft.pack_name)), None)
    return pages.show(
        "admin/policy_draft.html",
        draft=draft,
        pack=draft.pack,
        before=before,
        changes=policy_words.differences(before, draft.pack, draft.calendar_row) if before else [],
        preview=preview(draft, reader=me()),
        effects=EFFECTS,
        form=proposal or ProposalForm(formdata=None),
        can_confirm=draft.proposed_at is not None and steps.can_confirm(me(), draft),
        words=policy_words,
    )


def _calendar(form: ContentForm) -> CalendarRow:
    chosen: CalendarRow = row(CalendarRow, form.calendar_id.data)
    return chosen


def _ladder_keys(form: FlaskForm) -> list[str]:
    return [name.removesuffix(".rungs") for name in form.data if name.endswith(".rungs")]


def _draft_url(draft: PolicyDraft) -> str:
    return url_for("admin.show_policy_draft", thing_id=draft.id)
