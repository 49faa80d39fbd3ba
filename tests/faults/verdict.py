"""What one fault has shown."""

from dataclasses import dataclass, field


@dataclass
class Verdict:
    """The figure that was reached, how often the fault was injected, and what the invariants object to."""

    figure: str
    injected: int = 1
    complaints: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.complaints


def held(figure: str, complaints: list[str], *, injected: int = 1, **promised: bool) -> Verdict:
    """`promised` are figures of the design and whether they were reached."""
    broken = [f"not reached: {name.replace('_', ' ')}" for name, is_so in promised.items() if not is_so]
    return Verdict(figure, injected, [*complaints, *broken])


def together(parts: list[Verdict]) -> Verdict:
    """Of one fault that was told in several ways."""
    figure = "; ".join(part.figure for part in parts)
    return Verdict(figure, sum(part.injected for part in parts), [words for part in parts for words in part.complaints])
