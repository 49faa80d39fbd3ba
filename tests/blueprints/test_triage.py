"""Triage over HTTP: the queue, and the questions asked of one ticket (P3)."""

from datetime import timedelta

import pytest

from models.ground import clock
from models.insight import paging
from models.record.ticket import find_ticket
from models.steps import absences, another_policy
from tests.blueprints.five import Act, named, questions_of
from tests.factories import a_policy, a_ticket, person

GRADED = {"severity": "P2", "impact": "department", "urgency": "high", "category": "function"}
ACTS = (
    Act("triage", "/t/{n}/triage", "awaiting_triage", "wang", "li", "awaiting_engineer",
        GRADED, {"severity": "P0", "reason": ""}, later="awaiting_engineer"),
    Act("ask", "/t/{n}/ask", "awaiting_triage", "wang", "he", "awaiting_triage",
        {"question": "几点开始的?"}, {"question": ""}),
    Act("answer", "/t/{n}/answer", "awaiting_triage", "wang", "he", "awaiting_customer",
        {"result": "按“投屏”键。"}, {"result": " "}),
    Act("regrade", "/t/{n}/severity", "awaiting_plan", "zhao", "he", "awaiting_plan",
        {"severity": "P1", "reason": "影响扩大。"}, {"severity": "P1", "reason": ""}),
    Act("change_policy", "/t/{n}/policies/{v}", "awaiting_plan", "wang", "zhao", "awaiting_plan",
        {"severity": "P1", "reason": "客户另有合同。"}, {"severity": "P1", "reason": ""}),
    Act("hand_over", "/t/{n}/hand-over", "awaiting_plan", "chen", "he", "awaiting_engineer",
        {"team": "1", "reason": "属于运维。"}, {"reason": ""}),
    Act("cancel", "/t/{n}/cancellation", "awaiting_plan", "wang", "zhao", "cancelled",
        {"reason": "重复。"}, {"reason": ""}),
)  # fmt: skip


@pytest.mark.parametrize(("ask", "act"), questions_of(ACTS), ids=named)
def test_route(ask, act, sign_in):
    ask(act, sign_in)


def test_the_queue_shows_what_waits_the_nearest_promise_first(sign_in, time):
    time(timedelta(hours=9))  # 19:00: a minor one is due tomorrow morning, a major one in ten minutes
    minor, major = a_ticket(severity="P3").number, a_ticket(severity="P1").number
    a_ticket("awaiting_engineer")
    rows = sign_in("wang").get("/triage").all("tr", data_ticket=None)
    assert [row["data-ticket"] for row in rows] == [major, minor]


def test_an_empty_queue_says_so(sign_in):
    assert sign_in("wang").get("/triage").all(class_="empty")


def test_only_the_first_line_and_supervisors_see_the_queue(sign_in, browser):
    assert sign_in("zhang").get("/triage").status == 403
    assert browser.open("/triage").status == 303


def test_the_queue_is_not_sent_again_while_nothing_has_happened(sign_in):
    number = a_ticket().number
    wang = sign_in("wang")
    region = wang.get("/triage").one(id="queue")
    asked = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#queue"}
    asked["HX-PTag"] = region["hx-ptag"]
    assert wang.open("/triage", headers=asked).status == 304
    wang.does(f"/t/{number}/note", "note", text="已联系。")
    answer = wang.open("/triage", headers=asked)
    assert answer.status == 200
    assert [e["id"] for e in answer.inside if hasattr(e, "tag")] == ["queue"]


def test_without_a_choice_the_suggested_engineer_takes_it(sign_in):
    number = a_ticket().number
    page = sign_in("wang").get(f"/t/{number}/triage")
    assert "P0" in page.one(class_="effect").text
    sign_in("wang").does(f"/t/{number}/triage", "triage", **GRADED, team="2")
    assert find_ticket(number).assignee in (person("zhao"), person("li"))


def test_another_level_than_the_matrix_needs_a_reason(sign_in):
    number = a_ticket().number
    graded = GRADED | {"severity": "P1", "team": "2"}
    refused = sign_in("wang").submit(f"/t/{number}/triage", "triage", **graded)
    assert refused.status == 422
    assert "P2" in refused.one(id="reason-error").text
    sign_in("wang").does(f"/t/{number}/triage", "triage", **graded, reason="月底结账。")


