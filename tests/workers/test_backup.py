"""Copies of everything: made under load, proved, put back; what is damaged is named, and no letter leaves twice."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from threading import Event as Signal
from threading import Thread
from time import perf_counter
from types import SimpleNamespace

import flask_migrate
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update

from app import create_app
from models import demonstration
from models.clockwork import escalation
from models.ground import clock, tokens
from models.ground.db import command, db, is_sqlite
from models.people.person import find_person
from models.people.session import open_session, session_of
from models.record import attachment
from models.record import message as outbox
from models.record.event import Event
from models.record.link import open_link
from models.record.message import MAIL, QUEUED, Message
from models.record.ticket import Ticket
from models.steps import intake
from tests.conftest import TEN_O_CLOCK, settings
from tests.database import by_force
from tests.factories import a_ticket
from workers import delivery
from workers import restore as restoring
from workers.backup import backup
from workers.keeping import copies, journal, presence, soundness, store
from workers.keeping.asking import NotPossible
from workers.restore import restore

from .conftest import ROOT, a_database, surroundings
from .test_engine import Sink

LONGEST_WAIT = 0.5  # seconds of most writers beside the copying; the benchmark measures the longest


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
def kept(app, tmp_path):
    """A backup of a small house with a file, and where backups lie."""
    store_file()
    return copies.make(app.config["SETTINGS"], tmp_path / "backups")


def store_file(content: bytes = b"a log of the fault"):
    """A ticket with one attachment."""
    ticket = a_ticket("awaiting_engineer")

    @command
    def attach():
        file = attachment.store("log.txt", content)
        file.ticket_id, file.person_id = ticket.id, find_person("zhang").id
        db.session.add(file)
        return file

    return attach()


def of(settings, backup):
    return soundness.look_through(store.Backup(backup.folder, store.read_manifest(backup.folder)), settings)


# --- one backup


def test_what_was_copied_is_sound_and_says_what_it_is(app, kept):
    said = kept.manifest
    newest = db.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert said.head == [newest.id, newest.chain]
    assert (said.counts["ticket"], said.counts["attachment"], said.absent) == (1, 1, [])
    findings = of(app.config["SETTINGS"], kept)
    assert (findings.wrong, findings.unseen) == ([], [])
    done = subprocess.run(["sha256sum", "--check", "--quiet", store.SUMS], cwd=kept.folder, capture_output=True)
    assert done.returncode == 0, "anybody can check it"
    assert kept.folder.stat().st_mode & 0o077 == 0


@pytest.mark.once
def test_no_secret_is_in_it(app, kept):
    """A65: whoever steals it has no token, no password and no key."""
    key = app.config["SECRET_KEY"].encode()
    assert [p.name for p in kept.folder.rglob("*") if p.is_file() and key in p.read_bytes()] == []


@pytest.mark.once
def test_the_second_one_shares_the_files_of_the_first(app, kept):
    again = copies.make(app.config["SETTINGS"], kept.folder.parent)
    (file,) = (again.folder / store.FILES).glob("??/*")
    assert file.stat().st_nlink == 2, "the two backups; the house has its own"
    assert [b.name for b in store.all_in(kept.folder.parent)] == [again.name, kept.name]


@pytest.mark.once
def test_a_file_that_was_damaged_in_the_first_is_not_shared(app, kept):
    (file,) = (kept.folder / store.FILES).glob("??/*")
    flip(file)
    again = copies.make(app.config["SETTINGS"], kept.folder.parent)
    (sound,) = (again.folder / store.FILES).glob("??/*")
    assert sound.read_bytes() == b"a log of the fault"


@pytest.mark.once
def test_a_file_that_is_damaged_in_the_house_is_told(app, tmp_path):
    file = store_file()
    file.path.write_bytes(b"something else")
    backup = copies.make(app.config["SETTINGS"], tmp_path)
    assert backup.manifest.absent == [file.key]
    assert of(app.config["SETTINGS"], backup).wrong == []


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.once
def test_whatever_is_damaged_is_named(app, kept):
    """F39."""
    settings = app.config["SETTINGS"]
    (file,) = (kept.folder / store.FILES).glob("??/*")
    for path in (kept.database, file):
        sound = path.read_bytes()
        flip(path)
        assert of(settings, kept).wrong == [f"{path.relative_to(kept.folder).as_posix()} is damaged"]
        path.write_bytes(sound)
    extra = kept.folder / "files" / "extra"
    extra.touch()
    assert of(settings, kept).wrong == ["files/extra does not belong to it"]
    extra.unlink()
    sound = file.read_bytes()
    file.unlink()
    assert of(settings, kept).wrong == [f"{file.relative_to(kept.folder).as_posix()} is missing"]
    file.write_bytes(sound)
    assert of(settings, kept).wrong == []
    flip(kept.folder / store.SUMS)
    assert of(settings, kept).wrong[0] == "SHA256SUMS is not the list that was written"


@pytest.mark.once
def test_a_manifest_that_was_changed_is_refused(kept):
    path = kept.folder / store.MANIFEST
    path.write_text(path.read_text().replace('"ticket": 1', '"ticket": 2'))
    with pytest.raises(store.Damaged, match="changed after it was written"):
        store.read_manifest(kept.folder)


def test_a_copy_that_was_swapped_for_another_is_named(app, kept):
    """Every digest fits, but the record does not: a chain was cut."""
    said = json.loads((kept.folder / store.MANIFEST).read_text())
    manifest = store.read_manifest(kept.folder)
    changed = store.Manifest(**{k: v for k, v in said.items() if k != "seal"} | {"head": [manifest.head[0], "0" * 64]})
    store.seal(kept.folder, changed)
    assert of(app.config["SETTINGS"], kept).wrong == ["the newest event is another one"]


def reseal(backup):
    """As if it had been copied like this."""
    lines = [line.split("  ")[1] for line in (backup.folder / store.SUMS).read_text().splitlines()]
    text = "".join(f"{store.sum_of(backup.folder / name)}  {name}\n" for name in lines)
    (backup.folder / store.SUMS).write_text(text)
    manifest = store.read_manifest(backup.folder)
    store.seal(backup.folder, replace(manifest, sums=store.sum_of(backup.folder / store.SUMS)))


def test_what_was_damaged_before_it_was_copied_is_named(app, tmp_path):
    """F39: every digest fits, and a chain is broken."""
    event = db.session.scalars(select(Event).where(Event.ticket_id == store_file().ticket_id).limit(1)).one()
    by_force(f"UPDATE event SET name = 'taken' WHERE id = {event.id}")
    backup = copies.make(app.config["SETTINGS"], tmp_path)
    assert any("event" in each for each in of(app.config["SETTINGS"], backup).wrong)


def test_a_file_that_was_swapped_for_another_is_named(app, kept):
    """Every digest fits, but the record knows another file."""
    (file,) = (kept.folder / store.FILES).glob("??/*")
    file.write_bytes(b"a log of something else")
    reseal(kept)
    key = db.session.scalars(select(attachment.Attachment.key)).one()
    assert of(app.config["SETTINGS"], kept).wrong == [f"attachment {key} is missing"]


def test_a_database_that_was_damaged_while_it_was_copied_is_named(app, kept):
    """F39: every digest fits, and the copy cannot be read: a page of SQLite, a part of a dump of PostgreSQL."""
    content, at = bytearray(kept.database.read_bytes()), -2000
    if is_sqlite():
        with closing(sqlite3.connect(kept.database)) as copy:
            root = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_event_ticket_id_seq'"
            at = (copy.execute(root).fetchone()[0] - 1) * 4096 + 3  # how many cells the page has
    content[at] ^= 0xFF
    kept.database.write_bytes(content)
    reseal(kept)
    assert of(app.config["SETTINGS"], kept).wrong


@pytest.mark.once
def test_another_key_is_said(app, kept, monkeypatch):
    settings = app.config["SETTINGS"].model_copy(update={"secret_key": "another key, which is long enough too"})
    tokens.use_key(settings.secret_key)
    findings = of(settings, kept)
    assert findings.wrong == []
    assert "another secret key" in findings.unseen[0]


@pytest.mark.once
@pytest.mark.parametrize("dies_in", ["seal", "sum_of"])
def test_a_killed_backup_never_looks_whole(app, tmp_path, dies_in):
    settings, folder = app.config["SETTINGS"], tmp_path / "backups"
    pid = os.fork()
    if not pid:
        setattr(store, dies_in, lambda *_: os._exit(9))
        copies.make(settings, folder)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    assert len(list(folder.glob(f"{store.MAKING}*"))) == 1
    assert store.all_in(folder) == []
    made = copies.make(settings, folder)
    assert [p.name for p in folder.iterdir() if p.is_dir()] == [made.name], "what it left is gone"


@pytest.mark.once
def test_a_full_disk_is_told_before_anything_is_made(app, tmp_path, monkeypatch):
    usage = type("usage", (), {"free": 10})
    monkeypatch.setattr(copies.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(NotPossible, match="are free"):
        copies.make(app.config["SETTINGS"], tmp_path)
    assert store.all_in(tmp_path) == []


# --- the sent-journal


@pytest.mark.once
def test_the_journal_remembers_what_left_and_since_when(app, tmp_path, monkeypatch):
    at = clock.real_now()
    assert not journal.goes_back_to(tmp_path, at)
    journal.keep_from_now(tmp_path)
    journal.note(tmp_path, ["<a@bihuan>", "<b@bihuan>"], reader="Zhang@example.org")
    with next((tmp_path / journal.FOLDER).iterdir()).open("a") as file:
        file.write("2026-11-23T00:00")  # torn by a power cut
    assert list(journal.sent_since(tmp_path, at)) == ["<a@bihuan>", "<b@bihuan>"]
    journal.note(tmp_path, ["<c@bihuan>"], reader="zhang@example.org")
    assert list(journal.sent_since(tmp_path, at)) == ["<a@bihuan>", "<b@bihuan>", "<c@bihuan>"], "it tears no other"
    assert list(journal.sent_since(tmp_path, at + timedelta(days=2))) == []
    assert not journal.goes_back_to(tmp_path, at)
    assert journal.goes_back_to(tmp_path, clock.real_now())
    assert "example.org" not in next((tmp_path / journal.FOLDER).iterdir()).read_text()


# --- under load, and back


@pytest.fixture
def desk(tmp_path, smtp_url, time):
    """A desk with a database of its own, which may be moved away, connected to a real mail server."""
    with a_database() as url:
        mine = settings(tmp_path, database_url=url, smtp_url=smtp_url)
        app = create_app(mine)
        with app.app_context():
            flask_migrate.upgrade()
            demonstration.found_desk()
            demonstration.cast_people()
            journal.keep_from_now(mine.home)
            yield SimpleNamespace(app=app, settings=mine, home=mine.home)
            leave()


def leave():
    """Let go of the database: a restore wants to be alone."""
    db.session.remove()
    db.engine.dispose()


@pytest.fixture
def run(desk, monkeypatch):
    """`./run backup …` or `./run restore …` with the settings of the desk; what it says."""
    known = {"BIHUAN_HOME": str(desk.home), "BIHUAN_ENV": "test", "SECRET_KEY": desk.settings.secret_key,
             "DATABASE_URL": desk.settings.database_url, "SMTP_URL": desk.settings.smtp_url}  # fmt: skip
    for name, value in (surroundings(desk.home) | known).items():
        monkeypatch.setenv(name, value)

    def started(command, *words, code=0):
        leave()
        done = CliRunner().invoke(command, words)
        assert done.exit_code == code, done.output
        return done.output

    return started


def report(desk, over, waits):
    """Report one fault after the other until it is over, and note how long each took."""
    with desk.app.app_context():
        while not over.is_set():
            began = perf_counter()
            intake.report_fault(actor=find_person("zhang"), description="打印机卡纸")
            waits.append(perf_counter() - began)
            db.session.remove()
            over.wait(0.1)


def send_everything():
    """Whatever is owed by now, at once."""

    @command
    def hurry():
        waits = (Message.channel == MAIL, Message.state == QUEUED, Message.next_try_at.is_not(None))
        db.session.execute(update(Message).where(*waits).values(next_try_at=clock.real_now()))

    hurry()
    while due := outbox.due():
        for message_id in due:
            delivery.deliver(message_id)
        db.session.remove()


def let_everything_ring(time):
    time(TEN_O_CLOCK + timedelta(days=1))
    while escalation.sweep():
        pass


@command
def a_link():
    """A new link to the first ticket; after a restore its row has the number of one that is lost."""
    ticket = db.session.get_one(Ticket, 1)
    return open_link(ticket, days=3).token


def count(what, *where):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(what).where(*where))


def test_under_load_and_back_to_that_hour(desk, run, sink, time):
    """F37: writers go on while it is made; afterwards everything is as it was then, and nobody gets a letter twice."""
    over, waits = Signal(), []
    writers = [Thread(target=report, args=(desk, over, waits)) for _ in range(2)]
    for writer in writers:
        writer.start()
    words = [sys.executable, "-m", "workers.backup", "create"]
    said = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    over.set()
    for writer in writers:
        writer.join()
    assert median(waits) < LONGEST_WAIT
    name = re.search(r"\d{8}-\d{6}", said)[0]
    manifest = store.find(desk.home / store.FOLDER, name).manifest
    assert manifest.counts["ticket"] > 0

    token = a_link()
    let_everything_ring(time)
    send_everything()
    assert len(sink.ids) == len(set(sink.ids)) > 1
    sent, events = set(sink.ids), count(Event)
    session = open_session_of("zhang")

    assert re.search(r"\d+ tickets and \d+ events", run(restore, name, code=1))
    assert count(Event) == events, "without --yes nothing is done"
    with presence.come_home(desk.home):
        assert "The house is running" in run(restore, name, "--yes", code=1)
    said = run(restore, name, "--yes")
    assert ("are not sent again" in said, "shut it once more" in said) == (True, True)

    assert (count(Ticket), count(Event)) == (manifest.counts["ticket"], manifest.counts["event"])
    assert db.session.get(Event, manifest.head[0]).chain == manifest.head[1]
    assert session_of(session) is None, "everybody signs in anew"
    assert a_link() != token, "a link of the time that is lost stays dead"
    assert list(desk.home.glob("before-*"))
    time(TEN_O_CLOCK)
    let_everything_ring(time)
    send_everything()
    assert [id_ for id_, times in Counter(sink.ids).items() if times > 1] == []
    assert set(sink.ids) == sent, "the same marks have rung once more, and nobody is told once more"
    assert count(Message, Message.answer == outbox.KNOWN) > 1
    assert "is sound" in run(backup, "verify", name)


def test_broken_off_it_stays_shut_until_it_is_said_once_more(desk, run, time, monkeypatch):
    """What has left since is not known yet: nobody comes home, or letters would leave twice."""
    run(backup, "create")
    let_everything_ring(time)

    def break_off(*_, **__):
        leave()
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(restoring, "take_up_again", break_off)
        assert "the disk is full" in run(restore, "newest", "--yes", code=1)
    former = (desk.home / presence.UNFINISHED).read_text()
    with pytest.raises(SystemExit, match="A restore was broken off"):
        presence.come_home(desk.home)
    run(restore, "newest", "--yes")
    presence.come_home(desk.home).close()
    assert Path(former).is_dir()
    assert count(Event) == 0


def test_one_that_cannot_be_read_is_named_and_the_others_stand(desk, run):
    run(backup, "create")
    (good,) = store.all_in(desk.home / store.FOLDER)
    bad = good.folder.with_name("20991231-000000")
    bad.mkdir()
    (bad / store.MANIFEST).write_text("{")
    assert f"{bad.name}  cannot be read" in run(backup, "list")
    assert f"{good.name} is sound" in run(backup, "verify", "newest")
    assert "cannot be read" in run(backup, "verify", bad.name, code=1)


def open_session_of(login):
    @command
    def make():
        return open_session(find_person(login), browser="")

    return make()
