"""What is declared, what a token is good for, and what a page never says."""

import re

import pytest
from flask import Flask

from blueprints import access
from models.record.link import living_link
from models.rules.permissions import MAY
from models.steps import approval, comment, diagnosis, repair
from tests.browsing import Browser
from tests.factories import a_plan, a_ticket, newest_plan, next_task
from tests.house.world import build_world

pytestmark = pytest.mark.once

HAN = re.compile(r"[㐀-鿿]")


@pytest.fixture
def world(cast):
    return build_world()


def test_every_route_declares_who_may(app):
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        kind, what, _of = app.view_functions[rule.endpoint].access
        assert kind in ("requires", "public"), rule
        assert what in MAY if kind == "requires" else len(what) > 5, f"{rule}: {what}"


def test_the_house_does_not_open_while_a_door_has_no_rule(app):
    bare = Flask("bare")
    bare.add_url_rule("/open", "open", lambda: "come in")
    with pytest.raises(RuntimeError, match="open declares neither"):
        access.refuse_undeclared(bare)


def test_everything_public_is_meant_to_be(app):
    public = {r.endpoint.split(".")[0] for r in app.url_map.iter_rules()
              if r.endpoint != "static" and app.view_functions[r.endpoint].access[0] == "public"}  # fmt: skip
    assert public == {"account", "customer_verification", "health", "on_call", "setup"}


def test_addresses_are_kebab_nouns(app):
    for rule in app.url_map.iter_rules():
        words = [part for part in rule.rule.split("/") if part and "<" not in part]
        assert all(
            re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*(\.svg)?", word) for word in words if rule.endpoint != "static"
        ), rule


def test_a_token_shown_to_one_is_no_use_to_another(app, world, sign_in):
    zhang, feng = sign_in("zhang"), sign_in("feng")
    foreign = zhang.get("/report").form("report").values["once"]
    answer = feng.submit("/report", "report", description="x", once=foreign)
    assert answer.status == 422


@pytest.mark.parametrize("part", ["ticket", "action"])
def test_a_token_is_bound_to_its_form(app, world, sign_in, part):
    zhao = sign_in("zhao")
    note = zhao.get(f"/t/{world.tickets['awaiting_plan']}/note").form("note")
    other = (
        f"/t/{world.tickets['awaiting_fix']}/note"
        if part == "ticket"
        else f"/t/{world.tickets['awaiting_plan']}/update"
    )
    answer = zhao.submit(other, "note" if part == "ticket" else "update", text="x", once=note.values["once"])
    assert answer.status == 422


def test_what_people_wrote_is_never_markup(app, world, sign_in):
    browser = sign_in("chen")
    for state in ("major", "file"):
        page = browser.get(f"/t/{world.tickets[state]}")
        assert page.status == 200
        assert "alert(1)" in page.text
        assert not [e for e in page.all("img") if e.get("src") == "x"]
        assert not [e for e in page.all("script") if "src" not in e.attributes]


def test_chinese_pages_are_chinese(app, world, sign_in):
    """Every page in the users' own words: no English sentence is left on it."""
    for login in ("chen", "admin", "zhang"):
        browser = sign_in(login)
        browser.press(browser.get("/help/shortcuts").form("set_language"), language="zh")
        for url in world.urls(app)[::3]:
            page = browser.open(url)
            if page.response.mimetype == "text/html" and page.status == 200:
                assert page.one("html")["lang"] == "zh", url
                heading = page.one("h1")
                assert "hx-ignore" in heading.attributes or HAN.search(heading.text), (
                    f"{login}: {url}: {page.one('h1').text}"
                )


@pytest.mark.parametrize("canary", ["内部笔记", "仅内部"])
def test_internal_text_never_reaches_the_link(app, cast, world, canary):
    """P6.6: planted in every internal place."""
    ticket = a_ticket("awaiting_plan", contact=cast.contact)
    comment.add_note(ticket, actor=cast.wang, text=canary)
    comment.record_call(ticket, actor=cast.wang, text=canary)
    comment.wait_for(ticket, actor=cast.zhao, party="vendor", reason=canary)
    diagnosis.log_step(ticket, actor=cast.zhao, done=canary, seen=canary)
    diagnosis.record_diagnosis(
        ticket, actor=cast.zhao, root_cause=canary, cause="code", scope=canary, temporary_measure=canary
    )
    a_plan(ticket, steps=canary, options=canary, effect=canary, verification=canary, backup=canary, rollback=canary)
    approval.approve_plan(newest_plan(ticket), actor=cast.chen, comment=canary)
    repair.log_work(
        ticket, actor=cast.zhao, task=next_task(ticket), body=canary, result=canary, before=canary, after=canary,
        deviation=canary,
    )  # fmt: skip
    token = living_link(ticket).token
    assert canary not in Browser(app).open(f"/c/{token}").response.get_data(as_text=True)
    repair.finish_fix(ticket, actor=cast.zhao)
    repair.pass_test(ticket, actor=cast.he, findings=canary, result="好了。", new_problems=canary, leftovers=canary)
    assert canary not in Browser(app).open(f"/c/{token}").response.get_data(as_text=True)
