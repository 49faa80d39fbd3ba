"""Who is here and what may they do: sign-in, @requires and @public, and the only loaders of things."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, cast

from flask import Flask, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user
from itsdangerous import BadSignature
from markupsafe import escape
from sqlalchemy import select
from werkzeug.routing import IntegerConverter, Map
from werkzeug.wrappers import Response

from blueprints import begun, one_time, pages, refusals
from blueprints.kept import kept
from blueprints.seals import Cookies, seal
from models.ground import clock
from models.ground.db import db
from models.ground.errors import Conflict, Missing, Refused
from models.people.factor import owes_factor
from models.people.organisation import roles_with_factor
from models.people.person import Person
from models.people.session import session_of
from models.people.view import View
from models.record.approval import Approval
from models.record.article import PUBLISHED, Article
from models.record.cooperation import Cooperation
from models.record.entry import Entry
from models.record.extension import Extension
from models.record.job import Job
from models.record.link import Link, find_link
from models.record.plan import Plan, WorkStep
from models.record.ticket import Ticket, find_ticket
from models.rules import workflow
from models.rules.permissions import allows, can_see, knows_of, visible

IDLE_FOR = 12 * 3600  # seconds without a request after which a session ends
STAMP_EVERY = 300  # seconds between two stamps of the cookie; the database is not written
# What is open to whoever owes a second factor: setting one up, and shutting doors of one's own.
TOWARDS_FACTOR = frozenset(
    f"account.{endpoint}"
    for endpoint in (
        "show_security", "prove_oneself", "begin_authenticator", "authenticator_picture", "confirm_authenticator",
        "add_passkey", "end_session", "end_other_sessions",
    )
)  # fmt: skip
login_manager = LoginManager()


class Id(IntegerConverter):
    """A number in an address that fits into every column; a greater one is not found."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**31 - 1)


def register(app: Flask) -> None:
    """Flask-Login on server-side sessions: the cookie carries a token, the table its digest."""
    app.url_map.converters["int"] = Id
    app.session_interface = Cookies()
    login_manager.init_app(app)
    login_manager.session_protection = None
    login_manager.user_loader(_person_of)
    app.context_processor(lambda: {"allows": allows, "sealed_here": sealed_here})


def me() -> Person:
    """The person who is signed in; only behind @requires."""
    return cast(Person, current_user._get_current_object())


