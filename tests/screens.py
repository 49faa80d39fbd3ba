"""The one list of screens, for pictures, for axe and for the probes: who looks at what."""

from dataclasses import dataclass

from flask import Flask
from sqlalchemy import select

from models.ground.db import db
from models.policy.calendar import CalendarRow
from models.policy.version import PolicyVersion
from models.record.article import Article
from models.record.link import Link
from models.record.plan import Plan
from models.record.ticket import Ticket


@dataclass(frozen=True)
class Screen:
    """A name for its files, who is signed in ("": a stranger), and where; {state} is a ticket in that state."""

    name: str
    login: str
    path: str


SCREENS = tuple(
    Screen(name, login.strip("-"), path)
    for name, login, path in (line.split() for line in """\
    login - /login
    forgotten - /password
    password-code - /password/code
    customer - /c/{link}
    report zhang /report
    request zhang /report?type=request
    my zhang /my
    receipt zhang /t/{awaiting_triage}/receipt
    settings zhang /me
    security zhang /me/security
    inbox zhang /notifications
    shortcuts zhang /help/shortcuts
    refused zhang /triage
    missing zhang /t/TS19990101001
    articles zhang /kb
    article zhang /kb/{article}
    search wang /search?q=支付
    nothing-found wang /search?q=zzzz
    telephone wang /report/telephone
    triage wang /triage
    triage-one wang /t/{awaiting_triage}/triage
    ticket zhao /t/{awaiting_plan}
    waits zhao /t/{awaiting_approval}
    bench zhao /bench
    plan zhao /t/{awaiting_plan}/plan
    why zhao /t/{awaiting_plan}/clocks/resolve/1
    attribution zhao /t/{awaiting_plan}/attribution
    relations zhao /t/{awaiting_plan}/relations
    approvals chen /approvals
    decide chen /approvals/{plan}
    standard-changes chen /standard-changes
    templates chen /approval-templates
    request-page zhou /d/{awaiting_direction}
    feasibility zhou /t/{awaiting_assessment}/feasibility
    product zhou /bench
    views wang /views/new?page=triage&q=box%3Dteam
    watch liu /watch
    wall liu /watch?wall=1
    archive chen /archive
    archived chen /t/{archived}
    record chen /t/{archived}/record
    on-call chen /admin/on-call
    ladder chen /t/{awaiting_plan}/ladder
    absences chen /me/absences
    cooperation yang /cooperation
    replay liu /admin/replay
    admin admin /admin
    organisation admin /admin/organisation
    people admin /admin/people
    person admin /admin/people/1
    teams admin /admin/teams
    policies admin /admin/policies
    policy admin /admin/policies/editions/{version}
    lint admin /admin/lint
    rehearsal admin /admin/rehearsal
    calendars admin /admin/calendars
    calendar admin /admin/calendars/{calendar}
    drills admin /admin/drills
    audit admin /admin/audit
    second-factor admin /admin/second-factor
    outbox admin /admin/outbox
    health admin /admin/health
    clock admin /admin/clock
    components admin /admin/components
    """.strip().splitlines())
)  # fmt: skip


def found(app: Flask, screens: tuple[Screen, ...] = SCREENS) -> list[Screen]:
    """The screens with real things in their addresses; those for which there is nothing are left out."""
    with app.app_context():
        things = _things()
        db.session.remove()
    return [
        Screen(screen.name, screen.login, screen.path.format_map(things))
        for screen in screens
        if all(name in things for name in _names(screen.path))
    ]


def _things() -> dict[str, object]:
    tickets = db.session.execute(  # the last of a state counts: its oldest fault
        select(Ticket.state, Ticket.number).order_by(Ticket.kind.desc(), Ticket.id.desc())
    )
    newest = {
        "plan": select(Plan.id).order_by(Plan.id.desc()),
        "article": select(Article.slug).where(Article.state == "published"),
        "version": select(PolicyVersion.id),
        "calendar": select(CalendarRow.id),
    }
    things: dict[str, object] = dict(tuple(row) for row in tickets)
    things |= {name: db.session.scalars(wanted).first() for name, wanted in newest.items()}
    link = db.session.scalars(select(Link).order_by(Link.id.desc())).first()
    things["link"] = link.token if link else None
    return {name: thing for name, thing in things.items() if thing is not None}


def _names(path: str) -> list[str]:
    return [part.split("}")[0] for part in path.split("{")[1:]]
