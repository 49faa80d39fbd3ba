"""Time limits in words, the words as they can be typed, and the ladder beside them: of a policy, or of one round."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import Field, ValidationError

from blueprints.labels import label
from models.policy.cell import read_cell
from models.policy.pack_parts import Target


def typed(target: Target | None) -> str:
    """As it stands in a cell to be filled in: nothing where nothing is agreed."""
    if target is None:
        return ""
    if target.at_once:
        return _("at once")
    if target.daily:
        return _("daily at %(time)s", time=f"{target.daily:%H:%M}")
    if target.days:
        return ngettext("%(num)s working day", "%(num)s working days", target.days)
    minutes = target.amount
    length = _("%(h)s h", h=minutes // 60) if minutes % 60 == 0 else _("%(minutes)s min", minutes=minutes)
    if target.every_minutes:
        length = _("every %(time)s", time=length)
    return _("%(time)s, service hours", time=length) if target.basis == "service" else length


def rungs_word(rungs: Iterable[str]) -> str:
    """Who is told, step by step."""
    return " → ".join(label("role", rung) for rung in rungs) or "–"


def is_once(_form: Any, field: Field) -> None:
    """A validator: a time limit that runs once, or nothing."""
    try:
        target = read_cell(field.data or "")
    except ValueError:
        target = Target(at_once=True)
    if target and (target.is_cadence or target.at_once):
        raise ValidationError(_("Write 15 min, 4 h, 4 h service or 3 wd; nothing: as the policy says."))
