"""The doctor: each question is answered well in a sound house, and badly once what it asks about is wrong."""

import json
import os
from datetime import timedelta
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import text, update

from models.clockwork.health import WORKERS
from models.ground import clock, guards
from models.ground.db import WRITE, command, db, is_sqlite
from models.people.person import Person
from models.record import heartbeat, message, outage, verdict
from tests.conftest import settings
from tests.factories import a_ticket
from workers import doctor, entrance, queues
from workers.checks import connections, database, desk, life, surroundings
from workers.checks.finding import ERROR, GOOD, UNSEEN, WARNING
from workers.keeping import presence, store

from .conftest import surroundings as bare_surroundings
from .test_engine import Sink

CHECKS = doctor.BEFORE | doctor.OF_THE_DATABASE | doctor.OF_THE_DESK
FUTURE = timedelta(hours=3)


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
def mine(app, tmp_path):
    """Settings of a sound house that one may spoil; somebody is at home."""
    (tmp_path / "secret-key").touch(mode=0o600)
    given = app.config["SETTINGS"]
    (tmp_path / "secret-key").write_text(given.secret_key)
    made = settings(tmp_path, database_url=given.database_url, base_url="https://desk.example")
    for name in ("ticker", "redis", *WORKERS, "anchor 1"):
        heartbeat.beat(name)
    with presence.come_home(tmp_path):
        yield made


def asked(number, mine):
    db.session.rollback()
    return doctor._asked(CHECKS[number], mine)


NOT_SET = {"D09": WARNING, "D13": WARNING, "D14": WARNING, "D32": UNSEEN, "D33": UNSEEN}  # of the house of the tests


def test_a_sound_house(mine):
    """Whatever is not good here is what the house of the tests does not have."""
    answers = {number: asked(number, mine) for number in CHECKS}
    odd = {number: f.state for number, f in answers.items() if f.state != GOOD}
    expected = NOT_SET | ({"D25": UNSEEN} if is_sqlite() else {"D24": ERROR, "D22": WARNING})
    of_the_season = {"D41", "D42"}  # holidays of the year to come; nobody is on call in the cast
    assert {n: s for n, s in odd.items() if n not in of_the_season} == expected, answers
    assert all(finding.do for finding in answers.values() if finding.state in (WARNING, ERROR))


def changed(mine, **values):
    return mine.model_copy(update=values)


@pytest.mark.parametrize(
    ("number", "values", "state", "said"),
    [
        ("D01", {"secret_key": "short"}, ERROR, "easy to guess"),
        ("D01", {"secret_key": "a" * 40}, ERROR, "easy to guess"),
        ("D03", {"base_url": "http://desk.example"}, WARNING, "not encrypted"),
        ("D03", {"base_url": "http://desk.example", "env": "production"}, ERROR, "not encrypted"),
        ("D04", {"bind": "0.0.0.0"}, WARNING, "passes the proxy by"),
        ("D05", {"debug": True}, ERROR, "FLASK_DEBUG"),
        ("D09", {"heartbeat_url": "http://2130706433/ping"}, ERROR, "127.0.0.1 is not a public address"),
        ("D10", {"redis_url": "redis://127.0.0.1:9"}, ERROR, "does not answer"),
        ("D12", {"redis_url": "redis://192.0.2.7:6379"}, ERROR, "no password"),
        ("D13", {"smtp_url": "smtp://127.0.0.1:9"}, ERROR, "does not let us in"),
    ],
)
@pytest.mark.once
def test_a_setting_that_is_wrong(mine, number, values, state, said):
    finding = asked(number, changed(mine, **values))
    assert (finding.state, said in finding.sentence) == (state, True), finding


@pytest.mark.once
def test_what_others_can_read(mine):
    (mine.home / "secret-key").chmod(0o644)
    assert asked("D02", mine).state == ERROR
    mine.home.chmod(0o755)
    assert asked("D06", mine).state == WARNING
    assert asked("D06", changed(mine, env="production")).state == ERROR


