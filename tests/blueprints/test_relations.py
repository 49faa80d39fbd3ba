"""Linking, merging, splitting and joining over HTTP (P3.7, P3.8, P2.4)."""

import pytest
from sqlalchemy import select

from models.ground.db import db
from models.record.link import living_link
from models.record.message import Message
from models.record.relation import affected_by, merged_in, parent_of, relations_of
from models.record.ticket import Ticket, find_ticket
from models.steps import comment, intake, relations
from tests.blueprints.five import Act, named, questions_of, state_of
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_ticket, further, person

SECOND = "TS20261118002"  # the number of the second ticket that a test makes


def _another(_ticket):
    a_ticket("awaiting_plan", reporter=person("he"))


ACTS = (
    Act("relate", "/t/{n}/relations", "awaiting_plan", "zhao", "he", "awaiting_plan",
        {"kind": "related", "reason": "同机房", "other": SECOND},
        {"kind": "related", "other": "999999", "reason": "同机房"},
        later="archived", prepare=_another),
    Act("merge", "/t/{n}/merging", "awaiting_plan", "zhao", "he", "merged", {"into": SECOND}, {"into": "999999"},
        later="awaiting_approval", prepare=_another),
    Act("split", "/t/{n}/splitting", "awaiting_plan", "zhao", "he", "awaiting_plan",
        {"description": "打印机也坏了。"}, {"description": " ", "title": "打印机"}, later="closed"),
)  # fmt: skip


@pytest.mark.parametrize(("ask", "act"), questions_of(ACTS), ids=named)
def test_route(ask, act, sign_in):
    ask(act, sign_in)


def fresh(number):
    db.session.rollback()
    db.session.expire_all()
    return find_ticket(number)


def links(page):
    return {link["href"] for link in page.all("a")}


def test_from_the_suggestion_to_the_merge_and_back(sign_in):
    target = a_ticket("awaiting_plan", description="三楼打印机卡纸", reporter=person("he")).number
    number = a_ticket(description="打印机又卡纸了,三楼").number
    wang, zhang = sign_in("wang"), sign_in("zhang")
    here = f"/t/{number}/merging?into={target}"
    assert here in links(wang.get(f"/t/{number}/triage"))
    assert here in links(wang.get(f"/t/{number}/likely"))
    page = wang.get(here)
    assert "三楼打印机卡纸" in page.text, "both stand side by side before it counts"
    assert wang.press(page.form("merge")).status == 303
    assert fresh(number).state == "merged"
    assert not wang.get("/triage").all("tr", data_ticket=number)
    own = zhang.get(f"/t/{number}")
    assert target not in own.text, "the other report is somebody else's"
    assert zhang.get("/my").all("li", data_ticket=number)
    assert "打印机又卡纸了" in wang.get(f"/t/{target}").text
    comment.post_update(fresh(target), actor=person("zhao"), text="正在换搓纸轮。")
    assert "正在换搓纸轮。" in zhang.get(f"/t/{number}").text
    back = wang.get(f"/t/{number}").form("unmerge")
    assert not zhang.get(f"/t/{number}").forms("unmerge")
    assert wang.press(back).status == 303
    assert state_of(number) == "awaiting_triage"


def test_the_customers_link_tells_how_it_goes_on(sign_in, cast):
    ticket = a_ticket("awaiting_engineer", contact=cast.contact)
    target = a_ticket("awaiting_plan", reporter=cast.he, description="何雪的电脑打不开")
    relations.merge_ticket(ticket, actor=cast.wang, into=target)
    comment.post_update(target, actor=cast.zhao, text="何雪那边已恢复,正在逐个检查。")
    page = sign_in("wang").get(f"/c/{living_link(ticket).token}")
    assert "那边已恢复" in page.text
    assert "何雪" not in page.text
    assert target.number not in page.text
    assert not page.forms("supply")


def test_what_is_merged_stands_on_the_page_with_its_files(sign_in, cast):
    kept = intake.keep_file(actor=cast.zhang, name="shot.png", content=b"x")
    ticket = intake.report_fault(actor=cast.zhang, description="白屏,什么都没有。", files=[kept.key])
    target = a_ticket("awaiting_plan", reporter=cast.yang)
    relations.merge_ticket(ticket, actor=cast.wang, into=target)
    page = sign_in("zhao").get(f"/t/{target.number}")
    assert "shot.png" in page.text
    assert f"/t/{ticket.number}" in links(page)
    assert "白屏,什么都没有。" not in sign_in("yang").get(f"/t/{target.number}").text, "not to the other reporter"


def test_a_link_is_made_by_the_tail_of_a_number_and_undone(sign_in):
    one, two = a_ticket("awaiting_plan").number, a_ticket("awaiting_plan").number
    wang = sign_in("wang")
    page = wang.submit(f"/t/{one}/relations", "relate", kind="parent", other=two[-5:])
    assert page.status == 422, "it is asked which one is meant"
    chosen = [radio["value"] for radio in page.form("relate").element.all("input", type="radio", name="other")]
    assert chosen == [str(find_ticket(two).id)]
    assert wang.press(page.form("relate"), other=[two[-5:], chosen[0]]).status == 303
    assert parent_of(fresh(one)).number == two
    assert f"/t/{one}" in links(wang.get(f"/t/{two}"))
    undo = wang.get(f"/t/{one}/relations").form("unrelate")
    led = [wang.press(undo).response.location for _press in range(2)]
    assert led == [f"/t/{one}/relations"] * 2, "pressed twice, undone once"
    assert relations_of(fresh(one)) == []


