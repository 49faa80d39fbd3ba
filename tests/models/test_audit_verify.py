"""A64: whatever is done to the record behind the process, a verification finds it and names the row."""

import json
import random
import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from blueprints.messages import render
from models.clockwork import anchor, verification
from models.clockwork.chains import CHANGED, REMOVED, STATE, TEXT
from models.ground import clock
from models.ground.db import WRITE, db, is_sqlite
from models.people.person import holders
from models.record.deed import Deed
from models.record.event import Event
from models.record.message import Message
from models.record.ticket import Ticket
from models.rules import deeds
from models.steps import accounts, comment
from tests.factories import a_ticket, newest_plan, person
from tests.models.test_journal import by_force

# Where a bit is flipped.
TEXTS = {
    "event": ("name", "at", "state", "details", "told", "chain"),
    "deed": ("name", "at", "thing_name", "after", "chain"),
}
NUMBERS = {"event": ("ticket_id", "seq", "version", "actor_id"), "deed": ("actor_id", "thing_id")}


@pytest.fixture(autouse=True)
def book(tmp_path) -> Iterator[Path]:
    """A book of checkpoints of its own."""
    before = anchor.book().folder
    anchor.use_folder(tmp_path / "anchors")
    yield tmp_path / "anchors"
    anchor.use_folder(before)


def found() -> list[tuple[str, str]]:
    db.session.rollback()
    db.session.expire_all()
    return [(each.what, each.row) for each in verification.verify().findings]


def test_a_record_of_many_roads_is_sound(cast):
    for state in ("archived", "awaiting_approval", "awaiting_customer"):
        a_ticket(state)
    accounts.sign_in(person("li"), browser="")
    (line,) = anchor.checkpoint()
    seen = verification.verify()
    assert seen.is_sound, seen.findings
    assert seen.count.tickets == 3
    assert (seen.count.events, seen.count.deeds) == (line["events"], line["deed"])
    assert seen.count.texts > 10
    assert seen.checkpoints == 1
    assert anchor.checkpoint() == [], "nothing has come since"


@contextmanager
def forging() -> Iterator[Connection]:
    """What somebody with the database's password does, guards and keys out of the way; it is given up at the end."""
    db.session.rollback()
    db.session.expunge_all()
    connection = db.session.connection(execution_options=WRITE)
    if is_sqlite():
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    else:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    connection.exec_driver_sql("DROP INDEX ix_event_ticket_id_seq")
    yield connection
    db.session.rollback()


