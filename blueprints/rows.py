"""Rows of tickets, drawn once: a board that is polled shows the same fifty rows again and again.

A row is kept under everything that it shows, so that a kept row can never say something old.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_babel import get_locale
from markupsafe import Markup

from blueprints.clock_words import reading
from blueprints.labels import WORDS, label, local, named
from models.ground import clock
from models.record.ticket import Ticket

MOST = 4_000  # rows a process keeps; about 1 kB each

_kept: dict[Any, Markup] = {}


def register(app: Flask) -> None:
    """Give the table what it draws its rows with."""
    app.jinja_env.globals.update(row=row, heads_of_tickets=heads)


def heads() -> dict[str, str]:
    """The words above the columns."""
    return {column: label("column", column) for column in WORDS["column"]}


def row(ticket: Ticket, columns: tuple[str, ...], came_from: str, draw: Callable[..., Markup]) -> Markup:
    """The row as it was drawn before, or drawn now."""
    deadline = getattr(ticket, "next_deadline", None)
    caller, assignee = ticket.caller, ticket.assignee
    shown = (
        ticket.id,
        ticket.seq,
        ticket.version,
        columns,
        came_from,
        str(get_locale()),
        local(ticket.created_at),
        local(clock.now())[:10],
        caller.name if caller else None,
        assignee.name if assignee else None,
        named(ticket.team) if "team" in columns else None,
        (deadline.kind, reading(deadline)) if deadline and "clock" in columns else None,
    )
    if shown not in _kept:
        if len(_kept) >= MOST:
            _kept.clear()
        _kept[shown] = draw(ticket, columns, came_from)
    return _kept[shown]
