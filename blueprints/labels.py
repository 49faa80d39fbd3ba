"""Words for codes, in the reader's language; and what every template may use."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, request, session, url_for
from flask_babel import Babel, force_locale, get_locale, get_translations, lazy_gettext
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from blueprints.kept import kept
from blueprints.seals import timed_seal
from blueprints.words import WORDS
from models.ground import clock
from models.insight.incidents import told_to
from models.insight.masking import mask
from models.policy.pack import REQUEST, Pack
from models.record.message import unread_count
from models.rules.permissions import allows

T = TypeVar("T")
LANGUAGES = ("zh", "en")
DEFAULT_ZONE = "Asia/Shanghai"
_l = lazy_gettext


def register(app: Flask) -> None:
    """Language, zone, filters and globals of every template."""
    Babel(app, locale_selector=locale, default_locale="zh", default_timezone="UTC")
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(translated, _counted, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals["_"] = _translated_here
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(local=local, linebreaks=linebreaks, size=size)
    app.jinja_env.globals.update(label=label, level_words=level_words, answer_words=answer_words)
    app.jinja_env.globals.update(event_words=event_words)
    app.jinja_env.globals.update(told_to=told_to, mask=mask)
    app.jinja_env.globals.update(now=clock.now, named=named, in_words=in_words, ways=ways)
    app.context_processor(_of_every_page)
    with app.app_context():
        app.jinja_env.globals["ui"] = app.jinja_env.get_template("components/ui.html").module


def label(kind: str, code: str | None) -> str:
    """The word for a code; the code itself where there is none."""
    words = WORDS.get(kind, {})
    if (code or "") not in words:
        return code or ""
    known: dict[tuple[str, str | None], str] = _of_page("words", lambda: _labels.setdefault(language(), {}))
    if (kind, code) not in known:
        known[kind, code] = str(words[code or ""])
    return known[kind, code]


def event_words(name: str, *, of_request: bool) -> str:
    """What an event is called; some have words of their own on a request: it is accepted, not solved (P8.3)."""
    return label("event_of_request" if of_request and name in WORDS["event_of_request"] else "event", name)


_labels: dict[str, dict[tuple[str, str | None], str]] = {}  # by language: as many as there are codes


def level_words(ticket: Any, code: str = "") -> str:
    """What the policy of a ticket, or of a moment of its story, calls a severity (P3.2); the present one if none is
    named. Of a request it is its priority, in words that are the same under every policy."""
    if getattr(ticket, "kind", "") == REQUEST:
        return label("priority", code or ticket.severity)
    known: dict[tuple[int, str], str] = _of_page("levels", dict)
    key = (ticket.policy_version_id, code or ticket.severity)
    if key not in known:
        known[key] = str(getattr(ticket.policy_version.pack.level(key[1]).title, language()))
    return known[key]


def answer_words(ticket: Any, code: str) -> str:
    """What an answer is called on the scale of the ticket's own policy (P10.5)."""
    scale = {choice.code: choice.title for choice in ticket.policy_version.pack.satisfaction}
    return str(getattr(scale[code], language())) if code in scale else label("satisfaction", code)


def level_choices(ticket: Any) -> list[tuple[str, str]]:
    """(code, code and word) of every level, as the ticket's own policy calls them; of a request its priorities."""
    levels = ticket.policy_version.pack.levels
    return [(level.code, f"{level.code} {level_words(ticket, level.code)}") for level in levels]


def policy_level_choices(pack: Pack) -> list[tuple[str, str]]:
    """(code, code and word) of every level of a policy, where its levels are not the usual ones of the page."""
    return [(level.code, f"{level.code} {getattr(level.title, language())}") for level in pack.levels]


def named(thing: Any) -> str:
    """The name of a team, department or service in the reader's language."""
    if thing is None:
        return ""
    english = getattr(thing, "name_en", "")
    return str(english if english and language() == "en" else thing.name)


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Words for somebody who reads this language, whoever looks at the page; what was found once a page is found
    anew, inside and afterwards."""
    before = g.get("locale")
    with force_locale(code):
        _forget_page()
        g.locale = code
        try:
            yield
        finally:
            _forget_page()
            g.locale = before


def _forget_page() -> None:
    for name in ("words", "levels", "zone", "translations", "language"):
        g.pop(name, None)


def choices(kind: str, codes: Any = None) -> list[tuple[str, str]]:
    """(code, word) of a kind, for the choices of a form."""
    return [(str(code), label(kind, str(code))) for code in (codes or WORDS[kind])]


def locale() -> str:
    """The reader's language: chosen in this browser, else their own, else what the browser prefers, else Chinese."""
    forced = g.get("locale")
    chosen = forced or session.get("language") or (current_user.locale if current_user.is_authenticated else "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "zh"


def language() -> str:
    """`zh` or `en`: the one that this page, letter or line is written in."""
    return _of_page("language", lambda: str(get_locale()))


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
    return str(timed_seal("live-topics").dumps(list(topics)))


def _of_page(name: str, make: Callable[[], T]) -> T:
    page = g._get_current_object()
    found: T | None = page.get(name)
    if found is None:
        found = make()
        setattr(page, name, found)
    return found


def translated(message: str) -> str:
    """gettext for templates and lists, with the catalogue found once a page."""
    return str(_of_page("translations", _catalogue).ugettext(message))


def _catalogue() -> Any:
    if (code := language()) not in _catalogues:
        _catalogues[code] = get_translations()
    return _catalogues[code]


_catalogues: dict[str, Any] = {}


@pass_eval_context
def _translated_here(here: EvalContext, message: str, **values: Any) -> str:
    """The `_` of templates: what Jinja's own does in three calls, in one; a page says it a hundred times."""
    said = translated(message)
    text = Markup(said) if here.autoescape else said  # noqa: S704 - as Jinja's: the catalogue is ours
    return text % values if values or "%" in said else text


def in_words(template: str) -> Markup:
    """A part that holds nothing but words, drawn once a language."""
    words = current_app.jinja_env.get_template(template)
    return kept(("words", template, language()), lambda: Markup(words.render()))  # noqa: S704 - a template


def _counted(one: str, many: str, number: int) -> str:
    return str(_of_page("translations", _catalogue).ungettext(one, many, number))


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
        "unread": unread_count(person) if known and "unread" not in g else g.get("unread", 0),
    }


WAYS = (
    (_l("Report"), "intake.report", "report"),
    (_l("My reports"), "intake.my", "report"),
    (_l("Triage"), "triage.queue", "view_triage"),
    (_l("Workbench"), "board.bench", "view_bench"),
    (_l("Approvals"), "approval.inbox", "view_approvals"),
    (_l("Cooperation"), "cooperation.inbox", "view_cooperations"),
    (_l("Watch"), "board.watch", "view_watch"),
    (_l("Knowledge"), "knowledge.articles", "view_article"),
    (_l("Archive"), "archiving.archive", "view_archive"),
    (_l("Administration"), "admin.home", "administer"),
)


def ways() -> list[tuple[str, str, str]]:
    """The way round, by what the roles of the reader may do: word, address, whether one is there ("page") or further
    in ("true"), else ""; at most seven."""
    person = current_user._get_current_object()
    return [(word, url_for(end), _whether_there(end)) for word, end, action in WAYS if allows(person, action)]


def _whether_there(end: str) -> str:
    rooms = [end.partition(".")[0] for _, end, _ in WAYS]
    room = end.partition(".")[0]
    if end == request.endpoint:
        return "page"
    return "true" if room == request.blueprint and rooms.count(room) == 1 else ""
