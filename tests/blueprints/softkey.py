"""A passkey in software: answers what a page asks of a browser, as a device with a finger on it would."""

import hashlib
import json

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url as b64

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class SoftKey:
    """One key pair; `count` is sent with every answer."""

    def __init__(self, origin: str = "http://localhost", rp_id: str = "localhost", name: bytes = b"soft key 1") -> None:
        self.origin, self.rp_id, self.name, self.count = origin, rp_id, name, 0
        self.private = ec.generate_private_key(ec.SECP256R1())

    def made(self, asked: str) -> str:
        """The answer to `navigator.credentials.create()`."""
        client = self._client("webauthn.create", asked)
        point = self.private.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (point.x, point.y))
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        known = bytes(16) + len(self.name).to_bytes(2, "big") + self.name + key
        told = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._head(ATTESTED) + known})
        return self._said({"attestationObject": b64(told), "clientDataJSON": b64(client)})

    def signed(self, asked: str, *, verified: bool = True) -> str:
        """The answer to `navigator.credentials.get()`."""
        client, head = self._client("webauthn.get", asked), self._head(verified=verified)
        signature = self.private.sign(head + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._said({"authenticatorData": b64(head), "clientDataJSON": b64(client), "signature": b64(signature)})

    def _head(self, more: int = 0, *, verified: bool = True) -> bytes:
        flags = PRESENT | more | (VERIFIED if verified else 0)
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, asked: str) -> bytes:
        said = {"type": kind, "challenge": json.loads(asked)["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _said(self, response: dict[str, str]) -> str:
        name = b64(self.name)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
