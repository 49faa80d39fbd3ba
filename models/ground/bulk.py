"""Past the unit of work: many rows of one shape written in one statement, or one, or a few columns read, at a fraction
of the price."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    CursorResult,
    Delete,
    Dialect,
    Insert,
    Select,
    String,
    Text,
    TextClause,
    TypeDecorator,
    Update,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.sql.visitors import iterate, replacement_traverse

from models.ground.db import Instant, db

Prepare = Callable[[Any], Any]


def read(statement: Select[Any], values: Mapping[str, Any]) -> CursorResult[Any]:
    """Columns, not rows of the unit of work; what this transaction has changed is written first, and so is seen."""
    session = db.session()
    session.flush()
    return session.connection().execute(statement, values)


def write_many(statement: Insert | Update, rows: Sequence[Mapping[str, Any]]) -> int:
    """Say it for each row, all of them with the same keys; how many rows of the table were written.

    As `session.execute(statement, rows)`, at a third of its price: that one prepares each value of each row, this one
    each column. All values are in the rows, those of the condition too, or literally in the statement. PostgreSQL is
    told them in one statement.
    """
    if not rows:
        return 0
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        said_once = _as_one(statement, tuple(rows[0]))
        return connection.execute(said_once, {name: [row[name] for row in rows] for name in rows[0]}).rowcount
    said, names, prepared = _compiled(statement, tuple(rows[0]), connection.dialect)
    columns = [[row[name] for row in rows] for name in names]
    ready = [map(prepare, column) if prepare else column for prepare, column in zip(prepared, columns, strict=True)]
    return connection.exec_driver_sql(said, list(zip(*ready, strict=True))).rowcount


def write_one(statement: Insert | Update | Delete | TextClause, row: Mapping[str, Any]) -> Any:
    """Say it for one row while others wait for their turn; what it returns, if it returns something."""
    connection = db.session.connection()
    said, names, prepared = _compiled(statement, tuple(row), connection.dialect)
    values = [prepare(row[name]) if prepare else row[name] for prepare, name in zip(prepared, names, strict=True)]
    of_driver: Any = tuple(values) if connection.dialect.positional else dict(zip(names, values, strict=True))
    result = connection.exec_driver_sql(said, of_driver)
    return result.scalar_one() if result.returns_rows else None


@lru_cache(maxsize=64)
def _as_one(statement: Insert | Update, names: tuple[str, ...]) -> Insert | Update:
    """The same for all rows as one statement that is given each column as an array: said, planned and answered once."""
    table: Any = statement.table
    said = {getattr(each, "key", each): value for each, value in (statement._values or {}).items()}
    where = statement.whereclause if isinstance(statement, Update) else None
    kinds = {name: table.c[name].type for name in names if name in table.c}
    kinds |= {value.key: table.c[key].type for key, value in said.items() if isinstance(value, BindParameter)}
    kinds |= {each.key: each.type for each in iterate(where) if isinstance(each, BindParameter)}
    # Cut to the column's length by the cast, a text that is too long would no longer be an error.
    kinds = {name: Text() if isinstance(kind, String) else kind for name, kind in kinds.items()}
    arrays = [cast(bindparam(name, type_=_Array(kinds[name])), ARRAY(kinds[name], dimensions=1)) for name in names]
    given = func.unnest(*arrays).table_valued(*(column(name, kinds[name]) for name in names)).render_derived("given")
    if where is None:
        rows = select(*given.c, *said.values())
        return insert(table).from_select([*names, *said], rows, False).execution_options(preserve_rowcount=True)

    def of_row(each: Any, **_: Any) -> Any:
        return given.c[each.key] if isinstance(each, BindParameter) and each.key in names else None

    replaced: Any = replacement_traverse
    values = {key: replaced(value, {}, of_row) for key, value in said.items()}
    return update(table).values(values).where(replaced(where, {}, of_row))


class _Array(TypeDecorator[Any]):
    """A column of values as PostgreSQL reads an array. The driver looks for the kind of each value, one by one: that
    took a quarter of a sweep."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        say = _saying(self.kind)
        return "{" + ",".join([say(each) for each in value]) + "}"


def _saying(kind: Any) -> Callable[[Any], str]:
    if isinstance(kind, JSON):
        return lambda value: _quoted(json.dumps(value))
    if isinstance(kind, Instant):
        return lru_cache(maxsize=1024)(lambda at: "NULL" if at is None else at.astimezone(UTC).isoformat())
    if isinstance(kind, String):
        return lambda text: "NULL" if text is None else _quoted(text)
    return lambda value: "NULL" if value is None else str(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@lru_cache(maxsize=64)
def _compiled(statement: Insert | Update | Delete | TextClause, keys: tuple[str, ...], dialect: Dialect) -> Any:
    """The words for the driver, the names in the order in which they stand there, and what prepares each value."""
    plain = statement.inline() if isinstance(statement, Insert) else statement  # nothing is to come back
    compiled = plain.compile(dialect=dialect, column_keys=list(keys))
    names = tuple(compiled.positiontup or compiled.binds)
    return compiled.string, names, [_preparing(compiled.binds[name].type, dialect) for name in names]


def _preparing(kind: Any, dialect: Dialect) -> Prepare | None:
    prepare: Prepare | None = kind.dialect_impl(dialect).bind_processor(dialect)
    # most rows of a batch share their instants
    return lru_cache(maxsize=1024)(prepare) if prepare and isinstance(kind, Instant) else prepare
