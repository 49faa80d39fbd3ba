"""Everything that is written down, so that a test can say: nothing has changed; and what forgers do to it."""

from sqlalchemy import select, text

from models.ground.db import WRITE, db, is_sqlite

# What the machinery keeps for itself while people only look; that somebody signed in is a deed.
NOT_BUSINESS = ("session", "once", "heartbeat", "deed", "allowance")

Rows = dict[str, list[str]]


def everything(*, but: tuple[str, ...] = ()) -> Rows:
    """Every row of every table as text, by table, in a steady order."""
    db.session.rollback()
    rows = {
        table.name: sorted(repr(tuple(row)) for row in db.session.execute(select(table)))
        for table in db.metadata.sorted_tables
        if table.name not in but
    }
    found = db.session.execute(text(f"SELECT {'rowid, *' if is_sqlite() else '*'} FROM search_text"))
    rows["search_text"] = sorted(repr(tuple(row)) for row in found)
    db.session.rollback()
    return rows


def difference(before: Rows, after: Rows) -> dict[str, tuple[list[str], list[str]]]:
    """Table → (rows that have gone, rows that have come); empty when nothing was written."""
    return {
        name: (sorted(set(before[name]) - set(after[name])), sorted(set(after[name]) - set(before[name])))
        for name in before
        if before[name] != after[name]
    }


def by_force(statement: str) -> None:
    """What somebody with the database's password could do: the guards out of the way."""
    with db.engine.connect().execution_options(**WRITE) as connection:
        if is_sqlite():
            for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.execute(text(statement))
        connection.commit()
    db.session.rollback()
