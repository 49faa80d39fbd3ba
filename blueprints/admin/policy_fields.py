"""Fields of a policy's form: one for each cell, named by its key in the file, so that a mistake stands beside it."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import available_timezones

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, Regexp, ValidationError
from wtforms.widgets import CheckboxInput

from blueprints.admin.policy_words import (
    KINDS,
    PARTIES,
    column_word,
    columns,
    number_words,
    party_word,
    silence_words,
    warning_words,
)
from blueprints.labels import label
from blueprints.limits import rungs_word, typed
from models.ground.vocabulary import Impact, Urgency
from models.policy.cell import read_cell
from models.policy.pack import Pack

Made = Iterator[tuple[str, Any, Any]]  # (key, field, value)

RUNGS = ("supervisor", "tech_manager", "director")
LADDERS = tuple(tuple(rung for bit, rung in enumerate(RUNGS) if chosen >> bit & 1) for chosen in (1, 2, 4, 3, 6, 5, 7))
BLANK_STEPS = 2  # rows above the ladder's own, for exceptions: the first that fits counts
NUMBER = r"^[A-Z]+-?(\{yyyymmdd\}-?)?\{seq(:\d)?\}$"
LANGUAGES = (("zh", "中文"), ("en", "English"))
CHOICE_CODE = r"^[a-z_]{1,20}$"
_filled = DataRequired(_l("This must be filled in."))


class WholeField(IntegerField):
    """A whole number between two others, judged in one sentence."""

    def __init__(self, label: str, *, least: int, most: int, must: bool, **more: Any) -> None:
        super().__init__(label, **more)
        self.least, self.most, self.must = least, most, must

    def process_formdata(self, valuelist: list[str]) -> None:
        said = valuelist[0].strip() if valuelist else ""
        self.data = int(said) if said.isdecimal() and len(said) < 10 else None
        if self.data is None and not said and not self.must:
            return
        if self.data is None or not self.least <= self.data <= self.most:
            raise ValueError(_("Write a whole number from %(least)s to %(most)s.", least=self.least, most=self.most))


def fields(pack: Pack) -> Made:
    """Every field with what stands there now."""
    yield from _words("title", _("Name"), pack.title, 60)
    yield from _levels(pack)
    yield from _clocks(pack)
    yield from _matrix(pack)
    yield from _warnings(pack)
    yield from _escalation(pack)
    yield from _pauses(pack)
    yield from _satisfaction(pack)
    yield from _numbers(pack)


def percents(text: str) -> list[int]:
    """`50, 80` as numbers. Raises ValueError."""
    return [int(part) for part in text.replace("，", ",").replace("、", ",").replace("%", "").split(",")]


def _levels(pack: Pack) -> Made:
    parts = (("title", _("Level"), 20), ("also", _("Also called"), 20), ("definition", _("Definition"), 400))
    for level in pack.levels:
        for part, word, most in parts:
            yield from _words(f"levels.{level.code}.{part}", f"{level.code} {word}", getattr(level, part), most)


def _clocks(pack: Pack) -> Made:
    for kind in KINDS:
        for column in columns(pack):
            name = f"{label('clock', kind)} {column_word(pack, column)}"
            cell = StringField(name, validators=[Length(max=60), _is_cell], render_kw={"autocomplete": "off"})
            yield f"clocks.{kind}.{column}", cell, typed(pack.agreed(kind, column))


def _matrix(pack: Pack) -> Made:
    codes = [(level.code, level.code) for level in pack.levels]
    for impact in Impact:
        for urgency in Urgency:
            name = f"{label('impact', impact)} × {label('urgency', urgency)}"
            yield f"matrix.{impact}.{urgency}", SelectField(name, choices=codes), pack.suggest(impact, urgency)


def _warnings(pack: Pack) -> Made:
    for part, word in warning_words().items():
        value = getattr(pack.warnings, part)
        if isinstance(value, tuple):
            yield f"warnings.{part}", StringField(word, validators=[Length(max=40), _is_percents]), _joined(value)
        else:
            yield f"warnings.{part}", _whole(word, 1, 99 if part == "supervisor_from" else 525_600), value


def _escalation(pack: Pack) -> Made:
    within_word, again_word = _("Acknowledged within"), _("Asked again after")
    for column in columns(pack):
        name = column_word(pack, column)
        within = _whole(f"{within_word} {name}", 1, 525_600)
        yield f"escalation.acknowledge_within.{column}", within, pack.acknowledge_within(column)
        again = _whole(f"{again_word} {name}", 1, 525_600, must=False)
        yield f"escalation.ask_again.{column}", again, pack.ask_again(column)
    for n in range(BLANK_STEPS + len(pack.escalation.ladder)):
        yield from _step(pack, n, pack.escalation.ladder[n - BLANK_STEPS] if n >= BLANK_STEPS else None)


def _step(pack: Pack, n: int, step: Any) -> Made:
    key = f"escalation.ladder.{n}"
    kinds = [(kind, label("clock", kind)) for kind in KINDS]
    levels = [(column, column_word(pack, column)) for column in columns(pack)]
    told = [("", "–"), *((" ".join(rungs), rungs_word(rungs)) for rungs in LADDERS)]
    yield f"{key}.kinds", _several(_("Clocks; none means every"), kinds), list(step.kinds) if step else []
    yield f"{key}.levels", _several(_("Levels; none means every"), levels), list(step.levels) if step else []
    yield f"{key}.rungs", SelectField(_("Told, step by step"), choices=told), " ".join(step.rungs) if step else ""


def _pauses(pack: Pack) -> Made:
    kinds = [(kind, label("clock", kind)) for kind in KINDS]
    for party in PARTIES:
        stopped = [kind for kind in KINDS if pack.stops(party, kind)]
        yield f"pauses.{party}", _several(party_word(party), kinds), stopped


def _satisfaction(pack: Pack) -> Made:
    answer = _("Answer")
    for n, choice in enumerate([*pack.satisfaction, None]):
        key = f"satisfaction.{n}"
        shape = Regexp(CHOICE_CODE, message=_("Small letters and _ only."))
        code = StringField(_("Code"), validators=[Optional(), Length(max=40), shape])
        yield f"{key}.code", code, choice.code if choice else ""
        for language, word in LANGUAGES:
            said = StringField(f"{answer} ({word})", validators=[Length(max=40)])
            yield f"{key}.{language}", said, getattr(choice.title, language) if choice else ""
        yield f"{key}.call_back", BooleanField(_("The supervisor calls back")), choice.call_back if choice else False


def _numbers(pack: Pack) -> Made:
    shape = Regexp(NUMBER, message=_("Write a template such as TS{yyyymmdd}{seq:3}, TS-{yyyymmdd}-{seq} or TP{seq:3}."))
    for part, word in number_words().items():
        check = _is_zone if part == "timezone" else shape
        yield (
            f"numbers.{part}",
            StringField(word, validators=[_filled, Length(max=60), check]),
            getattr(pack.numbers, part),
        )
    for part, word in silence_words().items():
        yield f"silence.{part}", _whole(word, 0 if part == "reminders" else 1, 100), getattr(pack.silence, part)
    yield "archive_days", _whole(_("Archived after days"), 1, 366), pack.archive_days
    yield "link_days", _whole(_("Links live for days"), 1, 366), pack.link_days


def _words(key: str, name: str, words: Any, most: int) -> Made:
    kind, more = (TextAreaField, {"rows": 2}) if most > 100 else (StringField, {})
    for language, word in LANGUAGES:
        field = kind(f"{name} ({word})", validators=[_filled, Length(max=most)], render_kw=more | {"lang": language})
        yield f"{key}.{language}", field, getattr(words, language)


def _several(name: str, choices: list[tuple[str, str]]) -> Any:
    return SelectMultipleField(name, choices=choices, option_widget=CheckboxInput())


def _whole(name: str, least: int, most: int, *, must: bool = True) -> Any:
    """A whole number; without `must` it may be left empty."""
    return WholeField(name, least=least, most=most, must=must, render_kw={"inputmode": "numeric"})


def _joined(marks: tuple[int, ...]) -> str:
    return ", ".join(map(str, marks))


def _is_cell(_form: Any, field: Field) -> None:
    try:
        read_cell(field.data or "")
    except ValueError:
        raise ValidationError(
            _("Write 15 min, 4 h, 4 h service, 3 wd, every 30 min, daily 17:00 or at once; nothing: not agreed.")
        ) from None


def _is_percents(_form: Any, field: Field) -> None:
    try:
        fits = all(0 < percent < 100 for percent in percents(field.data or ""))
    except ValueError:
        fits = False
    if not fits:
        raise ValidationError(_("Write per cent between 1 and 99, such as 50, 80."))


def _is_zone(_form: Any, field: Field) -> None:
    if field.data not in available_timezones():
        raise ValidationError(_("There is no such time zone. Write one like Asia/Shanghai."))
