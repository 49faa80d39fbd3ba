"""The bench and the watch over HTTP: what is seen, in which order, and that it stays live."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from models.clockwork import escalation
from models.ground import clock
from models.record.deadline import open_deadlines
from models.record.ticket import find_ticket
from models.steps import comment, rotas, triage
from tests.blueprints.five import Act, named, questions_of
from tests.factories import a_ticket, person

SHANGHAI = ZoneInfo("Asia/Shanghai")
ACTS = (
    Act("report_up", "/t/{n}/report-up", "awaiting_plan", "liu", "zhao", "awaiting_plan",
        {"reason": "需要加人。"}, {"reason": ""}),
)  # fmt: skip


@pytest.mark.parametrize(("ask", "act"), questions_of(ACTS), ids=named)
def test_route(ask, act, sign_in):
    ask(act, sign_in)


def _rows(page, caption):
    """The tickets of the table with this number among the tables."""
    return [row["data-ticket"] for row in page.all("table")[caption].all("tr", data_ticket=None)]


def test_the_bench_parts_now_from_in_progress_from_waiting(sign_in, time):
    critical = a_ticket("awaiting_plan", severity="P0").number
    calm = a_ticket("awaiting_fix", severity="P3").number
    waiting = a_ticket("awaiting_engineer", severity="P3")
    triage.ask_reporter(waiting, actor=person("zhao"), question="工号?")
    a_ticket("awaiting_plan", assignee=person("li"))
    page = sign_in("zhao").get("/bench")
    assert [_rows(page, table) for table in range(3)] == [[critical], [calm], [waiting.number]]


def test_what_is_due_within_half_an_hour_moves_up(sign_in, time):
    number = a_ticket("awaiting_plan", severity="P2").number
    assert len(sign_in("zhao").get("/bench").all("table", class_="tickets")) == 1
    time(timedelta(hours=1, minutes=40))
    page = sign_in("zhao").get("/bench")
    assert "half an hour" in page.one("caption").text or "半小时" in page.one("caption").text
    assert _rows(page, 0) == [number]


def test_verifiers_and_supervisors_see_their_queues(sign_in):
    to_test, to_review = a_ticket("awaiting_test").number, a_ticket("awaiting_review").number
    assert _rows(sign_in("he").get("/bench"), 0) == [to_test]
    assert _rows(sign_in("chen").get("/bench"), 0) == [to_review]


def test_an_empty_bench_says_so(sign_in):
    assert sign_in("li").get("/bench").all(class_="empty")


def test_boards_are_for_their_roles(sign_in, browser):
    for url, inside in (("/bench", "zhao"), ("/watch", "liu")):
        assert sign_in(inside).get(url).status == 200
        assert sign_in("zhang").get(url).status == 403
        assert browser.open(url).status == 303


def test_the_watch_counts_what_it_lists(sign_in, time):
    late = a_ticket("awaiting_plan", severity="P0").number
    waiting = a_ticket("awaiting_engineer", severity="P3")
    comment.wait_for(waiting, actor=person("zhao"), party="vendor", reason="等备件。")
    a_ticket("closed")
    time(timedelta(hours=5))
    while escalation.sweep():
        pass
    liu = sign_in("liu")
    page = liu.get("/watch")
    rows = page.all("tr", data_ticket=None)
    assert [row["data-ticket"] for row in rows] == [late, waiting.number]
    assert int(rows[0]["data-escalation"]) > 0
    for figure in page.all("a", data_count=None):
        only = liu.get(f"/watch?only={figure['data-count']}")
        assert figure.one("b").text == str(len(only.all("tr", data_ticket=None))), figure["data-count"]


def test_the_watch_is_narrowed_by_level_and_team_and_by_nothing_unknown(sign_in, cast):
    major, other = a_ticket("awaiting_plan", severity="P1").number, a_ticket("awaiting_plan").number
    liu, dev, ops = sign_in("liu"), cast.team("dev").id, cast.team("ops").id
    shown = lambda query: [r["data-ticket"] for r in liu.get(f"/watch?{query}").all("tr", data_ticket=None)]  # noqa: E731
    assert shown("severity=P1") == [major]
    assert set(shown(f"team={dev}")) == {major, other}
    assert shown(f"team={ops}") == []
    assert set(shown("severity=P9&team=x&only=nonsense&after=nonsense")) == {major, other}


def test_security_tickets_stay_out_of_sight(sign_in):
    a_ticket("awaiting_plan", category="security")
    assert sign_in("liu").get("/watch").all("tr", data_ticket=None)
    assert not sign_in("feng").get("/watch").all("tr", data_ticket=None)


@pytest.mark.parametrize(("url", "who", "region"), [("/bench", "zhao", "bench"), ("/watch", "liu", "watch")])
def test_a_board_is_sent_again_only_when_something_has_happened(sign_in, url, who, region):
    number = a_ticket("awaiting_plan").number
    browser = sign_in(who)
    shown = browser.get(url).one(id=region)
    assert shown["data-live"] == "tickets"
    asked = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": f"section#{region}"}
    asked["HX-PTag"] = shown["hx-ptag"]
    assert browser.open(url, headers=asked).status == 304
    sign_in("wang").does(f"/t/{number}/note", "note", text="已联系。")
    answer = browser.open(url, headers=asked)
    assert answer.status == 200
    assert answer.one(id=region)["hx-ptag"] != asked["HX-PTag"]
    assert not answer.all("html")


def test_the_wall_shows_the_same_without_anything_to_press(sign_in):
    number = a_ticket("awaiting_plan", severity="P0").number
    page = sign_in("liu").get("/watch?wall=1")
    assert page.one("html")["data-theme"] == "dark"
    assert not page.all("header", class_="bar")
    assert not page.all("form", method="post")
    assert [row["data-ticket"] for row in page.all("tr", data_ticket=None)] == [number]
    assert all("wall=1" in figure["href"] for figure in page.all("a", data_count=None))


def test_the_pictures_say_in_words_what_they_draw(sign_in):
    a_ticket("awaiting_plan", severity="P0")
    a_ticket("closed")
    aside = sign_in("liu").get("/watch").one("aside", id="pictures")
    pictures = aside.all("svg", role="img")
    assert len(pictures) == 2 + len(aside.one(class_="loads").all("li"))
    for picture in pictures:
        assert picture.one("title").text
        assert picture.one("desc").text
        assert picture["aria-labelledby"].split() == [picture.one("title")["id"], picture.one("desc")["id"]]
    by_age, by_team, by_day = aside.all("table")
    assert [cell.text for cell in by_age.one("tbody").all("tr")[0].all("td")] == ["1"]
    assert by_team.one("tbody").all("tr")[0].one("th").text
    assert len(by_day.one("tbody").all("tr")) == 14
    assert [cell.text for cell in by_day.one("tbody").all("tr")[-1].all("td")] == ["2", "1"]


def test_each_number_of_a_team_is_the_way_to_the_list_that_it_counts(sign_in, time):
    """V11: what is open, of it overdue, due within half an hour, waiting; and of those that no team has yet."""
    a_ticket("awaiting_triage", severity="P3")
    a_ticket("awaiting_plan", severity="P0")
    waiting = a_ticket("awaiting_engineer", severity="P3", team="ops")
    comment.wait_for(waiting, actor=waiting.assignee, party="vendor", reason="等备件。")
    a_ticket("closed")
    time(timedelta(hours=5))
    liu = sign_in("liu")
    shown = liu.get("/watch").one(id="by-team")
    links = shown.one("table").all("a")
    assert len(links) >= 5
    counted = {}
    for link in links:
        page = liu.get(link["href"])
        counted[link["href"]] = len(page.all("tr", data_ticket=None))
        assert link.text == str(counted[link["href"]]), link["href"]
        assert page.one("select", id="w-team").all("option", selected=None)[0]["value"] in link["href"]
    assert any("team=0" in href for href in counted)
    assert any("only=paused" in href for href in counted)
    beside = [a for a in shown.one(class_="loads").all("a") if a["href"] in counted]
    assert len(beside) == len(links), "the same numbers stand at the bars"
    assert all(str(counted[a["href"]]) in a.text for a in beside)


def test_where_nothing_is_open_the_loads_say_so(english):
    shown = english("liu").get("/watch").one(id="by-team")
    assert shown.one(class_="loads").text == "No ticket is open"
    assert not shown.all("table")


def test_the_watch_says_how_long_ago_something_happened(english, time):
    number = a_ticket("awaiting_plan").number
    liu = english("liu")
    age = lambda: liu.get("/watch").one("tr", data_ticket=number).one("td", class_="c-updated_at")  # noqa: E731
    assert age().text == "just now"
    for minutes, words in ((30, "30 min ago"), (95, "2 h ago"), (46 * 60, "2 d ago")):
        time(timedelta(minutes=minutes))
        assert age().text == words
    comment.add_note(find_ticket(number), actor=person("wang"), text="已联系。")
    assert age().text == "just now"
    assert age().one("time")["datetime"] == clock.now().isoformat()


def test_the_bench_says_first_what_comes_due_first(sign_in, time):
    """V07: three deadlines above the lists, and how many updates are promised for today."""
    ticket, other = a_ticket("awaiting_plan", severity="P1"), a_ticket("awaiting_plan", severity="P3")
    strip = sign_in("zhao").get("/bench").one("ul", class_="coming")
    chips = strip.all("a")
    assert len(chips) == 3
    due = [chip.one("time")["data-due"] for chip in chips]
    assert due == sorted(due)
    assert chips[0]["href"] == f"/t/{ticket.number}"
    updates = [d for t in (ticket, other) for d in open_deadlines(t) if d.kind == "update"]
    today = [d for d in updates if d.due_at.astimezone(SHANGHAI).date() == clock.now().astimezone(SHANGHAI).date()]
    assert today, "a P1 promises updates within the day"
    assert strip.all("li", class_="quiet")[0].text.rpartition("：")[2] == str(len(today))
    assert not sign_in("li").get("/bench").all("ul", class_="coming"), "who has nothing to do"


def test_who_is_on_call_sees_it_on_the_bench(english, cast, time):
    now = clock.now()
    rotas.add_shift(
        actor=cast.admin, role="duty_lead", person=cast.chen, starts_at=now + timedelta(hours=1),
        ends_at=now + timedelta(hours=3),
    )  # fmt: skip
    time(timedelta(hours=2))
    assert "On call: Duty lead" in english("chen").get("/bench").one(class_="head").text
    assert "On call" not in english("zhao").get("/bench").one(class_="head").text


def test_an_empty_triage_says_what_is_due_next(english):
    """V06: nothing waits here; the nearest deadline of all stands there instead."""
    assert "Next due" not in english("wang").get("/triage").one(class_="empty").text
    ticket = a_ticket("awaiting_plan", severity="P1")
    shown = english("wang").get("/triage").one(class_="empty")
    assert ticket.number in shown.text
    assert shown.all("time", data_clock=None)
