"""Taken back: the page that asks once more, and the button below what one has just done, on one ticket or several."""

from collections.abc import Callable
from typing import Any

from flask import Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from wtforms import IntegerField
from wtforms.validators import InputRequired
from wtforms.widgets import HiddenInput

from blueprints import begun, pages, several
from blueprints.access import me
from blueprints.fields import whole
from blueprints.labels import event_words
from blueprints.tickets.view import PlainForm, deed
from models.ground.errors import Conflict, Missing
from models.record.relation import find_relation
from models.record.ticket import Ticket, find_ticket
from models.rules import undoing
from models.rules.permissions import can_see
from models.rules.undoing import Deed
from models.steps import comment, relations, undo

UNDO: dict[str, Callable[[Ticket, Deed], Any]] = {
    "untriage": lambda ticket, deed: undo.undo_triage(ticket, actor=me(), seq=deed.seq),
    "take_back": lambda ticket, deed: undo.undo_hand_over(ticket, actor=me(), seq=deed.seq),
    "put_back": lambda ticket, deed: undo.undo_taking(ticket, actor=me(), seq=deed.seq),
    "resume": lambda ticket, deed: comment.resume_work(ticket, actor=me()),
    "unrelate": lambda ticket, deed: _unrelate(ticket, deed),
    "unmerge": lambda ticket, deed: relations.unmerge_ticket(ticket, actor=me()),
}


class UndoForm(FlaskForm):
    """One button; `seq` says which deed."""

    title, submit_text = _l("Undo what you did last"), _l("Undo")
    effect = _l("Whoever was told of it hears that it is taken back.")
    seq = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


def take_back(ticket: Ticket) -> Response:
    """The last deed of the person, if nothing has happened on the ticket since."""
    done = undoing.deed_of(ticket, me())
    form = UndoForm(seq=done.seq if done else None)
    if done is None and not form.is_submitted():
        raise Missing("Something has happened on the ticket since, so this cannot be undone any more.")

    def undo_it() -> None:
        found = undoing.check(ticket, me(), seq=form.seq.data or 0)
        UNDO[found.action](ticket, found)
        flash(_("Undone: %(deed)s", deed=event_words(found.name, of_request=ticket.is_request)))

    return deed(ticket, form, action="undo", do=undo_it, template="tickets/undo.html", done=done)


def take_back_several() -> Response:
    """What the person has just done on several tickets at once: a command each, and what could not be is said."""
    return pages.act(
        PlainForm(),
        action="undo_several",
        page=pages.refuse_form,
        do=lambda: several.each(request.form.getlist("deeds"), _take_back, said=_words),
        then=lambda _: begun.came_from(request.referrer or "", request.host),
    )


def _take_back(number: str, seq: str) -> None:
    ticket = find_ticket(number)
    if ticket is None or not can_see(me(), ticket):
        raise Conflict("The ticket has moved on: this is no longer possible in its present state.")
    found = undoing.check(ticket, me(), seq=whole(seq) or 0)
    UNDO[found.action](ticket, found)


def _words(numbers: list[str]) -> str:
    return ngettext(
        "Taken back: %(numbers)s", "%(num)s taken back: %(numbers)s", len(numbers), numbers=_(", ").join(numbers)
    )


def _unrelate(ticket: Ticket, deed: Deed) -> None:
    other = find_ticket(deed.details["other"])
    relation = find_relation(ticket, other, deed.details["kind"]) if other else None
    if relation is None:
        raise Conflict("They are no longer linked.")
    relations.unrelate(relation, actor=me(), ticket=ticket)
