"""Triage over HTTP: the queue, and the questions asked of one ticket (P3)."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.insight import paging
from models.people.team import Service
from models.record.ticket import find_ticket
from models.steps import absences, another_policy, triage
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
    assert sign_in("wang").get(f"/t/{number}/answer").status == 409


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


def test_what_was_asked_about_stands_in_a_box_of_its_own(sign_in):
    asked, calm = a_ticket(), a_ticket()
    triage.ask_reporter(asked, actor=person("wang"), question="几点开始的?")
    wang = sign_in("wang")
    shown = {
        box: [row["data-ticket"] for row in wang.get(f"/triage?box={box}").all("tr", data_ticket=None)]
        for box in ("", "open", "asked", "team", "all", "nonsense")
    }
    assert shown[""] == shown["open"] == shown["nonsense"] == [calm.number]
    assert shown["asked"] == [asked.number]
    assert sorted(shown["all"]) == sorted([asked.number, calm.number])
    assert shown["team"] == []


def test_the_own_team_sees_what_is_about_its_services(sign_in):
    service = db.session.scalars(select(Service).where(Service.team_id == person("wang").team_id)).first()
    theirs, _ = a_ticket(service=service).number, a_ticket()
    rows = sign_in("wang").get("/triage?box=team").all("tr", data_ticket=None)
    assert [row["data-ticket"] for row in rows] == [theirs]


def test_the_queue_is_narrowed_by_level_and_by_team(english):
    service = db.session.scalars(select(Service).where(Service.team_id == person("zhao").team_id)).first()
    calm, urgent = a_ticket(service=service).number, a_ticket(severity="P1").number
    wang = english("wang")

    def shown(narrowed: str) -> list[str]:
        return [row["data-ticket"] for row in wang.get(f"/triage?{narrowed}").all("tr", data_ticket=None)]

    assert shown("sev=P1") == [urgent]
    assert shown("sev=P0") == []
    assert shown(f"team={service.team_id}") == [calm]
    assert shown("team=0") == [urgent], "what is about no service is nobody's yet"
    assert shown("team=0&sev=P2") == []
    assert set(shown("sev=P9&team=x")) == {calm, urgent}, "what nobody could have chosen narrows nothing"
    empty = wang.get("/triage?box=all&sev=P0")
    assert "No report fits" in empty.text
    assert [tab["href"] for tab in empty.one("nav", _class="tabs").all("a")[:2]] == [
        "/triage?sev=P0",
        "/triage?box=asked&sev=P0",
    ]
    assert "sev" in wang.get("/triage?sev=P1&several=1").form("triage_many").url
    way = wang.get("/triage?sev=P1&team=0").one("nav", _class="tabs").all("a")[-1]["href"]
    assert wang.get(way).form("keep_view").values["name"] == ["P1 · no team yet"]


def test_the_pane_shows_the_report_first_and_then_the_form(sign_in):
    number = a_ticket(description="投影仪没有信号。").number
    wang = sign_in("wang")
    row = wang.get("/triage").one(id=f"row-{number}")
    asked = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "aside#preview"}
    pane = wang.open(row["data-preview"], headers=asked)
    assert pane.text.index("投影仪没有信号") < pane.text.index(pane.form("triage").element.text[:10])
    assert pane.one(data_ticket=number)
    assert not pane.all("header"), "no more than the pane"


def test_a_deed_from_the_pane_renews_the_list_where_it_stands(sign_in):
    number = a_ticket().number
    wang = sign_in("wang")
    form = wang.get(f"/t/{number}/triage").form("triage")
    asked = {"HX-Request": "true", "HX-Current-URL": "http://localhost/triage?box=all"}
    answer = wang.open(form.url, method="POST", data=form.filled(**GRADED, team="2"), headers=asked)
    assert answer.status == 200, answer.text
    again = json.loads(answer.response.headers["HX-Location"])
    assert (again["path"], again["target"]) == ("/triage?box=all", "#board")
    board = wang.open(again["path"], headers={"HX-Request": "true", "HX-Request-Type": "partial", **again["headers"]})
    assert board.one(id="board").all("form", data_action="undo")


def several(browser, numbers, **fields):
    form = browser.get("/triage?several=1").form("triage_many")
    values = {n: browser.get("/triage").one("input", value=f"{n}:{find_ticket(n).version}")["value"] for n in numbers}
    return browser.open(form.url, method="POST", data=form.filled(**fields) | {"tickets": list(values.values())})


def test_several_at_once_each_by_itself(sign_in):
    numbers = [a_ticket().number for _ in range(3)]
    wang = sign_in("wang")
    refused = several(wang, numbers, category="function")
    assert refused.status == 422, "no team is suggested for what is about no service"
    answer = several(wang, numbers, category="function", team="2")
    assert answer.status == 303
    page = wang.get(answer.response.location)
    assert all(number in page.one(class_="alert good").text for number in numbers)
    assert {find_ticket(number).state for number in numbers} == {"awaiting_engineer"}


def test_one_that_moved_on_holds_up_no_other(sign_in):
    moved, calm = a_ticket().number, a_ticket().number
    wang = sign_in("wang")
    form = wang.get("/triage?several=1").form("triage_many")
    chosen = [*(f"{n}:{find_ticket(n).version}" for n in (moved, calm)), "TS19990101001:1", "", "x:y"]
    triage.cancel_ticket(find_ticket(moved), actor=person("wang"), reason="误报")
    sent = form.filled(category="function", team="2") | {"tickets": chosen}
    answer = wang.open(form.url, method="POST", data=sent)
    page = wang.get(answer.response.location)
    assert calm in page.one(class_="alert good").text
    assert moved in page.one("div", class_="alert danger").text
    assert (find_ticket(moved).state, find_ticket(calm).state) == ("cancelled", "awaiting_engineer")
    assert wang.open(form.url, method="POST", data=sent).status == 303, "sent twice it has one effect"


def test_the_list_and_the_pane_beside_it_are_one_page(sign_in):
    """No id twice, so every label leads to its own field; and no two landmarks of one name."""
    number = a_ticket().number
    beside = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "aside#preview"}
    wang = sign_in("wang")
    board, pane = wang.get("/triage"), wang.open(f"/t/{number}/triage", headers=beside)
    ids = [[e["id"] for e in page.all(id=None)] for page in (board.one(id="board"), pane)]
    assert len(ids[1]) > 5
    assert not set(ids[0]) & set(ids[1])
    assert not {nav["aria-label"] for nav in board.all("nav")} & {nav["aria-label"] for nav in pane.all("nav")}


def test_several_when_nothing_can_be_done(sign_in):
    number = a_ticket(severity="P2").number
    wang = sign_in("wang")
    form = wang.get("/triage?several=1").form("triage_many")
    assert wang.press(form, category="function").status == 422
    chosen = {"tickets": [f"{number}:{find_ticket(number).version}"]}
    refused = wang.open(
        form.url, method="POST", data=form.filled(category="function", severity="P0", team="2") | chosen
    )
    assert refused.status == 422
    assert number in refused.one(role="alert").text
    assert find_ticket(number).state == "awaiting_triage"
    liu = sign_in("liu")
    assert not liu.get("/triage?several=1").forms("triage_many"), "whoever only looks gets no form"


def test_the_form_for_several_comes_with_the_first_selected(sign_in):
    """The page itself is light; a script asks for the form alone, and without one the button leads to it."""
    numbers = [a_ticket().number for _ in range(2)]
    wang = sign_in("wang")
    board = wang.get("/triage")
    assert not board.forms("triage_many")
    place = board.one(id="form-bulk")
    asked = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#form-bulk"}
    part = wang.open(place["data-fetch"], headers=asked)
    assert [form.action for form in part.forms()] == ["triage_many"]
    assert not part.all(id="queue")
    chosen = {"tickets": [f"{n}:{find_ticket(n).version}" for n in numbers]}
    page = wang.open("/triage", query_string=chosen | {"several": "1"})
    assert page.form("triage_many").values["tickets"] == chosen["tickets"], "what was selected stays selected"
    refused = wang.press(page.form("triage_many"), category="function")
    assert refused.status == 422
    assert refused.form("triage_many").values["tickets"] == chosen["tickets"]
    assert wang.press(refused.form("triage_many"), category="function", team="2").status == 303
    assert {find_ticket(n).state for n in numbers} == {"awaiting_engineer"}
