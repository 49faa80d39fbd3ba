"""What is begun and not sent: it stands in the form again, for its writer only, and goes with the accepted form."""

import io
import json

import pytest
from sqlalchemy import update

from models.ground import clock
from models.ground.db import command, db
from models.people.session import Session
from models.record.attachment import attachments_of
from models.record.draft import drafts_of
from models.record.ticket import Ticket, find_ticket
from models.steps import archiving, triage
from tests.factories import a_ticket, person

PNG = b"\x89PNG\r\n\x1a\n"


def keep(browser, url, action, **said):
    """As the script does it: the form's own tokens, what stands in it, and the keys of its files."""
    form = browser.get(url).form(action)
    kept, at = said.pop("kept", []), said.pop("at", "")
    sent = {
        "deed": action, "address": form.url, "kept": kept, "once": form.values["once"],
        "said": json.dumps({name.replace("__", "-"): [text] for name, text in said.items()}),
        "version": form.values.get("version", ""), "at": at,
    }  # fmt: skip
    return browser.open("/drafts", method="POST", data=sent, headers={"X-CSRFToken": form.values["csrf_token"][0]})


@command
def end_sessions() -> None:
    """As if all of them had lasted too long."""
    db.session.execute(update(Session).values(ended_at=clock.real_now()))


def upload(browser, name="shot.png", content=PNG):
    token = browser.get("/report").form("report").values["csrf_token"][0]
    sent = {"file": (io.BytesIO(content), name)}
    return browser.open("/files", method="POST", data=sent, headers={"X-CSRFToken": token}).response


def test_a_report_is_begun_here_and_finished_there(sign_in):
    """U1–U3: text, single lines, choices and files, on another device, without script."""
    desk, phone = sign_in("zhang"), sign_in("zhang")
    key = upload(desk).json["key"]
    said = {"description": "ERP 一直转圈", "device": "X1 Carbon", "impact": "department"}
    assert keep(desk, "/report", "report", kept=[key], **said).status == 204
    page = phone.get("/report")
    form = page.form("report")
    assert {name: form.values[name] for name in said} == {name: [text] for name, text in said.items()}
    assert form.values["kept"] == [key]
    assert page.one("p", class_="draft").all("button", formaction=None), "it says so"
    answer = phone.press(form)
    assert answer.status == 303
    number = answer.response.location.split("/")[2]
    assert [file.key for file in attachments_of(find_ticket(number).id)] == [key]
    assert drafts_of(person("zhang").id) == {}
    assert desk.get("/report").form("report").values["description"] == [""]


def test_when_it_was_written_is_told_by_its_writer(sign_in):
    """Else what was written between two messages to the server looks older than the first of them."""
    zhang, at = sign_in("zhang"), int(clock.now().timestamp() * 1000) - 1500
    assert keep(zhang, "/report", "report", description="转", at=at).status == 204
    assert drafts_of(person("zhang").id)["report /report"].saved_at.timestamp() * 1000 == pytest.approx(at, abs=1)
    assert keep(zhang, "/report", "report", description="转圈", at="x" * 5000).status == 204, "only not believed"


def test_it_is_nobody_elses(sign_in):
    keep(sign_in("zhang"), "/report", "report", description="只有我看得到")
    assert "只有我看得到" not in sign_in("admin").get("/report").text


def test_a_refused_form_keeps_its_draft_and_an_accepted_one_takes_only_its_own(sign_in):
    ticket, wang = a_ticket("awaiting_plan"), sign_in("wang")
    keep(wang, f"/t/{ticket.number}/note", "note", text="写了一半")
    keep(wang, "/report", "report", description="另一处")
    assert wang.submit(f"/t/{ticket.number}/note", "note", text="").status == 422
    assert len(drafts_of(person("wang").id)) == 2
    wang.does(f"/t/{ticket.number}/note", "note")
    assert list(drafts_of(person("wang").id)) == ["report /report"]


def test_it_stands_in_the_ticket_page_too(sign_in):
    ticket, wang = a_ticket("awaiting_plan"), sign_in("wang")
    keep(wang, f"/t/{ticket.number}/note", "note", text="写了一半的记录")
    page = wang.get(f"/t/{ticket.number}")
    assert page.form("note").values["text"] == ["写了一半的记录"]
    assert page.form("update").values["text"] == [""]


