"""The state machine as one readable table, and advance(), the only writer of a ticket's state."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, Refused
from models.ground.vocabulary import ClockKind, State
from models.record.ticket import ENDED, Ticket
from models.rules import journal, timekeeping, waiting
from models.rules.journal import Recorded
from models.rules.permissions import Actor, allows

SAME = "same"
(
    TRIAGE, ENGINEER, ASSESSMENT, DIRECTION, PLAN, APPROVAL, CONSENT, FIX, TEST, CUSTOMER, REVIEW, CLOSED, ARCHIVED,
    CANCELLED, MERGED,
) = State  # fmt: skip
PLANNED = (PLAN, APPROVAL, CONSENT, FIX, TEST)
DIAGNOSED = (ENGINEER, *PLANNED)
WORKED_ON = (*DIAGNOSED, ASSESSMENT)
AT_WORK = tuple(state for state in DIAGNOSED if state != CONSENT)  # where no clock waits for the customer's answer
BEFORE_WORK = (TRIAGE, ENGINEER, ASSESSMENT, DIRECTION, PLAN, APPROVAL, CONSENT)
OPEN = tuple(state for state in State if state not in ENDED)
NOT_FROZEN = tuple(state for state in State if state != ARCHIVED)
IN_HAND = (*WORKED_ON, DIRECTION)  # somebody's, and not solved yet
UNPLANNED = (TRIAGE, ENGINEER, ASSESSMENT, PLAN)  # nothing is decided on or carried out: it can still be merged

# The clocks that belong to a state: they open on entering it and are met on leaving it (P4.2).
CLOCKS_IN = {
    TRIAGE: "triage",
    ASSESSMENT: "assess",
    DIRECTION: "follow_up",
    PLAN: "plan",
    APPROVAL: "approve",
    CONSENT: "follow_up",
    TEST: "test",
    CUSTOMER: "follow_up silence",
    REVIEW: "close",
    CLOSED: "archive",
    CANCELLED: "archive",
}
SOLVED = "respond resolve resolve_max deliver update"
BACK = (PLAN, ASSESSMENT)  # where a result that does not hold goes back to
WORK_ANEW = "resolve resolve_max deliver update"
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
    undoes: str = ""  # the action that it takes back: what that opened is cancelled, what it ended goes on


class Turns(NamedTuple):
    """Kinds of clocks that one step turns."""

    meets: list[str]
    cancels: list[str]
    opens: list[str]


STEPS = {
    step.action: step
    for step in (
        Step("report", "reported", (), (TRIAGE,), opens="respond resolve resolve_max"),
        Step("triage", "triaged", (TRIAGE,), (ENGINEER, ASSESSMENT), opens="update"),
        Step("answer", "answered", (TRIAGE, ENGINEER), (CUSTOMER,), meets=SOLVED),
        Step("take", "taken", (ENGINEER,), (PLAN,)),
        Step("hand_over", "handed_over", WORKED_ON, (SAME, ENGINEER), gives_up=True),
        Step("assess", "assessed", (ASSESSMENT,), (DIRECTION,), meets="respond"),
        Step("postpone", "postponed", (ASSESSMENT,), (CUSTOMER,), meets=SOLVED),
        Step("agree", "direction_agreed", (DIRECTION,), (PLAN,), opens="deliver"),
        Step("decline", "direction_declined", (DIRECTION,), (ASSESSMENT,)),
        Step("change_delivery", "delivery_changed", PLANNED, (SAME,), opens="deliver"),
        Step("submit_plan", "plan_submitted", (PLAN,), (APPROVAL,)),
        Step("use_standard_change", "standard_change_used", (PLAN,), (FIX, CONSENT)),
        Step("emergency", "emergency_declared", (PLAN,), (FIX,), opens="ratify"),
        Step("approve", "approved", (APPROVAL,), (FIX, CONSENT, SAME)),
        Step("return", "returned", (APPROVAL,), (PLAN,)),
        Step("withdraw", "withdrawn", (APPROVAL, CONSENT, FIX), (PLAN,), gives_up=True),
        Step("consent", "consented", (CONSENT,), (FIX,)),
        Step("refuse", "consent_refused", (CONSENT,), (PLAN,)),
        Step("work", "worked", (FIX,), (SAME,), edits=False),
        Step("fix", "fixed", (FIX,), (TEST,)),
        Step("roll_back", "rolled_back", (FIX,), (PLAN,)),
        Step("pass_test", "test_passed", (TEST,), (CUSTOMER, REVIEW), meets=SOLVED),
        Step("fail_test", "test_failed", (TEST,), (FIX, PLAN)),
        Step("confirm", "confirmed", (CUSTOMER,), (REVIEW,)),
        Step("confirm_partly", "partly_confirmed", (CUSTOMER,), (REVIEW,)),
        Step("confirm_silently", "silently_confirmed", (CUSTOMER,), (REVIEW,), gives_up=True),
        Step("dispute", "disputed", (CUSTOMER, REVIEW), BACK, meets="follow_up", opens=NOT_SOLVED, gives_up=True),
        Step("send_back", "sent_back", (REVIEW,), BACK, opens=WORK_ANEW, gives_up=True),
        Step("close", "closed", (REVIEW,), (CLOSED,)),
        Step("reopen", "reopened", (CLOSED,), BACK, opens=WORK_ANEW, gives_up=True),
        Step("archive", "archived", (CLOSED, CANCELLED), (ARCHIVED,)),
        Step("cancel", "cancelled", BEFORE_WORK, (CANCELLED,), gives_up=True),
        Step("merge", "merged", UNPLANNED, (MERGED,), gives_up=True),
        Step("unmerge", "unmerged", (MERGED,), UNPLANNED, opens="resolve resolve_max deliver"),
        Step("untriage", "triage_undone", (ENGINEER, ASSESSMENT), (TRIAGE,), gives_up=True, undoes="triage"),
        Step("take_back", "hand_over_undone", WORKED_ON, (SAME, PLAN), gives_up=True, undoes="hand_over"),
        Step("put_back", "take_undone", (PLAN,), (ENGINEER,), gives_up=True, undoes="take"),
        Step("refuse_ratify", "ratification_refused", OPEN, (SAME, PLAN), meets="ratify", gives_up=True),
        Step("overturn", "overturned", (CUSTOMER, REVIEW), (PLAN,), meets="ratify", opens=WORK_ANEW, gives_up=True),
        # beside the road: the state stays
        Step("countersign", "countersigned", OPEN, (SAME,), edits=False),
        Step("ratify", "ratified", OPEN, (SAME,), meets="ratify", edits=False),
        Step("add_approver", "approver_added", OPEN, (SAME,), edits=False),
        Step("hand_over_seat", "seat_handed_over", OPEN, (SAME,), edits=False),
        Step("copy_plan", "plan_copied", OPEN, (SAME,), edits=False),
        Step("urge", "urged", OPEN, (SAME,), edits=False),
        Step("name_lead", "lead_named", (TRIAGE, *IN_HAND), (SAME,)),
        Step("cooperate", "cooperation_asked", (TRIAGE, *IN_HAND), (SAME,), opens="cooperate", edits=False),
        Step("answer_cooperation", "cooperation_answered", OPEN, (SAME,), meets="cooperate", edits=False),
        Step("relate", "related", NOT_FROZEN, (SAME,), edits=False),
        Step("unrelate", "unrelated", NOT_FROZEN, (SAME,), edits=False),
        Step("split", "split_off", OPEN, (SAME,), edits=False),
        Step("join", "joined", DIAGNOSED, (SAME,), edits=False),
        Step("leave", "left", (*DIAGNOSED, CUSTOMER, REVIEW, MERGED), (SAME,), edits=False),
        Step("retitle", "retitled", OPEN, (SAME,)),
        Step("note", "noted", NOT_FROZEN, (SAME,), edits=False),
        Step("update", "updated", OPEN, (SAME,), meets="respond update", edits=False),
        Step("call", "called", OPEN, (SAME,), meets="respond follow_up", edits=False),
        Step("step", "step_logged", DIAGNOSED, (SAME,), edits=False),
        Step("diagnose", "diagnosed", DIAGNOSED, (SAME,)),
        Step("reuse", "solution_reused", (TRIAGE, *WORKED_ON), (SAME,), edits=False),
        Step("ask", "asked", (TRIAGE, *WORKED_ON), (SAME,), meets="respond", opens="follow_up"),
        Step("supply", "supplied", OPEN, (SAME,), edits=False),
        Step("chase", "chased", (TRIAGE, ASSESSMENT, *AT_WORK), (SAME,), edits=False),
        Step("wait", "waited", (TRIAGE, *WORKED_ON), (SAME,)),
        Step("resume", "resumed", OPEN, (SAME,)),
        Step("extend", "extension_requested", AT_WORK, (SAME,), opens="approve", edits=False),
        Step("grant_extension", "extension_granted", DIAGNOSED, (SAME,), meets="approve"),
        Step("refuse_extension", "extension_refused", DIAGNOSED, (SAME,), meets="approve", edits=False),
        Step("regrade", "regraded", (*IN_HAND, CUSTOMER), (SAME,)),
        Step("change_policy", "policy_changed", (TRIAGE, *IN_HAND), (SAME,)),
        Step("call_back", "called_back", (*WORKED_ON, CUSTOMER, REVIEW), (SAME,), meets="call_back", edits=False),
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

STEP_OF = {step.event: step for step in STEPS.values()}

# Rights that are asked instead of an action's own: to take down what somebody else said, or to do it in passing.
INSTEAD = {
    "record_direction": ("agree", "decline"),
    "record_spoken_consent": ("consent", "refuse"),
    "record_spoken": ("confirm", "confirm_partly", "dispute"),
    "cooperate": ("wait",),
    "answer_cooperation": ("resume",),
    "update_below": ("update",),
    "administer": ("hand_over", "note"),
}
# Where the page of an action is open beyond its step: what is closed is reopened by it, what is archived followed up.
OPEN_TOO = {"dispute": (CLOSED, ARCHIVED)}
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
    instead of the action where INSTEAD says so; `about` names the request whose clock the step turns, where
    several of a kind can run; `details` go into the event.
    Raises Refused (not this person) or Conflict (not now).
    """
    step = STEPS[action]
    if not _allowed(actor, action, ticket, right):
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


