"""The story of a ticket in words: what each moment is called, who it was, where its files are."""

from types import SimpleNamespace
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from blueprints.access import me
from blueprints.labels import event_words, label, level_words, local
from models.ground.vocabulary import Kind
from models.insight.story import Moment, story
from models.record.event import is_of_another_kind
from models.record.ticket import Ticket
from models.rules import workflow

MERGING = ("merged", "absorbed", "unmerged", "released", "split_off")  # whoever sees the one sees the other


def told(ticket: Ticket, *, internal: bool) -> list[Moment]:
    """The moments that the reader may see, ready for `ui.timeline`."""
    may_redact = workflow.can(me(), "redact", ticket)
    moments = story(ticket, internal=internal)
    for moment in moments:
        _dress(moment, ticket, may_redact)
    return moments


def _dress(moment: Any, ticket: Ticket, may_redact: bool) -> None:
    more = _more(moment, moment.name, moment.details)
    moment.title = event_words(moment.name, of_request=ticket.is_request) + (_(": ") + more if more else "")
    if moment.who is None and moment.who_name:
        moment.who = SimpleNamespace(name=moment.who_name)
    for file in moment.files:
        file.url = url_for("tickets.file", number=ticket.number, key=file.key)
    if may_redact and moment.entry_id and not moment.redacted:
        moment.redact_url = url_for("tickets.redact", entry_id=moment.entry_id)


def _more(moment: Moment, name: str, d: dict[str, Any]) -> str:
    """What distinguishes this moment from others of its kind."""
    if name == "warned":
        return f"{label('clock', d['kind'])} {d['percent']}%" if "percent" in d else ""
    if name == "escalated":
        return f"{label('clock', d['kind'])} → {label('role', d['role'])}" if "role" in d else ""
    if "severity" in d and name in ("reported", "triaged", "regraded", "policy_changed"):
        given = _level(moment, d)
        return f"{given} → {d['assignee_name']}" if d.get("assignee_name") else given
    if name in ("direction_agreed", "delivery_changed"):
        return local(d.get("deliver_at"))
    if name in ("assessed", "postponed"):
        return label("feasibility", d.get("verdict"))
    if name in MERGING:
        return str(d.get("other") or d.get("into") or d.get("out_of") or "")
    if name == "waited":
        return label("party", d.get("party"))
    if name.startswith("extension_"):
        return local(d.get("until") or d.get("due"))
    if name == "diagnosed":
        return label("cause", d.get("cause"))
    if name == "reminded":
        return str(d.get("reminder", ""))
    if name == "retitled":
        return _("it was called")
    if d.get("failed"):
        return _("failed")
    if "revision" in d:
        return _("revision %(number)s", number=d["revision"])
    return str(d.get("assignee_name", ""))


def _level(moment: Moment, d: dict[str, Any]) -> str:
    """Level or priority; and that a fault became a request, or the other way round (P3.1)."""
    kind = d.get("ticket_kind")
    words = label("priority", d["severity"]) if kind == Kind.REQUEST else level_words(moment, d["severity"])
    turned = f"{label('kind', d['was_ticket_kind'])} → {label('kind', kind)} · " if is_of_another_kind(d) else ""
    return f"{turned}{d['severity']} {words}"
