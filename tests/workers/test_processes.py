"""Who dies comes back: at once after a long life, after a growing pause when life is short each time."""

import os
import signal
from time import monotonic, sleep

import pytest

from models.ground import clock
from workers import processes
from workers.processes import LONGEST_PAUSE, STEADY_AFTER, Child, Family
from workers.processes import _reset_signals as reset

from .conftest import eventually

pytestmark = pytest.mark.once


@pytest.fixture
def time(monkeypatch):
    """A clock that stands until the test moves it on."""
    now = [1000.0]
    monkeypatch.setattr(clock, "steady", lambda: now[0])

    def pass_by(seconds):
        now[0] += seconds

    return pass_by


@pytest.fixture
def family():
    family = Family()
    yield family
    family.end(0)


def die(family, child):
    """Wait until the child's death has been noticed."""
    eventually(lambda: family.tend() is not None and not child.pid)


def test_who_dies_at_once_each_time_waits_longer_and_longer(family, time):
    child, pauses = Child("short", lambda: None), []
    family.add(child)
    for _death in range(7):
        die(family, child)
        pauses.append(child.pause)
        time(child.pause - 0.01)
        family.tend()
        assert not child.pid
        time(0.01)
        family.tend()
    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0, LONGEST_PAUSE, LONGEST_PAUSE]


def test_who_lived_long_comes_back_at_once(family, time):
    child = Child("long", signal.pause)
    family.add(child)
    before = child.pid
    time(STEADY_AFTER + 1)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: family.tend() is not None and child.pid not in (0, before))
    assert child.pause == 0


def test_who_does_not_stop_when_asked_is_killed(family):
    def run():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.pause()

    deaf = Child("deaf", run)
    family.add(deaf)
    pid = deaf.pid
    family.end(0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_who_is_told_to_stop_while_being_born_stops(family, monkeypatch):
    """Until it has handlers of its own it has the supervisor's, which only note that the house is closing."""
    monkeypatch.setattr(processes, "_reset_signals", lambda: (sleep(0.3), reset()))
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    began = monotonic()
    try:
        family.add(Child("young", signal.pause))
        family.end(5)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert monotonic() - began < 3


def test_what_others_lean_on_ends_last(family, tmp_path):
    ends = tmp_path / "ends"

    def write_at_the_end(name):
        def run():
            signal.signal(signal.SIGTERM, lambda *_: (ends.open("a").write(name), os._exit(0)))
            (tmp_path / name).touch()
            signal.pause()

        return run

    family.add(Child("a", write_at_the_end("a"), outlives=True))
    family.add(Child("b", write_at_the_end("b")))
    eventually(lambda: (tmp_path / "a").exists() and (tmp_path / "b").exists())
    family.end(5)
    assert ends.read_text() == "ba"
