"""A field for somebody among thousands: one types, the browser's own list helps, and the server asks whom one means."""

from collections.abc import Callable
from typing import Any

from flask import Response, request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField, ValidationError

from blueprints import pages
from models.people.customer import Contact, find_contacts
from models.people.person import Person, find_colleagues

MOST = 8  # that are offered at once
LONGEST = 200


class Lookup(StringField):
    """An exact name, number or address is enough; for anything else those who are like it are offered (422).

    `row` is the one chosen. What is picked comes under the same name, after what was typed.
    """

    is_of_many = True
    choose, unknown = _l("Please choose whom you mean."), _l("Nobody like that is known.")
    asks = _l("Whom you mean")
    find: Callable[..., list[Any]]
    known_by: Callable[[Any], tuple[str, ...]]  # how the row is called on the screen, and what else is exact

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        self.row: Any = None
        self.found: list[Any] = []
        self.picked = ""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed, *picked = valuelist or [""]
        self.data, self.picked = typed.strip()[:LONGEST], picked[0] if picked else ""

    def pre_validate(self, form: FlaskForm) -> None:
        if self.data:
            self.found = self.offers(self.data)
            self.row = self._one()
            if self.row is None:
                raise ValidationError(self.choose if self.found else self.unknown)

    def offers(self, typed: str) -> list[Any]:
        """Those who are like what was typed."""
        return type(self).find(typed[:LONGEST], limit=MOST) if typed.strip() else []

    def name_of(self, row: Any) -> str:
        return type(self).known_by(row)[0]

    def more_of(self, row: Any) -> str:
        """What tells namesakes apart."""
        return " · ".join(text for text in type(self).known_by(row)[2:] if text)

    def _one(self) -> Any:
        wanted = self.data.casefold()
        exact = [row for row in self.found if wanted in (text.casefold() for text in type(self).known_by(row))]
        picked = [row for row in self.found if str(row.id) == self.picked]
        one = picked or exact
        return one[0] if len(one) == 1 else None


class ContactLookup(Lookup):
    """A customer's contact, by name, company, telephone number or address."""

    find = find_contacts

    @staticmethod
    def known_by(contact: Contact) -> tuple[str, ...]:
        named = f"{contact.name} · {contact.customer.name}"
        return named, contact.name, contact.phone, contact.email, contact.handle


class ColleagueLookup(Lookup):
    """Somebody with an account, by name, user name, telephone number or address."""

    find = find_colleagues

    @staticmethod
    def known_by(person: Person) -> tuple[str, ...]:
        return f"{person.name} · {person.login}", person.name, person.login, person.email, person.phone


def offers(form: FlaskForm) -> Response | None:
    """For the browser's list, while somebody types in a field of the form; None when the whole page is wanted."""
    typed = [field for field in form if isinstance(field, Lookup) and field.name in request.args]
    if not typed or not pages.is_fragment() or pages.beside_list():
        return None
    rows = typed[0].offers(request.args[typed[0].name])
    return pages.show("components/offers.html", field=typed[0], rows=rows)
