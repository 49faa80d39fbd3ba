"""Drafts: what somebody has begun to write is kept for them, on every device, until they send or discard it."""

import json
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from models.ground import clock
from models.ground.db import command, db, is_sqlite
from models.ground.errors import Invalid, Missing, TooLarge
from models.people.person import Person
from models.record import attachment, draft, once
from models.record.attachment import Attachment
from models.record.draft import FormDraft, Said

LARGEST = 200_000  # characters of one draft
MOST_LATE = 60  # seconds on the way of what the writer's clock says
AT_MOST = 60  # drafts of one person; those touched longest ago go first


@command
def keep_draft(
    place: str, *, person: Person, said: Said, files: list[str], version: int | None = None, token: str = "",
    at: int | None = None,
) -> bool:  # fmt: skip
    """Keep what stands in the form now; whether it was kept. Not once the form has been accepted, and not when a later
    state of the same form has overtaken it. `at`: when it stood there, as the writer's clock tells it (milliseconds
    since 1970), so that the browser's copy and ours are compared by one clock."""
    if not place or len(place) > FormDraft.place.type.length:
        raise Invalid("The request was not understood.")
    if len(json.dumps(said, ensure_ascii=False)) > LARGEST:
        raise TooLarge("This is too long to be kept as a draft.")
    if token and once.spent(token):
        return False
    held = attachment.kept(files, person_id=person.id)
    row = {"said": said, "files": [file.key for file in held], "version": version, "token": token}
    if not _put(row | {"person_id": person.id, "place": place, "saved_at": _when(at)}):
        return False
    _make_room(person.id)
    return True


@command
def discard_draft(place: str, *, person: Person) -> None:
    """What was typed there is not wanted any more."""
    draft.forget(person.id, place)


@command
def describe_file(file: Attachment, *, actor: Person, shows: str) -> Attachment:
    """Say what a picture shows, before it is sent, for whoever cannot see it."""
    if file.person_id != actor.id or file.ticket_id is not None:
        raise Missing("There is no such file.")
    file.shows = shows.strip()[:200]
    return file


def _when(at: int | None) -> datetime:
    """The writer's time, if it is near enough to ours to be believed."""
    now = clock.now()
    ago = now.timestamp() * 1000 - at if at is not None else 0.0
    return now - timedelta(milliseconds=ago) if 0 <= ago <= MOST_LATE * 1000 else now


def _put(row: dict[str, object]) -> bool:
    table = cast(Table, FormDraft.__table__)
    new = (sqlite if is_sqlite() else postgresql).insert(table).values(row)
    is_later = (table.c.token != new.excluded.token) | (table.c.saved_at <= new.excluded.saved_at)
    put = new.on_conflict_do_update(index_elements=["person_id", "place"], set_=row, where=is_later)
    return db.session.scalar(put.returning(table.c.id)) is not None


def _make_room(person_id: int) -> None:
    own = select(FormDraft.id).where(FormDraft.person_id == person_id).order_by(FormDraft.saved_at.desc())
    db.session.execute(delete(FormDraft).where(FormDraft.id.in_(list(db.session.scalars(own.offset(AT_MOST))))))
