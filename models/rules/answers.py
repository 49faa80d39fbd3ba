"""What a customer says of the result: whether it makes sense, and whether it fits together (P10.2, P10.6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.ground.doubts import says_unsolved
from models.ground.errors import Invalid, Unclear
from models.ground.vocabulary import Verdict
from models.record.resolution import Check
from models.record.ticket import Ticket
from models.rules import workflow

SHEET = "sheet"  # partly, but nothing says what remains: the sheet is the next step
CHECKS, WORDS, DISSATISFIED, SATISFIED = "checks", "words", "dissatisfied", "satisfied"
HOLDS, FAILS = "yes", "no"


@dataclass(frozen=True)
class Answer:
    """As it was given: whether it is solved, how satisfied, in what words, and the sheet by position."""

    verdict: str
    satisfaction: str = ""
    comment: str = ""
    checks: Mapping[int, tuple[str, str]] = field(default_factory=dict)  # position → (yes or no, what is wrong)
    asked: str = ""  # what of it has been asked about already

    def of(self, check: Check) -> tuple[str, str]:
        """What was ticked on this line, and said about it."""
        return self.checks.get(check.position, ("", ""))


def judge(ticket: Ticket, answer: Answer, sheet: list[Check]) -> None:
    """Raise Invalid for what makes no sense, Unclear for what contradicts itself and was not asked about yet."""
    workflow.check_state(ticket, "confirm")
    scale = [choice.code for choice in ticket.policy_version.pack.satisfaction]
    if answer.verdict not in list(Verdict):
        raise Invalid("Please choose an answer.", field="verdict")
    if answer.satisfaction and answer.satisfaction not in scale:
        raise Invalid("Please choose an answer.", field="satisfaction")
    if any(said not in ("", HOLDS, FAILS) for said, _ in answer.checks.values()):
        raise Invalid("Please choose an answer.", field="verdict")
    if answer.verdict != Verdict.YES and not rest_of(answer, sheet):
        if answer.verdict == Verdict.PARTLY and sheet:
            raise Unclear("Please mark what holds and what does not.", about=(SHEET,))
        raise Invalid("Please say what is not right.", field="comment")
    if not answer.asked and (about := contradictions(ticket, answer, sheet)):
        raise Unclear("Two parts of this answer do not fit together. Please look again.", about=about)


def contradictions(ticket: Ticket, answer: Answer, sheet: list[Check]) -> tuple[str, ...]:
    """In what the answer contradicts itself, the weightiest first."""
    best, *_ = ticket.policy_version.pack.satisfaction
    marked = ticket.policy_version.pack.choice(answer.satisfaction) if answer.satisfaction else None
    yes, no = answer.verdict == Verdict.YES, answer.verdict == Verdict.NO
    found = {
        CHECKS: yes and any(answer.of(check)[0] == FAILS for check in sheet),
        WORDS: yes and says_unsolved(answer.comment),
        DISSATISFIED: yes and marked is not None and marked.call_back,
        SATISFIED: no and answer.satisfaction == best.code,
    }
    return tuple(about for about, is_so in found.items() if is_so)


def rest_of(answer: Answer, sheet: list[Check]) -> str:
    """What remains, in the customer's words and by the lines of the sheet that do not hold; "" when nothing says."""
    failed = [(check.text, said) for check in sheet for ticked, said in [answer.of(check)] if ticked == FAILS]
    lines = [f"✗ {text}: {said.strip()}" if said.strip() else f"✗ {text}" for text, said in failed]
    return "\n".join(part for part in (answer.comment.strip(), *lines) if part)


def asked_about(answer: Answer) -> str:
    """What was asked about before the answer counted, as it is kept; "" when nothing was."""
    return " ".join(about for about in (CHECKS, WORDS, DISSATISFIED, SATISFIED) if about in answer.asked.split())
