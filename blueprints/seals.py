"""Words that go out and must come back as they were: signed with the house's key, for one purpose each."""

from functools import cache

from flask import current_app
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer


def seal(purpose: str) -> URLSafeSerializer:
    """Signs and reads what is of this purpose and of no other. Reading raises BadSignature."""
    return _seal(current_app.config["SECRET_KEY"], purpose)


def timed_seal(purpose: str) -> URLSafeTimedSerializer:
    """The same with the moment of signing. Reading raises BadSignature."""
    return _timed_seal(current_app.config["SECRET_KEY"], purpose)


@cache  # a page signs five times, and making a signer takes longer than signing
def _seal(key: str, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=purpose)


@cache
def _timed_seal(key: str, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt=purpose)
