"""One ticket played again (P12.3): its deeds stand as recorded, its clocks are wound anew under an edition. Pure sums.

Played under its own edition, marks fire when the record says that they fired. Under another, what the edition leaves
as it was still does; what it moves, or makes, fires on time.
"""

from datetime import UTC, datetime

from models.ground.vocabulary import HOUSEKEEPING, ClockKind, Party, State
from models.insight.tale import Fired, Happening, Key, Mark, Played, Tale, Wait, Wound
from models.policy import clockface
from models.policy.clockface import ASK_AGAIN, BREACH, EXTENDED, Clock
from models.policy.pack import Pack
from models.policy.version import Edition
from models.record.deadline import CANCELLED, MET, PAUSED, RUNNING
from models.record.ticket import ENDED
from models.rules.timekeeping import WAIT_ON_CUSTOMER
from models.rules.workflow import FIRST_CLOCKS, STEPS, turns

STEP_OF = {step.event: step for step in STEPS.values()}
OVERTAKEN_BY = "overtaken"  # a happening that is no event: warnings that were passed over in silence
SOLVES, UNSOLVES = ("answered", "test_passed"), ("disputed", "sent_back", "reopened")
SWEPT = {
    "reminded": "silence",
    "silently_confirmed": "silence",
    "archived": "archive",
}  # what a sweep did, of which kind


def play(tale: Tale, under: Edition, *, until: datetime, recorded: Played | None = None) -> Played:
    """Play the tale. `recorded`: what came of it under its own edition; None: this is that."""
    desk = _Desk(tale, under, recorded)
    for number, happening in enumerate(tale.happenings):
        desk.fire_until(happening.at)
        desk.number, desk.now = number, happening.at
        desk.happen(happening)
    desk.fire_until(until, inclusive=True)
    desk.leave()
    return desk.played


