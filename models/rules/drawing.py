"""The state machine, drawn from the table itself, for docs/ARCHITECTURE.md."""

from models.ground.vocabulary import State
from models.rules.permissions import MAY
from models.rules.workflow import CLOCKS_IN, SAME, STEPS


def states_as_mermaid() -> str:
    """Every action that leads from one state to another, and the clocks that run in a state."""
    lines = ["stateDiagram-v2", "    [*] --> awaiting_triage: report"]
    for step in STEPS.values():
        for goal in step.go_to:
            for state in step.come_from:
                if goal not in (SAME, state):
                    lines.append(f"    {state} --> {goal}: {step.action}")
    lines += [f"    {state}: {state} ⏱ {clocks}" for state, clocks in CLOCKS_IN.items()]
    lines.append(f"    {State.ARCHIVED} --> [*]")
    return "\n".join(lines)


def actions_as_table() -> str:
    """Every action: event, from, to, who."""
    lines = ["| action | event | from | to | who |", "|---|---|---|---|---|"]
    for step in STEPS.values():
        come_from = "any open state" if len(step.come_from) > 7 else ", ".join(step.come_from) or "–"
        who = ", ".join(MAY.get(step.action, "").split())
        lines.append(f"| `{step.action}` | {step.event} | {come_from} | {', '.join(step.go_to)} | {who} |")
    return "\n".join(lines)
