"""A form that is shown can be handed in: every page about a ticket, of every kind, in every state (P8.3)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from flask import Flask

from blueprints import access
from models import demonstration
from models.ground import clock
from models.ground.db import db
from models.record.ticket import Ticket, find_ticket
from models.rules.permissions import allows
from tests.browsing import Browser, Element, Form, Page
from tests.conftest import TEN_O_CLOCK
from tests.factories import REQUEST_ROAD, ROAD, a_request, a_ticket, an_emergency, assess, person

pytestmark = pytest.mark.once
PEOPLE = ("zhao", "zhou", "chen", "wang", "zhang", "he", "liu", "yang")
REFUSED = (403, 404, 409)


def put_off() -> Ticket:
    ticket = a_request("awaiting_assessment")
    assess(ticket, verdict="not_now")
    return ticket


def owing() -> Ticket:
    ticket = a_ticket("awaiting_plan", severity="P0")
    an_emergency(ticket)
    return ticket


# What it is → how it is made: a fault and a request in each state, and those that something special is about.
KINDS: dict[str, Callable[[], Ticket]] = {
    **{f"fault {state}": partial(a_ticket, state) for state in (*ROAD, "awaiting_consent", "cancelled", "merged")},
    **{f"request {state}": partial(a_request, state) for state in REQUEST_ROAD},
    "request put off": put_off,
    "P0 to triage": partial(a_ticket, severity="P0"),
    "P0 to plan": partial(a_ticket, "awaiting_plan", severity="P0"),
    "P0 that owes": owing,
}
A_PART = ("fault awaiting_triage", "fault awaiting_plan", "fault awaiting_fix", "fault awaiting_test",
          "fault awaiting_customer", "fault awaiting_review", "request awaiting_direction", "P0 to plan")  # fmt: skip


@pytest.fixture(scope="module")
def desk(_house: SimpleNamespace, request: pytest.FixtureRequest) -> Iterator[SimpleNamespace]:
    """Everything is asked of the same tickets: what is handed in is carried out and then rolled back."""
    clock.follow(None)
    with clock.hold(TEN_O_CLOCK), _house.app.app_context(), pytest.MonkeyPatch.context() as patch:
        _house.database.renew()
        browsers = {}
        for login in PEOPLE:
            browsers[login] = Browser(_house.app)
            browsers[login].sign_in(login, demonstration.PASSWORD)
        held = SimpleNamespace(
            app=_house.app, browsers=browsers, others=(a_ticket("awaiting_plan").number, a_request().number)
        )
        held.numbers = {what: KINDS[what]().number for what in request.param}
        patch.setattr(db.session, "commit", db.session.rollback)
        yield held
        db.session.remove()


def pages_about_a_ticket(app: Flask) -> Iterator[tuple[str, str]]:
    """(address, action) of every page that is about one ticket."""
    for rule in app.url_map.iter_rules():
        kind, action, of = getattr(app.view_functions[rule.endpoint], "access", ("", "", None))
        is_page = "GET" in rule.methods and rule.arguments == {"number"} and not rule.rule.endswith(".svg")
        if kind == "requires" and of is access.ticket and is_page:
            yield rule.rule.replace("<number>", "{n}"), action


def someone_who_may(action: str, ticket: Ticket) -> str:
    return next((login for login in PEOPLE if allows(person(login), action, ticket)), "")


def asked(desk: SimpleNamespace) -> list[tuple[str, str, str]]:
    """(what it is, its number, page) of everything that somebody may do, whether its moment has come or not."""
    found = []
    for what, number in desk.numbers.items():
        ticket = find_ticket(number)
        for address, action in pages_about_a_ticket(desk.app):
            if login := someone_who_may(action, ticket):
                found.append((f"{what} by {login}", login, address.format(n=number)))
    return found


@pytest.mark.full
@pytest.mark.parametrize("desk", [tuple(KINDS)], indirect=True, ids=["all"])
def test_whatever_is_shown_can_be_handed_in(desk):
    refused, taken, wanting = hand_in(desk, asked(desk))
    assert refused == [], "\n".join(["", *refused])
    assert wanting - taken == set(), "never once filled in rightly, so this test says nothing of them"
    assert len(taken) > 30, sorted(taken)


@pytest.mark.parametrize("desk", [A_PART], indirect=True, ids=["part"])
def test_a_part_of_it_every_time(desk):
    """One page in three of a few tickets; all of them with `--full`."""
    refused, taken, _ = hand_in(desk, asked(desk)[::3])
    assert refused == [], "\n".join(["", *refused])
    assert len(taken) > 15, sorted(taken)


def hand_in(desk: SimpleNamespace, pages: list[tuple[str, str, str]]) -> tuple[list[str], set[str], set[str]]:
    """What was refused, which actions were accepted, and which wanted something else."""
    refused, taken, wanting = [], set(), set()
    for what, login, url in pages:
        page = desk.browsers[login].open(url)
        assert page.status in (200, *REFUSED), (url, page.status)
        if page.status == 409:
            assert page.one("main").all("a", href="/t/" + url.split("/")[2]), f"{url}: the way forward"
        for form in forms_of(page, url):
            answer = handed_in(desk.browsers[login], form, url.split("/")[2], desk)
            (taken if answer.status == 303 else wanting).add(form.action)
            if answer.status in REFUSED:
                refused.append(f"{what}: {url}: {form.action} {answer.status} {said(answer)}")
    return refused, taken, wanting


def forms_of(page: Page, url: str) -> list[Form]:
    """The forms of the page itself, and not those of its frame."""
    main = page.all("main")
    found = [Form(e) for e in main[0].all("form", method="post")] if main and page.status == 200 else []
    return [form for form in found if form.url.startswith((url.rsplit("/", 1)[0], url)) and "once" in form.values]


def handed_in(browser: Browser, form: Form, number: str, desk: SimpleNamespace) -> Page:
    """With everything filled in or, where that is too much, with what is required."""
    for every in (True, False):
        answer = browser.press(form, **filled_in(form, number, desk, every=every))
        if answer.status != 422:
            return answer
    return answer


def filled_in(form: Form, number: str, desk: SimpleNamespace, *, every: bool) -> dict[str, str]:
    values: dict[str, str] = {}
    for control in form.element.all("input", "textarea", "select"):
        name, value = control.get("name"), value_for(control, number, desk)
        if name and value and name not in values and (every or "required" in control.attributes):
            values[name] = value
    return values


def value_for(control: Element, number: str, desk: SimpleNamespace) -> str:
    kind = control.get("type", "text" if control.tag == "input" else control.tag)
    if control.get("name") in ("into", "other"):
        return next(other for other in desk.others if other[:2] == number[:2])
    if kind == "select":
        return next((o["value"] for o in control.all("option") if o.get("value")), "")
    if kind == "radio":
        return control["value"]
    if kind == "datetime-local":
        return (clock.now() + timedelta(days=10, hours=8)).strftime("%Y-%m-%dT%H:%M")
    return "请看说明。" if kind in ("text", "textarea") else ""


def said(answer: Page) -> str:
    return " ".join(e.text for e in answer.all(role="alert"))[:160] or answer.one("main").text[:160]
