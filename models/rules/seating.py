"""Who will sit over a plan (P7.2): those named, those of a template, or the supervisors of the ticket's team."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.ground.db import db
from models.ground.errors import Conflict, Invalid
from models.ground.vocabulary import Risk, Role, Rule
from models.people.person import Person, holders
from models.record.approval import Approval, ApprovalTemplate, ApprovalTemplateSeat
from models.record.plan import Plan
from models.record.ticket import Ticket
from models.rules.rounds import REVIEWERS

FEWEST = 2  # voices that a major change needs (P7.2)


@dataclass
class Bench:
    """One slot that is to be filled: who could sit, and by what."""

    people: list[Person]
    role: str = ""
    team_id: int | None = None
    taken: list[Person] = field(default_factory=list)


@dataclass(frozen=True)
class Round:
    """A round before it begins."""

    rule: Rule
    quorum: int
    benches: list[Bench]
    template: ApprovalTemplate | None = None


def round_for(
    ticket: Ticket, *, author: Person, risk: str, named: Sequence[Person] = (), template: ApprovalTemplate | None = None
) -> Round:
    """The round that a plan of this risk class needs. Raises Invalid or Conflict when nobody could decide."""
    if template:
        return _by_template(ticket, author, risk, template)
    if risk == Risk.MAJOR:
        return Round(Rule.ALL, FEWEST, _named(ticket, author, named))
    found = [p for p in _pool(Role.SUPERVISOR, ticket.team_id) if not _is_involved(p, ticket, author)]
    if not found:
        raise Conflict("There is no supervisor who could approve this plan.")
    bench = Bench(found, Role.SUPERVISOR, ticket.team_id, taken=found)
    return Round(Rule.ANY, 1, [bench])


def seat(plan: Plan, held: Round) -> None:
    """Put everybody on their seats; the plan's rows must be in the database."""
    plan.rule, plan.quorum, plan.template = str(held.rule), held.quorum, held.template
    if held.template:
        plan.take_limit(held.template)
    for number, bench in enumerate(held.benches, start=1):
        for person in bench.taken:
            plan.approvals.append(
                Approval(
                    person_id=person.id,
                    person=person,
                    author_id=plan.author_id,
                    slot=number,
                    role=str(bench.role),
                    team_id=bench.team_id,
                    digest=plan.digest,
                )
            )


def who_would_sit(template: ApprovalTemplate, team_id: int | None) -> list[list[Person]]:
    """For each seat of the template the people who could sit on it for a ticket of this team."""
    return [bench.people for bench in _benches(template.seats, team_id)]


def refuse_unfit(person: Person, plan: Plan) -> None:
    """Raise Invalid unless the person may be added to the plan's round, or take over a seat in it."""
    if not (person.active and any(person.holds(role) for role in REVIEWERS)):
        raise Invalid("%(name)s does not sit on reviews.", field="person", name=person.name)
    if _is_involved(person, plan.ticket, plan.author):
        raise Invalid("%(name)s wrote the plan or carries it out.", field="person", name=person.name)
    if any(held.person.human_id == person.human_id for held in plan.approvals):
        raise Invalid("%(name)s has a seat in this round already.", field="person", name=person.name)


def fewest_voices(rule: str, quorum: int, slots: int) -> int:
    """How many must agree at least."""
    return {Rule.ANY: 1, Rule.QUORUM: quorum}.get(Rule(rule), slots)


def _by_template(ticket: Ticket, author: Person, risk: str, template: ApprovalTemplate) -> Round:
    if not template.active or template.risk != risk:
        raise Conflict("This approval template is not in use for plans of this risk class. Please choose another.")
    benches = _benches(template.seats, ticket.team_id)
    for bench in benches:
        bench.people = [person for person in bench.people if not _is_involved(person, ticket, author)]
    if not _fill(benches):
        raise Conflict("A seat of the approval template stays empty: nobody who could sit on it is left.")
    return Round(Rule(template.rule), template.quorum, benches, template)


def _benches(seats: Sequence[ApprovalTemplateSeat], team_id: int | None) -> list[Bench]:
    return [
        Bench([wanted.person] if wanted.person.active else [])
        if wanted.person
        else Bench(_pool(wanted.role, wanted.team_id or team_id), wanted.role, wanted.team_id or team_id)
        for wanted in seats
    ]


def _named(ticket: Ticket, author: Person, named: Sequence[Person]) -> list[Bench]:
    others = {p.human_id: p for p in reversed(named) if p.human_id != author.human_id}
    people = list(reversed(others.values()))
    if len(people) < FEWEST:
        raise Invalid("A major change needs at least %(count)s other approvers.", field="approvers", count=FEWEST)
    if any(not (p.active and any(p.holds(role) for role in REVIEWERS)) for p in people):
        raise Invalid("Somebody named here does not sit on reviews.", field="approvers")
    if any(_is_involved(person, ticket, author) for person in people):
        raise Invalid("Somebody named here carries the plan out.", field="approvers")
    return [Bench([person], taken=[person]) for person in people]


def _pool(role: str, team_id: int | None) -> list[Person]:
    """Everybody who holds the role there, each human once."""
    found = list(db.session.scalars(holders(role, team_id)))
    return list({person.human_id: person for person in reversed(found)}.values())[::-1]


def _is_involved(person: Person, ticket: Ticket, author: Person) -> bool:
    """Author or assignee, by whichever account: they would decide over themselves."""
    own = {author.human_id} | ({ticket.assignee.human_id} if ticket.assignee else set())
    return person.human_id in own


def _fill(benches: list[Bench]) -> bool:
    """Give everybody one bench, so that none stays empty if that is possible; whether it was.

    Who is left when each bench has somebody joins the bench with the fewest alternates.
    """
    holder: dict[int, int] = {}  # human → bench
    for number in range(len(benches)):
        if not _find(number, benches, holder, set()):
            return False
    for human, number in holder.items():
        benches[number].taken = [_of(benches[number], human)]
    for human in sorted({p.human_id for bench in benches for p in bench.people} - holder.keys()):
        able = [bench for bench in benches if any(p.human_id == human for p in bench.people)]
        least = min(able, key=lambda bench: len(bench.taken))
        least.taken.append(_of(least, human))
    return True


def _of(bench: Bench, human: int) -> Person:
    return next(person for person in bench.people if person.human_id == human)


def _find(number: int, benches: list[Bench], holder: dict[int, int], seen: set[int]) -> bool:
    """Somebody for this bench, moving others to theirs if need be (an augmenting path)."""
    for person in benches[number].people:
        human = person.human_id
        if human in seen:
            continue
        seen.add(human)
        if human not in holder or _find(holder[human], benches, holder, seen):
            holder[human] = number
            return True
    return False
