"""The record: what was done beside the tickets and on them, with the verdict of the last verification (rule 42)."""

from datetime import date, datetime, time, timedelta

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField, ValidationError
from wtforms.validators import Length, Optional

from blueprints import pages
from blueprints.access import me, requires
from blueprints.admin import audit_words, bp
from blueprints.labels import event_words, local, zone
from blueprints.sheet import csv_file
from blueprints.words import WORDS
from models.clockwork import verification
from models.ground import clock
from models.ground.errors import Missing
from models.insight import audit
from models.insight.audit import OF_ADMINISTRATION, OF_TICKETS, Page, Wanted
from models.people.person import Person, everybody, find_person
from models.record.deed import Deed
from models.record.event import Event
from models.record.ticket import Ticket, find_ticket
from models.rules.permissions import can_see

PAGE, EXPORTED, LOOKS = 50, 5_000, 50
UNSEEN = "…"  # in the place of a number and a state
DEED, EVENT = "deed.", "event."  # before the name of a kind
SOURCES = {DEED: OF_ADMINISTRATION, EVENT: OF_TICKETS}


class AuditForm(FlaskForm):
    """What narrows the list down; all of it stands in the address."""

    class Meta:
        csrf = False

    person = StringField(_l("Who"), validators=[Length(max=80)])
    kind = SelectField(_l("What"), validate_choice=True)
    ticket = StringField(_l("Ticket"), validators=[Length(max=40)])
    first = DateField(_l("First day"), validators=[Optional()])
    last = DateField(_l("Last day"), validators=[Optional()])

    def __init__(self, **given: object) -> None:
        super().__init__(request.args, **given)
        self.kind.choices = _kinds()
        self.kind.data = self.kind.data or ""
        self.found_person: Person | None = None
        self.found_ticket: Ticket | None = None

    def validate_person(self, field: StringField) -> None:
        if typed := (field.data or "").strip():
            like = everybody(q=typed, limit=2)
            self.found_person = find_person(typed) or (like[0] if len(like) == 1 else None)
            if self.found_person is None:
                raise ValidationError(_("Several are called like that: give the user name.") if like else
                                      _("Nobody like that is known."))  # fmt: skip

    def validate_ticket(self, field: StringField) -> None:
        if typed := (field.data or "").strip():
            found = find_ticket(typed)
            self.found_ticket = found if found and can_see(me(), found) else None
            if self.found_ticket is None:
                raise ValidationError(_("There is no such ticket."))

    def validate_last(self, field: DateField) -> None:
        if self.first.data and field.data and field.data < self.first.data:
            raise ValidationError(_("The last day must not be before the first."))

    @property
    def wanted(self) -> Wanted:
        source, _dot, name = (self.kind.data or "").partition(".")
        return Wanted(
            person_id=self.found_person.id if self.found_person else None,
            ticket_id=self.found_ticket.id if self.found_ticket else None,
            source=SOURCES.get(f"{source}."),
            name=name,
            since=_midnight(self.first.data),
            until=_midnight(self.last.data, days=1),
        )

    @property
    def given(self) -> dict[str, str]:
        """What was chosen, for addresses."""
        return {name: request.args[name] for name in self._fields if request.args.get(name)}


@bp.get("/audit")
@requires("administer")
def audit_list() -> Response:
    """A page of the record, the newest first."""
    form, after = AuditForm(), _after()
    if not form.validate():
        return _page(form, Page([], ""), status=422)
    return _page(form, audit.read(form.wanted, after, most=PAGE))


@bp.get("/audit/file")
@requires("administer")
def export_audit() -> Response:
    """The same as a table, from here on; bounded."""
    form, after = AuditForm(), _after()
    if not form.validate():
        return _page(form, Page([], ""), status=422)
    rows = _some(form.wanted, after)
    people, tickets = audit.people_of(rows), audit.tickets_of(rows)
    head = [_("Time"), _("Who"), _("Address"), _("What"), _("Done to"), _("Changes"), _("Number in the record")]
    lines = (
        (
            local(row.at), who(row, people), getattr(row, "address", ""), what(row, tickets), about(row, tickets),
            audit_words.in_one_line(row) if isinstance(row, Deed) else "", row.id,
        )
        for row in rows
    )  # fmt: skip
    return csv_file(f"audit-{clock.now().astimezone(zone()):%Y%m%d-%H%M}", head, lines)


def who(row: Deed | Event, people: dict[int, Person]) -> str:
    """The person as they are called now; otherwise by which way it came."""
    if row.actor_id:
        person = people.get(row.actor_id)
        return f"{person.name} · {person.login}" if person else f"#{row.actor_id}"
    if isinstance(row, Event):
        return _("Customer, by link") if row.link_id else _("The clockwork")
    return _("Not signed in") if row.address else _("Command line")


def what(row: Deed | Event, tickets: dict[int, Ticket]) -> str:
    """What it is called."""
    if isinstance(row, Deed):
        return str(audit_words.DEEDS.get(row.name, row.name))
    ticket = tickets.get(row.ticket_id)
    return event_words(row.name, of_request=ticket is not None and ticket.kind == "request")


def about(row: Deed | Event, tickets: dict[int, Ticket]) -> str:
    """To what it was done; of a ticket that the reader may not see, only that it was one (P2.11)."""
    if isinstance(row, Event):
        ticket = tickets.get(row.ticket_id)
        return ticket.number if ticket and can_see(me(), ticket) else UNSEEN
    return " ".join(filter(None, (str(audit_words.THINGS.get(row.thing, row.thing)), row.thing_name)))


def _page(form: AuditForm, found: Page, *, status: int = 200) -> Response:
    people, tickets = audit.people_of(found.rows), audit.tickets_of(found.rows)
    return pages.show(
        "admin/audit.html",
        status=status,
        form=form,
        rows=found.rows,
        people=people,
        tickets=tickets,
        seen={id_ for id_, ticket in tickets.items() if can_see(me(), ticket)},
        who=who,
        what=what,
        words=audit_words,
        verdict=verification.last_said(),
        is_first=not request.args.get("after"),
        next_url=url_for("admin.audit_list", **form.given, after=found.next) if found.next else "",
        file_url=url_for("admin.export_audit", **form.given),
        exported=EXPORTED,
    )


def _some(wanted: Wanted, after: str) -> list[Deed | Event]:
    rows: list[Deed | Event] = []
    for _look in range(LOOKS):
        page = audit.read(wanted, after, most=min(500, EXPORTED - len(rows)))
        rows, after = [*rows, *page.rows], page.next
        if not after or len(rows) >= EXPORTED:
            break
    return rows


def _after() -> str:
    after = request.args.get("after", "")
    try:
        audit.place_of(after)
    except ValueError:
        raise Missing("There is no such page of the record.") from None
    return after


def _kinds() -> list[tuple[str, object]]:
    deeds = [(DEED + name, word) for name, word in audit_words.DEEDS.items()]
    events = [(EVENT + name, word) for name, word in WORDS["event"].items()]
    every = [("", _("Everything")), (DEED, _("Administration: all")), (EVENT, _("Tickets: all"))]
    return [*every, *deeds, *events]


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    try:
        return datetime.combine(day + timedelta(days=days), time.min, zone()) if day else None
    except OverflowError:
        return None
