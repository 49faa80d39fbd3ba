"""Which of the two kinds of databases the house has."""

from sqlalchemy import make_url

from workers.keeping.postgres import Postgres
from workers.keeping.sqlite import Sqlite

Database = Sqlite | Postgres


def database_at(url: str) -> Database:
    """The database at this address."""
    where = make_url(url)
    return Sqlite(where) if where.get_backend_name() == "sqlite" else Postgres(where)
