"""The ticket page keeps what it has drawn: never something old, never another reader's, and it asks for little."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select

from blueprints import kept
from models.ground.db import command, db
from models.people.person import Person
from models.people.team import Team
from models.rules import workflow
from models.steps import accounts, comment, masterdata
from models.steps.intake import keep_file
from tests.browsing import Browser
from tests.deeds import DEEDS, do
from tests.factories import ROAD, a_ticket, person

READERS = ("zhao", "chen", "zhang")  # assignee, supervisor, reporter
ONCE = re.compile(r'(name="(?:once|csrf_token)"[^>]*value|data-topics)="[^"]*"')  # another one on every page
ENTRIES = 10
MOST_STATEMENTS = 12


def shown(browser: Browser, url: str) -> str:
    """The whole page, but for what is another on every page."""
    answer = browser.open(url)
    assert answer.status == 200
    return ONCE.sub("", answer.response.get_data(as_text=True))


def all_shown(readers: list[Browser], url: str) -> list[str]:
    """The page of each reader."""
    return [shown(reader, url) for reader in readers]


def all_fresh(readers: list[Browser], url: str) -> list[str]:
    """The page of each reader as it is when nothing has been kept."""
    pages = []
    for reader in readers:
        kept.forget()
        pages.append(shown(reader, url))
    return pages


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append(" ".join(statement.split()))

    event.listen(db.engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", hear)


@command
def _rename_all_but(login: str) -> None:
    """As an administrator would, one after the other: no ticket hears of it."""
    for table in (Person, Team):
        for thing in db.session.scalars(select(table)):
            if getattr(thing, "login", None) != login:
                thing.name = f"新{thing.name}"


@command
def _move(who: Person) -> None:
    who.time_zone = "Europe/Berlin"


@pytest.fixture
def readers(sign_in: Callable[[str], Browser]) -> list[Browser]:
    return [sign_in(login) for login in READERS]


def a_talked_about_ticket():
    """Being carried out, with ten entries and a file."""
    ticket = a_ticket("awaiting_fix")
    for number in range(ENTRIES // 2):
        comment.add_note(ticket, actor=person("wang"), text=f"已联系机房,第 {number} 次。")
        comment.post_update(ticket, actor=person("zhao"), text=f"正在处理,第 {number} 次。")
    return ticket


@pytest.mark.parametrize("action", sorted(set(DEEDS) - {"report"}))
def test_after_every_deed_nothing_old_is_shown(action, readers):
    ticket = DEEDS[action].made(workflow.STEPS[action].come_from[0])
    DEEDS[action].prepare(ticket)
    url = f"/t/{ticket.number}"
    before = all_shown(readers, url)
    do(action, ticket)
    after = all_shown(readers, url)
    assert after != before
    assert after == all_fresh(readers, url)


@pytest.mark.parametrize("state", ROAD[1:])
def test_a_new_name_of_a_colleague_shows_at_once(state, readers):
    url = f"/t/{a_ticket(state).number}"
    before = all_shown(readers, url)
    _rename_all_but("zhang")
    after = all_shown(readers, url)
    assert not set(after) & set(before)
    assert after == all_fresh(readers, url)


@pytest.mark.parametrize(
    ("state", "login", "region"), [("awaiting_engineer", "zhao", "timeline"), ("awaiting_approval", "wu", "record")]
)
def test_a_new_name_of_who_has_not_acted_yet_shows_at_once(state, login, region, sign_in, cast):
    """Who was given the work, and who has a seat."""
    url, chen = f"/t/{a_ticket(state).number}", sign_in("chen")
    shown(chen, url)
    accounts.edit_person(person(login), actor=cast.admin, roles=[], name="新名字")
    assert "新名字" in chen.get(url).one(id=region).text


def test_new_names_of_the_reporter_and_of_what_it_is_about_show_at_once(sign_in, cast):
    service = cast.service("ERP")
    url, zhao = f"/t/{a_ticket('awaiting_plan', contact=cast.contact, service=service).number}", sign_in("zhao")
    reported, chen = f"/t/{a_ticket('awaiting_plan').number}", sign_in("chen")
    for thing, name in ((cast.contact, "新联系人"), (cast.contact.customer, "新客户"), (service, "新系统")):
        assert name not in shown(zhao, url)
        masterdata.edit_record(thing, actor=cast.admin, name=name)
        assert name in shown(zhao, url)
    assert "新报告人" not in shown(chen, reported)
    accounts.edit_person(cast.zhang, actor=cast.admin, roles=[], name="新报告人")
    assert "新报告人" in shown(chen, reported)


def test_what_one_reader_has_drawn_lends_another_no_rights(readers):
    ticket = a_talked_about_ticket()
    key = keep_file(actor=person("wang"), name="internal.log", content=b"x").key
    comment.add_note(ticket, actor=person("wang"), text="供应商在推诿。", files=[key])
    url = f"/t/{ticket.number}"
    alone = all_fresh(readers, url)
    for order in (readers, readers[::-1]):
        kept.forget()
        all_shown(order, url)
        assert all_shown(readers, url) == alone
    assert ["推诿" in page for page in alone] == [True, True, False]
    assert ["/redaction" in page for page in alone] == [False, True, False]


def test_each_reader_keeps_their_language_and_zone(sign_in, cast):
    url = f"/t/{a_ticket('awaiting_plan').number}"
    zhao, he = sign_in("zhao"), sign_in("he")  # with the same rights
    before = shown(zhao, url)
    he.press(he.get("/help/shortcuts").form("set_language"), language="en")
    assert "Taken up" in shown(he, url)
    assert shown(zhao, url) == before
    _move(cast.zhao)
    after = shown(zhao, url)
    assert "2026-11-18 03:00" in after
    assert [after] == all_fresh([zhao], url)


def test_a_page_that_was_drawn_asks_for_little(sign_in):
    url = f"/t/{a_talked_about_ticket().number}"
    zhao = sign_in("zhao")
    shown(zhao, url)
    with statements() as asked:
        shown(zhao, url)
    assert len(asked) <= MOST_STATEMENTS, asked


def test_many_screens_read_the_story_of_a_changed_ticket_once(sign_in):
    url = f"/t/{a_talked_about_ticket().number}"
    screens = [sign_in(login) for login in ("zhao", "he", "liu", "sun")]
    with statements() as asked:
        for screen in screens:
            assert "已联系机房" in shown(screen, url)
    assert len([words for words in asked if "FROM entry" in words]) == 1
