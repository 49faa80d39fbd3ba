"""Who would have been called at a moment of the past (P5.2, P5.4): by the rota and the absences of that moment."""

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from models.ground.db import db
from models.ground.vocabulary import Category, Role
from models.insight.tales import Past
from models.people.absence import Absence
from models.people.person import Person
from models.people.rota import shifts_between, stints
from models.record.ticket import Ticket
from models.rules import calling, ladder


class Roster:
    """Answers once for each stretch of time in which nobody comes or goes; roles are those that people hold today."""

    def __init__(self, since: datetime, until: datetime) -> None:
        turns = stints(shifts_between(since, until), since, until)
        away = db.session.execute(select(Absence.starts_at, Absence.ends_at).where(Absence.ends_at > since))
        self.edges = sorted({at for stint in turns for at in stint[:2]} | {at for span in away for at in span})
        self.known: dict[Any, list[int]] = {}

    def told(self, role: str, at: datetime, past: Past) -> list[int]:
        """The ids of those whom a rung of this role reaches at that moment."""
        return self._once((role, None), at, past, lambda ticket: ladder.living(1, Role(role), ticket, at=at).people)

    def asked_again(self, person_id: int, role: str, at: datetime, past: Past) -> list[int]:
        """The same when whoever has acknowledged is asked again, or their delegate (P5.3)."""
        person = db.session.get(Person, person_id)
        if person is None or not person.active:
            return self.told(role, at, past)
        asked = self._once(
            (role, person_id), at, past, lambda ticket: calling.in_place_of(person, role, ticket, at=at).people
        )
        return asked or self.told(role, at, past)

    def _once(self, question: Any, at: datetime, past: Past, ask: Callable[[Ticket], list[Person]]) -> list[int]:
        mine = past.ticket_id if past.category == Category.SECURITY else None  # who may see it differs by ticket
        key = (question, past.team_id, mine, bisect_right(self.edges, at))
        if key not in self.known:
            self.known[key] = [person.id for person in ask(db.session.get_one(Ticket, past.ticket_id))]
        return self.known[key]
