"""Writing a plan over HTTP: rows, files, revisions, emergencies (P7.1, P7.2, P7.4, P7.5)."""

from io import BytesIO

import pytest

from models.ground.db import db
from models.record.attachment import Attachment
from models.record.plan import Plan
from models.record.ticket import find_ticket
from models.steps import approval_templates
from tests.blueprints.five import Act, named, questions_of, state_of
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_plan, a_standard_change, a_ticket, an_emergency, newest_plan, person

PLAN = {"risk": "normal", "steps-0-body": "清理缓存"}
ACTS = (
    Act("use_standard_change", "/t/{n}/plan", "awaiting_plan", "zhao", "li", "awaiting_fix", later="awaiting_test"),
)


def _p0():
    return a_ticket("awaiting_plan", severity="P0")


def _word():
    return {**PLAN, "word_by": str(person("chen").id), "how": "14:05 电话"}


# --- rows


def test_rows_become_steps_and_options_in_their_order(sign_in):
    number = a_ticket("awaiting_plan").number
    sign_in("zhao").does(f"/t/{number}/plan", "submit_plan", **PLAN | {
        "steps-0-owner_id": str(person("li").id), "steps-0-planned": "20:00", "steps-2-body": "验证<b>",
        "options-0-title": "清理", "options-1-title": "换机器", "options-1-effort": "十天", "chosen": "1",
    })  # fmt: skip
    plan = db.session.query(Plan).one()
    assert [(t.body, t.owner and t.owner.login, t.planned) for t in plan.tasks] == [
        ("清理缓存", "li", "20:00"), ("验证<b>", None, ""),
    ]  # fmt: skip
    assert [(o.title, o.effort, o.chosen) for o in plan.choices] == [("清理", "", False), ("换机器", "十天", True)]
    page = sign_in("chen").get(f"/approvals/{plan.id}")
    assert "验证<b>" in page.text
    assert not page.all("b", class_="")


def test_another_row_keeps_everything_and_sends_nothing(sign_in):
    number, zhao = a_ticket("awaiting_plan").number, sign_in("zhao")
    before = everything(but=(*NOT_BUSINESS, "attachment"))
    typed = {"steps-0-body": "一", "steps-1-body": "二", "steps-2-body": "三", "effect": "好", "chosen": "0",
             "options-1-title": "另一种", "files": (BytesIO(b"x"), "容量.txt")}  # fmt: skip
    answer = zhao.submit(f"/t/{number}/plan", "submit_plan", add="steps", **typed)
    assert answer.status == 200
    assert not answer.all(class_="summary"), "nobody is scolded for a form that is not sent"
    form = answer.form("submit_plan")
    assert {name: form.values[name][0] for name in typed if name not in ("files",)} == {
        name: value for name, value in typed.items() if name != "files"
    }
    assert form.values["steps-3-body"] == [""]
    assert "autofocus" in answer.one(id="steps-3-body").attributes
    assert len(form.values["kept"]) == 1
    assert difference(before, everything(but=(*NOT_BUSINESS, "attachment"))) == {}
    zhao.press(form, risk="normal", **{"steps-3-body": "四"})
    plan = db.session.query(Plan).one()
    assert [task.body for task in plan.tasks] == ["一", "二", "三", "四"]
    assert [file.name for file in plan.files] == ["容量.txt"]


def test_rows_are_added_up_to_a_limit(sign_in):
    number, zhao = a_ticket("awaiting_plan").number, sign_in("zhao")
    many = {f"steps-{n}-body": "步" for n in range(40)}
    page = zhao.get(f"/t/{number}/plan")
    sent = page.form("submit_plan").values | many | {"add": "steps"}
    answer = zhao.open(f"/t/{number}/plan", method="POST", data=sent)
    assert answer.status == 200
    assert not answer.all(id="steps-40-body")
    answer = zhao.open(f"/t/{number}/plan", method="POST", data=sent | {"steps-40-body": "步", "add": "nothing"})
    assert answer.status == 422, "an unknown button is no button"


def test_a_row_that_says_when_but_not_what_is_named(sign_in):
    number = a_ticket("awaiting_plan").number
    answer = sign_in("zhao").submit(f"/t/{number}/plan", "submit_plan", **PLAN | {"steps-1-planned": "20:00"})
    assert answer.status == 422
    assert answer.one(id="steps-1-body").get("aria-invalid") == "true"
    assert answer.one(class_="summary").all("a", href="#steps-1-body")
    assert answer.form("submit_plan").values["steps-1-planned"] == ["20:00"]


