"""What the organisation is called; and a letter to oneself, to see whether letters arrive."""

from flask import Response, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Length, Optional

from blueprints import begun, house, pages
from blueprints.access import me, requires
from blueprints.admin import bp
from blueprints.admin.forms import PlainForm
from models.people.organisation import LONGEST_NAME, organisation_name
from models.steps import organisation as step


class OrganisationForm(FlaskForm):
    """Its name; empty: the product's own stands there."""

    name = StringField(
        _l("Name of the organisation"),
        description=_l("It stands at the top of every page, in letters, on the customer's page and on paper."),
        validators=[Optional(), Length(max=LONGEST_NAME)],
        render_kw={"autocomplete": "organization"},
    )


@bp.route("/organisation", methods=["GET", "POST"])
@requires("administer")
def organisation() -> Response:
    form = OrganisationForm(name=organisation_name())
    if request.method != "POST":
        return _page(form)
    return pages.act(
        form, action="name_organisation", page=_page, do=lambda: _rename(form), then=lambda _: url_for("admin.home")
    )


@bp.post("/outbox/trial")
@requires("administer")
def send_trial() -> Response:
    """To oneself; what becomes of it stands on the page that asked."""
    return pages.act(
        PlainForm(),
        action="send_trial",
        page=pages.refuse_form,
        do=lambda: step.send_trial_letter(actor=me()),
        then=lambda _: begun.came_from(request.referrer or "", request.host),
    )


def _page(form: FlaskForm) -> Response:
    return pages.show("admin/organisation.html", form=form)


def _rename(form: OrganisationForm) -> None:
    step.name_organisation(actor=me(), name=form.name.data or "")
    house.renamed()
