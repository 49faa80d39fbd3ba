"""Every cell of docs/PERMISSIONS.md: state by action by role and ownership, asked of the product and compared.

What somebody is to a ticket is told by hand in tests/standing.py.
"""

import re
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from models.ground import clock
from models.ground.db import command, db
from models.ground.vocabulary import Role, State
from models.people.absence import Absence
from models.people.person import Person, RoleHeld
from models.record.approval import Approval, PlanCopy
from models.record.article import Article
from models.record.cooperation import Cooperation
from models.record.extension import Extension
from models.record.link import PROGRESS, Link, open_link
from models.record.plan import Plan, WorkStep
from models.record.relation import PARENT, Affected, Relation
from models.record.ticket import Follower, Ticket
from models.rules import permissions, workflow
from tests.factories import REQUEST_ROAD, a_request, a_ticket, newest_plan, person
from tests.standing import DESK, WORD_OF, Actor, facts, rows, words_of

pytestmark = pytest.mark.once

PAGE = Path(__file__).parents[2] / "docs" / "PERMISSIONS.md"
BEYOND_SIGHT = ("join", "leave", "view_incident")
MANY = 100  # a revision beyond any that the road has made


# --- what the page says


def tables() -> dict[str, list[list[str]]]:
    """The tables of the page by their heading, each as rows of cells, without the line below its head."""
    found = {}
    for chapter in PAGE.read_text("utf-8").split("\n## ")[1:]:
        lines = [line for line in chapter.splitlines() if line.startswith("|")]
        cells = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines]
        found[chapter.splitlines()[0]] = [cells[0], *cells[2:]]
    return found


TABLES = tables()
STATES = [str(state) for state in State]


def in_state(heading: str, state: str) -> dict[tuple[str, ...], set[str]]:
    """(action) or (right, action) → who may, in this state."""
    head, *lines = TABLES[heading]
    column, who = head.index(state.removeprefix("awaiting_")), head.index("who")
    cells: dict[tuple[str, ...], set[str]] = {}
    for row in lines:
        cells.setdefault(tuple(row[:who]), set()).update({row[who]} if row[column] else ())
    return cells


def lists(heading: str) -> dict[str, set[str]]:
    """Action → who, of a table that has no states."""
    return {action: set(re.split(", ", who)) for action, who in TABLES[heading][1:]}


AROUND, NEVER = lists("Around the tickets"), lists("Whatever else they are")


def expected(action: str, who: set[str], words: set[str], known: SimpleNamespace) -> bool:
    """What the page says to somebody who is all this."""
    reaches = action in BEYOND_SIGHT and "anyone" in words and (known.is_known or "affected" in words)
    has_it = bool(words & {"viewer", "desk"}) or reaches
    return bool(words & who) and has_it and not words & NEVER.get(action, set())


# --- the people and the tickets


@command
def hire(
    login: str, *roles: str, team: int | None = None, same_as: Person | None = None, active: bool = True
) -> Person:
    """Somebody with these roles and no other, who has nothing to do with any ticket."""
    held = [RoleHeld(role="reporter"), *(RoleHeld(role=role, team_id=team) for role in roles if role != "reporter")]
    newcomer = Person(login=login, name=login, roles_held=held, same_as=same_as, active=active)
    db.session.add(newcomer)
    db.session.flush()
    return newcomer


def staff(elsewhere: int) -> dict[str, Person]:
    """One for each role, holding only that; one whose role ends at another team's door, and one who has left."""
    hired = {f"only {role}": hire(f"only-{role}", role) for role in Role}
    hired["supervisor of another team"] = hire("elsewhere", "supervisor", team=elsewhere)
    hired["supervisor who has left"] = hire("gone", "supervisor", "tech_manager", active=False)
    return hired


def owners() -> dict[str, Person]:
    """One for each ownership, with nothing else; and those whom only NEVER keeps out."""
    bare = ("assignee", "reporter", "registrar", "late author", "seat", "late seat", "copied", "contact asked",
            "joined", "stands in without the staff")  # fmt: skip
    hired = {name: hire(name.replace(" ", "-")) for name in bare}
    hired["author"], hired["joined, in the house"] = hire("author", "engineer"), hire("joined-in-the-house", "engineer")
    hired["follower"], hired["follows, for the articles"] = hire("follower", "contact"), hire("follows", "kb_admin")
    hired["stands in"] = hire("stands-in", "verifier")
    hired["absent"], hired["absent too"] = hire("absent", "approver"), hire("absent-too", "approver")
    hired["works above"] = hire("works-above", "engineer")
    hired["owns the request"] = hire("owns", "product_manager")
    hired["author again"] = hire("author-again", same_as=hired["author"])
    hired["late author again"] = hire("late-author-again", same_as=hired["late author"])
    hired["assignee again"] = hire("assignee-again", same_as=hired["assignee"])
    hired["carried out"] = hire("carried-out")
    hired["asked for time"] = hire("asked-for-time", "supervisor")
    hired["asked for time, again"] = hire("asked-again", "supervisor", same_as=hired["asked for time"])
    return hired


