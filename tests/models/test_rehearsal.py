"""The rehearsal tells what the engine does: the same times, people and channels; and it writes nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.clockwork import escalation as clockwork
from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Invalid
from models.insight.dossier import events_of
from models.insight.rehearsal import rehearse
from models.insight.subject import subject_of
from models.people.person import Person
from models.people.team import Team
from models.policy.pack import load_pack
from models.policy.version import version_in_force
from models.record.deadline import ASK_AGAIN, Deadline
from models.record.message import Message
from models.record.ticket import Ticket
from models.steps import intake, policies, triage
from models.steps.absences import announce_absence
from models.steps.escalation import acknowledge_escalation
from models.steps.rotas import add_shift
from tests.database import difference, everything
from tests.factories import MATRIX, person
from tests.models.test_deadlines import at
from tests.models.test_escalation import _next_ring as next_ring
from tests.models.test_permissions import hire

HALF_PAST_FIVE = at("27.T17:30")  # a Friday


@pytest.fixture
def duty(cast, time):
    """A rota that changes hands in the night, somebody away for it, somebody without an address, a stand-in."""
    for login, role in (("night", "duty_lead"), ("second", "tech_manager"), ("late", "supervisor")):
        hire(login, role)
    admin = cast.admin
    for login, role, begins, ends in (
        ("chen", "supervisor", "27.T08:00", "27.T18:00"), ("late", "supervisor", "27.T18:00", "28.T08:00"),
        ("night", "duty_lead", "27.T17:00", "28.T08:00"),
    ):  # fmt: skip
        add_shift(actor=admin, role=role, person=person(login), starts_at=at(begins), ends_at=at(ends))
    announce_absence(
        cast.liu, actor=admin, kind="leave", starts_at=at("27.T12:00"), ends_at=at("29.T12:00"),
        delegate=person("second"),
    )  # fmt: skip
    announce_absence(cast.sun, actor=admin, kind="trip", starts_at=at("27.T18:30"), ends_at=at("29.T12:00"))


def rehearsed(level: str, **more) -> list[tuple]:
    return [
        (line.at, line.event, line.kind, line.mark, {p.login: ways for p, ways in line.told},
         [(over["role"], over["person"], over["why"]) for over in line.passed_over])
        for line in rehearse(version_in_force(clock.now()), level=level, start=HALF_PAST_FIVE, **more)
    ]  # fmt: skip


def played(time, level: str, *, team: str = "", acknowledged: bool = False) -> list[tuple]:
    """The same of a ticket that is really reported and that nobody touches, while time passes as the engine lets it."""
    time(HALF_PAST_FIVE)
    impact, urgency = MATRIX[level]
    ticket = intake.report_fault(actor=person("zhang"), description="x", impact=impact, urgency=urgency)
    if team:
        cast_team = db.session.scalars(select(Team).where(Team.code == team)).one()
        triage.triage_ticket(ticket, actor=person("wang"), severity=level, category="function", team=cast_team)
    while (ring := next_ring()) and ring <= HALF_PAST_FIVE + timedelta(days=7):
        time(max(ring, clock.now()))
        clockwork.sweep()
        if acknowledged:
            _take_charge(ticket)
    return _record_of(ticket)


def _take_charge(ticket: Ticket) -> None:
    db.session.expire_all()
    waiting = select(Deadline).where(
        Deadline.ticket_id == ticket.id, Deadline.breached_at.is_not(None), Deadline.acknowledged_at.is_(None)
    )
    if db.session.scalars(waiting).first():
        (event, *_) = [e for e in reversed(events_of(ticket)) if e.name == "escalated"]
        acknowledge_escalation(ticket, actor=db.session.get(Person, min(event.told)))


def _record_of(ticket: Ticket) -> list[tuple]:
    db.session.expire_all()
    lines = []
    for event in events_of(ticket):
        if event.name not in ("reported", "triaged", "warned", "escalated"):
            continue
        said = event.details
        mark = said.get("mark", said.get("percent", 0))
        if mark > ASK_AGAIN + 1:
            continue
        told: dict[str, list[str]] = {}
        for message in db.session.scalars(
            select(Message).where(Message.event_id == event.id).order_by(Message.channel, Message.id)
        ):
            if message.person.login != "zhang":  # the reporter
                told.setdefault(message.person.login, []).append(message.channel)
        over = [(o["role"], db.session.get(Person, o["person"]).name if o["person"] else "", o["why"])
                for o in said.get("passed_over", [])]  # fmt: skip
        lines.append((event.at, event.name, said.get("kind", ""), mark, told, over))
    return lines


@pytest.mark.parametrize("acknowledged", [False, True])
@pytest.mark.parametrize("team", ["", "dev"])
@pytest.mark.parametrize("level", sorted(MATRIX))
def test_it_is_what_the_engine_does(cast, duty, time, level, team, acknowledged):
    more = {"team": cast.team(team) if team else None, "acknowledged": acknowledged}
    expected = rehearsed(level, **more)
    really = played(time, level, team=team, acknowledged=acknowledged)
    assert sorted(expected, key=str) == sorted(really, key=str)
    assert len(really) > 5
    assert [line[0] for line in expected] == sorted(line[0] for line in really), "in the order of time"


def test_a_p0_by_hand(cast, duty, time):
    """P3.4, P5.1–P5.4: the crew at once, the rota of each moment, the absent passed over or stood in for."""
    found = [(at_.astimezone(at_.tzinfo), kind, mark, set(told)) for at_, _e, kind, mark, told, _o in rehearsed("P0")]
    assert found[0] == (HALF_PAST_FIVE, "", 0, {"wang", "night", "zhao"})
    assert (at("27.T17:42"), "respond", 80, {"chen", "wang"}) in found
    assert (at("27.T17:45"), "respond", 100, {"chen"}) in found, "on call until six"
    assert (at("27.T17:55"), "respond", 200, {"second"}) in found, "stands in for liu"
    assert (at("27.T18:05"), "respond", 300, {"sun"}) in found
    assert (at("27.T19:30"), "resolve", 100, {"late"}) in found, "the rota has changed hands"
    assert (at("27.T19:50"), "resolve", 300, {"admin"}) in found, "sun has gone: the last resort"


def test_who_has_no_address_is_told_in_the_inbox_only(cast, duty, time):
    @command
    def forget() -> None:
        person("chen").email = ""

    forget()
    told = [told for _at, _e, kind, mark, told, _o in rehearsed("P0") if (kind, mark) == ("respond", 100)]
    assert told == [{"chen": ["app"]}]


def test_nothing_is_written(cast, duty, time):
    before = everything()
    for level in MATRIX:
        rehearsed(level, team=cast.team("ops"), acknowledged=True)
    assert difference(before, everything()) == {}
    assert not db.session.new
    assert not db.session.dirty


def test_a_draft_is_rehearsed_before_it_counts(cast, time):
    draft = policies.start_draft(load_pack("unified"), actor=cast.admin)
    raw = load_pack("unified").dump()
    raw["clocks"]["resolve"]["P0"] = {"basis": "wall", "minutes": 60}

    @command
    def write() -> None:
        db.session.merge(draft).content = raw

    write()
    lines = rehearse(subject_of("draft:unified").version, level="P0", start=clock.now())
    assert [line.at for line in lines if (line.kind, line.mark) == ("resolve", 100)] == [at("11:00")]


def test_a_level_that_is_not_there(cast, time):
    with pytest.raises(Invalid):
        rehearsed("P9")
