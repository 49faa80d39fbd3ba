"""Secrets derived from the key: link tokens, chain hashes, message ids. Only digests are ever stored."""

import base64
import hashlib
import hmac
import secrets

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32
_key = b""


def use_key(secret: str) -> None:
    """Take the application's secret; set once when the application is made."""
    global _key
    _key = secret.encode()


def derive(purpose: str, subject: str | int) -> str:
    """A 256-bit URL-safe token for one subject and purpose; the same every time it is asked."""
    return base64.urlsafe_b64encode(mac(purpose, str(subject).encode())).rstrip(b"=").decode()


def new_salt() -> str:
    """For a row whose number may be given again: after a restore the next row gets the number of one that is lost."""
    return secrets.token_hex(8)


def salted(subject: str, salt: str) -> str:
    """What a row's token is derived from; the oldest rows have no salt."""
    return f"{subject}:{salt}" if salt else subject


def typeable(purpose: str, subject: str | int) -> str:
    """The same with 60 bits, to be read aloud and typed: three groups of four letters, none taken for another."""
    drawn = "".join(LETTERS[byte % len(LETTERS)] for byte in mac(purpose, str(subject).encode())[:12])
    return "-".join(drawn[at : at + 4] for at in (0, 4, 8))


def digest(token: str) -> str:
    """What is stored of a token: its SHA-256, in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def mac(purpose: str, data: bytes) -> bytes:
    """HMAC-SHA256 under the key, kept apart by purpose. Raises RuntimeError before use_key()."""
    if not _key:
        raise RuntimeError("tokens.use_key() has not been called")
    return hmac.digest(_key, purpose.encode() + b"\0" + data, "sha256")
