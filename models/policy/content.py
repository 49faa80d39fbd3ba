"""Contents kept as JSON in a row: known by their digest, parsed once a process."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Kept(Protocol):
    """A row with a content that is loaded only when its digest is not known yet."""

    digest: Any
    content: Any


def digest_of(content: Mapping[str, Any]) -> str:
    """The same for contents that say the same."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def digest_at_insert(context: Any) -> str:
    """The digest of a new row's content, as a column's default."""
    return digest_of(context.get_current_parameters()["content"])


def read_once(known: dict[str, T], row: Kept, read: Callable[[dict[str, Any]], T]) -> T:
    """Parse a content once a process; its digest finds it again without loading the column."""
    if row.digest not in known:
        known[row.digest] = read(row.content)
    return known[row.digest]
