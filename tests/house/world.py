"""A desk with something in every room, so that a walk through all pages meets every kind of thing."""

from dataclasses import dataclass, field
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.people.customer import Contact, Customer
from models.people.team import Department, Service, Team
from models.policy.calendar import newest_calendars
from models.policy.pack import load_pack
from models.policy.version import PolicyVersion
from models.record.approval import Approval
from models.record.attachment import attachments_of
from models.record.entry import Entry
from models.record.extension import Extension
from models.record.link import living_link, living_links
from models.record.message import Message
from models.record.plan import Choice, Plan, Task, WorkStep
from models.rules.workflow import STEPS
from models.steps import (
    absences,
    accounts,
    approval,
    approval_templates,
    archiving,
    calendars,
    comment,
    consent,
    cooperation,
    direction,
    drills,
    extension,
    feeds,
    intake,
    jobs,
    plans,
    policies,
    relations,
    rotas,
    triage,
    views,
)
from tests.factories import ROAD, a_plan, a_request, a_ticket, an_emergency, assess, deadline, newest_plan, person

KINDS = {
    "letter": "messages", "new_contact": "customers", "show_drill": "drills",
    "edit_approval_template": "approval_templates",
    "show_policy": "editions", "export_policy": "editions", "show_policy_draft": "policy_drafts",
    "edit_policy": "policy_drafts",
}  # fmt: skip
PERIOD = {"policy": "unified", "first": "2026-11-01", "last": "2026-11-30"}
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
        if rule.endpoint == "views.new":
            return [{"page": "triage", "q": "box=team"}, {"page": "triage", "q": "box=all"}, {"page": "watch"}]
        if not rule.arguments:
            return [{}]
        if "clock" in rule.arguments:
            states = ("awaiting_plan", "waiting", "archived")
            return [{"number": self.tickets[state], "clock": "resolve", "nth": 1} for state in states]
        if "relation_id" in rule.arguments:
            return [{"number": self.tickets["incident"], "relation_id": 1}]
        if rule.endpoint.startswith("relations."):
            states = ("awaiting_triage", "awaiting_plan", "merged", "incident", "security", "closed")
            return [{"number": self.tickets[state]} for state in states]
        if "kind" in rule.arguments:
            kinds = ("teams", "departments", "services", "customers", "contacts")
            known = [k for k in kinds if k != "contacts" or "thing_id" in rule.arguments]
            return [{"kind": kind} | ({"thing_id": self.values[kind][0]} if "thing_id" in rule.arguments else {})
                    for kind in known]  # fmt: skip
        if "version_id" in rule.arguments:
            return [{"number": self.tickets["awaiting_plan"], "version_id": self.values["editions"][0]}]
        if "cooperation_id" in rule.arguments:
            return [{"number": self.tickets["major"], "cooperation_id": value} for value in self.values["cooperations"]]
        if rule.arguments == {"number"}:
            return [{"number": self.tickets[state]} for state in self._states(app, rule)]
        if "token" in rule.arguments and rule.endpoint.startswith("on_call."):
            teams = {"team_id": self.values["teams"][0]} if "team_id" in rule.arguments else {}
            return [{"token": token} | teams for token in self.values["feeds"]]
        if rule.arguments == {"token"} and rule.endpoint.startswith("account."):
            return [{"token": token} for token in self.values["reset"]]
        if rule.arguments == {"key"}:
            return [{"key": key} for key in self.values["unsent"]]
        if "key" in rule.arguments:
            holder = "token" if "token" in rule.arguments else "number"
            return [{holder: self.values["file_" + holder][0], "key": self.values["key"][0]}]
        if rule.arguments == {"thing_id"}:
            if "calendar" in rule.endpoint:
                return [{"thing_id": value} for value in self.values["calendars"]]
            if rule.endpoint.startswith("on_call."):
                return [{"thing_id": value} for value in self.values["shifts"]]
            kind = KINDS.get(rule.endpoint.split(".")[-1], "people")
            return [{"thing_id": value} for value in self.values[kind]]
        if "seat_id" in rule.arguments:
            return [dict(zip(("plan_id", "seat_id"), value, strict=True)) for value in self.values["seats"]]
        (name,) = rule.arguments - {"part"}
        behind = ["confirm", "consent", "agree", "dispute", "information", "question", "renew"]
        parts = behind if "part" in rule.arguments else [None]
        return [{name: value} | ({"part": part} if part else {}) for value in self.values[name] for part in parts]

    def _states(self, app: Flask, rule) -> list[str]:
        """The ticket's own page of every ticket; a page with a form where it can be sent, and where it cannot."""
        action = app.view_functions[rule.endpoint].access[1]
        if rule.endpoint.startswith("assessment.") or rule.endpoint == "tickets.request":
            return ["request", "awaiting_assessment", "awaiting_direction", "promised", "postponed", "awaiting_plan"]
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
    tickets["awaiting_consent"] = a_ticket("awaiting_consent", contact=contact)
    tickets["consented"] = a_ticket("awaiting_consent")
    consent.give_consent(tickets["consented"], actor=person("zhang"), comment="<b>晚一点</b>")
    tickets["request"] = a_request(contact=contact)
    tickets["awaiting_assessment"] = a_request("awaiting_assessment", contact=contact)
    tickets["awaiting_direction"] = a_request("awaiting_direction", contact=contact)
    tickets["promised"] = a_request("awaiting_test")
    direction.change_delivery(
        tickets["promised"], actor=person("zhou"), deliver_at=clock.now() + timedelta(days=40), reason="<b>接口</b>"
    )
    tickets["postponed"] = a_request("awaiting_assessment", contact=contact)
    assess(tickets["postponed"], verdict="not_now")
    tickets["delivered"] = a_request("archived")
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
    tickets["emergency"] = a_ticket("awaiting_plan", severity="P0")
    first = an_emergency(tickets["emergency"])
    approval.copy_plan(first, actor=person("zhao"), people=[person("he")])
    tickets["rounds"] = a_ticket("awaiting_plan")
    kept_template = approval_templates.keep_approval_template(
        None, actor=person("chen"), name="CAB", risk="major", rule="sequence",
        seats=[("supervisor", None, None), ("", None, person("wu"))],
    )  # fmt: skip
    option = Choice("换机器", "高", "低", "两天", "无感", chosen=True)
    plan = a_plan(tickets["rounds"], risk="major", template=kept_template, options=[option])
    approval.return_plan(plan, actor=person("chen"), comment="缺人。")
    steps = [Task("清理缓存", person("zhao"), "20:00")]
    a_plan(tickets["rounds"], steps=steps, touches_customer=True, explanation="短暂变慢。")
    plans.keep_standard_change(newest_plan(tickets["awaiting_customer"]), actor=person("chen"), title="清理缓存")
    article = archiving.draft_article(tickets["closed"], actor=person("zhao"))
    published = archiving.publish_article(
        archiving.draft_article(tickets["archived"], actor=person("zhao")), actor=person("qian")
    )
    changed = archiving.publish_article(
        archiving.draft_article(a_ticket("closed"), actor=person("zhao")), actor=person("qian")
    )
    archiving.edit_article(changed, actor=person("zhao"), title="清理缓存", symptom="转圈", solution="清理")
    linked = [t for t in tickets.values() if t.contact_id]
    holder = intake.keep_file(actor=living_link(linked[0]), name="a.txt", content=b"x")
    intake.supply_information(linked[0], actor=living_link(linked[0]), text="附件", files=[holder.key])
    (calendar,) = newest_calendars()
    draft = calendars.start_draft(calendar, actor=person("admin"))
    calendars.propose_holidays(draft, actor=person("admin"), country="DE", year=2027)
    now, day = clock.now(), timedelta(days=1)
    shift = rotas.add_shift(
        actor=person("chen"), role="first_line", person=person("wang"), starts_at=now, ends_at=now + day, every_weeks=1
    )
    drill = drills.start_drill(actor=person("chen"), role="first_line")
    absences.announce_absence(person("liu"), actor=person("liu"), starts_at=now + 2 * day, ends_at=now + 3 * day)
    for state in ("awaiting_fix", "awaiting_plan"):
        until = deadline(tickets[state], "resolve").due_at + 7 * day
        asked = extension.ask_for_extension(tickets[state], actor=person("zhao"), reason="等补丁", until=until)
        if state == "awaiting_fix":
            extension.grant_extension(asked, actor=person("chen"))
    comment.wait_for(tickets["awaiting_fix"], actor=person("zhao"), party="window", reason="窗口", until=now + day)
    cooperation.name_lead(tickets["major"], actor=person("chen"), team=person("wang").team)
    asked = [
        cooperation.ask_department(tickets["major"], actor=person("chen"), contact=person("yang"), body=body)
        for body in ("<b>请看日志</b>", "机房有没有告警?")
    ]
    cooperation.answer_cooperation(asked[1], actor=person("yang"), result="not_ours", answer="<i>不是</i>")
    tickets["incident"] = a_ticket("awaiting_plan", severity="P1", contact=contact)
    for state in ("awaiting_plan", "request", "closed"):
        relations.relate(
            tickets["incident"], actor=person("wang"), other=tickets[state], kind="related", reason="<b>同机房</b>"
        )
    relations.relate(tickets["waiting"], actor=person("wang"), other=tickets["incident"], kind="parent")
    tickets["merged"] = a_ticket(contact=contact, description="<b>又卡了</b>")
    comment.post_update(tickets["merged"], actor=person("wang"), text="<i>收到</i>")
    relations.merge_ticket(tickets["merged"], actor=person("wang"), into=tickets["incident"])
    relations.split_ticket(tickets["incident"], actor=person("wang"), description="<b>另一件</b>")
    relations.join_incident(tickets["incident"], actor=person("yang"))
    relations.post_update_below(tickets["incident"], actor=person("zhao"), text="<b>正在更换</b>")
    reset = accounts.request_reset(person("zhang"))
    draft = policies.start_draft(load_pack("unified"), actor=person("admin"))
    proposed = policies.start_draft(load_pack("problem-record"), actor=person("admin"))
    policies.propose_edition(proposed, actor=person("admin"), note="季度复盘")
    found = [jobs.start_job(actor=person(login), kind="replay", arguments=PERIOD) for login in ("liu", "admin")]
    jobs.claim_job(found[1].id)
    jobs.finish_job(found[1].id, 1, result=jobs.carry_out(found[1], lambda done, total: None))
    for login, page, query in (("wang", "triage", "box=team"), ("chen", "watch", "severity=P1")):
        views.keep_view(person(login), page=page, name="<b>早会</b>", query=query)
    subscribed = [feeds.open_feed(person("chen"), kind=kind) for kind in ("oncall", "due")]
    world = World({state: ticket.number for state, ticket in tickets.items()})
    world.values = {
        "token": [link.token for ticket in linked for link in living_links(ticket)] + ["nothing-like-a-token"],
        "reset": [reset.token, "1.wrong"],
        "slug": [article.slug, published.slug, changed.slug],
        "cooperations": [request.id for request in asked],
        "extension_id": list(db.session.scalars(select(Extension.id))),
        "plan_id": list(db.session.scalars(select(Plan.id))),
        "seats": [tuple(row) for row in db.session.execute(select(Approval.plan_id, Approval.id).limit(3))],
        "step_id": [db.session.scalars(select(WorkStep.id)).first()],
        "entry_id": [db.session.scalars(select(Entry.id)).first()],
        "messages": [db.session.scalars(select(Message.id).where(Message.channel == "mail")).first()],
        "people": [person("zhao").id, person("admin").id],
        "editions": [db.session.scalars(select(PolicyVersion.id)).first()],
        "policy_drafts": [draft.id, proposed.id],
        "teams": [db.session.scalars(select(Team.id)).first()],
        "services": [db.session.scalars(select(Service.id)).first()],
        "departments": [db.session.scalars(select(Department.id)).first()],
        "customers": [db.session.scalars(select(Customer.id)).first()],
        "contacts": [contact.id],
        "calendars": [calendar.id, draft.id],
        "shifts": [shift.id],
        "drills": [drill.id],
        "job_id": [job.id for job in found],
        "feeds": [*(feed.token for feed in subscribed), "nothing-like-a-token"],
        "approval_templates": [kept_template.id],
        "unsent": [intake.keep_file(actor=person("zhang"), name="shot.png", content=b"\x89PNG\r\n\x1a\n").key],
        "key": [attachments_of(tickets["file"].id)[0].key],
        "file_number": [tickets["file"].number],
        "file_token": [living_link(linked[0]).token],
    }
    return world
