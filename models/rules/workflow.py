"""The state machine as one readable table, and advance(), the only writer of a ticket's state."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, Refused
from models.ground.vocabulary import State
from models.record.ticket import ENDED, Ticket
from models.rules import journal, timekeeping, waiting
from models.rules.journal import Recorded
from models.rules.permissions import Actor, allows

SAME = "same"
TRIAGE, ENGINEER, PLAN, APPROVAL, FIX, TEST, CUSTOMER, REVIEW, CLOSED, ARCHIVED, CANCELLED = State
WORKED_ON = (ENGINEER, PLAN, APPROVAL, FIX, TEST)
OPEN = tuple(state for state in State if state not in ENDED)
NOT_FROZEN = tuple(state for state in State if state != ARCHIVED)

# The clocks that belong to a state: they open on entering it and are met on leaving it (P4.2).
CLOCKS_IN = {
    TRIAGE: "triage",
    PLAN: "plan",
    APPROVAL: "approve",
    TEST: "test",
    CUSTOMER: "follow_up silence",
    REVIEW: "close",
    CLOSED: "archive",
    CANCELLED: "archive",
}
SOLVED = "respond resolve resolve_max update"
WORK_ANEW = "resolve resolve_max update"
NOT_SOLVED = WORK_ANEW + " call_back"


@dataclass(frozen=True)
class Step:
    """One row: the action, its event in the past tense, from which states, to which, and which clocks it turns."""

    action: str
    event: str
    come_from: tuple[State, ...]
    go_to: tuple[State | str, ...]  # the first is the usual one
    meets: str = ""  # beyond the clocks of the state that is left
    opens: str = ""  # beyond the clocks of the state that is entered
    gives_up: bool = False  # the clocks of the state that is left are cancelled, not met
    edits: bool = True  # False: it only appends, so no form that lies open goes stale


class Turns(NamedTuple):
    """Kinds of clocks that one step turns."""

    meets: list[str]
    cancels: list[str]
    opens: list[str]


STEPS = {
    step.action: step
    for step in (
        Step("report", "reported", (), (TRIAGE,), opens="respond resolve resolve_max"),
        Step("triage", "triaged", (TRIAGE,), (ENGINEER,), opens="update"),
        Step("answer", "answered", (TRIAGE, ENGINEER), (CUSTOMER,), meets=SOLVED),
        Step("take", "taken", (ENGINEER,), (PLAN,)),
        Step("hand_over", "handed_over", WORKED_ON, (SAME, ENGINEER), gives_up=True),
        Step("submit_plan", "plan_submitted", (PLAN,), (APPROVAL,)),
        Step("use_standard_change", "standard_change_used", (PLAN,), (FIX,)),
        Step("approve", "approved", (APPROVAL,), (FIX, SAME)),
        Step("return", "returned", (APPROVAL,), (PLAN,)),
        Step("withdraw", "withdrawn", (APPROVAL, FIX), (PLAN,), gives_up=True),
        Step("work", "worked", (FIX,), (SAME,), edits=False),
        Step("fix", "fixed", (FIX,), (TEST,)),
        Step("roll_back", "rolled_back", (FIX,), (PLAN,)),
        Step("pass_test", "test_passed", (TEST,), (CUSTOMER, REVIEW), meets=SOLVED),
        Step("fail_test", "test_failed", (TEST,), (FIX, PLAN)),
        Step("confirm", "confirmed", (CUSTOMER,), (REVIEW,)),
        Step("confirm_partly", "partly_confirmed", (CUSTOMER,), (REVIEW,)),
        Step("confirm_silently", "silently_confirmed", (CUSTOMER,), (REVIEW,), gives_up=True),
        Step("dispute", "disputed", (CUSTOMER, REVIEW), (PLAN,), meets="follow_up", opens=NOT_SOLVED, gives_up=True),
        Step("send_back", "sent_back", (REVIEW,), (PLAN,), opens=WORK_ANEW, gives_up=True),
        Step("close", "closed", (REVIEW,), (CLOSED,)),
        Step("reopen", "reopened", (CLOSED,), (PLAN,), opens=WORK_ANEW, gives_up=True),
        Step("archive", "archived", (CLOSED, CANCELLED), (ARCHIVED,)),
        Step("cancel", "cancelled", (TRIAGE, ENGINEER, PLAN, APPROVAL), (CANCELLED,), gives_up=True),
        # beside the road: the state stays
        Step("note", "noted", NOT_FROZEN, (SAME,), edits=False),
        Step("update", "updated", OPEN, (SAME,), meets="respond update", edits=False),
        Step("call", "called", OPEN, (SAME,), meets="respond follow_up", edits=False),
        Step("step", "step_logged", WORKED_ON, (SAME,), edits=False),
        Step("diagnose", "diagnosed", WORKED_ON, (SAME,)),
        Step("reuse", "solution_reused", (TRIAGE, *WORKED_ON), (SAME,), edits=False),
        Step("ask", "asked", (TRIAGE, *WORKED_ON), (SAME,), meets="respond", opens="follow_up"),
        Step("supply", "supplied", OPEN, (SAME,), edits=False),
        Step("wait", "waited", (TRIAGE, *WORKED_ON), (SAME,)),
        Step("resume", "resumed", OPEN, (SAME,)),
        Step("extend", "extension_requested", WORKED_ON, (SAME,), opens="approve", edits=False),
        Step("grant_extension", "extension_granted", WORKED_ON, (SAME,), meets="approve"),
        Step("refuse_extension", "extension_refused", WORKED_ON, (SAME,), meets="approve", edits=False),
        Step("regrade", "regraded", (*WORKED_ON, CUSTOMER), (SAME,)),
        Step("call_back", "called_back", (*WORKED_ON, CUSTOMER, REVIEW), (SAME,), meets="call_back", edits=False),
        Step("attach", "attached", NOT_FROZEN, (SAME,), edits=False),
        Step("acknowledge", "acknowledged", OPEN, (SAME,), edits=False),
        Step("report_up", "reported_up", OPEN, (SAME,), edits=False),
        Step("warn", "warned", OPEN, (SAME,), edits=False),
        Step("escalate", "escalated", OPEN, (SAME,), edits=False),
        Step("follow", "followed", NOT_FROZEN, (SAME,), edits=False),
        Step("unfollow", "unfollowed", NOT_FROZEN, (SAME,), edits=False),
        Step("send_link", "link_sent", NOT_FROZEN, (SAME,), edits=False),
        Step("revoke_link", "link_revoked", NOT_FROZEN, (SAME,), edits=False),
        Step("change_calendar", "calendar_changed", OPEN, (SAME,), edits=False),
        Step("redact", "redacted", tuple(State), (SAME,), edits=False),
    )
}

FIRST_CLOCKS = (*CLOCKS_IN[TRIAGE].split(), *STEPS["report"].opens.split())


def advance(
    ticket: Ticket,
    action: str,
    *,
    actor: Actor,
    to: State | None = None,
    change: dict[str, Any] | None = None,
    right: str = "",
    about: int | None = None,
    **details: Any,
) -> Recorded:
    """Carry out one row of the table: rights, state, event, clocks and owed messages in the running command.

    `change` are the ticket's fields that the action sets, once it is known to be allowed; `right` is asked
    instead of the action when somebody acts for another; `about` names the request whose clock the step turns, where
    several of a kind can run; `details` go into the event.
    Raises Refused (not this person) or Conflict (not now).
    """
    step = STEPS[action]
    if not allows(actor, right or action, ticket):
        raise Refused("You may not do this on this ticket.")
    check_state(ticket, action)
    goal = _goal(ticket, step, to)
    was = ticket.state
    for field, value in (change or {}).items():
        setattr(ticket, field, value)
    if step.edits:
        ticket.version += 1
    event = journal.record(ticket, step.event, actor=actor, state=goal, was=was, **details)
    ticket.state = goal
    _turn_clocks(ticket, step, State(was), about)
    return event


def can(actor: Actor, action: str, ticket: Ticket) -> bool:
    """Whether a button for the action is to be shown: the right person at the right moment."""
    return ticket.state in STEPS[action].come_from and allows(actor, action, ticket)


def check_state(ticket: Ticket, action: str) -> None:
    """Raise Conflict when the action does not fit the ticket's present state."""
    if ticket.state not in STEPS[action].come_from:
        raise Conflict("The ticket has moved on: this is no longer possible in its present state.")


