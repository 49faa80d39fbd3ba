"""While somebody types: what it may already be (P2.4)."""

import pytest

from models.record import search
from models.steps import archiving
from tests.factories import a_ticket, person

SAME_WORDS = "ERP 系统的报销单又提交不了"


@pytest.mark.parametrize("words", ["", "ERP", "登录", "zzzzzzzzzzzz"])
def test_too_little_or_unknown_suggests_nothing(english, words):
    a_ticket("awaiting_plan")
    assert not english("zhang").get(f"/report/suggest?description={words}").all("a", href="/t/")


def test_ones_own_open_report_is_suggested_and_not_to_others(english):
    ticket = a_ticket("awaiting_plan")
    asked = f"/report/suggest?description={ticket.description}"
    assert english("zhang").get(asked).all("a", href=f"/t/{ticket.number}")
    assert ticket.number not in english("feng").get(asked).text


def test_a_severe_incident_is_known_to_everybody_without_its_number(english):
    ticket = a_ticket("awaiting_plan", severity="P1")
    page = english("yang").get(f"/report/suggest?description={ticket.description}")
    assert ticket.title in page.text
    assert not page.all("a", href=f"/t/{ticket.number}")


def test_a_published_article_is_suggested(english):
    ticket = a_ticket("closed")
    article = archiving.publish_article(archiving.draft_article(ticket, actor=person("zhao")), actor=person("qian"))
    page = english("feng").get(f"/report/suggest?description={ticket.description}")
    assert page.all("a", href=f"/kb/{article.slug}")


def test_the_likeliest_comes_first(app):
    near, far = a_ticket("awaiting_triage"), a_ticket("awaiting_triage", description="三楼打印机卡纸")
    assert search.alike(near.description)[0] == near.id
    assert far.id not in search.alike("登录失败")
