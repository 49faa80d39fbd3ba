"""What texts are compared by: pairs of Chinese characters and stems of Latin words.

People call one thing by many words: those in one line of likeness.txt count as one, in both languages.
"""

import re
import unicodedata
from pathlib import Path

LONGEST = 4000  # characters of a text that are compared
_RUNS = re.compile(r"[一-鿿㐀-䶿]+|[a-z0-9]+", re.ASCII)
_ENDINGS = ("ation", "ing", "ers", "er", "ed", "es", "ly", "s", "e")
_LINES = [line.split() for line in Path(__file__).with_suffix(".txt").read_text("utf-8").splitlines() if line]
_EMPTY = frozenset(word for words in _LINES if words[0] == "-" for word in words)
_NAMES = {word: f"={words[0]}" for words in _LINES if words[0] not in "#-" for word in words}
_CHINESE = sorted((word for word in _NAMES if not word.isascii()), key=len, reverse=True)
_SAID = re.compile("|".join(map(re.escape, _CHINESE)))


def likeness(text: str) -> frozenset[str]:
    """The words of a text as they are compared."""
    text = unicodedata.normalize("NFKC", text[:LONGEST]).lower()
    found = {_NAMES[word] for word in _SAID.findall(text)}
    for run in _RUNS.findall(text):
        found |= _latin(run) if run.isascii() else {run[i : i + 2] for i in range(len(run) - 1)}
    return frozenset(found)


def _latin(word: str) -> set[str]:
    if word in _EMPTY or len(word) == 1:
        return set()
    return {_NAMES.get(word) or _NAMES.get(_stem(word)) or _stem(word)[:40]}


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.isalpha() and word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