def test_rows_of_a_plan_come_back(sign_in):
    ticket, zhao = a_ticket("awaiting_plan"), sign_in("zhao")
    url = f"/t/{ticket.number}/plan"
    keep(zhao, url, "submit_plan", risk="major", steps__0__body="停服务", steps__1__body="换盘", rollback="换回来")
    values = zhao.get(url).form("submit_plan").values
    assert [values[name] for name in ("risk", "steps-0-body", "steps-1-body", "rollback")] == [
        ["major"], ["停服务"], ["换盘"], ["换回来"],
    ]  # fmt: skip


def test_discard_without_script(sign_in):
    zhang = sign_in("zhang")
    keep(zhang, "/report", "report", description="算了")
    form = zhang.get("/report").form("report")
    button = form.element.one("button", formaction=None)
    answer = zhang.open(
        button["formaction"], method="POST", data=form.values, headers={"Referer": "http://localhost/report"}
    )
    assert (answer.status, answer.response.location) == (303, "/report")
    assert zhang.get("/report").form("report").values["description"] == [""]


def test_discard_leads_to_no_other_site(sign_in):
    zhang = sign_in("zhang")
    token = zhang.get("/report").form("report").values["csrf_token"][0]
    for referrer in ("http://evil.example/x", "http://localhost//evil.example", ""):
        headers = {"X-CSRFToken": token, "Referer": referrer}
        answer = zhang.open("/drafts/discarded?deed=report&address=/report", method="POST", headers=headers)
        assert answer.response.location == "/"


def test_a_draft_over_an_older_text_shows_both(sign_in):
    """U15: nobody's later words are overwritten by a draft that was begun before them."""
    article = archiving.draft_article(a_ticket("closed"), actor=person("qian"))
    url = f"/kb/{article.slug}/edit"
    keep(sign_in("qian"), url, "edit_article", title=article.title, symptom="我的草稿", solution="重启")
    archiving.edit_article(article, actor=person("qian"), title=article.title, symptom="别人后来写的", solution="重启")
    page = sign_in("qian").get(url)
    assert page.form("edit_article").values["symptom"] == ["我的草稿"]
    assert page.one("div", data_of="symptom")["data-theirs"] == "别人后来写的"
    assert [e.text for e in page.one("div", data_of="symptom").all("ins")] == ["别人后来写的"]
    assert not page.all("div", data_of="solution"), "what is the same is not asked about"


def test_two_who_edit_the_same_article_both_read_both(sign_in):
    """G28, for every field: the second is told, both texts stand there, and their second answer counts."""
    article = archiving.draft_article(a_ticket("closed"), actor=person("qian"))
    url, texts = f"/kb/{article.slug}/edit", ("title", "symptom", "cause", "solution", "applies_to")
    first, second = sign_in("qian"), sign_in("qian")
    theirs, mine = first.get(url).form("edit_article"), second.get(url).form("edit_article")
    assert first.press(theirs, **{name: f"甲写的 {name}" for name in texts}).status == 303
    answer = second.press(mine, **{name: f"乙写的 {name}" for name in texts})
    assert answer.status == 409
    again = answer.form("edit_article")
    for name in texts:
        assert again.values[name] == [f"乙写的 {name}"]
        assert answer.one("div", data_of=name)["data-theirs"] == f"甲写的 {name}"
    assert second.press(again, solution="合在一起").status == 303
    db.session.expire_all()
    assert (article.solution, article.symptom) == ("合在一起", "乙写的 symptom")


def test_a_choice_that_was_changed_meanwhile_is_named_by_its_word(sign_in):
    """A code means nothing to people."""
    ticket, wang = a_ticket("awaiting_plan", severity="P3"), sign_in("wang")
    url = f"/t/{ticket.number}/severity"
    form = wang.get(url).form("regrade")
    triage.regrade_ticket(ticket, actor=person("chen"), severity="P2", reason="影响扩大")
    answer = wang.press(form, severity="P1", reason="更严重")
    assert answer.status == 409
    assert answer.form("regrade").values["severity"] == ["P1"]
    both = answer.one("div", data_of="severity")
    assert both["data-theirs"] == "P2"
    assert "P2" in both.one("ins").text or both.one("ins").text


