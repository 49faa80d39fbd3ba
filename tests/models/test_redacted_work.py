"""A secret in the implementation record can be taken out: gone everywhere, the chain stays sound (P8.1, P11.7)."""

import json

import pytest

from models.ground.db import db
from models.ground.errors import Conflict, Invalid, Refused
from models.insight.dossier import dossier, events_of
from models.record.archive import ArchiveRecord
from models.record.entry import Entry
from models.record.plan import Plan, WorkStep
from models.rules import journal
from models.steps import comment, intake, repair
from tests.factories import a_ticket, archive, further, next_task
from tests.models.test_approval_refusals import refuses

SECRET = "hunter2-root"


@pytest.fixture
def step(cast):
    """Of zhao's, with a password in its result and its evidence, and a file."""
    ticket = a_ticket("awaiting_fix")
    kept = intake.keep_file(actor=cast.zhao, name=f"{SECRET}.log", content=b"x")
    return repair.log_work(
        ticket, actor=cast.zhao, task=next_task(ticket), body="清理缓存", result=f"密码 {SECRET}",
        after=f"root/{SECRET}", files=[kept.key],
    )  # fmt: skip


def everything_about(ticket) -> str:
    frozen = db.session.get(ArchiveRecord, ticket.id)
    return json.dumps([dossier(ticket), frozen.content if frozen else None], ensure_ascii=False)


def ticket_of(step):
    return db.session.get(Plan, step.plan_id).ticket


def test_the_text_is_gone_everywhere_and_the_fact_stays(cast, step):
    ticket, file = ticket_of(step), step.files[0]
    comment.redact_work(step, actor=cast.chen, reason="含口令")
    assert (step.redacted_by_id, step.redaction_reason, step.outcome) == (cast.chen.id, "含口令", "done")
    assert SECRET not in everything_about(ticket)
    assert not file.path.exists()
    assert (step.deviation, step.before) == ("", ""), "what was empty stays so"
    assert journal.verify(ticket, events_of(ticket)) is None
    assert events_of(ticket)[-1].details == {"work": step.id, "reason": "含口令", "was": "awaiting_fix"}


def test_an_archived_record_is_redacted_with_it(cast, step):
    ticket = ticket_of(step)
    while ticket.state != "closed":
        further(ticket, ticket.state)
    archive(ticket)
    assert SECRET in everything_about(ticket)
    comment.redact_work(db.session.get(WorkStep, step.id), actor=cast.chen, reason="含口令")
    db.session.expire_all()
    assert SECRET not in everything_about(ticket)
    frozen = db.session.get(ArchiveRecord, ticket.id)
    assert frozen.is_sound
    assert frozen.digest in json.dumps(events_of(ticket)[-1].details)
    assert journal.verify(ticket, events_of(ticket)) is None


def test_what_was_rolled_back_stands_twice_and_goes_twice(cast):
    ticket = a_ticket("awaiting_fix")
    repair.roll_back(ticket, actor=cast.zhao, reason=f"口令 {SECRET} 失效")
    undone = db.session.query(WorkStep).filter_by(ticket_id=ticket.id).one()
    comment.redact_work(undone, actor=cast.chen, reason="含口令")
    assert SECRET not in everything_about(ticket)
    assert db.session.query(Entry).filter_by(ticket_id=ticket.id, kind="reason").one().redacted_at


def test_who_may_and_how_often(cast, step):
    for who in (cast.zhao, cast.wang, cast.liu):
        refuses(Refused, lambda w=who: comment.redact_work(step, actor=w, reason="含口令"))
    refuses(Invalid, lambda: comment.redact_work(step, actor=cast.chen, reason=" "))
    comment.redact_work(step, actor=cast.chen, reason="含口令")
    refuses(Conflict, lambda: comment.redact_work(step, actor=cast.chen, reason="含口令"))
