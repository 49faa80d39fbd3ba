"""Rounds over HTTP: a time limit of their own, who stands in, a seat given away, copies, files for the customer."""

from datetime import timedelta
from io import BytesIO

import pytest

from models.ground import clock
from models.ground.db import db
from models.policy.cell import read_cell
from models.record.approval import ApprovalTemplate
from models.record.attachment import Attachment
from models.record.link import CONSENT, PROGRESS, living_link
from models.record.plan import Plan
from models.record.ticket import find_ticket
from models.steps import accounts, approval, approval_templates, repair
from models.steps.absences import announce_absence
from tests.blueprints.five import state_of
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import TOUCHING, a_plan, a_reviewer, a_ticket, newest_plan, next_task, person

PLAN = {"risk": "normal", "steps-0-body": "清理缓存"}


@pytest.fixture
def english(sign_in):
    """Somebody's browser, whose pages are in English."""

    def signed_in(login):
        accounts.set_own_settings(person(login), locale="en", time_zone="Asia/Shanghai", theme="auto", on_duty=True)
        return sign_in(login)

    return signed_in


def goes_away(login, *, delegate=None):
    now = clock.now()
    who = person(login)
    announce_absence(who, actor=who, starts_at=now, ends_at=now + timedelta(days=2), delegate=delegate)


# --- the time limit of a round


def test_a_template_states_by_when_and_to_whom_it_climbs(english):
    chen = english("chen")
    said = {"name": "快审", "risk": "normal", "rule": "any", "seats-0-role": "supervisor"}
    for wrong in ("every 30 min", "soon", "at once"):
        answer = chen.submit("/approval-templates/new", "keep_approval_template", **said, limit=wrong)
        assert (answer.status, answer.form("keep_approval_template").values["limit"]) == (422, [wrong])
        assert answer.one(id="limit-error").text.startswith("Write 15 min")
    climb = "tech_manager director"
    page = chen.does("/approval-templates/new", "keep_approval_template", **said, limit="90 min service", climb=climb)
    assert "Time limit for the whole round: 90 min, service hours." in page.text
    assert "Told if it is late: Technical manager → R&D director." in page.text
    template = db.session.query(ApprovalTemplate).one()
    form = chen.get(f"/approval-templates/{template.id}").form("keep_approval_template")
    assert (form.values["limit"], form.values["climb"]) == (["90 min, service hours"], [climb])
    chen.press(form)
    held = db.session.query(ApprovalTemplate).one()
    assert (held.limit_amount, held.limit_basis, held.climb) == (90, "service", climb), "what it shows, it reads"


def test_the_round_its_clock_and_its_ladder_say_so(english):
    template = approval_templates.keep_approval_template(
        None, actor=person("chen"), name="快审", risk="normal", rule="any", seats=[("supervisor", None, None)],
        limit=read_cell("2 wd"), climb="director",
    )  # fmt: skip
    plan = a_plan(a_ticket("awaiting_plan"), template=template)
    number, plan_id, chen = plan.ticket.number, plan.id, english("chen")
    assert "Time limit for the whole round: 2 working days." in chen.get(f"/approvals/{plan_id}").text
    why = chen.get(f"/t/{number}/clocks/approve/1").text
    assert "2 working days" in why
    assert "the approval template “快审”, as it was when the plan was submitted" in why
    assert "It adds up" in why
    assert "R&D director" in chen.get(f"/t/{number}/ladder").text


# --- who stands in; a seat given away


def test_everywhere_the_round_is_shown_it_says_who_stands_in(english):
    plan = a_plan(a_ticket("awaiting_plan"), risk="major")
    number, plan_id, chen, zhao = plan.ticket.number, plan.id, english("chen"), english("zhao")
    assert "stood in for" not in chen.get(f"/t/{number}").text
    goes_away("wu", delegate=a_reviewer())
    pages = (chen.get(f"/t/{number}"), chen.get(f"/approvals/{plan_id}"), zhao.get("/approvals?box=mine"))
    for page in pages:
        assert "stood in for by mei, until 11-20 10:00" in page.text
    goes_away("chen")
    page = zhao.get("/approvals?box=mine")
    assert "away until 11-20 10:00, nobody stands in" in page.text
    assert "nobody stands in" in zhao.get(f"/approvals/{plan_id}").text


def test_a_seat_is_given_away_from_the_plans_page(english):
    plan, lan = a_plan(a_ticket("awaiting_plan"), risk="major"), a_reviewer("lan")
    plan_id, lan_id, chen = plan.id, lan.id, english("chen")
    seat = next(seat.id for seat in plan.approvals if seat.person.login == "wu")
    url = f"/approvals/{plan_id}/seats/{seat}/handing-over"
    assert not chen.get(f"/approvals/{plan_id}").all("a", href=url), "wu is there and can decide"
    before = everything(but=NOT_BUSINESS)
    said = {"person": str(lan_id), "reason": "休假"}
    assert chen.submit(url, "give_seat_away", **said).status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    goes_away("wu")
    assert chen.get(f"/approvals/{plan_id}").one("a", href=url).text == f"Give away the seat of {person('wu').name}"
    for login, status in (("zhao", 403), ("liu", 403), ("yang", 404)):
        assert english(login).get(url).status == status, login
        assert not english(login).get(f"/approvals/{plan_id}").all("a", href=url)
    answer = chen.submit(url, "give_seat_away", person=str(lan_id), reason="")
    assert (answer.status, answer.form("give_seat_away").values["person"]) == (422, [str(lan_id)])
    page = chen.does(url, "give_seat_away", **said)
    assert "lan" in page.text
    assert not page.all("a", href=url)
    assert chen.submit(url, "give_seat_away", **said).status == 409, "given away already"
    assert chen.get(f"/approvals/{plan_id}/seats/{seat + 999}/handing-over").status == 404
    assert "handed over to somebody else" in english("wu").get("/notifications").text


