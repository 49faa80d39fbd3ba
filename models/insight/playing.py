"""One ticket played again (P12.3): its deeds stand as recorded, its clocks are wound anew under an edition. Pure sums.

Played under its own edition, marks fire when the record says that they fired. Under another, what the edition leaves
as it was still does; what it moves, or makes, fires on time.
"""

from datetime import UTC, datetime

from models.ground.vocabulary import HOUSEKEEPING, ClockKind, State
from models.insight.tale import Fired, Happening, Mark, Played, Tale, Wound
from models.insight.winding import Clocks
from models.policy import clockface
from models.policy.clockface import ASK_AGAIN, BREACH
from models.policy.pack import Pack
from models.policy.version import Edition
from models.record.deadline import MET, RUNNING
from models.record.event import is_of_another_kind, level_in
from models.record.ticket import ENDED
from models.rules.workflow import FIRST_CLOCKS, STEP_OF, owed_again, turns

OVERTAKEN_BY = "overtaken"  # a happening that is no event: warnings that were passed over in silence
GRADED = ("triaged", "regraded", "triage_undone")
SOLVES, UNSOLVES = ("answered", "postponed", "test_passed"), ("disputed", "sent_back", "reopened")
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


class _Desk(Clocks):
    """The desk as `rules/workflow` and `clockwork/escalation` keep it, for one ticket and in memory."""

    def __init__(self, tale: Tale, under: Edition, recorded: Played | None) -> None:
        super().__init__(tale, under, by_record=recorded is not None)
        self.recorded = recorded
        self.fired_by = {fired.by: fired.what for fired in reversed(recorded.fired)} if recorded else {}
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
            self._ring(self.oldest(SWEPT.get(it.name, ClockKind.WAIT)))
        self._before(it)
        if it.name in STEP_OF:
            self._turn(it, State(was))
        self._after(it)

    def _report(self, it: Happening) -> None:
        self.state, self.level, self.now = it.state, level_in(it.details) or self.level, self.tale.created_at
        for kind in FIRST_CLOCKS:
            self.open(kind, self.now)
        if self.tale.reported_at != self.now:
            self.open(ClockKind.REGISTER, self.tale.reported_at)
            self.meet([ClockKind.REGISTER])

    def _before(self, it: Happening) -> None:
        """What the ticket's fields say by the time the clocks turn."""
        if it.name in GRADED:
            self.level = level_in(it.details) or self.level
        self.is_triaged = it.name != "triage_undone" and (self.is_triaged or it.name in ("triaged", "answered"))
        self.is_solved = it.name in SOLVES or (self.is_solved and it.name not in UNSOLVES)
        if "deliver_at" in it.details:
            self.agreed = datetime.fromisoformat(it.details["deliver_at"])
        if it.name == "delivery_changed":
            self.cancel([ClockKind.DELIVER])
        if it.name == "extension_requested":
            self.pending = it.details["extension"]
        if it.name in ("extension_granted", "extension_refused"):
            self.pending = None
        if it.name == "extension_granted":
            self.granted.append(self.tale.granted[it.details["extension"]])
            self.recompute()

    def _turn(self, it: Happening, was: State) -> None:
        step, goal = STEP_OF[it.name], State(it.state)
        about = it.details.get("extension") or it.details.get("cooperation")
        if goal == was and not step.meets and not step.opens:
            return
        if goal != was:
            self.end_waiting(self.now)
        turned = turns(step, was, goal)
        self.meet(turned.meets, about)
        self.cancel(turned.cancels, about)
        if goal != was:
            self.wait_by_state(self.now)
        if goal != was and goal in ENDED:
            self.cancel_all()
        if "resolve" in turned.meets or goal in ENDED:
            self.lapse()
        again = step.action == "update" and self.is_triaged and not self.is_solved
        anew = owed_again(self.is_triaged, has_responded=self.has_met(ClockKind.RESPOND))
        anew = anew if step.action == "unmerge" else []
        for kind in [*turned.opens, *(["update"] if again else []), *anew]:
            if step.undoes:
                self.go_on(kind)
            else:
                self.open(kind, self.now, about)

    def _after(self, it: Happening) -> None:
        """What a step does to clocks beside the table."""
        match it.name:
            case "triaged" | "triage_undone" if is_of_another_kind(it.details):
                self.change_kind()
            case name if name in GRADED and (level_in(it.details, "was_") or self.level) != self.level:
                self.regrade()
            case "asked":
                self.wait(self.tale.party)
            case "waited":
                planned = it.details.get("until")
                self.wait(it.details["party"], datetime.fromisoformat(planned) if planned else None)
            case "resumed":
                planned = self.waits[-1].until if self.waits and it.actor_id is None else None
                self.resume(planned or self.now)
            case "supplied" if self.was_asked():
                self.meet(["follow_up"])
                self.resume(self.now)
            case "acknowledged":
                self.acknowledge(it.actor_id)
            case "reopened" if it.details.get("by_customer"):
                self.open(ClockKind.CALL_BACK, self.now)
            case "confirmed" | "partly_confirmed" if _asks_for_a_call(self.under.pack, it.details.get("satisfaction")):
                self.open(ClockKind.CALL_BACK, self.now)

    # --- what fires

    def fire_until(self, end: datetime, *, inclusive: bool = False) -> None:
        """Marks fire by themselves, each at its time, where the record does not say when; a deed then is first."""
        while self.recorded is not None:
            due = [(self._fires_at(clock, clock.ring_at), clock) for clock in self.running() if clock.ring_at]
            at, clock = min(due, key=lambda each: each[0], default=(end, None))
            if clock is None or at > end or (at == end and not inclusive):
                return
            self.now = at
            self._ring(clock, by=None)

    def leave(self) -> None:
        """What is due and has not been swept by the end is not swept."""
        for clock in self.running():
            if what := _next(clock):
                self.played.stood[what] = datetime.max.replace(tzinfo=UTC)

    def _fires_at(self, clock: Wound, ring_at: datetime) -> datetime:
        assert self.recorded is not None
        return max(self.recorded.stood.get(Mark(clock.key, clock.mark, ring_at), ring_at), self.now)

    def _sweep(self, it: Happening) -> None:
        """A mark fires as the record says, if this edition has set it for the same time."""
        if self.recorded is None:
            clock = self.named(it.details["kind"], it.details["round"])
        else:
            what = self.fired_by.get(self.number)
            clock = next((c for c in self.running() if what and _next(c) == what), None)
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
            self.set(clock, *newest)
            return
        self._note(clock, clock.mark, clock.ring_at, by, tells=True)
        if clock.mark >= BREACH and clock.kind not in HOUSEKEEPING:
            clock.breached_at = clock.breached_at or clock.due_at
        if clock.kind == ClockKind.WAIT:
            self.end(clock, MET, clock.due_at)
        elif clock.is_open:
            self.set_next(clock)

    def _due_at_once(self, clock: Wound) -> list[tuple[int, datetime]]:
        if clock.mark >= BREACH or clock.kind in HOUSEKEEPING:
            return []
        face = self.face(clock)
        percents = [percent for percent in face.warn_marks if clock.mark <= percent]
        ahead = [(percent, clockface.part_way(face, clock.due_at, percent)) for percent in percents]
        return [(mark, at) for mark, at in [*ahead, (BREACH, clock.due_at)] if at <= self.now]

    def _note(self, clock: Wound, mark: int, due_at: datetime, by: int | None, *, tells: bool) -> None:
        clock.last = max(clock.last, mark)
        clock.rung = clock.rung if is_asking_again(mark) else mark // BREACH
        what = Mark(clock.key, mark, due_at)
        self.played.fired.append(Fired(what, clock.severity, self.now, clock.rung, tells, clock.acknowledged_by, by))


def is_asking_again(mark: int) -> bool:
    """Whether the mark asks again whoever has acknowledged (P5.3)."""
    return mark > ASK_AGAIN


def _next(clock: Wound) -> Mark | None:
    return Mark(clock.key, clock.mark, clock.ring_at) if clock.ring_at else None


def _asks_for_a_call(pack: Pack, satisfaction: str | None) -> bool:
    return any(choice.code == satisfaction and choice.call_back for choice in pack.satisfaction)
