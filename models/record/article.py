"""Knowledge articles: what was learned, with every revision kept (P11.4)."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, and_, func, or_, select, update
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from models.ground.db import Base, Instant, db
from models.ground.words import holding
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
    pending: Mapped[int | None]  # the revision that waits to be reviewed while readers see the published text
    version: Mapped[int] = mapped_column(default=1)
    owner: Mapped[Person] = relationship()
    change: Mapped["ArticleRevision | None"] = relationship(
        primaryjoin=lambda: and_(
            foreign(ArticleRevision.article_id) == Article.id, ArticleRevision.revision == Article.pending
        ),
        viewonly=True,
    )
    __mapper_args__ = {"version_id_col": version}


class ArticleRevision(Base):
    """What an article said before, or shall say; one row a saved change."""

    __tablename__ = "article_revision"
    __table_args__ = (UniqueConstraint("article_id", "revision"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))
    revision: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    symptom: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    solution: Mapped[str] = mapped_column(Text)
    applies_to: Mapped[str] = mapped_column(String(200), default="")
    returned: Mapped[str] = mapped_column(Text, default="")  # why it was not published
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    person: Mapped[Person] = relationship()


def published(q: str = "", *, before: int | None = None, limit: int = 50) -> list[Article]:
    """Published articles, newest first; with `q`, those that hold every one of its words."""
    wanted = select(Article).where(Article.state == PUBLISHED)
    wanted = holding(wanted, q, Article.title, Article.symptom, Article.cause, Article.solution, Article.applies_to)
    if before:
        wanted = wanted.where(Article.id < before)
    return list(db.session.scalars(wanted.order_by(Article.id.desc()).limit(limit)))


def awaiting_review(limit: int = 50) -> list[Article]:
    """Drafts, and published articles with a change that waits to be reviewed; the longest untouched first."""
    waiting = select(Article).outerjoin(Article.change)
    waiting = waiting.where(or_(Article.state == DRAFT, ArticleRevision.returned == ""))
    return list(db.session.scalars(waiting.order_by(Article.updated_at, Article.id).limit(limit)))


def next_revision(article: Article) -> int:
    """The number of the revision that is saved next."""
    newest = select(func.max(ArticleRevision.revision)).where(ArticleRevision.article_id == article.id)
    return (db.session.scalar(newest) or 0) + 1


def count_help(article: Article) -> None:
    """Once more; not a change of the article, so that whoever is writing it is not held up."""
    db.session.execute(update(Article).where(Article.id == article.id).values(helped=Article.helped + 1))
