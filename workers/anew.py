"""`./run anew`: the demonstration is put aside, and an empty installation begins, to be set up.

A record is never deleted row by row: the database itself refuses that. So the whole of it is moved out of the way.
"""

import sys
from pathlib import Path

from models.people import claim
from workers import entrance, supervisor
from workers.keeping import presence

ASIDE = ("bihuan.sqlite3", "bihuan.sqlite3-wal", "bihuan.sqlite3-shm", "files", "anchors", claim.FILE)


def main() -> int:
    """Move what is there aside, then start empty. Exits with one sentence where that cannot be."""
    settings = entrance.read_settings()
    if settings.env != "demo":
        sys.exit("Only a demonstration can be begun anew; BIHUAN_ENV says that this is none.")
    if settings.database_url != f"sqlite:///{settings.home / 'bihuan.sqlite3'}":
        sys.exit("DATABASE_URL names a database of its own: give an empty one, then ./run --no-demo.")
    entrance.listen(settings).close()
    with presence.nobody_home(settings.home):
        print(f"  aside         {put_aside(settings.home)}", flush=True)
    return supervisor.main(["--no-demo"])


def put_aside(home: Path) -> Path:
    """Move database and files into a folder named by the time; it can be deleted, or moved back."""
    folder = presence.aside_in(home)
    for name in ASIDE:
        if (home / name).exists():
            (home / name).rename(folder / name)
    return folder


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