def test_a_major_fault_cannot_be_answered_at_once(sign_in):
    number = a_ticket(severity="P1").number
    assert sign_in("wang").submit(f"/t/{number}/answer", "answer", result="重启即可。").status == 409


def test_what_looks_critical_comes_first_also_across_pages(sign_in, monkeypatch):
    monkeypatch.setattr(paging, "PAGE", 2)
    calm = [a_ticket().number for _ in range(3)]
    critical = [a_ticket(severity="P0").number for _ in range(2)]
    wang, url, seen = sign_in("wang"), "/triage", []
    while url:
        page = wang.get(url)
        seen.append([row["data-ticket"] for row in page.all("tr", data_ticket=None)])
        url = next((link["href"] for link in page.all("a", rel="next")), "")
    assert seen == [critical, calm[:2], calm[2:]]


def test_critical_ones_and_others_share_a_page(sign_in):
    calm, critical = a_ticket().number, a_ticket(severity="P0").number
    page = sign_in("wang").get("/triage")
    assert [row["data-ticket"] for row in page.all("tr", data_ticket=None)] == [critical, calm]


def test_the_suggestion_says_who_is_away(sign_in):
    number = a_ticket(severity="P2").number
    page = sign_in("wang").get(f"/t/{number}/triage")
    hint = page.one(id="assignee-hint").text
    assert person("li").name in hint
    absences.announce_absence(
        person("li"), actor=person("li"), starts_at=clock.now(), ends_at=clock.now() + timedelta(days=2)
    )
    hint = sign_in("wang").get(f"/t/{number}/triage").one(id="assignee-hint").text
    assert hint.index(person("zhao").name) < hint.index(person("li").name), hint
    refused = sign_in("wang").submit(f"/t/{number}/triage", "triage", severity="P0", reason="")
    assert refused.status == 422
    assert refused.one(id="assignee-hint").text == hint


def test_under_another_policy(sign_in):
    record, number = a_policy("problem-record"), a_ticket("awaiting_plan", severity="P1").number
    wang = sign_in("wang")
    assert any(f"/t/{number}/policies" in link["href"] for link in wang.get(f"/t/{number}").all("a", href=None))
    choice = wang.get(f"/t/{number}/policies")
    url = next(link["href"] for link in choice.all("a", href=None) if link["href"].endswith(f"/policies/{record.id}"))
    form = wang.get(url).form("change_policy")
    assert not form.values.get("severity"), "no level is chosen beforehand"
    assert "P1 高" in form.element.text, "its own words of the levels"
    wang.does(url, "change_policy", severity="P2", reason="按问题记录办理。")
    ticket = find_ticket(number)
    assert (ticket.policy_version_id, ticket.severity) == (record.id, "P2")
    page = wang.get(f"/t/{number}")
    assert "P2 中" in page.text
    assert "P1 严重" in page.text, "graded before, in the words of the policy of then"


def test_a_clock_says_under_which_policy_it_ran_before(english):
    ticket = a_ticket("awaiting_plan", severity="P1")
    another_policy.change_policy(
        ticket, actor=person("wang"), version=a_policy("response-control"), severity="P1", reason="合同"
    )
    before, after = (english("wang").get(f"/t/{ticket.number}/clocks/resolve/{nth}").text for nth in (1, 2))
    assert "Unified process, edition 1" in before
    assert "Response control, edition 1" in after
    assert "under another policy: Unified process (P1) until then" in after


def test_without_another_policy_the_page_says_so(sign_in):
    assert sign_in("wang").get(f"/t/{a_ticket().number}/policies").all(class_="empty")


def test_a_policy_that_is_not_there_or_no_longer_in_force(sign_in, time):
    number, old = a_ticket("awaiting_plan").number, a_policy("problem-record")
    wang = sign_in("wang")
    assert wang.get(f"/t/{number}/policies/999").status == 404
    lain_open = wang.get(f"/t/{number}/policies/{old.id}").form("change_policy")
    time(timedelta(minutes=5))
    a_policy("problem-record")
    assert wang.press(lain_open, severity="P2", reason="!").status == 409