@pytest.mark.once
def test_disk_and_packages(mine, monkeypatch, tmp_path):
    for free, state in ((10**9, WARNING), (10**8, ERROR)):
        monkeypatch.setattr(surroundings.shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        assert asked("D07", mine).state == state
    pins = tmp_path / "requirements.txt"
    pins.write_text("flask==0.1 \\\n    --hash=sha256:0\nno-such-package==1.0\n")
    monkeypatch.setattr(surroundings, "PINS", pins)
    assert asked("D08", mine).sentence.startswith("Not of the pinned version: flask 3")
    assert "no-such-package is missing" in asked("D08", mine).sentence


@pytest.mark.once
def test_redis_and_the_mail_server(mine, redis_server, smtp_url, sink):
    mine = changed(mine, redis_url=redis_server.url, smtp_url=smtp_url)
    assert [asked(number, mine).state for number in ("D10", "D11", "D12", "D13")] == [GOOD] * 4
    assert sink.ids == [], "no letter was sent"
    queues.connect(redis_server.url).config_set("maxmemory-policy", "allkeys-lru")
    assert "allkeys-lru" in asked("D11", mine).sentence


def test_a_database_that_is_away_or_of_another_version(mine, monkeypatch):
    monkeypatch.setattr(database, "signs", lambda: SimpleNamespace(migrations="broken"))
    assert asked("D21", mine).state == ERROR

    def broken(_settings):
        db.session.execute(text("SELECT nothing FROM nowhere"))

    monkeypatch.setitem(CHECKS, "D20", broken)
    finding = asked("D20", mine)
    assert (finding.state, finding.sentence.startswith("It could not be looked at: ")) == (ERROR, True)


def test_every_guard_is_counted(mine):
    """What stands in models/ground/guards.py is what the migrations make; one less is an error."""
    standing = database.SQLITE_GUARDS if is_sqlite() else database.POSTGRES_GUARDS
    assert set(db.session.scalars(text(standing))) == guards.GUARDS
    db.session.rollback()
    on = "" if is_sqlite() else " ON event"
    with db.engine.connect().execution_options(**WRITE) as connection:
        connection.execute(text(f"DROP TRIGGER event_is_append_only_d{on}"))
        if is_sqlite():
            connection.commit()
            assert "event_is_append_only_d" in asked("D23", mine).sentence
        else:  # the database of the tests is used again: it is taken back
            names = set(connection.scalars(text(standing)))
            assert guards.GUARDS - names == {"event_is_append_only_d"}


@pytest.mark.once
def test_a_damaged_or_careless_database(mine, monkeypatch):
    """What SQLite answers is put in its place: pages are damaged in the tests of backups."""
    answers = {"PRAGMA quick_check(3)": ["row 3 missing from index"], "PRAGMA journal_mode": ["delete"]}

    def instead(words):
        return answers.get(str(words), [1])

    session = SimpleNamespace(scalars=instead, scalar=lambda words: instead(words)[0])
    monkeypatch.setattr(database, "db", SimpleNamespace(session=session))
    assert "row 3 missing" in doctor._asked(CHECKS["D22"], mine).sentence
    assert "delete" in doctor._asked(CHECKS["D24"], mine).sentence
    monkeypatch.setattr(database, "is_sqlite", lambda: False)
    answers["SHOW fsync"] = ["off"]
    answers["SHOW data_checksums"] = ["off"]
    assert "fsync off" in doctor._asked(CHECKS["D24"], mine).sentence
    assert doctor._asked(CHECKS["D22"], mine).state == WARNING
    later = SimpleNamespace(
        execute=lambda _: SimpleNamespace(scalar_one=lambda: clock.real_now() + timedelta(minutes=1))
    )
    monkeypatch.setattr(database, "db", SimpleNamespace(session=later))
    assert "60 s apart" in doctor._asked(CHECKS["D25"], mine).sentence


def test_a_house_that_has_fallen_silent(mine, monkeypatch, time):
    a_ticket(severity="P0")
    time(clock.now() + timedelta(hours=1))
    assert "waiting for" in asked("D31", mine).sentence
    verdict.keep(
        fired=1, late=0, missing=2, slowest_s=0, checked=3, wrong_count=0, wrong=[], seen_event=0, seen_until=None
    )
    assert "2 marks missing" in asked("D32", mine).sentence
    mine = changed(mine, smtp_url="smtp://mail.example")
    later = clock.real_now() + FUTURE
    monkeypatch.setattr(clock, "real_now", lambda: later)
    assert "ticker" in asked("D30", mine).sentence
    assert asked("D33", mine).state == ERROR
    assert "180 min ago" in asked("D35", mine).sentence
    command(outage.note)(message.MAIL, "535 wrong password", is_refused=True)
    found = asked("D33", mine)
    assert (found.state, "for 0 min: 535 wrong password" in found.sentence) == (WARNING, True)
    command(message.hold_back)()
    assert "held back" in asked("D34", mine).sentence


def test_nobody_at_home(app, tmp_path):
    mine = settings(tmp_path, database_url=app.config["SETTINGS"].database_url)
    assert (asked("D30", mine).state, asked("D30", mine).sentence) == (WARNING, life.NOT_RUNNING)
    assert asked("D35", mine).state == UNSEEN


@pytest.mark.once
def test_an_old_backup_or_none_that_can_be_read(mine, monkeypatch):
    folder = mine.home / store.FOLDER / "20261101-000000"
    folder.mkdir(parents=True)
    (folder / store.MANIFEST).write_text("{")
    assert "cannot be read" in asked("D14", mine).sentence
    at = (clock.real_now() - timedelta(hours=30)).isoformat()
    nothing = {"counts": {}, "head": [0, ""], "bytes": 0, "sums": ""}
    old = store.Manifest(made_at=at, engine="sqlite", server="", migration="", **nothing)
    store.seal(folder, old)
    assert (asked("D14", mine).state, "30 hours old" in asked("D14", mine).sentence) == (WARNING, True)


@command
def without_admins():
    db.session.execute(update(Person).values(email="", time_zone="Mars/Olympus"))


def test_the_desk(mine, monkeypatch):
    monkeypatch.setattr(desk, "calendars_behind", lambda _: [(SimpleNamespace(name="China"), 2027)])
    assert asked("D41", mine).sentence == "Holidays are missing: China of 2027."
    monkeypatch.setattr(desk, "lint", lambda version: [SimpleNamespace(is_error=True)])
    assert "would not be told" in asked("D42", mine).sentence
    without_admins()
    assert "Mars/Olympus" in asked("D40", mine).sentence
    assert "No administrator" in asked("D43", mine).sentence


@pytest.mark.once
def test_it_is_asked_on_the_command_line(app, tmp_path, monkeypatch):
    """Nothing is written, no table is needed, and the exit code tells whether something is an error."""
    for name, value in (bare_surroundings(tmp_path) | {"BIHUAN_ENV": "test"}).items():
        monkeypatch.setenv(name, value)
    umask = os.umask(0o077)
    done = CliRunner().invoke(doctor.doctor, ["--json"])
    os.umask(umask)
    lines = {line["check"]: line for line in map(json.loads, done.output.splitlines())}
    assert (done.exit_code, set(lines)) == (1, set(CHECKS))
    assert lines["D21"]["state"] == ERROR
    assert lines["D42"]["state"] == UNSEEN
    said = CliRunner().invoke(doctor.doctor).output
    assert "D21  ERROR" in said
    assert "→ Start ./run." in said


# --- production does not start (A61)


@pytest.mark.once
@pytest.mark.parametrize(
    ("values", "number"),
    [
        ({"secret_key": "short"}, "E01"),
        ({"signing_keys": "short, and another one that is long enough"}, "E01"),
        ({"debug": True}, "E02"),
        ({"base_url": "http://desk.example"}, "E03"),
        ({"base_url": ""}, "E03"),
        ({"secret_key": "change-me-" + "e" * 40}, "E04"),
    ],
)
def test_production_refuses_unsafe_settings(tmp_path, values, number):
    sound = {"env": "production", "base_url": "https://desk.example"}
    assert settings(tmp_path, **sound).env == "production"
    with pytest.raises(SystemExit, match=f"{number}: "):
        settings(tmp_path, **sound | values)


@pytest.mark.once
def test_production_refuses_open_doors(tmp_path):
    tmp_path.chmod(0o700)
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text("only for tests, but long and varied enough")
    sound = settings(tmp_path, env="production", base_url="https://desk.example", secret_key="", secret_key_file=key)
    entrance.refuse_unsafe(sound)
    tmp_path.chmod(0o755)
    key.chmod(0o644)
    with pytest.raises(SystemExit, match=r"E05: (.|\n)*E06: (.|\n)*E07: "):
        entrance.refuse_unsafe(sound.model_copy(update={"redis_url": "redis://192.0.2.7"}))
    entrance.refuse_unsafe(sound.model_copy(update={"env": "demo"}))
    assert not connections.is_open_to_others("redis://:word@192.0.2.7")
    assert not connections.is_open_to_others("redis://127.0.0.1:6379/0")
    assert not connections.is_open_to_others("unix:///run/redis.sock")