def found_in_forgery() -> list[tuple[str, str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verification, "_see_one_moment", db.session.expire_all)
        return [(each.what, each.row) for each in verification.verify().findings]


def appended(ticket: Ticket) -> str:
    """An event that says nothing wrong, and the ticket counts it."""
    newest = f"(SELECT max(id) FROM event WHERE ticket_id = {ticket.id})"
    columns = "ticket_id, seq, {}name, at, actor_id, version, state, details, told, chain"
    said = columns.format("").replace("seq", "seq + 1").replace("name", "'noted'")
    return (
        f"INSERT INTO event (id, {columns.format('')}) SELECT (SELECT max(id) + 1 FROM event), {said} "
        f"FROM event WHERE id = {newest}; UPDATE ticket SET seq = seq + 1 WHERE id = {ticket.id}"
    )


def test_every_kind_of_forgery_is_named(cast):
    """UPDATE, DELETE, reorder and append, each by itself."""
    one, other = a_ticket("awaiting_approval"), a_ticket("awaiting_plan")
    entry = comment.add_note(one, actor=person("zhao"), text="内部")
    accounts.sign_in(person("li"), browser="")
    anchor.checkpoint()
    seq, plan, deed = one.seq, newest_plan(one).id, db.session.scalar(select(func.max(Deed.id)))
    events = dict(db.session.execute(select(Event.seq, Event.id).where(Event.ticket_id == one.id)).all())
    number, mine, end = one.number, f"{one.number} event", events[seq]
    gone = "DELETE FROM event WHERE id = {}"
    back = (
        f"UPDATE ticket SET seq = seq - 1, chain = (SELECT chain FROM event WHERE id = {events[seq - 1]}) "
        f"WHERE id = {one.id}"
    )
    seqs = f"UPDATE event SET seq = 5 - seq WHERE id IN ({events[2]}, {events[3]})"
    ids = "; ".join(
        f"UPDATE event SET id = {new} WHERE id = {old}"
        for old, new in ((events[2], -1), (events[3], events[2]), (-1, events[3]))
    )
    whole = "; ".join(f"DELETE FROM {table}" for table in ("event", "entry", "plan"))
    whole = whole.replace("; ", f" WHERE ticket_id = {one.id}; ") + f" WHERE ticket_id = {one.id}"
    for statements, what, row in (
        (f"UPDATE event SET actor_id = 1 WHERE id = {events[2]}", CHANGED, f"{mine} 2 (triaged)"),
        (f"UPDATE event SET chain = 'ab' WHERE id = {events[2]}", CHANGED, f"{mine} 2 (triaged)"),
        (gone.format(events[3]), REMOVED, f"{mine}s 3"),
        (gone.format(end), REMOVED, f"{number} events {seq}"),
        (f"{gone.format(end)}; {back}", REMOVED, f"events {end}: known to the checkpoints"),
        (f"{whole}; DELETE FROM ticket WHERE id = {one.id}", REMOVED, f"events {events[1]}-"),
        (seqs, CHANGED, f"{mine} 2 (taken)"),
        (seqs, CHANGED, f"{mine} 3 (triaged)"),
        (ids, CHANGED, "events 1-"),
        (appended(one), CHANGED, f"{mine} {seq + 1} (noted)"),
        (appended(other), CHANGED, f"{other.number} event {other.seq + 1} (noted)"),
        (f"UPDATE ticket SET state = 'closed' WHERE id = {one.id}", STATE, number),
        (f"UPDATE ticket SET description = 'x' WHERE id = {one.id}", TEXT, f"{number} description"),
        (f"UPDATE entry SET body = 'x' WHERE id = {entry.id}", TEXT, f"{mine} {seq} (noted) entry {entry.id}"),
        (f"DELETE FROM entry WHERE id = {entry.id}", TEXT, f"{mine} {seq} (noted) has lost its text"),
        (f"UPDATE plan SET effect = 'x' WHERE id = {plan}", TEXT, f"plan {plan} ("),
        (f"UPDATE deed SET address = '10.9.9.9' WHERE id = {deed - 1}", CHANGED, f"deed {deed - 1} ("),
        (f"DELETE FROM deed WHERE id = {deed - 1}", REMOVED, f"deeds {deed - 1}"),
        (f"DELETE FROM deed WHERE id = {deed}", REMOVED, f"deeds {deed}: known to the checkpoints"),
    ):
        with forging() as connection:
            for statement in statements.split("; "):
                connection.exec_driver_sql(statement)
            named = found_in_forgery()
        assert any(each[0] == what and each[1].startswith(row) for each in named), (statements, named)
    assert found() == []


def test_a_frozen_record_is_checked_against_its_event(cast):
    ticket = a_ticket("archived").id
    with forging() as connection:
        connection.exec_driver_sql("UPDATE archive_record SET digest = 'ab'")
        assert ("text", f"frozen record of ticket {ticket}") in found_in_forgery()


# --- at random


@pytest.fixture
def desk(cast) -> dict[int, str]:
    """A few tickets: their ids and numbers."""
    states = ("archived", "awaiting_fix", "awaiting_customer", *["awaiting_triage", "awaiting_plan"] * 3)
    return {ticket.id: ticket.number for ticket in map(a_ticket, states)}


def flipped(connection: Connection, table: str, column: str, id_: int, dice: random.Random) -> bool:
    """One bit of this value is another; False when the database does not take that."""
    where = f"FROM {table} WHERE id = {id_}"
    if column in NUMBERS[table]:
        held = connection.exec_driver_sql(f"SELECT {column} {where}").scalar()
        value = f"{(held or 0) ^ (1 << dice.randrange(30))}"
    elif column == "at" and not is_sqlite():
        value = f"at + interval '{dice.randrange(1, 10**6)} microseconds'"
    else:
        raw = f"CAST({column} AS BLOB)" if is_sqlite() else f"convert_to({column}::text, 'UTF8')"
        held = bytearray(connection.exec_driver_sql(f"SELECT {raw} {where}").scalar())
        if not held:
            return False
        held[dice.randrange(len(held))] ^= 1 << dice.randrange(8)
        kind = "::json" if column in ("details", "told", "after") else ""
        value = f"CAST(x'{held.hex()}' AS TEXT)" if is_sqlite() else f"convert_from('\\x{held.hex()}', 'UTF8'){kind}"
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"UPDATE {table} SET {column} = {value} WHERE id = {id_}")
    except DBAPIError:
        return False
    return True


