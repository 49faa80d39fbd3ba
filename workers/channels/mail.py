"""Mail: one message to one server, with a time limit on every word exchanged."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from models.ground import clock
from workers.channels import NotSent, Refused, Unheard

SECONDS_PER_VERB = 10.0
SECONDS_TO_TAKE = 60.0  # a letter that has been handed over: whoever gives up sooner sends twice (RFC 5321, 4.5.3.2.6)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Letter(Protocol):
    """What the templates render."""

    subject: str
    text: str
    html: str
    to: str
    from_: str


def send(letter: Letter, *, message_id: str, smtp_url: str) -> str:
    """Hand `letter` to the server at `smtp_url`; what it answered. Raises NotSent, and which."""
    message = compose(letter, message_id=message_id)
    if kept := _kept.get():
        server = kept.pop()
        try:
            return _hand_over(server, message)
        except NotSent as trouble:  # it may take so many in one conversation, and say anything to one more
            if isinstance(trouble, Unheard) and server.has_begun:
                raise
    return _hand_over(_let_in(smtp_url), message)


@contextmanager
def one_conversation() -> Iterator[None]:
    """What is sent from here meanwhile goes over one connection, for as long as every letter is taken."""
    kept: list[_Server] = []
    outside = _kept.set(kept)
    try:
        yield
    finally:
        _kept.reset(outside)
        for server in kept:
            server.leave()


def greet(smtp_url: str) -> None:
    """Say hello to the server, and who we are, and leave; no letter. Raises Unheard."""
    _let_in(smtp_url).leave()


def compose(letter: Letter, *, message_id: str) -> EmailMessage:
    """Build the mail: plain text with an HTML alternative, marked as written by a machine. Raises NotSent."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _line(letter.subject)
    message["From"] = _address(letter.from_)
    message["To"] = _address(letter.to)
    message["Date"] = clock.real_now()
    message["Message-ID"] = _line(message_id)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _hand_over(server: "_Server", message: EmailMessage) -> str:
    with server:
        try:
            server.send_message(message)
            return server.answer
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise _refused(code, words) from error
        except smtplib.SMTPDataError as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Refused(str(error), permanent=True) from error
        except smtplib.SMTPResponseException as error:  # our own address, it may be; or a letter that is too long
            raise _shut_out(error, is_offered=True) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unheard(f"{type(error).__name__}: {error}", is_offered=True) from error


def _let_in(smtp_url: str) -> "_Server":
    """A server that knows who we are and listens. Raises Unheard."""
    try:
        return _connected(smtp_url)
    except smtplib.SMTPResponseException as error:
        raise _shut_out(error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Unheard(str(error), is_refused=True) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Unheard(f"{type(error).__name__}: {error}") from error


def _connected(smtp_url: str) -> "_Server":
    url = urlsplit(smtp_url)
    host = url.hostname or "localhost"
    server: _Server
    if url.scheme == "smtps":
        secure = ssl.create_default_context()
        server = _SecureServer(host, url.port or 465, timeout=SECONDS_PER_VERB, context=secure)
    else:
        server = _Server(host, url.port or 25, timeout=SECONDS_PER_VERB)
    try:
        if parse_qs(url.query).get("starttls") == ["1"]:
            server.starttls(context=ssl.create_default_context())
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.ehlo_or_helo_if_needed()
    except BaseException:
        server.close()
        raise
    return server


def _address(text: str) -> Address:
    name, address = parseaddr(_line(text))
    try:
        return Address(name, addr_spec=address)
    except (ValueError, IndexError, MessageError) as error:
        raise NotSent(f"not an address: {text!r}", permanent=True) from error


def _line(text: str) -> str:
    """A header's value; a control character in it would begin another header."""
    if CONTROL.search(text):
        raise NotSent(f"control character in a header: {text!r}", permanent=True)
    return text


def _refused(code: int, words: bytes | str) -> Refused:
    return Refused(_said(code, words), permanent=code >= 500)


def _shut_out(error: smtplib.SMTPResponseException, *, is_offered: bool = False) -> Unheard:
    said = _said(error.smtp_code, error.smtp_error)
    return Unheard(said, is_refused=error.smtp_code >= 500, is_offered=is_offered)


def _said(code: int, words: bytes | str) -> str:
    """A server's answer on one line."""
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {CONTROL.sub(' ', said)}"[:500]


class _Server(smtplib.SMTP):
    """Keeps what the server said when it took the letter; the library throws it away."""

    answer = ""
    has_begun = False  # the text of the letter is under way: it may have been taken, whatever is heard of it

    def data(self, msg: bytes | str) -> tuple[int, bytes]:  # type: ignore[override]
        assert self.sock
        self.has_begun = True
        self.sock.settimeout(SECONDS_TO_TAKE)
        code, words = super().data(msg)
        self.sock.settimeout(SECONDS_PER_VERB)
        self.answer, self.has_begun = _said(code, words), False
        return code, words

    def __exit__(self, trouble: object = None, *_: object) -> None:
        """Stay for the letter after this one, if there may be one and this one was taken."""
        kept = _kept.get()
        if trouble is None and kept is not None:
            kept.append(self)
        else:
            self.leave()

    def leave(self) -> None:
        """However the server answers that, what it has said of the letter stands."""
        with suppress(smtplib.SMTPException, OSError):
            self.docmd("QUIT")
        self.close()


class _SecureServer(_Server, smtplib.SMTP_SSL):
    """Inside TLS from the first byte."""


_kept: ContextVar[list[_Server] | None] = ContextVar("kept", default=None)  # who took the letter before this one
