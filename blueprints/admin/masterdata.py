"""Teams, departments, services, customers with their contacts: one list and one form for each kind."""

from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import by_id, me, requires
from blueprints.admin import bp
from blueprints.admin.forms import ContactForm, CustomerForm, DepartmentForm, ServiceForm, TeamForm
from blueprints.fields import whole
from models.ground.errors import Missing
from models.insight.registers import register_of
from models.people.customer import Contact, Customer
from models.people.team import Department, Service, Team
from models.steps.masterdata import add_record, edit_record

PAGE = 100


@dataclass(frozen=True)
class Kind:
    """One kind of master data: where it is kept and how it is called."""

    model: type[Any]
    form: type[FlaskForm]
    many: Any
    new: Any


KINDS = {
    "teams": Kind(Team, TeamForm, _l("Teams"), _l("New team")),
    "departments": Kind(Department, DepartmentForm, _l("Departments"), _l("New department")),
    "services": Kind(Service, ServiceForm, _l("Services"), _l("New service")),
    "customers": Kind(Customer, CustomerForm, _l("Customers"), _l("New customer")),
    "contacts": Kind(Contact, ContactForm, _l("Contacts"), _l("New contact")),
}
PLACES = "<any(teams,departments,services,customers):kind>"
RECORDS = "<any(teams,departments,services,customers,contacts):kind>/<int:thing_id>"


def record(kind: str, thing_id: int) -> Any:
    """The row behind an address. Raises Missing."""
    return by_id(KINDS[kind].model)(thing_id)


@bp.get(f"/{PLACES}")
@requires("administer")
def list_records(kind: str) -> Response:
    """Everything of one kind, in the order of its making."""
    found = register_of(KINDS[kind].model, after=whole(request.args.get("after", "")) or 0, limit=PAGE + 1)
    shown = found[:PAGE]
    next_url = url_for("admin.list_records", kind=kind, after=shown[-1].id) if len(found) > PAGE else ""
    return pages.show("admin/records.html", kind=kind, words=KINDS[kind], records=shown, next_url=next_url)


@bp.route(f"/{PLACES}/new", methods=["GET", "POST"])
@requires("administer")
def new_record(kind: str) -> Response:
    return _add(kind, url_for("admin.list_records", kind=kind))


@bp.route("/customers/<int:thing_id>/contacts/new", methods=["GET", "POST"])
@requires("administer", by_id(Customer))
def new_contact(customer: Customer) -> Response:
    return _add("contacts", _url_of(customer), customer_id=customer.id)


@bp.route(f"/{RECORDS}", methods=["GET", "POST"])
@requires("administer", record)
def show_record(record: Any) -> Response:
    """Look at it, and change it."""
    kind = _kind_of(record)
    form = KINDS[kind].form(obj=record)

    def page(shown: FlaskForm) -> Response:
        return pages.show(
            "admin/record.html", record=record, kind=kind, words=KINDS[kind], form=shown, back=_above(record)
        )

    if request.method != "POST":
        return page(form)
    return pages.act(
        form,
        action="edit_record",
        thing=record,
        page=page,
        do=lambda: edit_record(record, actor=me(), **form.fields()),
        then=lambda _: _above(record),
    )


def _add(kind: str, back: str, **given: Any) -> Response:
    form = KINDS[kind].form()

    def page(shown: FlaskForm) -> Response:
        return pages.show("admin/new_record.html", kind=kind, words=KINDS[kind], form=shown, back=back)

    if request.method != "POST":
        return page(form)
    return pages.act(
        form,
        action="add_record",
        page=page,
        do=lambda: add_record(KINDS[kind].model, actor=me(), **form.fields(), **given),
        then=lambda _: back,
    )


def _kind_of(record: Any) -> str:
    for kind, words in KINDS.items():
        if isinstance(record, words.model):
            return kind
    raise Missing("There is no such thing.")


def _above(record: Any) -> str:
    """Where one comes from: a contact's customer, else the list."""
    if isinstance(record, Contact):
        return _url_of(record.customer)
    return url_for("admin.list_records", kind=_kind_of(record))


def _url_of(record: Any) -> str:
    return url_for("admin.show_record", kind=_kind_of(record), thing_id=record.id)