def requires(action: str, of: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Let only those in who may do `action`, on the thing that `of` loads from the address, if given.

    A stranger is sent to sign in; a thing they may not see is 404; a thing they may not act on 403.
    """

    def declare(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def guarded(**args: Any) -> Any:
            if not current_user.is_authenticated:
                return sign_in_first()
            if _owes_factor():
                return _factor_first()
            try:
                return enter(**args)
            except (Missing, Refused):  # it may have gone, or be theirs no more, because of this very form
                if answered := one_time.answered_already():
                    return pages.done(answered)
                raise

        def enter(**args: Any) -> Any:
            if of is None:
                _refuse_unless(action, None)
                return view(**args)
            thing = of(**{name: args.pop(name) for name in _names(of)})
            _refuse_unless(action, thing)
            if request.method == "GET" and isinstance(thing, Ticket):
                return _look(thing, action, lambda: view(thing, **args))
            return view(thing, **args)

        guarded.access = ("requires", action, of)  # type: ignore[attr-defined]
        return guarded

    return declare


def public(reason: str) -> Callable[..., Any]:
    """Let everybody in, for the reason given."""

    def declare(view: Callable[..., Any]) -> Callable[..., Any]:
        view.access = ("public", reason, None)  # type: ignore[attr-defined]
        return view

    return declare


def refuse_undeclared(app: Flask) -> None:
    """The house does not open while a door has no rule."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint != "static" and not hasattr(view, "access"):
            raise RuntimeError(f"{rule.endpoint} declares neither @requires nor @public")


def sign_in_first() -> Response:
    """To the sign-in page, and back here afterwards; a fragment or a form gets 401 instead."""
    if pages.is_fragment():
        return Response(status=401)
    if request.method != "GET":
        back = str(seal("next").dumps(begun.came_from(request.referrer or "", request.host)))
        return refusals.error_page(401, refusals.signed_out(), next=back, carried=begun.sealed())
    return redirect(url_for("account.login", next=sealed_here()), 303)


def sealed_here() -> str:
    """Where we are, signed, so that `next` can never lead elsewhere."""
    return str(seal("next").dumps(request.full_path.rstrip("?")))


def unsealed(value: str) -> str:
    """The address in a signed `next`; the home page when it is not ours, whoever has signed it."""
    try:
        address = str(seal("next").loads(value))
    except BadSignature:
        return "/"
    return address if begun.is_ours(address) else "/"


def ticket(number: str) -> Ticket:
    """The ticket with this number, if the person may know that it exists. Raises Missing."""
    found = find_ticket(number)
    if found is None or not can_see(me(), found):
        raise Missing("There is no such ticket, or it is not visible to you.")
    return found


def incident(number: str) -> Ticket:
    """A known incident, or one that the person has joined, whether they may see its ticket or not. Raises Missing."""
    found = find_ticket(number)
    if found is None or not knows_of(me(), found):
        raise Missing("There is no such ticket, or it is not visible to you.")
    return found


def plan(plan_id: int) -> Plan:
    """The plan, if its ticket is visible to the person. Raises Missing."""
    found = db.session.scalar(select(Plan).join(Ticket).where(Plan.id == plan_id, visible(me())))
    if found is None:
        raise Missing("There is no such plan, or it is not visible to you.")
    return found


def seat(plan_id: int, seat_id: int) -> Approval:
    """A seat of this plan's round, if the ticket is visible to the person. Raises Missing."""
    found = next((held for held in plan(plan_id).approvals if held.id == seat_id), None)
    if found is None:
        raise Missing("There is no such plan, or it is not visible to you.")
    return found


def work_step(step_id: int) -> WorkStep:
    """What was recorded of the carrying out, if its ticket is visible to the person. Raises Missing."""
    found = db.session.scalar(
        select(WorkStep).join(Ticket, Ticket.id == WorkStep.ticket_id).where(WorkStep.id == step_id, visible(me()))
    )
    if found is None:
        raise Missing("There is no such text, or it is not visible to you.")
    return found


def extension(extension_id: int) -> Extension:
    """The request for more time, if its ticket is visible to the person. Raises Missing."""
    found = db.session.scalar(select(Extension).join(Ticket).where(Extension.id == extension_id, visible(me())))
    if found is None:
        raise Missing("There is no such request, or it is not visible to you.")
    return found


def cooperation(number: str, cooperation_id: int) -> Cooperation:
    """The request to a department, if it is of this ticket and the ticket is visible to the person. Raises Missing."""
    found = db.session.get(Cooperation, cooperation_id)
    if found is None or found.ticket_id != ticket(number).id or not allows(me(), "view_cooperation", found):
        raise Missing("There is no such request to a department, or it is not visible to you.")
    return found


def own_view(view_id: int) -> View:
    """A view that the person keeps; another's is none. Raises Missing."""
    found = db.session.get(View, view_id)
    if found is None or found.person_id != me().id:
        raise Missing("There is no such view.")
    return found


def entry(entry_id: int) -> Entry:
    """The text, if its ticket is visible to the person. Raises Missing."""
    found = db.session.scalar(
        select(Entry).join(Ticket, Ticket.id == Entry.ticket_id).where(Entry.id == entry_id, visible(me()))
    )
    if found is None:
        raise Missing("There is no such text, or it is not visible to you.")
    return found


def article(slug: str) -> Article:
    """The article: published for everybody, a draft for those who write articles. Raises Missing."""
    found = db.session.scalar(select(Article).where(Article.slug == slug))
    if found is None or (found.state != PUBLISHED and not allows(me(), "draft_article")):
        raise Missing("There is no such article.")
    return found


def job(job_id: int) -> Job:
    """Long work, of one's own or, for administrators, of anybody. Raises Missing."""
    found = db.session.get(Job, job_id)
    if found is None or not allows(me(), "view_job", found):
        raise Missing("There is no such job, or it is not visible to you.")
    return found


def link(token: str) -> Link:
    """The link that a customer's token opens, alive or dead. Raises Missing for an unknown one."""
    found = find_link(token)
    if found is None:
        raise Missing("This link is not known here.")
    return found


def by_id(model: type[Any]) -> Callable[[int], Any]:
    """A loader of master data (teams, people, customers …), which administrators look after."""

    def load(thing_id: int) -> Any:
        found = db.session.get(model, thing_id)
        if found is None:
            raise Missing("There is no such thing.")
        return found

    return load


def _owes_factor() -> bool:
    """Whether a role of theirs asks for a second factor that they have not; the way to one is open."""
    asked = str(kept(("factor_roles",), lambda: escape(" ".join(roles_with_factor())), seconds=5)).split()
    if not asked or request.endpoint in TOWARDS_FACTOR:
        return False
    return bool(me().roles & set(asked)) and owes_factor(me())


def _factor_first() -> Response:
    if request.method == "GET" and not pages.is_fragment():
        return redirect(url_for("account.show_security"), 303)
    raise Refused("Your role asks for a second factor. Set one up under “Sign-in and security” first.")


def _refuse_unless(action: str, thing: Any) -> None:
    if not allows(me(), action, thing):
        g.refused = action
        raise Refused("You may not do this. Ask a supervisor or an administrator if you need to.")


def _look(ticket: Ticket, action: str, view: Callable[[], Any]) -> Any:
    """A page about a ticket; instead of a form that could not be handed in: why, and the way forward."""
    try:
        workflow.check_page(ticket, action)
        return view()
    except Conflict as refusal:
        sentence = refusals.sentence_of(refusal)
        return pages.show("tickets/not_now.html", status=409, ticket=ticket, sentence=sentence)


def _names(of: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(of).parameters)


def _person_of(token: str) -> Person | None:
    """Flask-Login's question: who is the session with this token? Idle sessions end; a GET writes nothing."""
    now = int(clock.real_now().timestamp())
    if now - session.get("seen", now) > IDLE_FOR:
        return None
    held = session_of(token)
    if held is None:
        return None
    if now - session.get("seen", 0) > STAMP_EVERY:
        session["seen"] = now
    person = held.person
    person.session_token, person.session_ends = token, held.expires_at.isoformat()
    person.session_seen, person.session_proved = held.seen_at, held.proved_at
    return person
