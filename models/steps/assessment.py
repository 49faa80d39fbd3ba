"""Assessment (可行性评估): whether a request can be built, put before the customer in plain words (P8.3)."""

from datetime import datetime
from typing import Any

from models.ground import clock
from models.ground.db import command, db
from models.ground.errors import Invalid
from models.ground.vocabulary import Feasibility
from models.people.person import Person
from models.record.assessment import Assessment, next_nth
from models.record.link import DIRECTION, open_link
from models.record.resolution import Resolution
from models.record.ticket import Ticket
from models.rules import journal, workflow
from models.rules.journal import Recorded

TEXTS = (
    "technology", "resources", "cost", "development_opinion", "development_by", "test_opinion", "test_by",
    "product_opinion",
)  # fmt: skip
OPINIONS = ("development_opinion", "test_opinion", "product_opinion")


@command
def assess_request(
    ticket: Ticket,
    *,
    actor: Person,
    verdict: str,
    report: str,
    deliver_at: datetime | None = None,
    engineer: Person | None = None,
    **texts: str,
) -> Assessment:
    """It can be built, as it was wished for or changed: the customer is asked for the direction and the date."""
    workflow.check_state(ticket, "assess")
    if verdict not in (Feasibility.FEASIBLE, Feasibility.NEEDS_CHANGE):
        raise Invalid("Please choose a verdict.", field="verdict")
    _judge(report, {name: texts.get(name, "") for name in OPINIONS})
    if engineer is None:
        raise Invalid("Please say who will build it.", field="engineer")
    if deliver_at is None or deliver_at <= clock.now():
        raise Invalid("Please propose a delivery date that lies ahead.", field="deliver_at")
    nth = next_nth(ticket)
    event = workflow.advance(
        ticket, "assess", actor=actor, change=_owner(ticket, actor), nth=nth, verdict=verdict,
        proposed=deliver_at.isoformat(), engineer=engineer.id, digest=journal.digest_of(report, *texts.values()),
    )  # fmt: skip
    found = _keep(ticket, event, actor, nth, verdict, report, texts, deliver_at=deliver_at, engineer_id=engineer.id)
    journal.write(ticket, "assessment", report, event=event, actor=actor, public=True)
    open_link(ticket, days=ticket.policy_version.pack.link_days, purpose=DIRECTION)
    return found


@command
def postpone_request(ticket: Ticket, *, actor: Person, report: str, **texts: str) -> Assessment:
    """Not now: the customer hears the reasons, and either leaves it at that or disputes it (P8.3)."""
    workflow.check_state(ticket, "postpone")
    _judge(report, {"product_opinion": texts.get("product_opinion", "")})
    nth = next_nth(ticket)
    event = workflow.advance(
        ticket,
        "postpone",
        actor=actor,
        change={"resolved_at": clock.now(), "escalation": 0} | _owner(ticket, actor),
        nth=nth,
        verdict=str(Feasibility.NOT_NOW),
        digest=journal.digest_of(report, *texts.values()),
    )
    found = _keep(ticket, event, actor, nth, Feasibility.NOT_NOW, report, texts)
    open_link(ticket, days=ticket.policy_version.pack.link_days)
    journal.write(ticket, "result", report, event=event, actor=actor, public=True)
    db.session.add(
        Resolution(ticket_id=ticket.id, round=ticket.round, result=report.strip(), person_id=actor.id, at=event.at)
    )
    return found


def _judge(report: str, opinions: dict[str, str]) -> None:
    for field, text in {**opinions, "report": report}.items():
        if not text.strip():
            raise Invalid("This must be filled in.", field=field)


def _owner(ticket: Ticket, actor: Person) -> dict[str, Any]:
    """Where nobody owned the request, whoever assesses it does."""
    owner = ticket.product_manager or actor
    return {"product_manager": owner, "assignee": ticket.assignee or owner}


def _keep(
    ticket: Ticket,
    event: Recorded,
    actor: Person,
    nth: int,
    verdict: str,
    report: str,
    texts: dict[str, str],
    **proposed: Any,
) -> Assessment:
    said = {name: texts.get(name, "").strip() for name in TEXTS}
    found = Assessment(
        ticket_id=ticket.id, nth=nth, verdict=str(verdict), report=report.strip(), person_id=actor.id, at=event.at,
        **said, **proposed,
    )  # fmt: skip
    db.session.add(found)
    db.session.flush()
    return found
