"""Letters: the text of a message, made when it is sent, in the reader's language. No token is stored anywhere."""

from dataclasses import dataclass
from email.utils import parseaddr, quote
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, g
from markupsafe import Markup, escape
from sqlalchemy import select

from blueprints import house
from blueprints.labels import in_language, label
from models.ground.db import db
from models.insight.customer_view import words_for
from models.people.session import PasswordReset
from models.record.assessment import newest_assessment
from models.record.deadline import open_deadlines
from models.record.entry import Entry
from models.record.event import Event
from models.record.link import CONSENT, DIRECTION, PROGRESS, living_link
from models.record.message import Message, together
from models.record.resolution import Resolution
from models.record.ticket import Ticket
from models.rules.permissions import can_see

MOST_LINES = 200  # in one letter; the inbox has them all


@dataclass
class Letter:
    """What goes to one reader: subject, text and the same as HTML."""

    subject: str
    text: str
    html: str
    to: str
    from_: str
    locale: str


def render(message: Message) -> Letter:
    """The letter for a message, in the language and zone of its reader."""
    locale = message.reader.locale
    with in_language(locale):
        g.zone = ZoneInfo(getattr(message.reader, "time_zone", "Asia/Shanghai"))
        subject, text = _blocks(message)
        text += f"\n\n{house.named()}" if house.named() else ""
    return Letter(
        subject=subject,
        text=text,
        html=_as_html(text, locale),
        to=message.reader.email,
        from_=_sender(),
        locale=locale,
    )


def _sender() -> str:
    """The address of the settings, under the name of the organisation where it has one."""
    mail_from = str(current_app.config["SETTINGS"].mail_from)
    return f'"{quote(house.named())}" <{parseaddr(mail_from)[1]}>' if house.named() else mail_from


def headline(message: Message, *, event: Event | None) -> str:
    """The one line that the inbox shows, in the language of the page; subjects ask for no more than this."""
    template = current_app.jinja_env.get_template(f"messages/{message.template}.txt")
    return _block(template, "subject", {"ticket": message.ticket, "event": event, "reader": message.reader})


def _blocks(message: Message) -> tuple[str, str]:
    if len(joined := together(message)) > 1:
        return _collected(joined) if message.collected else _gathered(joined)
    template = current_app.jinja_env.get_template(f"messages/{message.template}.txt")
    context = _context(message)
    return _block(template, "subject", context), _block(template, "body", context)


def _gathered(messages: list[Message]) -> tuple[str, str]:
    """Several warnings and escalations of one minute: a line and an address for each (P5.1, P5.2)."""
    base, events = current_app.config["SETTINGS"].base_url, _events_of(messages)
    lines = [
        (headline(message, event=events[message.event_id]), _url(message, base)) for message in messages[:MOST_LINES]
    ]
    template = current_app.jinja_env.get_template("messages/gathered.txt")
    context = {"reader": messages[0].reader, "count": len(messages), "lines": lines, "base": base}
    return _block(template, "subject", context), _block(template, "body", context)


def _collected(messages: list[Message]) -> tuple[str, str]:
    """The news of a day: for each ticket its newest with the address, and what came before; the newest ticket first."""
    base, events = current_app.config["SETTINGS"].base_url, _events_of(messages)
    told: dict[int | None, list[Message]] = {}
    for message in reversed(messages):
        told.setdefault(message.ticket_id, []).append(message)
    lines = [
        (headline(newest, event=events[newest.event_id]), _names(earlier), _url(newest, base))
        for newest, *earlier in list(told.values())[:MOST_LINES]
    ]
    template = current_app.jinja_env.get_template("messages/collected.txt")
    context = {"reader": messages[0].reader, "count": len(told), "lines": lines, "base": base}
    return _block(template, "subject", context), _block(template, "body", context)


def _names(messages: list[Message]) -> list[str]:
    """What they are about, each once, the first first."""
    return list(dict.fromkeys(label("letter", message.template) for message in reversed(messages)))


