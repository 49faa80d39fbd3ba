"""The record: chained, append-only, kept by the database itself; nothing is written outside a command."""

from unittest.mock import Mock

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from models.clockwork import chains
from models.ground.db import WRITE, command, db
from models.ground.errors import Conflict
from models.insight.dossier import events_of
from models.record.archive import ArchiveRecord
from models.record.attachment import attachments_of
from models.record.entry import Entry
from models.record.event import Event, newest, since
from models.record.ticket import Ticket
from models.rules import journal
from models.steps import (
    approval,
    archiving,
    closing,
    comment,
    customer_verification,
    diagnosis,
    drafts,
    intake,
    plans,
    repair,
    triage,
)
from tests.database import by_force, difference, everything
from tests.factories import a_plan, a_ticket, an_answered_ticket, archive, carry_out, further, newest_plan

SECRET = "hunter2不可见"


def plainly(statement: str) -> None:
    with db.engine.connect().execution_options(**WRITE) as connection:
        connection.execute(text(statement))
        connection.commit()


def first_break(ticket):
    db.session.rollback()
    db.session.expire_all()
    return journal.verify(ticket, events_of(ticket))


def test_the_whole_road_verifies(cast):
    ticket = a_ticket("archived")
    events = events_of(ticket)
    assert [e.seq for e in events] == list(range(1, ticket.seq + 1))
    assert [e.name for e in events if e.name not in ("warned", "escalated")] == [
        "reported", "triaged", "taken", "step_logged", "diagnosed", "plan_submitted", "approved", "worked", "worked",
        "fixed", "test_passed", "confirmed", "closed", "archived",
    ]  # fmt: skip
    assert journal.verify(ticket, events) is None


@pytest.mark.parametrize(
    "change",
    [
        "name = 'cancelled'", "at = '2020-01-01 00:00:00'", "actor_id = NULL", "link_id = 7", "version = 9",
        "state = 'closed'", "told = '[1, 2, 3]'", "details = '{}'", "chain = 'ab'",
    ],
)  # fmt: skip
def test_a_forged_event_is_named(cast, change):
    ticket = a_ticket("awaiting_plan")
    by_force(f"UPDATE event SET {change} WHERE ticket_id = {ticket.id} AND seq = 2")
    assert first_break(ticket) == 2


@pytest.mark.parametrize(("removed", "named"), [(1, 1), (2, 2), (3, 4)])
def test_a_removed_event_is_noticed(cast, removed, named):
    ticket = a_ticket("awaiting_plan")
    assert ticket.seq == 3
    by_force("DELETE FROM message")
    by_force("UPDATE entry SET event_id = NULL")
    by_force(f"DELETE FROM event WHERE ticket_id = {ticket.id} AND seq = {removed}")
    assert first_break(ticket) in (named, removed)


def test_a_copied_event_is_noticed(cast):
    ticket, other = a_ticket("awaiting_plan"), a_ticket("awaiting_plan")
    by_force(
        "INSERT INTO event (ticket_id, seq, name, at, version, state, details, told, chain) SELECT"
        f" {ticket.id}, 4, name, at, version, state, details, told, chain FROM event"
        f" WHERE ticket_id = {other.id} AND seq = 3"
    )
    assert first_break(ticket) == 4


@pytest.mark.parametrize(
    ("state", "statement"),
    [
        ("awaiting_plan", "UPDATE event SET name = 'x'"),
        ("awaiting_plan", "DELETE FROM event"),
        ("archived", "UPDATE archive_record SET digest = 'x'"),
        ("archived", "UPDATE archive_record SET content = '{}'"),
        ("archived", "DELETE FROM archive_record"),
        ("awaiting_plan", "UPDATE ticket SET state = 'closed'"),
        ("awaiting_plan", "UPDATE ticket SET state = 'closed', version = version + 1"),
        ("awaiting_fix", "UPDATE approval SET decision = 'returned' WHERE decision <> ''"),
        ("awaiting_fix", "UPDATE plan SET digest = 'x'"),
        ("awaiting_approval", "UPDATE approval SET person_id = author_id"),
    ],
)
def test_the_database_itself_refuses(cast, state, statement):
    a_ticket(state)
    before = everything()
    with pytest.raises(DBAPIError):
        plainly(statement)
    assert difference(before, everything()) == {}


def test_a_state_is_never_written_without_its_event(cast):
    ticket = a_ticket("awaiting_plan")

    @command
    def cheat(ticket: Ticket) -> None:
        ticket.state = "closed"
        ticket.version += 1

    with pytest.raises(DBAPIError):
        cheat(ticket)
    assert db.session.get(Ticket, ticket.id).state == "awaiting_plan"


def test_outside_a_command_nothing_can_be_written(cast):
    ticket = a_ticket()
    before = everything()
    for attempt in (
        lambda: db.session.execute(update(Ticket).values(title="x")),
        lambda: db.session.execute(text("DELETE FROM message")),
        lambda: setattr(ticket, "title", "x"),
    ):
        attempt_fails(attempt)
    assert difference(before, everything()) == {}
    triage.cancel_ticket(ticket, actor=cast.wang, reason="误报")  # and the next command can write again
    assert ticket.state == "cancelled"