def test_a_plan_without_a_step_is_refused_beside_the_rows(sign_in):
    number = a_ticket("awaiting_plan").number
    answer = sign_in("zhao").submit(f"/t/{number}/plan", "submit_plan", risk="normal")
    assert answer.status == 422
    assert answer.one("fieldset", id="steps").all("p", class_="problem")


def test_what_touches_the_customer_must_be_explained(sign_in):
    number, zhao = a_ticket("awaiting_plan").number, sign_in("zhao")
    answer = zhao.submit(f"/t/{number}/plan", "submit_plan", **PLAN, touches_customer="y")
    assert answer.status == 422
    assert answer.all(id="explanation-error")
    zhao.press(answer.form("submit_plan"), explanation="今晚会慢几分钟。")
    plan = db.session.query(Plan).one()
    assert (plan.touches_customer, plan.explanation) == (True, "今晚会慢几分钟。")


def test_a_template_makes_up_the_round(sign_in):
    template = approval_templates.keep_approval_template(
        None, actor=person("chen"), name="双人会签", risk="normal", rule="all",
        seats=[("supervisor", None, None), ("", None, person("wu"))],
    )  # fmt: skip
    number = a_ticket("awaiting_plan").number
    sign_in("zhao").does(f"/t/{number}/plan", "submit_plan", **PLAN, template=str(template.id))
    plan = db.session.query(Plan).one()
    assert (plan.template_id, plan.rule, {seat.slot for seat in plan.approvals}) == (template.id, "all", {1, 2})


# --- revisions


def test_a_revision_begins_with_the_words_and_files_before_and_blocks(sign_in):
    zhao, chen = sign_in("zhao"), sign_in("chen")
    number = a_ticket("awaiting_plan").number
    zhao.does(f"/t/{number}/plan", "submit_plan", **PLAN, files=(BytesIO(b"x"), "容量.txt"), effect="好")
    first = db.session.query(Plan).one().id
    chen.does(f"/approvals/{first}", "approve")
    assert state_of(number) == "awaiting_fix"
    page = zhao.get(f"/approvals/{first}/revision")
    form = page.form("revise_plan")
    assert form.values["steps-0-body"] == ["清理缓存"]
    assert form.values["effect"] == ["好"]
    assert len(form.values["kept"]) == 1
    assert page.all(class_="alert warn"), "it says that a new round begins"
    zhao.press(form, effect="更好", **{"steps-1-body": "验证"})
    assert state_of(number) == "awaiting_approval"
    one, two = db.session.query(Plan).order_by(Plan.revision)
    assert (one.outcome, [task.body for task in two.tasks]) == ("superseded", ["清理缓存", "验证"])
    assert [file.name for file in two.files] == ["容量.txt"]
    shown = chen.get(f"/approvals/{two.id}")
    assert [e.text for e in shown.all("ins")] == ["验证", "更"]
    assert not zhao.get(f"/t/{number}").all("a", href=f"/t/{number}/work"), "nothing may be carried out"


def test_a_form_that_is_sent_again_keeps_none_of_its_files_again(sign_in):
    zhao, number = sign_in("zhao"), a_ticket("awaiting_plan").number
    form = zhao.get(f"/t/{number}/plan").form("submit_plan")
    led = [zhao.press(form, **PLAN, files=(BytesIO(b"x"), "容量.txt")).response.location for _press in range(2)]
    assert led == [f"/t/{number}"] * 2
    assert db.session.query(Attachment).count() == 1


def test_a_file_taken_away_is_shown_as_gone(sign_in):
    zhao, number = sign_in("zhao"), a_ticket("awaiting_plan").number
    zhao.does(f"/t/{number}/plan", "submit_plan", **PLAN, files=(BytesIO(b"x"), "容量.txt"))
    first = db.session.query(Plan).one().id
    zhao.press(zhao.get(f"/approvals/{first}/revision").form("revise_plan"), kept=[])
    second = newest_plan(find_ticket(number)).id
    assert "容量.txt" in sign_in("chen").get(f"/approvals/{second}").one("del").text
    assert db.session.query(Attachment).count() == 1, "what belonged to the first stays there"


