"""What a replay has found as plain values (P12.3): what programs read, what a job keeps, what the page shows again."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import select

from models.ground.db import db
from models.insight.replay import Load, Replay, policy_meant, replay
from models.people.person import Person
from models.record.ticket import Ticket
from models.rules.permissions import visible


def answer(arguments: dict[str, Any], reader: Person, progress: Callable[[int, int | None], None]) -> dict[str, Any]:
    """A replay that was asked for as a job: `policy` (NAME or NAME@EDITION), `first` and `last`. Raises Missing."""
    policy = policy_meant(arguments["policy"])
    title = {"zh": policy.pack.title.zh, "en": policy.pack.title.en}
    first, last = (date.fromisoformat(arguments[name]) for name in ("first", "last"))
    found = replay(policy, first=first, last=last, reader=reader, progress=progress)
    return plain(found) | {"policy": arguments["policy"], "title": title}


def plain(found: Replay) -> dict[str, Any]:
    """Days and hours in ISO 8601."""
    return {
        "from": found.first.isoformat(),
        "to": found.last.isoformat(),
        "of_all": found.of_all,
        "tickets": found.tickets,
        "left_out": {why: asdict(named) for why, named in sorted(found.left_out.items())},
        "breaches": [
            {"kind": kind, "level": level} | asdict(row) for (kind, level), row in sorted(found.breaches.items())
        ],
        "before": _load(found.before, found.names),
        "after": _load(found.after, found.names),
    }


def seen_by(reader: Person, found: dict[str, Any]) -> dict[str, Any]:
    """The same, naming no ticket that the reader may not see now, whoever asked for it."""
    named = [*found["left_out"].values(), *(row[side] for row in found["breaches"] for side in ("gained", "lost"))]
    numbers = {number for each in named for number in each["numbers"]}
    wanted = select(Ticket.number).where(Ticket.number.in_(numbers), visible(reader))
    seen = set(db.session.scalars(wanted)) if numbers else set()

    def only(each: dict[str, Any]) -> dict[str, Any]:
        return each | {"numbers": [number for number in each["numbers"] if number in seen]}

    rows = [row | {side: only(row[side]) for side in ("gained", "lost")} for row in found["breaches"]]
    return found | {"left_out": {why: only(each) for why, each in found["left_out"].items()}, "breaches": rows}


def _load(load: Load, names: dict[int, str]) -> dict[str, Any]:
    people = [{"id": id_, "name": names[id_], "told": told} for id_, told in sorted(load.people.items())]
    busiest = {"hour": load.busiest[0].isoformat(), "count": load.busiest[1]} if load.busiest else None
    return {"rungs": dict(sorted(load.rungs.items())), "people": people, "busiest": busiest}
