"""Words that go out and must come back as they were: signed with the house's key, for one purpose each."""

from functools import cache

from flask import Flask, Response, current_app
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer


class Cookies(SecureCookieSessionInterface):
    """Flask's own, which makes its signer twice a request and reads the answer's heads anew."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        signer: URLSafeTimedSerializer | None = app.extensions.get("cookies")
        if signer is None:
            signer = app.extensions["cookies"] = super().get_signing_serializer(app)
        return signer

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        says_so = "Cookie" in response.headers.get("Vary", "")
        if not says_so or session.modified or session.permanent:
            super().save_session(app, session, response)


def seal(purpose: str) -> URLSafeSerializer:
    """Signs and reads what is of this purpose and of no other. Reading raises BadSignature."""
    return _seal(ring(current_app), purpose)


def timed_seal(purpose: str) -> URLSafeTimedSerializer:
    """The same with the moment of signing. Reading raises BadSignature."""
    return _timed_seal(ring(current_app), purpose)


def ring(app: Flask) -> tuple[str, ...]:
    """The keys that are accepted; the last one signs."""
    return (*(app.config.get("SECRET_KEY_FALLBACKS") or ()), app.config["SECRET_KEY"])


@cache  # a page signs five times, and making a signer takes longer than signing
def _seal(keys: tuple[str, ...], purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(keys, salt=purpose)


@cache
def _timed_seal(keys: tuple[str, ...], purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(keys, salt=purpose)
