"""A desk with something in every room, so that a walk through all pages meets every kind of thing."""

from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy import select

from models.ground.db import db
from models.people.customer import Contact, Customer
from models.people.team import Department, Service, Team
from models.record.attachment import attachments_of
from models.record.entry import Entry
from models.record.link import living_link
from models.record.message import Message
from models.record.plan import Plan
from models.rules.workflow import STEPS
from models.steps import accounts, approval, archiving, comment, intake, triage
from tests.factories import ROAD, a_ticket, newest_plan, person

STAFF = ("zhang", "wang", "li", "zhao", "chen", "liu", "sun", "zhou", "wu", "he", "yang", "feng", "qian", "admin")


@dataclass
class World:
    """Numbers, ids and names that addresses are made of."""

    tickets: dict[str, str]  # state → number
    values: dict[str, list[object]] = field(default_factory=dict)

    def urls(self, app: Flask) -> list[str]:
        """Every address that answers a GET, with real things in it."""
        found: list[str] = []
        with app.test_request_context():
            for rule in app.url_map.iter_rules():
                if "GET" in (rule.methods or ()) and rule.endpoint != "static":
                    found += [app.url_for(rule.endpoint, **choice) for choice in self._choices(app, rule)]
        return sorted(set(found))

    def _choices(self, app: Flask, rule) -> list[dict[str, object]]:
        if not rule.arguments:
            return [{}]
        if "kind" in rule.arguments:
            kinds = ("teams", "departments", "services", "customers", "contacts")
            known = [k for k in kinds if k != "contacts" or "thing_id" in rule.arguments]
            return [{"kind": kind} | ({"thing_id": self.values[kind][0]} if "thing_id" in rule.arguments else {})
                    for kind in known]  # fmt: skip
        if rule.arguments == {"number"}:
            return [{"number": self.tickets[state]} for state in self._states(app, rule)]
        if rule.arguments == {"token"} and rule.endpoint.startswith("account."):
            return [{"token": token} for token in self.values["reset"]]
        if "key" in rule.arguments:
            holder = "token" if "token" in rule.arguments else "number"
            return [{holder: self.values["file_" + holder][0], "key": self.values["key"][0]}]
        if rule.arguments == {"thing_id"}:
            kind = {"letter": "messages", "new_contact": "customers"}.get(rule.endpoint.split(".")[-1], "people")
            return [{"thing_id": value} for value in self.values[kind]]
        (name,) = rule.arguments - {"part"}
        parts = ["confirm", "dispute", "information", "renew"] if "part" in rule.arguments else [None]
        return [{name: value} | ({"part": part} if part else {}) for value in self.values[name] for part in parts]

    def _states(self, app: Flask, rule) -> list[str]:
        """The ticket's own page of every ticket; a page with a form where it can be sent, and where it cannot."""
        action = app.view_functions[rule.endpoint].access[1]
        if rule.endpoint == "tickets.page":
            return list(self.tickets)
        if action not in STEPS:
            return ["awaiting_plan", "archived"]
        return [STEPS[action].come_from[0], "awaiting_review" if action == "reopen" else "closed", "waiting"]


def build_world() -> World:
    """Tickets in every state and condition, articles, files, links, mails; everybody reads English."""
    for login in STAFF:
        accounts.set_own_settings(person(login), locale="en", time_zone="Asia/Shanghai", theme="auto", on_duty=True)
    contact = db.session.scalars(select(Contact)).first()
    tickets = {
        state: a_ticket(state, contact=contact if n % 2 else None) for n, state in enumerate([*ROAD, "cancelled"])
    }
    tickets["security"] = a_ticket("awaiting_plan", category="security")
    tickets["waiting"] = a_ticket("awaiting_plan", severity="P1")
    triage.ask_reporter(tickets["waiting"], actor=person("zhao"), question="几点开始的?")
    tickets["major"] = a_ticket("awaiting_approval", severity="P0", risk="major")
    comment.follow_ticket(tickets["major"], actor=person("feng"))
    comment.add_note(tickets["major"], actor=person("chen"), text="<script>alert(1)</script>")
    kept = intake.keep_file(actor=person("zhang"), name="<b>截图.png", content=b"\x89PNG\r\n\x1a\n")
    tickets["file"] = intake.report_fault(
        actor=person("zhang"), description="<img src=x onerror=alert(1)>", files=[kept.key]
    )
    approval.keep_standard_change(newest_plan(tickets["awaiting_customer"]), actor=person("chen"), title="清理缓存")
    article = archiving.draft_article(tickets["closed"], actor=person("zhao"))
    published = archiving.publish_article(
        archiving.draft_article(tickets["archived"], actor=person("zhao")), actor=person("qian")
    )
    linked = [t for t in tickets.values() if t.contact_id]
    holder = intake.keep_file(actor=living_link(linked[0]), name="a.txt", content=b"x")
    intake.supply_information(linked[0], actor=living_link(linked[0]), text="附件", files=[holder.key])
    reset = accounts.request_reset(person("zhang"))
    world = World({state: ticket.number for state, ticket in tickets.items()})
    world.values = {
        "token": [link.token for ticket in linked if (link := living_link(ticket))] + ["nothing-like-a-token"],
        "reset": [reset.token, "1.wrong"],
        "slug": [article.slug, published.slug],
        "plan_id": list(db.session.scalars(select(Plan.id))),
        "entry_id": [db.session.scalars(select(Entry.id)).first()],
        "messages": [db.session.scalars(select(Message.id).where(Message.channel == "mail")).first()],
        "people": [person("zhao").id, person("admin").id],
        "teams": [db.session.scalars(select(Team.id)).first()],
        "services": [db.session.scalars(select(Service.id)).first()],
        "departments": [db.session.scalars(select(Department.id)).first()],
        "customers": [db.session.scalars(select(Customer.id)).first()],
        "contacts": [contact.id],
        "key": [attachments_of(tickets["file"].id)[0].key],
        "file_number": [tickets["file"].number],
        "file_token": [living_link(linked[0]).token],
    }
    return world