def test_a_refused_revision_keeps_its_files(sign_in):
    zhao, number = sign_in("zhao"), a_ticket("awaiting_plan").number
    zhao.does(f"/t/{number}/plan", "submit_plan", **PLAN, files=(BytesIO(b"x"), "容量.txt"))
    first = db.session.query(Plan).one().id
    answer = zhao.submit(f"/approvals/{first}/revision", "revise_plan", **{"steps-0-body": ""},
                         files=(BytesIO(b"y"), "新.txt"))  # fmt: skip
    assert answer.status == 422
    assert len(answer.form("revise_plan").values["kept"]) == 2
    zhao.press(answer.form("revise_plan"), **{"steps-0-body": "清理"})
    assert sorted(file.name for file in newest_plan(find_ticket(number)).files) == ["容量.txt", "新.txt"]


def test_only_the_author_revises(sign_in):
    plan = a_plan(a_ticket("awaiting_plan")).id
    for login, status in (("li", 403), ("chen", 403), ("yang", 404)):
        assert sign_in(login).open(f"/approvals/{plan}/revision").status == status, login
    zhao = sign_in("zhao")
    lain_open = zhao.get(f"/approvals/{plan}/revision").form("revise_plan")
    zhao.press(lain_open, effect="一")
    other = sign_in("zhao")
    before = everything(but=NOT_BUSINESS)
    assert other.submit(f"/approvals/{plan}/revision", "revise_plan", effect="二").status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


# --- emergency


def test_an_emergency_is_declared_and_marked_for_ever(sign_in):
    number, zhao = _p0().number, sign_in("zhao")
    assert zhao.get(f"/t/{number}").all("a", href=f"/t/{number}/emergency")
    page = zhao.does(f"/t/{number}/emergency", "emergency", **_word())
    assert state_of(number) == "awaiting_fix"
    assert page.all(class_="pill emergency")
    assert page.one(class_="due-bar").all(data_clock="ratify")
    plan = newest_plan(find_ticket(number))
    chen = sign_in("chen")
    shown = chen.get(f"/approvals/{plan.id}")
    assert "14:05 电话" in shown.text
    assert chen.get("/approvals").one("tr", data_ticket=number).all(class_="pill emergency")
    assert sign_in("liu").get("/watch").one("tr", data_ticket=number).all(class_="pill emergency")
    chen.does(f"/approvals/{plan.id}", "ratify", comment="知悉。")
    assert state_of(number) == "awaiting_fix"
    after = zhao.get(f"/t/{number}")
    assert not after.all(class_="due-bar")
    assert after.all(class_="pill emergency"), "for ever"


def test_a_late_refusal_sends_it_back(sign_in):
    ticket = _p0()
    plan, number = an_emergency(ticket).id, ticket.number
    sign_in("chen").does(f"/approvals/{plan}", "refuse_ratify", reason="rollback")
    assert state_of(number) == "awaiting_plan"


@pytest.mark.parametrize(("missing", "field"), [("word_by", "word_by"), ("how", "how"), ("risk", "risk")])
def test_without_a_word_nothing_is_carried_out(sign_in, missing, field):
    number = _p0().number
    before = everything(but=NOT_BUSINESS)
    answer = sign_in("zhao").submit(f"/t/{number}/emergency", "emergency", **_word() | {missing: ""})
    assert answer.status == 422
    assert answer.all("a", href=f"#{field}")
    assert answer.form("emergency").values["steps-0-body"] == ["清理缓存"]
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_only_a_p0_is_an_emergency_and_only_for_its_engineer(sign_in):
    calm, number = a_ticket("awaiting_plan").number, _p0().number
    zhao = sign_in("zhao")
    assert not zhao.get(f"/t/{calm}").all("a", href=f"/t/{calm}/emergency")
    calmly = zhao.get(f"/t/{calm}/emergency")
    assert (calmly.status, calmly.forms("emergency")) == (409, []), "no form that could not be handed in"
    assert sign_in("li").open(f"/t/{number}/emergency").status == 403
    assert sign_in("yang").open(f"/t/{number}/emergency").status == 404
    lain_open = zhao.get(f"/t/{number}/emergency").form("emergency")
    a_plan(find_ticket(number))
    before = everything(but=NOT_BUSINESS)
    assert zhao.press(lain_open, **_word()).status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


@pytest.mark.parametrize(("ask", "act"), questions_of(ACTS), ids=named)
def test_route(ask, act, sign_in):
    a_standard_change()
    ask(act, sign_in)
