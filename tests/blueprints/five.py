"""Five questions for a route that acts (style rule 36): it works, wrong role, stranger, bad form, wrong state."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from models.ground.db import db
from models.ground.vocabulary import State
from models.record.ticket import Ticket, find_ticket
from tests.browsing import Browser
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import REQUEST_ROAD, ROAD, a_ticket, further, other_policy

SignIn = Callable[[str], Browser]
STRANGER = "yang"  # has an account, but nothing to do with the ticket


@dataclass(frozen=True)
class Act:
    """One form: where it stands, who sends it when with what, and what may go wrong."""

    action: str
    page: str  # {n} is the ticket's number, {v} an edition of another policy than its own
    state: str  # in which it is possible
    actor: str
    wrong: str  # sees the ticket, but may not
    then: str  # the state after it
    fields: dict[str, Any] = field(default_factory=dict)
    bad: dict[str, Any] = field(default_factory=dict)  # {}: a button without fields
    later: str = "closed"  # a state in which it is too late
    prepare: Callable[[Ticket], Any] = lambda ticket: None
    make: Callable[[str], Ticket] = a_ticket

    def __str__(self) -> str:
        return self.action

    def ticket(self) -> Ticket:
        made = self.make(self.state)
        self.prepare(made)
        db.session.expire_all()
        return made

    def url(self, ticket: Ticket) -> str:
        return self.page.format(n=ticket.number, v=other_policy(ticket).id if "{v}" in self.page else "")


def works(act: Act, sign_in: SignIn) -> None:
    """The form is there, it is accepted, and the ticket goes where it should."""
    ticket = act.ticket()
    number, url = ticket.number, act.url(ticket)
    sign_in(act.actor).does(url, act.action, **act.fields)
    assert state_of(number) == act.then, state_of(number)


def refuses_others(act: Act, sign_in: SignIn) -> None:
    """Whoever sees the ticket but may not act: 403, and no button. Whoever may not see it: 404. Nothing written."""
    ticket = act.ticket()
    url, wrong = act.url(ticket), sign_in(act.wrong)
    target = sign_in(act.actor).get(url).form(act.action).url
    before = everything(but=NOT_BUSINESS)
    assert _thrown(wrong, target, **act.fields).status == 403
    assert not wrong.get(url).forms(act.action)
    assert _thrown(sign_in(STRANGER), target, **act.fields).status == 404
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def keeps_a_bad_form(act: Act, sign_in: SignIn) -> None:
    """422: the same form, a sentence, what was typed still there, nothing written."""
    ticket = act.ticket()
    url, browser = act.url(ticket), sign_in(act.actor)
    before = everything(but=NOT_BUSINESS)
    answer = browser.submit(url, act.action, **act.bad)
    assert answer.status == 422
    assert answer.all(role="alert")
    shown = answer.form(act.action)
    for name, value in act.bad.items():
        if isinstance(value, str) and value.strip():
            assert shown.values[name] == [value], (name, shown.values[name])
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def refuses_the_wrong_moment(act: Act, sign_in: SignIn) -> None:
    """A page that has lain open while the ticket moved on: 409 and nothing written."""
    ticket = act.ticket()
    browser, number = sign_in(act.actor), ticket.number
    lain_open = browser.get(act.url(ticket)).form(act.action)
    move_on(number, act.later)
    before = everything(but=NOT_BUSINESS)
    answer = browser.press(lain_open, **act.fields)
    assert answer.status == 409, answer.text[:300]
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


QUESTIONS = (works, refuses_others, keeps_a_bad_form, refuses_the_wrong_moment)


def questions_of(acts: tuple[Act, ...]) -> list[tuple[Callable[..., None], Act]]:
    """Every question for every act; a button without fields cannot be filled in badly."""
    return [(ask, act) for act in acts for ask in QUESTIONS if act.bad or ask is not keeps_a_bad_form]


def named(value: Any) -> str:
    """A name for a case in pytest's list."""
    return value.__name__ if callable(value) else str(value)


def state_of(number: str) -> str:
    """Where the ticket stands now."""
    db.session.expire_all()
    found = find_ticket(number)
    assert found is not None
    return found.state


def move_on(number: str, state: str) -> None:
    """Let the ticket go on its road, as `a_ticket` does, until it stands in `state`."""
    ticket = find_ticket(number)
    assert ticket is not None
    if ticket.state == State.AWAITING_CONSENT:  # a by-way
        further(ticket, ticket.state)
    road = REQUEST_ROAD if ticket.is_request else ROAD
    for passed in road[road.index(ticket.state) : road.index(state)]:
        further(ticket, passed)
    db.session.expire_all()


def _thrown(browser: Browser, url: str, **fields: Any) -> Any:
    """A POST by hand, with this person's own CSRF token: they have no form for it."""
    token = browser.get("/report").form().values["csrf_token"]
    return browser.open(url, method="POST", data={"csrf_token": token, "once": "", **fields})
