"""Words for codes, in the reader's language; and what every template may use."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, request, session, url_for
from flask_babel import Babel, get_locale, get_translations, lazy_gettext, lazy_pgettext
from flask_login import current_user
from itsdangerous import URLSafeTimedSerializer
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from blueprints.kept import kept
from models.ground import clock
from models.people.person import Person
from models.record.message import unread_count
from models.rules.permissions import allows

T = TypeVar("T")
LANGUAGES = ("zh", "en")
DEFAULT_ZONE = "Asia/Shanghai"
_l = lazy_gettext
_pl = lazy_pgettext  # (kind, word): where English has one word for what are two in Chinese

WORDS: dict[str, dict[str, Any]] = {
    "role": {
        "reporter": _l("Reporter"), "first_line": _l("First line"), "engineer": _l("Engineer"),
        "duty_lead": _l("Duty lead"), "supervisor": _l("Support supervisor"),
        "tech_manager": _l("Technical manager"), "director": _l("R&D director"),
        "product_manager": _l("Product manager"), "verifier": _l("Verifier"), "approver": _l("Approver"),
        "contact": _l("Department contact"), "kb_admin": _l("Knowledge-base administrator"),
        "dept_head": _l("Department head"), "admin": _l("Administrator"), "assignee": _l("Handler"),
        "customer": _l("Customer"), "desk": _l("The desk"),
    },
    "status": {
        "open": _l("Open"), "in_progress": _l("In progress"), "in_testing": _l("In testing"),
        "resolved": _l("Resolved"), "closed": _l("Closed"), "archived": _l("Archived"), "cancelled": _l("Cancelled"),
    },
    "side": {
        "waiting_for_you": _l("Waiting for the customer"), "awaiting_approval": _l("Waiting for approval"),
        "escalated": _l("Escalated"),
    },
    "state": {
        "awaiting_triage": _l("Waiting for triage"), "awaiting_engineer": _l("Waiting for the engineer"),
        "awaiting_plan": _l("Diagnosis and plan"), "awaiting_approval": _l("Waiting for approval"),
        "awaiting_fix": _l("Being carried out"), "awaiting_test": _l("Being tested"),
        "awaiting_customer": _l("Waiting for confirmation"), "awaiting_review": _l("Waiting for review"),
        "closed": _l("Closed"), "archived": _l("Archived"), "cancelled": _l("Cancelled"),
    },
    "severity": {"P0": _l("Critical"), "P1": _l("Major"), "P2": _l("Normal"), "P3": _l("Minor")},
    "impact": {
        "single": _l("Only me"), "department": _l("My department"), "majority": _l("Half of the users or more"),
        "all": _l("Everybody"),
    },
    "urgency": {
        "low": _l("Can wait"), "medium": _l("Hinders work"), "high": _l("Stops work"),
        "critical": _l("Stops the business"),
    },
    "category": {
        "system": _l("System failure"), "function": _l("Functional defect"), "performance": _l("Performance"),
        "account": _l("Account"), "security": _l("Security"), "hardware": _l("Hardware"), "network": _l("Network"),
        "configuration": _l("Configuration"), "question": _l("Operation question"), "data": _l("Wrong data"),
        "other": _l("Other"),
    },
    "channel": {"web": _l("Web form"), "telephone": _l("Telephone")},
    "clock": {
        "register": _l("Registration"), "triage": _pl("clock", "Triage"), "respond": _l("Response"),
        "plan": _pl("clock", "Plan"), "approve": _l("Approval"), "test": _l("Testing"), "resolve": _l("Resolution"),
        "resolve_max": _l("Latest resolution"), "update": _l("Next update"), "follow_up": _l("Follow-up"),
        "close": _l("Closing"), "assess": _l("Assessment"), "ratify": _l("Late approval"),
        "cooperate": _l("Answer of the other department"), "call_back": _l("Call back"),
    },
    "column": {
        "number": _l("Number"), "title": _l("Problem"), "severity": _l("Severity"), "status": _l("Status"),
        "state": _l("Stage"), "turn": _l("Whose turn"), "team": _l("Team"), "assignee": _l("Handled by"),
        "reporter": _l("Reported by"), "created_at": _l("Reported at"), "clock": _l("Next deadline"),
    },
    "clock_state": {
        "paused": _l("paused"), "met": _l("met in time"), "late": _l("met late"), "cancelled": _l("cancelled"),
    },
    "party": {
        "reporter": _l("Reporter"), "customer": _l("Customer"), "vendor": _l("Vendor"),
        "department": _l("Another department"), "approver": _l("Approver"), "window": _l("Scheduled window"),
    },
    "turn": {
        "customer": _l("Reporter or customer"), "first_line": _l("First line"), "engineer": _l("Engineer"),
        "approver": _l("Approver"), "verifier": _l("Verifier"), "supervisor": _l("Supervisor's review"),
        "department": _l("Another department"), "vendor": _l("Vendor"), "window": _l("Scheduled window"),
        "closed_hours": _l("Closed hours"), "nobody": _l("Nobody: it has ended"),
    },
    "absence": {
        "leave": _l("Leave"), "sick": _l("Illness"), "trip": _l("Business trip"), "training": _l("Training"),
        "other": _l("Other"),
    },
    "passed_over": {"absent": _l("is away, without a delegate who may act"), "vacant": _l("nobody holds this role")},
    "risk": {"standard": _l("Standard change"), "normal": _l("Normal change"), "major": _l("Major change")},
    "plan_kind": {"fix": _l("Fix"), "workaround": _l("Temporary workaround")},
    "decision": {
        "": _l("Not decided"), "approved": _l("Approved"), "returned": _l("Returned"), "withdrawn": _l("Withdrawn"),
        "rolled_back": _l("Rolled back"),
    },
    "extension": {
        "": _l("Not decided"), "granted": _l("Granted"), "refused": _l("Refused"), "lapsed": _l("Lapsed"),
    },
    "verdict": {"yes": _l("Solved"), "partly": _l("Partly solved"), "no": _l("Not solved")},
    "means": {
        "link": _l("through the link"), "portal": _l("on this site"), "spoken": _l("spoken, taken down"),
        "silence": _l("by silence"), "joint_test": _l("in the joint test"),
    },
    "cause": {
        "code": _l("Defect in code"), "configuration": _l("Wrong configuration"), "capacity": _l("Lack of capacity"),
        "hardware": _l("Hardware failure"), "network": _l("Network failure"), "data": _l("Wrong data"),
        "third_party": _l("Third party"), "operation": _l("Mistake in operation"), "change": _l("Earlier change"),
        "unknown": _l("Not known"),
    },
    "level": {"": "–", "junior": _l("Junior"), "senior": _l("Senior")},
    "missing": {
        "category": _l("Category"), "root_cause": _l("Root cause"), "plan": _l("Plan"),
        "implementation": _l("Implementation record"), "verification": _l("Verification report"),
        "result": _l("Result for the customer"), "confirmation": _l("Confirmation by the customer"),
        "call_back": _l("Call back"),
    },
    "death": {
        "revoked": _l("This link has been revoked."), "expired": _l("This link has expired."),
        "superseded": _l("This link belongs to an earlier round; a newer one has been sent."),
    },
    "event": {
        "reported": _l("Reported"), "triaged": _l("Triaged"), "answered": _l("Answered at once"),
        "taken": _l("Taken up"), "handed_over": _l("Handed over"), "plan_submitted": _l("Plan submitted"),
        "standard_change_used": _l("Standard change used"), "approved": _l("Plan approved"),
        "returned": _l("Plan returned"), "withdrawn": _l("Plan withdrawn"), "worked": _l("Step carried out"),
        "fixed": _l("Carried out"), "rolled_back": _l("Rolled back"), "test_passed": _l("Test passed"),
        "test_failed": _l("Test failed"), "confirmed": _l("Confirmed"), "partly_confirmed": _l("Partly confirmed"),
        "silently_confirmed": _l("Confirmed by silence"), "disputed": _l("Not solved"), "sent_back": _l("Sent back"),
        "closed": _l("Closed"), "reopened": _l("Reopened"), "archived": _l("Archived"), "cancelled": _l("Cancelled"),
        "noted": _l("Note"), "updated": _l("Update"), "called": _l("Conversation"),
        "step_logged": _l("Investigation step"), "diagnosed": _l("Root cause recorded"), "asked": _l("Question"),
        "supplied": _l("Information added"), "waited": _l("Waiting"), "resumed": _l("Resumed"),
        "regraded": _l("Severity changed"), "attached": _l("Files added"),
        "acknowledged": _l("Escalation acknowledged"),
        "reported_up": _l("Reported upward"), "warned": _l("Warning"), "escalated": _l("Escalated"),
        "followed": _l("Followed"), "unfollowed": _l("No longer followed"), "link_sent": _l("Link sent"),
        "link_revoked": _l("Link revoked"), "redacted": _l("Redacted"),
        "calendar_changed": _l("Service calendar changed"),
        "extension_requested": _l("More time asked for"), "extension_granted": _l("More time granted"),
        "extension_refused": _l("More time refused"), "called_back": _l("Called back"),
        "solution_reused": _l("Known solution used"), "reminded": _l("Reminded"),
    },
    "letter": {
        "receipt": _l("Receipt"), "accepted": _l("Being handled"), "regraded": _l("Severity changed"),
        "question": _l("Question"), "update": _l("Update"), "result": _l("Solved, please confirm"),
        "reminder": _l("Reminder"), "link": _l("Link"), "closed": _l("Closed"), "cancelled": _l("Cancelled"),
        "new_report": _l("New report"), "p0": _l("Critical fault"), "assigned": _l("Assigned"),
        "supplied": _l("Information added"), "to_approve": _l("Plan to decide"), "plan_approved": _l("Plan approved"),
        "plan_returned": _l("Plan returned"), "to_test": _l("To test"), "test_failed": _l("Test failed"),
        "to_review": _l("To review"), "confirmed": _l("Confirmed"), "disputed": _l("Not solved"),
        "sent_back": _l("Sent back"), "warning": _l("Warning"), "escalated": _l("Escalated"),
        "to_extend": _l("More time to decide on"), "extended": _l("New time of resolution"),
        "extension_granted": _l("More time granted"), "extension_refused": _l("More time refused"),
        "password": _l("New password"), "stand_in": _l("Standing in"), "shift_taken": _l("On call"),
        "policy_proposed": _l("Policy to confirm"), "drill": _l("Drill"),
    },
    "sign": {"ok": _l("works"), "degraded": _l("away, done without"), "broken": _l("broken")},
    "satisfaction": {
        "satisfied": _l("Satisfied"), "mostly_satisfied": _l("Mostly satisfied"), "dissatisfied": _l("Dissatisfied"),
        "needs_improvement": _l("Needs improvement"),
    },
}  # fmt: skip


def register(app: Flask) -> None:
    """Language, zone, filters and globals of every template."""
    Babel(app, locale_selector=locale, default_locale="zh", default_timezone="UTC")
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(translated, _counted, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals["_"] = _translated_here
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(local=local, linebreaks=linebreaks, size=size)
    app.jinja_env.globals.update(label=label, level_words=level_words, answer_words=answer_words)
    app.jinja_env.globals.update(now=clock.now, named=named, in_words=in_words, static=static)
    app.context_processor(_of_every_page)
    with app.app_context():
        app.jinja_env.globals["ui"] = app.jinja_env.get_template("components/ui.html").module


def label(kind: str, code: str | None) -> str:
    """The word for a code; the code itself where there is none."""
    words = WORDS.get(kind, {})
    if (code or "") not in words:
        return code or ""
    known: dict[tuple[str, str | None], str] = _of_page("words", lambda: _labels.setdefault(str(get_locale()), {}))
    if (kind, code) not in known:
        known[kind, code] = str(words[code or ""])
    return known[kind, code]


_labels: dict[str, dict[tuple[str, str | None], str]] = {}  # by language: as many as there are codes


def level_words(ticket: Any, code: str = "") -> str:
    """What the ticket's own policy calls a severity (P3.2); its present one if none is named."""
    known: dict[tuple[int, str], str] = _of_page("levels", dict)
    key = (ticket.policy_version_id, code or ticket.severity)
    if key not in known:
        known[key] = str(getattr(ticket.policy_version.pack.level(key[1]).title, locale_of_words()))
    return known[key]


