"""Rounds of approval (P7): every rule, every order of decisions, against a small account of our own."""

from itertools import permutations

import pytest

from models.ground.db import db
from models.ground.errors import Conflict
from models.record.approval import Approval
from models.record.plan import Plan
from models.rules import rounds
from models.steps import approval, approval_templates, plans
from tests.factories import a_plan, a_reviewer, a_ticket, person

RULES = [
    ("any", 1), ("all", 1), ("sequence", 1), ("quorum", 1), ("quorum", 2), ("quorum", 3), ("quorum", 4),
]  # fmt: skip
SOME_OF_FOUR = ((0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2))  # by the commands; in memory it is all of them
SHAPES = [(rule, quorum, size) for rule, quorum in RULES for size in range(1, 5) if quorum <= size]


# --- what we think a round is


def may_speak(rule, quorum, size, said):
    """The voices that are heard now; `said`: voice → "yes", in the order in which they spoke."""
    if "no" in said.values() or is_over(rule, quorum, size, said):
        return set()
    silent = [voice for voice in range(size) if voice not in said]
    return set(silent[:1] if rule == "sequence" else silent)


def is_over(rule, quorum, size, said):
    needed = {"any": 1, "all": size, "sequence": size, "quorum": quorum}[rule]
    return list(said.values()).count("yes") >= needed


def stories(rule, quorum, size):
    """Every way a round can go, as sequences of who says what, each to its end."""
    open_ends = [{}]
    while open_ends:
        said = open_ends.pop()
        speakers = may_speak(rule, quorum, size, said)
        if not speakers:
            yield said
        open_ends += [said | {voice: word} for voice in speakers for word in ("yes", "no")]


# --- in memory: all of them


def a_round(rule, quorum, size, alternates=1):
    plan = Plan(rule=rule, quorum=quorum, outcome="", late="")
    for voice in range(size):
        for _ in range(alternates):
            plan.approvals.append(Approval(slot=voice + 1, decision="", required=False))
    return plan


@pytest.mark.once
@pytest.mark.parametrize("alternates", [1, 2])
@pytest.mark.parametrize(("rule", "quorum", "size"), SHAPES)
def test_a_round_goes_as_its_rule_says(rule, quorum, size, alternates):
    told = 0
    for story in stories(rule, quorum, size):
        plan, said = a_round(rule, quorum, size, alternates), {}
        for voice, word in story.items():
            assert {slot.number - 1 for slot in rounds.open_slots(plan)} == may_speak(rule, quorum, size, said)
            assert not rounds.is_final(plan)
            speaks = [seat for seat in plan.approvals if seat.slot == voice + 1][-1]  # whichever alternate
            speaks.decision, said[voice] = {"yes": "approved", "no": "returned"}[word], word
        assert rounds.is_final(plan) == is_over(rule, quorum, size, story)
        told += 1
    assert told >= size


@pytest.mark.once
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(("rule", "quorum", "size"), [shape for shape in SHAPES if shape[0] != "sequence"])
def test_whoever_was_added_must_agree_whatever_the_rule(rule, quorum, size, first):
    """加签 by the first seat: before them or after them, and the round waits for it in the end."""
    for order in permutations(range(size)):
        plan = a_round(rule, quorum, size)
        for number, seat in enumerate(plan.approvals, start=1):
            seat.id = number
        added = Approval(id=99, slot=size + 1, decision="", required=True)
        plan.approvals.append(added)
        mine = plan.approvals[0]
        if first:
            mine.after_id = added.id
        else:
            added.after_id = mine.id
        assert (added in heard(plan)) == first
        assert (mine in heard(plan)) != first
        if first:
            added.decision = "approved"
        for voice in order:
            if plan.approvals[voice] in heard(plan):
                plan.approvals[voice].decision = "approved"
        assert rounds.is_satisfied(plan)
        assert rounds.is_final(plan) == first
        added.decision = "approved"
        assert rounds.is_final(plan)


def heard(plan):
    return [seat for slot in rounds.open_slots(plan) for seat in slot.seats]


