"""Two people act on one plan at the same moment: exactly one outcome comes of it, whichever is first (P7.3)."""

from bench.races import RACES, race
from models.ground.db import db
from models.record.event import Event


def test_sixty_races_have_one_outcome_each(app, cast):
    assert race(app, 60) == ([], [])
    db.session.rollback()
    held = db.session.query(Event).filter(Event.name.in_(("approved", "returned"))).count()
    assert held >= 60 * 2 // len(RACES), "each race of two decisions has left one, of the others at most one"
