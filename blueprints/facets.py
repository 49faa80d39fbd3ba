"""What narrows a list down, in its address: read from there, offered as choices, written there again."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from blueprints.fields import service_choices, whole
from blueprints.labels import choices, zone
from models.ground import clock
from models.ground.vocabulary import Category, RequestType, Severity
from models.insight.facets import STANDS, Facets, month_of

MONTHS = 18  # that are offered
Choices = list[tuple[Any, Any]]


def facets_of(said: Mapping[str, str]) -> Facets:
    """Those in an address; what nobody could have chosen narrows nothing."""
    return Facets(
        stands=_one_of(STANDS, said.get("stands", "")),
        service_id=whole(said.get("service", "")),
        category=_one_of((*Category, *RequestType), said.get("category", "")),
        severity=_one_of(Severity, said.get("severity", "")),
        month=_month(said.get("month", "")),
    )


def in_address(facets: Facets) -> dict[str, Any]:
    """As parts of an address; what narrows nothing is left out."""
    said = {
        "stands": facets.stands, "service": facets.service_id, "category": facets.category,
        "severity": facets.severity, "month": facets.month,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}


def offered_facets(*but: str) -> dict[str, tuple[str, Choices]]:
    """Name → (word, choices) of every facet, `but` some."""
    all_of_them = {
        "stands": (_("State"), [("", _("Every state")), *choices("stands", STANDS)]),
        "service": (_("System"), service_choices(_("Every system"))()),
        "category": (_("Category"), [("", _("Every category")), *choices("category", Category)]),
        "severity": (_("Severity"), [("", _("Every severity")), *((code, code) for code in map(str, Severity))]),
        "month": (_("Month"), [("", _("Every month")), *((month, month) for month in _months())]),
    }
    return {name: facet for name, facet in all_of_them.items() if name not in but}


def _one_of(known: Any, said: str) -> str:
    return said if said in {str(one) for one in known} else ""


def _month(said: str) -> str:
    try:
        month_of(said, zone())
    except (ValueError, OverflowError):
        return ""
    return said


def _months() -> list[str]:
    """This one and those before it."""
    today = clock.now().astimezone(zone())
    newest = today.year * 12 + today.month - 1
    return [f"{number // 12}-{number % 12 + 1:02}" for number in range(newest, newest - MONTHS, -1)]
