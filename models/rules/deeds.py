"""The pen of administration: a command that is `recorded` leaves a deed in its own transaction, chained to the last.

Never a password, a token, or how somebody is reached: of those a deed says that they changed, and no more.
"""

import functools
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import insert, inspect, select, text

from models.ground import clock, tokens
from models.ground.db import Base, db, is_sqlite
from models.people.absence import Absence
from models.people.customer import Contact, Customer
from models.people.feed import Feed
from models.people.organisation import Organisation
from models.people.person import Person
from models.people.rota import Handover, Shift
from models.people.team import Department, Service, Team
from models.policy.calendar import CalendarRow
from models.policy.draft import PolicyDraft
from models.policy.version import PolicyVersion
from models.record.approval import ApprovalTemplate
from models.record.article import PUBLISHED, Article
from models.record.deed import Deed, Said
from models.record.drill import Drill
from models.record.plan import StandardChange

P = ParamSpec("P")
R = TypeVar("R")

# What a deed says of each thing.
SAID: dict[type[Base], tuple[str, ...]] = {
    Person: (
        "login", "name", "email", "phone", "roles_held", "engineer_level", "team_id", "department_id", "same_as_id",
        "on_duty", "active",
    ),
    Team: ("code", "name", "name_en", "policy_name", "active"),
    Department: ("name", "name_en", "active"),
    Service: ("name", "name_en", "team_id", "policy_name", "active"),
    Customer: ("name", "policy_name", "active"),
    Contact: ("customer_id", "email", "phone", "handle", "locale", "active"),
    Organisation: ("name", "factor_roles"),
    PolicyDraft: ("content", "calendar_id", "effective_at", "is_default", "note"),
    PolicyVersion: ("edition", "calendar_id", "effective_at", "is_default", "note"),
    CalendarRow: ("edition", "country", "digest", "published_at"),
    ApprovalTemplate: ("name", "risk", "rule", "quorum", "limit_amount", "limit_basis", "climb", "seats", "active"),
    StandardChange: ("title", "active"),
    Shift: ("role", "team_id", "person_id", "starts_at", "ends_at", "every_weeks", "until"),
    Handover: ("giver_id", "taker_id", "starts_at", "ends_at"),
    Absence: ("person_id", "starts_at", "ends_at", "delegate_id"),
    Drill: ("role", "team_id"),
    Feed: ("kind",),
    Article: ("state", "pending"),
}  # fmt: skip
VEILED = ("email", "phone", "handle")  # the row could never be redacted
VEIL = "…"
REFERRED: dict[str, type[Base]] = {
    "team_id": Team, "department_id": Department, "customer_id": Customer, "calendar_id": CalendarRow,
    "same_as_id": Person, "person_id": Person, "giver_id": Person, "taker_id": Person, "delegate_id": Person,
}  # fmt: skip
LONGEST = 120
NAMES = ("pack_name", "title", "name", "slug")  # the first of these that a thing has is what it is called
_CHAINED = tuple(column.name for column in Deed.__table__.columns if column.name != "chain")
_address: ContextVar[str] = ContextVar("address", default="")
_in_order = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


