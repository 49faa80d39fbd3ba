"""A time limit of one's own, that goes before the policy's, and to whom a breach of it climbs (P7.2)."""

from functools import lru_cache

from pydantic import TypeAdapter
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.policy.clockface import Limit
from models.policy.pack_parts import Target

_TARGET = TypeAdapter(Target)


class Limited:
    """An approval template states it, the plan keeps what was stated when it was submitted, its clock runs by that."""

    limit_amount: Mapped[int | None]  # minutes, or working days where the basis is `days`; None: as the policy says
    limit_basis: Mapped[str | None] = mapped_column(String(8))  # wall, service or days
    climb: Mapped[str | None] = mapped_column(String(40))  # roles in the order in which they are told; None: as above

    @property
    def limit(self) -> Limit | None:
        """What is agreed here instead of in the policy."""
        return limit_of(self.limit_amount, self.limit_basis, self.climb)

    def take_limit(self, other: "Limited") -> None:
        """From now on the same as the other's, whatever becomes of that."""
        self.limit_amount, self.limit_basis, self.climb = other.limit_amount, other.limit_basis, other.climb


@lru_cache(maxsize=256)
def limit_of(amount: int | None, basis: str | None, climb: str | None) -> Limit | None:
    """Of these columns; None where they state nothing."""
    if not amount and not climb:
        return None
    said = {"basis": basis, "days" if basis == "days" else "minutes": amount}
    target = _TARGET.validate_python(said) if amount else None
    return Limit(target, tuple((climb or "").split()))
