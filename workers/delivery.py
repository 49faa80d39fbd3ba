"""Delivery: one message from the outbox to its channel, under a lease so that nobody sends it twice."""

from functools import partial

import structlog
from flask import current_app

from app import Settings
from blueprints.messages import render
from models.ground.db import db
from models.record import message as outbox
from models.record.message import Message
from workers.channels import NotSent, mail
from workers.lease import renewed

RENEW_EVERY = 2.0  # seconds; the lease itself lasts 6

log = structlog.get_logger("delivery")


def deliver(message_id: int) -> None:
    """Send the message if it is still waiting, and record what became of it."""
    message = outbox.claim(message_id)
    if message is None:
        return
    message_id = message.id  # the first of the letter that it went out with
    try:
        answer = _send(message)
    except NotSent as refusal:
        log.warning("not sent", message=message_id, reason=refusal.reason, permanent=refusal.permanent)
        outbox.failed(message_id, error=refusal.reason, permanent=refusal.permanent)
    except Exception as error:  # whatever it is, it is written down: a letter that cannot be made ends as failed
        log.exception("not sent", message=message_id)
        outbox.failed(message_id, error=f"{type(error).__name__}: {error}")
    else:
        outbox.sent(message_id, answer=answer)


def _send(message: Message) -> str:
    letter, message_id, header = render(message), message.id, message.message_id
    db.session.remove()  # no transaction stays open while the network takes its time
    with renewed(partial(outbox.renew, message_id), every=RENEW_EVERY):
        return mail.send(letter, message_id=header, smtp_url=_smtp_url())


def _smtp_url() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.smtp_url:
        raise NotSent("SMTP_URL is not set")
    return settings.smtp_url
