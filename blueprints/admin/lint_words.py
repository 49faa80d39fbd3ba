"""What the check of a policy has found, in words, and where it is mended."""

from collections.abc import Callable
from typing import NamedTuple

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints.admin.policy_words import column_word
from blueprints.labels import label, local, named
from blueprints.limits import typed
from models.insight.finding import Finding
from models.insight.subject import Subject
from models.policy.pack import Pack


class Mended(NamedTuple):
    """A page, and what one must be allowed to do to see it."""

    url: str
    action: str


def sentence(finding: Finding, pack: Pack) -> str:
    """Who, what, when."""
    return _SENTENCES[finding.rule](finding, pack)


def mended_at(finding: Finding, subject: Subject) -> Mended:
    """Where somebody goes to put it right."""
    if finding.starts_at:
        return Mended(url_for("on_call.week", week=local(finding.starts_at)[:10]), "view_rota")
    if finding.person:
        return Mended(url_for("admin.show_person", thing_id=finding.person.id), "administer")
    if finding.role:
        return Mended(url_for("admin.list_people"), "administer")
    if finding.calendar:
        return Mended(url_for("admin.show_calendar", thing_id=finding.calendar.id), "edit_calendar")
    return Mended(_policy_url(subject), "edit_policy")


def _policy_url(subject: Subject) -> str:
    if subject.draft_id:
        return url_for("admin.edit_policy", thing_id=subject.draft_id)
    if subject.version.id:
        return url_for("admin.show_policy", thing_id=subject.version.id)
    return url_for("admin.policies")


def _whose(finding: Finding) -> str:
    """The role, and the team if it is about one."""
    role = label("role", finding.role)
    return f"{role} · {named(finding.team)}" if finding.team else role


def _name(finding: Finding) -> str:
    return finding.person.name if finding.person else ""


def _calendar(finding: Finding) -> str:
    return finding.calendar.name if finding.calendar else ""


def _limit(finding: Finding, pack: Pack, kind: str = "") -> str:
    return typed(pack.target(kind or finding.kind, finding.level))


def _when(finding: Finding) -> dict[str, str]:
    return {"start": local(finding.starts_at), "end": local(finding.ends_at)}


def _without_clock(f: Finding, pack: Pack) -> str:
    return _(
        "%(level)s: the matrix proposes this level, but it has no time limit at all.", level=column_word(pack, f.level)
    )


def _update_too_late(f: Finding, pack: Pack) -> str:
    return _(
        "%(level)s: to be resolved within %(resolve)s, but the first update is owed only after that (%(update)s).",
        level=column_word(pack, f.level), resolve=_limit(f, pack), update=_limit(f, pack, f.other),
    )  # fmt: skip


def _warned_too_late(f: Finding, pack: Pack) -> str:
    return _(
        "%(clock)s of %(level)s (%(limit)s): no warning rings while there is still a minute to act.",
        clock=label("clock", f.kind), level=column_word(pack, f.level), limit=_limit(f, pack),
    )  # fmt: skip


def _slow_to_climb(f: Finding, pack: Pack) -> str:
    return _(
        "%(clock)s of %(level)s allows %(limit)s, but each rung has %(minutes)s min before the next one is told.",
        clock=label("clock", f.kind), level=column_word(pack, f.level), limit=_limit(f, pack), minutes=f.count,
    )  # fmt: skip


def _more_than_resolve(f: Finding, pack: Pack) -> str:
    return _(
        "%(level)s: plan, approval and testing together may take longer than the resolution (%(resolve)s).",
        level=column_word(pack, f.level), resolve=_limit(f, pack),
    )  # fmt: skip


def _no_holidays(f: Finding, _pack: Pack) -> str:
    return _(
        "%(calendar)s does not know the holidays and make-up days of %(year)s yet.",
        calendar=_calendar(f), year=f.count,
    )  # fmt: skip


def _calendar_ends(f: Finding, _pack: Pack) -> str:
    return _("%(calendar)s does not open often enough any more: no time limit can be reckoned.", calendar=_calendar(f))


def _vacant(f: Finding, _pack: Pack) -> str:
    return _("%(role)s: nobody holds this role.", role=_whose(f))


def _ends_nowhere(f: Finding, _pack: Pack) -> str:
    return _(
        "%(role)s: the ladder ends here, and neither here nor above is anybody but the administrators.", role=_whose(f)
    )


def _no_last_resort(f: Finding, _pack: Pack) -> str:
    return _("%(role)s: nobody is left to be told when everybody else is passed over.", role=_whose(f))


def _left_alone(f: Finding, _pack: Pack) -> str:
    return _(
        "%(role)s: nobody is there from %(start)s to %(end)s, because %(name)s is away without a stand-in.",
        role=_whose(f), name=_name(f), **_when(f),
    )  # fmt: skip


def _on_two_rungs(f: Finding, _pack: Pack) -> str:
    return _(
        "%(name)s stands on two rungs of one ladder, as %(role)s and as %(other)s, and would be asked twice.",
        name=_name(f), role=label("role", f.role), other=label("role", f.other),
    )  # fmt: skip


def _without_email(f: Finding, _pack: Pack) -> str:
    return _(
        "%(role)s %(name)s has no e-mail address: an escalation waits in the inbox only.", role=_whose(f), name=_name(f)
    )


def _rota_gap(f: Finding, _pack: Pack) -> str:
    return ngettext(
        "%(role)s: nobody is on call from %(start)s to %(end)s.",
        "%(role)s: nobody is on call at %(num)s times of the next two weeks, first from %(start)s to %(end)s.",
        f.count, role=_whose(f), **_when(f),
    )  # fmt: skip


_SENTENCES: dict[str, Callable[[Finding, Pack], str]] = {
    "without_clock": _without_clock,
    "update_too_late": _update_too_late,
    "warned_too_late": _warned_too_late,
    "slow_to_climb": _slow_to_climb,
    "more_than_resolve": _more_than_resolve,
    "no_holidays": _no_holidays,
    "calendar_ends": _calendar_ends,
    "vacant": _vacant,
    "ends_nowhere": _ends_nowhere,
    "no_last_resort": _no_last_resort,
    "left_alone": _left_alone,
    "on_two_rungs": _on_two_rungs,
    "without_email": _without_email,
    "rota_gap": _rota_gap,
}
