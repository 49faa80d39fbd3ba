"""Requests over HTTP: making one, grading it, assessing it, agreeing to it, another date (P2.2, P3.1, P8.3)."""

import io

import pytest

from models.ground.vocabulary import State
from models.record.assessment import newest_assessment
from models.record.ticket import find_ticket
from models.steps import accounts
from tests.blueprints.five import Act, named, questions_of
from tests.factories import a_request, a_ticket, assess, person

ASSESSED = {
    "verdict": "feasible", "report": "可以做。", "deliver_at": "2026-12-20T18:00", "development_opinion": "两周。",
    "test_opinion": "回归。", "product_opinion": "值得做。",
}  # fmt: skip
ACTS = (
    Act("triage", "/t/{n}/request", "awaiting_triage", "wang", "li", "awaiting_assessment",
        {"priority": "P2", "category": "new_feature", "team": "2"}, {"priority": "P2", "category": ""},
        later="awaiting_assessment", make=a_request),
    Act("assess", "/t/{n}/feasibility", "awaiting_assessment", "zhou", "li", "awaiting_direction",
        ASSESSED | {"engineer": "4"}, {"report": "可以做。", "cost": "两万", "verdict": ""}, make=a_request),
    Act("agree", "/t/{n}/direction", "awaiting_direction", "zhang", "li", "awaiting_plan",
        {"answer": "agreed"}, {"comment": "再想想。"}, make=a_request),
    Act("record_direction", "/t/{n}/spoken-direction", "awaiting_direction", "wang", "he", "awaiting_plan",
        {"said_by": "张敏", "how": "电话", "answer": "agreed"}, {"said_by": "张敏", "how": ""}, make=a_request),
    Act("change_delivery", "/t/{n}/delivery", "awaiting_fix", "zhou", "he", "awaiting_fix",
        {"deliver_at": "2027-01-08T18:00", "reason": "接口推迟。"}, {"deliver_at": "2027-01-08T18:00", "reason": ""},
        make=a_request),
)  # fmt: skip


@pytest.mark.parametrize(("ask", "act"), questions_of(ACTS), ids=named)
def test_route(ask, act, sign_in):
    ask(act, sign_in)


@pytest.fixture(autouse=True)
def _everybody_reads_english(cast):
    for login in ("zhang", "wang", "zhao", "chen", "zhou"):
        accounts.set_own_settings(person(login), locale="en", time_zone="Asia/Shanghai", theme="auto", on_duty=True)


# --- made


def test_two_boxes_of_which_one_will_do(sign_in):
    zhang = sign_in("zhang")
    page = zhang.get("/report?type=request")
    form = page.form("report")
    assert {"description", "expected", "category", "wished"} <= form.names
    assert [field for field in ("category", "wished") if form.values.get(field)] == [], "nothing is chosen beforehand"
    receipt = zhang.does("/report?type=request", "report", expected="可以批量下载发票。", wished="P1")
    number = receipt.one(data_ticket=None)["data-ticket"]
    ticket = find_ticket(number)
    assert (number, ticket.kind, ticket.description, ticket.wished) == (
        "RD20261118001", "request", "可以批量下载发票。", "P1",
    )  # fmt: skip
    assert "It is assessed" not in receipt.text, "no such clock runs before it is graded"
    assert zhang.get("/my").one("li", data_ticket=number).one("a")["href"].startswith(f"/d/{number}?")


def test_nothing_said_keeps_the_files(sign_in):
    """P2.3"""
    answer = sign_in("zhang").submit(
        "/report?type=request", "report", files=(io.BytesIO(b"x"), "草图.png"), affected="财务部"
    )
    assert answer.status == 422
    assert "Please say what you need." in answer.one(role="alert").text
    form = answer.form("report")
    assert form.values["affected"] == ["财务部"]
    assert len(form.values["kept"]) == 1


def test_fault_and_request_are_two_tabs_of_one_page(sign_in):
    fault, request = (sign_in("zhang").get(url) for url in ("/report", "/report?type=request"))
    assert fault.one("a", href="/report?type=request")
    assert request.one("a", href="/report")
    assert request.one("nav", class_="tabs").one("a", aria_current="page")["href"] == "/report?type=request"