@command
def own(ticket: Ticket, who: dict[str, Person], above: Ticket) -> None:
    """Everything that somebody can be to a ticket, each of it somebody's: among it an emergency that owes its approval,
    an open cooperation, time asked for, an incident above, and the ladder climbed to its end."""
    now = clock.now()
    ticket.assignee, ticket.registrar, ticket.escalation, ticket.emergency = who["assignee"], who["registrar"], 4, True
    ticket.reporter = who["reporter"] if ticket.reporter else None
    ticket.product_manager = who["owns the request"]
    said = {"ticket": ticket, "kind": "fix", "risk": "major", "submitted_at": now, "digest": "0", "rule": "all"}
    late = Plan(**said, revision=0, author=who["late author"], outcome="emergency", late="owed")
    newest = Plan(**said, revision=MANY, author=who["author"])
    db.session.add_all([late, newest])
    db.session.flush()
    for plan, seated in ((late, "late "), (newest, "")):
        names = (f"{seated}seat", f"{seated}author again", "assignee again", "carried out", "absent", "absent too")
        for slot, name in enumerate(names, start=1):
            db.session.add(Approval(plan=plan, person=who[name], author_id=plan.author.id, slot=slot, digest="0"))
    db.session.add(PlanCopy(plan=newest, person=who["copied"], by=who["author"], at=now))
    db.session.flush()
    here, span = {"ticket_id": ticket.id}, {"started_at": now, "ended_at": now}
    db.session.add_all([
        WorkStep(**here, plan_id=late.id, person=who["carried out"], body="…", **span),
        *(Follower(**here, person_id=who[name].id) for name in ("follower", "follows, for the articles")),
        *(Affected(**here, person_id=who[name].id, at=now) for name in ("joined", "joined, in the house")),
        Cooperation(**here, contact=who["contact asked"], asked_by=who["author"], body="…", asked_at=now),
        Extension(**here, asked_by=who["asked for time"], counts_from=now, was_due_at=now, until=now, minutes=1,
                  reason="…", asked_at=now),
        Relation(from_id=ticket.id, to_id=above.id, kind=PARENT, by=who["author"], at=now),
    ])  # fmt: skip
    above.assignee = who["works above"]


@command
def go_away(who: dict[str, Person]) -> None:
    """Two approvers are absent; one delegate is on the staff, the other is not."""
    span = {"starts_at": clock.now(), "ends_at": clock.now() + timedelta(days=30), "kind": "leave"}
    for absent, delegate in (("absent", "stands in"), ("absent too", "stands in without the staff")):
        db.session.add(Absence(person=who[absent], delegate=who[delegate], created_by_id=who[absent].id, **span))


@command
def links(ticket: Ticket) -> dict[str, Link]:
    """One for each purpose that lives, and one that was revoked."""
    living = {f"link: {each}": open_link(ticket, days=30, purpose=each) for each in WORD_OF}
    now = clock.now()
    dead = Link(ticket=ticket, purpose=PROGRESS, round=ticket.round, created_at=now, revoked_at=now,
                expires_at=now + timedelta(days=1))  # fmt: skip
    db.session.add(dead)
    return living | {"link: revoked": dead}


def scenes(state: str, contact: Any) -> dict[str, Ticket]:
    """Tickets in this state that have come there by themselves, of every kind that the rights tell apart."""
    made = {"incident in the house": a_ticket(state, severity="P0"), "of a contact": a_ticket(state, contact=contact)}
    if state in (*REQUEST_ROAD, "awaiting_consent", "cancelled"):
        made["request"] = a_request(state)
    if state not in ("cancelled", "merged", "awaiting_assessment", "awaiting_direction"):
        made["security"] = a_ticket(state, category="security")
    return made


def answers(ticket: Ticket, actors: dict[str, Actor]) -> dict[tuple[str, ...], tuple[bool, bool]]:
    """(who, action) → what the page says and what the product says, wherever they differ."""
    known, state, differ = facts(ticket), ticket.state, {}
    steps, instead = in_state("On a ticket, by its state", state), in_state("By another right", state)
    for name, actor in actors.items():
        words = words_of(actor, known)
        asked = {key: (key[0], who, workflow.can(actor, key[0], ticket)) for key, who in steps.items()}
        for (right, action), who in instead.items():
            asked[right, action] = (right, who, workflow.can(actor, action, ticket, right=right))
        for right, who in AROUND.items():
            if right != "report":  # it is asked of nobody's ticket
                asked[right,] = (right, who, permissions.allows(actor, right, ticket))
        said = {key: (expected(right, who, words, known), product) for key, (right, who, product) in asked.items()}
        differ |= {(name, *key): both for key, both in said.items() if both[0] != both[1]}
    return differ


