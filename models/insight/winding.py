"""The clocks of one ticket in memory, as `rules/timekeeping` and `rules/waiting` keep them in rows. Pure sums."""

from collections import Counter
from datetime import datetime

from models.ground.vocabulary import HOUSEKEEPING, ClockKind, Kind, Party
from models.ground.working_time import Pauses
from models.insight.tale import Key, Mark, Played, Tale, Wait, Wound
from models.policy import clockface
from models.policy.clockface import BREACH, EXTENDED, Clock
from models.policy.version import Edition
from models.record.deadline import CANCELLED, MET, PAUSED, RUNNING
from models.record.ticket import ASK_CUSTOMER
from models.rules.timekeeping import STANDS, waits_by_itself


class Clocks:
    """What runs on one ticket under an edition; whoever plays its tale says what time it is and how the ticket stands.

    `by_record`: what the desk does by itself is among the deeds, so it has no clocks of its own.
    """

    def __init__(self, tale: Tale, under: Edition, *, by_record: bool) -> None:
        self.tale, self.under, self.by_record = tale, under, by_record
        self.played, self.now, self.number = Played(), tale.created_at, 0
        self._rounds, self._held = Counter[str](), list[Wound]()  # how many of each kind; those that had not ended
        self.level, self.state, self.waits = tale.level, "", list[Wait]()
        self.granted: list[tuple[datetime, float]] = []
        self.pending: int | None = None
        self.agreed: datetime | None = None  # the delivery date

    # --- opened, met, given up, computed anew

    def open(self, kind: str, started_at: datetime, about: int | None = None) -> None:
        if kind in HOUSEKEEPING and self.by_record:
            return
        key = Key(str(kind), started_at, self.number, about)
        clock = Wound(key, self._rounds[kind] + 1, self.level, started_at, started_at)
        face = self.face(clock)
        due_at = clockface.due_at(face)
        if due_at is None:
            return
        clock.due_at = due_at
        self.set_next(clock, face)
        self._rounds[kind] += 1
        self._held = [*self._held, clock]
        self.played.clocks.append(clock)
        self._stop(clock, self.waiting_on)

    def go_on(self, kind: str) -> None:
        began = [clock.started_at for clock in self.played.clocks if clock.kind == kind]
        if began:
            self.open(kind, max(began))

    def meet(self, kinds: list[str], about: int | None = None) -> None:
        for clock in self.running():
            if clock.kind in kinds and clock.key.about == about:
                self.end(clock, MET, self.now)
                if self.now > clock.due_at and clock.breached_at is None:
                    clock.breached_at = clock.due_at

    def has_met(self, kind: str) -> bool:
        return any(clock.kind == kind and clock.state == MET for clock in self.played.clocks)

    def cancel(self, kinds: list[str], about: int | None = None) -> None:
        for clock in self.running():
            if clock.kind in kinds and clock.key.about == about:
                self.end(clock, CANCELLED, self.now)

    def cancel_all(self) -> None:
        for clock in self.running():
            self.end(clock, CANCELLED, self.now)

    def end(self, clock: Wound, state: str, at: datetime) -> None:
        if clock.state == PAUSED:
            clock.due_at = clockface.due_at(self.face(clock, until=at)) or clock.due_at
        self._withdraw(clock)
        clock.state = state
        clock.met_at, clock.cancelled_at = (at, None) if state == MET else (None, at)

    def regrade(self) -> None:
        """Every open clock that does not stand starts anew from its original start, under the new targets (P3.6)."""
        self.lapse()
        held = [clock for clock in self.running() if clock.kind not in (*HOUSEKEEPING, *STANDS)]
        for clock in held:
            if clock.severity != self.level:
                self.end(clock, CANCELLED, self.now)
                self.open(clock.kind, clock.started_at, clock.key.about)
        resolve = next((clock for clock in held if clock.kind == ClockKind.RESOLVE), None)
        if resolve and not any(clock.kind == ClockKind.RESOLVE_MAX for clock in held):
            self.open(ClockKind.RESOLVE_MAX, resolve.started_at)

    def change_kind(self) -> None:
        """A fault turned out to be a request, or the other way round (P3.1)."""
        self.regrade()
        if self.level != Kind.REQUEST:
            for kind in (ClockKind.RESOLVE, ClockKind.RESOLVE_MAX):
                self.open(kind, self.tale.created_at)

    def lapse(self) -> None:
        if self.pending is not None:
            self.cancel([ClockKind.APPROVE], self.pending)
            self.pending = None

    def recompute(self) -> None:
        for clock in self.running():
            face = self.face(clock)
            due_at = clockface.due_at(face)
            if due_at and due_at != clock.due_at:
                clock.due_at = due_at
                if clock.state == RUNNING and clock.last < BREACH:
                    self.set_next(clock, face)

    def acknowledge(self, person_id: int | None) -> None:
        for clock in self.running():
            if clock.breached_at and not clock.acknowledged_at:
                clock.acknowledged_at, clock.acknowledged_by = self.now, person_id
                if clock.state == RUNNING:
                    self.set_next(clock)

    # --- waiting

    @property
    def waiting_on(self) -> str:
        last = self.waits[-1] if self.waits else None
        return last.party if last and last.ended_at is None else ""

    def was_asked(self) -> bool:
        """Whether what is supplied now ends a waiting; one for the confirmation it does not."""
        return self.waiting_on in (Party.REPORTER, Party.CUSTOMER) and self.state not in ASK_CUSTOMER

    def wait(self, party: str, until: datetime | None = None) -> None:
        self.end_waiting(self.now)
        self._stand_still(party, self.now, until)
        if until:
            self.open(ClockKind.WAIT, self.now)

    def wait_by_state(self, at: datetime) -> None:
        if party := waits_by_itself(self.state, self.under.pack, self.tale.party):
            self._stand_still(party, at)

    def resume(self, at: datetime) -> None:
        self.end_waiting(at)
        self.wait_by_state(at)

    def end_waiting(self, at: datetime) -> None:
        for wait in self.waits:
            wait.ended_at = wait.ended_at or at
        self.cancel([ClockKind.WAIT])
        for clock in self.running():
            if clock.state == PAUSED:
                clock.state, face = RUNNING, self.face(clock)
                clock.due_at = clockface.due_at(face) or clock.due_at
                self.set_next(clock, face)

    def _stand_still(self, party: str, at: datetime, until: datetime | None = None) -> None:
        self.waits.append(Wait(str(party), at, until))
        for clock in self.running():
            self._stop(clock, party)

    def _stop(self, clock: Wound, party: str) -> None:
        if party and self.under.pack.stops(party, clock.kind):
            self._withdraw(clock)
            clock.state = PAUSED

    # --- which there are, and what they show

    def running(self) -> list[Wound]:
        self._held = [clock for clock in self._held if clock.is_open]
        return self._held

    def named(self, kind: str, nth: int) -> Wound | None:
        return next((clock for clock in self.running() if (clock.kind, clock.round) == (kind, nth)), None)

    def oldest(self, kind: str) -> Wound | None:
        return next((clock for clock in self.running() if clock.kind == kind), None)

    def face(self, clock: Wound, until: datetime | None = None) -> Clock:
        kind = clock.kind
        granted = [minutes for start, minutes in self.granted if kind in EXTENDED and start == clock.started_at]
        return Clock(
            pack=self.under.pack,
            calendar=self.under.calendar,
            kind=kind,
            level=clock.severity,
            started_at=clock.started_at,
            pauses=self._pauses(kind, until) if self.waits else (),
            extended=sum(granted),
            planned_end=self._planned_end(kind),
            limit=self.tale.limit_of(clock.key),
        )

    def _pauses(self, kind: str, until: datetime | None) -> Pauses:
        ended = ((wait, wait.ended_at or until) for wait in self.waits if self.under.pack.stops(wait.party, kind))
        return [(wait.started_at, end) for wait, end in ended if end and wait.started_at < end]

    def _planned_end(self, kind: str) -> datetime | None:
        if kind == ClockKind.DELIVER:
            return self.agreed
        return self.waits[-1].until if kind == ClockKind.WAIT else None

    def set_next(self, clock: Wound, face: Clock | None = None) -> None:
        is_acknowledged = clock.acknowledged_at is not None
        following = clockface.next_mark(
            face or self.face(clock), clock.due_at, after=clock.last, now=self.now, acknowledged=is_acknowledged
        )
        self.set(clock, *following)

    def set(self, clock: Wound, mark: int, ring_at: datetime | None) -> None:
        self._withdraw(clock)
        clock.mark, clock.ring_at = mark, ring_at

    def _withdraw(self, clock: Wound) -> None:
        """Nothing is pending; if it was due, the sweep came only now, or too late."""
        if clock.ring_at and self.now >= clock.ring_at:
            self.played.stood[Mark(clock.key, clock.mark, clock.ring_at)] = self.now
        clock.ring_at = None
