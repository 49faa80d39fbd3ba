"""The state machine and the rights, drawn from their tables, for docs/ARCHITECTURE.md and docs/PERMISSIONS.md."""

from collections.abc import Container, Iterable

from models.ground.vocabulary import State
from models.rules.permissions import MAY, NEVER
from models.rules.workflow import CLOCKS_IN, INSTEAD, SAME, STEPS

MANY = 7  # states; more of them are "any open state"
ONLY_IN = {"reporter_before_triage": (State.AWAITING_TRIAGE,)}  # what somebody is in these states and in no other


def states_as_mermaid() -> str:
    """Every action that leads from one state to another, and the clocks that run in a state."""
    lines = ["stateDiagram-v2", "    [*] --> awaiting_triage: report"]
    for step in STEPS.values():
        for goal in step.go_to:
            for state in step.come_from:
                if goal not in (SAME, state) and len(step.go_to) < MANY:
                    lines.append(f"    {state} --> {goal}: {step.action}")
    lines += [f"    {state}: {state} ⏱ {clocks}" for state, clocks in CLOCKS_IN.items()]
    lines.append(f"    {State.ARCHIVED} --> [*]")
    return "\n".join(lines)


def steps_as_table() -> str:
    """Every action on a ticket: its event, where it leads, the clocks that it meets and opens."""
    rows = (
        (f"`{step.action}`", step.event, _several(step.go_to), step.meets or "–", step.opens or "–")
        for step in STEPS.values()
    )
    return _table(("action", "event", "to", "meets", "opens"), rows)


def rights_as_table() -> str:
    """One row for each action and each of those who may do it, one column for each state of a ticket."""
    rows = (
        (f"`{step.action}`", who, *_marks(set(step.come_from) & set(ONLY_IN.get(who, State))))
        for step in STEPS.values()
        if step.come_from
        for who in MAY[step.action].split()
    )
    return _table(("action", "who", *_short_states()), rows)


def rights_instead_as_table() -> str:
    """One row for each right by which an action can be done without its own, one column for each state of a ticket."""
    rows = (
        (f"`{right}`", f"`{action}`", who, *_marks(STEPS[action].come_from))
        for right, actions in INSTEAD.items()
        for action in actions
        for who in MAY[right].split()
    )
    return _table(("right", "for", "who", *_short_states()), rows)


def refusals_as_table() -> str:
    """Who may not, whatever else they are."""
    return _table(("action", "never"), ((f"`{action}`", ", ".join(who)) for action, who in NEVER.items()))


def other_rights_as_table() -> str:
    """What is no step of a ticket's road: who may do it, in whatever state a ticket is."""
    on_the_road = {step.action for step in STEPS.values() if step.come_from}
    rows = ((f"`{action}`", ", ".join(who.split())) for action, who in MAY.items() if action not in on_the_road)
    return _table(("action", "who"), rows)


def _short_states() -> list[str]:
    return [state.removeprefix("awaiting_") for state in State]


def _marks(states: Container[str]) -> list[str]:
    return ["●" if state in states else "" for state in State]


def _several(states: Iterable[str]) -> str:
    goals = list(states)
    return "any open state" if len(goals) >= MANY else ", ".join(goals)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("  ", " ") for line in lines)
