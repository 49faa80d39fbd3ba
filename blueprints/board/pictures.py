"""The pictures of the watch, in the reader's words."""

from flask import url_for
from flask_babel import gettext as _

from blueprints.access import me
from blueprints.charts import Bars, Figure, Lines, Load, Loads
from blueprints.labels import label, named, zone
from models.ground.vocabulary import Severity
from models.insight import pictures
from models.insight.pictures import TeamLoad


def by_age() -> Bars:
    """What is open: a bar for each age, its parts by severity."""
    found = pictures.open_by_age(me())
    ages = (_("less than a day"), _("1 to 3 days"), _("3 to 7 days"), _("longer"))
    levels = [level for level in Severity if any(found.get(level, ()))] or list(Severity)
    return Bars(
        [(level.lower(), f"{level} {label('severity', level)}") for level in levels],
        [(age, [found[level][n] if level in found else 0 for level in levels]) for n, age in enumerate(ages)],
    )


def by_team() -> Loads:
    """What each team has to do: a bar, and its figures, each the way to the list that it counts."""
    parts = (
        ("late", _("overdue")),
        ("soon", _("due within 30 min")),
        ("c1", _("waiting on others")),
        ("rest", _("neither")),
    )
    return Loads(parts, [Load(_name(load), _parts(load), _figures(load)) for load in pictures.load_by_team(me())])


def by_day() -> Lines:
    """Whether as much is closed as comes in."""
    days = pictures.made_and_closed(me(), zone())
    words = [day.at.astimezone(zone()).strftime("%m-%d") for day in days[:-1]] + [_("today")]
    made, closed = [day.made for day in days], [day.closed for day in days]
    return Lines(words, [("c1", _("came in"), made), ("c2", _("were closed"), closed)])


def _name(load: TeamLoad) -> str:
    return named(load.team) or _("no team yet")


def _parts(load: TeamLoad) -> tuple[int, ...]:
    marked = load.breached, load.half_hour, load.resting
    return *marked, load.open - sum(marked)


def _figures(load: TeamLoad) -> list[Figure]:
    said = (
        ("", _("Open tickets"), load.open),
        ("breached", _("overdue"), load.breached),
        ("half_hour", _("due within 30 min"), load.half_hour),
        ("paused", _("clock paused"), load.paused),
    )
    team = load.team.id if load.team else 0
    return [Figure(word, count, url_for("board.watch", team=team, only=only or None)) for only, word, count in said]
