"""Mail to a real SMTP server that takes, refuses or keeps silent."""

import asyncio
import socket
from dataclasses import dataclass, replace
from email import message_from_bytes, policy

import pytest

from workers.channels import NotSent, Refused, Unheard, mail

pytestmark = pytest.mark.once


@dataclass
class Letter:
    subject: str = "工单 TS20261122001 已受理"
    text: str = "我们已收到您的问题。\n下一步:分级。"
    html: str = "<p>我们已收到您的问题。</p>"
    to: str = "张 三 <zhang@example.org>"
    from_: str = "服务台 <desk@example.org>"


class Sink:
    """Takes everything, or answers what the test says."""

    def __init__(self):
        self.taken, self.to_recipient, self.to_data = [], "250 OK", "250 OK"
        self.to_mail, self.to_quit = "250 OK", "221 bye"
        self.seconds_to_data = 0.0
        self.conversations, self.most_in_one = [], 1_000

    async def handle_MAIL(self, server, session, envelope, address, options):
        if session not in self.conversations:
            self.conversations.append(session)
            session.letters = 0
        session.letters += 1
        if session.letters > self.most_in_one:
            return "421 that was enough"
        envelope.mail_from = address
        return self.to_mail

    async def handle_QUIT(self, server, session, envelope):
        return self.to_quit

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.to_recipient.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(self.seconds_to_data)
        if self.to_data.startswith("2"):
            self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.to_data


@pytest.fixture
def sink():
    return Sink()


def send(smtp_url, **changes):
    return mail.send(replace(Letter(), **changes), message_id="<abc@bihuan>", smtp_url=smtp_url)


def unheard(smtp_url) -> Unheard:
    with pytest.raises(Unheard) as silence:
        send(smtp_url)
    return silence.value


def test_a_letter_arrives_whole_and_says_that_a_machine_wrote_it(sink, smtp_url):
    assert send(smtp_url) == "250 OK", "what the server answered"
    (taken,) = sink.taken
    assert taken["Subject"] == Letter.subject
    assert taken["To"] == "张 三 <zhang@example.org>"
    assert taken["Message-ID"] == "<abc@bihuan>"
    assert taken["Auto-Submitted"] == "auto-generated"
    assert taken["Date"].datetime.tzinfo
    assert taken.get_body(("plain",)).get_content().split() == Letter.text.split()
    assert taken.get_body(("html",)).get_content().strip() == Letter.html


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0", "\u2028", "\x85"])
@pytest.mark.parametrize("field", ["subject", "to", "from_"])
def test_a_control_character_never_reaches_a_header(sink, smtp_url, field, end):
    with pytest.raises(NotSent) as refusal:
        send(smtp_url, **{field: f"a{end}Bcc: eve@example.org"})
    assert refusal.value.permanent
    assert sink.taken == []


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "@x", "x@"])
def test_what_is_no_address_is_refused_for_good(smtp_url, address):
    with pytest.raises(NotSent) as refusal:
        send(smtp_url, to=address)
    assert refusal.value.permanent


@pytest.mark.parametrize("verb", ["to_recipient", "to_data"])
@pytest.mark.parametrize(("answer", "is_permanent"), [("550 no such user", True), ("451 try later", False)])
def test_a_refusal_for_good_is_told_from_one_for_now(sink, smtp_url, verb, answer, is_permanent):
    setattr(sink, verb, answer)
    with pytest.raises(NotSent) as refusal:
        send(smtp_url)
    assert isinstance(refusal.value, Refused)
    assert refusal.value.permanent is is_permanent
    assert refusal.value.reason == answer


@pytest.mark.parametrize("answer", ["421 too busy", "554 no"])
def test_taken_is_taken_however_the_server_says_goodbye(sink, smtp_url, answer):
    sink.to_quit = answer
    assert send(smtp_url) == "250 OK"
    assert len(sink.taken) == 1


def test_what_says_nothing_of_the_letter_may_pass(sink, smtp_url):
    """A sender address or password that the server does not like: the next letter would fare no better."""
    sink.to_mail = "553 not you"
    assert unheard(smtp_url) == Unheard("553 not you", is_refused=True, is_offered=True)


