"""The running house: does it beat, is everything fired and sent, is it copied and anchored?"""

import fcntl
from datetime import timedelta
from pathlib import Path

from app import Settings
from blueprints.signs import signs
from models.clockwork.health import SILENT_AFTER, beats, outbox_counts
from models.ground import clock
from models.record import message
from models.record.outage import outage_of
from workers.checks.finding import Finding, error, unless, unseen, warning
from workers.keeping import presence, store

LATE = 30.0  # seconds that a due mark waits
SLOW = 600.0  # seconds that a letter waits
OLD_BACKUP = timedelta(hours=26)
OLD_ANCHOR = 7_200.0  # seconds; with nothing new one is dropped each hour
NOT_RUNNING = "The house is not running."


def processes(settings: Settings) -> Finding:
    if not is_running(settings.home):
        return warning(NOT_RUNNING, "Start it: ./run")
    silent = [name for name, age in beats().items() if age > _patience(name)]
    do = "Look at their lines in the log; restart."
    return unless(
        not silent, f"Silent: {', '.join(sorted(silent))}.", "Ticker, workers and Redis give signs of life.", do=do
    )


def clocks(settings: Settings) -> Finding:
    waits = signs().oldest_due_unfired_s or 0.0
    fine = "Every mark that was due has fired."
    sentence = f"A mark that was due has been waiting for {waits:.0f} s."
    do = "Nobody sweeps: look at the ticker's lines in the log; restart."
    return unless(waits <= LATE, sentence, fine, do=do, is_error=is_running(settings.home))


def audited(settings: Settings) -> Finding:
    found = signs().clocks
    if found is None:
        return unseen("The auditor has not looked yet.")
    if not is_running(settings.home) and not (found.missing or found.wrong):
        return unseen("The auditor looks while the house is running.")
    sentence = (
        f"The auditor objects: {found.missing} marks missing, {found.wrong} due times wrong, {found.age_s:.0f} s ago."
    )
    return unless(
        found.is_trusted, sentence, "The auditor is content.", do="See the health page; ./run sla explain NUMBER."
    )


def letters(settings: Settings) -> Finding:
    if not settings.smtp_url:
        return unseen("Letters wait, for no mail server is set.")
    waits, failed = message.oldest_wait(), outbox_counts()[message.FAILED]
    sentence = f"The oldest letter has been waiting for {waits / 60:.0f} min, and {failed} have failed."
    do = "Read their errors on the outbox page, repair, press try again."
    if away := outage_of(message.MAIL):
        seconds = (clock.real_now() - away.since).total_seconds()
        sentence = f"No mail server has let a letter in for {seconds / 60:.0f} min: {away.reason}."
        do = "Correct SMTP_URL and restart, or look at the server; what waits leaves by itself."
        return (error if seconds > SLOW else warning)(sentence, do)
    return unless(
        waits <= SLOW and not failed, sentence, "No letter waits longer than it should.", do=do, is_error=waits > SLOW
    )


def held(_settings: Settings) -> Finding:
    count = message.count_held()
    sentence = f"{count} letters are held back since a restore."
    return unless(not count, sentence, "No letter is held back.", do="Let them go on the outbox page.", is_error=False)


def copied(settings: Settings) -> Finding:
    folder = settings.home / store.FOLDER
    if damaged := store.unreadable_in(folder):
        return error(f"Backups that cannot be read: {', '.join(damaged)}.", "Make another: ./run backup create")
    newest = next(iter(store.all_in(folder)), None)
    if newest is None:
        return warning("There is no backup.", "./run backup create, every night, and keep a copy elsewhere.")
    age = clock.real_now() - newest.manifest.at
    sentence = f"The newest backup is {age / timedelta(hours=1):.0f} hours old."
    return unless(age <= OLD_BACKUP, sentence, sentence, do="./run backup create, every night.", is_error=False)


def anchored(settings: Settings) -> Finding:
    ages = [age for name, age in beats().items() if name.startswith("anchor")]
    if not ages or not is_running(settings.home):
        return unseen("No anchor was dropped yet." if not ages else NOT_RUNNING)
    sentence = f"The last anchor was dropped {min(ages) / 60:.0f} min ago."
    do = "See that the folder anchors of the data folder can be written; look at the ticker's log."
    return unless(min(ages) <= OLD_ANCHOR, sentence, sentence, do=do)


def is_running(home: Path) -> bool:
    """Whether a house holds the door."""
    file = home / presence.FILE
    if not file.exists():
        return False
    with file.open("a") as door:
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _patience(name: str) -> float:
    """Seconds; what is no process is not awaited."""
    return next((seconds for kind, seconds in SILENT_AFTER.items() if name.startswith(kind)), float("inf"))
