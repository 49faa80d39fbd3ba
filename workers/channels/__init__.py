"""The ways out of the house, one small file each."""

from dataclasses import dataclass


@dataclass
class NotSent(Exception):
    """The other side did not take it; `permanent` when another try would end the same way."""

    reason: str
    permanent: bool = False

    def __str__(self) -> str:
        return self.reason