class _Desk:
    """The desk as `rules/workflow`, `rules/timekeeping` and `rules/waiting` keep it, for one ticket and in memory."""

    def __init__(self, tale: Tale, under: Edition, recorded: Played | None) -> None:
        self.tale, self.under, self.recorded = tale, under, recorded
        self.fired_by = {fired.by: fired.what for fired in reversed(recorded.fired)} if recorded else {}
        self.played, self.now, self.number = Played(), tale.created_at, 0
        self.level, self.state, self.waits = tale.severity, "", list[Wait]()
        self.granted: list[tuple[datetime, float]] = []
        self.pending: int | None = None
        self.is_triaged = self.is_solved = False

    # --- what happens

    def happen(self, it: Happening) -> None:
        """One event, or warnings that were passed over."""
        if it.name in ("warned", "escalated", OVERTAKEN_BY):
            self._sweep(it)
        elif it.name == "reported":
            self._report(it)
        else:
            self._go_on(it)

    def _go_on(self, it: Happening) -> None:
        """What the step does before its clocks turn, the turn, and what the step does afterwards."""
        was, self.state = self.state, it.state
        if it.name in SWEPT or (it.name == "resumed" and it.actor_id is None):
            self._ring(self._oldest(SWEPT.get(it.name, ClockKind.WAIT)))
        self._before(it)
        if it.name in STEP_OF:
            self._turn(it, State(was))
        self._after(it)

    def _report(self, it: Happening) -> None:
        self.state, self.level, self.now = it.state, it.details.get("severity", self.level), self.tale.created_at
        for kind in FIRST_CLOCKS:
            self._open(kind, self.now)
        if self.tale.reported_at != self.now:
            self._open(ClockKind.REGISTER, self.tale.reported_at)
            self._meet([ClockKind.REGISTER])

    def _before(self, it: Happening) -> None:
        """What the ticket's fields say by the time the clocks turn."""
        if it.name in ("triaged", "regraded"):
            self.level = it.details.get("severity", self.level)
        self.is_triaged = self.is_triaged or it.name in ("triaged", "answered")
        self.is_solved = it.name in SOLVES or (self.is_solved and it.name not in UNSOLVES)
        if it.name == "extension_requested":
            self.pending = it.details["extension"]
        if it.name in ("extension_granted", "extension_refused"):
            self.pending = None
        if it.name == "extension_granted":
            self.granted.append(self.tale.granted[it.details["extension"]])
            self._recompute()

    def _turn(self, it: Happening, was: State) -> None:
        step, goal, about = STEP_OF[it.name], State(it.state), it.details.get("extension")
        if goal == was and not step.meets and not step.opens:
            return
        if goal != was:
            self._resume(self.now)
        turned = turns(step, was, goal)
        self._meet(turned.meets, about)
        self._cancel(turned.cancels, about)
        if goal != was and goal in WAIT_ON_CUSTOMER:
            self._stand_still(self.tale.party)
        if goal != was and goal in ENDED:
            self._cancel([clock.kind for clock in self._running()], any_about=True)
        if "resolve" in turned.meets or goal in ENDED:
            self._lapse()
        again = step.action == "update" and self.is_triaged and not self.is_solved
        for kind in [*turned.opens, *(["update"] if again else [])]:
            self._open(kind, self.now, about)

    def _after(self, it: Happening) -> None:
        """What a step does to clocks beside the table."""
        match it.name:
            case "triaged" | "regraded" if it.details.get("was_severity", self.level) != self.level:
                self._regrade()
            case "asked":
                self._wait(self.tale.party)
            case "waited":
                planned = it.details.get("until")
                self._wait(it.details["party"], datetime.fromisoformat(planned) if planned else None)
            case "resumed":
                planned = self.waits[-1].until if self.waits and it.actor_id is None else None
                self._resume(planned or self.now)
            case "supplied" if self._was_asked():
                self._meet(["follow_up"])
                self._resume(self.now)
            case "acknowledged":
                self._acknowledge(it.actor_id)
            case "reopened" if it.details.get("by_customer"):
                self._open(ClockKind.CALL_BACK, self.now)
            case "confirmed" | "partly_confirmed" if _asks_for_a_call(self.under.pack, it.details.get("satisfaction")):
                self._open(ClockKind.CALL_BACK, self.now)

    # --- what fires

    def fire_until(self, end: datetime, *, inclusive: bool = False) -> None:
        """Marks fire by themselves, each at its time, where the record does not say when; a deed then is first."""
        while self.recorded is not None:
            due = [(self._fires_at(clock, clock.ring_at), clock) for clock in self._running() if clock.ring_at]
            at, clock = min(due, key=lambda each: each[0], default=(end, None))
            if clock is None or at > end or (at == end and not inclusive):
                return
            self.now = at
            self._ring(clock, by=None)

    def leave(self) -> None:
        """What is due and has not been swept by the end is not swept."""
        for clock in self._running():
            if what := _next(clock):
                self.played.stood[what] = datetime.max.replace(tzinfo=UTC)

    def _fires_at(self, clock: Wound, ring_at: datetime) -> datetime:
        assert self.recorded is not None
        return max(self.recorded.stood.get(Mark(clock.key, clock.mark, ring_at), ring_at), self.now)

    def _sweep(self, it: Happening) -> None:
        """A mark fires as the record says, if this edition has set it for the same time."""
        if self.recorded is None:
            clock = self._named(it.details["kind"], it.details["round"])
        else:
            what = self.fired_by.get(self.number)
            clock = next((c for c in self._running() if what and _next(c) == what), None)
        if clock and clock.state == RUNNING and clock.ring_at:
            self._ring(clock)

    def _ring(self, clock: Wound | None, by: int | None = -1) -> None:
        """As the sweep does it: warnings that a later mark has overtaken tell nobody."""
        if clock is None or clock.ring_at is None:
            return
        by = self.number if by == -1 else by
        *passed, newest = self._due_at_once(clock) or [(clock.mark, clock.ring_at)]
        if passed:
            for mark, due_at in passed:
                self._note(clock, mark, due_at, by, tells=False)
            self._set(clock, *newest)
            return
        self._note(clock, clock.mark, clock.ring_at, by, tells=True)
        if clock.mark >= BREACH and clock.kind not in HOUSEKEEPING:
            clock.breached_at = clock.breached_at or clock.due_at
        if clock.kind == ClockKind.WAIT:
            self._end(clock, MET, clock.due_at)
        elif clock.is_open:
            self._set_next(clock)

    def _due_at_once(self, clock: Wound) -> list[tuple[int, datetime]]:
        if clock.mark >= BREACH or clock.kind in HOUSEKEEPING:
            return []
        face = self._face(clock)
        percents = [p for p in face.pack.warn_marks(clock.kind, clock.severity) if clock.mark <= p]
        ahead = [(percent, clockface.part_way(face, clock.due_at, percent)) for percent in percents]
        return [(mark, at) for mark, at in [*ahead, (BREACH, clock.due_at)] if at <= self.now]

    def _note(self, clock: Wound, mark: int, due_at: datetime, by: int | None, *, tells: bool) -> None:
        clock.last = max(clock.last, mark)
        clock.rung = clock.rung if is_asking_again(mark) else mark // BREACH
        what = Mark(clock.key, mark, due_at)
        self.played.fired.append(Fired(what, clock.severity, self.now, clock.rung, tells, clock.acknowledged_by, by))

    # --- clocks

    def _open(self, kind: str, started_at: datetime, about: int | None = None) -> None:
        if kind in HOUSEKEEPING and self.recorded is not None:
            return  # what the desk did by itself is among the deeds
        nth = sum(clock.kind == kind for clock in self.played.clocks) + 1
        clock = Wound(Key(str(kind), started_at, self.number, about), nth, self.level, started_at, started_at)
        due_at = clockface.due_at(self._face(clock))
        if due_at is None:
            return
        clock.due_at = due_at
        self._set_next(clock)
        self.played.clocks.append(clock)
        self._stop(clock, self._waiting_on())

    def _meet(self, kinds: list[str], about: int | None = None) -> None:
        for clock in self._running():
            if clock.kind in kinds and clock.key.about == about:
                self._end(clock, MET, self.now)
                if self.now > clock.due_at and clock.breached_at is None:
                    clock.breached_at = clock.due_at

    def _cancel(self, kinds: list[str], about: int | None = None, *, any_about: bool = False) -> None:
        for clock in self._running():
            if clock.kind in kinds and (any_about or clock.key.about == about):
                self._end(clock, CANCELLED, self.now)

    def _end(self, clock: Wound, state: str, at: datetime) -> None:
        if clock.state == PAUSED:
            clock.due_at = clockface.due_at(self._face(clock, until=at)) or clock.due_at
        self._withdraw(clock)
        clock.state = state
        clock.met_at, clock.cancelled_at = (at, None) if state == MET else (None, at)

    def _regrade(self) -> None:
        """Every open clock starts anew from its original start, under the new targets (P3.6)."""
        self._lapse()
        held = [clock for clock in self._running() if clock.kind not in HOUSEKEEPING]
        for clock in held:
            if clock.severity != self.level:
                self._end(clock, CANCELLED, self.now)
                self._open(clock.kind, clock.started_at, clock.key.about)
        resolve = next((clock for clock in held if clock.kind == ClockKind.RESOLVE), None)
        if resolve and not any(clock.kind == ClockKind.RESOLVE_MAX for clock in held):
            self._open(ClockKind.RESOLVE_MAX, resolve.started_at)

    def _lapse(self) -> None:
        if self.pending is not None:
            self._cancel([ClockKind.APPROVE], self.pending)
            self.pending = None

    def _recompute(self) -> None:
        for clock in self._running():
            due_at = clockface.due_at(self._face(clock))
            if due_at and due_at != clock.due_at:
                clock.due_at = due_at
                if clock.state == RUNNING and clock.last < BREACH:
                    self._set_next(clock)

    def _acknowledge(self, person_id: int | None) -> None:
        for clock in self._running():
            if clock.breached_at and not clock.acknowledged_at:
                clock.acknowledged_at, clock.acknowledged_by = self.now, person_id
                if clock.state == RUNNING:
                    self._set_next(clock)

    # --- waiting

    def _wait(self, party: str, until: datetime | None = None) -> None:
        self._resume(self.now)
        self._stand_still(party, until)
        if until:
            self._open(ClockKind.WAIT, self.now)

    def _stand_still(self, party: str, until: datetime | None = None) -> None:
        self.waits.append(Wait(str(party), self.now, until))
        for clock in self._running():
            self._stop(clock, party)

    def _resume(self, at: datetime) -> None:
        for wait in self.waits:
            wait.ended_at = wait.ended_at or at
        self._cancel([ClockKind.WAIT])
        for clock in self._running():
            if clock.state == PAUSED:
                clock.state = RUNNING
                clock.due_at = clockface.due_at(self._face(clock)) or clock.due_at
                self._set_next(clock)

    def _waiting_on(self) -> str:
        last = self.waits[-1] if self.waits else None
        return last.party if last and last.ended_at is None else ""

    def _was_asked(self) -> bool:
        """Whether what is supplied now ends a waiting; one for the confirmation it does not."""
        return self._waiting_on() in (Party.REPORTER, Party.CUSTOMER) and self.state not in WAIT_ON_CUSTOMER

    def _stop(self, clock: Wound, party: str) -> None:
        if party and self.under.pack.stops(party, clock.kind):
            self._withdraw(clock)
            clock.state = PAUSED

    # --- faces

    def _face(self, clock: Wound, until: datetime | None = None) -> Clock:
        pack, kind = self.under.pack, clock.kind
        ended = ((wait, wait.ended_at or until) for wait in self.waits)
        granted = [minutes for start, minutes in self.granted if kind in EXTENDED and start == clock.started_at]
        return Clock(
            pack=pack,
            calendar=self.under.calendar,
            kind=kind,
            level=clock.severity,
            started_at=clock.started_at,
            pauses=[
                (w.started_at, end) for w, end in ended if end and w.started_at < end and pack.stops(w.party, kind)
            ],
            extended=sum(granted),
            planned_end=self.waits[-1].until if kind == ClockKind.WAIT else None,
        )

    def _set_next(self, clock: Wound) -> None:
        is_acknowledged = clock.acknowledged_at is not None
        face = self._face(clock)
        following = clockface.next_mark(
            face, clock.due_at, after=clock.last, now=self.now, acknowledged=is_acknowledged
        )
        self._set(clock, *following)

    def _set(self, clock: Wound, mark: int, ring_at: datetime | None) -> None:
        self._withdraw(clock)
        clock.mark, clock.ring_at = mark, ring_at

    def _withdraw(self, clock: Wound) -> None:
        """Nothing is pending; if it was due, the sweep came only now, or too late."""
        if clock.ring_at and self.now >= clock.ring_at:
            self.played.stood[Mark(clock.key, clock.mark, clock.ring_at)] = self.now
        clock.ring_at = None

    def _running(self) -> list[Wound]:
        return [clock for clock in self.played.clocks if clock.is_open]

    def _named(self, kind: str, nth: int) -> Wound | None:
        return next((clock for clock in self._running() if (clock.kind, clock.round) == (kind, nth)), None)

    def _oldest(self, kind: str) -> Wound | None:
        return next((clock for clock in self._running() if clock.kind == kind), None)


def is_asking_again(mark: int) -> bool:
    """Whether the mark asks again whoever has acknowledged (P5.3)."""
    return mark > ASK_AGAIN


def _next(clock: Wound) -> Mark | None:
    return Mark(clock.key, clock.mark, clock.ring_at) if clock.ring_at else None


def _asks_for_a_call(pack: Pack, satisfaction: str | None) -> bool:
    return any(choice.code == satisfaction and choice.call_back for choice in pack.satisfaction)
