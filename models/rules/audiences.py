"""Who hears of what happens on a ticket: each audience of the table in notices.py, by name."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from models.ground.db import db
from models.ground.vocabulary import Role
from models.people.person import Person
from models.record.event import level_in
from models.record.link import CONSENT, DIRECTION
from models.record.plan import Plan
from models.record.relation import affected_by, merged_in, open_children, ties_of
from models.record.ticket import Ticket
from models.rules.calling import holding, in_place_of, people_of, seniors


def crew(ticket: Ticket) -> list[Person]:
    """Who works on a P0 from the first minute: the duty lead and the second line."""
    return [*holding(Role.DUTY_LEAD, ticket), *seniors(ticket)]


def _plan(ticket: Ticket) -> Plan:
    newest = select(Plan).where(Plan.ticket_id == ticket.id).order_by(Plan.revision.desc()).limit(1)
    return db.session.scalars(newest).one()


def _asks_for_consent(ticket: Ticket, details: dict[str, Any]) -> bool:
    """The last approval of a plan that touches the customer: now they are asked (P7.4)."""
    return bool(details.get("final")) and _plan(ticket).touches_customer


def _plan_of(details: dict[str, Any]) -> Plan:
    """The plan that the event is about; an emergency that is decided on late is not always the newest."""
    return db.session.scalars(select(Plan).where(Plan.id == details["plan"])).one()


def _hear_of_refusal(ticket: Ticket, details: dict[str, Any]) -> list[Person]:
    return [*_one(ticket.assignee), *_one(_plan_of(details).word_by), *holding(Role.SUPERVISOR, ticket)]


def _opened(ticket: Ticket, details: dict[str, Any]) -> list[Person]:
    """Whose turn it has become to decide, and who stands in for the absent among them."""
    whose = people_of(details.get("opened", []))
    return [*whose, *(p for person in whose for p in in_place_of(person, Role.APPROVER, ticket).people)]


def _if_p0(ticket: Ticket, details: dict[str, Any]) -> list[Person]:
    """A P0 calls the duty lead and the second line at once (P3.4); told once, when it becomes one."""
    if ticket.level != "P0" or level_in(details, "was_") == "P0":
        return []
    return crew(ticket)


def _others(ticket: Ticket, _: dict[str, Any]) -> list[tuple[Any, int]]:
    """Whoever reported the same, each by their own report (P3.7); and who said that they have it too (P2.4)."""
    ties = ties_of(ticket)
    merged = merged_in(ticket) if ties.has_merged else []
    affected = [each for one in (ticket, *merged) for each in affected_by(one)] if merged or ties.affected else []
    return [*_each_by_their_own(merged), *((each.person, each.ticket_id) for each in affected)]


def _callers_merged(ticket: Ticket, _: dict[str, Any]) -> list[tuple[Any, int]]:
    """Whoever reported the same, each by their own report (P3.7)."""
    return _each_by_their_own(merged_in(ticket) if ties_of(ticket).has_merged else [])


def _each_by_their_own(reports: list[Ticket]) -> list[tuple[Any, int]]:
    return [(caller, report.id) for report in reports for caller in _one(report.caller)]


def _handlers_below(ticket: Ticket, _: dict[str, Any]) -> list[tuple[Any, int]]:
    """Whoever handles a report below this incident, by that report (P3.8)."""
    below = open_children(ticket) if ties_of(ticket).has_relations else []
    return [(child.assignee, child.id) for child in below if child.assignee]


def _one(person: Any) -> list[Any]:
    return [person] if person else []


AUDIENCES: dict[str, Callable[[Ticket, dict[str, Any]], list[Any]]] = {
    "caller": lambda ticket, _: _one(ticket.caller),
    "caller_when_touched": lambda ticket, d: _one(ticket.caller) if _asks_for_consent(ticket, d) else [],
    "caller_of_consent": lambda ticket, d: _one(ticket.caller) if d.get("purpose") == CONSENT else [],
    "caller_of_direction": lambda ticket, d: _one(ticket.caller) if d.get("purpose") == DIRECTION else [],
    "caller_if_asked": lambda ticket, d: [] if d.get("joint") else _one(ticket.caller),
    "supervisors_if_sure": lambda ticket, d: holding(Role.SUPERVISOR, ticket) if d.get("joint") else [],
    "assignee": lambda ticket, _: _one(ticket.assignee),
    "first_line": lambda ticket, _: holding(Role.FIRST_LINE, ticket),
    "triagers": lambda ticket, _: [] if ticket.assignee else holding(Role.FIRST_LINE, ticket),
    "supervisors": lambda ticket, _: holding(Role.SUPERVISOR, ticket),
    "product_manager": lambda ticket, _: _one(ticket.product_manager) if ticket.is_request else [],
    "verifiers": lambda ticket, _: holding(Role.VERIFIER, ticket),
    "directors": lambda ticket, _: holding(Role.DIRECTOR, ticket),
    "followers": lambda ticket, _: list(ticket.followers),
    "opened": _opened,
    "seats_unless_revised": lambda _, d: [] if d.get("superseded") else [s.person for s in _plan_of(d).approvals],
    "plan_author": lambda _, d: [_plan_of(d).author],
    "word_giver": lambda _, d: _one(_plan_of(d).word_by),
    "refused": _hear_of_refusal,
    "added": lambda _, d: people_of([d["added"]]),
    "taker": lambda _, d: people_of([d["to_person"]]),
    "giver": lambda _, d: people_of([d["from_person"]]),
    "author": lambda ticket, _: [_plan(ticket).author],
    "author_when_final": lambda ticket, d: [_plan(ticket).author] if d.get("final") else [],
    "duty_lead_if_p0": lambda ticket, _: holding(Role.DUTY_LEAD, ticket) if ticket.level == "P0" else [],
    "if_p0": _if_p0,
    "asked_contact": lambda _, d: _one(db.session.get(Person, d["contact"])),
    "asker": lambda _, d: _one(db.session.get(Person, d["asked_by"])),
    "others": _others,
    "callers_merged": _callers_merged,
    "handlers_below": _handlers_below,
    "named": lambda _, d: people_of(d["people"]),
}
