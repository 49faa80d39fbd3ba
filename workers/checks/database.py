"""The database: there, whole, guarded, and on the disk when it says so."""

from sqlalchemy import text

from app import Settings
from blueprints.signs import signs
from models.ground import clock
from models.ground.db import db, is_sqlite
from models.ground.guards import GUARDS
from workers.checks.finding import Finding, error, good, unless, unseen

SQLITE_GUARDS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
POSTGRES_GUARDS = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


def answers(_settings: Settings) -> Finding:
    where = db.engine.url.render_as_string(hide_password=True)
    db.session.execute(text("SELECT 1"))
    return good(f"{where} answers.")


def tables(_settings: Settings) -> Finding:
    fine = "The tables are of the newest version."
    return unless(
        signs().migrations == "ok", "The tables are of another version than the program.", fine, do="Start ./run."
    )


def whole(_settings: Settings) -> Finding:
    """Quick: everything but the indexes; `./run backup verify` looks at a copy in full."""
    if not is_sqlite():
        sums = db.session.scalar(text("SHOW data_checksums"))
        fine = f"PostgreSQL keeps its own pages whole (checksums {sums})."
        return unless(
            sums == "on",
            "PostgreSQL keeps no checksums of its pages.",
            fine,
            do="pg_checksums --enable",
            is_error=False,
        )
    found = list(db.session.scalars(text("PRAGMA quick_check(3)")))
    do = "Stop, keep a copy of the folder, and restore the newest sound backup."
    return unless(found == ["ok"], f"The database is damaged: {'; '.join(found)}.", "The database is whole.", do=do)


def guards(_settings: Settings) -> Finding:
    """What refuses a change past the process, whoever makes it."""
    standing = set(db.session.scalars(text(SQLITE_GUARDS if is_sqlite() else POSTGRES_GUARDS)))
    missing = sorted(GUARDS - standing)
    fine = f"All {len(GUARDS)} guards of the database stand."
    do = "Somebody has removed or disabled them: ./run audit verify, then restore, or migrate down and up again."
    return unless(not missing, f"Guards are missing: {', '.join(missing[:5])}.", fine, do=do)


def durable(_settings: Settings) -> Finding:
    """Whether what was said to be saved would outlive a power cut (rule 15)."""
    if is_sqlite():
        mode, keys = (db.session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys"))
        fine = "What was saved is in the log and on the disk before anybody is told."
        return unless(
            mode == "wal" and keys == 1, f"The journal mode is {mode}.", fine, do="Use a local disk: no network share."
        )
    off = [name for name in DURABLE if db.session.scalar(text(f"SHOW {name}")) == "off"]
    if off:
        return error(
            f"PostgreSQL does not wait for the disk: {', '.join(off)} off.", "Switch it on in postgresql.conf."
        )
    return good("PostgreSQL waits for the disk.")


def same_time(_settings: Settings) -> Finding:
    """A server of another time would make links expire early, or late."""
    if is_sqlite():
        return unseen("The database has no clock of its own.")
    apart = abs((db.session.execute(text("SELECT clock_timestamp()")).scalar_one() - clock.real_now()).total_seconds())
    fine = f"The clocks of both machines agree ({apart:.1f} s)."
    return unless(
        apart < 5, f"The clocks of both machines are {apart:.0f} s apart.", fine, do="Run an NTP client on both."
    )
