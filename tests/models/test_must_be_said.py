"""What a deed cannot do without words for: whoever leaves them out is told so, whatever form they came by."""

import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from importlib import import_module
from typing import Any

import pytest

from models import steps
from models.ground.errors import Invalid
from models.rules.workflow import STEPS
from tests.deeds import DEEDS, actor_of

pytestmark = pytest.mark.once

WORDS = {
    "answer": "result", "hand_over": "reason", "return": "comment", "refuse_ratify": "comment", "overturn": "comment",
    "hand_over_seat": "reason", "cooperate": "body", "answer_cooperation": "answer",
    "decline": "reason", "change_delivery": "reason", "split": "description", "work": "body", "refuse": "reason",
    "roll_back": "reason", "pass_test": "findings result", "fail_test": "findings", "dispute": "reason",
    "send_back": "reason", "reopen": "reason", "cancel": "reason", "note": "text", "update": "text", "call": "text",
    "step": "done", "diagnose": "root_cause", "ask": "question", "supply": "text", "wait": "reason",
    "extend": "reason", "call_back": "text", "regrade": "reason",
    "change_policy": "reason", "report_up": "reason",
}  # fmt: skip
COMMANDS = [
    (module, name, function)
    for found in pkgutil.iter_modules(steps.__path__, "models.steps.")
    for module in [import_module(found.name)]
    for name, function in vars(module).items()
    if hasattr(function, "__wrapped__") and function.__module__ == module.__name__
]


class Tried(Exception):
    """The command has been asked without words; it need not be carried out."""


@pytest.mark.parametrize("action", WORDS)
def test_nothing_is_done_without_words(cast, action):
    deed, fields = DEEDS[action], WORDS[action].split()
    ticket = deed.made(STEPS[action].come_from[0])
    deed.prepare(ticket)
    before = ticket.seq
    with _without_words(fields) as tried:
        deed.do(ticket, actor_of(action))
    assert (tried, ticket.seq) == (fields, before)


@contextmanager
def _without_words(fields: list[str]) -> Iterator[list[str]]:
    """Every command is asked with a blank in place of each of the fields, and refuses."""
    tried: list[str] = []

    def blank(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def ask(*args: Any, **said: Any) -> Any:
            if not said.keys() & set(fields):
                return function(*args, **said)
            for field in fields:
                with pytest.raises(Invalid):
                    function(*args, **said | {field: "  "})
                tried.append(field)
            raise Tried

        return ask

    with pytest.MonkeyPatch.context() as patch, suppress(Tried):
        for module, name, function in COMMANDS:
            patch.setattr(module, name, blank(function))
        yield tried
