"""What one has just done is taken back: on the next page, in the timeline, and only as long as it is the last."""

from datetime import timedelta

import pytest

from models.insight.dossier import events_of
from models.record.ticket import find_ticket
from models.steps import comment
from tests.factories import a_ticket, person
from tests.models.test_undo import grade

GRADED = {"severity": "P2", "impact": "department", "urgency": "high", "category": "function", "team": "2"}


def undo(browser, page):
    answer = browser.press(page.form("undo"))
    assert answer.status == 303, answer.text[:300]
    return browser.get(answer.response.location)


@pytest.mark.parametrize(
    ("state", "who", "url", "action", "fields"),
    [
        ("awaiting_triage", "wang", "/t/{n}/triage", "triage", GRADED),
        ("awaiting_engineer", "zhao", "/t/{n}", "take", {}),
        ("awaiting_plan", "chen", "/t/{n}/hand-over", "hand_over", {"team": "1", "reason": "属于运维。"}),
        ("awaiting_plan", "zhao", "/t/{n}/waiting", "wait", {"party": "vendor", "reason": "等备件。"}),
        ("awaiting_plan", "wang", "/t/{n}/relations", "relate", {"kind": "related"}),
        ("awaiting_plan", "wang", "/t/{n}/merging", "merge", {}),
    ],
)
def test_from_the_page_that_follows(sign_in, state, who, url, action, fields):
    ticket, other = a_ticket(state), a_ticket(reporter=person("he"))
    number, browser = ticket.number, sign_in(who)
    names = {"relate": {"other": other.number}, "merge": {"into": other.number}}
    page = browser.does(url.format(n=number), action, **fields, **names.get(action, {}))
    assert find_ticket(number).state != state or action in ("wait", "relate")
    undo(browser, page)
    ticket = find_ticket(number)
    assert (ticket.state, ticket.waiting_on) == (state, "")
    assert not browser.get("/my").forms("undo"), "once"


def test_from_the_timeline_ten_minutes_long(sign_in, time):
    number = grade(a_ticket()).number
    wang = sign_in("wang")
    link = next(
        e for e in wang.get(f"/t/{number}").one(id="timeline").all("a", href=None) if e["href"].endswith("/undo")
    )
    time(timedelta(minutes=10))
    form = wang.get(link["href"]).form("undo")
    time(timedelta(seconds=1))
    late = wang.press(form)
    assert late.status == 409
    assert "十分钟" in late.text or "ten minutes" in late.text
    assert find_ticket(number).state == "awaiting_engineer"
    assert wang.get(link["href"]).status == 404


def test_what_somebody_did_since_is_not_undone_with_it(sign_in):
    number = grade(a_ticket()).number
    wang = sign_in("wang")
    form = wang.get(f"/t/{number}/undo").form("undo")
    comment.add_note(find_ticket(number), actor=person("zhao"), text="我看看。")
    answer = wang.press(form)
    assert answer.status == 409
    assert find_ticket(number).state == "awaiting_engineer"


def test_somebody_elses_deed_is_not_offered_and_refused(sign_in):
    number = grade(a_ticket()).number
    form = sign_in("wang").get(f"/t/{number}/undo").form("undo")
    chen = sign_in("chen")
    assert chen.get(f"/t/{number}/undo").status == 404
    assert not chen.get(f"/t/{number}").forms("undo")
    own = chen.get(f"/t/{number}").forms()[0].values["csrf_token"]
    assert chen.open(form.url, method="POST", data=form.values | {"csrf_token": own}).status in (403, 422)
    assert sign_in("yang").get(f"/t/{number}/undo").status == 404
    assert find_ticket(number).state == "awaiting_engineer"


def triaged_together(sign_in, count: int):
    """Graded in one go by wang: the numbers, the browser, and the page that follows."""
    wang, numbers = sign_in("wang"), [a_ticket().number for _ in range(count)]
    chosen = {"tickets": [f"{number}:{find_ticket(number).version}" for number in numbers]}
    form = wang.get("/triage?several=1").form("triage_many")
    answer = wang.open(form.url, method="POST", data=form.filled(category="function", team="2") | chosen)
    return numbers, wang, wang.get(answer.response.location)


def test_what_was_triaged_together_is_taken_back_together(sign_in):
    """One command and one event a ticket; whatever has moved on since stays, and is named with the reason."""
    (moved, *others), wang, page = triaged_together(sign_in, 3)
    assert len(page.form("undo_several").values["deeds"]) == 3
    comment.add_note(find_ticket(moved), actor=person("zhao"), text="我看看。")
    assert len(wang.get("/triage").form("undo_several").values["deeds"]) == 2, "only what still can be"
    answer = wang.press(page.form("undo_several"))
    assert answer.status == 303, answer.text[:300]
    told = wang.get("/triage")
    assert all(number in told.one(class_="alert good").text for number in others)
    assert moved in told.one(class_="alert danger").text
    assert {number: find_ticket(number).state for number in (moved, *others)} == {
        moved: "awaiting_engineer", **dict.fromkeys(others, "awaiting_triage"),
    }  # fmt: skip
    for number in others:
        done = [event.name for event in events_of(find_ticket(number)) if event.name == "triage_undone"]
        assert done == ["triage_undone"]
    assert not told.forms("undo_several"), "once"
    assert wang.press(page.form("undo_several")).status == 303, "sent twice it has one effect"


def test_what_can_no_longer_be_taken_back_together_is_refused(sign_in, time):
    numbers, wang, page = triaged_together(sign_in, 2)
    form = page.form("undo_several")
    chen = sign_in("chen")
    own = chen.get("/my").forms()[0].values["csrf_token"]
    assert chen.open(form.url, method="POST", data=form.values | {"csrf_token": own}).status == 422, "not theirs"
    time(timedelta(minutes=11))
    late = wang.press(form)
    assert late.status == 422
    assert numbers[0] in late.text
    assert "十分钟" in late.text or "ten minutes" in late.text
    assert not wang.get("/triage").forms("undo_several")
    assert {find_ticket(number).state for number in numbers} == {"awaiting_engineer"}


def test_what_one_may_not_see_is_refused_like_what_is_not_there(sign_in):
    hidden = a_ticket("awaiting_plan", category="security").number
    _, wang, page = triaged_together(sign_in, 2)
    form = page.form("undo_several")
    answers = [wang.open(form.url, method="POST", data=form.values | {"deeds": [f"{n}:1"]})
               for n in (hidden, "TS20260101999")]  # fmt: skip
    said, not_there = (answer.one(class_="refusal").all("p")[1].text for answer in answers)
    assert [answer.status for answer in answers] == [422, 422]
    assert hidden in said
    assert said == not_there.replace("TS20260101999", hidden)
