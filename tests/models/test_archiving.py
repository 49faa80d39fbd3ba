"""Knowledge from a record (P11.4): one step, masked, reviewed, with every revision kept."""

import pytest
from sqlalchemy import select

from models.ground.db import db
from models.ground.errors import Conflict, Invalid, Refused
from models.people.person import masked_name
from models.record.article import ArticleRevision
from models.steps import archiving
from tests.factories import a_ticket, an_answered_ticket, person


def test_one_step_from_the_record(cast):
    ticket = a_ticket("closed", service=cast.service("ERP"))
    article = archiving.draft_article(ticket, actor=cast.zhao)
    assert (article.symptom, article.cause) == (ticket.description, "报销服务缓存写满。")
    assert article.solution == "报销单已可以正常提交。\n\n清理缓存并调高上限。\n\n已加容量告警。"
    assert (article.state, article.owner.login, article.applies_to) == ("draft", "zhao", "ERP 系统")
    assert archiving.draft_article(ticket, actor=cast.wang).id == article.id, "the same ticket gives one article"


def test_people_are_masked(cast):
    """P2.9"""
    ticket = a_ticket(
        "closed", contact=cast.contact,
        description="张经理(13800005678, zhang.manager@example.com)说赵磊昨天改过。回拨 138-0000-5678",
    )  # fmt: skip
    symptom = archiving.draft_article(ticket, actor=cast.zhao).symptom
    for personal in ("张经理", "赵磊", "13800005678", "138-0000-5678", "zhang.manager"):
        assert personal not in symptom
    assert symptom == "张*(138****5678, ***@***)说赵*昨天改过。回拨 138****5678"


@pytest.mark.parametrize(
    ("name", "masked"), [("张敏", "张*"), ("欧阳修", "欧*"), ("WX_zhangmin", "WX_zhang*"), ("Al", "A*")]
)
def test_a_masked_name(name, masked):
    assert masked_name(name) == masked


def test_a_ticket_number_is_no_telephone_number(cast):
    ticket = a_ticket("closed", description="同 TS20261118001 一样的问题")
    assert "TS20261118001" in archiving.draft_article(ticket, actor=cast.zhao).symptom


def test_only_something_solved_teaches(cast):
    with pytest.raises(Conflict):
        archiving.draft_article(a_ticket("awaiting_fix"), actor=cast.zhao)
    assert archiving.draft_article(an_answered_ticket(), actor=cast.wang).solution == "按遥控器的“投屏”键。"


def test_published_after_review(cast):
    article = archiving.draft_article(a_ticket("closed"), actor=cast.zhao)
    with pytest.raises(Refused):
        archiving.publish_article(article, actor=cast.zhao)
    archiving.publish_article(article, actor=cast.qian)
    assert (article.state, str(article.review_on)) == ("published", "2027-05-17")
    archiving.count_helped(article, actor=cast.zhang)
    assert article.helped == 1


def test_every_revision_is_kept(cast):
    article = archiving.draft_article(a_ticket("closed"), actor=cast.zhao)
    first = article.title
    with pytest.raises(Invalid):
        archiving.edit_article(article, actor=cast.zhao, title="", symptom="x", solution="y")
    archiving.edit_article(article, actor=cast.qian, title="报销单转圈", symptom="x", cause="", solution="y")
    with pytest.raises(Refused):
        archiving.edit_article(article, actor=person("li"), title="z", symptom="x", solution="y")
    kept = db.session.scalars(select(ArticleRevision.title).order_by(ArticleRevision.revision)).all()
    assert kept == [first, "报销单转圈"]
