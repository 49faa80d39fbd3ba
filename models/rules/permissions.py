"""Who may do what: one table, asked by the route, by the command and by the template."""

from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, or_, select, true

from models.ground.db import db
from models.ground.vocabulary import Category, Role, State
from models.people.person import Person
from models.record.approval import Approval, PlanCopy
from models.record.cooperation import Cooperation, was_asked
from models.record.extension import Extension
from models.record.link import CONSENT, DIRECTION, PROGRESS, Link
from models.record.outline import TicketOutline
from models.record.plan import Plan
from models.record.relation import is_affected, is_known_incident
from models.record.ticket import Follower, Ticket
from models.rules import rounds
from models.rules.standing import RELATIONS, STAFF, has_copy, has_sat, is_in_rounds

Actor = Person | Link | None  # None is the desk itself: clockwork

# action → who, as roles of P1 or as a relation to the ticket. Everything not written here is forbidden.
MAY: dict[str, str] = {
    # the road
    "report": "anyone link_holder",
    "register": "first_line supervisor",
    "triage": "first_line supervisor",
    "answer": "first_line assignee",
    "ask": "first_line assignee supervisor",
    "supply": "reporter link registrar first_line",
    "chase": "reporter",
    "take": "assignee",
    "hand_over": "assignee supervisor tech_manager",
    "step": "assignee engineer",
    "diagnose": "assignee",
    "reuse": "assignee first_line",
    "submit_plan": "assignee",
    "use_standard_change": "assignee",
    "vote": "sat",  # hand in a decision; whether it counts is the next rows' matter
    "approve": "seat",
    "return": "seat",
    "withdraw": "author",
    "assess": "product_manager",
    "postpone": "product_manager",
    "agree": "reporter direction_link",
    "decline": "reporter direction_link",
    "record_direction": "first_line assignee",
    "change_delivery": "product_manager",
    "emergency": "assignee",
    "consent": "reporter consent_link",
    "refuse": "reporter consent_link",
    "countersign": "late_seat",
    "ratify": "late_seat",
    "refuse_ratify": "late_seat",
    "overturn": "late_seat",
    "add_approver": "seat late_seat",
    "hand_over_seat": "seat late_seat supervisor",
    "give_seat_away": "supervisor",  # whose holder is away, or no longer decides
    "copy_plan": "author seat late_seat supervisor",
    "read_copy": "copied",
    "urge": "author supervisor",
    "name_lead": "supervisor",
    "cooperate": "assignee supervisor",
    "answer_cooperation": "asked_contact assignee supervisor",  # these two take down what was said
    "merge": "assignee first_line supervisor tech_manager",
    "unmerge": "assignee first_line supervisor tech_manager",
    "untriage": "doer",  # these three take back what one has just done oneself
    "take_back": "doer",
    "put_back": "doer",
    "relate": "assignee first_line supervisor tech_manager",
    "unrelate": "assignee first_line supervisor tech_manager",
    "split": "assignee first_line supervisor tech_manager",
    "join": "anyone",
    "leave": "affected",
    "view_incident": "anyone",
    "work": "assignee",
    "fix": "assignee",
    "roll_back": "assignee",
    "pass_test": "verifier assignee own_product_manager",
    "fail_test": "verifier assignee own_product_manager",
    "confirm": "reporter link",
    "confirm_partly": "reporter link",
    "record_spoken": "first_line assignee",
    "record_spoken_consent": "first_line assignee",
    "dispute": "reporter link",
    "confirm_silently": "desk",
    "send_back": "supervisor",
    "close": "supervisor",
    "reopen": "reporter link supervisor",
    "archive": "desk",
    "cancel": "first_line supervisor reporter_before_triage",
    # beside the road
    "retitle": "assignee first_line supervisor tech_manager",
    "note": "staff",
    "update": "assignee first_line supervisor tech_manager",
    "update_below": "assignee first_line supervisor tech_manager incident_assignee",
    "call": "assignee first_line",
    "extend": "assignee",
    "grant_extension": "supervisor",
    "refuse_extension": "supervisor",
    "call_back": "supervisor",
    "follow_up_leftovers": "supervisor",
    "regrade": "assignee first_line supervisor tech_manager",
    "change_policy": "first_line supervisor",
    "wait": "assignee first_line supervisor tech_manager",
    "resume": "assignee first_line supervisor tech_manager desk",
    "acknowledge": "told",
    "report_up": "tech_manager",
    "follow": "viewer",
    "unfollow": "viewer",
    "send_link": "assignee first_line supervisor",
    "revoke_link": "assignee first_line supervisor",
    "redact": "supervisor",
    "escalate": "desk",
    "warn": "desk",
    "change_calendar": "desk",
    # around the tickets
    "view": "viewer",
    "view_internal": "staff",
    "view_cooperation": "staff asked_contact",
    "view_cooperations": "contact",
    "view_triage": "first_line supervisor tech_manager",
    "view_bench": "engineer first_line supervisor verifier tech_manager product_manager",
    "view_approvals": "supervisor approver engineer tech_manager director",
    "read_approvals": "supervisor approver engineer tech_manager director in_rounds",
    "view_plan": "staff copied sat",
    "view_watch": "supervisor tech_manager director duty_lead dept_head admin",
    "view_archive": "staff kb_admin",
    "use_account": "anyone",
    "view_article": "anyone",
    "draft_article": "engineer first_line supervisor kb_admin",
    "edit_article": "kb_admin owner",
    "publish_article": "kb_admin",
    "return_article": "kb_admin",
    "withdraw_article": "owner",
    "keep_standard_change": "supervisor",
    "keep_approval_template": "supervisor admin",
    "administer": "admin",
    "edit_calendar": "admin",
    "edit_policy": "admin tech_manager",
    "publish_policy": "admin tech_manager",
    "replay_policy": "admin tech_manager dept_head",
    "view_job": "owner admin",
    "cancel_job": "owner admin",
    "view_outbox": "admin supervisor",
    "keep_feeds": "staff admin",
    "view_rota": "staff admin",
    "keep_rota": "supervisor admin",
    "hand_over_shift": "owner supervisor admin",
    "announce_absence": "oneself supervisor_of admin",
    "start_drill": "supervisor admin",
    "view_drill": "called supervisor admin",
    "answer_drill": "called",
    "move_demo_clock": "admin",
}
# What can be done with a known incident that one may not see: to know that it is known, and to say that one has it too.
BEYOND_SIGHT = ("join", "leave", "view_incident")
NEVER = {
    "approve": ("own_plan", "implementer"),
    "return": ("own_plan", "implementer"),
    "countersign": ("own_late_plan", "implementer"),
    "ratify": ("own_late_plan", "implementer"),
    "refuse_ratify": ("own_late_plan", "implementer"),
    "overturn": ("own_late_plan", "implementer"),
    "give_seat_away": ("own_plan", "own_late_plan", "implementer"),
    "grant_extension": ("own_request",),
    "refuse_extension": ("own_request",),
}

