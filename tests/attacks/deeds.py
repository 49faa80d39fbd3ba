"""What is tried by hand-made forms: too many fields, the wrong moment, rights that ended, many at once."""

import re
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import Context
from typing import Any

import pytest
from sqlalchemy import func, select, text

from blueprints.seals import seal
from models.ground.db import command, db, is_sqlite
from models.people.person import RoleHeld
from models.record.event import Event
from models.record.ticket import Ticket, find_ticket
from models.rules.permissions import MAY
from models.rules.workflow import INSTEAD, STEPS
from tests import standing
from tests.attacks.figures import heavy, nothing
from tests.attacks.site import Found, Site, texts_of
from tests.blueprints.test_open_forms import filled_in
from tests.browsing import Page
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import person
from tests.models.test_journal import plainly

BY_LOT = re.compile(  # ids in an order that a set decides, what is drawn by lot, and the real time of day
    r"^\(\d+|[0-9a-f]{12,}|[A-Za-z0-9_-]{40,}|datetime\.datetime\((\d+, ){6}\d+"
)

UNCOUNTED = ("session", "once", "heartbeat", "allowance")  # what is kept of tries, each of which is one


def a35(site: Site) -> str:
    """Every column of every table posted along with every form: only what the form declares changes."""
    columns = {column.name for table in db.metadata.sorted_tables for column in table.columns} - {"version", "kept"}
    accepted, odd = 0, []
    for found in site.kinds:
        fields = filled(site, found)
        extra = {name: _hostile(name) for name in columns - found.form.names}
        plain, more = (_written_by(site, found, fields | also) for also in ({}, extra))
        accepted += plain is not None
        odd += [f"{found}: {sorted(_unlike(plain, more))}"] * (more is not None and bool(_unlike(plain, more)))
    nothing(odd)
    assert accepted > 25, accepted
    return f"{len(site.kinds)} forms, {len(columns)} columns each, {accepted} accepted, 0 undeclared changes"


def a39(site: Site) -> str:
    """Every deed on every ticket whose state does not allow it, by a hand-made form that would be right elsewhere."""
    pairs, odd, statuses = 0, [], set[int]()
    with site.unchanged():
        for found, action in _deeds(site):
            fields = filled(site, found)
            for number in site.world.tickets.values():
                ticket = find_ticket(number)
                assert ticket
                if ticket.state in _come_from(action):
                    continue
                url = re.sub(r"/t/[A-Z0-9]+|/d/[A-Z0-9]+", f"/t/{number}", found.form.url)
                answer = _thrown(site, found, url, fields, ticket)
                odd += [f"{found} on {ticket.state}: {answer.status}"] * (answer.status not in (403, 404, 409, 422))
                statuses.add(answer.status)
                pairs += 1
    nothing(odd)
    assert 409 in statuses
    return f"{pairs} pairs of deed and state, 0 changes"


def a41(site: Site) -> str:
    """A form is shown, the right is taken away, the form is sent: the right counts as it is now."""
    odd, tried = [], 0
    mine = [found for found in site.kinds if found.name in ("chen", "wang", "liu") and _needs_a_role(site, found)]
    for name in ("chen", "wang", "liu"):
        _take_roles(person(name).id)
    with site.unchanged():
        for found in mine:
            answer = site.browser(found.name).press(found.form, **filled(site, found))
            odd += [f"{found}: {answer.status}"] * (answer.status not in (403, 404, 409))
            tried += 1
    nothing(odd)
    assert tried > 20, tried
    return f"{tried} forms of people who lost their roles meanwhile, 0 accepted"


def filled(site: Site, found: Found) -> dict[str, Any]:
    """What somebody might fill in: text where there is room for it, the first choice elsewhere."""
    number = next(iter(re.findall(r"/[td]/([A-Z]{2}\d+)", found.form.url)), site.world.tickets["awaiting_plan"])
    others = [site.world.tickets["awaiting_engineer"], site.world.tickets["request"]]
    desk: Any = type("Desk", (), {"others": others})
    required = filled_in(found.form, number, desk, every=False)
    return dict.fromkeys(texts_of(found.form)[:1], "请看说明。") | required


def _hostile(column: str) -> str:
    ids = ("_id", "id", "seq", "round", "nth")
    return "1" if column.endswith(ids) else "2020-01-01T00:00" if column.endswith(("_at", "_on")) else "admin"


def _written_by(site: Site, found: Found, fields: dict[str, Any]) -> dict[str, list[str]] | None:
    """Every row as the form would leave it, taken just before the commit, which is not made; None when refused."""
    rows: dict[str, list[str]] = {}

    def look_and_go_back() -> None:
        for table in db.metadata.sorted_tables:
            if table.name not in (*NOT_BUSINESS, "attachment"):
                rows[table.name] = sorted(repr(tuple(row)) for row in db.session.execute(select(table)))
        db.session.rollback()

    sent = found.form.values | fields
    kind = "multipart/form-data" if found.form.element.get("enctype") == "multipart/form-data" else None
    with pytest.MonkeyPatch.context() as patch, _same_numbers_again():
        patch.setattr(db.session, "commit", look_and_go_back)
        answer = site.browser(found.name).open(found.form.url, method="POST", data=sent, content_type=kind)
    return rows if answer.status in (200, 303) and rows else None


