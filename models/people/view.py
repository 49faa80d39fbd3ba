"""Views: a list as somebody has narrowed it, kept under a name of their own. Nobody else sees them (V06)."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ForeignKey, Row, String, Table, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from models.ground.db import Base, db

LONGEST_NAME = 30
PAGES = ("triage", "watch")  # the lists of which views can be kept; `view_<page>` is the right to see it


class View(Base):
    """One tab. `query` is what the address says beyond the page, in the order of its words."""

    __tablename__ = "view"
    __table_args__ = (UniqueConstraint("person_id", "page", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    page: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    query: Mapped[str] = mapped_column(String(300))


def views_of(person_id: int, page: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """Id, name and query of each view that the person keeps of a page, the oldest first."""
    return db.session.connection().execute(_OWN, {"person": person_id, "page": page}).all()


_TABLE = cast(Table, View.__table__)
_OWN = (  # built once: whoever opens the board asks it
    select(_TABLE.c.id, _TABLE.c.name, _TABLE.c.query)
    .where(_TABLE.c.person_id == bindparam("person"), _TABLE.c.page == bindparam("page"))
    .order_by(_TABLE.c.id)
)
