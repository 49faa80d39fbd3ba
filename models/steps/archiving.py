"""Archive and knowledge (归档与知识): what is frozen is learned from (P11.3, P11.4)."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.insight.masking import mask
from models.people.person import Person
from models.record.article import (
    PUBLISHED,
    REVIEW_AFTER,
    TEXTS,
    Article,
    ArticleRevision,
    count_help,
    count_no_help,
    index_article,
    next_revision,
)
from models.record.resolution import Resolution
from models.record.ticket import Ticket
from models.rules.deeds import recorded
from models.rules.notices import owe_person
from models.rules.permissions import allows


@command
def draft_article(ticket: Ticket, *, actor: Person) -> Article:
    """One step from a solved ticket to a draft, personal data masked (P11.4). A ticket gives one article."""
    if not allows(actor, "draft_article", ticket):
        raise Refused("You may not write articles.")
    if ticket.status not in ("resolved", "closed", "archived"):
        raise Conflict("Only a solved ticket becomes an article.")
    if held := db.session.scalar(select(Article).where(Article.ticket_id == ticket.id)):
        return held
    resolution = db.session.scalar(
        select(Resolution).where(Resolution.ticket_id == ticket.id).order_by(Resolution.round.desc()).limit(1)
    )
    article = Article(
        slug=ticket.number.lower(),
        title=mask(ticket.title, ticket),
        symptom=mask(ticket.description, ticket),
        cause=mask(ticket.root_cause or (resolution.cause if resolution else ""), ticket),
        solution=mask(_solution(resolution), ticket),
        workaround=mask(ticket.temporary_measure or ticket.workaround, ticket),
        applies_to=ticket.service.name if ticket.service else "",
        ticket_id=ticket.id,
        owner_id=actor.id,
        owner=actor,
        updated_at=clock.now(),
    )
    db.session.add(article)
    db.session.flush()
    _keep_revision(article, actor, {name: getattr(article, name) for name in TEXTS})
    return article


@command
@recorded("article_edited")
def edit_article(article: Article, *, actor: Person, **texts: str) -> Article:
    """Save a new revision; the earlier ones are kept. Of a published article readers see it once it is reviewed."""
    if not allows(actor, "edit_article", article):
        raise Refused("Only its owner or the knowledge-base administrator edits an article.")
    for field in ("title", "symptom", "solution"):
        if not texts.get(field, "").strip():
            raise Invalid("This must be filled in.", field=field)
    revision = _keep_revision(article, actor, {name: texts.get(name, "").strip() for name in TEXTS})
    if article.state == PUBLISHED and not allows(actor, "publish_article", article):
        article.pending = revision.revision
    else:
        _take_over(article, revision)
        if article.state == PUBLISHED:
            index_article(article)
    return article


@command
@recorded("article_published")
def publish_article(article: Article, *, actor: Person) -> Article:
    """The knowledge-base administrator has reviewed the draft, the change that waits, or what stands there (P11.4)."""
    if not allows(actor, "publish_article", article):
        raise Refused("Only the knowledge-base administrator publishes an article.")
    if article.change and not article.change.returned:
        _take_over(article, article.change)
        article.pending = None
    article.state, article.review_on = PUBLISHED, (clock.now() + REVIEW_AFTER).date()
    index_article(article)
    return article


@command
@recorded("article_returned")
def return_article(article: Article, *, actor: Person, reason: str) -> Article:
    """The change is not published; its author is told why and may write it anew."""
    if not allows(actor, "return_article", article):
        raise Refused("Only the knowledge-base administrator publishes an article.")
    if not reason.strip():
        raise Invalid("Please give the reason.", field="reason")
    change = article.change
    if change is None or change.returned:
        raise Conflict("Nothing waits to be reviewed here.")
    change.returned = reason.strip()
    flag_modified(article, "pending")  # whoever looks at it now has an old page
    params = {"title": article.title, "slug": article.slug, "reason": change.returned}
    owe_person(change.person, "article_returned", key=f"article:{article.id}:{change.revision}", params=params)
    return article


@command
@recorded("change_withdrawn")
def withdraw_article(article: Article, *, actor: Person) -> Article:
    """Its author does not want the change any more; the published text stays."""
    if not allows(actor, "withdraw_article", article):
        raise Refused("Only its owner takes a change back.")
    if article.pending is None:
        raise Conflict("Nothing waits to be reviewed here.")
    article.pending = None
    return article


@command
def count_helped(article: Article, *, actor: Person) -> Article:
    """Somebody says that the article helped."""
    assert actor.active
    count_help(article)
    return article


@command
def count_not_helped(article: Article, *, actor: Person) -> Article:
    """Somebody says that it did not help; whoever keeps the article sees how many."""
    assert actor.active
    count_no_help(article)
    return article


def masked(content: Any, ticket: Ticket) -> Any:
    """A record of the archive for somebody who did not work on the ticket (P2.9)."""
    if isinstance(content, dict):
        return {key: masked(value, ticket) for key, value in content.items()}
    if isinstance(content, list):
        return [masked(value, ticket) for value in content]
    return mask(content, ticket) if isinstance(content, str) else content


def _solution(resolution: Any) -> str:
    if resolution is None:
        return ""
    return "\n\n".join(part for part in (resolution.result, resolution.measures, resolution.prevention) if part)


def _take_over(article: Article, revision: ArticleRevision) -> None:
    for name in TEXTS:
        setattr(article, name, getattr(revision, name))
    article.updated_at = clock.now()


def _keep_revision(article: Article, actor: Person, texts: dict[str, str]) -> ArticleRevision:
    revision = ArticleRevision(
        article_id=article.id, revision=next_revision(article), person_id=actor.id, at=clock.now(), **texts
    )
    db.session.add(revision)
    return revision
