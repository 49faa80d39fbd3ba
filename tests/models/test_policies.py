"""Editions, drafts and who is served by which policy (P4.3); what a draft would do; publishing takes two (P1)."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.insight.policy_preview import preview
from models.people.person import Person, RoleHeld
from models.policy.calendar import CalendarRow
from models.policy.difference import changes
from models.policy.draft import PolicyDraft, draft_of, drafts
from models.policy.pack import Pack, load_pack
from models.policy.pack_file import write_pack
from models.policy.version import (
    PolicyVersion,
    republish_with_calendar,
    version_in_force,
    versions_in_force,
    versions_scheduled,
)
from models.record.message import Message
from models.steps import masterdata, policies
from tests.database import difference, everything
from tests.factories import a_ticket, deadline, person

UNIFIED = load_pack("unified")


def with_cells(pack: Pack = UNIFIED, /, **cells: dict | None) -> dict:
    """The pack's content with other targets: respond_P2={"basis": "wall", "minutes": 5}; None takes one away."""
    raw = pack.dump()
    for name, target in cells.items():
        kind, _, level = name.rpartition("_")
        row = raw["clocks"].setdefault(kind, {})
        row.pop(level, None)
        if target is not None:
            row[level] = target
    return raw


def a_draft(name: str = "unified", **cells: dict | None) -> PolicyDraft:
    """A draft by the administrator, with other cells if wanted."""
    draft = policies.start_draft(load_pack(name), actor=person("admin"))
    if cells:
        content = with_cells(load_pack(name), **cells)
        policies.edit_draft(draft, actor=person("admin"), content=content, calendar=draft.calendar_row)
    return draft


def published(name: str = "unified", *, is_default: bool = False, **cells: dict | None) -> PolicyVersion:
    """An edition that admin proposed and liu confirmed."""
    draft = a_draft(name, **cells)
    policies.propose_edition(draft, actor=person("admin"), is_default=is_default)
    return policies.confirm_edition(draft, actor=person("liu"))


FAST = {"basis": "wall", "minutes": 5}


# --- editions


def test_a_running_ticket_keeps_its_edition(cast, time):
    before = a_ticket()
    due = deadline(before, "respond").due_at
    edition = published(respond_P2=FAST)
    after = a_ticket()
    db.session.refresh(before)
    assert (before.policy_version.edition, after.policy_version.edition) == (1, edition.edition) == (1, 2)
    assert deadline(before, "respond").due_at == due
    assert deadline(after, "respond").due_at == clock.now() + timedelta(minutes=5)


def test_an_edition_comes_into_force_at_its_time(cast, time):
    draft = a_draft(respond_P2=FAST)
    policies.propose_edition(draft, actor=cast.admin, effective_at=clock.now() + timedelta(days=2))
    policies.confirm_edition(draft, actor=cast.liu)
    assert version_in_force(clock.now()).edition == 1
    assert [version.edition for version in versions_scheduled(clock.now())] == [2]
    time(timedelta(days=2))
    assert version_in_force(clock.now()).edition == 2
    assert versions_scheduled(clock.now()) == []


@pytest.mark.parametrize(
    "sql", ["UPDATE policy_version SET note = 'x'", "DELETE FROM policy_version WHERE edition = 2"]
)
def test_the_database_refuses_to_change_an_edition(cast, sql):
    published(respond_P2=FAST)

    @command
    def meddle() -> None:
        db.session.execute(text(sql))

    with pytest.raises(DBAPIError, match="never changed"):
        meddle()


def test_a_new_edition_of_a_calendar_is_a_new_edition_of_its_policies(cast, time):
    later = clock.now() + timedelta(days=30)
    published("problem-record")
    draft = a_draft(respond_P2=FAST)
    policies.propose_edition(draft, actor=cast.admin, effective_at=later)
    scheduled = policies.confirm_edition(draft, actor=cast.liu)
    old = version_in_force(clock.now())

    @command
    def move() -> list[PolicyVersion]:
        row = CalendarRow(name="7×24", content={"tz": "UTC", "week": {"mon": [["00:00", "24:00"]]}})
        db.session.add(row)
        db.session.flush()
        return republish_with_calendar(old.calendar_id, row.id, effective_at=clock.now() + timedelta(days=1))

    moved = move()
    assert [(v.pack_name, v.edition, v.effective_at) for v in moved] == [
        ("problem-record", 2, clock.now() + timedelta(days=1)),
        ("unified", 3, clock.now() + timedelta(days=1)),
        ("unified", 4, later),
    ]
    assert {v.digest for v in moved} == {scheduled.digest, old.digest, load_version("problem-record").digest}
    assert version_in_force(clock.now()) == old
    for days in (1, 29, 30, 300):
        assert version_in_force(clock.now() + timedelta(days=days)).calendar_id == moved[0].calendar_id, days
    assert version_in_force(later) == moved[2]


