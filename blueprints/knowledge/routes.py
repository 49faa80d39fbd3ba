"""Knowledge articles, and search over everything that one may see."""

import unicodedata
from collections.abc import Mapping

from flask import Blueprint, Response, redirect, request, url_for
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import article, me, requires, ticket
from blueprints.facets import facets_of, in_address, offered_facets
from blueprints.fields import whole
from blueprints.knowledge.forms import ArticleForm, PlainForm, ReturnForm
from blueprints.labels import zone
from blueprints.lists import ran_out, shows_tickets
from blueprints.tickets.view import ticket_url
from models.ground import clock
from models.ground.db import db
from models.insight import finds
from models.insight.likely import articles_like, unlearned
from models.insight.paging import Page
from models.insight.revision import Part, difference
from models.record.article import TEXTS, Article, ArticleRevision, awaiting_review, published, stale
from models.record.search import named_by
from models.record.ticket import Ticket
from models.rules.permissions import allows, can_see
from models.steps import archiving as step

bp = Blueprint("knowledge", __name__)
PAGE = 50
FEW = 5  # articles beside the tickets that a search finds, or tickets that nobody has learned from


@bp.get("/kb")
@requires("view_article")
def articles() -> Response:
    """Published articles; for those who write, also what waits for review, and what could be learned from."""
    q, facets = request.args.get("q", "").strip()[:200], facets_of(request.args)
    before = whole(request.args.get("before", ""))
    found = published(q, of=facets.conditions(zone()), before=before, limit=PAGE + 1)
    here = in_address(facets)
    writes = allows(me(), "draft_article") and not (q or facets or before)
    return pages.show(
        "knowledge/articles.html",
        articles=found[:PAGE],
        waiting=awaiting_review() if writes else [],
        stale=stale(clock.now().date(), FEW) if writes else [],
        learnable=unlearned(me(), FEW) if writes and len(found) < FEW else [],
        q=q,
        facets=facets,
        choices=offered_facets("stands"),
        chosen=here,
        next_url=url_for("knowledge.articles", q=q or None, before=found[PAGE - 1].id, **here)
        if len(found) > PAGE
        else "",
    )


@bp.get("/kb/<slug>")
@requires("view_article", article)
def show(article: Article) -> Response:
    return _article_page(article, ReturnForm(formdata=None))


@bp.route("/kb/<slug>/edit", methods=["GET", "POST"])
@requires("edit_article", article)
def edit(article: Article) -> Response:
    """A new revision; the earlier ones are kept. Whoever may not publish goes on with the change that waits."""
    reviews = allows(me(), "publish_article", article)
    form = ArticleForm(obj=article if reviews else article.change or article)

    def page(shown: FlaskForm) -> Response:
        return pages.show("knowledge/edit.html", article=article, form=shown, reviews=reviews)

    if request.method != "POST":
        return page(form)
    return pages.act(
        form,
        action="edit_article",
        thing=article,
        page=page,
        do=lambda: step.edit_article(article, actor=me(), **{name: form[name].data or "" for name in TEXTS}),
        then=_article_url,
    )


@bp.post("/kb/<slug>/publication")
@requires("publish_article", article)
def publish(article: Article) -> Response:
    return pages.act(
        PlainForm(),
        action="publish_article",
        thing=article,
        page=pages.refuse_form,
        do=lambda: step.publish_article(article, actor=me()),
        then=_article_url,
    )


@bp.post("/kb/<slug>/return")
@requires("return_article", article)
def send_back(article: Article) -> Response:
    """The change is not published; its author reads why."""
    form = ReturnForm()
    return pages.act(
        form,
        action="return_article",
        thing=article,
        page=lambda f: _article_page(article, f),
        do=lambda: step.return_article(article, actor=me(), reason=form.reason.data),
        then=_article_url,
    )


@bp.post("/kb/<slug>/withdrawal")
@requires("withdraw_article", article)
def withdraw(article: Article) -> Response:
    return pages.act(
        PlainForm(),
        action="withdraw_article",
        thing=article,
        page=pages.refuse_form,
        do=lambda: step.withdraw_article(article, actor=me()),
        then=_article_url,
    )


@bp.post("/kb/<slug>/help")
@requires("view_article", article)
def helped(article: Article) -> Response:
    """Not bound to the version that was read: two readers may say so at once."""
    return pages.act(
        PlainForm(),
        action="count_helped",
        page=pages.refuse_form,
        do=lambda: step.count_helped(article, actor=me()),
        then=_article_url,
    )


@bp.post("/kb/<slug>/no-help")
@requires("view_article", article)
def not_helped(article: Article) -> Response:
    """It was read and did not help."""
    return pages.act(
        PlainForm(),
        action="count_not_helped",
        page=pages.refuse_form,
        do=lambda: step.count_not_helped(article, actor=me()),
        then=_article_url,
    )


@bp.post("/t/<number>/article")
@requires("draft_article", ticket)
def draft(ticket: Ticket) -> Response:
    """One step from a solved ticket to a draft; the same ticket gives one article."""

    def write_url(made: Article) -> str:
        return url_for("knowledge.edit" if allows(me(), "edit_article", made) else "knowledge.show", slug=made.slug)

    return pages.act(
        PlainForm(),
        action="draft_article",
        thing=ticket,
        page=pages.refuse_form,
        do=lambda: step.draft_article(ticket, actor=me()),
        then=write_url,
    )


@bp.get("/search")
@requires("use_account")
def search() -> Response:
    """Tickets and articles that hold the words; an exact number goes straight to its ticket."""
    q, facets = request.args.get("q", "").strip()[:200], facets_of(request.args)
    exact = named_by(q)
    if exact and can_see(me(), exact):
        return redirect(ticket_url(exact), 303)  # type: ignore[return-value]
    page = _found(request.args)
    if first_page := ran_out(page.keys):
        return first_page
    is_first = "after" not in request.args and not facets
    articles = published(q, limit=FEW) if q and is_first else []
    return pages.show(
        "knowledge/search.html",
        q=q,
        facets=facets,
        choices=offered_facets(),
        chosen=in_address(facets),
        page=page,
        hits=finds.hits(me(), page, q),
        articles=articles,
        related=articles_like(q) if q and is_first and not (page.keys or articles) else [],
        digits="".join(letter for letter in unicodedata.normalize("NFKC", q) if letter.isdecimal()),
        next_url=url_for("knowledge.search", q=q, **in_address(facets), after=page.next) if page.next else "",
    )


@shows_tickets("/search")
def _found(said: Mapping[str, str]) -> Page:
    of = facets_of(said).conditions(zone())
    return finds.found(me(), said.get("q", "").strip()[:200], of=of, after=said.get("after", ""))


def _article_page(article: Article, form: FlaskForm) -> Response:
    source = db.session.get(Ticket, article.ticket_id) if article.ticket_id else None
    change = article.change if allows(me(), "edit_article", article) else None
    return pages.show(
        "knowledge/article.html",
        article=article,
        form=form,
        change=change,
        changes=_changes(article, change) if change else {},
        source=source if source and can_see(me(), source) else None,
        is_stale=article.review_on is not None and article.review_on < clock.now().date(),
    )


def _changes(article: Article, change: ArticleRevision) -> dict[str, list[Part]]:
    return {name: difference(getattr(article, name), getattr(change, name)) for name in TEXTS}


def _article_url(article: Article) -> str:
    return url_for("knowledge.show", slug=article.slug)
