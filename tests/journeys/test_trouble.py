"""Bad input and trouble, from the first day: what people see, and that nothing is lost, doubled or half done."""

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest
from sqlalchemy import func, select

from models.clockwork import escalation as clockwork
from models.ground.db import WRITE, db
from models.record.attachment import Attachment, attachments_of
from models.record.entry import Entry
from models.record.event import Event
from models.record.ticket import Ticket, find_ticket
from models.steps import intake, triage
from tests.browsing import Browser
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_ticket
from tests.models.test_deadlines import at

TEXT = "ERP 点提交后一直转圈,已经试过换浏览器。"


def count(table) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table))


def test_a_bad_form_keeps_text_and_files(cast, sign_in):
    """422; sent again it is accepted, with the file that was sent the first time."""
    zhang = sign_in("zhang")
    answer = zhang.submit(
        "/report", "report", description="", device="ThinkPad X1", files=(io.BytesIO(b"\x89PNG\r\n\x1a\nx"), "截图.png")
    )
    assert answer.status == 422
    assert answer.one(role="alert")
    kept = answer.form("report")
    assert kept.values["device"] == ["ThinkPad X1"]
    assert "截图.png" in answer.text
    assert count(Ticket) == 0

    assert zhang.press(kept, description=TEXT).status == 303
    ticket = db.session.scalars(select(Ticket)).one()
    assert (ticket.description, ticket.device) == (TEXT, "ThinkPad X1")
    assert [file.name for file in attachments_of(ticket.id)] == ["截图.png"]


def test_a_form_sent_twice_acts_once(cast, sign_in):
    zhang = sign_in("zhang")
    form = zhang.get("/report").form("report")
    first, second = (zhang.press(form, description=TEXT) for _ in range(2))
    assert (first.status, second.status) == (303, 303)
    assert first.response.location == second.response.location
    assert count(Ticket) == 1


def test_a_double_click_acts_once(app, cast, sign_in):
    """Two requests at the same moment, with real threads."""
    zhang = sign_in("zhang")
    form = zhang.get("/report").form("report")
    cookies = {cookie.key: cookie.value for cookie in zhang.client._cookies.values()}
    together = Barrier(2)

    def press(_: int) -> tuple[int, str]:
        again = Browser(app)
        for key, value in cookies.items():
            again.client.set_cookie(key, value)
        together.wait()
        answer = again.press(form, description=TEXT)
        return answer.status, answer.response.location

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(press, range(2)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 303
    assert count(Ticket) == 1


def test_the_same_token_with_other_words_is_a_conflict(cast, sign_in):
    zhang = sign_in("zhang")
    form = zhang.get("/report").form("report")
    assert zhang.press(form, description=TEXT).status == 303
    assert zhang.press(form, description="etwas anderes").status == 409
    assert count(Ticket) == 1


def test_a_stale_form_is_a_conflict_with_both_versions(cast, sign_in):
    ticket = a_ticket("awaiting_plan")
    zhao = sign_in("zhao")
    url = f"/t/{ticket.number}/diagnosis"
    mine = zhao.get(url).form("diagnose")
    sign_in("zhao").does(url, "diagnose", root_cause="别人写的根因。", cause="code")
    before = everything(but=NOT_BUSINESS)
    answer = zhao.press(mine, root_cause="我写的根因。", cause="network")
    assert answer.status == 409
    assert answer.form("diagnose").values["root_cause"] == ["我写的根因。"]
    assert "别人写的根因。" in answer.text
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    assert zhao.press(answer.form("diagnose"), root_cause="两个都对。", cause="code").status == 303


def test_a_note_makes_no_open_form_stale(cast, sign_in):
    """Only what edits moves the version: what is only appended disturbs nobody who is writing."""
    ticket = a_ticket("awaiting_plan")
    zhao = sign_in("zhao")
    form = zhao.get(f"/t/{ticket.number}/diagnosis").form("diagnose")
    sign_in("wang").does(f"/t/{ticket.number}/note", "note", text="补充一句。")
    assert zhao.press(form, root_cause="缓存写满。", cause="capacity").status == 303


def test_the_wrong_state(cast, sign_in):
    ticket = a_ticket()
    wang = sign_in("wang")
    form = wang.get(f"/t/{ticket.number}/triage").form("triage")
    triage.cancel_ticket(ticket, actor=cast.chen, reason="误报")
    before = everything(but=NOT_BUSINESS)
    answer = wang.press(form, severity="P2", category="function", team=str(cast.team("dev").id))
    assert answer.status == 409
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_wrong_role_and_stranger(cast, sign_in, browser):
    ticket = a_ticket("awaiting_review")
    assert sign_in("zhao").open(f"/t/{ticket.number}/review").status == 403
    assert sign_in("yang").open(f"/t/{ticket.number}").status == 404
    assert sign_in("yang").open("/t/TS20261118999").status == 404, "and no hint which of the two it is"
    away = browser.open(f"/t/{ticket.number}")
    assert (away.status, away.response.location.startswith("/login")) == (303, True)


def test_back_to_where_one_wanted_to_go(cast, browser):
    ticket = a_ticket("awaiting_plan")
    page = browser.get(f"/t/{ticket.number}")
    assert page.status == 200
    form = page.form("sign_in")
    answer = browser.press(form, login="zhao", password="demo")
    assert answer.response.location == f"/t/{ticket.number}"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/t/x"])
def test_next_leads_nowhere_else(cast, browser, target):
    answer = browser.submit("/login", "sign_in", login="zhang", password="demo", next=target)
    assert answer.response.location in ("/", "/my")


def test_a_file_that_is_too_large(cast, sign_in):
    zhang = sign_in("zhang")
    answer = zhang.submit(
        "/report", "report", description=TEXT, files=(io.BytesIO(b"x" * (21 * 1024 * 1024)), "recording.mp4")
    )
    assert answer.status == 413
    assert count(Ticket) == 0
    assert count(Attachment) == 0


def test_a_request_that_is_too_large(cast, sign_in):
    zhang = sign_in("zhang")
    form = zhang.get("/report").form("report")
    assert zhang.press(form, description="x" * (2 * 1024 * 1024)).status == 413
    for letters in (20_001, 900 * 1024):
        assert zhang.press(form, description="x" * letters).status == 422, "what can be read is answered in words"


@contextmanager
def somebody_writes():
    """The database is held by a transaction that does not end."""
    with db.engine.connect().execution_options(**WRITE) as connection:
        if db.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("SELECT 1")  # BEGIN IMMEDIATE is what opens it
        else:
            connection.exec_driver_sql("LOCK TABLE ticket, number_counter IN SHARE ROW EXCLUSIVE MODE")
        yield
        connection.rollback()


def test_a_busy_database_loses_no_text(cast, sign_in):
    """503 with the text kept; sent again a moment later it is accepted, once."""
    zhang = sign_in("zhang")
    form = zhang.get("/report").form("report")
    with somebody_writes():
        answer = zhang.press(form, description=TEXT)
    assert answer.status == 503
    assert answer.form("report").values["description"] == [TEXT]
    assert count(Ticket) == 0
    assert zhang.press(answer.form("report")).status == 303
    assert count(Ticket) == 1


def test_an_unexpected_error_says_a_number_and_nothing_else(app, cast, sign_in, monkeypatch):
    def breaks(**_):
        raise ZeroDivisionError("canary-of-the-inside")

    monkeypatch.setattr(intake, "report_fault", breaks)
    answer = sign_in("zhang").submit("/report", "report", description=TEXT)
    assert answer.status == 500
    assert "canary" not in answer.response.get_data(as_text=True)
    assert "Traceback" not in answer.response.get_data(as_text=True)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\x\\evil.exe", "a\x00b.png", "x" * 300 + ".png", "‮gnp.exe", 'a"b\r\nX: y.png']
)
def test_odd_file_names(cast, sign_in, name):
    zhang = sign_in("zhang")
    page = zhang.does("/report", "report", description=TEXT, files=(io.BytesIO(b"x"), name))
    number = page.one(data_ticket=None)["data-ticket"]
    file = attachments_of(find_ticket(number).id)[0]
    assert "/" not in file.name
    assert "\\" not in file.name
    assert file.path.name == file.key
    sent = zhang.open(f"/t/{number}/files/{file.key}")
    assert sent.status == 200
    assert sent.response.headers["Content-Disposition"].startswith("attachment")
    assert sent.response.mimetype == "application/octet-stream"
    assert "X" not in sent.response.headers


