"""The same questions again under another policy: first which one, then how severe it is by that one (P3.2)."""

from flask import Response, url_for

from blueprints import pages
from blueprints.access import me, requires, ticket
from blueprints.labels import policy_level_choices
from blueprints.tickets.view import deed
from blueprints.triage import bp
from blueprints.triage.forms import AnotherPolicyForm
from models.ground import clock
from models.ground.db import db
from models.ground.errors import Missing
from models.policy.version import PolicyVersion, versions_in_force
from models.record.ticket import Ticket
from models.steps.another_policy import change_policy as change


@bp.get("/t/<number>/policies")
@requires("change_policy", ticket)
def policies(ticket: Ticket) -> Response:
    """The policies in force, beside the ticket's own."""
    others = [v for v in versions_in_force(clock.now()) if v.pack_name != ticket.policy_version.pack_name]
    return pages.show("triage/policies.html", ticket=ticket, others=others)


@bp.route("/t/<number>/policies/<int:version_id>", methods=["GET", "POST"])
@requires("change_policy", ticket)
def change_policy(ticket: Ticket, version_id: int) -> Response:
    """Triage under this one: its levels, by its definitions."""
    version = db.session.get(PolicyVersion, version_id)
    if version is None:
        raise Missing("There is no such policy.")
    form = AnotherPolicyForm(impact=ticket.impact, urgency=ticket.urgency)
    form.severity.choices = policy_level_choices(version.pack)
    return deed(
        ticket,
        form,
        action="change_policy",
        do=lambda: change(
            ticket,
            actor=me(),
            version=version,
            severity=form.severity.data,
            impact=form.impact.data,
            urgency=form.urgency.data,
            reason=form.reason.data,
        ),
        template="triage/another_policy.html",
        version=version,
        others_url=url_for("triage.policies", number=ticket.number),
    )
