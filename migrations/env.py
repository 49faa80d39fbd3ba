"""How Alembic reaches the tables: one connection that may write, one transaction for the whole way up or down."""

from alembic import context

from models.ground.db import WRITE, db, lift_limits

SEARCH_TABLES = "search_text"  # made by hand in the migration: full-text tables differ between the databases


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """What autogenerate may compare."""
    return not (kind == "table" and (name or "").startswith(SEARCH_TABLES))


with db.engine.connect().execution_options(**WRITE) as connection:
    lift_limits(connection)
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        compare_type=True,
        render_as_batch=True,
        include_name=is_ours,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
