"""Which roles work only with a second factor."""

from flask import Response, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput

from blueprints import kept, pages
from blueprints.access import me, requires
from blueprints.admin import bp
from blueprints.labels import label
from blueprints.proof import ProvenForm
from models.ground.vocabulary import Role
from models.people.organisation import roles_with_factor
from models.steps import factors


def _roles() -> list[tuple[str, str]]:
    return [(str(role), label("role", role)) for role in Role]


class FactorRolesForm(ProvenForm):
    """A tick for each role."""

    roles = SelectMultipleField(_l("Roles"), choices=_roles, option_widget=CheckboxInput())


@bp.route("/second-factor", methods=["GET", "POST"])
@requires("administer")
def second_factor() -> Response:
    """Whoever holds one of them sets a factor up at the next page, before anything else."""
    if request.method != "POST":
        return _page(FactorRolesForm(roles=roles_with_factor()))
    form = FactorRolesForm()

    def keep() -> None:
        factors.ask_factor(actor=me(), roles=form.roles.data)
        kept.forget()
        flash(_("Kept."))

    return pages.act(form, action="ask_factor", page=_page, do=keep, then=lambda _: url_for("admin.second_factor"))


def _page(form: FactorRolesForm) -> Response:
    return pages.show("admin/second_factor.html", form=form)