def back_to(ticket: Ticket) -> State:
    """Where work begins again: a request that was assessed and to which nobody has agreed is assessed anew (P8.3)."""
    never_agreed = ticket.product_manager_id is not None and ticket.deliver_at is None
    return ASSESSMENT if ticket.is_request and never_agreed else PLAN


def can(actor: Actor, action: str, ticket: Ticket, *, right: str = "") -> bool:
    """Whether a button for the action is to be shown: the right person (`right`: see INSTEAD) at the right moment."""
    return ticket.state in STEPS[action].come_from and _allowed(actor, action, ticket, right)


def check_page(ticket: Ticket, action: str) -> None:
    """Raise Conflict when the page of an action has no place in the present state: what is shown can be handed in."""
    step = STEPS.get(action) or next((STEPS[name] for name in INSTEAD.get(action, ())), None)
    if step and ticket.state not in (*step.come_from, *OPEN_TOO.get(action, ())):
        raise Conflict("The ticket has moved on: this is no longer possible in its present state.")


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
        return Turns(meets, left + opened_by(step.undoes), opens + entered)
    return Turns(meets + left, [], opens + entered)


def opened_by(action: str) -> list[str]:
    """The clocks that an action opens whatever state it leads to."""
    return STEPS[action].opens.split() if action else []


