"""What the database itself refuses, whoever asks it."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from models.ground.db import WRITE, command, db, is_sqlite
from tests.blueprints.test_seen import statements
from tests.factories import a_ticket

NOBODY = 999_999


def test_a_row_names_nobody_who_is_not_there(app):
    ticket = a_ticket()
    db.session.rollback()
    with db.engine.connect().execution_options(**WRITE) as connection, pytest.raises(IntegrityError):
        connection.execute(text(f"UPDATE ticket SET reporter_id = {NOBODY} WHERE id = {ticket.id}"))


def test_who_only_looks_writes_nothing(app):
    ticket = a_ticket()
    db.session.rollback()
    with pytest.raises(DBAPIError, match=r"read-?only"):
        db.session.execute(text(f"UPDATE ticket SET version = version + 1 WHERE id = {ticket.id}"))
    db.session.rollback()


def test_what_a_command_is_about_is_read_anew_and_held_before_anything_else(app):
    ticket, seen = a_ticket(), list[str]()
    with statements() as asked:
        command(lambda _: seen.extend(asked))(ticket)
    assert len(seen) == 1
    assert "FROM ticket" in seen[0]
    assert is_sqlite() or seen[0].endswith("FOR UPDATE OF ticket")