def test_a_server_that_falls_silent_over_a_letter_may_have_taken_it(sink, smtp_url, monkeypatch):
    monkeypatch.setattr(mail, "SECONDS_TO_TAKE", 0.2)
    sink.seconds_to_data = 0.6
    silence = unheard(smtp_url)
    assert (silence.is_offered, silence.is_refused, silence.reason[-9:]) == (True, False, "timed out")


def test_a_letter_that_has_been_handed_over_is_waited_for_longer(sink, smtp_url, monkeypatch):
    """Scanners take their time; whoever gives up meanwhile sends it twice."""
    monkeypatch.setattr(mail, "SECONDS_PER_VERB", 0.2)
    sink.seconds_to_data = 0.6
    assert send(smtp_url) == "250 OK"


def test_letters_of_one_conversation_share_a_connection(sink, smtp_url):
    with mail.one_conversation():
        for number in range(3):
            assert send(smtp_url, subject=str(number)) == "250 OK"
    send(smtp_url, subject="3")
    assert [each["Subject"] for each in sink.taken] == ["0", "1", "2", "3"]
    assert [each.letters for each in sink.conversations] == [3, 1]


def test_a_server_that_takes_only_so_many_in_one_conversation_is_called_again(sink, smtp_url):
    sink.most_in_one = 2
    with mail.one_conversation():
        for number in range(5):
            send(smtp_url, subject=str(number))
    assert [each["Subject"] for each in sink.taken] == ["0", "1", "2", "3", "4"]
    assert len(sink.conversations) == 3


def test_a_server_that_hangs_up_between_two_letters_is_called_again(sink, smtp_url):
    with mail.one_conversation():
        send(smtp_url)
        mail._kept.get()[0].sock.shutdown(socket.SHUT_RDWR)
        send(smtp_url)
    assert len(sink.conversations) == len(sink.taken) == 2


def test_a_letter_that_it_falls_silent_over_is_not_handed_over_again(sink, smtp_url, monkeypatch):
    monkeypatch.setattr(mail, "SECONDS_TO_TAKE", 0.2)
    with mail.one_conversation():
        send(smtp_url)
        sink.seconds_to_data = 0.6
        assert unheard(smtp_url).is_offered
        assert len(sink.conversations) == 1
        sink.seconds_to_data = 0.0
        send(smtp_url)
    assert len(sink.conversations) == 2, "whoever was silent is not asked to go on"


def test_a_refused_letter_does_not_spoil_the_next(sink, smtp_url):
    with mail.one_conversation():
        send(smtp_url)
        sink.to_data = "550 spam"
        with pytest.raises(Refused):
            send(smtp_url)
        sink.to_data = "250 OK"
        assert send(smtp_url) == "250 OK"


@pytest.mark.parametrize("answer", ["550 too many in one session", "452 too many", "421 too many"])
@pytest.mark.parametrize("verb", ["to_recipient", "to_data"])
def test_what_ends_a_conversation_is_no_word_about_the_letter(sink, smtp_url, verb, answer, monkeypatch):
    plain = Sink.handle_MAIL

    async def one_only(self, server, session, *words):
        said = await plain(self, server, session, *words)
        setattr(self, verb, "250 OK" if session.letters == 1 else answer)
        return said

    monkeypatch.setattr(Sink, "handle_MAIL", one_only)
    with mail.one_conversation():
        assert [send(smtp_url) for _ in range(3)] == ["250 OK"] * 3
    assert len(sink.taken) == 3


def test_between_two_letters_it_is_as_impatient_as_before(sink, smtp_url, monkeypatch):
    monkeypatch.setattr(mail, "SECONDS_PER_VERB", 0.2)
    with mail.one_conversation():
        send(smtp_url)
        assert mail._kept.get()[0].sock.gettimeout() == 0.2


def test_a_server_that_is_away_may_come_back(smtp_url):
    silence = unheard("smtp://127.0.0.1:9")
    assert (silence.permanent, silence.is_refused, silence.is_offered) == (False, False, False)


def test_a_silent_server_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(mail, "SECONDS_PER_VERB", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silence = unheard(f"smtp://127.0.0.1:{silent.getsockname()[1]}")
    assert (silence.permanent, silence.is_refused, silence.is_offered) == (False, False, False)


def test_no_password_is_sent_to_a_server_without_encryption_on_offer(smtp_url):
    assert unheard(smtp_url + "?starttls=1").is_refused
