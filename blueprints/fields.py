"""Fields and choices that several forms share. Choices are callables, so that each form asks the database once, when it
is made."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import DateTimeLocalField, Form, SelectField, StringField, ValidationError
from wtforms.validators import InputRequired, Length

from blueprints.labels import label, language, named, zone
from blueprints.words import WORDS
from models.ground import clock
from models.ground.db import db
from models.ground.vocabulary import Severity
from models.people.person import Person, holders
from models.people.team import Department, Service, Team
from models.policy.version import versions_in_force

MINUTE = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]  # how a browser sends a local time

_TEAMS = select(Team.id, Team.name, Team.name_en).where(Team.active).order_by(Team.id)
_SERVICES = select(Service.id, Service.name, Service.name_en).where(Service.active).order_by(Service.id)


class Moment(DateTimeLocalField):
    """A local time that may be left empty."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if any(valuelist):  # an empty one is refused with a translated sentence, which Optional then takes away
            super().process_formdata(valuelist)


class ServiceField(SelectField):
    """A system, or none: all are listed when the field is drawn; of the one that was chosen only its row is read."""

    def __init__(self, label: Any, *, nothing: Any, **known: Any) -> None:
        super().__init__(label, coerce=chosen, choices=service_choices(nothing), **known)
        self.found: Service | None = None  # what was chosen, once judged

    def pre_validate(self, form: Form) -> None:
        self.found = row(Service, self.data) if self.data and 0 < self.data < 10**9 else None
        if self.data is not None and not (self.found and self.found.active):
            raise ValidationError(self.gettext("Not a valid choice."))


class SpokenFields(FlaskForm):
    """What was said on the telephone names who said it and how (P10.7)."""

    said_by = StringField(_l("Who said it"), validators=[InputRequired(_l("Please say who said it.")), Length(max=80)])
    how = StringField(
        _l("By what means"),
        validators=[InputRequired(_l("Please say by what means.")), Length(max=80)],
        description=_l("For example: telephone, in person."),
    )


def codes(kind: str, values: Iterable[str]) -> list[tuple[str, Any]]:
    """(code, lazy word) of a vocabulary, for fields whose choices never change."""
    return [(str(value), WORDS[kind][str(value)]) for value in values]


def level_codes(kind: str, nothing: Any = None) -> Callable[[], list[tuple[str, Any]]]:
    """P0 to P3, each with its word, for the text beside it says both; with `nothing` an empty first choice."""
    first = [] if nothing is None else [("", nothing)]
    return lambda: [*first, *((str(code), f"{code} {label(kind, code)}") for code in Severity)]


def optional_codes(kind: str, values: Iterable[str], nothing: Any) -> list[tuple[str, Any]]:
    """The same with an empty first choice."""
    return [("", nothing), *codes(kind, values)]


def chosen(value: Any) -> int | None:
    """A chosen id; None for the empty choice."""
    return int(value) if value else None


def team_choices() -> list[tuple[int, str]]:
    """Active teams."""
    return [(team.id, named(team)) for team in db.session.execute(_TEAMS)]


def optional_team_choices() -> list[tuple[Any, Any]]:
    """The same after an empty choice."""
    return [("", "–"), *team_choices()]


def policy_choices() -> list[tuple[str, Any]]:
    """Policies in force, after the empty choice of having none of one's own."""
    found = versions_in_force(clock.now())
    named_so = [(version.pack_name, getattr(version.pack.title, language())) for version in found]
    return [("", _l("none of its own")), *named_so]


def department_choices() -> list[tuple[Any, Any]]:
    """Active departments after an empty choice."""
    departments = db.session.scalars(select(Department).where(Department.active).order_by(Department.id))
    return [("", "–"), *((department.id, named(department)) for department in departments)]


def service_choices(nothing: Any) -> Callable[[], list[tuple[Any, Any]]]:
    """Active services after an empty choice."""

    def choices() -> list[tuple[Any, Any]]:
        services = db.session.execute(_SERVICES)
        return [("", nothing), *((service.id, named(service)) for service in services)]

    return choices


def person_choices(role: str, nothing: Any = None) -> Callable[[], list[tuple[Any, Any]]]:
    """Active holders of a role, after an empty choice if there is a word for it."""

    def choices() -> list[tuple[Any, Any]]:
        people = [(person.id, person.name) for person in db.session.scalars(holders(role))]
        return [("", nothing), *people] if nothing else people

    return choices


def login_choices(role: str, nothing: Any) -> Callable[[], list[tuple[Any, Any]]]:
    """The same with the user name in front: in a list that is entered with a key, two letters find somebody."""

    def choices() -> list[tuple[Any, Any]]:
        people = sorted(db.session.scalars(holders(role)), key=lambda person: person.login)
        return [("", nothing), *((person.id, f"{person.login} {person.name}") for person in people)]

    return choices


def whole(said: str) -> int | None:
    """A number in an address, small enough for every column; None for anything else."""
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else None


def instant(said: datetime | None) -> datetime | None:
    """What somebody typed as a local time, in their own zone."""
    return said.replace(tzinfo=zone()) if said else None


def row(model: type[Any], chosen_id: int | None) -> Any:
    """The row behind a choice; None for the empty choice."""
    return db.session.get(model, chosen_id) if chosen_id else None


def people(ids: Iterable[int]) -> list[Person]:
    """The persons behind several choices, in their order."""
    return [person for person in (db.session.get(Person, chosen_id) for chosen_id in ids) if person]
