"""Taken back: what one has just done is undone by whoever did it, with the clocks as provable as before (G27)."""

from datetime import timedelta

import pytest

from models.clockwork import auditor
from models.ground.db import db
from models.ground.errors import Conflict, Refused
from models.insight.dossier import events_of
from models.people.person import Person
from models.record.deadline import deadlines_of, open_deadlines
from models.record.event import last_deed
from models.record.message import Message
from models.rules import journal, undoing
from models.steps import comment, diagnosis, relations, triage, undo, wish
from tests.factories import a_request, a_ticket, person
from tests.models.test_replay import wrong

FIELDS = ("state", "kind", "severity", "category", "category_other", "impact", "urgency", "triaged_at")
ROWS = ("team_id", "assignee_id", "product_manager_id")


def grade(ticket, **changed):
    said = {"severity": "P2", "category": "function", "team": person("zhao").team, "assignee": person("zhao")}
    return triage.triage_ticket(ticket, actor=person("wang"), **said | changed)


def as_request(ticket):
    return wish.triage_request(
        ticket, actor=person("wang"), priority="P1", category="new_feature", team=person("zhao").team, reason="是需求"
    )


def to_another_team(ticket):
    li = person("li")
    return triage.hand_over_ticket(ticket, actor=person("chen"), reason="网络问题", assignee=li, team=li.team)


def take(ticket):
    return diagnosis.take_ticket(ticket, actor=person("zhao"))


UNDO = {"triaged": undo.undo_triage, "handed_over": undo.undo_hand_over, "taken": undo.undo_taking}
CASES = {
    "triage": (lambda: a_ticket(), grade),
    "triage with another level": (lambda: a_ticket(), lambda t: grade(t, severity="P0", reason="全公司停产")),
    "triage as other": (lambda: a_ticket(), lambda t: grade(t, category="other", category_other="门禁")),
    "triage of a fault as a request": (lambda: a_ticket(), as_request),
    "triage of a request": (lambda: a_request(), as_request),
    "triage of a request as a fault": (lambda: a_request(), lambda t: grade(t, severity="P1", reason="坏了")),
    "hand-over": (
        lambda: a_ticket("awaiting_plan"),
        lambda t: triage.hand_over_ticket(t, actor=person("chen"), reason="休假", assignee=person("li")),
    ),
    "hand-over to another team": (lambda: a_ticket("awaiting_plan"), to_another_team),
    "hand-over of a request": (
        lambda: a_request("awaiting_assessment"),
        lambda t: triage.hand_over_ticket(t, actor=person("chen"), reason="休假", assignee=person("li")),
    ),
    "taking up": (lambda: a_ticket("awaiting_engineer"), take),
}


def stand(ticket):
    db.session.expire_all()
    return {name: getattr(ticket, name) for name in (*FIELDS, *ROWS)}


def running(ticket):
    return {(d.kind, d.severity, d.started_at, d.due_at) for d in open_deadlines(ticket)}


@pytest.mark.parametrize("name", CASES)
def test_everything_is_as_it_was_and_the_record_says_so(cast, time, name):
    made, deed = CASES[name]
    ticket = made()
    time(timedelta(minutes=7))
    before, clocks = stand(ticket), running(ticket)
    deed(ticket)
    done = last_deed(ticket.id)
    assert stand(ticket) != before
    time(timedelta(minutes=3))
    UNDO[done.name](ticket, actor=db.session.get(Person, done.actor_id), seq=done.seq)
    assert stand(ticket) == before
    assert running(ticket) == clocks, "each clock that runs is due when it was due"
    assert wrong(ticket.id) == set(), "played again, the record gives the same clocks"
    assert journal.verify(ticket, events_of(ticket)) is None
    assert auditor.audit().wrong == []
    assert not undoing.deed_of(ticket, person("wang")), "what is undone is not undone again"


def test_whoever_was_told_hears_that_it_is_taken_back(cast):
    ticket = grade(a_ticket())
    undo.undo_triage(ticket, actor=cast.wang, seq=ticket.seq)
    told = {m.person.login for m in db.session.query(Message).filter_by(template="undone", channel="app")}
    assert told == {"zhao", "zhang"}


def test_a_clock_that_comes_back_gains_no_time(cast, time):
    ticket = a_ticket("awaiting_engineer")
    take(ticket)
    time(timedelta(minutes=30))
    to_another_team(ticket)
    time(timedelta(minutes=5))
    undo.undo_hand_over(ticket, actor=cast.chen, seq=ticket.seq)
    first, again = (d for d in deadlines_of(ticket) if d.kind == "plan")
    assert (first.started_at, first.due_at, first.state) == (again.started_at, again.due_at, "cancelled")


def offered(ticket, who):
    found = undoing.deed_of(ticket, person(who))
    return found.action if found else None


def test_only_whoever_did_it_can_undo_it(cast):
    ticket = grade(a_ticket())
    assert (offered(ticket, "wang"), offered(ticket, "chen"), offered(ticket, "zhao")) == ("untriage", None, None)
    with pytest.raises(Refused, match="yourself"):
        undo.undo_triage(ticket, actor=cast.chen, seq=ticket.seq)


def test_nothing_is_undone_after_something_else(cast):
    ticket = grade(a_ticket())
    seq = ticket.seq
    comment.add_note(ticket, actor=cast.zhao, text="我看看。")
    assert offered(ticket, "wang") is None
    with pytest.raises(Conflict, match="Something has happened on the ticket since"):
        undo.undo_triage(ticket, actor=cast.wang, seq=seq)


def test_ten_minutes_and_no_more(cast, time):
    ticket = grade(a_ticket())
    time(timedelta(minutes=10))
    assert offered(ticket, "wang") == "untriage"
    time(timedelta(seconds=1))
    assert offered(ticket, "wang") is None
    with pytest.raises(Conflict, match="ten minutes"):
        undo.undo_triage(ticket, actor=cast.wang, seq=ticket.seq)


def test_waiting_links_and_merges_are_offered_by_what_undoes_them_anyway(cast):
    ticket, other = a_ticket("awaiting_plan"), a_ticket(reporter=cast.he)
    comment.wait_for(ticket, actor=cast.zhao, party="vendor", reason="等备件。")
    assert offered(ticket, "zhao") == "resume"
    comment.resume_work(ticket, actor=cast.zhao)
    assert offered(ticket, "zhao") is None
    relations.relate(ticket, actor=cast.wang, other=other, kind="related")
    assert offered(ticket, "wang") == "unrelate"
    relations.merge_ticket(other, actor=cast.wang, into=ticket)
    assert offered(other, "wang") == "unmerge"


def test_a_waiting_that_took_the_place_of_another_is_not_undone(cast):
    ticket = a_ticket("awaiting_plan")
    triage.ask_reporter(ticket, actor=cast.zhao, question="几点开始的?")
    comment.wait_for(ticket, actor=cast.zhao, party="vendor", reason="等备件。")
    assert offered(ticket, "zhao") is None
    with pytest.raises(Conflict, match="cannot be undone"):
        undoing.check(ticket, cast.zhao, seq=ticket.seq)
