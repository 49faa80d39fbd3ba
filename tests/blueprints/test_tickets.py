"""The ticket page over HTTP: its marks, its regions, who sees what, and what is said beside the road."""

import io
from datetime import timedelta

import pytest

from models.clockwork import escalation
from models.ground.db import db
from models.record.attachment import Attachment
from models.record.deadline import deadlines_of
from models.record.entry import Entry
from models.record.ticket import find_ticket
from models.steps import comment, repair
from models.steps.intake import keep_file, report_fault
from tests.blueprints.five import Act, named, questions_of
from tests.factories import a_ticket, next_task, person


def _waits(ticket):
    comment.wait_for(ticket, actor=person("zhao"), party="vendor", reason="等备件。")


ACTS = (
    Act("retitle", "/t/{n}/title", "awaiting_plan", "wang", "he", "awaiting_plan",
        {"title": "支付网关超时"}, {"title": "长" * 81}),
    Act("note", "/t/{n}", "awaiting_plan", "he", "zhang", "awaiting_plan",
        {"text": "已联系机房。"}, {"text": ""}, later="archived"),
    Act("update", "/t/{n}", "awaiting_plan", "zhao", "he", "awaiting_plan", {"text": "正在处理。"}, {"text": ""}),
    Act("call", "/t/{n}/call", "awaiting_plan", "wang", "he", "awaiting_plan", {"text": "已通话。"}, {"text": ""}),
    Act("wait", "/t/{n}/waiting", "awaiting_plan", "zhao", "he", "awaiting_plan",
        {"party": "vendor", "reason": "等备件。"}, {"party": "vendor", "reason": ""}),
    Act("resume", "/t/{n}", "awaiting_plan", "zhao", "he", "awaiting_plan", prepare=_waits),
)  # fmt: skip


@pytest.mark.parametrize(("ask", "act"), questions_of(ACTS), ids=named)
def test_route(ask, act, sign_in):
    ask(act, sign_in)


def test_the_page_carries_the_marks_that_outsiders_rely_on(sign_in):
    ticket = a_ticket("awaiting_plan", severity="P1")
    page = sign_in("zhao").get(f"/t/{ticket.number}")
    mark = page.one("section", data_ticket=ticket.number)
    assert {name: mark[f"data-{name}"] for name in ("state", "status", "severity", "version", "escalation")} == {
        "state": "awaiting_plan", "status": "in_progress", "severity": "P1", "version": str(ticket.version),
        "escalation": "0",
    }  # fmt: skip
    shown = {e["data-clock"]: (e["data-due"], e["data-clock-state"]) for e in page.all("time", data_clock=None)}
    for deadline in deadlines_of(ticket):
        assert shown[deadline.kind] == (deadline.due_at.isoformat(), deadline.clock_state)
    assert {e["data-live"] for e in page.all("section", data_live=None)} == {f"t-{ticket.id}"}


@pytest.mark.parametrize("region", ["standing", "clocks", "timeline", "record"])
def test_each_region_comes_alone_and_only_when_something_has_happened(sign_in, region):
    number = a_ticket("awaiting_plan").number
    zhao = sign_in("zhao")
    shown = zhao.get(f"/t/{number}").one(id=region)
    asked = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": f"section#{region}"}
    asked["HX-PTag"] = shown["hx-ptag"]
    assert zhao.open(f"/t/{number}", headers=asked).status == 304
    sign_in("wang").does(f"/t/{number}/note", "note", text="已联系。")
    answer = zhao.open(f"/t/{number}", headers=asked)
    assert answer.status == 200
    assert [e["id"] for e in answer.inside if hasattr(e, "tag")] == [region]
    assert answer.response.headers["HX-PTag"] != asked["HX-PTag"]


def test_no_box_to_write_in_stands_in_a_live_region(sign_in):
    number = a_ticket("awaiting_plan").number
    for region in sign_in("zhao").get(f"/t/{number}").all(data_live=None):
        assert not region.all("textarea")


def test_who_may_not_see_the_ticket_finds_nothing(sign_in, browser):
    number = a_ticket("awaiting_plan").number
    assert sign_in("yang").get(f"/t/{number}").status == 404
    assert sign_in("chen").get("/t/TS20200101001").status == 404
    assert browser.open(f"/t/{number}").status == 303
    partial = {"HX-Request": "true", "HX-Request-Type": "partial"}
    assert browser.open(f"/t/{number}", headers=partial).status == 401


