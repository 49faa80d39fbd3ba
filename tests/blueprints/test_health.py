"""Signs of life for machines."""

from datetime import timedelta
from importlib import import_module

import pytest
from sqlalchemy.exc import OperationalError

from blueprints import kept
from models.clockwork.health import WORKERS
from models.ground import clock
from models.ground.db import command, db
from models.record import outage
from models.record.heartbeat import Heartbeat, beat
from tests.factories import a_ticket

KEYS = {
    "database", "redis", "workers", "ticker", "oldest_due_unfired_s", "outbox_oldest_s", "mail_away_s",
    "at_last_resort", "clocks", "migrations",
}  # fmt: skip


@pytest.fixture
def alive(app):
    for name in ("ticker", "redis", *WORKERS):
        beat(name)


def test_the_process_answers(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_ready_when_everything_lives(client, alive):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert set(answer.json) == KEYS
    assert [answer.json[part] for part in ("database", "redis", "workers", "migrations")] == ["ok"] * 4
    assert answer.json["ticker"] < 15


def test_redis_away_is_only_degraded(client, app):
    beat("ticker")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert (answer.json["redis"], answer.json["workers"]) == ("degraded", "degraded")


def test_a_mail_server_that_is_away_is_told(client, alive):
    assert client.get("/readyz").json["mail_away_s"] is None
    command(outage.note)("mail", "refused")
    answer = client.get("/readyz")
    assert (answer.status_code, 0 <= answer.json["mail_away_s"] < 5) == (200, True)


def test_a_silent_ticker_is_broken(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["ticker"] is None


def test_a_mark_that_nobody_fires_is_broken(client, alive, time):
    a_ticket(severity="P0")
    time(timedelta(hours=1))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["oldest_due_unfired_s"] > 30


def test_tables_of_another_version_are_broken(client, alive, monkeypatch):
    monkeypatch.setattr(import_module("blueprints.signs"), "_heads", lambda _: frozenset({"9999"}))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["migrations"]) == (503, "broken")


def test_a_broken_database_is_said_without_details(client, alive, monkeypatch):
    def broken():
        raise OperationalError("SELECT secret", {}, Exception("disk"))

    monkeypatch.setattr("models.clockwork.health.beats", broken)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["database"]) == (503, "broken")
    assert "secret" not in answer.text


def test_figures_are_for_the_same_machine_only(client, alive):
    a_ticket()
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert 'bihuan_tickets{state="awaiting_triage"} 1.0' in answer.text
    assert 'bihuan_heartbeat_age_seconds{name="ticker"}' in answer.text
    assert "bihuan_mail_away_seconds 0.0" in answer.text
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 404


def test_a_beat_grows_old(app, monkeypatch):
    beat("ticker")
    assert db.session.get(Heartbeat, "ticker").at <= clock.real_now()
    later = clock.real_now() + timedelta(seconds=16)
    monkeypatch.setattr(clock, "real_now", lambda: later)
    assert app.test_client().get("/readyz").status_code == 503


PARTS = [("ticker", 16, {"ticker": 16}), ("redis", 16, {"redis": "degraded"})]


@pytest.mark.parametrize(
    ("part", "seconds", "said"), [*PARTS, *((worker, 46, {"workers": "degraded"}) for worker in WORKERS)]
)
def test_whichever_part_is_silent_is_said(client, alive, monkeypatch, part, seconds, said):
    """F43: both pages tell the truth, and only a silent ticker means that nobody can rely on it."""
    now = clock.real_now() + timedelta(seconds=seconds)
    monkeypatch.setattr(clock, "real_now", lambda: now)
    for name in {"ticker", "redis", *WORKERS} - {part}:
        beat(name)
    answer = client.get("/readyz")
    assert answer.status_code == (503 if part == "ticker" else 200)
    seen = {key: value if isinstance(value, str) else int(value) for key, value in answer.json.items() if key in said}
    assert seen == said
    figures = client.get("/metrics").text
    assert f"bihuan_ready {float(part != 'ticker')}" in figures
    if part != "ticker":
        kind = next(iter(said))
        assert f'bihuan_part_works{{part="{kind}"}} 0.0' in figures


def test_without_a_database_there_are_figures_all_the_same(client, alive, monkeypatch):
    def broken():
        raise OperationalError("SELECT secret", {}, Exception("disk"))

    monkeypatch.setattr("models.clockwork.health.beats", broken)
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "bihuan_ready 0.0" in answer.text


def test_colleagues_see_on_every_page_that_nobody_watches_the_clocks(alive, sign_in, monkeypatch):
    wang, zhang = sign_in("wang"), sign_in("zhang")
    assert "hidden" in wang.get("/triage").one(id="still").attributes
    later = clock.real_now() + timedelta(seconds=31)
    monkeypatch.setattr(clock, "real_now", lambda: later)
    kept.forget()
    for login, page in (("wang", "/triage"), ("admin", "/admin")):
        assert "hidden" not in sign_in(login).get(page).one(id="still").attributes
    assert not zhang.get("/my").all(id="still"), "who only reports cannot do anything about it"