@contextmanager
def _same_numbers_again() -> Iterator[None]:
    """PostgreSQL gives no number twice, even where nothing came of it: here the next one gets it again."""
    if is_sqlite():
        yield
        return
    said = "schemaname || '.' || sequencename, coalesce(last_value, 1), last_value IS NOT NULL"
    asked = text(f"SELECT {said} FROM pg_sequences")
    before = db.session.execute(asked).all()
    db.session.rollback()
    yield
    plainly("SELECT " + ", ".join(f"setval('{name}', {last}, {is_used})" for name, last, is_used in before))


def _unlike(plain: dict[str, list[str]] | None, more: dict[str, list[str]] | None) -> set[str]:
    """Rows that only one of them has, but for what is drawn by lot."""
    if plain is None or more is None:
        return set()
    bare = [{BY_LOT.sub("", row) for table in each.values() for row in table} for each in (plain, more)]
    return bare[0] ^ bare[1]


def _deeds(site: Site) -> list[tuple[Found, str]]:
    """The forms of deeds on a ticket, with the right that their route asks for."""
    found = []
    for each in site.kinds:
        action = site.app.view_functions[site.endpoint(each.form.url, "POST")].access[1]
        if re.match(r"/[td]/", each.form.url) and (action in STEPS or action in INSTEAD) and _come_from(action):
            found.append((each, action))
    return found


def _come_from(action: str) -> tuple[str, ...]:
    steps = (STEPS[action],) if action in STEPS else tuple(STEPS[name] for name in INSTEAD[action])
    more = (
        ("closed", "archived") if action == "dispute" else ()
    )  # what is closed is reopened, what is archived followed up
    return (*(state for step in steps for state in step.come_from), *more)


def _thrown(site: Site, found: Found, url: str, fields: dict[str, Any], ticket: Ticket) -> Page:
    """The form, made for this ticket as if its page had lain open since it was possible."""
    who = person(found.name)
    with site.app.app_context():
        once = seal("once").dumps([secrets.token_hex(16), f"person:{who.id}", found.form.action, f"Ticket:{ticket.id}"])
    sent = found.form.values | fields | {"once": once, "version": str(ticket.version)}
    return site.browser(found.name).open(url, method="POST", data=sent)


def _needs_a_role(site: Site, found: Found) -> bool:
    """Whether the route can only be reached with a role, and not by anybody or by what one is to the thing."""
    _, action, _of = site.app.view_functions[site.endpoint(found.form.url, "POST")].access
    return set(MAY.get(action, "anyone").split()) <= {*standing.DESK, "admin", "staff", "kb_admin"}


@command
def _take_roles(person_id: int) -> None:
    db.session.execute(RoleHeld.__table__.delete().where(RoleHeld.__table__.c.person_id == person_id))


def a44(site: Site) -> str:
    """Fifty clicks at once on one form: one effect, and everybody is led to it."""
    effects = []
    for action in ("take", "confirm", "approve", "note", "follow"):
        found = next((f for f in site.kinds if f.form.action == action), None)
        if found is None:
            continue
        sent = found.form.values | filled(site, found)
        before = db.session.scalar(select(func.count()).select_from(Event))
        with ThreadPoolExecutor(10) as pool:
            statuses = list(pool.map(lambda _, f=found, s=sent: _clicked(site, f, s), range(50)))
        db.session.rollback()
        more = db.session.scalar(select(func.count()).select_from(Event)) - before
        assert set(statuses) <= {303, 409, 503}, (str(found), found.form.url, sorted(set(statuses)))
        assert statuses.count(303) >= 1, (action, statuses)
        effects.append((action, more))
    nothing([effect for effect in effects if effect[1] != 1])
    return f"{len(effects)} forms, 50 clicks each, one event each"


@heavy
def a44_all(site: Site) -> str:
    """Fifty at once on every form: as many rows as one click leaves, and nobody is told of an error."""
    odd, accepted = [], 0
    kinds = [(found, found.form.values | filled(site, found)) for found in site.kinds]
    for found, sent in kinds:
        alone, _ = _left_by(site, found, sent, times=1)
        together, statuses = _left_by(site, found, sent, times=50)
        accepted += bool(alone)
        odd += [f"{found}: {statuses}"] * (max(statuses) >= 500 and set(statuses) - {503} != {303})
        odd += [f"{found}: one leaves {alone}, fifty leave {together}"] * (alone != together)
    nothing(odd)
    return f"{len(kinds)} forms, 50 clicks each, {accepted} that leave something, each what one click leaves"


def _left_by(site: Site, found: Found, sent: dict[str, Any], *, times: int) -> tuple[dict[str, Any], list[int]]:
    """How many rows go and come, table by table, when so many send it at once; and the answers."""
    site.renew()
    before = everything(but=UNCOUNTED)
    with ThreadPoolExecutor(min(times, 10)) as pool:
        statuses = list(pool.map(lambda _: _clicked(site, found, sent), range(times)))
    changes = difference(before, everything(but=UNCOUNTED))
    return {name: (len(gone), len(come)) for name, (gone, come) in changes.items()}, statuses


def _clicked(site: Site, found: Found, sent: dict[str, Any]) -> int:
    client = site.app.test_client()
    for cookie in site.browser(found.name).client._cookies.values():
        client.set_cookie(cookie.key, cookie.value)
    return Context().run(client.open, found.form.url, method="POST", data=sent).status_code
