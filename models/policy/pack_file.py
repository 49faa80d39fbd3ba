"""A policy pack as a file that people read: what `Pack.parse` reads back to the same pack (P4.3)."""

import re
from typing import Any

import tomlkit
from pydantic import TypeAdapter
from tomlkit.items import Item, Table

from models.policy.pack import Pack

HEAD = (
    "Policy {name}. Every number that a desk may want to change is here.",
    'Basis: "wall" runs round the clock, "service" in the hours of the calendar, "days" are working days.',
    "What is not here is not agreed and has no clock.",
)


def write_pack(pack: Pack) -> str:
    """The pack as TOML; what is left to its default is left out."""
    plain = TypeAdapter(Pack).dump_python(pack, mode="json", exclude_none=True, exclude_defaults=True)
    document = tomlkit.document()
    for line in HEAD:
        document.add(tomlkit.comment(line.format(name=pack.name)))
    document.add(tomlkit.nl())
    for key in sorted(plain, key=lambda key: _comes_last(plain[key])):
        document.add(key, _section(plain[key]))
    return re.sub(r"\n{3,}", "\n\n", tomlkit.dumps(document))


def _comes_last(value: Any) -> bool:
    """Single values stand above the first section."""
    return isinstance(value, list) or _is_deep(value)


def _is_deep(value: Any) -> bool:
    return isinstance(value, dict) and len(value) > 0 and not all(isinstance(v, str) for v in value.values())


def _section(value: Any) -> Any:
    """Sections for what holds more, one line for the rest."""
    if isinstance(value, list):
        rows = tomlkit.aot()
        for row in value:
            rows.append(_lines(row))
        return rows
    if not isinstance(value, dict) or not _is_deep(value):
        return _line(value)
    if all(_is_deep(v) and any(isinstance(w, dict) for w in v.values()) for v in value.values()):
        parent = tomlkit.table(is_super_table=True)
        for key, inner in value.items():
            parent.add(key, _lines(inner))
        return parent
    return _lines(value)


def _lines(value: dict[str, Any]) -> Table:
    table = tomlkit.table()
    for key, inner in value.items():
        table.add(key, _line(inner))
    table.add(tomlkit.nl())
    return table


def _line(value: Any) -> Item:
    if not isinstance(value, dict):
        plain: Item = tomlkit.item(value)
        return plain
    line = tomlkit.inline_table()
    for key, inner in value.items():
        line.add(key, _line(inner))
    return line
