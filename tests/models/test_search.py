"""Search that finds (P2.5, P6.6): a labelled set of questions, the same answers in both databases, and no leak."""

import pytest

from models.ground.db import db
from models.insight import finds
from models.record import search
from models.steps import comment, diagnosis, intake, triage
from tests.factories import a_ticket

REPORTS = {
    "erp": "ERP 报销单点提交后一直转圈。",
    "print": "三楼打印机卡纸。今天第二次了",
    "login": "统一门户登录失败,提示错误 0x80070005。",
    "mail": "Outlook cannot send messages. Error 10061 since the update",
    "vpn": "VPN 拨入以后,内网的共享盘打不开。",
    "slow": "库存查询很慢。一次要两分钟",
    "wide": "FTP上传失败。",
}
ASKED = [
    ("报销", "erp"), ("转圈", "erp"), ("提交后", "erp"), ("ERP", "erp"), ("erp", "erp"), ("ERP 转圈", "erp"),
    ("转圈 报销单", "erp"), ("打印", "print"), ("卡纸", "print"), ("三楼 打印机", "print"), ("第二次", "print"),
    ("登录", "login"), ("登录失败", "login"), ("0x80070005", "login"), ("0X80070005", "login"), ("门户", "login"),
    ("outlook", "mail"), ("OUTLOOK send", "mail"), ("10061", "mail"), ("messag", "mail"), ("vpn", "vpn"),
    ("内网 vpn", "vpn"), ("共享盘", "vpn"), ("库存", "slow"), ("慢", "slow"), ("卡", "print"), ("ftp", "wide"),
    ("ftp 上传", "wide"), ("查询很慢", "slow"),
]  # fmt: skip


@pytest.fixture
def reported(cast) -> dict[str, str]:
    return {key: intake.report_fault(actor=cast.zhang, description=text).number for key, text in REPORTS.items()}


def numbers(actor, q: str) -> list[str]:
    return [ticket.number for ticket in finds.found(actor, q, of=[]).tickets]


def test_the_labelled_set_is_found(cast, reported):
    wrong = {q: numbers(cast.wang, q) for q, key in ASKED if numbers(cast.wang, q) != [reported[key]]}
    assert wrong == {}


@pytest.mark.parametrize("q", ["登出", "失败登录", "报销 打印机", "erp 99", "ra", "%", "*", '"', "NOT", "title:erp"])
def test_what_is_not_there_is_not_found(cast, reported, q):
    assert numbers(cast.wang, q) == []


@pytest.mark.parametrize("spelled", [
    "{0}", "ts{1}", "TS-20261118-003", "ts 20261118 003", "{1}", "#003", "003", "#{0}", "1118003", "TS003",
])  # fmt: skip
def test_numbers_in_any_spelling(cast, reported, spelled):
    """Full-width digits too: people type numbers as their input method gives them."""
    number = reported["login"]
    q = spelled.format(number, number.removeprefix("TS"))
    wide = "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() else letter for letter in q)
    assert numbers(cast.wang, q)[:1] == numbers(cast.wang, wide)[:1] == [number]


def test_words_may_stand_in_several_texts(cast, reported):
    """A word of the report and one of a note together find the ticket; each text counts as soon as it is written."""
    ticket = a_ticket("awaiting_plan", description="扫描仪没有反应。")
    diagnosis.log_step(ticket, actor=cast.zhao, done="换了一根数据线", seen="指示灯亮了")
    comment.add_note(ticket, actor=cast.wang, text="供应商说要换固件")
    for q in ("扫描仪 数据线", "指示灯", "固件 扫描仪"):
        assert numbers(cast.wang, q) == [ticket.number], q


