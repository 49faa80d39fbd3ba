"""A rehearsal in words, line by line: for the page and for the command line."""

from flask_babel import gettext as _

from blueprints.labels import label
from models.insight.rehearsal import Line
from models.record.message import APP, MAIL


def happens(line: Line) -> str:
    """What happens: the report, a warning, a rung."""
    if line.event in ("reported", "triaged"):
        return label("event", line.event)
    if line.percent:
        return _("Warning at %(percent)s %%", percent=line.percent)
    if line.asks_again:
        return _("Asked again")
    return _("Overdue") if line.rung == 1 else _("Not acknowledged: rung %(number)s", number=line.rung)


def reached(line: Line) -> list[tuple[str, str]]:
    """(name, channels) of everybody who is told."""
    return [(person.name, _(", ").join(_channel(way) for way in ways)) for person, ways in line.told]


def passed_over(line: Line) -> list[str]:
    """Who should have been told and was not, with the reason."""
    return [
        _(", ").join((f"{label('role', over['role'])} {over['person']}".strip(), label("passed_over", over["why"])))
        for over in line.passed_over
    ]


def _channel(way: str) -> str:
    return {APP: _("inbox"), MAIL: _("mail")}[way]
