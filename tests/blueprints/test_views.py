"""One's own views of a list: kept, shown as tabs, removed; escaped, limited, and nobody else's."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select

from models.ground.db import db
from models.ground.errors import Missing
from models.people.view import View
from models.steps import views
from tests.blueprints.test_seen import statements
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_ticket, person

TEAM = "/views/new?page=triage&q=box%3Dteam"
NAME = "早会 <b>先看</b>"


def tabs(page) -> list[str]:
    return [tab.text for tab in page.one("nav", _class="tabs").all("a")]


def here(page) -> list[str]:
    return [tab.text for tab in page.one("nav", _class="tabs").all("a", aria_current="page")]


def queries() -> list[str]:
    return list(db.session.scalars(select(View.query).order_by(View.id)))


def test_kept_shown_as_a_tab_and_removed(english):
    wang = english("wang")
    fixed = tabs(wang.get("/triage"))
    assert "Keep this view" not in fixed, "a list that is not narrowed has nothing to keep"
    narrowed = wang.get("/triage?box=team")
    assert tabs(narrowed)[-1] == "Keep this view"
    way = narrowed.one("nav", _class="tabs").all("a")[-1]["href"]
    assert dict(parse_qsl(urlsplit(way).query)) == {"page": "triage", "q": "box=team"}
    form = wang.get(way)
    assert "The list is narrowed to: My team" in form.text
    assert form.form("keep_view").values["name"] == [""], "what has a tab already is not called the same"
    shown = wang.does(way, "keep_view", name=f"  {NAME}  ")
    assert tabs(shown) == [*fixed, NAME, "My views"]
    assert here(shown) == [NAME]
    assert here(wang.get("/triage")) == fixed[:1]
    assert tabs(english("chen").get("/triage")) == fixed, "another's are nobody else's business"
    left = wang.does(TEAM, "remove_view")
    assert left.status == 200
    assert "No view is kept yet" in left.text
    assert tabs(wang.get("/triage")) == fixed


def test_the_watch_page_has_tabs_once_something_is_kept(english):
    liu = english("liu")
    assert not liu.get("/watch").all("nav", _class="tabs")
    narrowed = liu.get("/watch?only=breached&severity=P1&team=&wall=&after=zz")
    way = narrowed.one("nav", _class="tabs").all("a")[-1]["href"]
    assert liu.get(way).form("keep_view").values["name"] == ["overdue · P1"]
    shown = liu.does(way, "keep_view", name="P1 late")
    assert queries() == ["only=breached&severity=P1"], "only what the list knows, in one order"
    assert (tabs(shown), here(shown)) == (["All", "P1 late", "My views"], ["P1 late"])
    assert here(liu.get("/watch")) == ["All"]


@pytest.mark.parametrize("said", ["", "   ", "长" * 31, NAME.upper()])
def test_a_name_that_does_not_fit_is_refused_and_kept_in_the_form(english, said):
    views.keep_view(person("wang"), page="triage", name=NAME, query="box=all")
    wang, before = english("wang"), everything(but=NOT_BUSINESS)
    answer = wang.submit(TEAM, "keep_view", name=said)
    assert answer.status == 422
    assert answer.all("p", id="name-error")
    assert answer.form("keep_view").values["name"] == [said]
    assert difference(before, everything(but=NOT_BUSINESS)) == {}
    views.keep_view(person("chen"), page="triage", name=NAME, query="box=all")  # another's may be called the same
    views.keep_view(person("chen"), page="watch", name=NAME, query="only=hour")  # and one of another list


def test_ten_at_most(english):
    for n in range(10):
        views.keep_view(person("wang"), page="triage", name=f"v{n}", query="box=all")
    answer = english("wang").submit(TEAM, "keep_view", name="v10")
    assert answer.status == 422
    assert "ten views" in answer.one(role="alert").text
    assert len(queries()) == 10


@pytest.mark.parametrize("q", ["", "box=open", "box=none", "sev=P9&team=x&x=2", "next=//evil"])
def test_what_does_not_narrow_the_list_cannot_be_kept(english, q):
    wang = english("wang")
    assert not wang.get("/views/new", query_string={"page": "triage", "q": q}).forms("keep_view")
    form = wang.get(TEAM).form("keep_view")
    form.url = f"/views/new?page=triage&q={q}"
    assert wang.press(form).status == 422
    assert queries() == []


def test_whose_list_it_is_not(sign_in, browser):
    kept = views.keep_view(person("wang"), page="triage", name="x", query="box=all").id
    chen, zhang = sign_in("chen"), sign_in("zhang")
    token = chen.get("/me").form().values["csrf_token"]
    assert chen.open(f"/views/{kept}/removal", method="POST", data={"csrf_token": token}).status == 404
    assert zhang.open(TEAM).status == 403
    for page in ("", "bench", "x"):
        assert chen.open(f"/views/new?page={page}").status == 404
    assert browser.open(TEAM).status == 303
    assert queries() == ["box=all"]


def test_the_board_asks_once_for_them_and_its_region_never(sign_in):
    a_ticket()
    wang = sign_in("wang")
    part = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#queue"}
    wang.get("/triage")
    with statements() as asked:
        wang.get("/triage")
    assert len([words for words in asked if "FROM view" in words.replace('"', "")]) == 1
    with statements() as asked:
        wang.open("/triage", headers=part)
    assert not [words for words in asked if "FROM view" in words.replace('"', "")]


def test_only_of_the_lists_that_have_tabs(cast):
    with pytest.raises(Missing):
        views.keep_view(cast.chen, page="bench", name="早会", query="severity=P1")