# --- copies


def test_whoever_was_sent_a_copy_reads_the_plan_and_nothing_else(english):
    zhao, yang = english("zhao"), english("yang")
    number = a_ticket("awaiting_plan").number
    zhao.does(f"/t/{number}/plan", "submit_plan", **PLAN, files=(BytesIO(b"x"), "容量.txt"))
    plan_id, key = db.session.query(Plan).one().id, db.session.query(Attachment).one().key
    file = f"/t/{number}/files/{key}"
    assert [yang.get(url).status for url in (f"/approvals/{plan_id}", "/approvals", file)] == [404, 403, 404]
    approval.copy_plan(db.session.get(Plan, plan_id), actor=person("zhao"), people=[person("yang")])
    page = yang.get(f"/approvals/{plan_id}")
    assert (page.status, "清理缓存" in page.text) == (200, True)
    assert {form.action for form in page.forms()} <= {"read_copy", "sign_out", "set_language", "set_theme"}, "read-only"
    assert "报销服务缓存写满" not in page.text
    assert yang.get(file).response.data == b"x"
    copies = yang.get("/approvals?box=cc")
    assert [row["data-ticket"] for row in copies.all("tr", data_ticket=None)] == [number]
    assert not copies.all("a", href="/standard-changes")
    assert yang.get("/standard-changes").status == 403
    yang.does(f"/approvals/{plan_id}", "read_copy")
    assert "密码" not in yang.get(f"/t/{number}").text
    assert not yang.get(f"/t/{number}").all("a", href=f"/approvals/{plan_id}"), "the ticket's inside stays shut"


# --- files for the customer


def test_the_customer_sees_the_ticked_files_and_only_when_they_are_asked(english, browser, cast):
    zhao, ticket = english("zhao"), a_ticket("awaiting_plan", contact=cast.contact)
    number = ticket.number
    said = {**PLAN, "touches_customer": "y", "explanation": TOUCHING["explanation"], "window": "周三"}
    answer = zhao.submit(f"/t/{number}/plan", "submit_plan", **said | {"explanation": ""},
                         files=(BytesIO(b"inner"), "内部.txt"),
                         shown_files=(BytesIO(b"outer"), "说明.txt"))  # fmt: skip
    form = answer.form("submit_plan")
    keys = {file.name: file.key for file in db.session.query(Attachment)}
    assert (answer.status, form.values["shown"]) == (422, [keys["说明.txt"]]), "the tick is kept with the file"
    zhao.press(form, explanation=TOUCHING["explanation"])
    plan = newest_plan(find_ticket(number))
    assert {file.name: file.public for file in plan.files} == {"内部.txt": False, "说明.txt": True}
    shown = english("chen").get(f"/approvals/{plan.id}")
    assert "Files that the customer sees" in shown.text
    early = living_link(ticket, purpose=PROGRESS).token
    assert browser.get(f"/c/{early}/files/{keys['说明.txt']}").status == 404, "nobody is asked yet"
    approval.approve_plan(plan, actor=cast.chen)
    token = living_link(find_ticket(number), purpose=CONSENT).token
    page = browser.get(f"/c/{token}")
    assert [link["href"].rsplit("/", 1)[-1] for link in page.all("a", download="")] == [keys["说明.txt"]]
    assert browser.get(f"/c/{token}/files/{keys['说明.txt']}").response.data == b"outer"
    assert browser.get(f"/c/{token}/files/{keys['内部.txt']}").status == 404
    revision = zhao.get(f"/approvals/{plan.id}/revision").form("revise_plan")
    held = {f.key: f.name for f in newest_plan(find_ticket(number)).files}
    assert [held[key] for key in revision.values["shown"]] == ["说明.txt"]
    zhao.press(revision, shown=[])
    fresh = newest_plan(find_ticket(number))
    assert (fresh.digest != plan.digest, any(file.public for file in fresh.files)) == (True, False)
    assert "the customer sees this" in english("chen").get(f"/approvals/{fresh.id}").one("del").text


def test_what_touches_no_customer_shows_them_no_file(english):
    number = a_ticket("awaiting_plan").number
    english("zhao").does(f"/t/{number}/plan", "submit_plan", **PLAN, shown_files=(BytesIO(b"x"), "说明.txt"))
    assert [file.public for file in newest_plan(find_ticket(number)).files] == [False]


# --- why it is written again


def test_the_form_says_why_the_plan_is_written_again(english):
    ticket = a_ticket("awaiting_fix")
    number, zhao = ticket.number, english("zhao")
    repair.log_work(
        ticket, actor=person("zhao"), task=next_task(ticket), body="清理缓存", outcome="failed", result="磁盘报错"
    )
    repair.roll_back(ticket, actor=person("zhao"), reason="一<b>\n二\n三\n四")
    page = zhao.get(f"/t/{number}/plan").one("section", class_="again")
    assert "Step 1 failed" in page.text
    assert "磁盘报错" in page.text
    assert page.one(class_="said").raw_text == "一<b>二三"
    assert page.one("details").one(class_="said").raw_text == "一<b>二三四"
    assert not page.all("b", class_="said")
    assert state_of(number) == "awaiting_plan"
    assert not english("zhao").get(f"/t/{a_ticket('awaiting_plan').number}/plan").all("section", class_="again")
