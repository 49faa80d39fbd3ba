"""What the database itself refuses (safety rules 7, 22, 42), and the full-text tables, in each database's own words."""

from alembic import op

Guards = tuple[tuple[str, str, str, str, str], ...]

# A trigger: name, table, what it watches, when it refuses, what it says. `OLD` and `NEW` as in both databases.
GUARDS: Guards = (
    ("event_is_append_only_u", "event", "UPDATE", "1 = 1", "events are append-only"),
    ("event_is_append_only_d", "event", "DELETE", "1 = 1", "events are append-only"),
    ("archive_is_frozen_d", "archive_record", "DELETE", "1 = 1", "the archive is frozen"),
    (
        "archive_is_frozen_u", "archive_record", "UPDATE",
        "NOT EXISTS (SELECT 1 FROM event WHERE event.ticket_id = OLD.ticket_id AND event.name = 'redacted'"
        " AND CAST(event.details AS TEXT) LIKE '%' || NEW.digest || '%')",
        "the archive is frozen",
    ),
    (
        "state_needs_its_event", "ticket", "UPDATE",
        "NEW.state <> OLD.state AND NOT EXISTS (SELECT 1 FROM event WHERE event.ticket_id = NEW.id"
        " AND event.version = NEW.version AND event.state = NEW.state)",
        "a ticket changes its state only with its event",
    ),
    (
        "decision_stands", "approval", "UPDATE",
        "OLD.decision <> '' AND (NEW.decision <> OLD.decision OR NEW.digest <> OLD.digest)",
        "a decision is never changed",
    ),
    (
        "plan_stands", "plan", "UPDATE",
        "NEW.digest <> OLD.digest OR NEW.author_id <> OLD.author_id",
        "a submitted plan is never changed",
    ),
)  # fmt: skip


def raise_all() -> None:
    """Create the full-text table and every guard."""
    if _is_sqlite():
        op.execute("CREATE VIRTUAL TABLE search_text USING fts5(tokens, ticket_id UNINDEXED)")
    else:
        op.execute("CREATE TABLE search_text (tokens tsvector NOT NULL, ticket_id integer NOT NULL)")
        op.execute("CREATE INDEX search_text_tokens ON search_text USING gin (tokens)")
        op.execute("CREATE INDEX search_text_ticket ON search_text (ticket_id)")
    raise_these(GUARDS)


def raise_these(guards: Guards) -> None:
    """Create these guards, in the words of the database."""
    for name, table, watched, when, says in guards:
        if _is_sqlite():
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {watched} ON {table} WHEN {when}"
                f" BEGIN SELECT RAISE(ABORT, '{says}'); END"
            )
            continue
        given_back = "OLD" if watched == "DELETE" else "NEW"
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF {when} THEN RAISE EXCEPTION '{says}'; END IF; RETURN {given_back}; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {watched} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def lower_all() -> None:
    """Take them away again."""
    lower_these(GUARDS)
    op.execute("DROP TABLE search_text")


def lower_these(guards: Guards) -> None:
    """Take these guards away again."""
    for name, table, *_ in guards:
        op.execute(f"DROP TRIGGER {name}" if _is_sqlite() else f"DROP TRIGGER {name} ON {table}")
        if not _is_sqlite():
            op.execute(f"DROP FUNCTION {name}()")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