def load_version(name: str) -> PolicyVersion:
    return {version.pack_name: version for version in versions_in_force(clock.now())}[name]


# --- who is served by which


def test_customer_before_service_before_team_before_default(cast, time):
    """P4.3: each that has a policy of its own is served by it."""
    for name in ("problem-record", "response-control", "fault-handling"):
        published(name)
    service, team, customer = cast.service("ERP"), cast.team("dev"), cast.contact.customer
    assert service.team_id == team.id

    def served(**known) -> str:
        return version_in_force(clock.now(), **known).pack_name

    assert served(customer=customer, service=service) == "unified"
    masterdata.edit_record(team, actor=cast.admin, policy_name="fault-handling")
    assert (
        served(service=service) == served(team=team) == served(customer=customer, service=service) == "fault-handling"
    )
    assert served(customer=customer) == served(service=cast.service("Office network")) == "unified"
    masterdata.edit_record(service, actor=cast.admin, policy_name="response-control")
    assert served(customer=customer, service=service) == "response-control"
    assert served(team=team) == "fault-handling"
    masterdata.edit_record(customer, actor=cast.admin, policy_name="problem-record")
    assert served(customer=customer, service=service) == "problem-record"
    assert served(service=service) == "response-control"


def test_registration_chooses_it_and_the_ticket_keeps_it(cast, time):
    published("problem-record")
    masterdata.edit_record(cast.contact.customer, actor=cast.admin, policy_name="problem-record")
    ticket = a_ticket(contact=cast.contact)
    assert (ticket.policy_version.pack_name, ticket.number) == ("problem-record", "TP001")
    assert deadline(ticket, "respond") is None
    assert deadline(ticket, "triage").due_at == clock.now() + timedelta(days=1)
    masterdata.edit_record(cast.contact.customer, actor=cast.admin, policy_name=None)
    assert a_ticket(contact=cast.contact).policy_version.pack_name == "unified"
    db.session.refresh(ticket)
    assert ticket.policy_version.pack_name == "problem-record"
    assert a_ticket(severity="P1").number.startswith("TS2026")


def test_choosing_the_edition_is_one_question(cast, engine):
    asked: list[str] = []
    service, customer = cast.service("ERP"), cast.contact.customer
    assert (service.policy_name, customer.policy_name) == (None, None)
    event.listen(engine, "before_cursor_execute", count := lambda c, cur, sql, *_: asked.append(sql))
    try:
        version_in_force(clock.now(), customer=customer, service=service)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert len(asked) == 1


def test_another_default(cast, time):
    published("response-control", is_default=True)
    assert version_in_force(clock.now()).pack_name == "response-control"
    edition = published("response-control", close_P2=FAST)
    assert version_in_force(clock.now()) == edition, "its later editions serve without being told again"
    published(respond_P2=FAST)
    assert version_in_force(clock.now()) == edition
    published(is_default=True)
    assert version_in_force(clock.now()).pack_name == "unified"


def test_a_policy_that_is_not_in_force_serves_nobody(cast):
    with pytest.raises(Invalid):
        masterdata.edit_record(cast.team("dev"), actor=cast.admin, policy_name="problem-record")
    assert cast.team("dev").policy_name is None


# --- drafts and publishing


@pytest.mark.parametrize(("first", "second"), [("admin", "liu"), ("liu", "admin")])
def test_publishing_takes_an_administrator_and_a_technical_manager(cast, time, first, second):
    draft = a_draft(respond_P2=FAST)
    policies.propose_edition(draft, actor=person(first), note=" quarterly \n review ")
    letters = db.session.scalars(select(Message).where(Message.template == "policy_proposed")).all()
    assert [letter.person.login for letter in letters] == [second]
    for login in (first, "chen"):
        with pytest.raises(Refused):
            policies.confirm_edition(draft, actor=person(login))
    version = policies.confirm_edition(draft, actor=person(second))
    assert (version.proposed_by.login, version.confirmed_by.login) == (first, second)
    assert (version.note, version.published_at, version.edition) == ("quarterly review", clock.now(), 2)
    assert drafts() == []