def owed_again(is_triaged: bool, *, has_responded: bool) -> list[str]:
    """What a report owes that is no longer merged, beyond the table; pure, the replay asks it too."""
    return ([] if has_responded else [str(ClockKind.RESPOND)]) + ([str(ClockKind.UPDATE)] if is_triaged else [])


def _allowed(actor: Actor, action: str, ticket: Ticket, right: str) -> bool:
    return allows(actor, right or action, ticket) and (not right or action in INSTEAD.get(right, ()))


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
        waiting.end(ticket, at=now)  # the road goes on, so nobody is waited for any more
    turned = turns(step, was, goal)
    timekeeping.meet(ticket, turned.meets, at=now, about=about)
    timekeeping.cancel(ticket, turned.cancels, about=about)
    opens = turned.opens
    if goal != was:
        waiting.pause_by_state(ticket, at=now)
        if goal in ENDED:
            timekeeping.cancel_all(ticket)
    if "resolve" in step.meets.split() or goal in ENDED:
        timekeeping.lapse_extension(ticket)
    if step.action == "update" and ticket.triaged_at and ticket.resolved_at is None:
        opens.append("update")  # the next promise begins (P4.2)
    if step.action == "unmerge":
        opens += owed_again(ticket.triaged_at is not None, has_responded=timekeeping.has_met(ticket, ClockKind.RESPOND))
    for kind in opens:
        if step.undoes:
            timekeeping.go_on(ticket, kind)
        else:
            timekeeping.open_clock(ticket, kind, started_at=now, about=about)
    timekeeping.note_next(ticket)
    db.session.flush()
