"""The record as a page and as a table: who did what, narrowed down, page by page; and the last verdict above it."""

import ast
import csv
import io

import pytest
from sqlalchemy import func, select

from blueprints.admin import audit as page_of_audit
from blueprints.admin import audit_words
from blueprints.sheet import harmless
from models.clockwork import anchor, verification
from models.ground.db import db
from models.insight import audit
from models.record.deed import Deed
from models.record.event import Event
from models.rules.deeds import SAID
from models.steps import accounts
from models.steps.restoring import TakenUp
from tests.factories import a_ticket, person
from tests.house.source import dotted, files, tree

AUDIT = "/admin/audit"


@pytest.fixture
def record(cast, tmp_path):
    """A ticket, and somebody who was given another role; a book of checkpoints of its own."""
    before = anchor.book().folder
    anchor.use_folder(tmp_path / "anchors")
    ticket = a_ticket("awaiting_plan")
    li = person("li")
    accounts.edit_person(li, actor=person("admin"), name="=李强", roles=[("engineer", None), ("verifier", None)])
    yield ticket
    anchor.use_folder(before)


def rows(page) -> list[list[str]]:
    return [[cell.text.strip() for cell in row.all("td")] for row in page.all("tr") if row.all("td")]


def test_the_list_says_who_did_what_with_before_and_after(record, english):
    page = english("admin").get(AUDIT)
    found = rows(page)
    edited = next(row for row in found if row[2] == "Account changed")
    assert edited[1].startswith("管理员 · admin")
    assert "=李强 · li" in edited[3]
    assert "Verifier" in edited[4]
    triaged = next(row for row in found if row[2] == "Triaged")
    assert triaged[3] == record.number
    assert f"/t/{record.number}" in [link.get("href") for link in page.all("a")]
    assert "has not been verified" in page.text
    verification.keep(verification.verify())
    assert "the record is what was written" in english("admin").get(AUDIT).text


def test_a_finding_stands_at_the_top(record, english):
    seen = verification.verify()
    seen.findings.append(verification.Finding("changed", "TS1 event 2 (triaged)"))
    verification.keep(seen)
    page = english("admin").get(AUDIT)
    assert "1 finding" in page.text
    assert "TS1 event 2 (triaged)" in page.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("person=admin&kind=deed.", {"Account changed", "Signed in"}),
        ("person=wang&kind=event.triaged", {"Triaged"}),
        ("kind=event.triaged", {"Triaged"}),
        ("kind=deed.person_edited", {"Account changed"}),
        ("kind=deed.drill_started", set()),
        ("first=2026-11-19", set()),
        ("last=2026-11-17", set()),
    ],
)
def test_it_is_narrowed_down(record, english, query, expected):
    assert {row[2] for row in rows(english("admin").get(f"{AUDIT}?{query}"))} == expected


def test_a_tickets_own_record(record, english):
    found = rows(english("admin").get(f"{AUDIT}?ticket={record.number}&first=2026-11-18&last=2026-11-18"))
    assert [row[2] for row in found] == ["Taken up", "Triaged", "Reported"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("person=nobody-at-all", 422), ("ticket=TS1", 422), ("kind=event.nonsense", 422), ("first=yesterday", 422),
        ("first=2026-11-20&last=2026-11-19", 422), ("after=1.2.3", 404), ("after=x", 404), ("last=9999-12-31", 200),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_a_sentence(record, english, query, status):
    for url in (AUDIT, f"{AUDIT}/file"):
        page = english("admin").open(f"{url}?{query}")
        assert page.status == status
    if status == 422:
        assert page.all(data_errors=None), "above the form, which keeps what was typed"


@pytest.mark.once
def test_only_administrators_read_it(record, sign_in):
    for login in ("chen", "liu", "sun", "zhang"):
        assert [sign_in(login).open(url).status for url in (AUDIT, f"{AUDIT}/file")] == [403, 403]


def test_what_an_administrator_may_not_see_has_no_number_here(record, cast, english):
    """P2.11: in the list, in the table, as a filter, and in the outbox."""
    ticket = a_ticket("awaiting_plan", category="security", contact=cast.contact)
    admin, chen, number = english("admin"), english("chen"), ticket.number
    urls = (AUDIT, f"{AUDIT}/file", "/admin/outbox")
    answers = [admin.open(url).response.get_data(as_text=True) for url in urls]
    assert [number in text for text in answers] == [False] * 3
    assert [("…" in text, record.number in text) for text in answers[:2]] == [(True, True)] * 2
    hidden = next(row for row in rows(admin.get(f"{AUDIT}?kind=event.triaged")) if row[3] == "…")
    assert hidden[4] == "…"
    for asked in (number, "TS1"):
        page = admin.open(f"{AUDIT}?ticket={asked}")
        assert (page.status, "There is no such ticket." in page.text) == (422, True), "the same as of none"
    assert number in chen.get("/admin/outbox").text, "whoever may see it does"


def test_pages_follow_one_another_without_a_gap(record, english, monkeypatch):
    monkeypatch.setattr(page_of_audit, "PAGE", 3)
    browser, url, seen = english("admin"), AUDIT, 0
    while url:
        page = browser.get(url)
        seen += len(rows(page))
        url = next((link["href"] for link in page.all("a") if link.get("rel") == "next"), "")
    assert seen == sum(db.session.scalar(select(func.count()).select_from(table)) for table in (Deed, Event))


def test_a_rare_kind_is_looked_for_among_so_many_and_no_more(record, monkeypatch):
    monkeypatch.setattr(audit, "LOOK", 2)
    after, found, looks = "", [], 0
    while looks == 0 or after:
        page = audit.read(audit.Wanted(name="signed_in"), after, most=50)
        after, found, looks = page.next, [*found, *page.rows], looks + 1
    assert len(found) == db.session.scalar(select(func.count()).where(Deed.name == "signed_in"))
    assert looks > 3


def test_the_table_holds_no_formula(record, english):
    answer = english("admin").open(f"{AUDIT}/file?person=admin").response
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    lines = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert lines[0][:4] == ["Time", "Who", "Address", "What"]
    edited = next(line for line in lines if line[3] == "Account changed")
    assert edited[4] == "User account =李强 · li"
    assert [harmless(value) for value in ("=1+1", " @a", "-3", "a=b", None, 7)] == [
        "'=1+1", "' @a", "'-3", "a=b", "", "7",
    ]  # fmt: skip


@pytest.mark.once
def test_every_deed_thing_and_field_has_a_word():
    named, told = set[str](), {field for fields in SAID.values() for field in fields} | set(TakenUp._fields)
    for path in (path for path in files("models", "workers", "blueprints") if path.name != "deeds.py"):
        for call in (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)):
            if dotted(call.func) in ("record", "recorded", "recorded_if_changed"):
                name, *also = [ast.literal_eval(word) for word in call.args]
                named, told = named | {name}, told | set(also) | _keys_in(call)
    assert len(named) > 60
    assert named ^ set(audit_words.DEEDS) == set()
    assert {table.__tablename__ for table in SAID} - set(audit_words.THINGS) == set()
    assert told - set(audit_words.FIELDS) == set()


def _keys_in(call: ast.Call) -> set[str]:
    """What is said before and after, where it stands there word by word."""
    said = [given.value for given in call.keywords if given.arg in ("before", "after")]
    return {key.value for each in said if isinstance(each, ast.Dict) for key in each.keys if key is not None}
