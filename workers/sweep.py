"""The sweep: every deadline that is due is claimed and escalated, batch by batch."""

from models.clockwork import escalation
from models.ground import clock

LONGEST = 30.0  # seconds of one job, well before it would be cut off; the ticker rings again while something is due


def sweep() -> None:
    """Fire what is due until nothing is left."""
    until = clock.steady() + LONGEST
    while clock.steady() < until and escalation.sweep():
        pass
