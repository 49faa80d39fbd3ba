"""The keys: one list that binds them (static/js/keys.js), prints them (the `?` sheet, /help/shortcuts) and tests them.

A key points at what a page marks with `data-key`, or at one of MOVES, which the script does itself. A link is followed,
a fold opened, a field entered; a button that would send something is only brought into focus, except one that UNDOES.
"""

from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l

MOVES = ("palette", "help", "leave", "down", "up", "open", "select", "down-selecting", "up-selecting")
UNDOES = "undo"  # takes back what one has just done: neither sends anything new, nor decides, nor wakes


@dataclass(frozen=True)
class Key:
    """`chord`: as the script names it, `g t` one after the other; `point`: what it does, "" for the browser's own."""

    chord: str
    point: str
    word: Any
    shown: str = ""  # where the cap says something else

    @property
    def caps(self) -> list[str]:
        """What stands on the keys."""
        return (self.shown or self.chord).split()

    @property
    def is_held(self) -> bool:
        """Pressed together with another key, so it stays when single keys are switched off (WCAG 2.1.4)."""
        return self.chord.startswith(("ctrl+", "escape"))


@dataclass(frozen=True)
class Scope:
    """Where a group of keys does something."""

    word: Any
    keys: tuple[Key, ...]


SCOPES = (
    Scope(
        _l("Everywhere"),
        (
            Key("/", "palette", _l("Search and commands")),
            Key("ctrl+k", "palette", _l("Search and commands, from a field too"), "Ctrl+K ⌘K"),
            Key("c", "go:/report", _l("Report something"), "C"),
            Key("g m", "go:/my", _l("Go to: my reports"), "G M"),
            Key("g t", "go:/triage", _l("Go to: triage"), "G T"),
            Key("g b", "go:/bench", _l("Go to: workbench"), "G B"),
            Key("g a", "go:/approvals", _l("Go to: approvals"), "G A"),
            Key("g w", "go:/watch", _l("Go to: watch"), "G W"),
            Key("g k", "go:/kb", _l("Go to: knowledge"), "G K"),
            Key("?", "help", _l("These keys")),
            Key("escape", "leave", _l("Close, or leave the field; what is typed stays"), "Esc"),
        ),
    ),
    Scope(
        _l("In lists"),
        (
            Key("j", "down", _l("Next row"), "J"),
            Key("arrowdown", "down", _l("Next row, from a row"), "↓"),
            Key("k", "up", _l("Row before"), "K"),
            Key("arrowup", "up", _l("Row before, from a row"), "↑"),
            Key("enter", "open", _l("Open the row"), "Enter"),
            Key("x", "select", _l("Select the row"), "X"),
            Key("shift+j", "down-selecting", _l("Select, and the next row too"), "Shift+J"),
            Key("shift+k", "up-selecting", _l("Select, and the row before too"), "Shift+K"),
            Key("[", "prev", _l("The one before in the list")),
            Key("]", "next", _l("The next one in the list")),
            Key("l", "list", _l("Back to the list"), "L"),
            Key("shift+l", "copy-link", _l("Copy the link of the ticket"), "Shift+L"),
            Key(".", "new", _l("Show what is new")),
            Key("shift+u", "unread", _l("Mark as unread, in the inbox"), "Shift+U"),
            Key("z", UNDOES, _l("Undo what you did last"), "Z"),
        ),
    ),
    Scope(
        _l("On a ticket, and in triage on the row"),
        (
            Key("1", "level:P0", _l("Severity P0; it is chosen, not yet sent")),
            Key("2", "level:P1", _l("Severity P1")),
            Key("3", "level:P2", _l("Severity P2")),
            Key("4", "level:P3", _l("Severity P3")),
            Key("t", "type", _l("Fault or request"), "T"),
            Key("a", "assign", _l("Who handles it; two letters find the name"), "A"),
            Key("i", "take", _l("Take it up"), "I"),
            Key("d", "duplicate", _l("The same as another one"), "D"),
            Key("s", "status", _l("What comes next"), "S"),
            Key("r", "reply", _l("Ask or answer whoever reported it"), "R"),
            Key("n", "note", _l("Internal note"), "N"),
            Key("u", "update", _l("Update for the customer"), "U"),
            Key("p", "plan", _l("Plan"), "P"),
            Key("h", "wait", _l("Let it wait for somebody"), "H"),
            Key("#", "decline", _l("Cancel the ticket")),
            Key("e", "edit", _l("Edit"), "E"),
            Key("y", "agree", _l("Agree; asks once more"), "Y"),
            Key("o", "return", _l("Return; asks once more"), "O"),
        ),
    ),
    Scope(
        _l("In forms"),
        (
            Key("", "", _l("Sends the form that you are writing in."), "Ctrl+Enter ⌘Enter"),
            Key("", "", _l("Keeps what you edit, under Administration."), "Ctrl+S ⌘S"),
            Key("", "", _l("Confirms what is chosen beside the list."), "Enter"),
            Key("", "", _l("Adds a screenshot from the clipboard to the form."), "Ctrl+V ⌘V"),
            Key("", "", _l("Goes from field to field; the first stop skips to the content."), "Tab"),
        ),
    ),
)

POINT_OF = {  # what one can do on a ticket, and the key that leads there
    "triage": "level assign",
    "take": "take",
    "hand_over": "assign",
    "retitle": "edit",
    "regrade": "level",
    "merge": "duplicate",
    "wait": "wait",
    "cancel": "decline",
    "submit_plan": "plan",
    "approve": "agree return",
    "ratify": "agree return",
}


def register(app: Flask) -> None:
    """Let the templates print the list and the script read it."""
    app.jinja_env.globals.update(key_scopes=SCOPES, key_of=key_of)


def key_of(action: str, *, is_next: bool = False) -> str:
    """What the way to an action is marked with; `is_next`: it is the one that the page puts forward."""
    return " ".join(filter(None, ("status" if is_next else "", POINT_OF.get(action, ""))))


def points() -> set[str]:
    """Everything that a page may mark with `data-key`."""
    return {key.point for scope in SCOPES for key in scope.keys if key.point}