def flip_and_find(desk: dict[int, str], times: int, seed: int) -> int:
    """Flip a bit in one event of each ticket and in one deed, verify, give it up; how many flips were found."""
    dice, done = random.Random(seed), 0
    events = db.session.execute(select(Event.id, Event.ticket_id, Event.seq)).all()
    deeds = db.session.scalars(select(Deed.id)).all()
    while done < times:
        with forging() as connection:
            wanted = []
            for ticket_id, number in desk.items():
                event = dice.choice([each for each in events if each.ticket_id == ticket_id])
                column = dice.choice(TEXTS["event"] + NUMBERS["event"])
                if flipped(connection, "event", column, event.id, dice):
                    wanted.append((rf"{number} events? {event.seq}\b", column))
            deed, column = dice.choice(deeds), dice.choice(TEXTS["deed"] + NUMBERS["deed"])
            if flipped(connection, "deed", column, deed, dice):
                wanted.append((rf"deeds? {deed}\b", column))
            named = "\n".join(row for _, row in found_in_forgery())
        for row, column in wanted:
            assert re.search(row, named), (row, column, named)
        done += len(wanted)
    return done


def test_a_hundred_flipped_bits_are_found(desk):
    assert flip_and_find(desk, 100, seed=64) >= 100


@pytest.mark.full
def test_ten_thousand_flipped_bits_are_found(desk):
    """F39."""
    assert flip_and_find(desk, 10_000, seed=39) >= 10_000


# --- the anchor


def test_the_end_is_the_deed_that_was_written_down(cast):
    deed = db.session.scalars(select(Deed).order_by(Deed.id.desc()).limit(1)).one()
    assert anchor.is_there(anchor.End(deed=deed.id, deed_chain=deed.chain))
    assert not anchor.is_there(anchor.End(deed=deed.id, deed_chain="another"))


def test_what_is_cut_off_at_the_end_is_missed(cast):
    """An older database in place of the newer one: whole tickets and deeds are gone, and every chain in it fits."""
    a_ticket("awaiting_plan")
    anchor.checkpoint()
    last = db.session.scalar(select(func.max(Event.id)))
    later = a_ticket("awaiting_triage").id
    accounts.sign_in(person("li"), browser="")
    (line,) = anchor.checkpoint()
    by_force(f"DELETE FROM message WHERE event_id > {last}")
    for table in ("link", "deadline", "event", "search_text"):
        column = "rowid" if table == "search_text" and is_sqlite() else "ticket_id"
        by_force(f"DELETE FROM {table} WHERE {column} = {later}")
    by_force(f"DELETE FROM ticket WHERE id = {later}")
    by_force(f"DELETE FROM deed WHERE id = {line['deed']}")
    cut = [(REMOVED, f"events {last + 1}: known to the checkpoints"),
           (REMOVED, f"deeds {line['deed']}: known to the checkpoints")]  # fmt: skip
    assert found() == cut
    db.session.expunge_all()  # numbers are given again
    (parted,) = anchor.checkpoint()
    assert parted["kind"] == anchor.PARTED
    ((kind, row),) = found()
    assert (kind, row.split(", known")[0]) == ("parted", f"events {last + 1} and deeds {line['deed']}")
    a_ticket("awaiting_triage")
    anchor.checkpoint()
    assert len(found()) == 1, "the new events fit to what was begun anew"


