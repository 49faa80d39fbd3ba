"""Migrations: from nothing to now, back to nothing and up again, and what they make is what the models say."""

from collections.abc import Iterator
from datetime import date

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect, select, text
from sqlalchemy.engine import make_url

from app import create_app
from migrations.guards_0001 import GUARDS
from models import demonstration
from models.ground.db import db
from models.policy.calendar import newest_calendars
from models.policy.version import PolicyVersion
from models.record.ticket import find_ticket
from models.rules import rounds
from models.steps import approval, calendars, intake
from tests.conftest import SERVER, PostgresDatabase, SqliteFile, settings
from tests.factories import a_ticket, person

LATER = {
    "edition_stands_u", "edition_stands_d", "calendar_stands", "extension_stands", "plan_text_stands",
    "consent_stands_u", "consent_stands_d",
    "plan_step_stands_u", "plan_step_stands_d", "plan_step_stands_i", "plan_option_stands_u", "plan_option_stands_d",
    "plan_option_stands_i", "cooperation_stands", "plan_limit_stands", "deed_is_append_only_u", "deed_is_append_only_d",
}  # fmt: skip
BY_HAND = "search_text"  # full-text tables differ between the databases


@pytest.fixture
def empty(tmp_path) -> Iterator[Flask]:
    """An application before an empty database of its own."""
    database = PostgresDatabase(make_url(SERVER)) if SERVER else SqliteFile(tmp_path)
    app = create_app(settings(tmp_path, database_url=database.url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
        if isinstance(database, PostgresDatabase):
            database.drop()


def tables() -> set[str]:
    db.session.rollback()
    return {table for table in inspect(db.engine).get_table_names() if not table.startswith(BY_HAND)}


def guards() -> set[str]:
    """The triggers that stand in the database."""
    db.session.rollback()
    sqlite = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    postgres = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    return set(db.session.scalars(text(sqlite if db.engine.dialect.name == "sqlite" else postgres)))


def test_up_from_nothing_down_and_up_again(empty):
    assert tables() == set()
    for _ in range(2):
        flask_migrate.upgrade()
        assert tables() == set(db.metadata.tables) | {"alembic_version"}
        assert guards() == {name for name, *_ in GUARDS} | LATER
        assert not inspect(db.engine).has_table("no_such_table")
        flask_migrate.downgrade(revision="base")
        assert tables() == {"alembic_version"}
        assert guards() == set()
        assert not inspect(db.engine).has_table(BY_HAND)


def test_the_models_and_the_migrations_say_the_same(empty):
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "table" or not (name or "").startswith(BY_HAND),
            },
        )
        assert compare_metadata(context, db.metadata) == []


def test_a_new_desk_works(empty):
    flask_migrate.upgrade()
    demonstration.found_desk()
    demonstration.cast_people()
    assert intake.report_fault(actor=person("zhang"), description="第一张单").state == "awaiting_triage"


def test_calendars_survive_the_way_down_and_up(empty):
    """On SQLite their table is made anew, and everything that refers to it still does."""
    flask_migrate.upgrade()
    demonstration.found_desk()
    demonstration.cast_people()
    held, admin = newest_calendars()[0], person("admin")
    draft = calendars.start_draft(held, actor=admin)
    calendars.set_day(draft, actor=admin, on=date(2026, 12, 1), kind="closed")
    calendars.publish_calendar(draft, actor=admin)
    calendars.start_draft(draft, actor=admin)
    names = [(row.id, row.digest) for row in newest_calendars()]
    db.session.remove()
    flask_migrate.downgrade(revision="0003")
    found = db.session.execute(text("SELECT name, digest FROM calendar ORDER BY id")).all()
    assert [name for name, _ in found] == [f"{held.name} 1", held.name], "drafts go, older editions stay"
    db.session.remove()
    flask_migrate.upgrade()
    db.session.remove()
    versions = db.session.scalars(select(PolicyVersion).order_by(PolicyVersion.id)).all()
    assert [version.calendar_row.name for version in versions] == [f"{held.name} 1", held.name]
    assert {(row.edition, row.is_draft, row.country) for row in newest_calendars()} == {(1, False, "CN")}
    assert [(row.id, row.digest) for row in newest_calendars() if row.name == held.name] == names


def test_plans_survive_the_way_down_and_up(empty):
    """Rows become texts and rows again; what was approved can still be carried out."""
    flask_migrate.upgrade()
    demonstration.found_desk()
    demonstration.cast_people()
    number = a_ticket("awaiting_fix", risk="major").number
    undecided = a_ticket("awaiting_approval").number
    db.session.remove()
    flask_migrate.downgrade(revision="0009")
    (steps,) = set(db.session.scalars(text("SELECT steps FROM plan")))
    assert steps == "1. 清理缓存\n2. 上限调高并加告警"
    assert set(db.session.scalars(text("SELECT rule FROM approval"))) == {"all", "any"}
    db.session.remove()
    flask_migrate.upgrade()
    db.session.remove()
    plan = rounds.valid_plan(find_ticket(number))
    assert (plan.rule, plan.steps, [seat.slot for seat in plan.approvals]) == ("all", steps, [1, 2])
    waiting = rounds.newest_plan(find_ticket(undecided))
    assert [(seat.slot, seat.role, seat.team.code) for seat in waiting.approvals] == [(1, "supervisor", "dev")] * 2
    approval.approve_plan(waiting, actor=person("wu"), digest=waiting.digest)
    assert waiting.ticket.state == "awaiting_fix"
