"""Diagnosis over HTTP (P6)."""

import io

import pytest

from models.ground.db import db
from models.record.attachment import Attachment
from models.record.entry import Entry
from tests.blueprints.five import Act, named, questions_of
from tests.factories import a_ticket

ACTS = (
    Act("take", "/t/{n}", "awaiting_engineer", "zhao", "li", "awaiting_plan"),
    Act("step", "/t/{n}/steps", "awaiting_plan", "zhao", "chen", "awaiting_plan",
        {"done": "看日志。", "seen": "504。"}, {"done": "", "seen": "504。"}),
    Act("diagnose", "/t/{n}/diagnosis", "awaiting_plan", "zhao", "li", "awaiting_plan",
        {"root_cause": "缓存写满。", "cause": "capacity"}, {"root_cause": " ", "scope": "财务部"}),
)  # fmt: skip


@pytest.mark.parametrize(("ask", "act"), questions_of(ACTS), ids=named)
def test_route(ask, act, sign_in):
    ask(act, sign_in)


def test_evidence_survives_a_bad_form_and_stays_internal(sign_in):
    number = a_ticket("awaiting_plan").number
    zhao = sign_in("zhao")
    page = zhao.submit(f"/t/{number}/steps", "step", done="", files=(io.BytesIO(b"log"), "erp.log"))
    assert page.status == 422
    answer = zhao.press(page.form("step"), done="看日志。")
    assert answer.status == 303
    kept = db.session.query(Attachment).one()
    assert (kept.name, kept.public) == ("erp.log", False)
    assert "erp.log" not in sign_in("zhang").get(f"/t/{number}").text


def test_a_step_is_not_shown_to_the_reporter(sign_in):
    number = a_ticket("awaiting_plan").number
    sign_in("zhao").does(f"/t/{number}/steps", "step", done="看日志。", seen="504。")
    assert db.session.query(Entry).filter_by(kind="step", public=False).count() == 1
    assert "看日志" in sign_in("he").get(f"/t/{number}").text
    assert "看日志" not in sign_in("zhang").get(f"/t/{number}").text
