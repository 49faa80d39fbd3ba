"""Clock honesty (G18): what a screen says is left is what the engine works out anew from the record, to the second.

The pages are the application's own, read in this process while its clock stands; a browser whose own clock stands in
1970 is given the same pages, and its clock is wound on by hand over everything that can happen to a clock.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import Route, sync_playwright
from sqlalchemy import select

from blueprints import kept
from models.clockwork import escalation
from models.ground import clock
from models.ground.db import command, db
from models.ground.vocabulary import HOUSEKEEPING
from models.insight.explanation import explain
from models.people.team import Service
from models.policy.calendar import CalendarRow
from models.policy.holidays import OFFICE_WEEK
from models.policy.pack import Pack, load_pack
from models.policy.sheet import new_sheet
from models.policy.version import add_edition, version_in_force
from models.record.deadline import Deadline
from models.record.link import living_link
from models.record.ticket import Ticket
from models.steps import comment, extension, triage
from models.steps.another_policy import change_policy
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browsing import Browser, Element
from tests.factories import a_policy, a_ticket, person

pytestmark = pytest.mark.once  # what is read is the same words from either database
SECOND, SHANGHAI = timedelta(seconds=1), ZoneInfo("Asia/Shanghai")
BERLIN, STRICT, UNIFIED = "berlin", "response-control", "unified"
HANDS = """
const beats = []; let at = 0;
Date.now = () => at;
Object.defineProperty(globalThis, 'innerHeight', {value: 1e9}); // else clocks out of sight rest
globalThis.setInterval = (deed, ms) => ms === 1000 ? beats.push(deed) : 0;
globalThis.wind = to => { at = to; beats.forEach(deed => deed()); };
"""  # the page's clock stands still, in another century than the server's, until it is wound
READ = """() => [...document.querySelectorAll('[data-clock]')].map(clock => ({
  number: (clock.closest('[data-ticket]') ?? document.querySelector('section[data-ticket]'))?.dataset.ticket ?? '',
  kind: clock.dataset.clock, state: clock.dataset.clockState, due: clock.dataset.due, since: clock.dataset.from,
  left: clock.querySelector('.left').textContent,
}))"""


@dataclass(frozen=True)
class Face:
    """One clock on one page: whose, which, and what it says."""

    number: str
    kind: str
    state: str
    due: str
    since: str
    left: str


def at(text: str) -> datetime:
    """A moment in Shanghai, in 2026."""
    return datetime.fromisoformat(f"2026-{text}+08:00").astimezone(UTC)


# --- the histories: each line is a moment, and what happens at it before anybody looks

MOMENTS: tuple[tuple[str, str], ...] = (
    ("09-30T10:00", "report"),
    ("09-30T11:59:58", ""),  # two seconds before lunch
    ("09-30T12:40", "pause"),  # in it
    ("09-30T13:31", "report again"),
    ("09-30T15:45", "resume"),
    ("09-30T17:59:59", "extend"),
    ("10-03T09:00", ""),  # a holiday, on a Saturday
    ("10-08T09:20", "publish"),  # the first day of work, and another edition of the policy
    ("10-09T18:30", "report again"),
    ("10-10T11:00", "regrade"),  # the Saturday that is worked instead
    ("10-11T16:00", "pause"),  # a Sunday
    ("10-12T09:00:01", "change policy"),
    ("10-24T23:30", "report again"),
    ("10-25T03:30", "resume"),  # 02:30 in Berlin, the first time
    ("10-25T09:30", ""),  # 02:30 in Berlin once more has gone
    ("10-26T16:30", "update"),
)  # fmt: skip
STEPS = (1, 59, 61, 1_799, 3_601, 5_400, 86_400, 5 * 86_400)  # seconds that a page lies open


class Desk:
    """The tickets whose clocks are read, and what happens to them."""

    def __init__(self, cast: Any) -> None:
        self.cast, self.numbers = cast, list[str]()
        _agree_in_berlin()
        a_policy(STRICT)

    def tickets(self) -> list[Ticket]:
        db.session.expire_all()
        return list(db.session.scalars(select(Ticket).where(Ticket.number.in_(self.numbers)).order_by(Ticket.id)))

    def happen(self, deed: str) -> None:
        if deed:
            getattr(self, deed.replace(" ", "_"))()

    def report(self) -> None:
        """Of every level, by a customer and by a colleague, under each of the policies."""
        made = [a_ticket("awaiting_plan", severity=level) for level in ("P0", "P1", "P2", "P3")]
        made += [a_ticket("awaiting_customer", severity="P2")]
        made += [a_ticket("awaiting_plan", severity=level, contact=self.cast.contact) for level in ("P1", "P3")]
        made += [a_ticket("awaiting_plan", severity=level, service=self._berlin) for level in ("P2", "P3")]
        self.numbers += [ticket.number for ticket in made]

    def report_again(self) -> None:
        made = [a_ticket("awaiting_plan", severity="P3"), a_ticket(severity="P2", service=self._berlin)]
        self.numbers += [ticket.number for ticket in (*made, a_ticket(severity="P1", contact=self.cast.contact))]

    def pause(self) -> None:
        """One of those that run for the customer, one for somebody who stops nothing."""
        working = [ticket for ticket in self.tickets() if ticket.state == "awaiting_plan" and not ticket.waiting_on]
        for ticket, party in zip(working[-5:], ("customer", "vendor", "reporter", "window", "customer"), strict=False):
            comment.wait_for(ticket, actor=person("zhao"), party=party, reason="等回复")

    def resume(self) -> None:
        for ticket in [ticket for ticket in self.tickets() if ticket.waiting_on and ticket.state == "awaiting_plan"][
            :3
        ]:
            comment.resume_work(ticket, actor=person("zhao"))

    def extend(self) -> None:
        ticket = self._of("P3")
        until = extension.extensible(ticket).due_at + timedelta(hours=3, seconds=17)
        asked = extension.ask_for_extension(ticket, actor=person("zhao"), reason="等补丁", until=until)
        extension.grant_extension(asked, actor=person("chen"))

    def regrade(self) -> None:
        triage.regrade_ticket(self._of("P3"), actor=person("chen"), severity="P2", reason="影响变了")

    def publish(self) -> None:
        """From now on faults have other limits; those that run keep theirs (P4.3)."""
        raw = load_pack(UNIFIED).dump()
        raw["clocks"]["resolve"]["P3"] = raw["clocks"]["resolve"]["P2"]
        a_policy(Pack.from_dict(raw))

    def change_policy(self) -> None:
        strict = version_in_force(clock.now(), service=SimpleNamespace(policy_name=STRICT, team_id=None))
        change_policy(self._of("P1"), actor=person("wang"), version=strict, severity="P2", reason="另有合同")

    def update(self) -> None:
        for ticket in self.tickets():
            if ticket.is_open:
                comment.post_update(ticket, actor=person("wang"), text="正在处理")

    def _of(self, severity: str) -> Ticket:
        return next(t for t in self.tickets() if t.severity == severity and t.state == "awaiting_plan")

    @property
    def _berlin(self) -> Service:
        return self.cast.service("Mobile app")


@command
def _agree_in_berlin() -> None:
    """A service whose hours are those of Berlin, Sundays too: there the clocks are put back on 25 October."""
    week = (*OFFICE_WEEK[:5], OFFICE_WEEK[0], OFFICE_WEEK[0])
    row = CalendarRow(
        name="Berlin", content=new_sheet("Europe/Berlin", week).calendar.to_dict(), published_at=clock.now()
    )
    db.session.add(row)
    db.session.flush()
    pack = Pack.from_dict(load_pack(UNIFIED).dump() | {"name": BERLIN})
    add_edition(pack, calendar_id=row.id, effective_at=clock.now())
    db.session.scalars(select(Service).where(Service.name_en == "Mobile app")).one().policy_name = BERLIN


# --- what the engine says


class Engine:
    """The due time of every clock, reckoned anew from policy, calendar, pauses and extensions at this moment."""

    def __init__(self, tickets: list[Ticket]) -> None:
        ids = {ticket.id: ticket.number for ticket in tickets}
        self.explained = {
            (ids[one.ticket_id], one.kind, one.started_at.isoformat(), one.round): explain(one)
            for one in db.session.scalars(select(Deadline).where(Deadline.ticket_id.in_(ids)))
        }
        odd = [key for key, why in self.explained.items() if not why.agrees and key[1] not in HOUSEKEEPING]
        assert odd == [], "the record itself does not add up"

    def due(self, face: Face) -> list[datetime]:
        """One; or two, where a clock was begun anew from the same start."""
        begun = (face.number, face.kind, face.since)
        known = [why for key, why in self.explained.items() if key[:3] == begun]
        found = [why.due_at if face.kind in HOUSEKEEPING else why.reckoning.due_at for why in known]
        assert found, f"no such clock is on record: {face}"
        return found

    def next_update(self, number: str) -> datetime | None:
        running = [
            why for (of, kind, *_), why in self.explained.items() if (of, kind) == (number, "update")
            and why.deadline.state == "running"
        ]  # fmt: skip
        return running[0].reckoning.due_at if running else None


def in_words(seconds: float) -> str:
    """How the screens say it (V09): two units at most, minutes alone from ten, both below."""
    s = abs(int(seconds))
    hours, minutes = f"{s % 86400 // 3600} 时", f"{s % 3600 // 60:02d} 分"
    if s >= 86400:
        said = f"{s // 86400} 天 {hours}"
    elif s >= 600:
        said = f"{hours} {minutes}" if s >= 3600 else f"{s // 60} 分"
    else:
        said = f"{s // 60} 分 {s % 60:02d} 秒"
    return f"剩 {said}" if seconds > 0 else f"已超时 {said}"


def wrong(face: Face, engine: Engine, moment: datetime) -> str:
    """What is wrong with what this clock says, if anything: it may be one second off, and nothing more."""
    shown, due = datetime.fromisoformat(face.due), engine.due(face)
    if min(abs(shown - one) for one in due) > SECOND:
        return f"{face} is due {due}"
    if face.state not in ("running", "breached"):
        return f"{face} counts" if re.search(r"\d", face.left) else ""
    exact = min(due, key=lambda one: abs(shown - one))
    left = (exact - moment).total_seconds()
    said = {in_words(left + off) for off in (-1, 0, 1)}
    return "" if face.left in said else f"{moment}: {face} should say {said}"


# --- the screens


def faces(page: Element) -> list[Face]:
    """Every clock on a page as the server has written it."""
    found = []
    whose = {e: owner["data-ticket"] for owner in page.all(data_ticket=None) for e in owner.all(data_clock=None)}
    own = [owner["data-ticket"] for owner in page.all("section", data_ticket=None)]  # a ticket's own page
    for e in page.all(data_clock=None):
        said = e.one(class_="left").text
        marks = (e["data-clock"], e["data-clock-state"], e["data-due"], e["data-from"])
        found.append(Face(whose.get(e, *own[:1]), *marks, said))
    return found


@pytest.fixture
def tab(app, sign_in) -> Iterator[Callable[[str, str], Tab]]:
    """`tab("zhao", "/bench")`: that page of the application in a browser, whose clock stands until it is wound."""
    if not CHROMIUM:
        pytest.skip("there is no Chromium here; on Debian: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1366, "height": 768}, locale="zh-CN")
        page.add_init_script(HANDS)
        known: dict[str, Browser] = {}

        def answer(route: Route) -> None:
            path = route.request.url.partition("localhost")[2]
            if path.startswith("/events"):
                route.abort()
            else:
                response = known["now"].client.get(path)
                route.fulfill(status=response.status_code, headers=dict(response.headers), body=response.get_data())

        page.route("**/*", answer)

        def open_page(login: str, path: str) -> Tab:
            known["now"] = known.setdefault(login, sign_in(login))
            page.goto(f"http://localhost{path}")
            return page

        yield open_page
        browser.close()


def read_in_words(run: Any, number: str) -> list[Face]:
    """`./run sla explain`, as programs read it; it says when, and not how much is left."""
    done = run.invoke(args=["sla", "explain", number, "--json"])
    assert done.exit_code == 0, done.output
    said = map(json.loads, done.stdout.splitlines())
    return [Face(number, one["kind"], "", one["due_at"], one["started_at"], "") for one in said]


LISTS = (("zhao", "/bench"), ("zhang", "/my"), ("wang", "/triage"), ("liu", "/watch"), ("liu", "/watch?wall=1"))


def test_every_screen_says_what_the_engine_says(app, cast, time, sign_in, tab, request):
    """Lists, ticket, watch, wall, the reporter's and the customer's page, the command; and the script that counts on.

    At each moment all lists and every third ticket; every ticket with `--full`.
    """
    time(at(MOMENTS[0][0]))
    desk, run = Desk(cast), app.test_cli_runner()
    readers = {login: sign_in(login) for login in ("zhao", "zhang", "wang", "liu")}
    pairs, counted, promised, problems, states = set(), 0, 0, list[str](), set()
    for nth, (moment, deed) in enumerate(MOMENTS):
        time(at(moment))
        while escalation.sweep():
            pass
        desk.happen(deed)
        kept.forget()
        now, tickets = clock.now(), desk.tickets()
        engine = Engine(tickets)
        some = tickets if request.config.getoption("--full") else tickets[nth % 3 :: 3]
        whole = [("zhao", f"/t/{t.number}") for t in some]
        whole += [("zhang", f"/t/{t.number}") for t in some if t.reporter]
        seen = [face for login, path in (*LISTS, *whole) for face in faces(readers[login].get(path))]
        for ticket in some:
            seen += read_in_words(run, ticket.number)
            told = _wrong_for_the_customer(Browser(app), ticket, engine)
            promised += told is not None
            problems += [f"{moment}: {told}"] if told else []
        for login, path in (LISTS[nth % len(LISTS)], whole[0]):
            counted += _count_on(tab(login, path), engine, now, problems)
        problems += [said for face in seen if (said := wrong(face, engine, now))]
        pairs |= {(face.number, face.kind, moment) for face in seen}
        states |= {face.state for face in seen}
    read = f"{len(pairs)} at {len(MOMENTS)} moments, {promised} of them by customers, {counted} while they count on"
    print(f"\n  clocks  {read}")
    assert problems == [], f"{len(problems)} problems with {len(pairs)} clocks"
    assert min(len(pairs), counted) > 300
    assert promised > 5
    assert states >= {"running", "paused", "met", "breached"}


def _wrong_for_the_customer(stranger: Browser, ticket: Ticket, engine: Engine) -> str | None:
    """Behind their link: by when they hear from us; None where nothing is promised."""
    due, link = engine.next_update(ticket.number), living_link(ticket) if ticket.contact_id else None
    if link is None or due is None:
        return None
    promise = "Next update by" if due > clock.now() else "The update promised for"
    said, words = f"{promise} {due.astimezone(SHANGHAI):%Y-%m-%d %H:%M}", stranger.get(f"/c/{link.token}").text
    return "" if said in words else f"{ticket.number} does not say {said}: {words[:200]}"


def _count_on(page: Tab, engine: Engine, now: datetime, problems: list[str]) -> int:
    """The page lies open while time goes by; how many readings were compared."""
    written, number = page.evaluate(READ), 0
    for step in (0, *STEPS):
        page.evaluate("ms => wind(ms)", step * 1000)
        found = [Face(**one) for one in page.evaluate(READ)]
        assert len(found) == len(written)
        moment = now + timedelta(seconds=step)
        problems += [f"counted {step} s: {said}" for face in found if (said := wrong(face, engine, moment))]
        number += len(found)
    return number
