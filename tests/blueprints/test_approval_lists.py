"""The four lists over HTTP, and the approval templates (P7.2, P7.3)."""

import pytest

from models.ground.db import db
from models.record.approval import ApprovalTemplate
from models.steps import approval, approval_templates
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_plan, a_ticket, newest_plan, person

KEPT = {
    "name": "重大变更评审", "risk": "major", "rule": "sequence", "seats-0-role": "supervisor",
    "seats-1-person_id": "", "seats-2-role": "tech_manager",
}  # fmt: skip
PART = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#plans"}


def _template(**more):
    seats = [("supervisor", None, None), ("approver", None, None)]
    usual = {"name": "评审", "risk": "major", "rule": "all", "seats": seats}
    return approval_templates.keep_approval_template(None, actor=person("chen"), **(usual | more))


def _count(page, box):
    return page.one(data_count=box).text


# --- lists


def test_each_list_holds_its_own_and_says_how_many(sign_in):
    waiting = a_plan(a_ticket("awaiting_plan"))
    decided = a_plan(a_ticket("awaiting_plan"))
    approval.approve_plan(decided, actor=person("chen"))
    approval.copy_plan(waiting, actor=person("zhao"), people=[person("liu")])
    numbers = {"waiting": waiting.ticket.number, "decided": decided.ticket.number}
    chen, zhao, liu = (sign_in(login).get("/approvals") for login in ("chen", "zhao", "liu"))
    assert [_count(chen, box) for box in ("todo", "done", "mine", "cc")] == ["1", "1", "0", "0"]
    assert [_count(zhao, box) for box in ("todo", "done", "mine", "cc")] == ["0", "0", "2", "0"]
    assert [_count(liu, box) for box in ("todo", "done", "mine", "cc")] == ["0", "0", "0", "1"]
    assert [row["data-ticket"] for row in chen.all("tr", data_ticket=None)] == [numbers["waiting"]]
    done = sign_in("chen").get("/approvals?box=done")
    assert [row["data-ticket"] for row in done.all("tr", data_ticket=None)] == [numbers["decided"]]
    mine = sign_in("zhao").get("/approvals?box=mine")
    assert {row["data-ticket"] for row in mine.all("tr", data_ticket=None)} == set(numbers.values())
    copied = sign_in("liu").get("/approvals?box=cc")
    assert [row["data-ticket"] for row in copied.all("tr", data_ticket=None)] == [numbers["waiting"]]


@pytest.mark.parametrize("box", ["todo", "done", "mine", "cc", "nonsense"])
def test_an_empty_list_says_so(sign_in, box):
    page = sign_in("sun").get(f"/approvals?box={box}")
    assert page.status == 200
    assert page.one(class_="empty").one("p").text


@pytest.mark.parametrize("after", ["-1", "x", "²", "9" * 30, "1"])
def test_a_made_up_place_in_a_list_is_no_trouble(sign_in, after):
    assert sign_in("chen").get(f"/approvals?after={after}").status == 200


def test_a_list_goes_on_from_page_to_page(sign_in, monkeypatch):
    monkeypatch.setattr("models.insight.approvals.PAGE", 2)
    numbers = [a_plan(a_ticket("awaiting_plan")).ticket.number for _ in range(3)]
    chen = sign_in("chen")
    first = chen.get("/approvals")
    second = chen.get(first.one("a", rel="next")["href"])
    shown = [row["data-ticket"] for page in (first, second) for row in page.all("tr", data_ticket=None)]
    assert shown == numbers[::-1]


def test_a_list_that_has_not_changed_is_not_sent_again(sign_in):
    plan = a_plan(a_ticket("awaiting_plan"))
    chen = sign_in("chen")
    tag = chen.open("/approvals", headers=PART).response.headers["HX-PTag"]
    assert chen.open("/approvals", headers=PART | {"HX-PTag": tag}).status == 304
    approval.approve_plan(plan, actor=person("wu"))
    assert chen.open("/approvals", headers=PART | {"HX-PTag": tag}).status == 200


# --- templates


