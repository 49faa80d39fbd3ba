"""What a clock says at each moment of its life."""

from datetime import UTC, datetime, timedelta

import pytest

from blueprints.clock_words import reading, span
from models.record.deadline import CANCELLED, MET, PAUSED, RUNNING, Deadline

START = datetime(2026, 11, 18, 2, tzinfo=UTC)  # 10:00 in Shanghai


def _clock(minutes: int, state: str = RUNNING, **more) -> Deadline:
    return Deadline(kind="resolve", started_at=START, due_at=START + timedelta(minutes=minutes), state=state, **more)


@pytest.mark.parametrize(
    ("minutes", "level", "left", "at"),
    [
        (480, "ok", "8 h 00 min left", "18:00"),
        (59, "warn", "59 min left", "10:59"),
        (29, "danger", "29 min left", "10:29"),
        (9, "danger", "9 min 00 s left", "10:09"),
        (2000, "ok", "1 d 9 h left", "11-19 19:20"),
    ],
)
def test_a_running_clock(app, time, minutes, level, left, at):
    time(START)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        face = reading(_clock(minutes))
    assert (face.state, face.level, face.left, face.at) == ("running", level, left, at)


def test_one_that_is_overdue(app, time):
    time(START + timedelta(minutes=98))
    with app.test_request_context(headers={"Accept-Language": "en"}):
        face = reading(_clock(60))
    assert (face.state, face.level, face.left, face.used) == ("breached", "over", "overdue by 38 min", 100.0)


@pytest.mark.parametrize(
    ("state", "met", "says"),
    [(PAUSED, None, "paused"), (CANCELLED, None, "cancelled"), (MET, 10, "met in time"), (MET, 70, "met late")],
)
def test_one_that_does_not_count(app, time, state, met, says):
    time(START + timedelta(minutes=90))
    met_at = START + timedelta(minutes=met) if met else None
    with app.test_request_context(headers={"Accept-Language": "en"}):
        face = reading(_clock(60, state, met_at=met_at))
    assert (face.level, face.left) == ("", says)


def test_a_span_in_chinese(app):
    with app.test_request_context(headers={"Accept-Language": "zh"}):
        assert span(7500) == "2 时 05 分"
