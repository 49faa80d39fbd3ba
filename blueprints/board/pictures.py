"""The pictures of the watch, in the reader's words."""

from flask_babel import gettext as _

from blueprints.access import me
from blueprints.charts import Bars, Lines
from blueprints.labels import label, named, zone
from models.ground.vocabulary import Severity
from models.insight import pictures


def by_age() -> Bars:
    """What is open: a bar for each age, its parts by severity."""
    found = pictures.open_by_age(me())
    ages = (_("less than a day"), _("1 to 3 days"), _("3 to 7 days"), _("longer"))
    levels = [level for level in Severity if any(found.get(level, ()))] or list(Severity)
    return Bars(
        [(level.lower(), f"{level} {label('severity', level)}") for level in levels],
        [(age, [found[level][n] if level in found else 0 for level in levels]) for n, age in enumerate(ages)],
    )


def by_team() -> Bars:
    """Who is late, and who will be: a bar for each team."""
    parts = (("late", _("overdue")), ("soon", _("within 1 h")), ("later", _("within 4 h")), ("rest", _("not soon")))
    return Bars(parts, [(named(team) or _("no team yet"), counts) for team, counts in pictures.due_by_team(me())])


def by_day() -> Lines:
    """Whether as much is closed as comes in."""
    days = pictures.made_and_closed(me(), zone())
    words = [day.at.astimezone(zone()).strftime("%m-%d") for day in days[:-1]] + [_("today")]
    made, closed = [day.made for day in days], [day.closed for day in days]
    return Lines(words, [("c1", _("came in"), made), ("c2", _("were closed"), closed)])
