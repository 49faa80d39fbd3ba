"""The ways out of the house, one small file each."""

from dataclasses import dataclass


@dataclass
class NotSent(Exception):
    """It did not go; `permanent` when another try would end the same way."""

    reason: str
    permanent: bool = False

    def __str__(self) -> str:
        return self.reason


class Refused(NotSent):
    """The other side said so, of this letter."""


@dataclass
class Unheard(NotSent):
    """The other side said nothing of the letter: nobody is there, or nobody of ours is let in (`is_refused`).

    `is_offered`: it fell silent over this letter, which it may have taken.
    """

    is_refused: bool = False
    is_offered: bool = False
