"""Child processes: forked from the loaded application, started again when they die, never left behind."""

import ctypes
import gc
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import sleep

import structlog

from models.ground import clock

STEADY_AFTER = 2.0  # seconds; who lived longer comes back at once
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
GARBAGE = (20_000, 20, 20)  # objects made since, young and middle-aged collections: when the next one is due
FILES = 8_192  # open at once in one process
OURS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
SET_DEATH_SIGNAL, SET_NAME = 1, 15  # Linux prctl

log = structlog.get_logger("supervisor")


def _exit_now() -> None:
    os._exit(1)


@dataclass
class Child:
    """One place in the house that is always taken: `run` does its work, `orphaned` is its last deed alone."""

    name: str
    run: Callable[[], None]
    orphaned: Callable[[], None] = _exit_now
    outlives: bool = False  # the others lean on it: it is stopped last
    pid: int = 0
    born_at: float = 0.0
    pause: float = 0.0
    wanted_at: float = float("-inf")


class Family:
    """The children of this process. They hold the reading end of a pipe: when it ends, so do they."""

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._ear, self._mouth = os.pipe()

    def add(self, child: Child) -> None:
        """Start `child` now and from now on whenever it has died."""
        self._children.append(child)
        self._start(child)

    def tend(self) -> float:
        """Bury the dead, start whoever is due again; seconds until the next one is due."""
        now = clock.steady()
        for child in self._children:
            self._look_after(child, now)
            if not child.pid and child.wanted_at <= now:
                self._start(child)
        return min((c.wanted_at - now for c in self._children if not c.pid), default=60.0)

    def end(self, patience: float) -> None:
        """Ask everyone to stop and, after `patience` seconds, insist."""
        self._end([child for child in self._children if not child.outlives], patience)
        self._end([child for child in self._children if child.outlives], patience)

    def _end(self, children: list[Child], patience: float) -> None:
        deadline = clock.steady() + patience
        for child in children:
            _signal(child, signal.SIGTERM)
        while any(child.pid for child in children):
            if clock.steady() > deadline:
                for child in children:
                    _signal(child, signal.SIGKILL)
            for child in children:
                _reap(child)
            sleep(0.01)

    def _start(self, child: Child) -> None:
        child.born_at = clock.steady()
        signal.pthread_sigmask(signal.SIG_BLOCK, OURS)  # a child still has our handlers: told to stop, it would not
        child.pid = os.fork()
        if not child.pid:
            self._live(child)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, OURS)
        log.info("started", process=child.name, pid=child.pid)

    def _look_after(self, child: Child, now: float) -> None:
        pid = child.pid
        status = _reap(child)
        if status is None:
            return
        steady = now - child.born_at > STEADY_AFTER
        child.pause = 0.0 if steady else min(max(2 * child.pause, FIRST_PAUSE), LONGEST_PAUSE)
        child.wanted_at = now + child.pause
        code = os.waitstatus_to_exitcode(status)
        log.error("died", process=child.name, pid=pid, code=code, again_in=child.pause)

    def _live(self, child: Child) -> None:
        """The rest of a child's life; it never returns."""
        code = 1
        try:
            os.close(self._mouth)
            _reset_signals()
            _name_process(child.name)
            if child.orphaned is _exit_now:
                die_with_parent()
            threading.Thread(target=self._await_orphanhood, args=(child,), daemon=True).start()
            child.run()
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:
            log.exception("crashed", process=child.name)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _await_orphanhood(self, child: Child) -> None:
        os.read(self._ear, 1)  # returns when the last holder of the other end, the supervisor, is gone
        child.orphaned()


def die_with_parent() -> None:
    """Have the kernel kill this process with its parent; Linux only, the pipe serves elsewhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGKILL)


def allow_many_files() -> None:
    """Raise this process's limit of open files as far as it may go: every open page is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def share_memory() -> None:
    """Before forking: give back what is free and freeze the rest, so that children share it and leave it alone.

    The collector then sees only what is young: it is called less often, for a batch of clocks makes thousands of rows.
    """
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
    gc.freeze()
    gc.set_threshold(*GARBAGE)


def _name_process(name: str) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_NAME, f"bihuan {name}".encode()[:15])


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for each in OURS:
        signal.signal(each, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, OURS)


def _signal(child: Child, number: int) -> None:
    if child.pid:
        os.kill(child.pid, number)


def _reap(child: Child) -> int | None:
    """The wait status of a child that has died since the last look."""
    if not child.pid:
        return None
    pid, status = os.waitpid(child.pid, os.WNOHANG)
    if not pid:
        return None
    child.pid = 0
    return status