def test_a_deed_that_was_forged_with_the_key_is_not_the_one_of_the_checkpoint(cast):
    """Whoever has stolen the key too makes a chain that fits; what was written down outside does not."""
    accounts.sign_in(person("li"), browser="")
    (line,) = anchor.checkpoint()
    *_, before, deed = db.session.scalars(select(Deed).order_by(Deed.id)).all()
    row = {column: getattr(deed, column) for column in deeds._CHAINED} | {"address": "10.9.9.9"}
    link = deeds.link_of(before.chain, row)
    by_force(f"UPDATE deed SET address = '10.9.9.9', chain = '{link}' WHERE id = {deed.id}")
    assert [(what, row.partition(" of ")[0]) for what, row in found()] == [
        (CHANGED, f"deed {deed.id}: not what checkpoint {line['number']}")
    ]


def test_a_restore_says_what_is_missing_until_it_is_acknowledged(app, cast, engine, tmp_path):
    if not is_sqlite():
        pytest.skip("the copy of a file stands for the backup")
    a_ticket("awaiting_plan")
    anchor.checkpoint()
    a_ticket("awaiting_triage")  # too young for a checkpoint
    last = db.session.scalar(select(func.max(Event.id)))
    file = Path(engine.url.database)
    db.session.remove()
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(tmp_path / "copy")) as copy:
        source.backup(copy)
    a_ticket("awaiting_triage")
    a_ticket("awaiting_triage")
    anchor.checkpoint()
    db.session.remove()
    with closing(sqlite3.connect(tmp_path / "copy")) as copy, closing(sqlite3.connect(file)) as target:
        copy.backup(target)
    anchor.restored("copy of 10:00")
    ((kind, row),) = found()
    assert kind == "restored"
    assert row.startswith(f"events {last + 1}-{last + 2}, known until 20")
    seen = verification.verify()
    anchor.acknowledge([finding.key for finding in seen.findings], "drill of the year")
    assert found() == []
    assert [finding.what for finding in verification.verify().known] == ["restored"]
    a_ticket("awaiting_plan")
    anchor.checkpoint()
    assert found() == [], "numbers that are given again do not disturb"


def test_removed_checkpoints_are_missed(cast, book):
    for _ in range(3):
        a_ticket("awaiting_triage")
        anchor.checkpoint()
    (page,) = book.glob("*.jsonl")
    whole = page.read_text()
    first, second, third = whole.splitlines(keepends=True)
    for text_, row in (
        (first + third, f"checkpoints after 1 in {page.name}"),
        (second + third, f"checkpoints after 0 in {page.name}"),
        (first + second.replace('"events": 2', '"events": 3') + third, f"checkpoints after 1 in {page.name}"),
        (first + second[:40] + "\n" + third, f"checkpoints after 1 in {page.name}"),
    ):
        page.write_text(text_)
        assert ("book", row) in found(), text_
    page.write_text(whole + third[:50])
    assert found() == [], "torn by a power cut: nobody relied on it"
    a_ticket("awaiting_triage")
    anchor.checkpoint()
    assert found() == [], "and the next line begins on a line of its own"


@pytest.mark.parametrize("line", ['{"number":1,"mac":"x"}', '{"number":1,"mac":"x","at":"now","event":"?"}'])
def test_a_line_that_is_not_ours_is_named_and_stops_nothing(cast, book, line):
    a_ticket("awaiting_triage")
    anchor.checkpoint()
    (page,) = book.glob("*.jsonl")
    page.write_text(page.read_text() + line + "\n")
    assert ("book", f"checkpoints after 1 in {page.name}") in found()
    a_ticket("awaiting_triage")
    assert [each["number"] for each in anchor.checkpoint()] == [2], "the desk goes on writing"


def test_checkpoints_that_were_cut_off_are_missed_by_the_database(cast, book, monkeypatch):
    a_ticket("awaiting_triage")
    anchor.checkpoint()
    (page,) = book.glob("*.jsonl")
    kept, at = page.read_text(), clock.real_now()
    a_ticket("awaiting_triage")
    with monkeypatch.context() as later:
        later.setattr(clock, "real_now", lambda: at + timedelta(minutes=1))
        anchor.checkpoint()
    if len(list(book.glob("*.jsonl"))) == 1:
        page.write_text(kept)
        assert [what for what, _ in found()] == ["book"]
    page.write_text("")
    assert [what for what, _ in found()] == ["book"], "a whole book"


