"""Signs of life for machines: the process answers, the whole works, and figures for Prometheus."""

from dataclasses import asdict

from flask import Blueprint, Response, request
from flask.json import jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import select

from blueprints.access import public
from blueprints.signs import signs
from models.clockwork import escalation
from models.clockwork.health import beats, outbox_counts
from models.ground.errors import Missing
from models.ground.vocabulary import State
from models.insight.board import count_up_to
from models.record.ticket import ENDED, Ticket

bp = Blueprint("health", __name__)
PARTS = ("database", "redis", "workers", "migrations")
LOOPBACK = ("127.0.0.1", "::1")


@bp.get("/healthz")
@public("probes have no account")
def alive() -> Response:
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@public("probes have no account, and it names nobody")
def ready() -> Response:
    """503 when something that people rely on is broken; Redis away is only degraded."""
    seen = signs()
    answer = jsonify(asdict(seen))
    answer.status_code = 200 if seen.is_ready else 503
    return answer


@bp.get("/metrics")
@public("scrapers have no account; they ask from the same machine")
def metrics() -> Response:
    if request.remote_addr not in LOOPBACK or "X-Forwarded-For" in request.headers:
        raise Missing("There is no such page, or it is not visible to you.")
    return Response(generate_latest(_figures()), content_type=CONTENT_TYPE_LATEST)


def _figures() -> CollectorRegistry:
    """Read anew for every scrape, so that all web processes say the same."""
    registry = CollectorRegistry()
    seen = signs()
    Gauge("bihuan_ready", "1 while people can rely on the whole, as /readyz says", registry=registry).set(seen.is_ready)
    parts = Gauge("bihuan_part_works", "1 while a part works", ["part"], registry=registry)
    for part in PARTS:
        parts.labels(part).set(getattr(seen, part) == "ok")
    if seen.database != "ok":
        return registry
    tickets = Gauge("bihuan_tickets", "Open tickets, counted to 10,000 a state", ["state"], registry=registry)
    for state in State:
        if state not in ENDED:
            tickets.labels(state).set(count_up_to(select(Ticket).where(Ticket.state == state), 10_000))
    outbox = Gauge("bihuan_outbox_messages", "Messages that are not sent yet", ["state"], registry=registry)
    for name, count in outbox_counts().items():
        outbox.labels(name).set(count)
    away = Gauge("bihuan_mail_away_seconds", "That no mail server has let a letter in, if known", registry=registry)
    away.set(seen.mail_away_s or 0)
    heart = Gauge(
        "bihuan_heartbeat_age_seconds", "Since a process last said that it lives", ["name"], registry=registry
    )
    for name, age in beats().items():
        heart.labels(name).set(age)
    unfired = Gauge("bihuan_oldest_due_unfired_seconds", "That the oldest due mark has been waiting", registry=registry)
    unfired.set(escalation.oldest_unfired())
    marks = Gauge("bihuan_marks", "Of the last 24 hours, as the auditor counts them", ["what"], registry=registry)
    if seen.clocks:
        for what in ("due", "fired", "late", "missing", "wrong"):
            marks.labels(what).set(getattr(seen.clocks, what))
    return registry