ROLES = frozenset(str(role) for role in Role)
SEE_SECURITY = (Role.SUPERVISOR, Role.TECH_MANAGER, Role.DIRECTOR)
SEE_ALL = STAFF | {Role.ADMIN}
# What the holder of a link is to its ticket: each question is answered by its own link only (P10.3).
_KEY_OF = {PROGRESS: "link", CONSENT: "consent_link", DIRECTION: "direction_link"}


def allows(actor: Actor, action: str, thing: Any = None) -> bool:
    """Whether the actor may do the action on the thing. Unknown actions are forbidden to everybody."""
    who = MAY.get(action, "").split()
    if any(_is(actor, relation, thing) for relation in NEVER.get(action, ())):
        return False
    ticket = _ticket_of(thing)
    if ticket is not None and actor is not None and not can_see(actor, ticket) and not _reaches(actor, action, ticket):
        return False
    return any(_is(actor, relation, thing) for relation in who)


def can_see(actor: Actor, ticket: Ticket) -> bool:
    """Whether the actor may know that the ticket exists (P2.11 for security, P3.10 for followers)."""
    if isinstance(actor, Link):
        return actor.ticket_id == ticket.id
    if actor is None:
        return True
    return _sees_by_role(actor, ticket) or _is_involved(actor, ticket)


def knows_of(actor: Person, ticket: Ticket) -> bool:
    """Whether the actor may be told of it as of an incident: it is offered to everybody, or they have joined it."""
    return is_known_incident(ticket) or is_affected(actor.id, ticket.id)


