"""Templates of rounds: who sits, and how they decide together, for plans of one risk class (P7.2)."""

from collections.abc import Sequence
from itertools import combinations

from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.ground.vocabulary import Risk, Role, Rule
from models.people.person import PER_TEAM, Person
from models.people.team import Team
from models.policy.pack_parts import Target
from models.record.approval import ApprovalTemplate, ApprovalTemplateSeat
from models.rules.deeds import recorded
from models.rules.permissions import allows
from models.rules.rounds import REVIEWERS
from models.rules.seating import FEWEST, fewest_voices
from models.rules.standing import STAFF

MOST_SEATS = 20
UP = (Role.SUPERVISOR, Role.TECH_MANAGER, Role.DIRECTOR)
CLIMBS = tuple(" ".join(roles) for most in (1, 2, 3) for roles in combinations(UP, most))  # a breach climbs upwards
Wanted = tuple[str, Team | None, Person | None]  # holders of a role (of a team; None: the ticket's own), or a person


@command
@recorded("template_kept")
def keep_approval_template(
    template: ApprovalTemplate | None,
    *,
    actor: Person,
    name: str,
    risk: str,
    rule: str,
    quorum: int = 1,
    seats: Sequence[Wanted],
    limit: Target | None = None,
    climb: str = "",
) -> ApprovalTemplate:
    """A new template (None), or a change of one; rounds that have begun stay as they are. Raises Invalid.

    `limit` is the time for the whole round, `climb` one of CLIMBS; what is not stated is as the policy says.
    """
    _need_keeper(actor)
    kept = template or ApprovalTemplate(name="", risk="", rule="")
    if template and not template.active:
        raise Conflict("This approval template is no longer in use.")
    _refuse_senseless(kept, name.strip(), risk, rule, quorum, seats)
    _refuse_endless(limit, climb)
    kept.name, kept.risk, kept.rule, kept.updated_at = name.strip(), risk, str(Rule(rule)), clock.now()
    kept.quorum = quorum if rule == Rule.QUORUM else 1
    kept.limit_amount, kept.limit_basis = (limit.amount, limit.basis) if limit else (None, None)
    kept.climb = climb or None
    kept.seats[:] = []
    db.session.add(kept)
    db.session.flush()
    kept.seats[:] = [_seat(number, *wanted) for number, wanted in enumerate(seats, start=1)]
    db.session.flush()
    return kept


@command
@recorded("template_retired")
def retire_approval_template(template: ApprovalTemplate, *, actor: Person) -> ApprovalTemplate:
    """It is no longer offered; plans submitted by it stay as they are."""
    _need_keeper(actor)
    if not template.active:
        raise Conflict("This approval template is no longer in use.")
    template.active, template.updated_at = False, clock.now()
    return template


def _need_keeper(actor: Person) -> None:
    if not allows(actor, "keep_approval_template"):
        raise Refused("Only a supervisor or an administrator keeps approval templates.")


def _refuse_senseless(
    kept: ApprovalTemplate, name: str, risk: str, rule: str, quorum: int, seats: Sequence[Wanted]
) -> None:
    if not name:
        raise Invalid("Please name the template.", field="name")
    same = select(ApprovalTemplate.id).where(ApprovalTemplate.name == name)
    with db.session.no_autoflush:
        if db.session.scalar(same.where(ApprovalTemplate.id != (kept.id or 0))):
            raise Invalid("There is a template with this name already.", field="name")
    if risk not in (Risk.NORMAL, Risk.MAJOR):
        raise Invalid("A standard change needs no round.", field="risk")
    if rule not in tuple(Rule):
        raise Invalid("Please choose how they decide.", field="rule")
    if not 1 <= len(seats) <= MOST_SEATS:
        raise Invalid("A round has between one and %(most)s seats.", field="seats", most=MOST_SEATS)
    if rule == Rule.QUORUM and not 1 <= quorum <= len(seats):
        raise Invalid("There are not as many seats as must agree.", field="quorum")
    if risk == Risk.MAJOR and fewest_voices(rule, quorum, len(seats)) < FEWEST:
        raise Invalid("At least %(count)s must agree to a major change.", field="rule", count=FEWEST)
    for wanted in seats:
        _refuse_unfit(*wanted)
    people = [person.human_id for _role, _team, person in seats if person]
    if len(set(people)) < len(people):
        raise Invalid("Somebody has two seats.", field="seats")


def _refuse_endless(limit: Target | None, climb: str) -> None:
    if limit and (limit.is_cadence or limit.at_once):
        raise Invalid("A round has one time limit: minutes, hours or working days.", field="limit")
    if climb and climb not in CLIMBS:
        raise Invalid("Please choose to whom it climbs.", field="climb")


def _refuse_unfit(role: str, _team: Team | None, person: Person | None) -> None:
    if (person is None) == (not role):
        raise Invalid("Please choose a role or a person, not both.", field="seats")
    if role and role not in STAFF:
        raise Invalid("Whoever holds this role cannot read plans.", field="seats")
    if person and not (person.active and any(person.holds(held) for held in REVIEWERS)):
        raise Invalid("%(name)s does not sit on reviews.", field="seats", name=person.name)


def _seat(number: int, role: str, team: Team | None, person: Person | None) -> ApprovalTemplateSeat:
    if person:
        return ApprovalTemplateSeat(position=number, person_id=person.id, person=person, role="")
    held_in = team if Role(role) in PER_TEAM else None
    return ApprovalTemplateSeat(position=number, role=str(Role(role)), team_id=held_in.id if held_in else None)
