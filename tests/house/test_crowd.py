"""The crowd of the benchmarks is one that the product could have: its clocks are due when their policy says."""

import pytest
from sqlalchemy import func, select

from bench.crowd import gather
from bench.databases import KEY
from models.clockwork import auditor, escalation
from models.ground import clock
from models.ground.db import db
from models.record.deadline import RUNNING, Deadline
from tests.conftest import create_app, settings

pytestmark = pytest.mark.once
TICKETS = 300


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
