"""The outbox by hand: what has failed is tried again, what a restore has held back leaves; both are on record."""

from models.ground.db import command
from models.ground.errors import Refused
from models.people.person import Person
from models.record import message as outbox
from models.record.message import Message
from models.rules.deeds import record
from models.rules.permissions import allows


@command
def try_again(message: Message, *, actor: Person) -> None:
    """A letter that has failed goes back into the outbox, all of it."""
    _need_right(actor)
    if outbox.put_back(message.id):
        record("letter_tried_again", actor=actor, thing=message)


@command
def let_go(*, actor: Person) -> int:
    """Somebody has looked: what a restore has held back leaves; how many messages."""
    _need_right(actor)
    gone = outbox.release()
    if gone:
        record("letters_let_go", actor=actor, after={"letters": gone})
    return gone


def _need_right(actor: Person) -> None:
    if not allows(actor, "view_outbox"):
        raise Refused("You may not do this. Ask a supervisor or an administrator if you need to.")
