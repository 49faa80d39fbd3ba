"""Knowledge articles: what was learned, with every revision kept (P11.4)."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ground.db import Base, Instant, db
from models.people.person import Person

DRAFT, PUBLISHED = "draft", "published"


class Article(Base):
    """An article: draft until the kb_admin has reviewed it."""

    __tablename__ = "article"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    state: Mapped[str] = mapped_column(String(10), default=DRAFT)
    title: Mapped[str] = mapped_column(String(120))
    symptom: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text, default="")
    solution: Mapped[str] = mapped_column(Text)
    applies_to: Mapped[str] = mapped_column(String(200), default="")
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    review_on: Mapped[date | None]
    helped: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)
    owner: Mapped[Person] = relationship()
    __mapper_args__ = {"version_id_col": version}


class ArticleRevision(Base):
    """What an article said before; one row a saved change."""

    __tablename__ = "article_revision"
    __table_args__ = (UniqueConstraint("article_id", "revision"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))
    revision: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    symptom: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    solution: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)


def published(q: str = "", *, before: int | None = None, limit: int = 50) -> list[Article]:
    """Published articles, newest first; with `q`, those that hold every one of its words."""
    wanted = select(Article).where(Article.state == PUBLISHED)
    for word in q.split()[:8]:
        texts = (Article.title, Article.symptom, Article.cause, Article.solution, Article.applies_to)
        wanted = wanted.where(or_(*(text.icontains(word[:40], autoescape=True) for text in texts)))
    if before:
        wanted = wanted.where(Article.id < before)
    return list(db.session.scalars(wanted.order_by(Article.id.desc()).limit(limit)))


def drafts(limit: int = 50) -> list[Article]:
    """Articles that wait for review, the longest untouched first."""
    waiting = select(Article).where(Article.state == DRAFT).order_by(Article.updated_at, Article.id)
    return list(db.session.scalars(waiting.limit(limit)))
