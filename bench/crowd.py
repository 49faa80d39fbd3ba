"""The crowd: a database with as many tickets as asked for, in every state, half of them Chinese; the same at each run.

The first ten thousand are told one by one; more are those again, each time under other numbers.
"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import Connection, Table, func, insert, select, text

from bench.stories import ROAD, Cast, Story, tell, tokens
from models import demonstration
from models.ground import clock
from models.ground.db import WRITE, command, db, is_sqlite
from models.people.customer import Contact
from models.people.person import Person, RoleHeld
from models.people.team import Service, Team
from models.policy.pack import Pack
from models.policy.version import Edition, PolicyVersion, add_edition
from workers import prepare

SEED = 20261122
TOLD = 10_000  # tickets that are told one by one
BATCH = 1_000
DAYS = 330  # that the tickets are spread over; the last ends a day ago, so today's numbers are free
LONGEST = {"P0": 490_000, "P1": 500_000, "P2": 512_000, "P3": 525_600}  # minutes, all longer than DAYS
YOUNG = 0.12  # the newest part that is still on the road, anywhere; the rest is archived
TALKATIVE = 10  # every tenth ticket has ten entries
REPORTERS = 200
DAY = len("TS20261122")  # the part of a number that comes before the count


def gather(app: Flask, tickets: int, *, young: float = YOUNG) -> None:
    """Make the tables and fill them; the cast of the demonstration can sign in. Raises ValueError for an odd number.

    `young` is the part of them that is still on the road.
    """
    if tickets > TOLD and tickets % TOLD:
        raise ValueError(f"more than {TOLD} tickets come in whole {TOLD}s")
    with app.app_context():
        prepare.migrate(app)
        demonstration.found_desk()
        demonstration.cast_people()
        _hire()
        cast = _cast(_agree())
        db.session.remove()  # a reader that does nothing for a minute is sent away
        with db.engine.connect().execution_options(**WRITE) as connection:
            hurry(connection)
            _tell_all(connection, cast, min(tickets, TOLD), young)
            prove(connection)
            for time in range(1, tickets // TOLD):
                _tell_again(connection, time)
            tidy(connection)
        db.engine.dispose()


def _tell_all(connection: Connection, cast: Cast, tickets: int, young: float) -> None:
    now, random, events = clock.real_now(), Random(SEED), count(1)
    numbers = _numbers(cast)
    add = text(_FIND_SQLITE if is_sqlite() else _FIND_POSTGRESQL)
    for first in range(1, tickets + 1, BATCH):
        rows: dict[type, list[dict[str, Any]]] = defaultdict(list)
        found = []
        for id_ in range(first, min(first + BATCH, tickets + 1)):
            created_at = now - timedelta(days=1 + DAYS * (1 - id_ / tickets))
            reached = random.randrange(len(ROAD)) if id_ / tickets > 1 - young else len(ROAD) - 1
            story = Story(id_, numbers(created_at), created_at, now, reached, id_ % TALKATIVE == 0, cast, random)
            for kind, row in tell(story, events):
                rows[kind].append(row)
            found.append(tokens(story))
        for kind, values in rows.items():
            connection.execute(insert(kind), values)
        connection.execute(add, found)
        connection.commit()


def _tell_again(connection: Connection, time: int) -> None:
    """The told ones once more, every id and number moved on."""
    tables = [table for table in db.metadata.sorted_tables if table.name == "ticket" or "ticket_id" in table.c]
    tables.append(db.metadata.tables["plan_step"])
    newest = {table.name: select(func.max(_key(table))).where(_is_told(table)) for table in tables}
    step = {name: connection.scalar(wanted) or 0 for name, wanted in newest.items()}
    for table in tables:
        moved = {"id": step[table.name], "ticket_id": TOLD, "event_id": step["event"], "plan_id": step["plan"]}
        values: dict[str, Any] = {c.name: c + time * moved[c.name] if c.name in moved else c for c in table.c}
        if table.name == "ticket":
            number = table.c.number
            values["number"] = func.substr(number, 1, DAY).concat(str(time)).concat(func.substr(number, DAY + 1))
        if table.name == "message":
            values["key"] = table.c.key.concat(f":{time}")
        connection.execute(insert(table).from_select(list(values), select(*values.values()).where(_is_told(table))))
    again = _FIND_AGAIN_SQLITE if is_sqlite() else _FIND_AGAIN_POSTGRESQL
    connection.execute(text(again), {"step": time * TOLD, "told": TOLD})
    connection.commit()


_FIND_SQLITE = "INSERT INTO search_text(rowid, title, body, said, internal) VALUES (:ticket, :title, :body, '', '')"
_FIND_POSTGRESQL = """INSERT INTO search_text(ticket_id, tokens) VALUES
    (:ticket, setweight(to_tsvector('simple', :title), 'A') || setweight(to_tsvector('simple', :body), 'B'))"""
_FIND_AGAIN_SQLITE = """INSERT INTO search_text(rowid, title, body, said, internal)
    SELECT rowid + :step, title, body, said, internal FROM search_text WHERE rowid <= :told"""
_FIND_AGAIN_POSTGRESQL = """INSERT INTO search_text(ticket_id, tokens)
    SELECT ticket_id + :step, tokens FROM search_text WHERE ticket_id <= :told"""


def _key(table: Table) -> Any:
    return table.c.id if "id" in table.c else table.c.ticket_id


def _is_told(table: Table) -> Any:
    """Of a told ticket; a step of a plan belongs to the ticket of its plan."""
    if table.name == "plan_step":
        plan = db.metadata.tables["plan"]
        return table.c.plan_id.in_(select(plan.c.id).where(plan.c.ticket_id <= TOLD))
    return (table.c.id if table.name == "ticket" else table.c.ticket_id) <= TOLD


def _numbers(cast: Cast) -> Any:
    """A function from the time of a report to its number."""
    pack, counted = cast.edition.pack, Counter[str]()

    def number(at: datetime) -> str:
        day = at.astimezone(ZoneInfo(pack.number_tz)).date()
        counted[day.isoformat()] += 1
        return pack.format_number(counted[day.isoformat()], day)

    return number


@command
def _hire() -> None:
    """More people who report, so that nobody has reported everything."""
    for number in range(REPORTERS):
        person = Person(login=f"reporter{number}", name=f"员工 {number}", email=f"r{number}@example.com")
        person.roles_held = [RoleHeld(role="reporter")]
        db.session.add(person)


@command
def _agree() -> PolicyVersion:
    """A policy of the crowd's own, so patient that what is open is due after the run, and due as the policy says: the
    sweep has nothing to do, and the auditor nothing to object to. What is reported meanwhile has the usual one."""
    usual = db.session.scalars(select(PolicyVersion)).one()
    raw = usual.pack.dump() | {"name": "crowd", "archive_days": 366, "silence": {"reminders": 0, "days": 366}}
    raw["warnings"] |= {"marks": [], "short_marks": [], "cadence_marks": []}
    raw["clocks"] = {
        kind: {
            level: {"basis": "wall", "every_minutes" if kind == "update" else "minutes": LONGEST[level]}
            for level, target in levels.items()
            if level in LONGEST and "at_once" not in target
        }
        for kind, levels in raw["clocks"].items()
    }
    return add_edition(Pack.from_dict(raw), calendar_id=usual.calendar_id, effective_at=usual.effective_at)


def _cast(policy: PolicyVersion) -> Cast:
    people = {person.login: person.id for person in db.session.scalars(select(Person))}
    return Cast(
        people=people,
        reporters=[id_ for login, id_ in people.items() if login.startswith("reporter") or login in ("zhang", "feng")],
        engineers=[people["li"], people["zhao"]],
        services=list(db.session.scalars(select(Service.id))),
        teams=list(db.session.scalars(select(Team.id))),
        contact=db.session.scalars(select(Contact.id).limit(1)).one(),
        policy=policy.id,
        edition=Edition(policy.pack, policy.calendar),
    )


def hurry(connection: Connection) -> None:
    """Should the power fail now, the crowd is gathered again."""
    if is_sqlite():
        for sentence in ("COMMIT", "PRAGMA synchronous=OFF", "PRAGMA foreign_keys=OFF", "BEGIN IMMEDIATE"):
            connection.exec_driver_sql(sentence)
    else:
        connection.exec_driver_sql("SET synchronous_commit = off")
        connection.exec_driver_sql("SET statement_timeout = 0")


def prove(connection: Connection) -> None:
    """SQLite was told not to look while it was filled: is everything there that is referred to?"""
    if is_sqlite():
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").first() is None


def tidy(connection: Connection) -> None:
    """PostgreSQL counts on after the ids that were given, and learns what the tables hold."""
    if is_sqlite():
        return
    for name in (table.name for table in db.metadata.sorted_tables if "id" in table.c):
        newest = f"(SELECT coalesce(max(id), 1) FROM {name})"
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {newest})"))
    connection.commit()
    connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