def recorded(name: str, *also: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The command leaves a deed of this name: about the thing that it returns or, failing that, is given first.

    `also`: arguments that the deed repeats.
    """
    return _leaving(name, also, lambda before, after: True)


def recorded_if_changed(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The same, unless nothing that a deed says of the thing is different afterwards."""
    return _leaving(name, (), lambda before, after: before != after)


def record(
    name: str, *, actor: Person | None, thing: Base | None = None, before: Said | None = None, after: Said | None = None
) -> None:
    """Append the deed; runs inside a command. The only writer of the table."""
    if not is_sqlite():  # there writers take turns anyway
        db.session.execute(text("LOCK TABLE deed IN EXCLUSIVE MODE"))
    last = db.session.execute(select(Deed.id, Deed.chain).order_by(Deed.id.desc()).limit(1)).one_or_none()
    row = {
        "id": last.id + 1 if last else 1,
        "at": clock.now(),
        "name": name,
        "actor_id": actor.id if actor else None,
        "address": _address.get(),
        "thing": thing.__tablename__ if thing else "",
        "thing_id": thing.id if thing else None,  # type: ignore[attr-defined]
        "thing_name": name_of(thing) if thing else "",
        "before": _veiled(before or {}),
        "after": _veiled(after or {}),
    }
    db.session.execute(insert(Deed).values(**row, chain=link_of(last.chain if last else "", row)))


@contextmanager
def coming_from(address: str) -> Iterator[None]:
    """Deeds inside are those of a form that came from this address."""
    token = _address.set(address[:45])
    try:
        yield
    finally:
        _address.reset(token)


def said_of(thing: Base) -> Said:
    """What a deed says of the thing, as it is now; what is empty is left out."""
    said = {field: _plain(field, getattr(thing, field)) for field in SAID[type(thing)]}
    return {field: value for field, value in said.items() if value not in (None, "", [])}


def name_of(thing: Base) -> str:
    """What it is called; a customer's contact and an article that is not published stay without a name."""
    if isinstance(thing, Contact) or (isinstance(thing, Article) and thing.state != PUBLISHED):
        return ""
    if isinstance(thing, Person):
        return f"{thing.name} · {thing.login}"[:LONGEST]
    called = next((str(getattr(thing, name)) for name in NAMES if hasattr(thing, name)), "")
    return called[:LONGEST]


def link_of(before: str, row: dict[str, Any]) -> str:
    """The chain value of a deed after `before`: HMAC(key, before ‖ row)."""
    said = _in_order(row | {"at": row["at"].astimezone(UTC).isoformat()})
    return tokens.mac("deed-chain", (before + said).encode()).hex()


def fits(deed: Deed, before: str) -> bool:
    """Whether the deed is the one that was written after the one with this chain value."""
    return deed.chain == link_of(before, {column: getattr(deed, column) for column in _CHAINED})


def verify() -> int | None:
    """The number of the first deed that does not fit the chain; None when all do.

    That the newest are missing the table itself cannot tell.
    """
    before, deeds = "", db.session.scalars(select(Deed).order_by(Deed.id).execution_options(yield_per=1000))
    for number, deed in enumerate(deeds, start=1):
        if deed.id != number or not fits(deed, before):
            return number
        before = deed.chain
    return None


def _leaving(
    name: str, also: tuple[str, ...], counts: Callable[[Said, Said], bool]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def declare(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            first = args[0] if args else None
            known = _everything_of(first)
            result = function(*args, **kwargs)
            thing: Any = result if type(result) in SAID else first if type(first) in SAID else None
            db.session.flush()  # what the table fills in, and whether it is gone
            before, after = known if thing is first else {}, _everything_of(thing)
            if counts(before, after):
                actor: Any = kwargs.get("actor", first)
                repeated = {argument: _plain(argument, kwargs.get(argument)) for argument in also}
                changes = {"before": _only_of(before, after), "after": _only_of(after, before) | repeated}
                record(name, actor=actor, thing=thing, **changes)
            return result

        run.deed = name  # type: ignore[attr-defined]
        return run

    return declare


def _everything_of(thing: Any) -> Said:
    return said_of(thing) if type(thing) in SAID and not inspect(thing).was_deleted else {}


def _only_of(one: Said, other: Said) -> Said:
    """What the other does not say in the same way."""
    return {field: value for field, value in one.items() if other.get(field) != value}


def _veiled(said: Said) -> Said:
    return {field: VEIL if field in VEILED else value for field, value in said.items()}


def _plain(field: str, value: Any) -> Any:
    """As JSON and people can read it: rows by their names, long contents by a digest."""
    if field in REFERRED:
        return _called(db.session.get(REFERRED[field], value)) if value else None
    if isinstance(value, Base):
        return _called(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, dict):
        return hashlib.sha256(_in_order(value).encode()).hexdigest()
    if isinstance(value, list):
        said = [_seat(each) for each in value]
        return said if field == "seats" else sorted(said)  # seats stand in the order in which they decide
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, bool | int | float) else str(value)[:LONGEST] if value is not None else None


def _called(row: Any) -> str:
    return name_of(row) if row is not None else ""


def _seat(row: Any) -> str:
    """A role that somebody holds, or a seat: the role, or the person, and the team if it is of one."""
    who = row.role or _called(db.session.get(Person, row.person_id))
    return f"{who} @ {db.session.get_one(Team, row.team_id).code}" if row.team_id else who