def register(ticket: Ticket, *, actor: Actor, clocks: list[timekeeping.Row], **details: Any) -> Recorded:
    """The first row of the table: a new ticket enters, with its clocks (of FIRST_CLOCKS) running from the report."""
    if not allows(actor, "report"):
        raise Refused("You may not report here.")
    event = journal.record(ticket, STEPS["report"].event, actor=actor, state=State.AWAITING_TRIAGE, **details)
    with db.session.no_autoflush:
        timekeeping.open_first(ticket, clocks)
        timekeeping.judge_registration(ticket)
    return event


def turns(step: Step, was: State, goal: State) -> Turns:
    """Which clocks a step turns on the way from one state to another, in this order; pure, the replay asks it too."""
    left, entered = (CLOCKS_IN.get(state, "").split() if goal != was else [] for state in (was, goal))
    meets, opens = step.meets.split(), step.opens.split()
    if step.gives_up:
        return Turns(meets, left, opens + entered)
    return Turns(meets + left, [], opens + entered)


def _goal(ticket: Ticket, step: Step, to: State | None) -> State:
    goal = to or step.go_to[0]
    if to and to not in step.go_to and not (SAME in step.go_to and to == ticket.state):
        raise Conflict("The ticket cannot go there from its present state.")
    return State(ticket.state) if goal == SAME else State(goal)


def _turn_clocks(ticket: Ticket, step: Step, was: State, about: int | None) -> None:
    """Meet, cancel and open what the step says; runs after the state has changed."""
    now, goal = clock.now(), State(ticket.state)
    if goal == was and not step.meets and not step.opens:
        return  # a note or a rung of the ladder turns no clock, and a sweep writes hundreds of them
    if goal != was:
        waiting.resume(ticket, at=now)  # the road goes on, so nobody is waited for any more
    turned = turns(step, was, goal)
    timekeeping.meet(ticket, turned.meets, at=now, about=about)
    timekeeping.cancel(ticket, turned.cancels, about=about)
    opens = turned.opens
    if goal != was:
        waiting.pause_by_state(ticket)
        if goal in ENDED:
            timekeeping.cancel_all(ticket)
    if "resolve" in step.meets.split() or goal in ENDED:
        timekeeping.lapse_extension(ticket)
    if step.action == "update" and ticket.triaged_at and ticket.resolved_at is None:
        opens.append("update")  # the next promise begins (P4.2)
    for kind in opens:
        timekeeping.open_clock(ticket, kind, started_at=now, about=about)
    timekeeping.note_next(ticket)
    db.session.flush()
