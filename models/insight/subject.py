"""A policy that is looked at before it counts, or while it does: an edition in force, a draft, one that ships."""

from typing import NamedTuple

from models.ground import clock
from models.ground.errors import Missing
from models.policy.calendar import CalendarRow
from models.policy.content import digest_of
from models.policy.draft import PolicyDraft, drafts
from models.policy.pack import SHIPPED, Pack, load_pack
from models.policy.version import PolicyVersion, version_in_force, versions_in_force

DRAFT = "draft:"


class Subject(NamedTuple):
    """`key` names it in addresses and commands. The edition of a draft is only thought of: it is never written."""

    key: str
    version: PolicyVersion
    draft_id: int | None = None


def subjects() -> list[Subject]:
    """What is in force, then what is in work."""
    in_force = [Subject(version.pack_name, version) for version in versions_in_force(clock.now())]
    return [*in_force, *map(_of_draft, drafts())]


def subject_of(key: str) -> Subject:
    """The policy in force under the name, else its draft, else what ships; `draft:NAME` is the draft, and nothing the
    default. Raises Missing."""
    default = version_in_force(clock.now())
    if not key:
        return Subject(default.pack_name, default)
    for subject in subjects():
        if key in (subject.key, subject.version.pack_name):
            return subject
    if key not in SHIPPED:
        raise Missing("There is no such policy.")
    return Subject(key, _edition(load_pack(key), default.calendar_row))


def _of_draft(draft: PolicyDraft) -> Subject:
    return Subject(f"{DRAFT}{draft.pack_name}", _edition(draft.pack, draft.calendar_row), draft.id)


def _edition(pack: Pack, calendar: CalendarRow) -> PolicyVersion:
    content = pack.dump()
    return PolicyVersion(
        pack_name=pack.name, edition=0, content=content, digest=digest_of(content), calendar_row=calendar
    )