def answer_words(ticket: Any, code: str) -> str:
    """What an answer is called on the scale of the ticket's own policy (P10.5)."""
    scale = {choice.code: choice.title for choice in ticket.policy_version.pack.satisfaction}
    return str(getattr(scale[code], locale_of_words())) if code in scale else label("satisfaction", code)


def level_choices(ticket: Any) -> list[tuple[str, str]]:
    """(code, word) of every level, as the ticket's own policy calls them."""
    return [(level.code, level_words(ticket, level.code)) for level in ticket.policy_version.pack.levels]


def locale_of_words() -> str:
    """Which of the two languages of a policy's own words is read here."""
    return "en" if str(get_locale()) == "en" else "zh"


def named(thing: Any) -> str:
    """The name of a team, department or service in the reader's language."""
    if thing is None:
        return ""
    english = getattr(thing, "name_en", "")
    return str(english if english and str(get_locale()) == "en" else thing.name)


def forget_page() -> None:
    """What was looked up once for this page or letter; the next one may be in another language or zone."""
    for name in ("words", "levels", "zone", "translations", "locale"):
        g.pop(name, None)


def choices(kind: str, codes: Any = None) -> list[tuple[str, str]]:
    """(code, word) of a kind, for the choices of a form."""
    return [(str(code), label(kind, str(code))) for code in (codes or WORDS[kind])]