def test_foreign_tickets_are_not_offered(english, cast):
    secret = a_ticket("awaiting_plan", category="security", description="口令泄露")
    ticket = a_ticket("awaiting_plan")
    page = english("wang").submit(f"/t/{ticket.number}/relations", "relate", kind="related", other=secret.number)
    assert page.status == 422
    assert "No such ticket is known to you." in page.text
    assert english("wang").get(f"/t/{ticket.number}/merging?into={secret.number}").text.count("口令泄露") == 0


def test_news_go_below_by_default_and_need_not(sign_in):
    above = a_ticket("awaiting_plan", severity="P1").number
    below = a_ticket("awaiting_plan", reporter=person("yang"))
    relations.relate(below, actor=person("wang"), other=find_ticket(above), kind="parent")
    zhao = sign_in("zhao")
    form = zhao.get(f"/t/{above}").form("update")
    assert form.values["below"] == ["y"], "ticked where there are reports below"
    assert not zhao.get(f"/t/{below.number}").form("update").values.get("below")
    assert zhao.press(form, text="正在更换光缆。").status == 303
    told = select(Message.id).where(Message.template == "update", Message.ticket_id == below.id)
    assert len(db.session.scalars(told).all()) == 2, "inside and by mail"
    again = zhao.get(f"/t/{above}/update").form("update")
    assert zhao.press(again, text="只在这里。", below=[]).status == 303
    assert len(db.session.scalars(told).all()) == 2


def test_one_press_and_one_has_it_too(sign_in):
    number = a_ticket("awaiting_plan", severity="P1", description="张敏报告:ERP 整个打不开").number
    yang = sign_in("yang")
    for url in ("/report", "/report/suggest?description=ERP 整个打不开了"):
        page = yang.get(url)
        assert "ERP 整个打不开" in page.text
        assert "张敏" not in page.text, "nobody is named"
    tickets = len(db.session.scalars(select(Ticket.id)).all())
    assert yang.press(yang.get("/report").form("join")).status == 303
    assert [each.person.login for each in affected_by(fresh(number))] == ["yang"]
    assert len(db.session.scalars(select(Ticket.id)).all()) == tickets, "no ticket of their own"
    assert yang.get(f"/t/{number}").status == 404
    assert not yang.get("/report/suggest?description=ERP 整体打不开了").forms("join"), "nor is it offered again"
    comment.post_update(fresh(number), actor=person("zhao"), text="张敏的部门已恢复,其他部门正在恢复。")
    page = yang.get(f"/incidents/{number}")
    assert "其他部门正在恢复" in page.text
    assert "张敏" not in page.text
    assert f"/incidents/{number}" in links(yang.get("/notifications"))
    assert f"/incidents/{number}" in links(yang.get("/my"))
    assert sign_in("wang").get(f"/t/{number}").all(id="affected")
    assert yang.press(page.form("leave")).status == 303
    assert affected_by(fresh(number)) == []


def test_numbers_tell_nothing(sign_in):
    """What is not offered answers as what does not exist: page, joining, leaving (enumeration)."""
    hidden = [
        a_ticket("awaiting_plan").number,
        a_ticket("awaiting_plan", severity="P0", category="security").number,
        a_ticket(severity="P0").number,
        a_ticket("awaiting_customer", severity="P1").number,
    ]
    yang = sign_in("yang")
    token = yang.get("/report").form("report").values["csrf_token"]
    answers, before = set(), everything(but=NOT_BUSINESS)
    for number in [*hidden, "TS20991231999"]:
        page = yang.get(f"/incidents/{number}")
        posted = [
            yang.open(f"/incidents/{number}/{deed}", method="POST", data={"csrf_token": token, "once": ""})
            for deed in ("joining", "leaving")
        ]
        texts = [answer.text.replace(number, "N") for answer in (page, *posted)]
        answers.add((page.status, *(answer.status for answer in posted), *(len(text) // 50 for text in texts)))
    assert {answer[:3] for answer in answers} == {(404, 404, 404)}
    assert len(answers) == 1
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_a_joined_incident_stays_readable_to_its_end(sign_in, cast):
    ticket = a_ticket("awaiting_plan", severity="P1")
    relations.join_incident(ticket, actor=cast.yang)
    for passed in ("awaiting_plan", "awaiting_approval", "awaiting_fix", "awaiting_test", "awaiting_customer"):
        further(ticket, passed)
    page = sign_in("yang").get(f"/incidents/{ticket.number}")
    assert page.status == 200
    assert "报销单已可以正常提交。" in page.text
    assert not page.forms("join")
    assert merged_in(ticket) == []
