"""Who is suggested for a ticket (P3.5): whoever is away is passed over, and the suggestion says so (P5.4)."""

from models.insight.rehearsal import rehearse
from models.insight.suggestion import suggest_senior, suggestion
from models.steps import absences, accounts, triage
from tests.factories import a_ticket
from tests.models.test_deadlines import at


def away(person, *, starts="09:00", ends="20.T09:00"):
    return absences.announce_absence(person, actor=person, starts_at=at(starts), ends_at=at(ends))


def test_whoever_is_there_is_suggested_with_what_they_hold(cast):
    a_ticket("awaiting_plan", assignee=cast.zhao)
    found = suggestion(cast.team("dev").id, "P1")
    assert (found.person, found.held, found.away) == (cast.zhao, 1, ())


def test_the_absent_are_passed_over_and_named(cast):
    away(cast.li)
    found = suggestion(cast.team("ops").id, "P2")
    assert (found.person, found.away) == (cast.zhao, (cast.li.name,))


def test_an_absence_that_is_over_or_still_to_come_counts_no_longer_or_not_yet(cast, time):
    away(cast.li, starts="19.T09:00")
    assert suggestion(cast.team("ops").id, "P2").person == cast.li
    assert suggestion(cast.team("ops").id, "P2", at=at("19.T10:00")).person == cast.zhao
    time(at("20.T09:00"))
    assert suggestion(cast.team("ops").id, "P2").person == cast.li


def test_when_all_are_away_nobody_is_suggested_and_all_are_named(cast):
    away(cast.li)
    away(cast.zhao)
    found = suggestion(cast.team("dev").id, "P1")
    assert found.person is None
    assert set(found.away) == {cast.li.name, cast.zhao.name}


def test_a_colleague_of_the_team_comes_before_one_of_another_team(cast):
    accounts.edit_person(cast.li, actor=cast.admin, roles=[("engineer", None)], engineer_level="senior")
    away(cast.zhao)
    found = suggestion(cast.team("dev").id, "P0")
    assert (found.person, found.away) == (cast.li, (cast.zhao.name,))


def test_triage_without_a_choice_passes_over_the_absent(cast):
    away(cast.li)
    ticket = a_ticket()
    triage.triage_ticket(ticket, actor=cast.wang, severity="P2", category="function", team=cast.team("ops"))
    assert ticket.assignee == cast.zhao


def test_no_absent_senior_is_suggested_for_an_urgent_one(cast):
    ticket = a_ticket("awaiting_plan", severity="P1", assignee=cast.li)
    assert suggest_senior(ticket) == cast.zhao
    away(cast.zhao)
    assert suggest_senior(ticket) is None


def test_a_rehearsal_asks_for_the_day_that_it_plays(cast):
    away(cast.li, starts="19.T09:00")
    policy = a_ticket().policy_version
    for start, takes in (("18.T10:00", cast.li), ("19.T10:00", cast.zhao)):
        lines = rehearse(policy, level="P2", start=at(start), team=cast.team("ops"))
        assert [person for line in lines if line.event == "triaged" for person, _ in line.told] == [takes]