def test_the_first_line_registers_it_for_a_caller(sign_in, cast):
    page = sign_in("wang").does(
        "/report/telephone/request", "register", contact=cast.contact.name, description="每月底对账要逐张下载。",
        category="new_feature",
    )  # fmt: skip
    ticket = find_ticket(page.one(data_ticket=None)["data-ticket"])
    assert (ticket.kind, ticket.contact.name, ticket.category, ticket.channel) == (
        "request", "张经理", "new_feature", "telephone",
    )  # fmt: skip
    assert sign_in("zhang").get("/report/telephone/request").status == 403


# --- its page


def test_it_has_an_address_of_its_own_with_the_same_page(sign_in):
    number = a_request("awaiting_plan").number
    zhao = sign_in("zhao")
    one, other = zhao.get(f"/d/{number}"), zhao.get(f"/t/{number}")
    assert one.status == other.status == 200
    assert one.one(data_ticket=number)["data-state"] == "awaiting_plan"
    assert sign_in("yang").open(f"/d/{number}").status == 404
    for words in ("What is wished for", "Expected effect", "Request assessment report", "Delivery agreed for"):
        assert words in one.text
    assert one.one(data_clock="deliver")["data-clock-state"] == "running"


def test_triage_leads_to_the_right_questions(sign_in):
    request, fault = a_request().number, a_ticket().number
    wang = sign_in("wang")
    assert wang.get(f"/t/{request}").one("a", href=f"/t/{request}/request")
    assert wang.get(f"/t/{fault}").one("a", href=f"/t/{fault}/triage")
    assert wang.get(f"/t/{fault}/triage").one("a", href=f"/t/{fault}/request")
    assert "Request" in wang.get("/triage").one("tr", data_ticket=request).text


def test_a_fault_becomes_a_request_with_a_reason(sign_in):
    number = a_ticket().number
    wang = sign_in("wang")
    said = {"priority": "P3", "category": "experience", "team": "2"}
    refused = wang.submit(f"/t/{number}/request", "triage", **said)
    assert refused.status == 422
    assert "reason" in refused.one(id="reason-error")["id"]
    wang.does(f"/t/{number}/request", "triage", **said, reason="本来没有这个功能。")
    assert find_ticket(number).kind == "request"
    assert "Fault → Request" in wang.get(f"/t/{number}").text
    assert number.startswith("TS"), "the number stays"


def test_the_product_managers_bench(sign_in):
    tickets = {state: a_request(state) for state in ("awaiting_assessment", "awaiting_direction", "awaiting_test")}
    page = sign_in("zhou").get("/bench")
    for state, ticket in tickets.items():
        assert page.one("tr", data_ticket=ticket.number)["data-state"] == state
    assert len(page.all("tr", data_ticket=None)) == 3, "each stands once"
    assert sign_in("zhou").open("/").response.location.endswith("/bench")


def test_not_now_on_the_same_page(sign_in):
    number = a_request("awaiting_assessment").number
    sign_in("zhou").does(
        f"/t/{number}/feasibility",
        "assess",
        verdict="not_now",
        report="明年二季度再评估。",
        product_opinion="排期已满。",
    )
    assert find_ticket(number).state == "awaiting_customer"


@pytest.mark.parametrize("missing", ["deliver_at", "engineer", "test_opinion"])
def test_what_is_missing_stands_beside_its_field(sign_in, missing):
    number = a_request("awaiting_assessment").number
    said = ASSESSED | {"engineer": str(person("zhao").id)} | {missing: ""}
    answer = sign_in("zhou").submit(f"/t/{number}/feasibility", "assess", **said)
    assert answer.status == 422
    assert answer.one(id=f"{missing}-error")
    assert answer.form("assess").values["report"] == ["可以做。"]


