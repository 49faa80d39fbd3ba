"""The ceremony of a passkey: what the browser is asked, and whether its answer is right (WebAuthn).

The challenge is derived from the one-time token of the form that carries the answer back, so no answer counts twice
and nothing has to be kept between question and answer.
"""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from blueprints.house import house_name
from models.ground import tokens
from models.ground.errors import Invalid
from models.people.factor import Passkey, find_passkey
from models.people.person import Person

LONGEST = 20_000  # characters of an answer
REFUSED = "This passkey was not accepted. Try again, or use another way."
PROVES_PERSON = UserVerificationRequirement.REQUIRED  # by finger, face or PIN: two factors in one


@dataclass(frozen=True)
class NewKey:
    """What is kept of a key that was just made."""

    credential: str
    public_key: str
    sign_count: int


def question_for_new(person: Person, *, nonce: str, held: list[Passkey]) -> str:
    """What the browser is asked for a new key, as JSON."""
    chosen = AuthenticatorSelectionCriteria(
        resident_key=ResidentKeyRequirement.PREFERRED, user_verification=PROVES_PERSON
    )
    options = generate_registration_options(
        rp_id=_host(), rp_name=house_name(), user_name=person.login, user_display_name=person.name,
        user_id=tokens.mac("passkey-user", str(person.id).encode()), challenge=_challenge(nonce),
        authenticator_selection=chosen, exclude_credentials=_named(held),
    )  # fmt: skip
    return options_to_json(options)


def question(*, nonce: str, keys: list[Passkey] | None = None) -> str:
    """What the browser is asked to sign in: with one of these keys, or with any that it has for us."""
    options = generate_authentication_options(
        rp_id=_host(), challenge=_challenge(nonce), allow_credentials=_named(keys or []),
        user_verification=PROVES_PERSON,
    )  # fmt: skip
    return options_to_json(options)


def read_new(answer: str, *, nonce: str) -> NewKey:
    """The key that was made. Raises Invalid."""
    try:
        seen = verify_registration_response(
            credential=_parsed(answer), expected_challenge=_challenge(nonce), expected_rp_id=_host(),
            expected_origin=_origin(), require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Invalid(REFUSED) from error
    return NewKey(
        bytes_to_base64url(seen.credential_id), bytes_to_base64url(seen.credential_public_key), seen.sign_count
    )


def read_answer(answer: str, *, nonce: str) -> tuple[Passkey, int]:
    """Whose key it was, and its counter. Raises Invalid."""
    try:
        said = _parsed(answer)
        key = find_passkey(str(said["id"]))
        if key is None:
            raise Invalid(REFUSED)
        seen = verify_authentication_response(
            credential=said, expected_challenge=_challenge(nonce), expected_rp_id=_host(), expected_origin=_origin(),
            credential_public_key=base64url_to_bytes(key.public_key), credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Invalid(REFUSED) from error
    return key, seen.new_sign_count


def _parsed(answer: str) -> dict[str, object]:
    said = json.loads(answer[:LONGEST])
    if not isinstance(said, dict):
        raise ValueError("not the answer of a browser")
    return said


def _named(keys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.credential)) for key in keys]


def _challenge(nonce: str) -> bytes:
    return tokens.mac("passkey", nonce.encode())


def _origin() -> str:
    return str(current_app.config["SETTINGS"].base_url)


def _host() -> str:
    return urlsplit(_origin()).hostname or ""
