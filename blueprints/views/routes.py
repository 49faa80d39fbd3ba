"""One's own views of a list: kept under a name, and given up, on a page of their own."""

from flask import Blueprint, Response, request, url_for
from flask_wtf import FlaskForm

from blueprints import pages, viewing
from blueprints.access import me, own_view, requires
from blueprints.views.forms import PlainForm, ViewForm
from models.ground.errors import Refused
from models.people.view import View
from models.rules.permissions import allows
from models.steps import views as step

bp = Blueprint("views", __name__)


@bp.route("/views/new", methods=["GET", "POST"])
@requires("use_account")
def new() -> Response:
    """A name for the list as it is narrowed; below it the views of it that one keeps."""
    page = request.args.get("page", "")
    query = viewing.query_of(page, viewing.values_of(request.args.get("q", "")))
    if not allows(me(), f"view_{page}"):
        raise Refused("You may not do this. Ask a supervisor or an administrator if you need to.")
    if request.method != "POST":
        return _shown(page, query, ViewForm(name=viewing.proposed(viewing.words_of(page, query))))
    form = ViewForm()
    return pages.act(
        form,
        action="keep_view",
        page=lambda shown: _shown(page, query, shown),
        do=lambda: step.keep_view(me(), page=page, name=form.name.data, query=query),
        then=lambda _: viewing.url_of(page, query),
    )


@bp.post("/views/<int:view_id>/removal")
@requires("use_account", own_view)
def remove(view: View) -> Response:
    """Give it up; the other views of the same list are shown."""
    back = url_for("views.new", page=view.page, q=view.query)
    return pages.act(
        PlainForm(),
        action="remove_view",
        page=pages.refuse_form,
        do=lambda: step.remove_view(view, actor=me()),
        then=lambda _: back,
    )


def _shown(page: str, query: str, form: FlaskForm) -> Response:
    return pages.show(
        "views/new.html",
        form=form,
        listed=viewing.narrowed(page),
        own=viewing.own_views(page, viewing.values_of(query)),
        list_url=viewing.url_of(page, query),
        words=viewing.words_of(page, query),
    )
