"""Known solutions stand beside the log, and using one is recorded (P6.3)."""

import pytest

from models.ground.db import db
from models.insight.dossier import events_of
from models.record.ticket import find_ticket
from models.steps import archiving
from tests.factories import a_ticket, person


@pytest.fixture
def article(app):
    draft = archiving.draft_article(a_ticket("closed"), actor=person("zhao"))
    return archiving.publish_article(draft, actor=person("qian"))


@pytest.mark.parametrize("page", ["similar", "steps"])
def test_what_resembles_the_ticket_stands_there(english, article, page):
    ticket = a_ticket("awaiting_plan")
    assert english("zhao").get(f"/t/{ticket.number}/{page}").all("a", href=f"/kb/{article.slug}")


def test_using_an_article_is_recorded_and_counted(english, article):
    number = a_ticket("awaiting_plan").number
    english("zhao").does(f"/t/{number}/similar", "reuse")
    db.session.expire_all()
    assert [e.details["article"] for e in events_of(find_ticket(number)) if e.name == "solution_reused"] == [article.id]
    assert article.helped == 1


def test_nothing_similar_says_so(english):
    ticket = a_ticket("awaiting_plan", description="三楼打印机卡纸")
    assert "Nothing like it is known" in english("zhao").get(f"/t/{ticket.number}/similar").text


def test_only_whoever_works_on_it_records_it(english, article):
    number = a_ticket("awaiting_plan").number
    assert english("he").open(f"/t/{number}/similar").status == 403
    assert english("yang").open(f"/t/{number}/similar").status == 404
