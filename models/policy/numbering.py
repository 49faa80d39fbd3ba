"""Numbers never repeat (P2.5): two templates that differ only in their width would give the same numbers twice."""

import re
from collections.abc import Iterable

from models.policy.pack import Pack

_WIDTH = re.compile(r":\d")


def clash(pack: Pack, others: Iterable[Pack]) -> tuple[str, str] | None:
    """A template of the pack, and another one that would give out the same numbers."""
    known = {template for other in (pack, *others) for template in _templates(other)}
    for mine in _templates(pack):
        for other in sorted(known - {mine}):
            if _WIDTH.sub("", mine) == _WIDTH.sub("", other):
                return mine, other
    return None


def _templates(pack: Pack) -> tuple[str, str]:
    return pack.numbers.fault, pack.numbers.request
