"""The palette's list: what may be meant, by those who may see it."""

import pytest

from models.insight.reach import SCOPES
from models.steps import archiving
from tests.factories import a_ticket, person

PART = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#palette-found"}


def offered(browser, q: str = "", recent: str = "", scope: str = "") -> list[str]:
    page = browser.open("/palette", query_string={"q": q, "recent": recent, "scope": scope}, headers=PART)
    assert page.status == 200
    return [option.attributes["href"] for option in page.all("a", role="option")]


@pytest.mark.parametrize("q", ["{}", "#001", "001", "ts{}", "报销"])
def test_a_ticket_by_number_or_title(english, q):
    number = a_ticket().number
    assert offered(english("wang"), q.format(number.removeprefix("TS")))[0] == f"/t/{number}"


def test_colleagues_for_those_who_work_with_them(english):
    assert "/search?q=%E8%B5%B5%E7%A3%8A" in offered(english("wang"), "赵磊")
    assert not [url for url in offered(english("zhang"), "赵磊") if url.startswith("/search?q=%E8%B5%B5%E7%A3%8A&")]


def test_articles_for_everybody(english):
    article = archiving.draft_article(a_ticket("closed"), actor=person("zhao"))
    archiving.publish_article(article, actor=person("qian"))
    assert f"/kb/{article.slug}" in offered(english("zhang"), "报销")


def test_one_kind_alone(english):
    """Tab narrows it down: nothing of the other kinds, and more of this one."""
    numbers = [a_ticket(description=f"赵磊的报销单打不开,第 {n} 次").number for n in range(8)]
    wang = english("wang")
    ways = {scope: [url.split("?")[0] for url in offered(wang, "赵磊", scope=scope)] for scope in ("", *SCOPES, "odd")}
    assert ways["tickets"][:8] == [f"/t/{number}" for number in reversed(numbers)]
    assert sum(url.startswith("/t/") for url in ways[""]) == 6
    assert not [url for url in ways["people"] + ways["articles"] if url.startswith("/t/")]
    assert ways["people"][0] == "/search"
    assert ways["odd"] == ways[""]
    assert offered(wang, recent=numbers[0], scope="people") == []


def test_reporters_are_not_offered_people(english):
    def scopes(login: str) -> list[str]:
        return [chip["data-scope"] for chip in english(login).get("/my").all("button", data_scope=None)]

    assert scopes("zhang") == ["", "tickets", "articles", "actions"]
    assert scopes("wang") == ["", "tickets", "people", "articles", "actions"]


def test_nothing_that_one_may_not_see(english):
    ticket = a_ticket("awaiting_plan", category="security")
    for q in (ticket.number, "001", "报销"):
        assert f"/t/{ticket.number}" not in offered(english("li"), q)
    assert offered(english("li"), recent=ticket.number) == []
    assert offered(english("chen"), recent=f"odd,{ticket.number}") == [f"/t/{ticket.number}"]


def test_there_is_always_a_way_on(english):
    urls = offered(english("zhang"), "没有这个")
    assert [url.partition("?")[0] for url in urls] == ["/search", "/report"]


def test_without_script_it_is_the_search(english):
    answer = english("zhang").open("/palette?q=erp")
    assert (answer.status, answer.response.location) == (303, "/search?q=erp")


def test_a_stranger_is_told_to_sign_in(browser):
    assert browser.open("/palette", headers=PART).status == 401
