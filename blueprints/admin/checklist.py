"""What is still unset, so that nobody finds out in an emergency."""

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints.labels import label
from models.ground import clock
from models.insight.on_call import left_alone_soon
from models.insight.policy_lint import lint
from models.insight.registers import is_empty, vacant_roles
from models.people.customer import Customer
from models.people.organisation import organisation_name
from models.people.team import Service, Team
from models.policy.sheet import calendars_behind
from models.policy.version import version_in_force
from models.record.message import FAILED, outbox


def unset() -> list[tuple[str, str]]:
    """(sentence, address) for everything that should be looked at; empty when all is well."""
    found = [
        (_("Nobody is: %(role)s", role=label("role", role)), url_for("admin.list_people")) for role in vacant_roles()
    ]
    if not organisation_name():
        found.append((_("The organisation has no name yet."), url_for("admin.organisation")))
    if is_empty(Team):
        found.append((_("There is no team yet."), url_for("admin.new_record", kind="teams")))
    if is_empty(Service):
        found.append((_("There is no service yet."), url_for("admin.new_record", kind="services")))
    if is_empty(Customer):
        found.append((_("There is no customer yet."), url_for("admin.new_record", kind="customers")))
    if not current_app.config["SETTINGS"].smtp_url:
        found.append((_("No mail server is set: letters wait in the outbox."), url_for("admin.messages")))
    if outbox(FAILED, limit=1):
        found.append((_("There are letters that could not be sent."), url_for("admin.messages", state=FAILED)))
    for absence, _rungs in left_alone_soon():
        sentence = _("Nobody stands in for %(name)s, who will be away.", name=absence.person.name)
        found.append((sentence, url_for("on_call.week")))
    for calendar, year in calendars_behind(clock.now()):
        sentence = _(
            "%(calendar)s does not know the holidays and make-up days of %(year)s yet.",
            calendar=calendar.name,
            year=year,
        )
        found.append((sentence, url_for("admin.show_calendar", thing_id=calendar.id)))
    if errors := sum(finding.is_error for finding in lint(version_in_force(clock.now()))):
        sentence = ngettext(
            "The check of the policy found %(num)s error.", "The check of the policy found %(num)s errors.", errors
        )
        found.append((sentence, url_for("admin.check_policy")))
    return found