def _reaches(actor: Actor, action: str, ticket: Ticket) -> bool:
    return action in BEYOND_SIGHT and isinstance(actor, Person) and knows_of(actor, ticket)


def _sees_by_role(actor: Person, ticket: Ticket) -> bool:
    if ticket.category == Category.SECURITY and ticket.state != State.AWAITING_TRIAGE:
        return any(actor.holds(role) for role in SEE_SECURITY)
    return bool(actor.roles & SEE_ALL) or (
        actor.holds(Role.KB_ADMIN) and ticket.state in (State.CLOSED, State.ARCHIVED)
    )


def visible(actor: Person) -> ColumnElement[bool]:
    """can_see() as a condition of a query: what lists, counts and searches may show."""
    return visible_to(actor.id, actor.roles)


@lru_cache(maxsize=1024)
def visible_to(person_id: int, roles: frozenset[str]) -> ColumnElement[bool]:
    """The same; building it takes longer than asking it, so it is built once for each person and their roles."""
    involved = or_(
        Ticket.reporter_id == person_id,
        Ticket.assignee_id == person_id,
        Ticket.registrar_id == person_id,
        Ticket.id.in_(select(Follower.ticket_id).where(Follower.person_id == person_id)),
        Ticket.id.in_(select(Plan.ticket_id).join(Approval).where(Approval.person_id == person_id)),
        Ticket.id.in_(select(Plan.ticket_id).join(PlanCopy).where(PlanCopy.person_id == person_id)),
        Ticket.id.in_(select(Cooperation.ticket_id).where(Cooperation.contact_id == person_id)),
    )
    if roles & set(SEE_SECURITY):
        return true()
    harmless = (Ticket.category != Category.SECURITY) | (Ticket.state == State.AWAITING_TRIAGE)
    if roles & SEE_ALL:
        return harmless | involved
    if Role.KB_ADMIN in roles:
        return (harmless & Ticket.state.in_((State.CLOSED, State.ARCHIVED))) | involved
    return involved


def _ticket_of(thing: Any) -> Ticket | None:
    if isinstance(thing, (Ticket, TicketOutline)):
        return cast(Ticket, thing)
    return thing.ticket if isinstance(thing, (Plan, Approval, Link, Extension, Cooperation)) else None


def _is(actor: Actor, relation: str, thing: Any) -> bool:
    if relation == "desk":
        return actor is None
    if isinstance(actor, Link):
        is_ = ("viewer", _KEY_OF[actor.purpose])
        here = relation == "link_holder" or (relation in is_ and _ticket_of(thing) is actor.ticket)
        return here and not actor.death
    if actor is None or not actor.active:
        return False
    ticket = _ticket_of(thing)
    match relation:
        case "anyone":
            return True
        case "staff":
            return bool(actor.roles & STAFF)
        case "viewer":
            return ticket is not None and can_see(actor, ticket)
        case "oneself":
            whose = getattr(thing, "person", thing)
            return isinstance(whose, Person) and whose.id == actor.id
        case "supervisor_of":
            whose = getattr(thing, "person", thing)
            return isinstance(whose, Person) and actor.holds(Role.SUPERVISOR, whose.team_id)
        case "called":
            return any(person.id == actor.id for person in getattr(thing, "called", ()))
        case "asked_contact" if isinstance(thing, Cooperation):
            return thing.contact_id == actor.id
        case "sat":
            return isinstance(thing, Plan) and bool(rounds.seat_of(thing, actor) or rounds.stood_in(thing, actor))
        case "in_rounds":
            return is_in_rounds(actor)
        case "owner":
            return bool(getattr(thing, "owner_id", None) == actor.id)
    if ticket is not None and relation in RELATIONS:
        return RELATIONS[relation](actor, ticket)
    return relation in ROLES and actor.holds(relation, ticket.team_id if ticket else None)


def _is_involved(actor: Person, ticket: Ticket) -> bool:
    return (
        actor.id in (ticket.reporter_id, ticket.assignee_id, ticket.registrar_id)
        or db.session.get(Follower, (ticket.id, actor.id)) is not None
        or has_sat(actor, ticket)
        or has_copy(actor, ticket)
        or was_asked(actor.id, ticket.id)
    )