def attempt_fails(attempt):
    def write_and_commit():
        attempt()
        db.session.commit()

    with pytest.raises(DBAPIError, match=r"(?i)read-?only"):
        write_and_commit()
    db.session.rollback()


def test_a_command_calls_no_command(cast):
    ticket = a_ticket()

    @command
    def outer(ticket: Ticket) -> None:
        triage.cancel_ticket(ticket, actor=cast.wang, reason="x")

    with pytest.raises(RuntimeError, match="does not call a command"):
        outer(ticket)


def test_a_failed_command_leaves_nothing(cast):
    ticket = a_ticket()
    before = everything()

    @command
    def stumbles(ticket: Ticket) -> None:
        ticket.title = "x"
        db.session.flush()
        raise KeyError("x")

    with pytest.raises(KeyError):
        stumbles(ticket)
    assert difference(before, everything()) == {}


def test_the_tail_of_events_is_in_order(cast):
    ticket = a_ticket("awaiting_plan")
    changes = since(0)
    assert [change.id for change in changes] == sorted(change.id for change in changes)
    assert changes[-1].id == newest()
    assert [change.seq for change in changes if change.ticket_id == ticket.id] == [1, 2, 3]
    assert cast.zhao.id in changes[1].told, "the assignee was told of the triage"
    assert since(newest()) == []


# --- redaction (P11.7): the text is gone everywhere, the fact stays


def _note(ticket, cast):
    comment.add_note(ticket, actor=cast.wang, text=SECRET)


def _update(ticket, cast):
    comment.post_update(ticket, actor=cast.wang, text=SECRET)


def _step(ticket, cast):
    diagnosis.log_step(ticket, actor=cast.zhao, done=SECRET, seen=SECRET)


def _question(ticket, cast):
    triage.ask_reporter(ticket, actor=cast.wang, question=SECRET)


def _supplement(ticket, cast):
    intake.supply_information(ticket, actor=cast.zhang, text=SECRET)


def _call(ticket, cast):
    comment.record_call(ticket, actor=cast.wang, text=SECRET)


def _waiting(ticket, cast):
    comment.wait_for(ticket, actor=cast.wang, party="vendor", reason=SECRET)


def _result(ticket, cast):
    carry_out(ticket)
    repair.finish_fix(ticket, actor=cast.zhao)
    repair.pass_test(ticket, actor=cast.he, findings="好了。", result=SECRET)


def _feedback(ticket, cast):
    _result_plain(ticket, cast)
    customer_verification.confirm_result(ticket, actor=cast.zhang, verdict="yes", comment=SECRET)


def _review(ticket, cast):
    _result_plain(ticket, cast)
    customer_verification.confirm_result(ticket, actor=cast.zhang, verdict="yes")
    closing.close_ticket(ticket, actor=cast.chen, review=SECRET)


def _result_plain(ticket, cast):
    carry_out(ticket)
    repair.finish_fix(ticket, actor=cast.zhao)
    repair.pass_test(ticket, actor=cast.he, findings="好了。", result="好了。")


@pytest.mark.parametrize(
    "write", [_note, _update, _step, _question, _supplement, _call, _waiting, _result, _feedback, _review]
)
def test_a_redacted_text_is_gone_everywhere(cast, write):
    ticket = a_ticket("awaiting_fix")
    write(ticket, cast)
    entry = db.session.scalars(select(Entry).where(Entry.body == SECRET)).one()
    comment.redact_entry(entry, actor=cast.chen, reason="含密码")
    assert _places_of(SECRET) == []
    assert first_break(ticket) is None
    assert db.session.get(Entry, entry.id).redacted_by_id == cast.chen.id


def test_a_redacted_report_is_gone_everywhere(cast):
    ticket = a_ticket(description=f"密码是{SECRET}。打不开")
    comment.redact_description(ticket, actor=cast.chen, replacement="密码是▇。打不开", reason="含密码")
    assert _places_of(SECRET) == []
    assert first_break(ticket) is None


def test_redaction_reaches_into_the_archive(cast):
    """P11.3: the only change that a frozen record allows, and it says so."""
    ticket = a_ticket("awaiting_engineer")
    entry = comment.add_note(ticket, actor=cast.wang, text=SECRET)
    triage.cancel_ticket(ticket, actor=cast.wang, reason="重复")
    archive(ticket)
    assert ticket.state == "archived"
    assert _places_of(SECRET)
    comment.redact_entry(entry, actor=cast.chen, reason="含密码")
    assert _places_of(SECRET) == []
    assert db.session.get(ArchiveRecord, ticket.id).is_sound
    assert first_break(ticket) is None


