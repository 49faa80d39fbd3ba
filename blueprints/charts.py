"""Pictures of numbers as they are drawn: shares of a width, points of a line, and the same in words and as a table.

A kind is one of the colours of static/css/charts.css; more than five series nobody tells apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flask_babel import gettext as _

ROW = 34  # pixels: a line of words and the bar below it
LINE = 104  # pixels from the top of a line's picture to its foot
APART = 16  # pixels that two words need


class Piece(NamedTuple):
    """One part of a bar, in per cent of the picture's width; `nth` of the series, which is its hatch on paper."""

    kind: str
    nth: int
    x: float
    width: float


class Bar(NamedTuple):
    """One row: its words, its sum, where it stands, and its parts."""

    word: str
    total: int
    y: int
    pieces: list[Piece]


class End(NamedTuple):
    """Where a line ends, and where its name stands: never upon another's."""

    kind: str
    word: str
    number: int
    y: float
    word_y: float


@dataclass(frozen=True)
class Bars:
    """Bars of several parts: `series` are (kind, word), `rows` (word, a number for each of them)."""

    series: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, Sequence[int]]]

    @property
    def heads(self) -> list[str]:
        return [word for _kind, word in self.series]

    @property
    def height(self) -> int:
        return ROW * len(self.rows)

    @property
    def drawn(self) -> list[Bar]:
        most = max((sum(numbers) for _word, numbers in self.rows), default=0) or 1
        return [
            Bar(word, sum(numbers), n * ROW, self._pieces(numbers, most))
            for n, (word, numbers) in enumerate(self.rows)
        ]  # fmt: skip

    @property
    def said(self) -> str:
        """What somebody hears who does not see it."""
        return "; ".join(f"{word}{_(': ')}{_one_by_one(self.heads, numbers)}" for word, numbers in self.rows)

    def _pieces(self, numbers: Sequence[int], most: int) -> list[Piece]:
        found, x = [], 0.0
        for nth, ((kind, _word), number) in enumerate(zip(self.series, numbers, strict=True)):
            if number:
                found.append(Piece(kind, nth, round(x, 2), round(100 * number / most, 2)))
            x += 100 * number / most
        return found


class Figure(NamedTuple):
    """A number that leads to the list which it counts."""

    word: str
    number: int
    url: str


class Load(NamedTuple):
    """One row: its words, the parts that are drawn of it, and the figures that are said, its sum first. Parts are
    apart; figures may overlap."""

    word: str
    parts: Sequence[int]
    figures: Sequence[Figure]


@dataclass(frozen=True)
class Loads:
    """Bars whose figures lead somewhere: `series` are (kind, word) of the parts."""

    series: Sequence[tuple[str, str]]
    rows: Sequence[Load]

    @property
    def heads(self) -> list[str]:
        return [figure.word for figure in self.rows[0].figures] if self.rows else []

    @property
    def drawn(self) -> list[tuple[Load, list[Piece]]]:
        bars = Bars(self.series, [(load.word, load.parts) for load in self.rows]).drawn
        return [(load, bar.pieces) for load, bar in zip(self.rows, bars, strict=True)]

    def said(self, load: Load) -> str:
        """What somebody hears of one row who does not see it."""
        return _one_by_one(self.heads, [figure.number for figure in load.figures])


@dataclass(frozen=True)
class Lines:
    """Lines over the same points: `words` name the points, `series` are (kind, word, a number for each point)."""

    words: Sequence[str]
    series: Sequence[tuple[str, str, Sequence[int]]]

    @property
    def heads(self) -> list[str]:
        return [word for _kind, word, _numbers in self.series]

    @property
    def rows(self) -> list[tuple[str, list[int]]]:
        return [(word, [numbers[n] for _kind, _word, numbers in self.series]) for n, word in enumerate(self.words)]

    @property
    def most(self) -> int:
        return max((max(numbers) for _kind, _word, numbers in self.series), default=0) or 1

    @property
    def drawn(self) -> list[tuple[str, str]]:
        """(kind, the points of a polyline in a box as wide as there are points and as high as the greatest number)."""
        return [
            (kind, " ".join(f"{n},{self.most - number}" for n, number in enumerate(numbers)))
            for kind, _word, numbers in self.series
        ]

    @property
    def ends(self) -> list[End]:
        found: list[End] = []
        for kind, word, numbers in sorted(self.series, key=lambda one: -one[2][-1]):
            y = 8 + (LINE - 8) * (1 - numbers[-1] / self.most)
            free = found[-1].word_y + APART if found else 0
            found.append(End(kind, word, numbers[-1], round(y, 1), round(max(y + 4, free), 1)))
        return found

    @property
    def said(self) -> str:
        """What somebody hears who does not see it: how each line ends."""
        return _one_by_one(self.heads, [numbers[-1] for _kind, _word, numbers in self.series])


def _one_by_one(words: Sequence[str], numbers: Sequence[int]) -> str:
    return _(", ").join(f"{word} {number}" for word, number in zip(words, numbers, strict=True))
