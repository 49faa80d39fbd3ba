"""The supervisor: loads the application once, forks every process from it, keeps them alive, takes all with it.

`python -m workers.supervisor [--no-demo]`; `./run` sets up and then becomes this.
"""

import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from time import sleep

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError

from app import Settings, create_app
from models import demonstration
from models.ground import clock
from models.ground.db import db
from models.people import claim
from models.record import outage
from workers import entrance, logs, prepare, queues, valkey
from workers.keeping import journal, presence
from workers.processes import Child, Family, allow_many_files, share_memory
from workers.tasks import TASKS
from workers.ticker import tick_until_stopped
from workers.web import serve
from workers.worker import work

WEB_PROCESSES = min(os.cpu_count() or 1, 4)
SECONDS_FOR_VALKEY = 5.0
SECONDS_TO_STOP = 6.0

log = structlog.get_logger("supervisor")


def main(words: list[str]) -> int:
    """Start everything, watch over it until Ctrl-C or SIGTERM, and return the exit code."""
    settings = entrance.read_settings()
    logs.set_up(level=settings.log_level, as_json=settings.env == "production")
    entrance.refuse_unsafe(settings)
    entrance.find_redis(settings)
    listener, door = entrance.listen(settings), presence.come_home(settings.home)
    app = create_app(settings)
    wants_demonstration = settings.env == "demo" and "--no-demo" not in words
    _in_a_child(partial(_prepare, app, settings, wants_demonstration=wants_demonstration))
    with door:
        return House(app, settings, listener).stand()


class House:
    """The running application: its processes, and the way they begin and end."""

    def __init__(self, app: Flask, settings: Settings, listener: socket.socket) -> None:
        self._app, self._settings, self._listener = app, settings, listener
        self._family = Family()
        self._is_closing = self._is_announced = False

    def stand(self) -> int:
        """Run until told to stop."""
        ear = self._catch_signals()
        allow_many_files()
        share_memory()
        try:
            self._start(self._settings.redis_url or self._start_valkey())
            while not self._is_closing:
                pause = self._family.tend()
                self._wait(ear, pause if self._announced() else min(pause, 0.1))
        finally:
            self._listener.close()
            self._family.end(SECONDS_TO_STOP)
            log.info("stopped")
        return 0

    def _start(self, redis_url: str) -> None:
        for number in range(1, WEB_PROCESSES + 1):
            self._family.add(Child(f"web {number}", partial(self._web, redis_url)))
        for name in TASKS:
            self._family.add(Child(name, partial(self._worker, redis_url, name)))
        self._family.add(Child("ticker", partial(self._ticker, redis_url)))

    def _web(self, redis_url: str) -> None:
        self._forget_connections()
        serve(self._app, listener=self._listener, redis_url=redis_url)

    def _worker(self, redis_url: str, name: str) -> None:
        self._forget_connections()
        self._listener.close()
        work(self._app, redis_url=redis_url, name=name)

    def _ticker(self, redis_url: str) -> None:
        self._forget_connections()
        self._listener.close()
        tick_until_stopped(self._app, redis_url=redis_url)

    def _start_valkey(self) -> str:
        """A Valkey of our own. Exits with one sentence when it does not come up."""
        server, folder = valkey.find_server(), valkey.make_folder(self._settings.home)
        assert server is not None
        keeper, url = valkey.Keeper(server, folder), valkey.url(folder)
        self._family.add(Child("valkey", keeper.run, orphaned=keeper.tidy, outlives=True))
        deadline = clock.steady() + SECONDS_FOR_VALKEY
        while not queues.answers(url):
            if clock.steady() > deadline:
                sys.exit(f"The embedded Valkey ({server}) did not start; set REDIS_URL to use another server.")
            sleep(0.02)
        return url

    def _forget_connections(self) -> None:
        """In a child: connections of the parent's are not ours to use, nor to close."""
        with self._app.app_context():
            db.engine.dispose(close=False)

    def _announced(self) -> bool:
        """Say where the house stands, once its door opens."""
        if not self._is_announced and entrance.is_open(self._settings):
            self._is_announced = True
            if claim.is_going_on(self._settings.home):
                code = claim.print_code(self._settings.home)
                _say("set up", f"{self._settings.base_url}/setup   code: {code}")
            elif self._settings.env == "demo":
                logins = " ".join(person[0] for person in demonstration.PEOPLE)
                _say("accounts", f"{logins}   password: {demonstration.PASSWORD}")
            _say("ready", f"{self._settings.base_url}   Ctrl-C stops")
        return self._is_announced

    def _catch_signals(self) -> int:
        """From now on a signal wakes the wait; the number to wait on is returned."""
        ear, mouth = os.pipe()
        os.set_blocking(ear, False)
        os.set_blocking(mouth, False)
        signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, self._close)
        return ear

    def _close(self, *_: object) -> None:
        self._is_closing = True

    def _wait(self, ear: int, seconds: float) -> None:
        if select.select([ear], [], [], max(0.0, seconds))[0]:
            os.read(ear, 512)


def _prepare(app: Flask, settings: Settings, *, wants_demonstration: bool) -> None:
    """See to the tables and to something in them. Exits with one sentence when the database is away."""
    with app.app_context():
        try:
            with prepare.alone(settings.home):
                if prepare.migrate(app):
                    _say("database", "tables brought to the newest version")
                begun = claim.is_going_on(settings.home)  # who is setting up wants no demonstration
                journal.keep_from_now(settings.home)
                outage.forget()
                if wants_demonstration and not begun and demonstration.load_demonstration():
                    _say("data", "demonstration loaded")
                elif prepare.found_desk():
                    _say("data", "an empty desk with the standard policy")
                if claim.is_unclaimed():
                    claim.print_code(settings.home)
        except DBAPIError as error:
            where = db.engine.url.render_as_string(hide_password=True)
            sys.exit(f"The database {where} cannot be used: {' '.join(str(error.orig).split())}")


def _in_a_child(deed: Callable[[], None]) -> None:
    """Do it in a process of its own, so that the memory it takes goes with it. Exits when it fails."""
    pid = os.fork()
    if pid:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code:
            sys.exit(1)
        return
    try:
        deed()
    except SystemExit as refusal:
        print(refusal, file=sys.stderr, flush=True)
        os._exit(1)
    except BaseException:
        log.exception("the database could not be prepared")
        os._exit(1)
    os._exit(0)


def _say(step: str, words: str) -> None:
    print(f"  {step:<13} {words}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
