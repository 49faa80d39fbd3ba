"""Drafts: kept for whoever writes, gone with the form, swept after thirty days; their files live as long."""

import os
from datetime import timedelta
from unittest.mock import Mock

import pytest
from sqlalchemy import func, select, update

from models.ground import clock
from models.ground.db import WRITE, command, db, is_sqlite
from models.ground.errors import Invalid, Missing, TooLarge
from models.record import attachment, draft, once
from models.record.attachment import Attachment
from models.record.draft import FormDraft, drafts_of
from models.steps import drafts, intake

PLACE = "report /report"


def keep(person, text="转圈", **more):
    return drafts.keep_draft(more.pop("place", PLACE), person=person, said={"description": [text]}, files=[], **more)


@command
def age(rows, **changed):
    db.session.execute(update(rows).values(**changed))


def count(rows) -> int:
    return db.session.scalar(select(func.count()).select_from(rows))


def test_the_newest_words_stand_and_only_for_whoever_wrote_them(cast):
    keep(cast.zhang, "转")
    keep(cast.zhang, "转圈")
    assert drafts_of(cast.zhang.id)[PLACE].said == {"description": ["转圈"]}
    assert count(FormDraft) == 1
    assert drafts_of(cast.wang.id) == {}


def test_one_that_comes_in_after_its_form_was_accepted_is_not_kept(cast):
    spend = command(lambda: once.spend("nonce", body="", location="/"))
    assert keep(cast.zhang, token="nonce")
    spend()
    assert drafts_of(cast.zhang.id) == {}, "also when it came in between the two"
    assert not keep(cast.zhang, token="nonce")


def test_it_is_told_by_the_clock_of_whoever_wrote_it(cast):
    now = int(clock.now().timestamp() * 1000)
    for at, kept in ((now - 2000, now - 2000), (now + 5000, now), (now - 86_400_000, now), (None, now), (10**30, now)):
        keep(cast.zhang, place=f"note /{at}", at=at)
        assert drafts_of(cast.zhang.id)[f"note /{at}"].saved_at.timestamp() * 1000 == pytest.approx(kept, abs=1)


def test_an_earlier_state_of_the_same_form_that_comes_in_late_is_not_kept(cast):
    now = int(clock.now().timestamp() * 1000)
    assert keep(cast.zhang, "转圈", token="a", at=now - 1000)
    assert not keep(cast.zhang, "转", token="a", at=now - 2000)
    assert drafts_of(cast.zhang.id)[PLACE].said == {"description": ["转圈"]}
    assert keep(cast.zhang, "别处", token="b", at=now - 2000), "another device's clock may be late"


def test_discarded(cast):
    keep(cast.zhang)
    drafts.discard_draft("note /elsewhere", person=cast.zhang)
    drafts.discard_draft(PLACE, person=cast.wang)
    assert PLACE in drafts_of(cast.zhang.id)
    drafts.discard_draft(PLACE, person=cast.zhang)
    assert drafts_of(cast.zhang.id) == {}


def test_how_much_is_kept(cast, time):
    with pytest.raises(TooLarge):
        keep(cast.zhang, "长" * drafts.LARGEST)
    for place in ("", "report " + "/x" * 200):
        with pytest.raises(Invalid):
            keep(cast.zhang, place=place)
    for n in range(drafts.AT_MOST + 1):
        time(timedelta(seconds=1))
        keep(cast.zhang, place=f"note /t/{n}")
    assert len(drafts_of(cast.zhang.id)) == drafts.AT_MOST
    assert "note /t/0" not in drafts_of(cast.zhang.id), "the one touched longest ago went"


def test_only_own_unsent_files_are_held(cast):
    own = intake.keep_file(actor=cast.zhang, name="a.png", content=b"a").key
    other = intake.keep_file(actor=cast.wang, name="b.png", content=b"b").key
    drafts.keep_draft(PLACE, person=cast.zhang, said={}, files=[own, other])
    assert drafts_of(cast.zhang.id)[PLACE].files == [own]


def test_after_thirty_days_a_draft_goes_and_then_its_files(cast, time):
    held = intake.keep_file(actor=cast.zhang, name="a.png", content=b"a").key
    loose = intake.keep_file(actor=cast.zhang, name="b.png", content=b"b").key
    drafts.keep_draft(PLACE, person=cast.zhang, said={}, files=[held])
    age(Attachment, created_at=clock.real_now() - timedelta(2))
    draft.remove_stale()
    attachment.remove_orphans()
    assert list(db.session.scalars(select(Attachment.key))) == [held], f"{loose} was held by nothing"
    time(timedelta(days=31))
    assert draft.remove_stale() == 1
    attachment.remove_orphans()
    assert count(Attachment) == 0


def test_what_a_picture_shows_is_said_before_it_is_sent(cast):
    file = intake.keep_file(actor=cast.zhang, name="a.png", content=b"a")
    with pytest.raises(Missing):
        drafts.describe_file(file, actor=cast.wang, shows="别人的")
    drafts.describe_file(file, actor=cast.zhang, shows=" 提交按钮一直转 ")
    ticket = intake.report_fault(actor=cast.zhang, description="x", files=[file.key])
    assert [each.shows for each in attachment.attachments_of(ticket.id)] == ["提交按钮一直转"]
    with pytest.raises(Missing):
        drafts.describe_file(file, actor=cast.zhang, shows="送出以后")


def test_what_a_form_takes_meanwhile_is_not_swept_away(cast, monkeypatch):
    """On PostgreSQL a form may attach the file between the look and the deletion; SQLite's writers take turns."""
    file = intake.keep_file(actor=cast.zhang, name="a.png", content=b"a")
    ticket = intake.report_fault(actor=cast.zhang, description="x")
    age(Attachment, created_at=clock.real_now() - timedelta(2))
    if is_sqlite():
        return

    def attached_meanwhile():
        with db.engine.connect().execution_options(**WRITE) as other:
            other.execute(update(Attachment).where(Attachment.id == file.id).values(ticket_id=ticket.id))
            other.commit()
        return set()

    monkeypatch.setattr(attachment, "keys_in_drafts", attached_meanwhile)
    attachment.remove_orphans()
    assert [(each.key, each.path.exists()) for each in attachment.attachments_of(ticket.id)] == [(file.key, True)]


def test_bytes_go_only_with_their_row(cast, monkeypatch):
    """A sweep that fails at its end has removed nothing."""
    path = intake.keep_file(actor=cast.zhang, name="a.png", content=b"a").path
    age(Attachment, created_at=clock.real_now() - timedelta(2))
    os.utime(path, (0, 0))
    with monkeypatch.context() as full:
        full.setattr(db.session(), "commit", Mock(side_effect=RuntimeError("the disk is full")))
        with pytest.raises(RuntimeError):
            attachment.remove_orphans()
    assert path.exists()
    assert attachment.remove_orphans() == 1
    assert not path.exists()


def test_bytes_that_a_redaction_could_not_remove_go_later(cast):
    empty, redacted = (intake.keep_file(actor=cast.zhang, name=name, content=name.encode()) for name in ("", "secret"))
    intake.report_fault(actor=cast.zhang, description="x", files=[empty.key, redacted.key])
    for file in (empty, redacted):
        os.utime(file.path, (0, 0))
    age(Attachment, size=0)  # killed between commit and removal
    assert attachment.remove_orphans() == 1
    assert (empty.path.exists(), redacted.path.exists()) == (True, False)
