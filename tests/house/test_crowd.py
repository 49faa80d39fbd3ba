"""The crowds of the benchmarks could be the product's own: clocks are due when their policy says, lives replay."""

import pytest
from sqlalchemy import func, select

from bench import replays, year
from bench.crowd import gather
from bench.databases import KEY
from models.clockwork import auditor, escalation
from models.ground import clock
from models.ground.db import db
from models.record.deadline import RUNNING, Deadline
from tests.conftest import TEN_O_CLOCK, create_app, settings

pytestmark = pytest.mark.once
TICKETS = 300
LIVES = 5


def test_the_auditor_objects_to_nothing_and_nothing_is_due(tmp_path):
    app = create_app(settings(tmp_path, secret_key=KEY))
    gather(app, TICKETS, young=1.0)
    clock.follow(None)
    with app.app_context():
        running = db.session.scalar(select(func.count()).where(Deadline.state == RUNNING))
        assert running > TICKETS
        looks = [auditor.audit() for _ in range(running // auditor.SLICE + 2)]
        assert [look.wrong for look in looks if not look.is_clean] == []
        assert sum(look.checked for look in looks) >= running // 2, "it has looked at them"
        assert not escalation.is_due()
        assert {row.mark for row in db.session.scalars(select(Deadline).where(Deadline.state == RUNNING))} <= {1, 100}
        db.session.remove()
        db.engine.dispose()


def test_what_was_lived_is_replayed_as_it_was(tmp_path):
    app = create_app(settings(tmp_path, secret_key=KEY))
    year.fill(app, lives=LIVES, tickets=2 * LIVES, until=TEN_O_CLOCK, processes=1)
    found = {result.name: result for result in replays.measured(app, lives=LIVES, until=TEN_O_CLOCK)}
    clock.follow(None)
    assert [result.line for result in found.values() if not result.is_good] == []
    said = found[f"{2 * LIVES} tickets replayed"].note, found["breaches gained or lost, counted otherwise"].note
    assert "escalated 0" not in said[0], "there is something to be replayed"
    assert "respond P2 +" in said[1], "and something that the draft changes"
