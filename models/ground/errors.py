"""Refusals: raised once, loudly, with a sentence for people; turned into a page in one place."""

from typing import Any


class DomainError(Exception):
    """A rule said no. `message` is a translatable English sentence; `values` fill its %(names)s."""

    status = 422

    def __init__(self, message: str, *, field: str | None = None, **values: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.values = values


class Invalid(DomainError):
    """What was given does not make sense (422); the form comes back with the text kept."""


class Refused(DomainError):
    """This person may not do this (403)."""

    status = 403


class Missing(DomainError):
    """There is no such thing, or not for this person (404)."""

    status = 404


class Conflict(DomainError):
    """The thing has moved on since the form was shown (409)."""

    status = 409


class Gone(DomainError):
    """It was there and is no longer valid: an expired or revoked link (410)."""

    status = 410


class TooLarge(DomainError):
    """More than is accepted (413)."""

    status = 413


class TooMany(DomainError):
    """More often than is good for the others (429); `values["wait"]` is the timedelta after which it goes on."""

    status = 429


class Busy(DomainError):
    """The database is busy; nothing was written, try again (503)."""

    status = 503


class NoRoom(Busy):
    """The disk is full; nothing was written (507)."""

    status = 507


class Unclear(Invalid):
    """What was said does not fit together: asked about once, kindly, before it counts. `values["about"]` names it."""
