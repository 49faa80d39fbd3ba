"""Intake (P2): only the description is needed; files are never lost; the desk registers for callers; search finds."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import DomainError, Invalid, Refused, TooLarge
from models.insight import suggestion
from models.insight.dossier import events_of
from models.people.customer import Customer
from models.record import search
from models.record.attachment import MOST_FILES, attachments_of, kept
from models.record.deadline import open_deadlines
from models.record.link import living_link
from models.record.ticket import Ticket, title_of
from models.rules import registration
from models.steps import closing, comment, intake, triage
from tests.factories import MATRIX, a_ticket

FULL_WIDTH = "".join(chr(ord(letter) + 0xFEE0) for letter in "TS20261118001")  # as a Chinese keyboard types it


def test_the_description_is_enough(cast):
    ticket = intake.report_fault(actor=cast.zhang, description="  打印机卡纸。三楼东侧。 ")
    assert (ticket.number, ticket.state, ticket.severity) == ("TS20261118001", "awaiting_triage", "P3")
    assert (ticket.title, ticket.description) == ("打印机卡纸", "打印机卡纸。三楼东侧。")
    assert (ticket.channel, ticket.reporter_id, ticket.version, ticket.seq) == ("web", cast.zhang.id, 1, 1)
    assert [e.name for e in events_of(ticket)] == ["reported"]
    assert {d.kind for d in open_deadlines(ticket)} == {"triage", "respond", "resolve"}


def test_a_new_ticket_is_what_stands_in_the_database(cast):
    """It is written in plain statements, so nothing but this keeps the object and its row alike."""
    given = {"service": cast.service("ERP"), "impact": "all", "urgency": "critical", "device": "X1"}
    for ticket in (
        intake.report_fault(actor=cast.zhang, description="x", **given),
        intake.register_call(actor=cast.wang, contact=cast.contact, description="x"),
    ):
        columns = [column.name for column in Ticket.__table__.columns]
        held = {name: getattr(ticket, name) for name in columns}
        assert ticket not in db.session.dirty
        db.session.expire(ticket)
        assert {name: getattr(ticket, name) for name in columns} == held
        assert (ticket.seq, ticket.chain != "", ticket.next_due_at is not None) == (1, True, True)


def test_rights_are_those_of_the_turn(cast):
    """A report is got ready before its turn to be written; who may no longer report by then is refused."""
    report, zhang = registration.draft(description="x", reporter=cast.zhang), cast.zhang

    @command
    def leave() -> None:
        cast.zhang.active = False

    leave()
    with pytest.raises(Refused):
        intake._register(report, actor=zhang, files=None)
    assert db.session.scalar(select(Ticket.id)) is None


def test_a_report_is_of_the_moment_when_it_came(cast, time):
    report, came = registration.draft(description="x", reporter=cast.zhang), clock.now()
    time(timedelta(days=1))
    ticket = intake._register(report, actor=cast.zhang, files=None)
    assert (ticket.number, ticket.created_at, ticket.reported_at) == ("TS20261118001", came, came)
    assert {deadline.started_at for deadline in open_deadlines(ticket)} == {came}


@pytest.mark.parametrize("nothing", ["", "   ", "\n"])
def test_without_a_description_nothing_is_reported(cast, nothing):
    with pytest.raises(Invalid) as refusal:
        intake.report_fault(actor=cast.zhang, description=nothing)
    assert refusal.value.field == "description"
    assert db.session.scalar(select(Ticket.id)) is None


@pytest.mark.parametrize("severity", MATRIX)
def test_impact_and_urgency_suggest_the_severity(cast, severity):
    impact, urgency = MATRIX[severity]
    assert intake.report_fault(actor=cast.zhang, description="x", impact=impact, urgency=urgency).severity == severity


def test_another_level_than_suggested_needs_a_reason(cast):
    """P3.3"""
    ticket = a_ticket(severity="P2")
    given = {"actor": cast.wang, "severity": "P1", "category": "function", "team": cast.team("dev")}
    with pytest.raises(Invalid) as refusal:
        triage.triage_ticket(ticket, **given)
    assert refusal.value.field == "reason"
    triage.triage_ticket(ticket, reason="影响报销截止日", **given)
    assert ticket.severity == "P1"


def test_a_call_is_registered_for_the_caller(cast):
    """P2.1, P2.6, P2.7"""
    ticket = intake.register_call(
        actor=cast.wang, contact=cast.contact, description="登录超时", reported_at=clock.now() - timedelta(minutes=3)
    )
    assert (ticket.channel, ticket.registrar_id, ticket.reporter_id) == ("telephone", cast.wang.id, None)
    assert ticket.caller.name == "张经理"
    assert living_link(ticket) is not None


def test_an_unknown_caller_becomes_a_contact(cast):
    ticket = intake.register_call(
        actor=cast.wang,
        description="x",
        new_customer="新客户",
        new_contact="李总",
        phone="13900001111",
        email="li@example.org",
    )
    assert (ticket.contact.name, ticket.customer.name) == ("李总", "新客户")
    again = intake.register_call(actor=cast.wang, description="y", new_customer="新客户", new_contact="王总")
    assert again.customer_id == ticket.customer_id
    assert len(db.session.scalars(select(Customer).where(Customer.name == "新客户")).all()) == 1
    with pytest.raises(Invalid):
        intake.register_call(actor=cast.wang, description="x")


def test_a_report_from_the_future_is_one_from_now(cast):
    ticket = intake.register_call(
        actor=cast.wang, reporter=cast.zhang, description="x", reported_at=clock.now() + timedelta(hours=1)
    )
    assert ticket.reported_at == ticket.created_at


def test_files_come_along_and_are_not_lost(cast):
    """P2.3: kept before the form is judged."""
    file = intake.keep_file(actor=cast.zhang, name="../../截图\x00 1.png", content=b"\x89PNG\r\n\x1a\n")
    assert (file.name, file.ticket_id, file.path.read_bytes()) == ("截图 1.png", None, b"\x89PNG\r\n\x1a\n")
    with pytest.raises(Invalid):
        intake.report_fault(actor=cast.zhang, description="", files=[file.key])
    assert [f.key for f in kept([file.key], person_id=cast.zhang.id)] == [file.key]
    ticket = intake.report_fault(actor=cast.zhang, description="x", files=[file.key])
    assert [f.key for f in attachments_of(ticket.id)] == [file.key]


def test_other_peoples_files_cannot_be_taken(cast):
    file = intake.keep_file(actor=cast.zhang, name="a.txt", content=b"x")
    with pytest.raises(Invalid, match="no longer here"):
        intake.report_fault(actor=cast.feng, description="x", files=[file.key])
    assert [f.key for f in kept([file.key], person_id=cast.zhang.id)] == [file.key]


def test_no_file_is_left_behind_without_a_word(cast):
    """One that was swept away meanwhile, or one too many: the form says so, and keeps the others."""
    keys = [intake.keep_file(actor=cast.zhang, name=f"{n}.txt", content=b"x").key for n in range(MOST_FILES + 1)]
    with pytest.raises(Invalid, match="At most"):
        intake.report_fault(actor=cast.zhang, description="x", files=keys)
    with pytest.raises(Invalid, match="no longer here"):
        intake.report_fault(actor=cast.zhang, description="x", files=[*keys[:2], "swept"])
    ticket = intake.report_fault(actor=cast.zhang, description="x", files=keys[1:])
    assert len(attachments_of(ticket.id)) == MOST_FILES


def test_a_file_that_is_too_large(cast):
    with pytest.raises(TooLarge):
        intake.keep_file(actor=cast.zhang, name="a", content=b"x" * (intake.LARGEST_FILE + 1))


def test_information_ends_the_waiting(cast):
    """P2.8"""
    ticket = a_ticket("awaiting_engineer")
    triage.ask_reporter(ticket, actor=cast.zhao, question="工号?")
    assert ticket.waiting_on == "reporter"
    comment.add_note(ticket, actor=cast.wang, text="x")
    assert ticket.waiting_on == "reporter"
    intake.supply_information(ticket, actor=cast.zhang, text="10086")
    assert ticket.waiting_on == ""


@pytest.mark.parametrize("severity", ["P0", "P1"])
def test_only_small_faults_are_answered_at_once(cast, severity):
    """P3.9"""
    ticket = a_ticket(severity=severity)
    with pytest.raises(DomainError):
        triage.answer_ticket(ticket, actor=cast.wang, result="x")


def test_who_is_suggested(cast):
    """P3.5: senior for P0 and P1, junior for the others, of the team, the least loaded."""
    dev, ops = cast.team("dev").id, cast.team("ops").id
    assert suggestion.suggest_assignee(dev, "P0").login == "zhao"
    assert suggestion.suggest_assignee(ops, "P2").login == "li"
    assert suggestion.suggest_assignee(ops, "P1").login == "zhao", "the team has no senior"
    assert suggestion.suggest_team(a_ticket(service=cast.service("ERP"))).code == "dev"


def test_what_is_missing_blocks_closing(cast):
    """P11.1"""
    ticket = a_ticket("awaiting_review")
    assert closing.missing_pieces(ticket) == []
    bare = a_ticket("awaiting_plan")
    assert closing.missing_pieces(bare) == ["result", "confirmation"]


@pytest.mark.parametrize(
    "query",
    [
        "TS20261118001",
        "ts20261118001",
        "001",
        "#001",
        FULL_WIDTH,
        FULL_WIDTH[-3:],
        "报销",
        "ERP",
        "erp",
        "缓存",
        "提交后",
    ],
)
def test_search_finds_it(cast, query):
    """P2.5, P6.3: by number, its tail, full-width digits, Chinese words and Latin ones."""
    a_ticket("awaiting_customer")
    a_ticket(description="完全无关的打印机问题")
    assert db.session.scalars(select(Ticket.number).where(search.matches(query))).all() == ["TS20261118001"]


@pytest.mark.parametrize("query", ["", "  ", "!!!", "没有这个词", '" OR 1', "a & b | !", "TS99999999999"])
def test_search_finds_nothing_and_does_not_break(cast, query):
    a_ticket()
    condition = search.matches(query)
    assert condition is None or db.session.scalars(select(Ticket.number).where(condition)).all() == []


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("打不开。谢谢", "打不开"),
        ("Help! Now", "Help"),
        ("一行\n二行", "一行"),
        ("长" * 100, "长" * 79 + "…"),
        ("。。", "。。"),
    ],
)
def test_a_title_is_the_first_sentence(text, title):
    assert title_of(text) == title


def test_only_the_desk_registers(cast):
    with pytest.raises(Refused):
        intake.register_call(actor=cast.zhang, reporter=cast.feng, description="x")
