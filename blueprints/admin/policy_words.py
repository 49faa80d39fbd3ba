"""A time limit in words."""

from flask_babel import gettext as _
from flask_babel import ngettext

from models.ground.vocabulary import HOUSEKEEPING, ClockKind
from models.policy.pack import Target

KNOWN_CLOCKS = frozenset(str(kind) for kind in ClockKind if kind not in HOUSEKEEPING)


def said(target: Target | None) -> str:
    """`2 h, service hours`; `not agreed` where there is no such clock (P4.2)."""
    if target is None:
        return _("not agreed")
    if target.daily:
        return _("daily at %(time)s", time=f"{target.daily:%H:%M}")
    if target.days:
        return ngettext("%(num)s working day", "%(num)s working days", target.days)
    minutes = target.amount
    length = _("%(h)s h", h=minutes // 60) if minutes % 60 == 0 else _("%(minutes)s min", minutes=minutes)
    if target.every_minutes:
        length = _("every %(time)s", time=length)
    return _("%(time)s, service hours", time=length) if target.basis == "service" else length
