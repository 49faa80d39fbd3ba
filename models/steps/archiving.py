"""Archive and knowledge (归档与知识): what is frozen is learned from (P11.3, P11.4)."""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Conflict, Invalid, Refused
from models.people.person import Person, masked_name
from models.record.article import PUBLISHED, Article, ArticleRevision
from models.record.resolution import Resolution
from models.record.ticket import Ticket
from models.rules.permissions import allows

REVIEW_AFTER = timedelta(days=180)
TEXTS = ("title", "symptom", "cause", "solution", "applies_to")


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
        applies_to=ticket.service.name if ticket.service else "",
        ticket_id=ticket.id,
        owner_id=actor.id,
        owner=actor,
        updated_at=clock.now(),
    )
    db.session.add(article)
    db.session.flush()
    _keep_revision(article, actor)
    return article


@command
def edit_article(article: Article, *, actor: Person, **texts: str) -> Article:
    """Save a new revision of an article; the earlier ones are kept."""
    if not allows(actor, "edit_article", article):
        raise Refused("Only its owner or the knowledge-base administrator edits an article.")
    for field in ("title", "symptom", "solution"):
        if not texts.get(field, "").strip():
            raise Invalid("This must be filled in.", field=field)
    for field in TEXTS:
        setattr(article, field, texts.get(field, "").strip())
    article.updated_at = clock.now()
    db.session.flush()
    _keep_revision(article, actor)
    return article


@command
def publish_article(article: Article, *, actor: Person) -> Article:
    """The knowledge-base administrator has reviewed it; from now on everybody finds it."""
    if not allows(actor, "publish_article", article):
        raise Refused("Only the knowledge-base administrator publishes an article.")
    article.state, article.updated_at = PUBLISHED, clock.now()
    article.review_on = (clock.now() + REVIEW_AFTER).date()
    return article


@command
def count_helped(article: Article, *, actor: Person) -> Article:
    """Somebody says that the article helped."""
    assert actor.active
    article.helped += 1
    return article


def mask(text: str, ticket: Ticket) -> str:
    """Take the people of this ticket, telephone numbers and mail addresses out of a text (P2.9)."""
    people = [ticket.reporter, ticket.contact, ticket.assignee]
    for name in {person.name for person in people if person and len(person.name) > 1}:
        text = text.replace(name, masked_name(name))
    text = re.sub(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", "***@***", text)
    return re.sub(r"(?<![0-9A-Za-z])(\d{3})[- ]?\d{4}[- ]?(\d{4})(?!\d)", r"\1****\2", text)


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


def _keep_revision(article: Article, actor: Person) -> None:
    db.session.add(
        ArticleRevision(
            article_id=article.id,
            revision=article.version,
            title=article.title,
            symptom=article.symptom,
            cause=article.cause,
            solution=article.solution,
            person_id=actor.id,
            at=clock.now(),
        )
    )
