"""One ticket of the crowd as rows: where it has come to, what was said, promised and told on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from models.ground.vocabulary import HOUSEKEEPING, State
from models.policy import clockface
from models.policy.version import Edition
from models.record import search
from models.record.approval import Approval
from models.record.archive import ArchiveRecord, freeze
from models.record.deadline import MET, RUNNING, Deadline
from models.record.entry import Entry
from models.record.event import Event
from models.record.message import APP, MAIL, SENT, Message
from models.record.plan import Plan, PlanStep, Verification, WorkStep
from models.record.resolution import Confirmation, Resolution
from models.record.ticket import Ticket, title_of
from models.rules.notices import TOLD
from models.rules.rounds import digest_of

# event, state afterwards, who: the whole road; a ticket has come as far as some line of it
ROAD = (
    ("reported", State.AWAITING_TRIAGE, "caller"),
    ("triaged", State.AWAITING_ENGINEER, "first_line"),
    ("taken", State.AWAITING_PLAN, "assignee"),
    ("plan_submitted", State.AWAITING_APPROVAL, "assignee"),
    ("approved", State.AWAITING_FIX, "supervisor"),
    ("fixed", State.AWAITING_TEST, "assignee"),
    ("test_passed", State.AWAITING_CUSTOMER, "verifier"),
    ("confirmed", State.AWAITING_REVIEW, "caller"),
    ("closed", State.CLOSED, "supervisor"),
    ("archived", State.ARCHIVED, "desk"),
)
TALKED_AFTER = 4  # the line of ROAD after which a ticket that has come further was talked about
TALK = ("updated", "noted", "step_logged") * 3 + ("updated",)
KIND = {"updated": "update", "noted": "note", "step_logged": "step"}
# clock, the line of ROAD that opens it, the line that meets it
CLOCKS = (
    ("triage", 0, 1), ("respond", 0, 2), ("resolve", 0, 6), ("update", 1, 6), ("plan", 2, 3), ("approve", 3, 4),
    ("test", 5, 6), ("follow_up", 6, 7), ("silence", 6, 7), ("close", 7, 8), ("archive", 8, 9),
)  # fmt: skip
READER = {
    "caller": "caller", "caller_if_asked": "caller", "first_line": "first_line", "assignee": "assignee",
    "seats": "supervisor", "author_when_final": "assignee", "verifiers": "verifier", "supervisors": "supervisor",
}  # fmt: skip

WHERE = (
    ("ERP 系统", "支付接口", "企业邮箱", "移动 APP", "办公网络", "三楼打印机", "报销单页面", "合同审批流程"),
    ("The ERP", "The payment interface", "Corporate mail", "The mobile app", "The office network", "The printer"),
)
WHAT = (
    ("提交后一直转圈", "登录时报错“连接超时”", "导出的数据少了一列", "每隔十分钟断开一次", "金额计算不正确"),
    ("keeps spinning after submitting", "times out at sign-in", "exports one column too few", "shows a blank page"),
)
SINCE = (
    ("从今天早上九点开始,换浏览器也一样。", "整个财务部都受影响,急需处理。", "昨天升级以后就这样。"),
    ("It began at nine o'clock; another browser is no help.", "All of Finance is affected.", "The upgrade did it."),
)


@dataclass
class Cast:
    """Ids of the people and things that tickets refer to."""

    people: dict[str, int]
    reporters: list[int]
    engineers: list[int]
    services: list[int]
    teams: list[int]
    contact: int
    policy: int
    edition: Edition


@dataclass
class Story:
    """A ticket on its way, and every row that has come of it."""

    id: int
    number: str
    created_at: datetime
    now: datetime
    reached: int  # a line of ROAD
    talks: bool
    cast: Cast
    random: Random
    rows: list[tuple[type, dict[str, Any]]] = field(default_factory=list)
    at: datetime = field(init=False)
    times: list[datetime] = field(default_factory=list)  # when each line of ROAD was reached
    who: dict[str, int | None] = field(init=False)
    seq: int = 0
    state: str = ""

    def __post_init__(self) -> None:
        self.at, known = self.created_at, self.cast.people
        self.by_telephone = self.id % 5 == 3
        self.reporter = None if self.by_telephone else self.random.choice(self.cast.reporters)
        self.who = {
            "caller": self.reporter, "first_line": known["wang"], "assignee": self.random.choice(self.cast.engineers),
            "supervisor": known["chen"], "verifier": known["he"], "desk": None,
        }  # fmt: skip
        self.severity = self.random.choices(("P0", "P1", "P2", "P3"), (2, 10, 48, 40))[0]


def tell(story: Story, next_event: Iterator[int]) -> list[tuple[type, dict[str, Any]]]:
    """Every row of the ticket: (table's class, values), parents first."""
    text = words(story.random, chinese=story.id % 2 == 0)
    ticket: dict[str, Any] = {}
    story.rows.append((Ticket, ticket))
    for line, (name, state, who) in enumerate(ROAD[: story.reached + 1]):
        story.state = state
        _happen(story, name, who, next_event)
        story.times.append(story.at)
        if line == min(story.reached, TALKED_AFTER):
            for said in TALK if story.talks else TALK[:2]:
                _say(story, said, next_event)
    _keep_papers(story)
    due = _promise(story)
    ticket.update(_ticket(story, text, min(due, default=None)))
    return story.rows


def words(random: Random, *, chinese: bool) -> str:
    """A report in one of the two languages."""
    first, second, third = (random.choice(part[0 if chinese else 1]) for part in (WHERE, WHAT, SINCE))
    return f"{first}{second}。{third}" if chinese else f"{first} {second}. {third}"


def tokens(story: Story) -> dict[str, Any]:
    """What the full-text table keeps of the ticket."""
    _, ticket = story.rows[0]
    title, body = f"{story.number} {ticket['title']}", ticket["description"]
    return {"title": search.words_of(title), "body": search.words_of(body), "ticket": story.id}


def _happen(story: Story, name: str, who: str, next_event: Iterator[int]) -> int:
    """One event, a few minutes after the last, with the messages that the desk's own table owes for it."""
    if story.seq:
        story.at += timedelta(minutes=story.random.randint(3, 50))
    story.seq += 1
    event_id, actor = next(next_event), story.who[who]
    told: dict[tuple[int | None, str], dict[str, Any]] = {}
    for audience, template, channels in TOLD.get(name, ()):
        if audience not in READER or (reader := story.who[READER[audience]]) == actor:
            continue
        for channel in channels if reader else (MAIL,):  # no account: the customer's contact, by mail
            told.setdefault((reader, channel), _message(story, event_id, template, channel, reader))
    details: dict[str, Any] = {"was": story.state, "digest": f"{story.random.getrandbits(256):064x}"}
    if name in ("reported", "triaged"):
        details["severity"] = story.severity
    event = {
        "id": event_id, "ticket_id": story.id, "seq": story.seq, "name": name, "at": story.at, "actor_id": actor,
        "link_id": None, "version": story.seq, "state": str(story.state), "details": details,
        "told": sorted(reader for reader, channel in told if reader and channel == APP),
        "chain": f"{story.random.getrandbits(256):064x}",
    }  # fmt: skip
    story.rows.append((Event, event))
    story.rows += [(Message, message) for message in told.values()]
    return event_id


def _message(story: Story, event_id: int, template: str, channel: str, reader: int | None) -> dict[str, Any]:
    """Sent long ago; what came in the last day has not been read yet."""
    is_read = channel != APP or story.now - story.at > timedelta(days=1)
    return {
        "key": f"{event_id}:{template}:{channel}:{f'p{reader}' if reader else 'c'}", "ticket_id": story.id,
        "event_id": event_id, "template": template, "params": {}, "channel": channel, "person_id": reader,
        "contact_id": None if reader else story.cast.contact, "state": SENT, "attempts": int(channel != APP),
        "created_at": story.at, "sent_at": story.at, "read_at": story.at if is_read else None, "error": "",
    }  # fmt: skip


def _say(story: Story, name: str, next_event: Iterator[int]) -> None:
    who = "first_line" if name == "noted" or story.reached == 0 else "assignee"
    event_id = _happen(story, name, who, next_event)
    text = words(story.random, chinese=story.id % 2 == 0)
    story.rows.append((Entry, {
        "ticket_id": story.id, "event_id": event_id, "kind": KIND[name], "public": name == "updated",
        "author_id": story.who[who], "author_name": "", "body": text, "created_at": story.at,
        "outcome": text if name == "step_logged" else "", "redaction_reason": "",
    }))  # fmt: skip


def _promise(story: Story) -> list[datetime]:
    """Every clock that has been opened, due when its policy says: met in time, or long after the run."""
    due = []
    for kind, opens, meets in CLOCKS:
        if opens > story.reached:
            continue
        started, met = story.times[opens], story.times[meets] if meets <= story.reached else None
        face = clockface.Clock(*story.cast.edition, kind, story.severity, started)
        due_at = clockface.due_at(face)
        if due_at is None:  # a P0 is not triaged by the clock
            continue
        mark, ring_at = clockface.next_mark(face, due_at, after=0, now=story.now)
        if not met and kind not in HOUSEKEEPING:
            due.append(due_at)
        story.rows.append((Deadline, {
            "ticket_id": story.id, "kind": kind, "round": 1, "severity": story.severity, "started_at": started,
            "due_at": due_at, "state": MET if met else RUNNING, "mark": mark, "ring_at": None if met else ring_at,
            "met_at": met, "late_by_triage": False,
        }))  # fmt: skip
    return due


def _keep_papers(story: Story) -> None:
    """Plan, approval, work, test, result, answer and archive, as far as the road has come."""
    who, times = story.who, story.times
    text = words(story.random, chinese=story.id % 2 == 0)
    at = dict(zip((name for name, _, _ in ROAD), times, strict=False))
    if "plan_submitted" in at:
        is_approved = "approved" in at
        said = {
            "kind": "fix", "risk": "normal", "effect": text, "verification": text, "backup": "", "rollback": "",
            "window": "", "touches_customer": False, "explanation": "",
        }  # fmt: skip
        step = {"position": 1, "body": text, "planned": ""}
        digest = digest_of(Plan(**said, tasks=[PlanStep(**step)], choices=[]), [])
        story.rows.append((Plan, said | {
            "id": story.id, "ticket_id": story.id, "revision": 1, "author_id": who["assignee"],
            "submitted_at": at["plan_submitted"], "digest": digest, "outcome": "approved" if is_approved else "",
            "decided_at": at.get("approved"),
        }))  # fmt: skip
        story.rows.append((PlanStep, step | {"plan_id": story.id}))
        story.rows.append((Approval, {
            "plan_id": story.id, "person_id": who["supervisor"], "author_id": who["assignee"], "role": "supervisor",
            "digest": digest, "decision": "approved" if is_approved else "", "comment": "",
            "decided_at": at.get("approved"),
        }))  # fmt: skip
    if "fixed" in at:
        story.rows.append((WorkStep, {
            "plan_id": story.id, "ticket_id": story.id, "person_id": who["assignee"], "body": text, "after": text,
            "result": "", "before": "", "deviation": "", "outcome": "done", "started_at": at["approved"],
            "ended_at": at["fixed"],
        }))  # fmt: skip
    if "test_passed" in at:
        story.rows.append((Verification, {
            "ticket_id": story.id, "plan_id": story.id, "round": 1, "person_id": who["verifier"], "passed": True,
            "with_reporter": False, "findings": text, "new_problems": "", "leftovers": "", "at": at["test_passed"],
        }))  # fmt: skip
        story.rows.append((Resolution, {
            "ticket_id": story.id, "round": 1, "result": text, "cause": text, "measures": text, "prevention": text,
            "person_id": who["verifier"], "at": at["test_passed"],
        }))  # fmt: skip
    if "confirmed" in at:
        story.rows.append((Confirmation, {
            "ticket_id": story.id, "round": 1, "means": "portal", "verdict": "yes", "satisfaction": "satisfied",
            "scale": "unified", "comment": "", "said_by": "", "how": "", "at": at["confirmed"],
        }))  # fmt: skip
    if "archived" in at:
        frozen = freeze(SimpleNamespace(id=story.id), {"report": {"number": story.number, "description": text}})  # type: ignore[arg-type]
        row = {"ticket_id": story.id, "content": frozen.content, "digest": frozen.digest, "archived_at": at["archived"]}
        story.rows.append((ArchiveRecord, row))


def _ticket(story: Story, text: str, next_due_at: datetime | None) -> dict[str, Any]:
    at = dict(zip((name for name, _, _ in ROAD), story.times, strict=False))
    graded = "triaged" in at
    return {
        "id": story.id, "number": story.number, "state": str(story.state), "version": story.seq, "seq": story.seq,
        "chain": f"{story.random.getrandbits(256):064x}", "round": 1, "title": title_of(text), "description": text,
        "device": "", "steps": "", "frequency": "", "affected": "", "workaround": "",
        "channel": "telephone" if story.by_telephone else "web", "reported_at": story.created_at,
        "created_at": story.created_at, "reporter_id": story.reporter,
        "registrar_id": story.who["first_line"] if story.by_telephone else None,
        "contact_id": story.cast.contact if story.by_telephone else None, "discoverer": "", "confirmer": "",
        "service_id": story.random.choice(story.cast.services), "severity": story.severity, "impact": "department",
        "urgency": "medium", "category": "function" if graded else "", "category_other": "",
        "triaged_at": at.get("triaged"), "team_id": story.random.choice(story.cast.teams) if graded else None,
        "assignee_id": story.who["assignee"] if graded else None, "policy_version_id": story.cast.policy,
        "escalation": 0, "waiting_on": "", "next_due_at": next_due_at,
        "root_cause": text if "plan_submitted" in at else "", "cause": "code" if "plan_submitted" in at else "",
        "scope": "", "temporary_measure": "", "resolved_at": at.get("test_passed"), "closed_at": at.get("closed"),
        "review": "",
    }  # fmt: skip
