"""A clock's explanation in sentences that a manager can read; the page and the command line say the same (P4.7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from flask_babel import gettext as _

from blueprints.clocks.sums import MINUTE, Show, Sum, amount, of_language, shown, sum_in_words, target_in_words
from blueprints.labels import label
from blueprints.limits import rungs_word
from models.insight.explanation import REACHED, Explanation, Waited
from models.policy.pack import REQUEST


@dataclass(frozen=True)
class Said:
    """The whole explanation."""

    title: str
    facts: list[tuple[str, str]]
    sums: list[Sum]
    notes: list[str]  # pauses, extensions, earlier rounds
    verdict: str
    sound: bool
    zone: str


def in_words(why: Explanation, *, internal: bool) -> Said:
    """Say it in the reader's language; reasons that colleagues wrote only where `internal` (P6.6)."""
    show = partial(shown, zone=why.clock.calendar.zone)
    kind = label("clock", why.deadline.kind)
    return Said(
        title=_("Why is “%(clock)s” due %(time)s?", clock=kind, time=show(why.due_at)),
        facts=[(name, text) for name, text in _facts(why, show) if text],
        sums=[sum_in_words(why, step, show) for step in why.reckoning.steps],
        notes=[*_landing(why), *_waits(why, show, internal), *_extensions(why, show, internal), *_rounds(why, show)],
        verdict=_verdict(why, show),
        sound=why.agrees,
        zone=why.clock.calendar.tz,
    )


# --- what it starts from and where it stands


def _facts(why: Explanation, show: Show) -> Iterator[tuple[str, str]]:
    deadline, target, row = why.deadline, why.clock.target, why.version.calendar_row
    yield _("Started"), f"{show(deadline.started_at)} · {_event(why.started_by)}"
    yield _("Allowed"), target_in_words(target) if target else _by_date(why, show)
    yield _("Agreed by"), _template(why)
    yield _("Level"), _level(why)
    yield _("Policy"), _edition(of_language(why.version.pack.title), why.version.edition)
    yield _("Calendar"), _edition(row.name, row.edition)
    yield _("Due"), show(deadline.due_at)
    yield _("How it stands"), _standing(why, show)


def _template(why: Explanation) -> str:
    """The approval template, where the round has a time limit or a ladder of its own (P7.2)."""
    limit = why.clock.limit
    if limit is None:
        return ""
    name = _("the approval template “%(name)s”, as it was when the plan was submitted", name=why.limited_by)
    climb = _("if it is late: %(people)s", people=rungs_word(limit.climb)) if limit.climb else ""
    return " · ".join(filter(None, (name, climb)))


def _by_date(why: Explanation, show: Show) -> str:
    date = why.clock.planned_end
    return _("until the date that was agreed for this request: %(time)s", time=show(date)) if date else _("Not agreed")


def _level(why: Explanation) -> str:
    code = why.deadline.severity
    return label("kind", code) if code == REQUEST else f"{code} {of_language(why.version.pack.level(code).title)}"


def _event(name: str) -> str:
    return _("the report reached the desk") if name == REACHED else label("event", name)


def _edition(name: str, edition: int) -> str:
    return _("%(name)s, edition %(edition)s", name=name, edition=edition)


def _standing(why: Explanation, show: Show) -> str:
    deadline = why.deadline
    if deadline.met_at:
        late = _("met late, at %(time)s") if deadline.met_at > deadline.due_at else _("met in time, at %(time)s")
        return late % {"time": show(deadline.met_at)}
    if deadline.cancelled_at:
        return _("given up at %(time)s", time=show(deadline.cancelled_at))
    if due := why.due_if_resumed_now:
        return _("stands still; if the waiting ended now, it would be due %(time)s", time=show(due))
    return _("overdue") if deadline.clock_state == "breached" else _("running")


# --- what moved it


def _landing(why: Explanation) -> Iterator[str]:
    target = why.clock.target
    if target and target.days:
        yield _("Working days end at the same time of day as they began, or at closing time if that is earlier.")


def _waits(why: Explanation, show: Show, internal: bool) -> Iterator[str]:
    for waited in why.waits:
        reason = _reason(waited, internal)
        party = label("party", waited.pause.party) + (f" ({reason})" if reason else "")
        since, until = show(waited.pause.started_at), waited.pause.ended_at
        span = f"{since} – {show(until)}" if until else _("since %(time)s", time=since)
        yield _("Waiting for %(party)s, %(span)s: ", party=party, span=span) + _effect(waited)


def _reason(waited: Waited, internal: bool) -> str:
    codes = {
        "asked": _("a question"),
        "confirmation": _("confirmation of the result"),
        "approval": _("the decision on the plan"),
    }
    return codes.get(waited.pause.reason, waited.pause.reason if internal else "")


def _effect(waited: Waited) -> str:
    if not waited.stops:
        return _("the clock ran on; the policy does not stop it for this.")
    if waited.minutes is None:
        return _("the clock stands still; the policy stops it for this.")
    if not waited.minutes:
        return _("the policy stops the clock for this, but no time that counts was lost.")
    return _("the clock stood still for %(span)s of the time that counts.", span=amount(waited.minutes * MINUTE))


def _extensions(why: Explanation, show: Show, internal: bool) -> Iterator[str]:
    for asked in why.extensions:
        said = _(
            "Extension asked for at %(asked)s, from %(old)s to %(new)s: %(outcome)s.",
            asked=show(asked.asked_at),
            old=show(asked.was_due_at),
            new=show(asked.until),
            outcome=label("extension", asked.outcome),
        )
        yield said + (" " + _("Reason: %(reason)s", reason=asked.reason) if internal else "")


def _rounds(why: Explanation, show: Show) -> Iterator[str]:
    if why.is_under_another_policy:
        was = why.before[-1]
        yield _("The ticket came under another policy: %(was)s (%(level)s) until then. The clock counts anew from its "
                "original start.", was=of_language(was.version.pack.title), level=was.severity)  # fmt: skip
    elif why.is_regraded:
        was, now = why.before[-1].severity, why.deadline.severity
        yield _("The level was changed from %(was)s to %(now)s; the clock counts anew from its original start.",
                was=was, now=now)  # fmt: skip
    if why.deadline.late_by_triage:
        yield _("Late by triage: when the ticket was graded again, this time had already run out.")
    for earlier in why.before:
        yield _(
            "Round %(round)s (%(level)s): started %(start)s, due %(due)s, %(state)s.",
            round=earlier.round, level=earlier.severity, start=show(earlier.started_at), due=show(earlier.due_at),
            state=label("clock_state", earlier.clock_state),
        )  # fmt: skip


def _verdict(why: Explanation, show: Show) -> str:
    if why.agrees:
        return _("It adds up: worked out anew from its parts, the clock is due at the time on record.")
    worked_out = why.reckoning.due_at
    return _(
        "This does NOT add up. Worked out anew, the clock is due %(due)s; on record stands %(stored)s. Something was "
        "changed past the process: please tell an administrator.",
        due=show(worked_out) if worked_out else _("never: no such clock is agreed"),
        stored=show(why.due_at),
    )