def test_a_redacted_text_takes_its_files_along(cast):
    ticket = a_ticket()
    kept = intake.keep_file(actor=cast.wang, name="密码.txt", content=b"hunter2")
    drafts.describe_file(kept, actor=cast.wang, shows="口令一览")
    entry = comment.add_note(ticket, actor=cast.wang, text="见附件", files=[kept.key])
    path = attachments_of(ticket.id)[0].path
    assert path.read_bytes() == b"hunter2"
    triage.cancel_ticket(ticket, actor=cast.wang, reason="重复")
    archive(ticket)
    comment.redact_entry(entry, actor=cast.chen, reason="含密码")
    assert not path.exists()
    assert [_places_of(words) for words in ("密码.txt", "口令一览")] == [[], []], "nor in the frozen record"
    assert db.session.get(ArchiveRecord, ticket.id).is_sound


def test_a_redaction_that_fails_leaves_the_bytes(cast, monkeypatch):
    ticket = a_ticket()
    kept = intake.keep_file(actor=cast.wang, name="密码.txt", content=b"hunter2")
    entry = comment.add_note(ticket, actor=cast.wang, text="见附件", files=[kept.key])
    monkeypatch.setattr(comment, "_index_anew", Mock(side_effect=RuntimeError))
    with pytest.raises(RuntimeError):
        comment.redact_entry(entry, actor=cast.chen, reason="含密码")
    (file,) = attachments_of(ticket.id)
    assert (file.name, file.path.read_bytes()) == ("密码.txt", b"hunter2")


def a_file(cast, name, content):
    return intake.keep_file(actor=cast.zhang, name=name, content=content).key


def test_files_of_the_report_and_of_an_answer_go_by_themselves(cast):
    ticket = intake.report_fault(
        actor=cast.zhang, description="打不开", files=[a_file(cast, "口令.png", b"1"), a_file(cast, "无害.png", b"2")]
    )
    for state in ("awaiting_triage", "awaiting_engineer", "awaiting_plan", "awaiting_approval"):
        further(ticket, state)
    _result_plain(ticket, cast)
    answer = [a_file(cast, "口令二.txt", b"3")]
    customer_verification.confirm_result(ticket, actor=cast.zhang, verdict="yes", files=answer)
    closing.close_ticket(ticket, actor=cast.chen, review="完整。")
    archive(ticket)
    gone = [file for file in comment.own_files(ticket) if file.name.startswith("口令")]
    keys = [file.key for file in gone]
    comment.redact_description(ticket, actor=cast.chen, replacement="打不开 ", reason="口令", files=keys)
    assert (len(gone), [file.path.exists() for file in gone]) == (2, [False] * 2)
    assert [_places_of(name) for name in ("口令.png", "口令二.txt")] == [[], []]
    assert (ticket.description, len(_places_of("无害.png"))) == ("打不开", 2), "what is harmless stays"
    assert first_break(ticket) is None
    assert list(chains.walk_tickets(chains.Count())) == []


def test_a_plans_file_goes_with_its_copies_and_the_plan_must_be_revised(cast):
    """What is left of it is not what was approved (P7.6); the record says so and is sound."""
    ticket = a_ticket("awaiting_plan")
    kept = intake.keep_file(actor=cast.zhao, name="含口令.sql", content=b"hunter2").key
    plan = a_plan(ticket, files=[kept])
    plan = plans.revise_plan(plan, actor=cast.zhao, risk="normal", steps="1. 清理缓存", kind="fix", files=[kept])
    approval.approve_plan(plan, actor=cast.chen)
    held = comment.own_files(ticket)
    assert len(held) == 2, "each revision has its own"
    comment.redact_description(
        ticket, actor=cast.chen, replacement=ticket.description, reason="口令", files=[held[0].key]
    )
    assert ([file.path.exists() for file in held], _places_of("含口令.sql")) == ([False] * 2, [])
    assert list(chains.walk_tickets(chains.Count())) == []
    with pytest.raises(Conflict):
        carry_out(ticket)
    again = plans.revise_plan(
        plan, actor=cast.zhao, risk="normal", steps="1. 清理缓存", kind="fix", files=[held[1].key]
    )
    assert again.files == []


def _places_of(words):
    return [name for name, rows in everything().items() if any(words in row or _escaped(words) in row for row in rows)]


def _escaped(words):
    return words.encode("unicode_escape").decode()


def test_the_archive_is_sound_and_tampering_shows(cast):
    ticket = a_ticket("archived")
    record = db.session.get(ArchiveRecord, ticket.id)
    assert record.is_sound
    assert record.content["report"]["number"] == ticket.number
    for part in ("entries", "plans", "work", "verifications", "resolutions", "confirmations", "clocks", "events"):
        assert record.content[part], part
    by_force("UPDATE archive_record SET content = '{\"report\": {}}'")
    db.session.expire_all()
    assert not db.session.get(ArchiveRecord, ticket.id).is_sound


def test_texts_never_stand_in_events(cast):
    ticket = an_answered_ticket()
    plan_ticket = a_ticket("awaiting_fix", description="独一无二的描述")
    plans.keep_standard_change(newest_plan(plan_ticket), actor=cast.chen, title="x")
    archiving.draft_article(ticket, actor=cast.wang)
    said = " ".join(str(details) for details in db.session.scalars(select(Event.details)))
    assert "独一无二" not in said
    assert "投屏" not in said