def test_a_template_from_its_rows_to_its_retirement(sign_in):
    chen = sign_in("chen")
    assert chen.get("/approval-templates").all(class_="empty")
    page = chen.does("/approval-templates/new", "keep_approval_template",
                     **KEPT | {"seats-1-person_id": str(person("wu").id)})  # fmt: skip
    kept = db.session.query(ApprovalTemplate).one()
    assert [(seat.role, seat.person and seat.person.login) for seat in kept.seats] == [
        ("supervisor", None), ("", "wu"), ("tech_manager", None),
    ]  # fmt: skip
    assert "刘洋" in page.text, "who would sit"
    form = chen.get(f"/approval-templates/{kept.id}").form("keep_approval_template")
    assert form.values["seats-0-role"] == ["supervisor"]
    assert form.values["seats-1-person_id"] == [str(person("wu").id)]
    chen.press(form, name="另一个名字", **{"seats-2-role": ""})
    db.session.expire_all()
    assert (kept.name, len(kept.seats)) == ("另一个名字", 2)
    zhao, number = sign_in("zhao"), a_ticket("awaiting_plan").number
    assert zhao.get(f"/t/{number}/plan").all(id="approval-template")
    chen.does("/approval-templates", "retire_approval_template")
    assert not sign_in("chen").get("/approval-templates").forms("retire_approval_template")
    assert not zhao.get(f"/t/{number}/plan").all(id="approval-template"), "no longer offered"


def test_another_seat_keeps_what_was_chosen(sign_in):
    chen = sign_in("chen")
    before = everything(but=NOT_BUSINESS)
    answer = chen.submit("/approval-templates/new", "keep_approval_template", add="seats", name="新", **{
        "seats-0-role": "director", "seats-2-role": "approver",
    })  # fmt: skip
    assert answer.status == 200
    values = answer.form("keep_approval_template").values
    assert (values["name"], values["seats-0-role"], values["seats-3-role"]) == (["新"], ["director"], [""])
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"seats-0-role": "", "seats-2-role": ""}, "seats"),
        ({"rule": "any"}, "rule"),
        ({"rule": "quorum", "quorum": "9"}, "quorum"),
        ({"rule": "quorum", "quorum": "x"}, "quorum"),
        ({"seats-0-person_id": "wu"}, "seats-0-person_id"),
    ],
)
def test_a_senseless_template_is_refused_beside_its_field(sign_in, fields, wrong):
    fields = {name: str(person(value).id) if value == "wu" else value for name, value in fields.items()}
    before = everything(but=NOT_BUSINESS)
    answer = sign_in("chen").submit("/approval-templates/new", "keep_approval_template", **KEPT | fields)
    assert answer.status == 422
    assert answer.one(class_="summary").all("a", href=f"#{wrong}")
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_templates_are_kept_by_supervisors_and_administrators(sign_in, browser):
    template = _template().id
    for url in ("/approval-templates", "/approval-templates/new", f"/approval-templates/{template}"):
        for login, status in (("chen", 200), ("admin", 200), ("zhao", 403), ("zhang", 403)):
            assert sign_in(login).open(url).status == status, (login, url)
        assert browser.open(url).status == 303
    assert sign_in("chen").open("/approval-templates/999").status == 404
    zhao = sign_in("zhao")
    token = zhao.get("/report").form().values["csrf_token"]
    refused = zhao.open(f"/approval-templates/{template}/retirement", method="POST", data={"csrf_token": token})
    assert refused.status == 403


def test_a_template_retired_meanwhile_is_not_changed(sign_in):
    template = _template()
    chen = sign_in("chen")
    lain_open = chen.get(f"/approval-templates/{template.id}").form("keep_approval_template")
    button = chen.get("/approval-templates").form("retire_approval_template")
    approval_templates.retire_approval_template(template, actor=person("chen"))
    before = everything(but=NOT_BUSINESS)
    assert chen.press(lain_open, name="晚了").status == 409
    assert chen.press(button).status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_who_would_sit_for_a_team(sign_in):
    _template()
    chen = sign_in("chen")
    team = person("zhao").team
    page = chen.get(f"/approval-templates?team={team.id}")
    assert [option["value"] for option in page.one(id="team").all("option") if "selected" in option.attributes] == [
        str(team.id)
    ]
    assert chen.get("/approval-templates?team=x").status == 200
    assert chen.get("/approval-templates?team=9999").status == 200


# --- on the ticket


def test_the_ticket_tells_the_whole_story_of_its_plans(english):
    ticket = a_ticket("awaiting_plan")
    first = a_plan(ticket)
    approval.return_plan(first, actor=person("chen"), comment="缺人。")
    second = a_plan(ticket)
    approval.copy_plan(second, actor=person("zhao"), people=[person("he")])
    page = english("zhao").get(f"/t/{ticket.number}")
    for plan in (first, second):
        assert page.all("a", href=f"/approvals/{plan.id}")
    assert "缺人。" in page.text
    assert "Copied to: 何雪" in page.text
    assert "缺人。" not in english("zhang").get(f"/t/{ticket.number}").text, "internal"


def test_the_archive_holds_every_row(english):
    ticket = a_ticket("archived")
    plan = newest_plan(ticket)
    page = english("zhao").get(f"/t/{ticket.number}/record")
    for task in plan.tasks:
        assert task.body in page.text
    assert plan.approvals[0].person.name in page.text
