"""The sweep: every deadline that is due is claimed and escalated, batch by batch."""

from models.clockwork import escalation


def sweep() -> None:
    """Fire what is due until nothing is left."""
    while escalation.sweep():
        pass