def test_a_file_goes_ahead_of_its_form(sign_in):
    zhang = sign_in("zhang")
    sent = upload(zhang, "截图.png")
    assert (sent.status_code, sent.json["name"], sent.json["picture"]) == (201, "截图.png", True)
    address = f"/files/{sent.json['key']}"
    assert zhang.get(address).response.mimetype == "image/png"
    assert zhang.get(f"{address}/words").response.json == {"name": "截图.png", "picture": True, "shows": ""}
    for stranger in (sign_in("wang"), sign_in("admin")):
        assert stranger.get(address).status == 404
        assert stranger.get(f"{address}/words").status == 404
    text = upload(zhang, "log.html", b"<script>alert(1)</script>").json
    assert not text["picture"]
    assert zhang.get(f"/files/{text['key']}").status == 404, "only pictures are shown"


def test_words_for_a_picture(sign_in):
    zhang = sign_in("zhang")
    key = upload(zhang).json["key"]
    headers = {"X-CSRFToken": zhang.get("/report").form("report").values["csrf_token"][0]}
    said = zhang.open(f"/files/{key}/words", method="POST", data={"shows": "提交按钮"}, headers=headers)
    assert said.response.json["shows"] == "提交按钮"
    ticket = zhang.submit("/report", "report", description="见图").response.location
    assert "提交按钮" not in zhang.get(ticket).text, "it was not sent with it"


def test_a_file_that_is_too_large_says_so(sign_in, monkeypatch):
    monkeypatch.setattr("models.steps.intake.LARGEST_FILE", 4)
    sent = upload(sign_in("zhang"))
    assert sent.status_code == 413
    assert "shot.png" in sent.json["problem"]


@pytest.mark.parametrize("said", ["", "[]", '{"description": ', "null", "1"])
def test_a_draft_of_another_shape_is_refused(sign_in, said):
    zhang = sign_in("zhang")
    headers = {"X-CSRFToken": zhang.get("/report").form("report").values["csrf_token"][0]}
    sent = {"deed": "report", "address": "/report", "said": said}
    assert zhang.open("/drafts", method="POST", data=sent, headers=headers).status == 422
    assert zhang.open("/files", method="POST", data={}, headers=headers).status == 422


@pytest.mark.parametrize("url", ["/drafts", "/drafts/discarded", "/files"])
def test_strangers_and_other_sites_keep_nothing(browser, sign_in, url):
    token = browser.get("/login").form("sign_in").values["csrf_token"][0]
    headers = {"X-CSRFToken": token, "HX-Request": "true", "HX-Request-Type": "partial"}
    assert browser.open(url, method="POST", headers=headers).status == 401
    assert sign_in("zhang").open(url, method="POST").status == 403, "without the token"


def test_who_is_signed_in(browser, sign_in):
    part = {"HX-Request": "true", "HX-Request-Type": "partial"}
    assert browser.open("/session", headers=part).status == 401
    zhang = sign_in("zhang")
    found = zhang.open("/session", headers=part).response.json
    assert found["user"] == "zhang"
    headers = {"X-CSRFToken": found["csrf"]}
    assert zhang.open("/drafts/discarded?deed=report&address=/report", method="POST", headers=headers).status == 303


def test_what_no_person_types_is_never_taken_from_a_draft(sign_in):
    """A decision's form carries what was read; a draft cannot put another reading in its place."""
    ticket = a_ticket("awaiting_approval")
    plan = db.session.get(Ticket, ticket.id).plans[-1]
    chen, url = sign_in("chen"), f"/approvals/{plan.id}"
    before = {form.action: form.values for form in chen.get(url).forms("return")}
    hidden = [n for n in before["return"] if n not in ("csrf_token", "once", "version", "comment")]
    keep(chen, url, "return", comment="缺回滚", **dict.fromkeys(hidden, "forged"))
    after = chen.get(url).form("return").values
    assert after["comment"] == ["缺回滚"]
    assert {name: after[name] for name in hidden} == {name: before["return"][name] for name in hidden}


def test_signed_out_by_time_without_script(sign_in, browser):
    """U1: the page that says so takes name and password, and the form stands there again with all that was typed."""
    zhang = sign_in("zhang")
    form = zhang.get("/report").form("report")
    end_sessions()
    url, sent = form.url, form.filled(description="写了半小时", device="X1")
    answer = zhang.open(url, method="POST", data=sent, headers={"Referer": "http://localhost/report"})
    assert answer.status == 401
    again = answer.form("sign_in")
    assert zhang.press(again, login="zhang", password="wrong").status == 422
    entered = zhang.press(again, login="zhang", password="demo")
    assert (entered.status, entered.response.location) == (303, "/report")
    values = zhang.get("/report").form("report").values
    assert (values["description"], values["device"]) == (["写了半小时"], ["X1"])
