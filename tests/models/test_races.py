"""Two people act at the same moment: exactly one outcome comes of it, whichever is first (P3.7, P7.3)."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from bench.races import RACES, race
from models.ground.db import db
from models.ground.errors import DomainError, Missing
from models.insight.dossier import events_of
from models.people.person import holders
from models.record.event import Event
from models.record.relation import bearer_of
from models.record.ticket import Ticket
from models.rules import journal
from models.steps import accounts, closing, customer_verification, diagnosis, relations, views
from tests.factories import a_ticket, further, person


def test_sixty_races_have_one_outcome_each(app, cast):
    assert race(app, 60) == ([], [])
    db.session.rollback()
    held = db.session.query(Event).filter(Event.name.in_(("approved", "returned"))).count()
    assert held >= 60 * 2 // len(RACES), "each race of two decisions has left one, of the others at most one"


# --- the last administrator


@pytest.mark.parametrize("turn", range(4))
def test_two_administrators_who_send_each_other_away_leave_one(app, cast, turn):
    """One by closing the other's account, the other by taking the role (A42)."""
    accounts.edit_person(cast.chen, actor=cast.admin, roles=[("supervisor", None), ("admin", None)])
    said = both(
        app,
        lambda: accounts.deactivate_person(person("chen"), actor=person("admin"), successor=person("wang")),
        lambda: accounts.edit_person(person("admin"), actor=person("chen"), roles=[("first_line", None)]),
    )
    db.session.rollback()
    db.session.expire_all()
    assert said.count("done") == 1, said
    assert len(db.session.scalars(holders("admin")).all()) == 1


# --- removed meanwhile


def test_a_thing_that_is_gone_is_missing_and_the_same_click_again_is_answered(app, sign_in, cast):
    """Fifty clicks on “remove”: one removes it, the others were as good (A44)."""
    view = views.keep_view(cast.chen, page="watch", name="早会", query="severity=P1")
    held = [sign_in("chen") for _ in range(6)]
    form = held[0].get("/views/new?page=watch").form("remove_view")
    for browser in held:
        browser.client.set_cookie("bihuan", held[0].client.get_cookie("bihuan").value)
    with ThreadPoolExecutor(6) as pool:
        assert {page.status for page in pool.map(lambda browser: browser.press(form), held)} == {303}
    with pytest.raises(Missing):
        views.remove_view(view, actor=cast.chen)


# --- merges


def both(app, *deeds):
    """Carry out the deeds at the same moment, each in a thread of its own; "done" or the refusal of each."""
    together = Barrier(len(deeds))

    def act(deed):
        with app.app_context():
            together.wait()
            try:
                deed()
            except DomainError as refusal:
                return refusal.message
            finally:
                db.session.remove()
            return "done"

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(act, deeds))


def read(ticket_id):
    """The ticket as this thread reads it now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Ticket, ticket_id)


def merging(ticket, into):
    """A deed: wang merges the one into the other."""
    one, other = ticket.id, into.id
    return lambda: relations.merge_ticket(
        db.session.get_one(Ticket, one), actor=person("wang"), into=db.session.get_one(Ticket, other)
    )


def sound(*tickets):
    """Nothing was written that its own record does not tell."""
    for ticket in tickets:
        assert journal.verify(ticket, events_of(ticket)) is None, ticket.number
        assert (ticket.state == "merged") == (ticket.merged_into_id is not None)


@pytest.mark.parametrize("turn", range(4))
def test_two_opposite_merges_leave_one(app, cast, turn):
    """A into B while B into A: one of them, never both, and the work goes on under a ticket that is open."""
    one, two = a_ticket("awaiting_plan"), a_ticket("awaiting_plan", reporter=cast.he)
    said = both(app, merging(one, two), merging(two, one))
    one, two = read(one.id), read(two.id)
    assert said.count("done") == 1, said
    merged, bearer = (one, two) if said[0] == "done" else (two, one)
    assert (merged.merged_into_id, bearer.merged_into_id) == (bearer.id, None)
    assert bearer_of(merged) is bearer
    assert bearer.is_open
    assert [e.name for e in events_of(bearer)].count("absorbed") == 1
    sound(one, two)


@pytest.mark.parametrize("turn", range(3))
def test_three_merges_in_a_ring_leave_no_ring(app, cast, turn):
    ring = [a_ticket("awaiting_plan") for _ in range(3)]
    said = both(app, *(merging(ring[n], ring[(n + 1) % 3]) for n in range(3)))
    tickets = [read(ticket.id) for ticket in ring]
    assert said.count("done") == 2, said
    (bearer,) = [ticket for ticket in tickets if ticket.merged_into_id is None]
    assert {bearer_of(ticket) for ticket in tickets} == {bearer}
    sound(*tickets)


@pytest.mark.parametrize("turn", range(3))
def test_a_merge_or_taking_it_up(app, cast, turn):
    """It is merged before it is taken up, or after: both orders are possible, a mixture is not."""
    ticket, target = a_ticket("awaiting_engineer"), a_ticket("awaiting_plan")
    taken = ticket.id
    said = both(
        app,
        merging(ticket, target),
        lambda: diagnosis.take_ticket(db.session.get_one(Ticket, taken), actor=person("zhao")),
    )
    ticket = read(taken)
    assert said[0] == "done"
    names = [e.name for e in events_of(ticket)]
    assert ticket.state == "merged"
    assert ("taken" in names) == (said[1] == "done"), "what was refused has left nothing"
    sound(ticket, read(target.id))


@pytest.mark.parametrize("deed", ["confirm", "close"])
@pytest.mark.parametrize("turn", range(3))
def test_a_merge_into_what_is_being_confirmed_or_closed(app, cast, deed, turn):
    """Nothing is merged into a ticket that has ended; what was merged before hears that it is closed."""
    ticket = a_ticket("awaiting_plan", reporter=cast.he)
    target = a_ticket("awaiting_customer")
    if deed == "close":
        further(target, "awaiting_customer")
    end = {
        "confirm": lambda row: customer_verification.confirm_result(row, actor=person("zhang"), verdict="yes"),
        "close": lambda row: closing.close_ticket(row, actor=person("chen")),
    }[deed]
    number = target.id
    said = both(app, merging(ticket, target), lambda: end(db.session.get_one(Ticket, number)))
    ticket, target = read(ticket.id), read(number)
    assert said[1] == "done", said
    assert (ticket.state == "merged") == (said[0] == "done"), said
    assert (said[0] == "done") or deed == "close", "what waits for review can still take in a report"
    names = [e.name for e in events_of(target)]
    assert ("absorbed" in names) == (said[0] == "done")
    if "absorbed" in names and deed == "close":
        assert names.index("absorbed") < names.index("closed")
    sound(ticket, target)