def locale() -> str:
    """The reader's language: chosen in this browser, else their own, else what the browser prefers, else Chinese."""
    forced = g.get("locale")
    chosen = forced or session.get("language") or (current_user.locale if current_user.is_authenticated else "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "zh"


def zone() -> ZoneInfo:
    """The reader's time zone."""
    return ZoneInfo(current_user.time_zone if current_user and current_user.is_authenticated else DEFAULT_ZONE)


def local(instant: datetime | str | None) -> str:
    """`2026-11-22 14:05` in the reader's zone; a frozen record holds its instants as ISO text."""
    instant = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return instant.astimezone(_of_page("zone", zone)).strftime("%Y-%m-%d %H:%M") if instant else ""


def linebreaks(text: str | None) -> Markup:
    """What people typed, escaped, with its line breaks."""
    return Markup("<br>").join(escape(line) for line in (text or "").splitlines())


def size(count: int) -> str:
    """Bytes as `12 kB` or `3.4 MB`, the same in both languages and in app.js."""
    return f"{-(-count // 1000)} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def live_topics(*topics: str) -> str:
    """The signed list of what a page may watch; the live hub sends nothing else."""
    seal = URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="live-topics")
    return str(seal.dumps(list(topics)))


def _of_page(name: str, make: Callable[[], T]) -> T:
    found: T | None = g.get(name)
    if found is None:
        found = make()
        setattr(g, name, found)
    return found


