"""The customer's page behind a signed link: look as often as one likes, answer once, no account."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, g, request, url_for
from flask_wtf import FlaskForm

from blueprints import one_time, pages, rates
from blueprints.access import link as find
from blueprints.access import public
from blueprints.customer_verification import bp
from blueprints.customer_verification.deeds import agreeing, confirming, disputing
from blueprints.customer_verification.forms import (
    AgreeForm,
    ConfirmForm,
    DisputeForm,
    SendForm,
    SupplyForm,
    with_sheet,
)
from blueprints.tickets.view import download
from models.ground.errors import Missing
from models.insight.customer_view import (
    customer_view,
    dead_view,
    is_shown,
    look_of,
    question_view,
    sheet_view,
    words_for,
)
from models.record.attachment import attachments_of
from models.record.link import CONSENT, DIRECTION, PROGRESS, Link
from models.steps import customer_verification as step
from models.steps.intake import supply_information

ADDRESSES = "any(confirm,dispute,information,renew,question,consent,agree)"
bp.add_app_template_global(words_for)
ACTIONS = {CONSENT: "consent", DIRECTION: "agree"}


@dataclass(frozen=True)
class Door:
    """What a form behind the link is bound to: this link, and the ticket as it stood."""

    id: int
    version: int


@bp.after_request
def keep_quiet(response: Response) -> Response:
    """A link is a key: it is not kept, not passed on, not listed (safety rule 27)."""
    if request.path.startswith("/c/"):
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def living(*purposes: str) -> Callable[..., Any]:
    """Give the view the link instead of its token. A dead one says why it is dead, one that is for something else
    where to go (P10.3)."""

    def declare(view: Callable[..., Response]) -> Callable[..., Response]:
        @functools.wraps(view)
        def entered(token: str, **more: Any) -> Response:
            link = _take(token)
            if link.death:
                answered = one_time.answered_already()
                return pages.done(answered) if answered else _dead_page(link)
            return view(link, **more) if not purposes or link.purpose in purposes else _page(link, astray=True)

        return entered

    return declare


@bp.get("/c/<token>")
@bp.get(f"/c/<token>/<{ADDRESSES}:part>")
@public("signed link")
@living()
def progress(link: Link, part: str = "") -> Response:
    """Look: changes nothing, as often as it is opened. Whoever has seen this state already gets 304."""
    if request.if_none_match.contains(look_of(link)):
        return pages.not_modified()
    page = _page(link)
    page.set_etag(look_of(link))
    return page


@bp.get("/c/<token>/print")
@public("signed link")
@living(PROGRESS)
def satisfaction(link: Link) -> Response:
    """客户满意度确认单, on paper."""
    return pages.show("customer_verification/satisfaction.html", paper=sheet_view(link.ticket), here=_here(link))


@bp.post("/c/<token>/confirm")
@public("signed link")
@living(PROGRESS)
def confirm_by_link(link: Link) -> Response:
    """Yes, partly or no, once a round."""
    form = with_sheet(ConfirmForm, link.ticket)
    return _act(link, form, "confirm", confirming(link.ticket, form, actor=link))


@bp.post("/c/<token>/consent")
@bp.post("/c/<token>/agree")
@public("signed link")
@living(CONSENT, DIRECTION)
def agree_by_link(link: Link) -> Response:
    """To the plan, or to the direction: yes, or no with the reason; once."""
    form = AgreeForm()
    return _act(link, form, ACTIONS[link.purpose], agreeing(link.ticket, form, actor=link, purpose=link.purpose))


@bp.post("/c/<token>/dispute")
@public("signed link")
@living(PROGRESS)
def dispute_by_link(link: Link) -> Response:
    """A change of mind; after archiving it becomes a ticket of its own."""
    form = DisputeForm(link.ticket)
    return _act(link, form, "dispute", disputing(link.ticket, form, actor=link))


@bp.post("/c/<token>/information")
@public("signed link")
@living(PROGRESS)
def supply_by_link(link: Link) -> Response:
    """What was asked for."""
    form = SupplyForm()
    keys = pages.files_of(form.files.data or [], link)
    do = functools.partial(supply_information, link.ticket, actor=link, text=form.text.data or "", files=keys)
    return _act(link, form, "supply", do)


@bp.post("/c/<token>/question")
@public("signed link")
@living()
def question_again(link: Link) -> Response:
    """The letter with the question that is open now, once more; it goes to the contact on record."""
    return _letter(link, "ask_again", lambda: step.ask_again(link), page=_page)


@bp.post("/c/<token>/renew")
@public("signed link")
def renew(token: str) -> Response:
    """A fresh link, sent to the contact on record and shown to nobody."""
    link = _take(token)
    return _letter(link, "renew_link", lambda: step.renew_link(link), page=_dead_page)


@bp.get("/c/<token>/files/<key>")
@public("signed link")
@living()
def file_by_link(link: Link, key: str) -> Response:
    """A file of the public story, or of the plan that is asked about."""
    found = next((file for file in attachments_of(link.ticket_id) if file.key == key), None)
    if found is None or not is_shown(found, link.ticket) or not found.path.exists():
        raise Missing("There is no such file, or it is not visible to you.")
    return download(found)


@bp.app_template_global()
def address_of(link: Link) -> str:
    """The whole address of a link, made from the setting and never from the request (safety rule 27)."""
    return f"{current_app.config['SETTINGS'].base_url}/c/{link.token}"


def _take(token: str) -> Link:
    """The link behind the token; from now on it is the one who acts, and its ticket the lock."""
    with rates.guessing():
        g.link = find(token)
    return g.link


@bp.app_template_global()
def desk_phone() -> str:
    """The desk's telephone; "" where none is set."""
    return str(current_app.config["SETTINGS"].desk_phone)


