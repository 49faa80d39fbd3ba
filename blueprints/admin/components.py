"""The house's components, every one in every state, made from the real macros and plain sample values."""

from datetime import timedelta
from types import SimpleNamespace as Sample

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, MultipleFileField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from blueprints import pages
from blueprints.access import me, requires
from blueprints.admin import bp
from blueprints.charts import Bars, Figure, Lines, Load, Loads
from blueprints.labels import label
from models.ground import clock
from models.ground.vocabulary import ClockKind, Severity, State
from models.policy.version import version_in_force
from models.record.ticket import STATUS_OF

CLOCKS = {  # what a clock can look like: minutes it has lasted, minutes left, its state
    "ok": (60, 300, "running"),
    "warn": (120, 55, "running"),
    "danger": (120, 12, "running"),
    "over": (120, -38, "breached"),
    "paused": (60, 200, "paused"),
    "met": (60, 30, "met"),
    "late": (60, -30, "late"),
    "cancelled": (60, 30, "cancelled"),
}


class SampleForm(FlaskForm):
    """One field of every kind."""

    text = StringField(
        _l("One line"), description=_l("A hint says what is meant."), validators=[InputRequired(), Length(max=80)]
    )
    words = TextAreaField(_l("Several lines"), validators=[Length(max=4000)])
    choice = SelectField(_l("One of a list"), choices=[("", _l("nothing")), ("a", _l("the first"))])
    one = RadioField(_l("One of a few"), choices=[("yes", _l("Yes")), ("no", _l("No"))])
    tick = BooleanField(_l("Yes or no"), description=_l("New work is first offered to those on duty."))
    files = MultipleFileField(_l("Files"))


@bp.get("/components")
@requires("administer")
def components() -> Response:
    """A living page: what is changed in templates/components/ or in a token is seen here at once."""
    return _page(SampleForm(formdata=None))


@bp.post("/components")
@requires("administer")
def send_sample() -> Response:
    """The sample form is judged as every form is, and leads to nothing."""
    return pages.act(
        SampleForm(), action="send_sample", page=_page, do=lambda: None, then=lambda _: url_for("admin.components")
    )


def _page(form: FlaskForm) -> Response:
    tickets = [_ticket(n, state) for n, state in enumerate(State)]
    return pages.show(
        "admin/components.html",
        form=form,
        wrong=_wrong(SampleForm(formdata=None, prefix="wrong-")),
        tickets=tickets,
        severities=tuple(Severity),
        states=tuple(State),
        clocks={name: _deadline(*known) for name, known in CLOCKS.items()},
        entries=_entries(),
        files=_files(),
        **_pictures(),
    )


def _wrong(form: FlaskForm) -> FlaskForm:
    for field in form:
        if field.type == "CSRFTokenField":
            continue
        field.errors = [_("This must be filled in.")]
    return form


def _pictures() -> dict[str, Bars | Lines | Loads]:
    return {
        "bars": Bars([("c1", _("Number"))], [(_("Yes"), [5]), (_("No"), [2])]),
        "stacks": Bars(
            [(level.lower(), f"{level} {label('severity', level)}") for level in Severity],
            [(_("today"), [1, 3, 5, 2]), (_("longer"), [0, 1, 0, 4])],
        ),
        "series": Bars([(f"c{n}", str(n)) for n in range(1, 6)], [(_("Number"), [5, 4, 3, 2, 1])]),
        "loads": Loads(
            [("late", _("overdue")), ("soon", _("due within 30 min")), ("c1", _("waiting on others"))],
            [
                Load(
                    _("Team"), (2, 1, 3), [Figure(_("Open tickets"), 6, "#charts"), Figure(_("overdue"), 2, "#charts")]
                ),
                Load(
                    _("no team yet"), (0, 0, 1), [Figure(_("Open tickets"), 1, "#charts"), Figure(_("overdue"), 0, "")]
                ),
            ],
        ),
        "lines": Lines(
            [str(n) for n in range(1, 8)],
            [("c1", _("came in"), [3, 5, 4, 6, 2, 4, 5]), ("c2", _("were closed"), [2, 4, 5, 4, 4, 3, 4])],
        ),
    }


def _deadline(lasted: int, left: int, state: str) -> Sample:
    now, minute = clock.now(), timedelta(minutes=1)
    return Sample(
        kind=ClockKind.RESOLVE,
        clock_state=state,
        started_at=now - lasted * minute,
        due_at=now + left * minute,
        met_at=now if state in ("met", "late") else None,
        remaining_s=left * 60,
    )


def _entries() -> list[Sample]:
    """A line of the record for each audience, with words and with files."""
    said = {"system": "", "internal": _("Looked at the log of the service."), "customer": _("We are working on it.")}
    return [
        Sample(
            at=clock.now() - timedelta(minutes=30 * n), title=label("event", "noted"), audience=audience, who=me(),
            who_name="", text=text, files=_files() if audience == "customer" else [], redact_url="",
        )
        for n, (audience, text) in enumerate(said.items())
    ]  # fmt: skip


def _files() -> list[Sample]:
    sizes = {"screenshot.png": 48_300, "recording.log": 3_400_000}
    return [Sample(name=name, size=size, url="#", key=name) for name, size in sizes.items()]


def _ticket(nth: int, state: State) -> Sample:
    """What lists read of a ticket."""
    clocks = [_deadline(*known) for known in CLOCKS.values()]
    version = version_in_force(clock.now())
    sides = {State.AWAITING_APPROVAL: ["awaiting_approval"], State.AWAITING_ENGINEER: ["escalated"]}
    return Sample(
        id=nth,
        number=f"TS202611229{nth:02}",
        kind="fault",
        state=state,
        status=STATUS_OF[state].value,
        severity=list(Severity)[nth % 4],
        version=1,
        escalation=nth % 3,
        title=_("A ticket that is here only to be looked at"),
        emergency=nth == 1,
        side_statuses=sides.get(state, []),
        waiting_on="",
        team=me().team,
        assignee=me() if nth % 2 else None,
        caller=me(),
        reporter=me(),
        created_at=clock.now(),
        next_deadline=clocks[nth % len(clocks)],
        policy_version=version,
        policy_version_id=version.id,
    )
