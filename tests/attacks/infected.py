"""The house after everything has been typed into everything: what pages, echoes and letters show of it then."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from sqlalchemy import select

from blueprints.messages import Letter, render
from models.ground.db import db
from models.record.message import Message
from tests.attacks.deeds import filled
from tests.attacks.payloads import ENDS_OF_LINES, MARKUP, TEMPLATES
from tests.attacks.site import Found, Seen, Site, texts_of
from workers.channels import NotSent
from workers.channels.mail import compose

CORPUS = (*MARKUP, *TEMPLATES)
TRIES = ((1_800, True), (75, True), (7_500, False), (450, False), (35, True))  # how long, and in lines of one too
OTHERS = ("zhang", "zhao", "admin", "wang")
AGAIN = (
    "use_reset",
    "change_password",
    "reset_password",
    "deactivate_person",
    "sign_out",
    "edit_person",
    "set_language",
)


@dataclass(frozen=True)
class Infected:
    """Pages that show what was typed: echoes of refused forms, and all pages afterwards; letters, and mails of them."""

    echoes: list[Seen]
    accepted: int
    pages: list[Seen]
    letters: list[Letter]
    mails: list[EmailMessage | NotSent]

    @property
    def html(self) -> list[Seen]:
        return [seen for seen in (*self.echoes, *self.pages) if seen.is_html]


def infected(site: Site) -> Infected:
    """Made once for all attacks that look at it."""
    if site.infected is None:
        echoes = list(_echoes(site))
        accepted = sum(_plant(site, nth, found) for nth, found in enumerate(site.kinds))
        letters = list(_letters(site))
        site.infected = Infected(echoes, accepted, list(_pages(site)), letters, [_mail(letter) for letter in letters])
    return site.infected


def _echoes(site: Site) -> Iterator[Seen]:
    """Every form sent with the whole corpus in each of its texts, and without its token: it is shown again."""
    for found in site.kinds:
        typed = dict.fromkeys(texts_of(found.form), "\n".join(CORPUS))
        sent = {name: value for name, value in (found.form.values | typed).items() if name != "once"}
        kind = "multipart/form-data" if found.form.element.get("enctype") == "multipart/form-data" else None
        answer = site.browser(found.name).open(found.form.url, method="POST", data=sent, content_type=kind)
        yield Seen(found.name, f"POST {found.form.url}", answer)


def _plant(site: Site, nth: int, found: Found) -> bool:
    """Send it with as much of the corpus as it takes; whether it was accepted."""
    if found.form.action in AGAIN:
        return False
    for length, everywhere in TRIES:
        fresh = site.browser(found.name).open(found.page).forms(found.form.action)
        form = next((form for form in fresh if form.url == found.form.url), None)
        if form is None:
            return False
        required = filled(site, Found(found.name, found.page, form))
        names = texts_of(form) if everywhere else [area["name"] for area in form.element.all("textarea")]
        typed = {name: _some(nth + at, length) for at, name in enumerate(names)}
        answer = site.browser(found.name).press(form, **(required | typed))
        if answer.status != 422:
            return answer.status in (200, 303)
    return False


def _some(nth: int, length: int) -> str:
    """As much of the corpus as fits, beginning elsewhere each time; ends of lines only where there is one line."""
    if length < 100:
        short = [word for word in (*CORPUS, *ENDS_OF_LINES) if len(word) <= length]
        return short[nth * 7 % len(short)]
    begin, text = nth * 37 % len(CORPUS), ""
    for word in (*CORPUS[begin:], *CORPUS[:begin]):
        if len(text) + len(word) >= length:
            return text
        text += word + "\n"
    return text


def _pages(site: Site) -> Iterator[Seen]:
    """Every page as one who sees most, every fourth as each of the others; what is public, as a stranger."""
    newest = [f"/t/{number}" for number in site.numbers()]
    for at, url in enumerate((*site.urls, *newest)):
        names: Any = ("stranger",) if url.startswith(("/c/", "/login")) else ("chen", OTHERS[at % 4])
        for name in names:
            yield Seen(name, url, site.browser(name).open(url))


def _letters(site: Site) -> Iterator[Letter]:
    newest = {(m.template, m.person_id is None): m for m in db.session.scalars(select(Message).order_by(Message.id))}
    with site.app.test_request_context():
        for message in newest.values():
            yield render(message)


def _mail(letter: Letter) -> EmailMessage | NotSent:
    try:
        return compose(letter, message_id="<x@localhost>")
    except NotSent as refusal:
        return refusal
