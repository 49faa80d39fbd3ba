"""Teams (处理组), departments and services: who looks after what."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base


class Named:
    """A name in both languages; `name` is Chinese, `name_en` English."""

    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80), default="")


class Team(Named, Base):
    """A technical domain that tickets are assigned to (P1)."""

    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    policy_name: Mapped[str | None] = mapped_column(String(40))  # None: no policy of its own
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}


class Department(Named, Base):
    """Where staff belong; its head reads the reports."""

    __tablename__ = "department"
    id: Mapped[int] = mapped_column(primary_key=True)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}


class Service(Named, Base):
    """A system or module that people use, with the team that owns it."""

    __tablename__ = "service"
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)
    policy_name: Mapped[str | None] = mapped_column(String(40))  # None: no policy of its own
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    team: Mapped[Team] = relationship()
    __mapper_args__ = {"version_id_col": version}