def test_text_in_any_writing_comes_back_as_it_was(cast, sign_in):
    odd = "中文 ünïcödé 🚀 <b>&amp;</b> '\"; DROP TABLE ticket; -- {{ 7*7 }} %(x)s ‮ rtl"
    page = sign_in("zhang").does("/report", "report", description=odd)
    number = page.one(data_ticket=None)["data-ticket"]
    assert find_ticket(number).description == odd
    assert odd.split(" ‮")[0] in sign_in("wang").get(f"/t/{number}").text


def test_a_question_and_its_answer_over_http(cast, sign_in):
    """P2.8"""
    ticket = a_ticket("awaiting_engineer")
    sign_in("zhao").does(f"/t/{ticket.number}/ask", "ask", question="工号是多少?")
    zhang = sign_in("zhang")
    assert "工号是多少?" in zhang.get(f"/t/{ticket.number}").text
    zhang.does(f"/t/{ticket.number}/information", "supply", text="10086")
    db.session.refresh(ticket)
    assert ticket.waiting_on == ""
    said = db.session.scalars(select(Entry.body).where(Entry.ticket_id == ticket.id, Entry.public).order_by(Entry.id))
    assert list(said) == ["工号是多少?", "10086"]


def test_an_escalation_is_acknowledged_and_reported_up_over_http(cast, time, sign_in):
    """P5.3"""
    ticket = a_ticket("awaiting_plan", severity="P0")
    time(at("14:00"))
    while clockwork.sweep():
        pass
    liu = sign_in("liu")
    watch = liu.get("/watch").one(data_ticket=ticket.number)
    assert watch["data-escalation"] == "2"
    assert "acknowledge" in [form.action for form in liu.get(f"/t/{ticket.number}").forms()]
    liu.does(f"/t/{ticket.number}", "acknowledge")
    liu.does(f"/t/{ticket.number}/report-up", "report_up", reason="需要加人")
    assert liu.get(f"/t/{ticket.number}").one(data_ticket=ticket.number)["data-escalation"] == "3"
    names = db.session.scalars(select(Event.name).where(Event.ticket_id == ticket.id).order_by(Event.seq)).all()
    assert names[-2:] == ["acknowledged", "reported_up"]
