"""Texts for people who did not work on a ticket: without whoever it is about, their numbers and addresses (P2.9)."""

import re

from models.people.person import masked_name
from models.record.relation import merged_in
from models.record.ticket import Ticket

_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63}){1,8}")
_MOBILE = re.compile(r"(?<![0-9A-Za-z])(\d{3})[- ]?\d{4}[- ]?(\d{4})(?!\d)")
_FIXED = re.compile(r"(?<![0-9A-Za-z])(0\d{2,3})[- ]\d{3,4}(\d{4})(?!\d)")


def mask(text: str, ticket: Ticket) -> str:
    """Take the people of this ticket, and of what was merged into it, telephone numbers and addresses out of a text."""
    for name in sorted(_names(ticket), key=len, reverse=True):
        text = text.replace(name, masked_name(name))
    text = _MAIL.sub("***@***", text)
    return _FIXED.sub(r"\1****\2", _MOBILE.sub(r"\1****\2", text))


def masked_address(address: str) -> str:
    """a***@example.com: enough for its owner to know where a letter went."""
    name, _, place = address.partition("@")
    return f"{name[:1]}***@{place}" if place else ""


def _names(ticket: Ticket) -> set[str]:
    reports = [ticket, *merged_in(ticket)]
    people = [person for one in reports for person in (one.reporter, one.contact, one.assignee)]
    said = [name for one in reports for name in (one.discoverer, one.confirmer)]
    return {name for name in [*said, *(person.name for person in people if person)] if len(name) > 1}
