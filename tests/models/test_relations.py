"""Tickets that belong together (P3.7, P3.8, P2.4): linked, merged, split, below an incident, joined; all undoable."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from blueprints.messages import render
from models.clockwork import escalation
from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, DomainError, Invalid, Refused
from models.insight.board import reported_by
from models.insight.dossier import events_of
from models.insight.incidents import joined_by, offered, progress_of
from models.insight.masking import mask
from models.insight.relations import Belonging, likely_same, tickets_meant
from models.people.person import masked_name
from models.record.archive import ArchiveRecord
from models.record.attachment import attachments_of
from models.record.deadline import open_deadlines
from models.record.entry import Entry
from models.record.message import Message
from models.record.relation import bearer_of, is_known_incident, merged_in, open_children, parent_of, relations_of
from models.record.ticket import Ticket
from models.rules import journal
from models.rules.permissions import allows, can_see
from models.steps import (
    accounts,
    closing,
    comment,
    customer_verification,
    direction,
    intake,
    plans,
    relations,
    repair,
    triage,
)
from models.steps.closing import missing_pieces
from tests.database import difference, everything
from tests.factories import (
    a_plan,
    a_request,
    a_ticket,
    an_emergency,
    archive,
    assess,
    deadline,
    further,
    newest_plan,
    person,
)
from tests.models.test_reckoning import wrong as reckoned_wrong
from tests.models.test_replay import wrong as replayed_wrong


def merge(ticket, into, *, actor="wang"):
    return relations.merge_ticket(ticket, actor=person(actor), into=into)


def link(ticket, other, kind="related", *, actor="wang", reason=""):
    return relations.relate(ticket, actor=person(actor), other=other, kind=kind, reason=reason)


def told(template):
    """(reader, number of the ticket in the letter) of everybody who was told by mail or, without an address, inside."""
    found = db.session.scalars(select(Message).where(Message.template == template))
    return {(m.reader.name, m.ticket.number) for m in found}


def running(ticket):
    return {d.kind for d in open_deadlines(ticket)}


def refuses(attempt, error=Conflict):
    before = everything(but=("attachment",))
    with pytest.raises(error):
        attempt()
    db.session.rollback()
    assert difference(before, everything(but=("attachment",))) == {}


# --- linked


@pytest.mark.parametrize("kind", ["related", "duplicate", "caused_by", "parent"])
def test_two_tickets_are_linked_and_it_can_be_undone(cast, kind):
    ticket, other = a_ticket("awaiting_plan"), a_ticket("awaiting_plan")
    relation = link(ticket, other, kind, reason="同一台交换机。")
    for one, two in ((ticket, other), (other, ticket)):
        assert [tie.ticket for tie in Belonging(one, cast.wang).related] == [two]
        assert events_of(one)[-1].name == "related"
    assert db.session.scalars(select(Entry.body).where(Entry.kind == "reason")).all() == ["同一台交换机。"]
    relations.unrelate(relation, actor=cast.wang, ticket=other)
    for one in (ticket, other):
        assert Belonging(one, cast.wang).related == []
        assert events_of(one)[-1].name == "unrelated"
    refuses(lambda: relations.unrelate(relation, actor=cast.wang, ticket=other))
    link(ticket, other, kind)  # and once more
    assert len(relations_of(ticket)) == 1


def test_neither_itself_nor_twice_nor_what_one_may_not_see(cast):
    ticket, other = a_ticket("awaiting_plan"), a_ticket("awaiting_plan")
    refuses(lambda: link(ticket, ticket), Invalid)
    refuses(lambda: link(ticket, None), Invalid)
    refuses(lambda: link(ticket, other, "married"), Invalid)
    link(ticket, other)
    refuses(lambda: link(ticket, other))
    refuses(lambda: link(other, ticket))
    secret = a_ticket("awaiting_plan", category="security")
    refuses(lambda: link(ticket, secret), Invalid)  # wang does not see it
    assert link(ticket, secret, actor="chen")
    assert [tie.ticket for tie in Belonging(ticket, cast.chen).related] == [other, secret]
    assert [tie.ticket for tie in Belonging(ticket, cast.wang).related] == [other], "a secret is not named to them"


def test_incidents_make_no_circle_and_each_report_has_one(cast):
    one, two, three = (a_ticket("awaiting_plan") for _ in range(3))
    link(one, two, "parent")
    link(two, three, "parent")
    refuses(lambda: link(three, one, "parent"))
    refuses(lambda: link(two, one, "parent"))
    refuses(lambda: link(one, three, "parent"))
    assert (parent_of(one), parent_of(two), parent_of(three)) == (two, three, None)


def test_an_archived_record_stays_as_it_is(cast):
    gone = a_ticket("archived")
    events = len(events_of(gone))
    link(a_ticket(), gone)
    assert len(events_of(gone)) == events
    assert len(relations_of(gone)) == 1


# --- merged


@pytest.mark.parametrize("state", ["awaiting_triage", "awaiting_engineer", "awaiting_plan"])
def test_a_duplicate_is_merged_and_back_again(cast, state):
    ticket, target = a_ticket(state), a_ticket("awaiting_plan", reporter=cast.he)
    owed = running(ticket)
    merge(ticket, target)
    assert (ticket.state, ticket.status, running(ticket), ticket.next_due_at) == ("merged", "merged", set(), None)
    assert [d.state for d in db.session.get(Ticket, ticket.id).plans] == []
    assert merged_in(target) == [ticket]
    assert (events_of(ticket)[-1].name, events_of(target)[-1].name) == ("merged", "absorbed")
    assert told("merged") >= {("张敏", ticket.number)}
    assert told("absorbed") == {("赵磊", target.number)}

    relations.unmerge_ticket(ticket, actor=cast.chen)
    assert (ticket.state, ticket.merged_into_id, merged_in(target)) == (state, None, [])
    assert running(ticket) == owed, "it owes what it owed, by clocks anew"
    assert deadline(ticket, "resolve").round == 2
    assert events_of(target)[-1].name == "released"
    assert ("张敏", ticket.number) in told("unmerged")


def test_who_is_told_of_what_by_their_own_number(cast):
    """P3.7: the reporters of both are told of progress; what was merged before comes along."""
    first = a_ticket("awaiting_engineer", contact=cast.contact)
    second, target = a_ticket("awaiting_engineer", reporter=cast.yang), a_ticket("awaiting_plan")
    merge(first, second)
    merge(second, target)
    assert bearer_of(first) is target
    assert merged_in(target) == [first, second]
    comment.post_update(target, actor=cast.zhao, text="已定位。")
    assert told("update") == {
        ("张敏", target.number),
        (cast.yang.name, second.number),
        (cast.contact.name, first.number),
    }
    for passed in ("awaiting_plan", "awaiting_approval", "awaiting_fix", "awaiting_test"):
        further(target, passed)
    others = {(cast.yang.name, second.number), (cast.contact.name, first.number)}
    assert told("solved_too") == others
    assert told("result") == {("张敏", target.number)}
    customer_verification.dispute_result(target, actor=cast.zhang, reason="又出现了。")
    assert told("not_solved_too") == others
    comment.add_note(target, actor=cast.zhao, text="内部。")
    assert all(m.template != "note" for m in db.session.scalars(select(Message)))


def test_triage_and_regrading_are_told_by_their_own_number(cast):
    """P3.7: whoever reported the same hears of both, once, by the number of their own report and in their language."""
    ticket, again = a_ticket(contact=cast.contact), a_ticket(reporter=cast.yang)
    target = a_ticket(reporter=cast.feng)
    accounts.set_own_settings(cast.yang, locale="en", time_zone="Asia/Shanghai", theme="auto", on_duty=True)
    merge(ticket, target)
    merge(again, ticket)
    further(target, "awaiting_triage")
    others = {(cast.contact.name, ticket.number), (cast.yang.name, again.number)}
    assert told("accepted") == {(cast.feng.name, target.number), *others}
    triage.regrade_ticket(target, actor=cast.wang, severity="P1", reason="影响扩大。")
    handler = (cast.zhao.name, target.number)
    assert told("regraded") == {(cast.feng.name, target.number), handler, *others}
    mails = db.session.scalars(select(Message).where(Message.template == "regraded", Message.channel == "mail")).all()
    assert len(mails) == len({mail.reader.id for mail in mails}) == 3, "each of them once"
    letters = {mail.reader.name: render(mail) for mail in mails}
    assert letters[cast.yang.name].subject.startswith(f"{again.number} The severity has changed")
    assert "Severity: P1" in letters[cast.yang.name].text, "that of the ticket on which the work is done"
    assert "together with another one" in letters[cast.yang.name].text
    assert letters[cast.contact.name].locale == "zh"
    assert ticket.number in letters[cast.contact.name].subject
    assert target.number not in letters[cast.contact.name].text


def test_a_request_that_is_merged_hears_of_dates_and_of_no(cast):
    ticket, target = a_request(contact=cast.contact), a_request("awaiting_assessment", reporter=cast.feng)
    merge(ticket, target)
    late = a_request("awaiting_plan", reporter=cast.feng)
    merge(a_request(reporter=cast.yang), late)
    direction.change_delivery(late, actor=cast.zhou, deliver_at=clock.now() + timedelta(days=40), reason="接口推迟。")
    assert cast.yang.name in {name for name, _ in told("delivery_changed")}
    assess(target, verdict="not_now")
    assert told("postponed") == {(cast.feng.name, target.number)}
    assert told("postponed_too") == {(cast.contact.name, ticket.number)}
    letter = render(db.session.scalars(select(Message).where(Message.template == "postponed_too")).one())
    assert "可以做" in letter.text, "the reasons that the customer was given"


def test_nobody_is_told_twice(cast):
    """Who reported both hears of it once, by the ticket that is worked on."""
    ticket, target = a_ticket("awaiting_engineer"), a_ticket("awaiting_plan")
    merge(ticket, target)
    comment.post_update(target, actor=cast.zhao, text="已定位。")
    assert told("update") == {("张敏", target.number)}


def test_where_merging_is_refused_it_says_why_and_what_to_do(cast):
    target = a_ticket("awaiting_plan")
    for state in (
        "awaiting_approval",
        "awaiting_consent",
        "awaiting_fix",
        "awaiting_test",
        "awaiting_customer",
        "closed",
    ):
        ticket = a_ticket(state)
        refuses(lambda ticket=ticket: merge(ticket, target))
    relations.refuse_merge(target)
    fixing = a_ticket("awaiting_fix")
    with pytest.raises(Conflict, match="withdraw the plan"):
        relations.refuse_merge(fixing)
    repair.log_work(fixing, actor=cast.zhao, task=newest_plan(fixing).tasks[0], body="清理。")
    with pytest.raises(Conflict, match="Work has been carried out"):
        relations.refuse_merge(fixing)
    refuses(lambda: merge(target, target), Invalid)
    refuses(lambda: merge(target, None), Invalid)
    for other in (a_ticket("closed"), a_request()):
        refuses(lambda other=other: merge(target, other))


def test_a_late_approval_is_not_escaped_by_merging(cast):
    ticket = a_ticket("awaiting_plan", severity="P0")
    an_emergency(ticket)
    repair.roll_back(ticket, actor=cast.zhao, reason="失败。")
    assert ticket.state == "awaiting_plan"
    other = a_ticket("awaiting_plan")
    refuses(lambda: merge(ticket, other))


def test_after_the_plan_is_withdrawn_it_can_be_merged(cast):
    ticket, target = a_ticket("awaiting_approval"), a_ticket("awaiting_plan")
    plans.withdraw_plan(newest_plan(ticket), actor=cast.zhao)
    merge(ticket, target)
    assert ticket.state == "merged"


def test_no_circle_of_merges(cast):
    one, two = a_ticket(), a_ticket()
    merge(one, two)
    refuses(lambda: merge(two, one), Invalid)


def test_a_secret_and_what_is_none_are_not_merged(cast):
    """P2.11: the news of the one would be the news of the other."""
    secret, other = a_ticket("awaiting_plan", category="security"), a_ticket("awaiting_plan")
    refuses(lambda: merge(secret, other, actor="chen"))
    refuses(lambda: merge(other, secret, actor="chen"))
    refuses(lambda: link(other, secret, "parent", actor="chen"))
    merge(secret, a_ticket("awaiting_plan", category="security"), actor="chen")


def test_seven_days_and_not_one_second_more(cast, time):
    ticket, other = (merge(a_ticket(), a_ticket()) for _ in range(2))
    time(timedelta(days=7))
    relations.unmerge_ticket(ticket, actor=cast.wang)
    assert ticket.state == "awaiting_triage"
    time(timedelta(seconds=1))
    refuses(lambda: relations.unmerge_ticket(other, actor=cast.wang))


def test_not_once_the_other_is_archived(cast):
    ticket, target = a_ticket(), a_ticket("awaiting_review")
    merge(ticket, target)
    further(target, "awaiting_review")
    archive(target)
    assert target.state == "archived"
    (kept,) = db.session.get(ArchiveRecord, target.id).content["merged"]
    assert (kept["number"], kept["description"]) == (ticket.number, ticket.description), "nothing is lost"
    refuses(lambda: relations.unmerge_ticket(ticket, actor=cast.wang))


def test_what_was_answered_already_is_not_owed_again(cast):
    ticket, target = a_ticket("awaiting_plan"), a_ticket("awaiting_plan")
    comment.post_update(ticket, actor=cast.zhao, text="在看。")  # this is the response
    merge(ticket, target)
    relations.unmerge_ticket(ticket, actor=cast.wang)
    assert running(ticket) == {"resolve", "update", "plan"}


def test_a_request_is_merged_with_a_request(cast):
    ticket, target = a_request("awaiting_assessment"), a_request("awaiting_assessment")
    merge(ticket, target)
    relations.unmerge_ticket(ticket, actor=cast.wang)
    assert ticket.state == "awaiting_assessment"
    assert "assess" in running(ticket)


@pytest.mark.parametrize("state", ["awaiting_triage", "awaiting_plan"])
def test_its_clocks_can_be_played_again_and_recounted(cast, time, state):
    ticket, target = a_ticket(state), a_ticket("awaiting_plan")
    time(timedelta(minutes=20))
    triage.ask_reporter(ticket, actor=cast.wang, question="几点?")
    time(timedelta(minutes=30))
    merge(ticket, target)
    time(timedelta(hours=3))
    relations.unmerge_ticket(ticket, actor=cast.wang)
    time(timedelta(minutes=5))
    comment.post_update(ticket, actor=cast.wang, text="继续处理。")
    time(timedelta(minutes=5))
    escalation.sweep()
    assert replayed_wrong(ticket.id) == set()
    assert reckoned_wrong(ticket) == []


def test_a_merged_report_is_in_its_reporters_list(cast):
    ticket = merge(a_ticket(), a_ticket(reporter=cast.he))
    assert [key.id for key in reported_by(cast.zhang).keys] == [ticket.id], "open, as long as it is worked on"
    assert reported_by(cast.zhang, box="closed").keys == []
    triage.cancel_ticket(ticket.merged_into, actor=cast.wang, reason="误报。")
    assert [key.id for key in reported_by(cast.zhang, box="closed").keys] == [ticket.id]


def test_a_secret_is_gone_from_the_record_that_it_was_merged_into(cast):
    """P11.7: everywhere, the frozen record of the other included."""
    ticket, target = a_ticket(), a_ticket("awaiting_review", reporter=cast.he)
    note = comment.add_note(ticket, actor=cast.wang, text="口令是 hunter2-hunter2")
    merge(ticket, target)
    closing.close_ticket(target, actor=cast.chen)
    archive(target)
    frozen = db.session.get(ArchiveRecord, target.id)
    assert "hunter2" in str(frozen.content)
    comment.redact_entry(note, actor=cast.chen, reason="含口令")
    db.session.expire_all()
    frozen = db.session.get(ArchiveRecord, target.id)
    assert "hunter2" not in str(frozen.content)
    assert frozen.is_sound
    assert journal.verify(target, events_of(target)) is None


# --- split


def test_a_part_becomes_a_ticket_of_its_own(cast):
    keys = [intake.keep_file(actor=cast.zhang, name=name, content=name.encode()).key for name in ("a.txt", "b.txt")]
    ticket = intake.report_fault(actor=cast.zhang, description="ERP 转圈,打印机也坏了。", files=keys)
    part = relations.split_ticket(
        ticket, actor=cast.wang, description="打印机不能用。", title="打印机", files=[keys[1], "foreign"]
    )
    assert (part.title, part.description, part.reporter, part.state) == (
        "打印机", "打印机不能用。", cast.zhang, "awaiting_triage",
    )  # fmt: skip
    assert [file.name for file in attachments_of(part.id)] == ["b.txt"]
    assert [file.name for file in attachments_of(ticket.id)] == ["a.txt", "b.txt"], "nothing is taken away"
    assert attachments_of(part.id)[0].path.read_bytes() == b"b.txt"
    assert [tie.kind for tie in Belonging(ticket, cast.wang).related] == ["split_into"]
    assert [tie.kind for tie in Belonging(part, cast.wang).related] == ["split"]
    assert told("split_off") == {("张敏", ticket.number)}
    assert ("张敏", part.number) in told("receipt")
    triage.cancel_ticket(part, actor=cast.wang, reason="还是同一件事。")  # and undone
    assert part.state == "cancelled"
    relation = relations_of(ticket)[0]
    refuses(lambda: relations.unrelate(relation, actor=cast.wang, ticket=ticket))
    refuses(lambda: relations.split_ticket(ticket, actor=cast.wang, description=" "), Invalid)


# --- an incident and the reports below it


@pytest.fixture
def incident(cast):
    """An incident that zhao handles, with two reports below it that li handles, and one that has ended."""
    above = a_ticket("awaiting_plan", severity="P1")
    below = [a_ticket("awaiting_plan", reporter=cast.he, assignee=cast.li), a_ticket("awaiting_plan", assignee=cast.li,
             contact=cast.contact), a_ticket("closed")]  # fmt: skip
    for one in below:
        link(one, above, "parent")
    return above, below


def test_news_of_an_incident_go_to_every_open_report_below(cast, time, incident):
    above, (first, second, ended) = incident
    time(timedelta(minutes=10))
    kept = intake.keep_file(actor=cast.zhao, name="plan.png", content=b"x")
    relations.post_update_below(above, actor=cast.zhao, text="供应商正在更换光缆。", files=[kept.key])
    assert told("update") == {
        ("张敏", above.number), ("何雪", first.number), (cast.contact.name, second.number),
    }  # fmt: skip
    for one in (above, first, second):
        assert events_of(one)[-1].name == "updated"
        assert deadline(one, "respond").state == "met"
        assert deadline(one, "update").round == 2, "the promise is kept there too"
        assert [file.name for file in attachments_of(one.id)] == ["plan.png"]
    assert events_of(ended)[-1].name != "updated"
    comment.post_update(above, actor=cast.zhao, text="只告诉一个人。")
    assert [e.name for e in events_of(first)].count("updated") == 1


def test_only_the_incidents_own_people_pass_its_news_on(cast, incident):
    above, (first, *_) = incident
    assert not allows(cast.zhao, "update", first), "li handles it"
    assert allows(cast.zhao, "update_below", first)
    refuses(lambda: relations.post_update_below(above, actor=cast.li, text="不归我。"), Refused)


def test_an_incident_is_not_closed_over_open_reports(cast, incident):
    above, (first, second, _) = incident
    for passed in ("awaiting_plan", "awaiting_approval", "awaiting_fix", "awaiting_test", "awaiting_customer"):
        further(above, passed)
    assert told("incident_solved") == {(cast.li.name, first.number)}, "once each, by the oldest of their reports"
    assert missing_pieces(above) == ["children"]
    refuses(lambda: closing.close_ticket(above, actor=cast.chen))
    merge(first, second)
    relations.unrelate(next(r for r in relations_of(second) if r.to_id == above.id), actor=cast.wang, ticket=second)
    assert open_children(above) == []
    closing.close_ticket(above, actor=cast.chen)


# --- "me too"


def test_somebody_else_has_it_too(cast):
    ticket = a_ticket("awaiting_plan", severity="P1")
    assert offered(cast.yang) == [ticket]
    relations.join_incident(ticket, actor=cast.yang)
    relations.join_incident(ticket, actor=cast.yang)
    assert [e.name for e in events_of(ticket)].count("joined") == 1
    assert (offered(cast.yang), joined_by(cast.yang)) == ([], [ticket])
    assert Belonging(ticket, cast.wang).ties.affected == 1
    comment.post_update(ticket, actor=cast.zhao, text="正在处理。")
    assert (cast.yang.name, ticket.number) in told("update")
    assert not can_see(cast.yang, ticket), "its ticket stays closed to them"
    relations.leave_incident(ticket, actor=cast.yang)
    assert Belonging(ticket, cast.wang).ties.affected == 0
    refuses(lambda: relations.leave_incident(ticket, actor=cast.yang), Refused)


def test_only_what_is_offered_can_be_joined(cast):
    small, secret = a_ticket("awaiting_plan"), a_ticket("awaiting_plan", severity="P0", category="security")
    untriaged, solved = a_ticket(severity="P0"), a_ticket("awaiting_customer", severity="P0")
    wish = a_request("awaiting_assessment")
    for ticket in (small, secret, untriaged, solved, wish):
        assert not is_known_incident(ticket)
        refuses(lambda ticket=ticket: relations.join_incident(ticket, actor=cast.yang), DomainError)
    assert offered(cast.yang) == []
    link(a_ticket("awaiting_plan"), small, "parent")
    assert offered(cast.yang) == [small], "with reports below it, it is an incident"
    refuses(lambda: relations.join_incident(small, actor=cast.zhang))  # their own


def test_whoever_joined_a_report_that_is_merged_hears_on(cast):
    ticket, target = a_ticket("awaiting_plan", severity="P1"), a_ticket("awaiting_plan", severity="P1")
    relations.join_incident(ticket, actor=cast.yang)
    merge(ticket, target)
    comment.post_update(target, actor=cast.zhao, text="已定位。")
    assert (cast.yang.name, ticket.number) in told("update")
    assert [text for _, text in progress_of(ticket).updates] == ["已定位。"]


def test_nobody_is_named(cast):
    ticket = a_ticket("awaiting_plan", severity="P1", contact=cast.contact)
    merge(a_ticket("awaiting_plan", reporter=cast.he), ticket)
    said = f"{cast.contact.name}、何雪,13800001111,010-66668888,a.b@c.example,2026 年 11 月 {ticket.number},P1 打不开"
    names = f"{masked_name(cast.contact.name)}、何*"
    assert mask(said, ticket) == f"{names},138****1111,010****8888,***@***,2026 年 11 月 {ticket.number},P1 打不开"


# --- which one


def test_likely_duplicates_are_open_of_the_same_kind_and_visible(cast):
    ticket = a_ticket(description="打印机卡纸,三楼会议室")
    same = a_ticket(description="三楼会议室的打印机又卡纸了", reporter=cast.he)
    a_ticket("awaiting_plan", description="三楼打印机卡纸", category="security")
    merged = a_ticket(description="打印机卡纸")
    merge(merged, same)
    a_request(description="三楼打印机换新")
    assert likely_same(cast.wang, ticket) == [same]
    link(ticket, same)
    assert likely_same(cast.wang, ticket) == []


def test_two_words_in_common_are_not_the_same(cast):
    ticket = a_ticket(description="财务系统登录时报错：连接超时，换了浏览器也一样，昨天下午还好好的")
    a_ticket(description="支付接口返回超时错误，客户无法付款")
    assert likely_same(cast.wang, ticket) == []


def test_the_other_ticket_is_found_by_number_tail_or_words(cast):
    ticket = a_ticket(description="打印机卡纸")
    for typed in (ticket.number, ticket.number[-4:], "打印机 卡纸"):
        assert tickets_meant(cast.wang, typed, limit=8)[-1] == ticket, typed
    assert tickets_meant(cast.yang, ticket.number, limit=8) == []


def test_a_plan_of_a_merged_ticket_is_not_forgotten(cast):
    """Nothing of either record is lost: what was thought of before stands in the record still."""
    ticket = a_ticket("awaiting_plan")
    plans.withdraw_plan(a_plan(ticket), actor=cast.zhao)
    merge(ticket, a_ticket("awaiting_plan"))
    assert [plan.outcome for plan in ticket.plans] == ["withdrawn"]
