"""Letters beside the inbox: by subject, and never in somebody's quiet hours but for what calls them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.people.quiet import end_of_quiet
from models.record.message import APP, MAIL, Message
from models.rules.notices import TOLD
from models.rules.subjects import CALLS, SUBJECTS
from models.steps import accounts, comment
from tests.factories import a_ticket

NIGHT = {"quiet_from": "22:00", "quiet_until": "07:30"}
LATE = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
MORNING = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # 7:30 there


def messages(person, template: str) -> dict[str, Message]:
    rows = db.session.scalars(select(Message).where(Message.person_id == person.id, Message.template == template))
    return {row.channel: row for row in rows}


@pytest.fixture
def late(monkeypatch):
    """It is half past eleven in the evening, for letters, too."""
    monkeypatch.setattr(clock, "real_now", lambda: LATE)


@pytest.mark.once
@pytest.mark.parametrize(
    ("since", "until", "at", "ends"),
    [
        ("22:00", "07:30", "2026-11-25T23:30", "2026-11-26T07:30"),
        ("22:00", "07:30", "2026-11-26T07:29", "2026-11-26T07:30"),
        ("22:00", "07:30", "2026-11-26T07:30", "2026-11-26T07:30"),
        ("22:00", "07:30", "2026-11-25T21:59", "2026-11-25T21:59"),
        ("12:00", "13:30", "2026-11-25T12:00", "2026-11-25T13:30"),
        ("12:00", "13:30", "2026-11-25T13:30", "2026-11-25T13:30"),
        ("", "", "2026-11-25T23:30", "2026-11-25T23:30"),
    ],
)
def test_when_quiet_hours_end(since, until, at, ends):
    there = datetime.fromisoformat(at + "+08:00")
    assert end_of_quiet(there, since=since, until=until, zone="Asia/Shanghai") == datetime.fromisoformat(
        ends + "+08:00"
    )


@pytest.mark.once
def test_quiet_hours_are_those_of_the_place():
    """On the night on which Berlin sets its clocks back, eight in the morning is an hour later."""
    at = datetime(2026, 10, 24, 21, 0, tzinfo=UTC)
    assert end_of_quiet(at, since="22:00", until="08:00", zone="Europe/Berlin") == datetime(2026, 10, 25, 7, tzinfo=UTC)


def test_a_letter_waits_until_the_quiet_hours_are_over_and_the_inbox_does_not(cast, late):
    accounts.set_own_settings(cast.zhao, **NIGHT)
    a_ticket("awaiting_engineer", severity="P3")
    told = messages(cast.zhao, "assigned")
    assert told[MAIL].next_try_at == MORNING
    assert told[APP].sent_at == LATE
    assert messages(cast.zhang, "accepted")[MAIL].next_try_at == LATE, "only whoever wants them has quiet hours"


def test_what_calls_somebody_and_what_concerns_a_p0_comes_at_once(cast, late):
    accounts.set_own_settings(cast.zhao, **NIGHT)
    accounts.set_own_settings(cast.chen, **NIGHT)
    a_ticket("awaiting_engineer", severity="P0")
    assert messages(cast.zhao, "assigned")[MAIL].next_try_at == LATE
    assert messages(cast.chen, "p0")[MAIL].next_try_at == LATE


def test_a_subject_without_letters_still_reaches_the_inbox(cast):
    accounts.set_own_settings(cast.zhang, unmailed=["reports"])
    accounts.set_own_settings(cast.zhao, unmailed=["reports", "decisions"])
    ticket = a_ticket("awaiting_engineer")
    comment.post_update(ticket, actor=cast.wang, text="正在查。")
    assert set(messages(cast.zhang, "update")) == {APP}
    assert set(messages(cast.zhao, "assigned")) == {APP, MAIL}, "another subject of another person"


def test_whoever_wants_no_letters_is_still_called_to_a_p0(cast):
    accounts.set_own_settings(cast.zhao, unmailed=list(SUBJECTS))
    a_ticket("awaiting_engineer", severity="P0", assignee=cast.li)
    assert set(messages(cast.zhao, "p0")) == {APP, MAIL}


@pytest.mark.once
def test_every_letter_about_a_ticket_belongs_to_one_subject():
    told = {template for lines in TOLD.values() for _, template, _ in lines}
    known = [template for templates in SUBJECTS.values() for template in templates]
    assert sorted(known) == sorted(set(known))
    assert told == {*known, *CALLS}