def test_the_two_voices_never_mix(sign_in):
    number = a_ticket("awaiting_plan").number
    zhao = sign_in("zhao")
    zhao.does(f"/t/{number}", "note", text="供应商在推诿。")
    zhao.does(f"/t/{number}", "update", text="正在与供应商核实。")
    theirs, ours = sign_in("zhang").get(f"/t/{number}").text, sign_in("he").get(f"/t/{number}").text
    assert "正在与供应商核实。" in theirs
    assert "推诿" not in theirs
    assert "推诿" in ours
    assert not sign_in("zhang").get(f"/t/{number}").forms("note")


def test_an_update_says_whom_it_reaches(sign_in, cast):
    number = a_ticket("awaiting_plan", contact=cast.contact).number
    assert cast.contact.name in sign_in("zhao").get(f"/t/{number}").form("update").element.text


def test_text_of_people_is_never_markup(sign_in):
    number = a_ticket(description="<img src=x onerror=alert(1)> {{ 7*7 }}").number
    page = sign_in("wang").get(f"/t/{number}")
    assert not page.all("img", src="x")
    assert "<img src=x onerror=alert(1)> {{ 7*7 }}" in page.text
    assert all("hx-ignore" in e.attributes for e in page.all(class_="said"))


def test_a_file_is_kept_over_an_error_and_sent_as_a_download(sign_in):
    number = a_ticket("awaiting_plan").number
    zhao = sign_in("zhao")
    page = zhao.submit(f"/t/{number}", "update", text="", files=(io.BytesIO(b"<svg onload=alert(1)>"), "图.svg"))
    assert page.status == 422
    zhao.press(page.form("update"), text="见附件。")
    key = db.session.query(Attachment).one().key
    assert zhao.get(f"/t/{number}").all("a", href=f"/t/{number}/files/{key}")
    answer = sign_in("zhang").open(f"/t/{number}/files/{key}")
    assert answer.status == 200
    assert answer.response.mimetype == "application/octet-stream"
    assert "attachment" in answer.response.headers["Content-Disposition"]
    assert "sandbox" in answer.response.headers["Content-Security-Policy"]


def test_internal_files_and_files_of_other_tickets_are_unknown(sign_in):
    ticket, other = a_ticket("awaiting_plan"), a_ticket("awaiting_plan")
    key = keep_file(actor=person("wang"), name="log.txt", content=b"x").key
    comment.add_note(ticket, actor=person("wang"), text="日志。", files=[key])
    assert sign_in("he").open(f"/t/{ticket.number}/files/{key}").status == 200
    assert sign_in("he").open(f"/t/{other.number}/files/{key}").status == 404
    assert sign_in("zhang").open(f"/t/{ticket.number}/files/{key}").status == 404


def test_only_what_is_possible_now_is_offered(sign_in):
    number = a_ticket("awaiting_engineer").number
    zhao = sign_in("zhao").get(f"/t/{number}")
    assert zhao.forms("take")
    assert not zhao.all("a", href=f"/t/{number}/plan")
    assert not sign_in("li").get(f"/t/{number}").forms("take")
    sign_in("zhao").does(f"/t/{number}", "take")
    after = sign_in("zhao").get(f"/t/{number}")
    assert not after.forms("take")
    assert after.all("a", href=f"/t/{number}/plan")


def test_following_and_no_longer_following(sign_in):
    number = a_ticket("awaiting_plan").number
    he = sign_in("he")
    he.does(f"/t/{number}", "follow")
    assert person("he") in find_ticket(number).followers
    page = he.does(f"/t/{number}", "unfollow")
    assert page.forms("follow")
    assert not page.forms("unfollow")


def test_an_escalation_is_acknowledged_from_the_page(sign_in, time):
    number = a_ticket("awaiting_plan", severity="P2").number
    assert not sign_in("chen").get(f"/t/{number}").forms("acknowledge")
    time(timedelta(hours=3))
    while escalation.sweep():
        pass
    assert not sign_in("zhao").get(f"/t/{number}").forms("acknowledge")
    chen = sign_in("chen")
    lain_open = chen.get(f"/t/{number}").form("acknowledge")
    assert chen.press(lain_open).status == 303
    assert not chen.get(f"/t/{number}").forms("acknowledge")


