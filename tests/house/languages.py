"""What a page, a letter or an export says to people, and whatever of it is in the wrong language."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from zoneinfo import available_timezones

from sqlalchemy import select

from models.ground.db import db
from models.people.customer import Contact, Customer
from models.people.person import Person, masked_name
from models.people.team import Department, Service, Team
from models.policy.pack import FOLDER
from models.record.attachment import Attachment
from models.record.ticket import Ticket
from tests.browsing import Element

HAN = re.compile(r"[㐀-鿿]+")
ADDRESS = re.compile(r"https?://\S+|[\w.*+-]+@[\w.-]+|[\w.-]*/[a-z][\w/.-]*")
CODED = re.compile(r"[A-Z]*\{[\w:]*\}|[\w-]*\d[\w-]*")  # open places for values; numbers, digests, what holds a figure
LATIN = re.compile(r"[A-Za-z]{2,}")  # one letter alone is a key, or a mark
ALLOWED = Path(__file__).parents[1] / "data/latin.txt"
SAID = (
    "title", "aria-label", "placeholder", "alt", "data-age", "data-empty", "data-head", "data-here", "data-none",
    "data-places", "data-word",
)  # fmt: skip
UNSAID = ("script", "style", "code", "kbd", "samp")  # what is not prose


def texts(page: Element) -> Iterator[str]:
    """Everything that is read or read out, what waits in templates and what scripts count with included; without what
    people wrote (`hx-ignore`) and what is marked as another language (`lang`)."""
    language = page.one("html")["lang"]
    yield from _texts(page, language)


def _texts(element: Element, language: str) -> Iterator[str]:
    for part in element.inside:
        if isinstance(part, str):
            yield part
        elif part.tag not in UNSAID and part.get("lang", language) == language and "hx-ignore" not in part.attributes:
            yield from (part[name] for name in part.attributes if name in SAID or name.startswith("data-w-"))
            yield from _texts(part, language)


def han_in(texts: Iterable[str], *, but: re.Pattern[str]) -> set[tuple[str, str]]:
    """Chinese in what should be English: (text, word)."""
    return {(text, found) for text in set(texts) if HAN.search(text) for found in HAN.findall(but.sub("", text))}


def latin_in(texts: Iterable[str], *, but: re.Pattern[str]) -> set[tuple[str, str]]:
    """Latin words in what should be Chinese, but for the allowed ones: (text, word)."""
    doubtful = [text for text in set(texts) if _words(text)]
    return {(text, word) for text in doubtful for word in _words(but.sub(" ", text))}


def _words(text: str) -> set[str]:
    plain = CODED.sub(" ", ADDRESS.sub(" ", text))
    return {word for word in LATIN.findall(plain) if word.lower() not in allowed()}


@cache
def allowed() -> frozenset[str]:
    lines = ALLOWED.read_text("utf-8").splitlines()
    return frozenset(line.strip().lower() for line in lines if line and not line.startswith("#"))


def of_people() -> re.Pattern[str]:
    """Whatever people wrote or are called; call it while the database holds what the pages show."""
    words = {"中文", "闭环", *available_timezones()} | {word for word in _stored() if HAN.search(word)} | _names()
    words |= {masked_name(word) for word in words if 1 < len(word) <= 6}
    longest_first = sorted((word for word in words if len(word) > 1), key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(w)}(?!\w)" if w.isascii() else re.escape(w) for w in longest_first))


def _names() -> set[str]:
    """In Latin letters: titles, sign-in names, handles, files, policies, and what else has a name of its own."""
    columns = (
        Ticket.title, Person.login, Contact.handle, Attachment.name, Customer.name, Service.name_en, Team.name_en,
        Department.name_en,
    )  # fmt: skip
    return {word for column in columns for word in db.session.scalars(select(column)) if word} | {
        file.stem for file in FOLDER.glob("*.toml")
    }


def _stored() -> set[str]:
    words = set()
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)):
            for value in row:
                words |= _strings(value)
    db.session.rollback()
    return words


def _strings(value: object) -> set[str]:
    """Every text in a value, as a page shows it: whole, or line by line."""
    if isinstance(value, str):
        return {" ".join(value.split()), *value.splitlines()}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {text for part in inner for text in _strings(part)}
