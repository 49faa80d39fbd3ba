"""One deed on several things at once: a command for each, so one that is refused holds up no other."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext

from flask import flash
from flask_babel import gettext as _

from blueprints.refusals import sentence_of
from models.ground.db import db, last_words
from models.ground.errors import DomainError, Invalid

MOST = 50  # a page of a list


def each(chosen: list[str], do: Callable[[str, str], object], *, said: Callable[[list[str]], str]) -> list[str]:
    """`chosen`: number and mark of each, as `TS…:7`. What was done and what was refused is flashed.

    Returns the numbers of those that were done. Raises Invalid with the reasons when there is none.
    """
    done, refused = list[str](), defaultdict(list)
    for number, mark in (one.split(":") for one in list(dict.fromkeys(chosen))[:MOST] if one.count(":") == 1):
        try:
            with last_words(lambda _: None) if done else nullcontext():  # the first one's spends the form's token
                do(number, mark)
            done.append(number)
        except DomainError as refusal:
            db.session.rollback()
            refused[sentence_of(refusal)].append(number)
    if not done:
        raise Invalid("Nothing could be done. %(reasons)s", reasons=" ".join(_said(refused)))
    flash(said(done))
    for sentence in _said(refused):
        flash(sentence, "error")
    return done


def _said(refused: dict[str, list[str]]) -> list[str]:
    return [_("%(numbers)s: %(reason)s", numbers=_(", ").join(found), reason=why) for why, found in refused.items()]
