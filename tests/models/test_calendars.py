"""Service calendars (P4.4): drafts, editions, holidays, files, and tickets that follow."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from models.clockwork import calendars as clockwork
from models.ground import working_time
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.opening_hours import Calendar
from models.people.person import find_person
from models.policy import holidays
from models.policy.calendar import CalendarRow, editions_of, newest_calendars
from models.policy.calendar_files import read_file, text_of, write_file
from models.policy.draft import PolicyDraft
from models.policy.holidays import OFFICE_HOURS, OFFICE_WEEK, PublicDays, public_days
from models.policy.hours import read_hours, write_hours
from models.policy.sheet import Day, Sheet, calendars_behind, changes, missing_year, new_sheet, sheet_of
from models.policy.version import PolicyVersion, version_in_force, versions_in_force
from models.record.deadline import deadlines_of
from models.record.event import Event
from models.record.message import Message
from models.record.ticket import Ticket
from models.steps import calendars, intake, triage
from tests.conftest import TEN_O_CLOCK
from tests.factories import ROAD, a_ticket, deadline, person

OFFICE = "09:00-12:00, 13:30-18:00"
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE)


@pytest.fixture
def admin(app):
    return person("admin")


@pytest.fixture
def held(app) -> CalendarRow:
    """The calendar that every desk begins with."""
    return newest_calendars()[0]


@pytest.fixture
def draft(held, admin) -> CalendarRow:
    return calendars.start_draft(held, actor=admin)


def china(*years: int) -> Sheet:
    return new_sheet("Asia/Shanghai", OFFICE_WEEK).with_public_days(public_days("CN", years))


# --- hours as people write them


@pytest.mark.parametrize(
    ("said", "ranges"),
    [
        ("", ()),
        (" ", ()),
        ("09:00-12:00, 13:30-18:00", OFFICE_HOURS),
        ("13:30-18:00;9:00 – 12:00", OFFICE_HOURS),
        ("09：00至12：00，13：30～18：00", OFFICE_HOURS),
        ("00:00-24:00", ((0, 1440),)),
        ("08:00-12:00,12:00-24:00", ((480, 720), (720, 1440))),
    ],
)
def test_hours_are_read_as_people_write_them(said, ranges):
    assert read_hours(said) == ranges
    assert read_hours(write_hours(ranges)) == ranges


@pytest.mark.parametrize("said", ["9-12", "09:00", "12:00-09:00", "22:00-06:00", "00:00-24:01", "09:61-10:00", "abc",
                                  "09:00-12:00, 11:00-13:00", "09:00-09:00"])  # fmt: skip
def test_hours_that_make_no_sense_are_refused_with_the_part_at_fault(said):
    with pytest.raises(Invalid) as refusal:
        read_hours(said, field="mon")
    assert refusal.value.field == "mon"
    assert refusal.value.values["text"]


# --- public holidays


@pytest.mark.parametrize("year", [2025, 2026])
def test_china_agrees_with_a_second_source_day_by_day(year):
    sheet, on = china(year), date(year, 1, 1)
    while on.year == year:
        assert sheet.day(on).is_open == chinese_calendar.is_workday(on), on
        on += timedelta(days=1)


def test_every_country_gives_a_calendar():
    for country in holidays.countries():
        days = public_days(country, [2026])
        assert all(on.year == 2026 for on in days.closed | days.working)
        assert all(set(words) == {"zh", "en"} for words in days.names.values())
    assert len(holidays.countries()) > 100


def test_substituted_and_observed_days_are_included():
    britain = public_days("GB", [2026])
    assert date(2026, 12, 28) in britain.closed  # Boxing Day falls on a Saturday
    assert date(2026, 10, 10) in public_days("CN", [2026]).working
    assert public_days("CN", [2026]).names["2026-10-01"] == {"zh": "国庆节", "en": "National Day"}


def test_a_notice_replaces_what_was_foreseen_and_leaves_own_closures_alone():
    foreseen = PublicDays("CN", frozenset({2027}), frozenset({date(2027, 2, 10)}), frozenset(), {})
    told = PublicDays("CN", frozenset({2027}), frozenset({date(2027, 2, 11)}), frozenset({date(2027, 2, 14)}), {})
    own = Day(date(2027, 3, 3), "closed", words={"zh": "年会", "en": "年会"})
    sheet = china(2026).with_days([own]).with_public_days(foreseen).with_public_days(told)
    assert sheet.day(date(2027, 2, 10)).is_open
    assert not sheet.day(date(2027, 2, 11)).is_open
    assert sheet.day(date(2027, 2, 14)).is_made_up
    assert sheet.day(date(2027, 3, 3)).words["zh"] == "年会"
    assert not sheet.day(date(2026, 10, 1)).is_open


@pytest.mark.parametrize(
    ("country", "years", "today", "year"),
    [
        ("CN", (2026, 2027), date(2026, 10, 31), None),
        ("CN", (2026, 2027), date(2026, 11, 1), 2027),  # holidays foreseen, make-up days not announced
        ("CN", (2026,), date(2026, 11, 1), 2027),
        ("CN", (2026, 2027), date(2027, 1, 5), 2027),
        ("CN", (2025, 2026), date(2025, 12, 1), None),
        ("DE", (2026, 2027), date(2026, 11, 1), None),
        ("DE", (2026,), date(2026, 12, 1), 2027),
        ("", (2026,), date(2026, 12, 1), None),
    ],
)
def test_a_year_that_is_missing_is_named_from_november_on(country, years, today, year):
    sheet = new_sheet("UTC", OFFICE_WEEK).with_public_days(public_days(country or "CN", years))
    row = CalendarRow(
        name="x", country=country, content=sheet.calendar.to_dict(), names={}, digest=str((country, years))
    )
    assert missing_year(row, today) == year


# --- a draft and its editions


def test_a_calendar_is_made_with_its_countrys_holidays(admin):
    row = calendars.create_calendar(actor=admin, name=" Köln ", tz="Europe/Berlin", country="DE", week=WEEK)
    assert (row.name, row.edition, row.is_draft) == ("Köln", 1, True)
    assert not sheet_of(row).day(date(2026, 12, 25)).is_open
    assert not sheet_of(row).day(date(2027, 1, 1)).is_open
    assert sheet_of(row).day(date(2026, 12, 24)).ranges == OFFICE_HOURS


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "中国工作日 09:00–18:00"}, "name"),
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"country": "XX"}, "country"),
        ({"week": {"mon": "9-12"}}, "mon"),
        ({"week": {}}, None),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(admin, wrong, field):
    fields = {"name": "x", "tz": "UTC", "week": WEEK} | wrong
    with pytest.raises(Invalid) as refusal:
        calendars.create_calendar(actor=admin, **fields)
    assert refusal.value.field == field
    db.session.rollback()
    assert len(db.session.scalars(select(CalendarRow)).all()) == 1


def test_only_administrators_edit(held, draft):
    for login in ("chen", "liu", "zhang"):
        who = person(login)
        for deed in (
            lambda who: calendars.create_calendar(actor=who, name="x", tz="UTC", week=WEEK),
            lambda who: calendars.start_draft(held, actor=who),
            lambda who: calendars.set_week(draft, actor=who, tz="UTC", week=WEEK),
            lambda who: calendars.set_day(draft, actor=who, on=date(2026, 12, 1), kind="closed"),
            lambda who: calendars.propose_holidays(draft, actor=who, country="CN", year=2026),
            lambda who: calendars.propose_file(draft, actor=who, text=""),
            lambda who: calendars.take_over(draft, actor=who),
            lambda who: calendars.drop_proposal(draft, actor=who),
            lambda who: calendars.publish_calendar(draft, actor=who),
            lambda who: calendars.discard_draft(draft, actor=who),
        ):
            with pytest.raises(Refused):
                deed(who)


def test_days_and_weeks_of_a_draft(draft, admin):
    calendars.set_day(draft, actor=admin, on=date(2026, 12, 1), kind="closed", name="年会")
    calendars.set_day(draft, actor=admin, on=date(2026, 12, 5), kind="own", hours="10:00-24:00")
    calendars.set_day(draft, actor=admin, on=date(2026, 10, 1), kind="week")
    sheet = sheet_of(draft)
    assert (sheet.day(date(2026, 12, 1)).kind, sheet.day(date(2026, 12, 1)).words["en"]) == ("closed", "年会")
    assert (sheet.day(date(2026, 12, 5)).ranges, sheet.day(date(2026, 12, 5)).is_made_up) == (((600, 1440),), True)
    assert sheet.day(date(2026, 10, 1)).ranges == OFFICE_HOURS
    calendars.set_week(draft, actor=admin, tz="UTC", week={"mon": "08:00-20:00"})
    assert sheet_of(draft).calendar.tz == "UTC"
    assert sheet_of(draft).day(date(2026, 10, 10)).ranges == ((480, 1200),), "a make-up day keeps usual hours"
    assert sheet_of(draft).day(date(2026, 12, 5)).ranges == ((600, 1440),), "own hours stay"


def test_what_is_published_is_never_changed(held, draft, admin):
    for deed in (
        lambda: calendars.set_day(held, actor=admin, on=date(2026, 12, 1), kind="closed"),
        lambda: calendars.set_week(held, actor=admin, tz="UTC", week=WEEK),
        lambda: calendars.propose_holidays(held, actor=admin, country="CN", year=2026),
        lambda: calendars.publish_calendar(held, actor=admin),
        lambda: calendars.discard_draft(held, actor=admin),
        lambda: calendars.start_draft(held, actor=admin),  # there is a draft already
    ):
        with pytest.raises(Conflict):
            deed()


@pytest.mark.parametrize("change", ["digest = 'x'", "name = 'x'", "edition = 9", "published_at = NULL"])
def test_the_database_itself_refuses_to_change_an_edition(held, change):
    statement = text(f"UPDATE calendar SET {change}")

    @command
    def tamper() -> None:
        db.session.execute(statement)

    with pytest.raises(DBAPIError, match="never changed"):
        tamper()


def test_publishing_makes_the_next_edition_and_one_of_every_policy_that_uses_it(held, draft, admin, time):
    before = version_in_force(TEN_O_CLOCK)
    calendars.set_day(draft, actor=admin, on=date(2026, 12, 1), kind="closed", name="年会")
    time(timedelta(hours=1))
    published = calendars.publish_calendar(draft, actor=admin)
    after = version_in_force(TEN_O_CLOCK + timedelta(hours=1))
    assert (published.edition, published.published_by_id) == (2, admin.id)
    assert published.published_at == TEN_O_CLOCK + timedelta(hours=1)
    assert (after.calendar_id, after.digest, after.pack_name) == (draft.id, before.digest, before.pack_name)
    assert after.edition == before.edition + 1
    assert version_in_force(TEN_O_CLOCK).id == before.id, "what was in force stays on record"
    assert [row.edition for row in editions_of(held.name)] == [2, 1]
    assert newest_calendars() == [draft]
    assert {version.calendar_id for version in versions_in_force(TEN_O_CLOCK + timedelta(hours=2))} == {draft.id}


def test_a_policys_draft_follows_too(held, draft, admin):
    @command
    def begin() -> PolicyDraft:
        row = PolicyDraft(
            pack_name="unified",
            content=version_in_force(TEN_O_CLOCK).content,
            calendar_id=held.id,
            edited_at=TEN_O_CLOCK,
        )
        db.session.add(row)
        return row

    waiting = begin()
    calendars.set_day(draft, actor=admin, on=date(2026, 12, 1), kind="closed")
    calendars.publish_calendar(draft, actor=admin)
    db.session.expire_all()
    assert (waiting.calendar_id, waiting.version) == (draft.id, 2)


def test_nothing_new_is_not_published(draft, admin):
    with pytest.raises(Invalid, match="Nothing differs"):
        calendars.publish_calendar(draft, actor=admin)


def test_other_hours_of_the_week_are_news(draft, admin):
    """No single date differs, and yet everything does."""
    calendars.set_week(draft, actor=admin, tz="Asia/Shanghai", week={"mon": "08:00-12:00"})
    assert calendars.publish_calendar(draft, actor=admin).edition == 2


def test_an_import_is_looked_at_before_it_is_taken_over(draft, admin):
    before = draft.digest
    calendars.propose_file(draft, actor=admin, text="date,kind,ranges,name\n2026-12-01,closed,,年会\n")
    assert draft.digest == before
    with pytest.raises(Conflict):
        calendars.publish_calendar(draft, actor=admin)
    calendars.take_over(draft, actor=admin)
    assert not sheet_of(draft).day(date(2026, 12, 1)).is_open
    assert draft.digest != before
    with pytest.raises(Conflict):
        calendars.take_over(draft, actor=admin)


def test_holidays_of_another_year_are_proposed(draft, admin):
    calendars.propose_holidays(draft, actor=admin, country="JP", year=2029)
    calendars.take_over(draft, actor=admin)
    assert (draft.country, sheet_of(draft).day(date(2029, 1, 1)).kind) == ("JP", "closed")
    assert sheet_of(draft).day(date(2026, 10, 1)).kind == "closed"
    calendars.propose_holidays(draft, actor=admin, country="DE", year=2030)
    calendars.drop_proposal(draft, actor=admin)
    assert (draft.country, sheet_of(draft).day(date(2030, 10, 3)).kind) == ("JP", "week")


def test_a_discarded_draft_is_gone(held, draft, admin):
    calendars.discard_draft(draft, actor=admin)
    assert editions_of(held.name) == [held]


# --- files


@pytest.mark.parametrize("ending", ["csv", "ics", "json"])
def test_what_is_exported_is_imported_as_it_was(draft, admin, ending):
    calendars.set_day(draft, actor=admin, on=date(2026, 12, 1), kind="closed", name='=年会, "A"')
    calendars.set_day(draft, actor=admin, on=date(2026, 12, 5), kind="own", hours="10:00-11:00, 23:00-24:00")
    sheet, written = sheet_of(draft), write_file(draft, ending)
    assert changes(sheet, read_file(written, sheet)) == []
    again = read_file(written, new_sheet("Asia/Shanghai", OFFICE_WEEK))
    assert again.calendar == sheet.calendar
    assert [day.words.get("zh", "") for day in again.days()] == [day.words.get("zh", "") for day in sheet.days()]


NIGHT = st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True).map(sorted)


@given(
    week=st.lists(NIGHT, min_size=7, max_size=7),
    closed=st.sets(st.dates(date(2024, 1, 1), date(2028, 12, 31)), max_size=20),
    own=st.dictionaries(st.dates(date(2024, 1, 1), date(2028, 12, 31)), NIGHT, max_size=20),
)
def test_any_calendar_survives_every_format(week, closed, own):
    def ranges(numbers: list[int]) -> tuple[tuple[int, int], ...]:
        return tuple((a, b) for a, b in list(pairwise(numbers))[::2])

    base = new_sheet("Europe/Berlin", tuple(ranges(day) for day in week))
    days = [Day(on, "closed") for on in closed - set(own)] + [Day(on, "own", ranges(n)) for on, n in own.items()]
    sheet = base.with_days(days)
    content = sheet.calendar.to_dict()
    row = CalendarRow(id=1, name="x", content=content, names=sheet.names, digest=repr(content))
    assert Calendar.from_dict(content) == sheet.calendar
    for ending in ("csv", "ics", "json"):
        assert read_file(write_file(row, ending), base).calendar == sheet.calendar


def test_whole_days_of_other_programs_are_closures():
    text = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20281224\n"
        "DTEND;VALUE=DATE:20281227\nSUMMARY:Betriebs\n ferien\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\n"
        "DTSTART;VALUE=DATE:20280501\nSUMMARY:Ausflug\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    found = read_file(text, new_sheet("UTC", OFFICE_WEEK)).days()
    assert [day.on.day for day in found] == [1, 24, 25, 26]
    assert {day.kind for day in found} == {"closed"}
    assert found[1].words["en"] == "Betriebsferien"


def test_a_calendar_of_chinese_holidays_tells_rest_from_work():
    """Such files hold festivals as well, which are no days off; those that are say so."""
    event = "BEGIN:VEVENT\nUID:{n}\nDTSTART;VALUE=DATE:{on}\nSUMMARY:{name}\n{more}END:VEVENT\n"
    rows = [
        event.format(n=1, on="20270204", name="立春", more=""),
        event.format(n=2, on="20270205", name="除夕(休)", more="X-APPLE-SPECIAL-DAY:WORK-HOLIDAY\n"),
        event.format(n=3, on="20270207", name="春节(班)", more="X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY\n"),
    ]
    sheet = read_file(f"BEGIN:VCALENDAR\n{''.join(rows)}END:VCALENDAR\n", new_sheet("Asia/Shanghai", OFFICE_WEEK))
    assert [(day.on.day, day.kind, day.ranges) for day in sheet.days()] == [
        (5, "closed", ()), (7, "own", OFFICE_HOURS),
    ]  # fmt: skip


HEAD = "date,kind,ranges,name\n"


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("nonsense", 1),
        ("", 1),
        (HEAD + "2026-12-01,closed,,x\n2026-13-01,closed,,x\n", 3),
        (HEAD + "2026-12-01,closed,,x\n2026-12-01,closed,,x\n", 3),
        (HEAD + "2026-12-01,open,,x\n", 2),
        (HEAD + "2026-12-01,own,,x\n", 2),
        (HEAD + "2026-12-01,closed,09:00-10:00,x\n", 2),
        (HEAD + "2026-12-01,own,9-10,x\n", 2),
        (HEAD + "2026-12-01,closed\n", 2),
        (HEAD + "2026-12-01,closed,,a,b\n", 2),
        ("BEGIN:VCALENDAR\nwhat is this\nEND:VCALENDAR", 2),
        ("BEGIN:VCALENDAR\nX:1\nBEGIN:VEVENT\nDTSTART:20260101T100000Z\nEND:VEVENT\nEND:VCALENDAR", 3),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:2026-01\nEND:VEVENT\nEND:VCALENDAR", 2),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\nEND:VCALENDAR", 2),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR", 2),
        (
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20290101\nEND:VEVENT\n"
            "END:VCALENDAR", 2,
        ),
        ('{"tz": "UTC",\n "week": }', 2),
    ],
)  # fmt: skip
def test_a_refused_file_says_the_line(said, line):
    with pytest.raises(Invalid, match="ine") as refusal:
        read_file(said, new_sheet("UTC", OFFICE_WEEK))
    assert refusal.value.field == "text"
    assert refusal.value.values.get("line", 1) == line


@pytest.mark.parametrize("said", ['{"tz": "Mars"}', '{"names": 7}', '{"tz": "UTC", "week": {}, "more": 1}', "{}"])
def test_json_that_is_no_calendar_is_refused(said):
    with pytest.raises(Invalid):
        read_file(said, new_sheet("UTC", OFFICE_WEEK))


def test_files_of_chinese_spreadsheets_are_read():
    assert text_of("2026-12-01,closed,,年会".encode("gb18030")) == "2026-12-01,closed,,年会"
    assert text_of("﻿年会".encode()) == "年会"
    with pytest.raises(Invalid):
        text_of(b"\xff\xff\xff")


# --- tickets that follow


def pinned(ticket: Ticket) -> int:
    db.session.rollback()
    db.session.refresh(ticket)
    return ticket.policy_version.calendar_row.edition


def publish(draft: CalendarRow, *, running: bool, on: date = date(2026, 11, 19)) -> None:
    calendars.set_day(draft, actor=find_person("admin"), on=on, kind="closed", name="停电")
    calendars.publish_calendar(draft, actor=find_person("admin"), running=running)
    while clockwork.is_moving():
        clockwork.move_tickets()


def test_running_tickets_keep_the_edition_that_they_started_with(draft):
    ticket = a_ticket("awaiting_plan", severity="P2")
    before = {d.id: d.due_at for d in deadlines_of(ticket)}
    publish(draft, running=False)
    assert pinned(ticket) == 1
    assert {d.id: d.due_at for d in deadlines_of(ticket)} == before
    assert pinned(intake.report_fault(actor=person("zhang"), description="新的")) == 2


def test_tickets_that_follow_are_computed_anew_and_say_so(draft):
    ticket = a_ticket("awaiting_plan", severity="P2")
    ended = a_ticket("cancelled")
    before = {d.kind: d.due_at for d in deadlines_of(ticket) if d.state == "running"}
    letters = len(db.session.scalars(select(Message)).all())
    publish(draft, running=True)
    assert (pinned(ticket), pinned(ended)) == (2, 1)
    calendar = ticket.policy_version.calendar
    assert not calendar.ranges(date(2026, 11, 19))
    for each in (d for d in deadlines_of(ticket) if d.state == "running"):
        target = ticket.policy_version.pack.target(each.kind, each.severity)
        assert each.due_at == target.due(calendar, each.started_at), each.kind
    after = {d.kind: d.due_at for d in deadlines_of(ticket) if d.state == "running"}
    assert after["resolve"] == before["resolve"] + timedelta(days=1), "a day of service less"
    last = db.session.scalars(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.seq.desc())).first()
    assert (last.name, last.actor_id, last.told) == ("calendar_changed", None, [])
    assert (last.details["was_edition"], last.details["edition"]) == (1, 2)
    assert len(db.session.scalars(select(Message)).all()) == letters, "nobody is told"
    assert ticket.next_due_at == min(d.due_at for d in deadlines_of(ticket) if d.state == "running")


@pytest.mark.parametrize("state", [state for state in ROAD if state not in ("closed", "archived")])
def test_tickets_of_every_open_state_follow(draft, state):
    ticket = a_ticket(state)
    publish(draft, running=True)
    assert pinned(ticket) == 2
    assert ticket.state == state


def test_a_waiting_ticket_follows_and_keeps_waiting(draft, time):
    ticket = a_ticket("awaiting_plan", severity="P2")
    triage.ask_reporter(ticket, actor=person("zhao"), question="几点开始的?")
    publish(draft, running=True)
    resolve = deadline(ticket, "resolve")
    assert (pinned(ticket), resolve.state, resolve.ring_at) == (2, "paused", None)


def test_tickets_follow_in_batches_and_all_of_them(draft, admin):
    tickets = [a_ticket() for _ in range(5)]
    calendars.set_day(draft, actor=admin, on=date(2026, 11, 19), kind="closed")
    assert not clockwork.is_moving()
    calendars.publish_calendar(draft, actor=admin, running=True)
    assert clockwork.is_moving()
    assert [clockwork.move_tickets(2) for _ in range(4)] == [2, 2, 1, 0]
    assert not clockwork.is_moving()
    assert {pinned(ticket) for ticket in tickets} == {2}
    versions = db.session.scalars(select(PolicyVersion)).all()
    assert len(versions) == 2, "one edition serves them all"


def test_one_ticket_that_cannot_follow_does_not_keep_the_others(draft, admin, monkeypatch):
    stuck, free = a_ticket(), a_ticket()
    stuck_id = stuck.id
    move_to = clockwork.timekeeping.move_to

    def fail(ticket, version):
        if ticket.id == stuck_id:
            raise RuntimeError("broken")
        move_to(ticket, version)

    monkeypatch.setattr(clockwork.timekeeping, "move_to", fail)
    publish(draft, running=True)
    assert (pinned(stuck), pinned(free)) == (1, 2)
    assert not db.session.scalars(
        select(Event).where(Event.ticket_id == stuck_id, Event.name == "calendar_changed")
    ).all()
    assert not clockwork.is_moving()


def test_a_warning_that_never_was_due_is_not_lost(draft, time):
    """The clock that runs by the new edition rings at its own marks."""
    ticket = a_ticket("awaiting_plan", severity="P2")
    publish(draft, running=True)
    resolve = deadline(ticket, "resolve")
    assert resolve.ring_at is not None
    assert TEN_O_CLOCK < resolve.ring_at < resolve.due_at
    half = working_time.part_way(
        ticket.policy_version.calendar, resolve.started_at, resolve.due_at, basis="service", percent=resolve.mark
    )
    assert resolve.ring_at == half


def test_what_is_behind_is_named(held, time):
    assert calendars_behind(datetime(2026, 11, 18, tzinfo=UTC)) == [(held, 2027)]
    assert calendars_behind(datetime(2026, 10, 18, tzinfo=UTC)) == []