def _here(link: Link) -> str:
    return url_for("customer_verification.progress", token=link.token)


def _door(link: Link) -> Door:
    return Door(link.id, link.ticket.version)


def _letter(link: Link, action: str, do: Callable[[], Any], *, page: Callable[..., Response]) -> Response:
    """Something goes to the contact on record, whoever asks for it here."""
    return pages.act(
        SendForm(link.ticket),
        action=action,
        thing=_door(link),
        page=lambda form: page(link, send=form),
        do=do,
        then=lambda _: url_for("customer_verification.progress", token=link.token, sent=1),
    )


def _act(link: Link, form: FlaskForm, action: str, do: Callable[[], Any]) -> Response:
    return pages.act(
        form,
        action=action,
        thing=_door(link),
        page=lambda f: _page(link, **{action: f}),
        do=do,
        then=lambda _: _here(link),
    )


def _page(link: Link, *, astray: bool = False, **forms: FlaskForm) -> Response:
    """What the link is for. `astray`: something else was asked of it; nothing was done, and it says so."""
    shown = {
        "view": customer_view(link.ticket),
        "door": _door(link),
        "here": _here(link),
        "sent": "sent" in request.args,
        "send": forms.pop("send", None) or SendForm(link.ticket, formdata=None),
        "astray": astray,
        "look": look_of(link) if request.method == "GET" else "",
        "status": 409 if astray else 200,
    }
    if link.purpose == PROGRESS:
        return _progress_page(link, shown, **forms)
    asked, action = question_view(link.ticket, link.purpose), ACTIONS[link.purpose]
    form = forms.get(action) or AgreeForm(formdata=None, key=asked["key"])
    return pages.show("customer_verification/question.html", asked=asked, action=action, form=form, **shown)


def _progress_page(link: Link, shown: dict[str, Any], **forms: FlaskForm) -> Response:
    return pages.show(
        "customer_verification/link.html",
        confirm=forms.get("confirm") or with_sheet(ConfirmForm, link.ticket, formdata=None),
        dispute=forms.get("dispute") or DisputeForm(link.ticket, formdata=None),
        supply=forms.get("supply") or SupplyForm(formdata=None),
        **shown,
    )


def _dead_page(link: Link, *, send: FlaskForm | None = None) -> Response:
    return pages.show(
        "customer_verification/dead.html",
        status=410,
        view=dead_view(link),
        door=_door(link),
        here=_here(link),
        renewable=link.death in step.RENEWABLE,
        send=send or SendForm(link.ticket, formdata=None),
        sent="sent" in request.args,
    )
