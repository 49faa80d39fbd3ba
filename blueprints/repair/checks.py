"""The usual lines of a joint verification sheet (共同验证单), in the language of whoever will read it (P10.6)."""

from flask_babel import lazy_gettext as _l

from blueprints.labels import in_language
from models.record.resolution import MOST_CHECKS
from models.record.ticket import Ticket

USUAL = (
    _l("The problem is solved"),
    _l("The function works normally"),
    _l("The speed is as expected"),
    _l("Nothing else is broken by it"),
)
USUAL_OF_REQUEST = (
    _l("What was agreed is there"),
    _l("It works in daily use"),
    _l("The speed is as expected"),
    _l("Nothing else is broken by it"),
)


def usual_checks(ticket: Ticket) -> list[str]:
    """What is nearly always asked, then blank lines for more; every one can be written anew or emptied."""
    locale = ticket.caller.locale if ticket.caller else "zh"
    with in_language(locale):
        said = [str(line) for line in (USUAL_OF_REQUEST if ticket.is_request else USUAL)]
    return said + [""] * (MOST_CHECKS - len(said))