def test_not_agreed_needs_what_should_be_different(sign_in):
    number = a_request("awaiting_direction").number
    zhang = sign_in("zhang")
    assert not zhang.get(f"/t/{number}/direction").form("agree").values.get("answer"), "nothing is chosen beforehand"
    answer = zhang.submit(f"/t/{number}/direction", "agree", answer="declined")
    assert answer.status == 422
    assert answer.one(id="comment-error")
    zhang.does(f"/t/{number}/direction", "agree", answer="declined", comment="要按周下载。")
    ticket = find_ticket(number)
    assert (ticket.state, newest_assessment(ticket).answer) == ("awaiting_assessment", "declined")
    assert "要按周下载。" in sign_in("zhou").get(f"/t/{number}/feasibility").one(role="status").text


def test_a_proposal_that_was_replaced_meanwhile_is_not_agreed_to(sign_in):
    ticket = a_request("awaiting_direction")
    number, zhang = ticket.number, sign_in("zhang")
    lain_open = zhang.get(f"/t/{number}/direction").form("agree")
    sign_in("wang").does(
        f"/t/{number}/spoken-direction",
        "record_direction",
        said_by="张敏",
        how="电话",
        answer="declined",
        comment="太晚",
    )
    assess(find_ticket(number), days=5)
    answer = zhang.press(lain_open, answer="agreed")
    assert answer.status == 409
    assert find_ticket(number).state == State.AWAITING_DIRECTION


def test_the_report_prints_and_keeps_what_is_internal(sign_in):
    number = a_request("awaiting_plan").number
    inside, outside = (sign_in(login).get(f"/t/{number}/assessment") for login in ("zhou", "zhang"))
    for page in (inside, outside):
        assert "可以做：在发票页加“批量下载”" in page.text
        assert "Agreed" in page.text
    assert "两周，不改接口。" in inside.text
    assert "两周，不改接口。" not in outside.text
    assert sign_in("zhang").get(f"/t/{a_request().number}/assessment").status == 404


def test_the_ticket_page_tells_the_reporter_only_what_is_theirs(sign_in):
    number = a_request("awaiting_plan").number
    page = sign_in("zhang").get(f"/d/{number}")
    assert "可以做：在发票页加“批量下载”" in page.text
    assert "两周，不改接口。" not in page.text


def test_its_clock_explains_itself(sign_in):
    number = a_request("awaiting_plan").number
    page = sign_in("zhao").get(f"/t/{number}/clocks/deliver/1")
    assert "until the date that was agreed for this request" in page.text
    assert "It adds up" in page.text


def test_the_archive_shows_it(sign_in):
    number = a_request("archived").number
    page = sign_in("chen").get(f"/t/{number}/record")
    for words in ("可以按月批量下载发票。", "Feasible", "两周，不改接口。", "Agreed"):
        assert words in page.text


def test_each_part_of_an_assessment_is_kept_by_itself(english):
    """Whoever leaves the form finds what product, development and testing said, each in its place."""
    number = a_request("awaiting_assessment").number
    page = english("zhou").get(f"/t/{number}/feasibility")
    kept = [area.get("data-draft") for area in page.form("assess").element.all("textarea")]
    parts = {"report", "product_opinion", "development_opinion", "test_opinion", "technology", "resources"}
    assert set(kept) == parts
    assert len(kept) == len(parts), "none under the name of another"


def test_a_fault_has_no_delivery_and_a_request_without_a_date_neither(english):
    fault, request = a_ticket("awaiting_plan").number, a_request("awaiting_assessment").number
    zhou = english("zhou")
    assert zhou.get(f"/t/{fault}/delivery").status == 404
    answer = zhou.get(f"/t/{request}/delivery")
    assert answer.status == 409
    assert not answer.forms("change_delivery")
    assert zhou.get(f"/t/{a_request('awaiting_plan').number}/delivery").forms("change_delivery")


def test_the_report_is_complete_and_can_be_printed(english):
    ticket = a_request("awaiting_review")
    page = english("zhou").get(f"/t/{ticket.number}/assessment")
    for words in ("Priority wished for", "Verdict", "Accepted 2026-11-18", "Delivery agreed for"):
        assert words in page.text, words
    assert page.all("button", data_print=None)
    assert [e.text for e in page.one("p", class_="signatures").all("span")] == [
        "Product manager", "Development", "Testing", "Customer",
    ]  # fmt: skip
