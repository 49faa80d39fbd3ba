"""Cooperation (跨部门协作, P6.4): name the lead department, ask others, and answer what one was asked."""

from flask import Blueprint, Response, g, request, url_for
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import cooperation as request_of
from blueprints.access import me, requires, ticket
from blueprints.cooperation.forms import AnswerForm, AskForm, LeadForm
from blueprints.fields import row
from blueprints.labels import label
from blueprints.tickets.view import deed, say_done, ticket_url
from models.insight import paging
from models.insight.cooperations import BOXES, clocks_of, requests_to
from models.people.person import Person
from models.people.team import Team
from models.record.attachment import attachments_of
from models.record.cooperation import Cooperation
from models.record.ticket import Ticket
from models.rules import workflow
from models.rules.permissions import allows
from models.steps import cooperation as step

bp = Blueprint("cooperation", __name__)


@bp.get("/cooperation")
@requires("view_cooperations")
def inbox() -> Response:
    """What the contact was asked: still to be answered, and answered. Live."""
    g.topics = ["tickets"]
    box = request.args.get("box") if request.args.get("box") in BOXES else BOXES[0]
    requests = requests_to(me(), str(box))
    ptag = paging.tag_of([(found.id, found.ticket.seq) for found in requests])
    if pages.unchanged(ptag):
        return pages.not_modified()
    return pages.show(
        "cooperation/inbox.html",
        ptag=ptag,
        ptag_of_page=ptag,
        requests=requests,
        clocks=clocks_of(requests),
        box=box,
    )


@bp.route("/t/<number>/cooperation", methods=["GET", "POST"])
@requires("cooperate", ticket)
def ask(ticket: Ticket) -> Response:
    """Ask another department through one of its contacts."""
    form = AskForm()
    if not step.can_wait(ticket):
        del form.waits
    return deed(
        ticket,
        form,
        action="cooperate",
        do=lambda: step.ask_department(
            ticket,
            actor=me(),
            contact=row(Person, form.contact.data),
            body=form.body.data,
            waits=bool(form.waits and form.waits.data),
        ),
        then=lambda _: ticket_url(ticket, "record"),
        template="cooperation/ask.html",
    )


@bp.route("/t/<number>/lead", methods=["GET", "POST"])
@requires("name_lead", ticket)
def lead(ticket: Ticket) -> Response:
    """Say which department leads."""
    form = LeadForm(team=ticket.lead_team_id or ticket.team_id)
    return deed(
        ticket,
        form,
        action="name_lead",
        do=lambda: step.name_lead(ticket, actor=me(), team=row(Team, form.team.data), reason=form.reason.data or ""),
    )


@bp.get("/t/<number>/cooperation/<int:cooperation_id>")
@requires("view_cooperation", request_of)
def show(asked: Cooperation) -> Response:
    """One request, with what was reported and, for those who may, the answer."""
    g.topics = [f"t-{asked.ticket_id}"]
    return _page(asked)


@bp.post("/t/<number>/cooperation/<int:cooperation_id>")
@requires("answer_cooperation", request_of)
def answer(asked: Cooperation) -> Response:
    """The department answers; or somebody takes down what it said."""
    form = AnswerForm()

    def do() -> None:
        step.answer_cooperation(asked, actor=me(), result=form.result.data, answer=form.answer.data)
        say_done(label("letter", "cooperation_answered"), asked.ticket)

    return pages.act(
        form,
        action="answer_cooperation",
        thing=asked,
        page=lambda f: _page(asked, f),
        do=do,
        then=lambda _: _onwards(asked),
    )


def _page(asked: Cooperation, form: FlaskForm | None = None) -> Response:
    ticket, internal = asked.ticket, allows(me(), "view_internal", asked)
    may_answer = not asked.is_settled and workflow.can(me(), "answer_cooperation", ticket)
    return pages.show(
        "cooperation/request.html",
        asked=asked,
        ticket=ticket,
        form=form or AnswerForm(formdata=None),
        open_to_me=may_answer and allows(me(), "answer_cooperation", asked),
        speaks_for_it=asked.contact_id == me().id,
        files=[file for file in attachments_of(ticket.id) if file.is_of_report and (file.public or internal)],
        clock=clocks_of([asked]).get(asked.id),
    )


def _onwards(asked: Cooperation) -> str:
    return url_for("cooperation.inbox") if asked.contact_id == me().id else ticket_url(asked.ticket, "record")