def test_one_person_with_both_roles_is_still_one_person(cast):
    @command
    def promote(somebody: Person) -> None:
        somebody.roles_held.append(RoleHeld(role="tech_manager"))

    promote(cast.admin)
    draft = a_draft(respond_P2=FAST)
    policies.propose_edition(draft, actor=cast.admin)
    with pytest.raises(Refused):
        policies.confirm_edition(draft, actor=cast.admin)
    assert policies.confirm_edition(draft, actor=cast.liu).edition == 2


def test_a_change_takes_the_proposal_back(cast):
    draft = a_draft(respond_P2=FAST)
    policies.propose_edition(draft, actor=cast.admin)
    policies.edit_draft(draft, actor=cast.liu, content=with_cells(respond_P2=None), calendar=draft.calendar_row)
    with pytest.raises(Conflict):
        policies.confirm_edition(draft, actor=cast.liu)
    policies.propose_edition(draft, actor=cast.liu)
    policies.withdraw_proposal(draft, actor=cast.admin)
    with pytest.raises(Conflict):
        policies.withdraw_proposal(draft, actor=cast.admin)
    with pytest.raises(Conflict):
        policies.confirm_edition(draft, actor=cast.admin)
    assert db.session.scalar(select(PolicyVersion).where(PolicyVersion.edition == 2)) is None


def test_what_cannot_be_proposed(cast, time):
    draft = a_draft()
    with pytest.raises(Invalid, match="Nothing is different"):
        policies.propose_edition(draft, actor=cast.admin)
    policies.edit_draft(draft, actor=cast.admin, content=with_cells(respond_P2=FAST), calendar=draft.calendar_row)
    with pytest.raises(Invalid, match="past"):
        policies.propose_edition(draft, actor=cast.admin, effective_at=clock.now() - timedelta(minutes=1))
    content = draft.content | {"numbers": draft.content["numbers"] | {"fault": "TS{yyyymmdd}{seq}"}}
    policies.edit_draft(draft, actor=cast.admin, content=content, calendar=draft.calendar_row)
    with pytest.raises(Invalid, match="would meet"):
        policies.propose_edition(draft, actor=cast.admin)


def test_confirmed_later_than_planned_it_stands_from_then_on(cast, time):
    draft = a_draft(respond_P2=FAST)
    policies.propose_edition(draft, actor=cast.admin, effective_at=clock.now() + timedelta(hours=1))
    time(timedelta(hours=5))
    assert policies.confirm_edition(draft, actor=cast.liu).effective_at == clock.now()


def test_one_draft_a_policy(cast):
    draft = a_draft()
    with pytest.raises(Invalid, match="already"):
        a_draft()
    copy = policies.start_draft(load_pack("unified"), actor=cast.liu, name="for-banks")
    assert (copy.pack.name, copy.calendar_id) == ("for-banks", draft.calendar_id)
    with pytest.raises(Invalid):
        policies.start_draft(load_pack("unified"), actor=cast.liu, name="Für Banken")
    policies.discard_draft(draft, actor=cast.admin)
    assert [each.pack_name for each in drafts()] == ["for-banks"]


def test_a_file_becomes_a_draft_and_a_bad_one_is_refused_by_its_key(cast):
    good = write_pack(load_pack("problem-record"))
    draft = policies.import_draft(good.encode(), actor=cast.admin)
    assert draft_of("problem-record") == draft
    assert draft.pack == load_pack("problem-record")
    before = everything()
    for wrong, said in (
        (good.replace("days = 1", "days = -1", 1), "clocks.triage.P0.days"),
        (good.replace('"needs_improvement"', '"satisfied"'), "satisfaction: a code is there twice"),
        (good.replace('code = "P3"', 'code = "P4"'), "levels: the codes are P0, P1, P2, P3"),
        ("= nonsense", "not readable TOML"),
        ("a = " + "[" * 5000, "not readable TOML"),
    ):
        with pytest.raises(Invalid) as refused:
            policies.import_draft(wrong.encode(), actor=cast.admin)
        assert said in refused.value.values["reason"]
        assert refused.value.field == "file"
    with pytest.raises(Invalid, match="not a text file"):
        policies.import_draft(good.encode("utf-16"), actor=cast.admin)
    assert difference(before, everything()) == {}


def test_others_do_nothing_with_policies(cast):
    draft = a_draft(respond_P2=FAST)
    policies.propose_edition(draft, actor=cast.admin)
    before = everything()
    for attempt in (
        lambda who: policies.start_draft(load_pack("problem-record"), actor=who),
        lambda who: policies.import_draft(b"", actor=who),
        lambda who: policies.edit_draft(draft, actor=who, content=UNIFIED.dump(), calendar=draft.calendar_row),
        lambda who: policies.propose_edition(draft, actor=who),
        lambda who: policies.withdraw_proposal(draft, actor=who),
        lambda who: policies.confirm_edition(draft, actor=who),
        lambda who: policies.discard_draft(draft, actor=who),
    ):
        for login in ("chen", "zhang", "feng"):
            with pytest.raises(Refused):
                attempt(person(login))
    assert difference(before, everything()) == {}