def test_a_secret_is_redacted_by_a_supervisor_for_good(sign_in):
    ticket = a_ticket("awaiting_plan")
    entry = comment.add_note(ticket, actor=person("wang"), text="密码是 hunter2")
    url = f"/entries/{entry.id}/redaction"
    assert not sign_in("zhao").get(f"/t/{ticket.number}").all("a", href=url)
    assert sign_in("zhao").get(url).status == 403
    assert sign_in("yang").get(url).status == 404
    chen = sign_in("chen")
    assert chen.get(f"/t/{ticket.number}").all("a", href=url)
    assert chen.submit(url, "redact", reason="").status == 422
    page = chen.does(url, "redact", reason="含密码")
    assert "hunter2" not in page.text
    assert not page.all("a", href=url)
    db.session.expire_all()
    assert db.session.get(Entry, entry.id).redaction_reason == "含密码"


def test_the_reported_text_can_be_redacted_too(sign_in):
    ticket = a_ticket("awaiting_plan", description="登录不了,密码是 hunter2")
    url = f"/t/{ticket.number}/redaction"
    assert sign_in("zhao").get(url).status == 403
    page = sign_in("chen").does(url, "redact", replacement="登录不了", reason="含密码")
    assert "hunter2" not in page.text


def test_files_of_the_report_are_redacted_with_a_tick_each(english):
    files = [keep_file(actor=person("zhang"), name=name, content=name.encode()) for name in ("口令.txt", "无害.txt")]
    ticket = report_fault(actor=person("zhang"), description="登录不了", files=[file.key for file in files])
    chen, url = english("chen"), f"/t/{ticket.number}/redaction"
    ticks = chen.get(url).all("input", name="gone")
    assert [tick["value"] for tick in ticks] == [file.key for file in files]
    page = chen.does(url, "redact", gone=[files[0].key], reason="含口令")
    assert ("口令.txt" in page.text, "无害.txt" in page.text, "登录不了" in page.text) == (False, True, True)
    assert not page.all("a", href=f"/t/{ticket.number}/files/{files[0].key}"), "nothing is left to be fetched"
    assert [tick["value"] for tick in chen.get(url).all("input", name="gone")] == [files[1].key]
    assert chen.submit(url, "redact", gone=["nonsense"], reason="x").status == 422
    other = a_ticket("awaiting_plan").number
    assert not chen.get(f"/t/{other}/redaction").all("input", name="gone"), "without files there is nothing to tick"


def test_what_was_carried_out_is_redacted_from_the_ticket(english):
    ticket = a_ticket("awaiting_fix")
    step = repair.log_work(ticket, actor=person("zhao"), task=next_task(ticket), body="清理", result="口令 hunter2").id
    number, chen, url = ticket.number, english("chen"), f"/work-steps/{step}/redaction"
    assert chen.get(f"/t/{number}").all("a", href=url)
    for login, status in (("zhao", 403), ("liu", 403), ("yang", 404)):
        assert english(login).get(url).status == status, login
        assert not english(login).get(f"/t/{number}").all("a", href=url)
    assert chen.submit(url, "redact", reason="").status == 422
    page = chen.does(url, "redact", reason="含口令")
    assert "hunter2" not in page.text
    assert "redacted: 含口令" in page.text
    assert chen.submit(url, "redact", reason="再来").status == 409


def test_two_writers_of_the_same_field_do_not_lose_a_word(sign_in):
    number = a_ticket("awaiting_plan").number
    zhao = sign_in("zhao")
    lain_open = zhao.get(f"/t/{number}/diagnosis").form("diagnose")
    zhao.does(f"/t/{number}/diagnosis", "diagnose", root_cause="连接池用满。", cause="configuration")
    answer = zhao.press(lain_open, root_cause="缓存写满。", cause="capacity")
    assert answer.status == 409
    assert answer.form("diagnose").values["root_cause"] == ["缓存写满。"]
    assert find_ticket(number).root_cause == "连接池用满。"


def test_the_same_form_sent_twice_acts_once(sign_in):
    number = a_ticket("awaiting_plan").number
    zhao = sign_in("zhao")
    form = zhao.get(f"/t/{number}").form("update")
    first, second = zhao.press(form, text="正在处理。"), zhao.press(form, text="正在处理。")
    assert (first.status, second.status) == (303, 303)
    assert first.response.location == second.response.location
    assert db.session.query(Entry).filter_by(kind="update").count() == 1
