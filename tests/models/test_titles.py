"""A title put right: found by the new one, the old one kept for colleagues, and gone where it must not stand."""

import pytest
from sqlalchemy import select

from models.ground.db import db
from models.ground.errors import Invalid
from models.insight.customer_view import customer_view
from models.insight.dossier import events_of
from models.insight.story import story
from models.record import search
from models.record.entry import Entry
from models.record.message import Message
from models.record.ticket import Ticket
from models.rules import journal
from models.steps import comment, titles
from tests.factories import a_ticket

WAS, NEW = "打印机hunter2卡纸", "支付网关超时"
CUSTOMER, TITLE = search.PUBLIC, search.TITLE


@pytest.fixture
def ticket(cast) -> Ticket:
    return a_ticket("awaiting_plan", description=f"{WAS}。下午又来一次", contact=cast.contact)


def finds(words: str, places=search.EVERYWHERE) -> bool:
    return bool(db.session.scalars(select(Ticket.id).where(search.holding(words, places))).all())


def test_it_is_found_by_the_new_title_and_by_the_old_one_only_for_colleagues(cast, ticket):
    comment.redact_description(ticket, actor=cast.chen, replacement="无", reason="试")  # only the title says it now
    titles.retitle_ticket(ticket, actor=cast.wang, title="支付网关超时")
    titles.retitle_ticket(ticket, actor=cast.zhao, title="报销单打不开")
    assert (finds("报销单", TITLE), finds("报销单", CUSTOMER)) == (True, True)
    assert (finds("支付网关", CUSTOMER), finds("支付网关")) == (False, True)
    assert finds(ticket.number, TITLE), "its number stays a word of it"


def test_the_record_holds_the_old_words_as_a_text_and_the_event_their_digests(cast, ticket):
    version, told = ticket.version, len(db.session.scalars(select(Message)).all())
    titles.retitle_ticket(ticket, actor=cast.wang, title=f"  {NEW}\n又超时 ")
    events = events_of(ticket)
    assert (ticket.title, ticket.version) == (f"{NEW} 又超时", version + 1)
    assert events[-1].details == {
        "was": "awaiting_plan", "digest": journal.digest_of(f"{NEW} 又超时"), "digest_before": journal.digest_of(WAS),
    }  # fmt: skip
    assert journal.verify(ticket, events) is None
    moment = story(ticket, internal=True)[0]
    assert (moment.name, moment.text, moment.audience) == ("retitled", WAS, "internal")
    assert WAS not in [shown.text for shown in story(ticket, internal=False)]
    assert customer_view(ticket)["title"] == f"{NEW} 又超时"
    assert len(db.session.scalars(select(Message)).all()) == told, "nobody is called for a word"


def test_a_secret_in_the_report_is_gone_from_former_titles_too(cast, ticket):
    titles.retitle_ticket(ticket, actor=cast.wang, title=NEW)
    comment.redact_description(ticket, actor=cast.chen, replacement="打印机卡纸。", reason="口令")
    (kept,) = db.session.scalars(select(Entry).where(Entry.ticket_id == ticket.id, Entry.kind == "title"))
    assert (kept.body, kept.redacted_by_id) == (comment.REDACTED, cast.chen.id)
    assert not finds("hunter2")


def test_a_former_title_is_redacted_like_any_text_and_the_present_one_stays(cast, ticket):
    titles.retitle_ticket(ticket, actor=cast.wang, title=NEW)
    kept = db.session.scalars(select(Entry).where(Entry.ticket_id == ticket.id, Entry.kind == "title")).one()
    comment.redact_entry(kept, actor=cast.chen, reason="口令")
    assert (kept.body, ticket.title) == (comment.REDACTED, NEW)
    assert finds("支付网关", TITLE)


@pytest.mark.parametrize("title", ["", " \n ", "长" * 81, WAS, f" {WAS} "])
def test_what_is_no_other_title_is_refused(cast, ticket, title):
    with pytest.raises(Invalid):
        titles.retitle_ticket(ticket, actor=cast.wang, title=title)
    assert (ticket.title, events_of(ticket)[-1].name) == (WAS, "taken")
