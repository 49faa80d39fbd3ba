"""Knowledge articles: what was learned, with every revision kept (P11.4)."""

from datetime import date, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from models.ground.db import Base, Instant, db
from models.ground.likeness import likeness
from models.ground.words import holding
from models.people.person import Person
from models.record.ticket import Ticket

DRAFT, PUBLISHED = "draft", "published"
REVIEW_AFTER = timedelta(days=180)
TEXTS = ("title", "symptom", "cause", "solution", "workaround", "applies_to", "versions")


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
    workaround: Mapped[str] = mapped_column(Text, default="")  # what helps until then
    applies_to: Mapped[str] = mapped_column(String(200), default="")
    versions: Mapped[str] = mapped_column(String(200), default="")
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    review_on: Mapped[date | None]
    helped: Mapped[int] = mapped_column(default=0)
    not_helped: Mapped[int] = mapped_column(default=0)
    reused: Mapped[int] = mapped_column(default=0)  # tickets that were solved with it
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

    @property
    def verified_on(self) -> date | None:
        """The day on which somebody last said that it is right."""
        return self.review_on - REVIEW_AFTER if self.review_on else None

    @property
    def tickets(self) -> int:
        """How many tickets stand behind it: the one it was learned from, and those it helped to solve."""
        return self.reused + (self.ticket_id is not None)


class ArticleWord(Base):
    """One word by which a published article is suggested, the same in both databases."""

    __tablename__ = "article_word"
    word: Mapped[str] = mapped_column(String(40), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"), primary_key=True, index=True)


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
    workaround: Mapped[str] = mapped_column(Text, default="")
    applies_to: Mapped[str] = mapped_column(String(200), default="")
    versions: Mapped[str] = mapped_column(String(200), default="")
    returned: Mapped[str] = mapped_column(Text, default="")  # why it was not published
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    person: Mapped[Person] = relationship()


def published(
    q: str = "", *, of: list[ColumnElement[bool]] | None = None, before: int | None = None, limit: int = 50
) -> list[Article]:
    """Published articles, newest first: with `q`, those that hold every one of its words; `of` such tickets."""
    wanted = select(Article).where(Article.state == PUBLISHED)
    wanted = holding(wanted, q, *(getattr(Article, name) for name in TEXTS))
    if of:
        wanted = wanted.join(Ticket, Ticket.id == Article.ticket_id).where(*of)
    if before:
        wanted = wanted.where(Article.id < before)
    return list(db.session.scalars(wanted.order_by(Article.id.desc()).limit(limit)))


def awaiting_review(limit: int = 50) -> list[Article]:
    """Drafts, and published articles with a change that waits to be reviewed; the longest untouched first."""
    waiting = select(Article).outerjoin(Article.change)
    waiting = waiting.where(or_(Article.state == DRAFT, ArticleRevision.returned == ""))
    return list(db.session.scalars(waiting.order_by(Article.updated_at, Article.id).limit(limit)))


def stale(today: date, limit: int = 50) -> list[Article]:
    """Published articles that nobody has verified for half a year; the longest unverified first."""
    old = select(Article).where(Article.state == PUBLISHED, Article.review_on < today)
    return list(db.session.scalars(old.order_by(Article.review_on, Article.id).limit(limit)))


def next_revision(article: Article) -> int:
    """The number of the revision that is saved next."""
    newest = select(func.max(ArticleRevision.revision)).where(ArticleRevision.article_id == article.id)
    return (db.session.scalar(newest) or 0) + 1


def index_article(article: Article) -> None:
    """Write anew by which words it is suggested; in the running command, whenever readers get another text."""
    db.session.flush()
    db.session.execute(delete(ArticleWord).where(ArticleWord.article_id == article.id))
    words = likeness(" ".join(getattr(article, name) for name in TEXTS))
    rows = [{"word": word, "article_id": article.id} for word in sorted(words)]
    if rows:
        db.session.execute(insert(ArticleWord), rows)


def sharing(words: frozenset[str]) -> dict[int, set[str]]:
    """Which of these words each published article has."""
    found: dict[int, set[str]] = {}
    rows = db.session.execute(select(ArticleWord.article_id, ArticleWord.word).where(ArticleWord.word.in_(words)))
    for id_, word in rows:
        found.setdefault(id_, set()).add(word)
    return found


def count_help(article: Article) -> None:
    """Once more; not a change of the article, so that whoever is writing it is not held up."""
    _count(article, helped=Article.helped + 1)


def count_no_help(article: Article) -> None:
    """It was read and did not help."""
    _count(article, not_helped=Article.not_helped + 1)


def count_reuse(article: Article) -> None:
    """It helped with a ticket (P6.3)."""
    _count(article, helped=Article.helped + 1, reused=Article.reused + 1)


def _count(article: Article, **counters: ColumnElement[int]) -> None:
    db.session.execute(update(Article).where(Article.id == article.id).values(counters))
