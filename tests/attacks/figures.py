"""What the attacks of one kind share: counting, and saying what was counted."""

from collections.abc import Callable
from typing import Any

from tests.attacks.site import Site

Attack = Callable[[Site], str]


def heavy(attack: Attack) -> Attack:
    """Takes too long for every run; told with --full."""
    attack.is_heavy = True  # type: ignore[attr-defined]
    return attack


def nothing(found: Any) -> None:
    """Nothing of this kind may have been found; what was is named."""
    assert not found, "\n".join(["", *map(str, list(found)[:40])])