# --- differences and the preview


def test_differences_cell_by_cell():
    raw = with_cells(respond_P2=FAST, ratify_P0=None, cooperate_P1={"days": 2})
    raw["levels"][3]["title"]["zh"] = "很轻微"
    raw["pauses"]["vendor"] = {"stops": ["resolve"]}
    raw["escalation"]["ladder"].insert(0, {"kinds": ["respond"], "levels": ["P3"], "rungs": ["director"]})
    found = {".".join(key): now for key, _, now in changes(UNIFIED, Pack.from_dict(raw))}
    assert set(found) == {
        "clocks.respond.P2", "clocks.ratify.P0", "clocks.cooperate.P1", "levels.P3.title.zh", "pauses.vendor",
        "ladder.respond.P3", "ladder.ratify.P0",
    }  # fmt: skip
    assert found["clocks.ratify.P0"] is None
    assert found["ladder.respond.P3"] == ("director",)


def test_another_way_of_writing_the_same_is_no_difference():
    raw = UNIFIED.dump()
    raw["pauses"]["reporter"] = {"stops": [kind for kind in UNIFIED.clocks if UNIFIED.stops("reporter", kind)]}
    raw["escalation"]["ladder"].append({"rungs": ["director"]})  # never reached
    assert changes(UNIFIED, Pack.from_dict(raw)) == []


def test_the_preview_says_what_a_draft_would_do(cast, time):
    """One clock of each kind of effect; nothing is written, and nothing has moved."""
    first = a_ticket()  # P2: respond in 2 h, resolve in 24 h
    a_ticket("awaiting_plan", severity="P1")
    time(timedelta(minutes=30))
    second = a_ticket()
    draft = a_draft(
        respond_P2={"basis": "wall", "minutes": 20},
        resolve_P2={"basis": "service", "minutes": 2880},
        resolve_max_P2={"days": 3},
        triage_P2=None,
        resolve_P1={"basis": "wall", "minutes": 479},
    )
    before = everything()
    found = preview(draft, reader=cast.admin)
    said = {(kind, name): effect.count for kind, effects in found.effects.items() for name, effect in effects.items()}
    assert said == {
        ("respond", "overdue"): 1, ("respond", "earlier"): 1, ("resolve", "later"): 2, ("resolve", "earlier"): 1,
        ("resolve_max", "appears"): 2, ("triage", "vanishes"): 2,
    }  # fmt: skip
    assert found.effects["respond"]["overdue"].numbers == [first.number]
    assert found.effects["triage"]["vanishes"].numbers == [second.number, first.number]
    assert (found.tickets, found.of_all, found.is_cut) == (3, False, False)
    assert difference(before, everything()) == {}


def test_a_draft_that_changes_nothing_does_nothing(cast, time):
    for state in ("awaiting_triage", "awaiting_plan", "awaiting_approval", "awaiting_test", "awaiting_customer"):
        a_ticket(state, severity="P1")
        time(timedelta(minutes=10))
    found = preview(a_draft(), reader=cast.admin)
    assert (found.tickets, dict(found.effects)) == (5, {})


def test_a_new_policy_is_tried_on_all_open_tickets_and_secrets_are_not_named(cast, time):
    secret = a_ticket("awaiting_plan", category="security")
    found = preview(a_draft("problem-record"), reader=cast.admin)
    assert (found.of_all, found.tickets) == (True, 1)
    assert found.effects["resolve"]["vanishes"].count == 1
    assert found.effects["resolve"]["vanishes"].numbers == []
    assert preview(draft_of("problem-record"), reader=cast.liu).effects["resolve"]["vanishes"].numbers == [
        secret.number
    ]


def test_editions_are_counted_by_policy(cast):
    names = [published(name, respond_P2=FAST) for name in ("unified", "response-control")]
    again = [published(name, respond_P2={"days": 2}) for name in ("unified", "response-control")]
    assert [(version.pack_name, version.edition) for version in (*names, *again)] == [
        ("unified", 2), ("response-control", 1), ("unified", 3), ("response-control", 2),
    ]  # fmt: skip
    assert all(one.effective_at <= other.effective_at for one, other in pairwise([*names, *again]))