def test_an_hour_without_news_has_a_line_too(cast, book, monkeypatch):
    a_ticket("awaiting_triage")
    anchor.checkpoint()
    at = clock.real_now() + timedelta(minutes=61)
    monkeypatch.setattr(clock, "real_now", lambda: at)
    assert [line["number"] for line in anchor.checkpoint()] == [2]
    assert (book.stat().st_mode & 0o777, next(book.glob("*.jsonl")).stat().st_mode & 0o777) == (0o700, 0o600)


def test_the_verdict_is_kept_for_the_page_and_can_not_be_forged(cast, book):
    a_ticket("awaiting_plan")
    assert verification.last_said() is None
    verification.keep(verification.verify())
    said = verification.last_said()
    assert (said.tickets, said.findings, said.named) == (1, 0, [])
    (book / verification.FILE).write_text(
        (book / verification.FILE).read_text().replace('"tickets": 1', '"tickets": 2')
    )
    assert verification.last_said() is None


def test_the_command_names_what_is_wrong_and_exits_with_one(app, cast):
    ticket = a_ticket("awaiting_plan")
    run = app.test_cli_runner().invoke
    done = run(args=["audit", "verify"])
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "The record is what was written.")
    assert run(args=["audit", "acknowledge", "--note", "nothing"]).exit_code == 1
    assert json.loads(run(args=["audit", "checkpoint"]).output)["events"] == 3
    by_force(f"UPDATE event SET version = 9 WHERE ticket_id = {ticket.id} AND seq = 2")
    done = run(args=["audit", "verify", "--json"])
    row = f"{ticket.number} event 2 (triaged)"
    assert (done.exit_code, json.loads(done.output)["findings"]) == (1, [{"what": CHANGED, "row": row}])
    assert run(args=["audit", "acknowledge", "--note", "the drill"]).output.endswith("acknowledged: 1\n")
    done = run(args=["audit", "verify"])
    assert (done.exit_code, f"known: {row}" in done.output) == (0, True)
    by_force(f"UPDATE event SET version = 8 WHERE ticket_id = {ticket.id} AND seq = 2")
    assert run(args=["audit", "verify"]).exit_code == 1, "another change of the same row"


def test_a_letter_a_day_holds_what_shows_a_cut_later(app, cast, book):
    ticket = a_ticket("awaiting_plan")
    (line,) = anchor.checkpoint()
    admins = len([each for each in db.session.scalars(holders("admin")) if each.email])
    assert (anchor.send_letter(line), anchor.send_letter(line)) == (admins, 0)
    letter = db.session.scalars(select(Message).where(Message.template == anchor.LETTER)).first()
    with app.test_request_context():
        command = next(text for text in render(letter).text.splitlines() if text.startswith("./run"))
    args = command.removeprefix("./run ").split()
    assert args[:3] == ["audit", "verify", "--known"]
    run = app.test_cli_runner().invoke
    assert run(args=args).exit_code == 0
    by_force("DELETE FROM message")
    by_force(f"DELETE FROM event WHERE ticket_id = {ticket.id} AND seq = 3")
    by_force("UPDATE ticket SET seq = 2, state = 'awaiting_engineer', chain = (SELECT chain FROM event WHERE seq = 2)")
    by_force("DELETE FROM heartbeat")
    for page in book.iterdir():
        page.unlink()
    assert run(args=["audit", "verify"]).exit_code == 0, "everything on this machine was forged together"
    answer = run(args=args)
    assert (answer.exit_code, "not those whose digest was kept" in answer.output) == (1, True)


def test_several_may_write_and_somebody_may_verify_meanwhile(app, cast, book, monkeypatch):
    a_ticket("awaiting_triage")
    looking = verification._see_one_moment

    def meanwhile():
        a_ticket("awaiting_triage")
        anchor.checkpoint()
        looking()

    monkeypatch.setattr(verification, "_see_one_moment", meanwhile)
    assert verification.verify().is_sound
    a_ticket("awaiting_plan")
    db.session.remove()

    def write() -> int:
        with app.app_context():
            return len(anchor.checkpoint())

    with ThreadPoolExecutor(4) as several:
        assert sum(several.map(lambda _: write(), range(4))) == 1, "one of them had something to write"
    assert found() == []