# --- the tests


@pytest.fixture
def asked_once(monkeypatch):
    """Whether somebody is involved is the dearest question, and nothing changes between two answers about them."""
    monkeypatch.setattr(permissions, "_is_involved", cache(permissions._is_involved))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.usefixtures("asked_once")
def test_every_cell(cast, state):
    """Everybody on every ticket as it came here, then on each with all ownerships in other hands."""
    who, tickets = staff(cast.team("hardware").id) | owners(), scenes(state, cast.contact)
    above = a_ticket("awaiting_engineer")
    people = {login: person(login) for login in ("zhang", "wang", "zhao", "chen", "wu", "he", "zhou")}
    for scene, ticket in tickets.items():
        differ = answers(ticket, people)
        assert not differ, scene
    go_away(who)
    for scene, ticket in tickets.items():
        own(ticket, who, above)
        differ = answers(ticket, {"the desk": None, **who, **links(ticket)})
        assert not differ, scene
    foreign = links(above)
    assert not answers(tickets["of a contact"], foreign)


def test_every_action_and_every_state_is_on_the_page():
    head = TABLES["On a ticket, by its state"][0]
    assert head[2:] == [state.removeprefix("awaiting_") for state in STATES]
    said = {row[0] for row in TABLES["On a ticket, by its state"][1:]} | set(AROUND)
    assert said == set(permissions.MAY) | set(workflow.STEPS)


def test_another_right_opens_what_the_page_says_and_nothing_else(cast):
    ticket, pairs = a_ticket("awaiting_customer"), {tuple(row[:2]) for row in TABLES["By another right"][1:]}
    rights = {right for right, _ in pairs}
    opened = {(r, a) for r in rights for a in workflow.STEPS if workflow.can(cast.wang, a, ticket, right=r)}
    assert opened == {("record_spoken", action) for action in ("confirm", "confirm_partly", "dispute")} | {
        ("update_below", "update")
    }
    assert opened < pairs


def test_what_is_about_no_ticket(cast):
    """A role alone, and nothing that it could own."""
    for name, actor in staff(cast.team("hardware").id).items():
        roles = {held.role for held in rows("role_held", person_id=actor.id)}
        is_ = ({"anyone"} | roles | ({"staff"} if roles & DESK else set())) if actor.active else set()
        differ = {a for a, who in AROUND.items() if bool(is_ & who) != permissions.allows(actor, a)}
        assert not differ, name
    link = links(a_ticket(contact=cast.contact))["link: progress"]
    assert {a for a in AROUND if permissions.allows(link, a)} == {
        a for a, who in AROUND.items() if "link_holder" in who
    }


def test_what_is_somebodys_beside_the_tickets(cast):
    """An article or a shift of one's own, a drill to which one is called, oneself, and people of one's team."""
    me, boss = hire("me"), hire("boss", "supervisor", team=cast.zhao.team_id)
    things = {
        "owner": (me, Article(owner_id=me.id), {"owner"}),
        "called": (me, SimpleNamespace(called=[me]), {"called"}),
        "oneself": (me, me, {"oneself"}),
        "their own absence": (me, Absence(person=me), {"oneself"}),
        "supervisor_of": (boss, cast.zhao, {"supervisor_of", "supervisor", "staff"}),
        "of nobody there": (boss, cast.li, {"supervisor", "staff"}),
        "somebody else's": (me, Article(owner_id=boss.id), set()),
    }
    for name, (actor, thing, is_) in things.items():
        differ = {
            a for a, who in AROUND.items() if bool(({"anyone"} | is_) & who) != permissions.allows(actor, a, thing)
        }
        assert not differ, name


def test_what_is_somebodys_on_a_plan(cast):
    """Whoever has, or had, a seat in its round hands in what they decide; nobody else does."""
    ticket = a_ticket("awaiting_approval", risk="major")
    known, plan = facts(ticket), newest_plan(ticket)
    seated = {seat.person_id for seat in rows("approval", plan_id=plan.id)}
    for actor in (cast.chen, cast.wu, cast.zhao, cast.he, cast.yang):
        is_ = words_of(actor, known) | ({"sat"} if actor.id in seated else set())
        differ = {a for a, who in AROUND.items() if expected(a, who, is_, known) != permissions.allows(actor, a, plan)}
        assert not differ, actor.login
