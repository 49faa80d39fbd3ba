"""Policies (P4.3, P12.3): a draft is edited, proposed by one person, confirmed by another, and stands from then on.

Publishing takes an administrator and a technical manager, two people, whoever of them comes first (P1).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import Role
from models.people.person import Person, holders
from models.policy.calendar import CalendarRow
from models.policy.difference import changes
from models.policy.draft import PolicyDraft, draft_of
from models.policy.numbering import clash
from models.policy.pack import BadPack, Pack
from models.policy.version import PolicyVersion, add_edition, editions_of, version_in_force
from models.rules.deeds import recorded
from models.rules.notices import owe_person
from models.rules.permissions import allows

OTHER = {Role.ADMIN: Role.TECH_MANAGER, Role.TECH_MANAGER: Role.ADMIN}


@command
@recorded("policy_drafted")
def start_draft(pack: Pack, *, actor: Person | None, name: str = "") -> PolicyDraft:
    """A draft that begins as `pack`, under a name of its own if one is given; None is the command line.

    It keeps the calendar of the newest edition, or takes that of the default. Raises Invalid.
    """
    _need_right(actor)
    raw = pack.dump() | ({"name": name} if name else {})
    return _add_draft(_read(raw, field="name"), actor)


@command
@recorded("policy_imported")
def import_draft(content: bytes, *, actor: Person | None) -> PolicyDraft:
    """A draft out of a file. Raises Invalid with the key at fault."""
    _need_right(actor)
    try:
        pack = Pack.parse(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Invalid("This is not a text file.", field="file") from None
    except BadPack as bad:
        raise Invalid("The file cannot be used. %(reason)s", field="file", reason=str(bad)) from None
    return _add_draft(pack, actor)


@command
@recorded("policy_edited")
def edit_draft(draft: PolicyDraft, *, actor: Person, content: dict[str, Any], calendar: CalendarRow) -> PolicyDraft:
    """Other numbers and words; whatever was proposed has to be proposed anew. Raises Invalid."""
    _need_right(actor)
    draft.content = _read(content | {"name": draft.pack_name}).dump()
    draft.calendar_id = calendar.id
    draft.edited_by_id, draft.edited_at = actor.id, clock.now()
    _take_back(draft)
    return draft


@command
@recorded("policy_proposed")
def propose_edition(
    draft: PolicyDraft, *, actor: Person, effective_at: datetime | None = None, is_default: bool = False, note: str = ""
) -> PolicyDraft:
    """Put the draft before a person of the other role; without a date it stands as soon as it is confirmed."""
    if not allows(actor, "publish_policy"):
        raise Refused("Only an administrator or a technical manager does this.")
    if effective_at and effective_at < clock.now():
        raise Invalid("This lies in the past.", field="effective_at")
    _refuse_nothing_new(draft, is_default)
    _refuse_number_clash(draft)
    draft.proposed_by_id, draft.proposed_at = actor.id, clock.now()
    draft.effective_at, draft.is_default, draft.note = effective_at, is_default, " ".join(note.split())[:200]
    for person in _who_confirms(actor):
        key = f"policy:{draft.id}:{draft.version}:{person.id}"
        owe_person(person, "policy_proposed", key=key, params={"draft": draft.id, "policy": draft.pack_name})
    return draft


@command
@recorded("proposal_withdrawn")
def withdraw_proposal(draft: PolicyDraft, *, actor: Person) -> PolicyDraft:
    """The draft is not to be published as it is; either side can say so."""
    if not allows(actor, "publish_policy"):
        raise Refused("Only an administrator or a technical manager does this.")
    _need_proposal(draft)
    _take_back(draft)
    return draft


@command
@recorded("policy_published")
def confirm_edition(draft: PolicyDraft, *, actor: Person) -> PolicyVersion:
    """The second person agrees: the draft becomes the next edition, and stands. Raises Refused, Conflict, Invalid."""
    if not can_confirm(actor, draft):
        raise Refused("Publishing takes an administrator and a technical manager: two people.")
    _need_proposal(draft)
    _refuse_number_clash(draft)
    version = add_edition(
        draft.pack,
        calendar_id=draft.calendar_id,
        effective_at=max(draft.effective_at or clock.now(), clock.now()),
        is_default=draft.is_default,
        note=draft.note,
        proposed_by_id=draft.proposed_by_id,
        confirmed_by_id=actor.id,
    )
    db.session.delete(draft)
    return version


@command
@recorded("policy_discarded")
def discard_draft(draft: PolicyDraft, *, actor: Person) -> None:
    """Throw the draft away; editions stay as they are."""
    _need_right(actor)
    db.session.delete(draft)


def can_confirm(actor: Person, draft: PolicyDraft) -> bool:
    """Whether this is the second person: another one, and the two of them hold both roles."""
    proposer = draft.proposed_by
    if not allows(actor, "publish_policy") or proposer is None:
        return allows(actor, "publish_policy")
    pairs = ((proposer.holds(role), actor.holds(other)) for role, other in OTHER.items())
    return actor.human_id != proposer.human_id and any(all(pair) for pair in pairs)


def _add_draft(pack: Pack, actor: Person | None) -> PolicyDraft:
    if draft_of(pack.name):
        raise Invalid("There is a draft of this policy already. Publish it or throw it away first.", field="name")
    editions = editions_of(pack.name)
    like = editions[0] if editions else version_in_force(clock.now())
    draft = PolicyDraft(
        pack_name=pack.name,
        content=pack.dump(),
        calendar_id=like.calendar_id,
        edited_by_id=actor.id if actor else None,
        edited_at=clock.now(),
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def _read(raw: dict[str, Any], *, field: str | None = None) -> Pack:
    try:
        return Pack.from_dict(raw)
    except BadPack as bad:
        raise Invalid("This does not hold together. %(reason)s", field=field, reason=str(bad)) from None


def _take_back(draft: PolicyDraft) -> None:
    draft.proposed_by_id = draft.proposed_at = draft.effective_at = None
    draft.is_default, draft.note = False, ""


def _who_confirms(actor: Person) -> list[Person]:
    """Everybody of the other role, whoever the actor is."""
    wanted = [other for role, other in OTHER.items() if actor.holds(role)]
    found = {person.id: person for role in wanted for person in db.session.scalars(holders(role)).unique()}
    return [person for person in found.values() if person.human_id != actor.human_id and person.email]


def _need_right(actor: Person | None) -> None:
    if actor is not None and not allows(actor, "edit_policy"):
        raise Refused("Only an administrator or a technical manager does this.")


def _need_proposal(draft: PolicyDraft) -> None:
    if draft.proposed_at is None:
        raise Conflict("This draft is not proposed any more: it has been changed, or the proposal was withdrawn.")


def _refuse_nothing_new(draft: PolicyDraft, is_default: bool) -> None:
    newest = next(iter(editions_of(draft.pack_name)), None)
    if newest is None or is_default:
        return
    if not changes(newest.pack, draft.pack) and newest.calendar_id == draft.calendar_id:
        raise Invalid("Nothing is different from the edition before.")


def _refuse_number_clash(draft: PolicyDraft) -> None:
    published = [version.pack for version in db.session.scalars(select(PolicyVersion))]
    if found := clash(draft.pack, published):
        raise Invalid("Numbers like %(template)s would meet those of %(other)s.", template=found[0], other=found[1])