def translated(message: str) -> str:
    """gettext for templates and lists, with the catalogue found once a page."""
    return str(_of_page("translations", get_translations).ugettext(message))


@pass_eval_context
def _translated_here(here: EvalContext, message: str, **values: Any) -> str:
    """The `_` of templates: what Jinja's own does in three calls, in one; a page says it a hundred times."""
    said = translated(message)
    return (Markup(said) if here.autoescape else said) % values  # noqa: S704 - as Jinja's: the catalogue is ours


def static(name: str) -> str:
    """Where a file of static/ is fetched from; icons ask for it thirty times a page."""
    return f"{current_app.static_url_path}/{name}"


def in_words(template: str) -> Markup:
    """A part that holds nothing but words, drawn once a language."""
    words = current_app.jinja_env.get_template(template)
    return kept(("words", template, str(get_locale())), lambda: Markup(words.render()))  # noqa: S704 - a template


def _counted(one: str, many: str, number: int) -> str:
    return str(_of_page("translations", get_translations).ungettext(one, many, number))


def _of_every_page() -> dict[str, Any]:
    settings = current_app.config["SETTINGS"]
    person = current_user._get_current_object()
    known = person.is_authenticated
    topics = [f"u-{person.id}", *g.get("topics", [])] if known else []
    return {
        "env": settings.env,
        "locale": locale(),
        "theme": (person.theme if known else session.get("theme")) or "auto",
        "topics": live_topics(*topics) if topics else "",
        "nav_items": _nav(person) if known else [],
        "unread": unread_count(person) if known and "unread" not in g else g.get("unread", 0),
        "demo_clock_url": url_for("admin.demo_clock") if known and allows(person, "move_demo_clock") else "",
    }


WAYS = (
    (_l("Report"), "intake.report", "report"),
    (_l("My reports"), "intake.my", "report"),
    (_l("Triage"), "triage.queue", "view_triage"),
    (_l("Workbench"), "board.bench", "view_bench"),
    (_l("Approvals"), "approval.inbox", "view_approvals"),
    (_l("Watch"), "board.watch", "view_watch"),
    (_l("Knowledge"), "knowledge.articles", "view_article"),
    (_l("Archive"), "archiving.archive", "view_archive"),
    (_l("Administration"), "admin.home", "administer"),
)
_ways: dict[Any, list[tuple[str, str, str]]] = {}  # a few combinations of roles, in two languages


def _nav(person: Person) -> list[tuple[str, str, bool]]:
    """The way round, by what the roles of the person may do; at most seven words."""
    known = (person.roles, person.active, locale())
    if known not in _ways:
        _ways[known] = [(str(word), url_for(end), end) for word, end, action in WAYS if allows(person, action)]
    return [(word, url, end == request.endpoint) for word, url, end in _ways[known]]
