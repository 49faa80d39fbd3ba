"""Delivery: messages from the outbox to their channel, each under a lease so that nobody sends it twice."""

from functools import partial
from time import sleep

import structlog
from flask import current_app
from jinja2 import TemplateNotFound

from app import Settings
from blueprints.messages import render
from models.ground import clock
from models.ground.db import db, give_up
from models.ground.errors import Busy
from models.record import message as outbox
from models.record.message import Message
from workers.channels import NotSent, Refused, Unheard, mail
from workers.jobs import leaving
from workers.keeping import journal
from workers.lease import renewed

LONGEST = 20.0  # seconds of one job that goes on; the ticker rings again while something is due
RENEW_EVERY = 2.0  # seconds; the lease itself lasts 6
TRIES_TO_RECORD = 6  # each waits for the database as long as any command does

log = structlog.get_logger("delivery")


def deliver_due(message_id: int) -> None:
    """Send the message, then whatever else is due, oldest first; somebody else may be at it, too."""
    until, passed = clock.steady() + LONGEST, set[int]()
    waits = [message_id]
    with mail.one_conversation():
        while waits and clock.steady() < until and not leaving.is_set():
            if not _attempt(waits[0]):
                passed.add(waits[0])
            waits = [each for each in (outbox.due() if passed else outbox.due(1)) if each not in passed]
        db.session.remove()  # taking leave of the server may take its time


def _attempt(message_id: int) -> bool:
    """What goes wrong with one must not keep the next."""
    try:
        return deliver(message_id)
    except Exception:
        give_up()
        log.exception("delivery failed", message=message_id)
        return False


def deliver(message_id: int) -> bool:
    """Send the message and record what became of it; False when it does not wait, or somebody else is at it."""
    message = outbox.claim(message_id)
    if message is None:
        return False
    message_id = message.id  # the first of the letter that it went out with
    try:
        answer = outbox.KNOWN if _has_left(message) else _send(message)
    except TemplateNotFound as unknown:
        log.warning("not ours to write", message=message_id, template=unknown.name)
        outbox.leave(message_id)
    except Unheard as silence:
        log.warning("nobody let it in", message=message_id, reason=silence.reason)
        outbox.unheard(message_id, error=silence.reason, is_refused=silence.is_refused, is_offered=silence.is_offered)
    except NotSent as refusal:
        log.warning("not sent", message=message_id, reason=refusal.reason, permanent=refusal.permanent)
        is_answer = isinstance(refusal, Refused)
        outbox.failed(message_id, error=refusal.reason, permanent=refusal.permanent, is_answer=is_answer)
    except Exception as error:  # whatever it is, it is written down: a letter that cannot be made ends as failed
        log.exception("not sent", message=message_id)
        outbox.failed(message_id, error=f"{type(error).__name__}: {error}")
    else:
        _record(message_id, answer)
    return True


def _has_left(message: Message) -> bool:
    """Whether a try before this one handed it over, and then died or could not write it down."""
    settings: Settings = current_app.config["SETTINGS"]
    return message.attempts > 1 and journal.knows(settings.home, message.message_id)


def _record(message_id: int, answer: str) -> None:
    """It has left. A database that is busy is asked again, so that nobody gets the letter twice."""
    for _ in range(TRIES_TO_RECORD - 1):
        try:
            return outbox.sent(message_id, answer=answer)
        except Busy:
            log.warning("sent, and not recorded yet", message=message_id)
            sleep(1.0)
    return outbox.sent(message_id, answer=answer)


def _send(message: Message) -> str:
    letter, message_id, header = render(message), message.id, message.message_id
    everything = [each.message_id for each in outbox.together(message)]
    db.session.remove()  # no transaction stays open while the network takes its time
    with renewed(partial(outbox.renew, message_id), every=RENEW_EVERY):
        answer = mail.send(letter, message_id=header, smtp_url=_smtp_url())
    _keep_in_mind(everything, reader=letter.to)
    return answer


def _keep_in_mind(message_ids: list[str], *, reader: str) -> None:
    """Before the database knows it: a disk that is full must not make anybody get the letter again."""
    settings: Settings = current_app.config["SETTINGS"]
    try:
        journal.note(settings.home, message_ids, reader=reader)
    except OSError:
        log.exception("not in the sent-journal", messages=message_ids[:10])


def _smtp_url() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.smtp_url:
        raise Unheard("SMTP_URL is not set")
    return settings.smtp_url