def _events_of(messages: list[Message]) -> dict[int | None, Event]:
    ids = [message.event_id for message in messages]
    return {event.id: event for event in db.session.scalars(select(Event).where(Event.id.in_(ids)))}


def _block(template: Any, name: str, context: dict[str, Any]) -> str:
    """Plain text: the templates end in .txt, so nothing is escaped; blank lines part the paragraphs."""
    lines = "".join(template.blocks[name](template.new_context(context))).strip().splitlines()
    said = "\n".join(line.strip() for line in lines)
    while "\n\n\n" in said:
        said = said.replace("\n\n\n", "\n\n")
    return said


def _context(message: Message) -> dict[str, Any]:
    base = current_app.config["SETTINGS"].base_url
    ticket = message.ticket
    event = db.session.get(Event, message.event_id) if message.event_id else None
    of = db.session.get(Ticket, event.ticket_id) if event else ticket  # theirs may be merged into it, or below it
    entry = (
        db.session.scalar(select(Entry).where(Entry.event_id == message.event_id, Entry.public).order_by(Entry.id))
        if message.event_id
        else None
    )
    return {
        "message": message,
        "ticket": ticket,
        "reader": message.reader,
        "event": event,
        "of": of,
        "entry": entry,
        "resolution": _resolution(of),
        "plan": ticket.plans[-1] if ticket and ticket.plans else None,
        "assessment": newest_assessment(ticket) if ticket and ticket.is_request else None,
        "words": words_for(of) if of else "",
        "due": {deadline.kind: deadline.due_at for deadline in open_deadlines(of)} if of else {},
        "base": base,
        "url": _url(message, base),
        "reset_url": _reset_url(message, base),
    }


def _url(message: Message, base: str) -> str:
    """Where the reader goes on: staff to the ticket; whoever confirms, to their link."""
    ticket = message.ticket
    if ticket is None:
        return base
    if message.template in INCIDENT_LETTERS and message.person and not can_see(message.person, ticket):
        return f"{base}/incidents/{ticket.number}"
    to_caller = message.contact_id or (message.person_id == ticket.reporter_id and message.template in CALLER_LETTERS)
    link = living_link(ticket, purpose=PURPOSE_OF.get(message.template, PROGRESS)) if to_caller else None
    return f"{base}/c/{link.token}" if link else f"{base}/{'d' if ticket.is_request else 't'}/{ticket.number}"


PURPOSE_OF = {"consent_asked": CONSENT, "direction_asked": DIRECTION}
INCIDENT_LETTERS = ("update", "extended", "cancelled", "solved_too", "not_solved_too", "closed_too")  # to many
CALLER_LETTERS = ("result", "postponed", "reminder", "question", "link", *PURPOSE_OF)


def _resolution(of: Ticket | None) -> Any:
    if of is None:
        return None
    newest = select(Resolution).where(Resolution.ticket_id == of.id).order_by(Resolution.round.desc())
    return db.session.scalar(newest.limit(1))


def _reset_url(message: Message, base: str) -> str:
    reset = db.session.get(PasswordReset, message.params.get("reset", 0)) if message.params else None
    return f"{base}/password/{reset.token}" if reset else ""


def _as_html(text: str, locale: str) -> str:
    paragraphs = []
    for paragraph in text.split("\n\n"):
        lines = [
            Markup('<a href="{0}">{0}</a>').format(line) if line.startswith(("http://", "https://")) else escape(line)
            for line in paragraph.splitlines()
        ]
        paragraphs.append(Markup("<p>{}</p>").format(Markup("<br>").join(lines)))
    page = Markup(
        '<!doctype html><html lang="{}"><meta charset="utf-8"><body style="font:16px/1.6 sans-serif">{}</body></html>'
    )
    return str(page.format(locale, Markup("").join(paragraphs)))
