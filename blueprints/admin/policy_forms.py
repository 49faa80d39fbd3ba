"""Forms of policies: what begins a draft, the table itself, and what publishes it."""

from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from pydantic import TypeAdapter
from wtforms import BooleanField, FileField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError

from blueprints.admin.policy_fields import fields, percents
from blueprints.admin.policy_words import KINDS, columns
from blueprints.fields import MINUTE, Moment, instant
from models.policy.calendar import newest_calendars
from models.policy.cell import read_cell
from models.policy.draft import PolicyDraft
from models.policy.pack import BadPack, Pack, Target

LONGEST = 200_000  # bytes of a file; a policy has less than ten thousand


class ImportForm(FlaskForm):
    """A policy out of a file."""

    file = FileField(_l("File"), description=_l("A policy as TOML, such as an export"))

    def content(self) -> bytes:
        """What is in the file; of one that is no policy at all, its beginning."""
        return bytes(self.file.data.read(LONGEST))

    def validate_file(self, field: FileField) -> None:
        if not field.data or not field.data.filename:
            raise ValidationError(_("Please choose a file."))


class DraftForm(FlaskForm):
    """A draft that begins as another policy."""

    source = SelectField(_l("Begin with"))
    name = StringField(
        _l("Short name"),
        description=_l("Left empty: the next edition of the same policy"),
        validators=[
            Optional(),
            Length(max=40),
            Regexp(r"^[a-z][a-z0-9-]*$", message=_l("Small letters, digits and - only.")),
        ],
        render_kw={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"},
    )


class ProposalForm(FlaskForm):
    """What publishing takes beside the draft."""

    effective_at = Moment(
        _l("In force from"),
        format=MINUTE,
        validators=[Optional()],
        description=_l("Left empty: as soon as it is confirmed. Running tickets keep their edition."),
    )
    is_default = BooleanField(_l("From then on it serves everybody who has no policy of their own"))
    note = StringField(_l("Why"), validators=[Length(max=200)])

    def given(self) -> dict[str, Any]:
        """Every value by name, for the command."""
        at = instant(self.effective_at.data)
        return {"effective_at": at, "is_default": self.is_default.data, "note": self.note.data or ""}


class ContentForm(FlaskForm):
    """The policy as a table; its fields are made for the draft (`content_form`)."""

    calendar_id = SelectField(_l("Calendar"), coerce=int, validators=[InputRequired()])

    def validate(self, extra_validators: Any = None) -> bool:
        """Beyond each cell: do they hold together?"""
        if not super().validate(extra_validators):
            return False
        try:
            Pack.from_dict(self.content())
        except BadPack as bad:
            self.form_errors.append(_sentence(bad))
            return False
        return True

    def content(self) -> dict[str, Any]:
        """What the fields say, as a pack's file would."""
        said = self.data
        codes = [level.code for level in self.pack.levels]
        return {
            "name": self.pack.name,
            "title": _words(said, "title"),
            "levels": [
                {"code": code, **{part: _words(said, f"levels.{code}.{part}") for part in _LEVEL_PARTS}}
                for code in codes
            ],
            "clocks": self._clocks(said),
            "matrix": {
                impact: {urgency: said[f"matrix.{impact}.{urgency}"] for urgency in row}
                for impact, row in self.pack.matrix.items()
            },
            "warnings": {
                part: percents(value) if isinstance(value, str) else value
                for part, value in _below(said, "warnings").items()
            },
            "escalation": self._escalation(said),
            "pauses": self._pauses(said),
            "satisfaction": _satisfaction(said),
            "numbers": _below(said, "numbers"),
            "silence": _below(said, "silence"),
            "archive_days": said["archive_days"],
            "link_days": said["link_days"],
        }

    def _clocks(self, said: dict[str, Any]) -> dict[str, Any]:
        table: dict[str, dict[str, Any]] = {}
        for kind in KINDS:
            for column in columns(self.pack):
                target = read_cell(said[f"clocks.{kind}.{column}"] or "")
                if target:
                    table.setdefault(kind, {})[column] = _TARGET.dump_python(target, mode="json", exclude_none=True)
        return table

    def _escalation(self, said: dict[str, Any]) -> dict[str, Any]:
        again = _below(said, "escalation.ask_again")
        return {
            "acknowledge_within": _below(said, "escalation.acknowledge_within"),
            "ask_again": {column: minutes for column, minutes in again.items() if minutes},
            "ladder": [step | {"rungs": step["rungs"].split()} for step in self.steps(said) if step["rungs"]],
        }

    def steps(self, said: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows of the ladder, blank ones included."""
        keys = {name.rsplit(".", 1)[0]: None for name in said if name.startswith("escalation.ladder.")}
        return [_below(said, key) for key in keys]

    def _pauses(self, said: dict[str, Any]) -> dict[str, Any]:
        """What stops as before is written as before."""
        held = self.pack.dump()["pauses"]
        chosen = _below(said, "pauses")
        return {
            party: held[party]
            if party in held and {kind for kind in KINDS if self.pack.stops(party, kind)} == set(kinds)
            else {"stops": kinds}
            for party, kinds in chosen.items()
        }


def content_form(draft: PolicyDraft) -> ContentForm:
    """The form for this draft, in the reader's language."""
    pack = draft.pack
    made = list(fields(pack))
    shape = type("DraftContentForm", (ContentForm,), {"pack": pack} | {key: field for key, field, _value in made})
    form: ContentForm = shape(data={key: value for key, _field, value in made} | {"calendar_id": draft.calendar_id})
    form.calendar_id.choices = [(row.id, f"{row.name} {row.edition}") for row in newest_calendars()]
    if draft.calendar_id not in [known for known, _name in form.calendar_id.choices]:
        form.calendar_id.choices.append((draft.calendar_id, f"{draft.calendar_row.name} {draft.calendar_row.edition}"))
    return form


def draft_form(sources: list[tuple[str, str]]) -> DraftForm:
    """The form that begins a draft, with one source chosen if the address names it."""
    form = DraftForm(data={"source": request.args.get("source", "")})
    form.source.choices = sources
    return form


_LEVEL_PARTS = ("title", "also", "definition")
_TARGET = TypeAdapter(Target)


def _below(said: dict[str, Any], key: str) -> dict[str, Any]:
    """The values under a key, by the rest of their names."""
    return {name[len(key) + 1 :]: value for name, value in said.items() if name.startswith(key + ".")}


def _words(said: dict[str, Any], key: str) -> dict[str, str]:
    return {language: " ".join(said[f"{key}.{language}"].split()) for language in ("zh", "en")}


def _satisfaction(said: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that have a code, in their order: best first."""
    rows = [_below(said, f"satisfaction.{n}") for n in range(sum(name.endswith(".call_back") for name in said))]
    return [
        {"code": row["code"], "title": {"zh": row["zh"], "en": row["en"]}, "call_back": row["call_back"]}
        for row in rows
        if row["code"]
    ]


def _sentence(bad: BadPack) -> str:
    if bad.key.startswith("escalation.ladder"):
        return _("For some clock nobody is told when it is late. Let the last row be for every clock and every level.")
    if bad.key.startswith("satisfaction"):
        return _("The scale of satisfaction needs two answers or more, each with a code of its own and both languages.")
    return _("This does not hold together. %(reason)s", reason=str(bad))
