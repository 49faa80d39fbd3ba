"""Finding rows by what somebody types: every word of it, anywhere in the row's texts."""

from typing import Any

from sqlalchemy import Select, or_

MOST_WORDS, LONGEST = 8, 40


def words_of(said: str) -> list[str]:
    """What is between spaces and the middle dots with which names are joined on the screen."""
    return said.replace("·", " ").split()


def holding(wanted: Select[Any], said: str, *texts: Any) -> Select[Any]:
    """`wanted`, as far as one of its texts holds each word; large and small letters are alike."""
    for word in words_of(said)[:MOST_WORDS]:
        wanted = wanted.where(or_(*(text.icontains(word[:LONGEST], autoescape=True) for text in texts)))
    return wanted
