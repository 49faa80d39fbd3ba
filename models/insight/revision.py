"""What a revision of a text says otherwise than the one before."""

import re
from difflib import SequenceMatcher

ALIKE = 0.5  # of a line: from here on it is the same line, reworded
Part = tuple[str, str]  # same, gone or new; and the words


def difference(before: str, after: str) -> list[Part]:
    """`after` in parts, with what is gone from `before` and what is new: by lines, and by words within a line."""
    old, new = before.splitlines(), after.splitlines()
    parts: list[Part] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts += [("same", f"{line}\n") for line in new[c:d]]
        elif kind == "replace" and b - a == d - c:
            for gone, fresh in zip(old[a:b], new[c:d], strict=True):
                parts += _reworded(gone, fresh)
        else:
            parts += [("gone", f"{line}\n") for line in old[a:b]] + [("new", f"{line}\n") for line in new[c:d]]
    return parts


def _reworded(before: str, after: str) -> list[Part]:
    old, new = _words(before), _words(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < ALIKE:
        return [("gone", f"{before}\n"), ("new", f"{after}\n")]
    parts: list[Part] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        parts += [("same", "".join(new[c:d]))] if kind == "equal" else []
        parts += [("gone", "".join(old[a:b]))] if kind in ("replace", "delete") else []
        parts += [("new", "".join(new[c:d]))] if kind in ("replace", "insert") else []
    return [*parts, ("same", "\n")]


def _words(line: str) -> list[str]:
    return re.findall(r"[A-Za-z0-9]+|.", line)