# --- by the commands: every order of agreeing, and everybody else refused meanwhile


@pytest.mark.parametrize(("rule", "quorum"), RULES)
def test_every_order_of_decisions_by_the_commands(cast, rule, quorum):
    people = [a_reviewer(name) for name in ("mei", "lan", "zhu", "ju")]
    ticket = a_ticket("awaiting_plan")
    plan = None
    for size in range(max(2, quorum), 5):
        template = kept(cast, f"{rule} {size}", rule, quorum, people[:size])
        for order in permutations(range(size)) if size < 4 else SOME_OF_FOUR:
            plan = next_round(ticket, plan, template)
            said = {}
            for voice in order:
                open_now = may_speak(rule, quorum, size, said)
                for other in set(range(size)) - open_now:
                    refused(plan, people[other])
                if voice in open_now:
                    approval.approve_plan(plan, actor=people[voice], digest=plan.digest)
                    said[voice] = "yes"
                over = is_over(rule, quorum, size, said)
                assert (plan.outcome, ticket.state) == (
                    ("approved", "awaiting_fix") if over else ("", "awaiting_approval")
                )


@pytest.mark.parametrize(("rule", "quorum"), RULES)
def test_one_return_ends_the_round(cast, rule, quorum):
    people = [a_reviewer(name) for name in ("mei", "lan", "zhu", "ju")]
    template = kept(cast, rule, rule, quorum, people)
    ticket = a_ticket("awaiting_plan")
    plan = None
    for before in range(len(people)):
        plan = next_round(ticket, plan, template)
        for voice in range(before):
            if plan.outcome == "":
                approval.approve_plan(plan, actor=people[voice])
        if plan.outcome == "":
            approval.return_plan(plan, actor=people[before], comment="步骤不清楚。")
            assert (plan.outcome, ticket.state) == ("returned", "awaiting_plan")
        for who in people:
            refused(plan, who)


def test_alternates_speak_once_for_their_slot(cast):
    """A seat that a role holds: one of its holders decides, the others have nothing left to decide."""
    seats = [("supervisor", None, None), ("approver", None, None)]
    a_reviewer("mei"), a_reviewer("lan")
    template = approval_templates.keep_approval_template(
        None, actor=cast.chen, name="两席", risk="major", rule="all", seats=seats
    )
    plan = a_plan(a_ticket("awaiting_plan"), risk="major", template=template, approvers=None)
    slots = rounds.slots_of(plan)
    assert [slot.seats[0].role for slot in slots] == ["supervisor", "approver"]
    everybody = [seat.person.login for slot in slots for seat in slot.seats]
    assert sorted(everybody) == sorted({"chen", "wu", "mei", "lan"}), "each on one seat"
    approvers = [seat.person for seat in slots[1].seats]
    approval.approve_plan(plan, actor=approvers[0])
    for other in approvers[1:]:
        refused(plan, other)
    approval.approve_plan(plan, actor=slots[0].seats[0].person)
    assert plan.ticket.state == "awaiting_fix"


# --- how


def kept(cast, name, rule, quorum, people):
    return approval_templates.keep_approval_template(
        None, actor=cast.chen, name=name, risk="normal", rule=rule, quorum=quorum,
        seats=[("", None, somebody) for somebody in people],
    )  # fmt: skip


def next_round(ticket, plan, template):
    """The same text again, in a round of its own."""
    if ticket.state == "awaiting_plan":
        return a_plan(ticket, template=template)
    return plans.revise_plan(
        plan, actor=person("zhao"), risk="normal", steps="1. 清理缓存", kind="fix", template=template
    )


def refused(plan, who):
    """They cannot decide now, and trying leaves nothing behind."""
    held = [(seat.id, seat.decision) for seat in plan.approvals]
    seq = plan.ticket.seq
    with pytest.raises(Conflict):
        approval.approve_plan(plan, actor=who)
    assert [(seat.id, seat.decision) for seat in plan.approvals] == held
    assert plan.ticket.seq == seq
    db.session.rollback()
