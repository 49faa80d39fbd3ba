"""Master data: teams, departments, services, customers and their contacts; kept by administrators (P1)."""

from typing import Any

from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Invalid, Refused
from models.people.customer import Contact, Customer
from models.people.person import Person
from models.people.team import Department, Service, Team
from models.policy.version import versions_in_force
from models.rules.deeds import recorded, recorded_if_changed
from models.rules.permissions import allows

Record = Team | Department | Service | Customer | Contact

# What a form may set, and what must be told apart from the others of its kind.
FIELDS: dict[type[Any], tuple[str, ...]] = {
    Team: ("code", "name", "name_en", "policy_name", "active"),
    Department: ("name", "name_en", "active"),
    Service: ("name", "name_en", "team_id", "policy_name", "active"),
    Customer: ("name", "policy_name", "active"),
    Contact: ("customer_id", "name", "email", "phone", "handle", "locale", "active"),
}
UNIQUE = {Team: "code", Department: "name", Service: "name", Customer: "name"}


@command
@recorded("record_added")
def add_record(model: type[Any], *, actor: Person, **fields: Any) -> Any:
    """Something new: a team, a department, a service, a customer or a contact. Raises Invalid."""
    record = model()
    _set(record, actor, fields)
    db.session.add(record)
    db.session.flush()
    return record


@command
@recorded_if_changed("record_edited")
def edit_record(record: Record, *, actor: Person, **fields: Any) -> Record:
    """Change its details, or take it out of use; what is out of use is no longer offered, and never deleted."""
    _set(record, actor, fields)
    if not record.active:
        _refuse_if_needed(record)
    return record


def _set(record: Any, actor: Person, fields: dict[str, Any]) -> None:
    if not allows(actor, "administer"):
        raise Refused("Only an administrator does this.")
    for name in FIELDS[type(record)]:
        if name in fields:
            value = fields[name]
            setattr(record, name, value.strip() if isinstance(value, str) else value)
    if not record.name:
        raise Invalid("This must be filled in.", field="name")
    _refuse_double(record)
    _refuse_unknown_policy(record)


def _refuse_unknown_policy(record: Any) -> None:
    name = getattr(record, "policy_name", None)
    if name and name not in [version.pack_name for version in versions_in_force(clock.now())]:
        raise Invalid("There is no policy in force with this name.", field="policy_name")


def _refuse_double(record: Any) -> None:
    model, name = type(record), UNIQUE.get(type(record))
    if name is None:
        return
    with db.session.no_autoflush:
        same = select(model.id).where(getattr(model, name) == getattr(record, name), model.id != (record.id or 0))
        if db.session.scalar(same.limit(1)) is not None:
            raise Invalid("There is one with this name already.", field=name)


def _refuse_if_needed(record: Record) -> None:
    if not isinstance(record, Team):
        return
    owned = select(Service.id).where(Service.team_id == record.id, Service.active)
    if db.session.scalar(owned.limit(1)) is not None:
        raise Invalid("Active services belong to this team. Give them to another team first.", field="active")