def test_internal_texts_are_found_only_by_those_who_may_read_them(cast):
    """Not even that they are there: the reporter's own ticket is not found by what colleagues wrote about it."""
    ticket = a_ticket("awaiting_plan", severity="P1")
    comment.add_note(ticket, actor=cast.wang, text="疑似员工误操作 naming")
    diagnosis.log_step(ticket, actor=cast.zhao, done="核对审计日志")
    triage.ask_reporter(ticket, actor=cast.zhao, question="浏览器是哪一个?")
    for q in ("误操作", "naming", "审计日志"):
        assert numbers(cast.wang, q) == [ticket.number], q
        assert numbers(cast.zhang, q) == [], q
    assert numbers(cast.zhang, "浏览器") == [ticket.number], "what they were asked they find"
    assert numbers(cast.yang, "报销") == [], "somebody else's ticket is not there at all"
    page = finds.found(cast.zhang, "报销", of=[])
    assert [hit.place for hit in finds.hits(cast.zhang, page, "报销 误操作")] == [""], "nor is it shown beside it"


def test_security_tickets_are_found_by_few(cast):
    ticket = a_ticket("awaiting_plan", category="security")
    assert numbers(cast.li, "报销") == [] == numbers(cast.li, ticket.number)
    assert numbers(cast.chen, "报销") == [ticket.number]


def test_the_number_comes_first_then_the_title_then_the_rest(cast, reported):
    said = a_ticket("awaiting_plan", description="扫描仪坏了。")
    comment.add_note(said, actor=cast.wang, text="和打印机 003 一起换")
    newer = intake.report_fault(actor=cast.feng, description="打印机没墨了。")
    assert numbers(cast.wang, "打印机") == [newer.number, reported["print"], said.number]
    assert numbers(cast.wang, "003") == [reported["login"], said.number]


def test_people_are_found_by_those_who_work_with_them(cast, reported):
    ticket = a_ticket("awaiting_plan", reporter=cast.feng, description="键盘失灵。")
    assert numbers(cast.wang, cast.feng.name) == [ticket.number] == numbers(cast.wang, "feng")
    assert numbers(cast.zhang, cast.feng.name) == []


def test_a_redacted_text_is_found_no_more(cast):
    ticket = a_ticket("awaiting_plan")
    entry = comment.add_note(ticket, actor=cast.wang, text="口令是 hunter2secret")
    assert numbers(cast.wang, "hunter2secret") == [ticket.number]
    comment.redact_entry(entry, actor=cast.chen, reason="口令")
    assert numbers(cast.wang, "hunter2secret") == []
    assert numbers(cast.wang, "报销") == [ticket.number], "the rest still is"


def test_pages_follow_each_other_through_all_tiers(cast, reported, monkeypatch):
    ours = [intake.report_fault(actor=cast.feng, description=f"报销第 {n} 次。").number for n in range(3)]
    noted = a_ticket("awaiting_plan", description="没有别的。")
    comment.add_note(noted, actor=cast.wang, text="也是报销")
    expected, found, after = [*reversed(ours), reported["erp"], noted.number], [], ""
    for _ in range(5):
        page = finds.found(cast.wang, "报销", of=[], after=after, most=1)
        found += [ticket.number for ticket in page.tickets]
        after = page.next
    assert (found, after) == (expected, "")


def test_one_row_a_ticket_however_much_is_said(cast):
    ticket = a_ticket("awaiting_plan")
    for _ in range(3):
        comment.add_note(ticket, actor=cast.wang, text="又看了一次")
    assert db.session.execute(db.text("SELECT count(*) FROM search_text")).scalar_one() == 1
    assert search.alike("又看了一次")[:1] == [ticket.id]


def test_a_text_is_compared_with_the_newest_tickets_only(cast, monkeypatch):
    """With a hundred thousand, words that all have took a third of a second to weigh."""
    old, *newer = [a_ticket(description="门禁刷卡没有反应，红灯一直亮。") for _ in range(3)]
    assert {one.id for one in (old, *newer)} <= set(search.alike(old.description))
    monkeypatch.setattr(search, "NEWEST", len(newer))
    assert set(search.alike(old.description)) == {one.id for one in newer}
