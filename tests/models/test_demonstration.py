"""The demonstration: a month behind it, a day at work, something in every room; all of it by the real commands."""

import flask_migrate

from models import demonstration
from models.ground.db import db
from models.insight.dossier import events_of
from models.record.article import PUBLISHED, Article
from models.record.relation import PARENT, Affected, Relation
from models.record.resolution import Confirmation
from models.record.ticket import Ticket
from models.rules import journal
from models.rules.workflow import OPEN
from tests.factories import REQUEST_ROAD
from tests.models.test_migrations import empty as empty


def test_it_has_something_in_every_room(empty):
    flask_migrate.upgrade()
    assert demonstration.load_demonstration()
    assert not demonstration.load_demonstration(), "once"
    tickets = db.session.query(Ticket).all()
    assert {t.state for t in tickets if t.is_request} == set(REQUEST_ROAD), "a request in each stage"
    faults = {t.state for t in tickets if not t.is_request}
    assert faults >= {
        "awaiting_triage",
        "awaiting_engineer",
        "awaiting_approval",
        "awaiting_consent",
        "merged",
        "archived",
    }
    incident = db.session.query(Relation).filter_by(kind=PARENT).one().to_ticket
    assert db.session.query(Affected).filter_by(ticket_id=incident.id).count() == 3
    assert [t.merged_into for t in tickets if t.state == "merged"] == [incident]
    past = [t for t in tickets if t.state not in OPEN and t.closed_at]
    assert len(past) > 15
    assert (max(t.closed_at for t in past) - min(t.closed_at for t in past)).days > 20, "a month"
    assert {c.satisfaction for c in db.session.query(Confirmation)} >= {"satisfied", "mostly_satisfied", "dissatisfied"}
    assert db.session.query(Article).filter_by(state=PUBLISHED).count() >= 5
    assert [t.number for t in tickets if journal.verify(t, events_of(t)) is not None] == []
