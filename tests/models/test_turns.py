"""Writers take turns instead of polling, and nobody waits for ever."""

import fcntl
import threading

import pytest

from models.ground import turns


def test_one_at_a_time(tmp_path):
    inside, most, lock = 0, 0, threading.Lock()

    def write() -> None:
        nonlocal inside, most
        for _ in range(20):
            with turns.turn(str(tmp_path / "x")):
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_turn_that_is_never_given_back_only_delays(tmp_path, monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 0.05)
    with (tmp_path / "x-turn").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with turns.turn(str(tmp_path / "x")):
            pass


@pytest.mark.parametrize("database", [None, "", ":memory:"])
def test_without_a_file_there_is_nothing_to_wait_for(database):
    with turns.turn(database):
        pass


def test_a_turn_that_cannot_be_opened_is_given_back(tmp_path):
    with pytest.raises(FileNotFoundError), turns.turn(str(tmp_path / "gone" / "x")):
        pass
    assert turns._turn.acquire(blocking=False), "or every writer after it would wait for nothing"
    turns._turn.release()
