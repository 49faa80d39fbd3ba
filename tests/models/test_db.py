"""What the database itself refuses, whoever asks it."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from models.ground.db import WRITE, db
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
