"""What deeds are called, the things they were done to, and what they say of them."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from blueprints.labels import label, local
from models.clockwork.chains import CHANGED, PUT_IN, REMOVED, STATE, TEXT, UNREADABLE
from models.clockwork.verification import BOOK
from models.ground.vocabulary import Role
from models.record.deed import Deed, Said

DEEDS: dict[str, Any] = {
    "absence_announced": _l("Absence announced"), "absence_ended": _l("Absence ended"),
    "article_edited": _l("Article edited"), "article_published": _l("Article published"),
    "article_returned": _l("Article returned"), "calendar_chosen": _l("Calendar chosen"),
    "calendar_day_set": _l("Day of the calendar set"), "calendar_discarded": _l("Calendar draft discarded"),
    "calendar_drafted": _l("Calendar draft begun"), "calendar_import_taken": _l("Days imported into the calendar"),
    "calendar_published": _l("Calendar published"), "calendar_week_set": _l("Week of the calendar set"),
    "change_kept": _l("Standard change kept"), "change_retired": _l("Standard change retired"),
    "change_withdrawn": _l("Standard change withdrawn"), "clock_set": _l("Clock of a machine set"),
    "code_issued": _l("Reset code issued"), "code_used": _l("Password set with a reset code"),
    "codes_renewed": _l("Recovery codes renewed"), "demo_clock_moved": _l("Demonstration clock moved"),
    "desk_claimed": _l("Desk set up"),
    "drill_answered": _l("Drill answered"), "drill_started": _l("Drill started"), "duty_set": _l("Duty set"),
    "factor_added": _l("Second factor added"), "factor_removed": _l("Second factor removed"),
    "factor_roles_set": _l("Roles that need a second factor set"), "factors_removed": _l("Second factors removed"),
    "feed_ended": _l("Calendar subscription ended"), "feed_opened": _l("Calendar subscription opened"),
    "job_cancelled": _l("Somebody else's job called off"), "letter_tried_again": _l("Failed letter tried again"),
    "letters_let_go": _l("Letters that were held back let go"),
    "organisation_named": _l("Organisation named"), "passkey_added": _l("Passkey added"),
    "passkey_removed": _l("Passkey removed"), "password_renewed": _l("Own password changed"),
    "password_reset": _l("Password reset by mail"), "password_set": _l("Password set"),
    "person_added": _l("Account made"), "person_edited": _l("Account changed"), "person_left": _l("Account closed"),
    "person_returned": _l("Account opened again"), "policy_chosen": _l("Policy chosen"),
    "policy_discarded": _l("Policy draft discarded"), "policy_drafted": _l("Policy draft begun"),
    "policy_edited": _l("Policy draft edited"), "policy_imported": _l("Policy imported"),
    "policy_proposed": _l("Policy handed in for publishing"), "policy_published": _l("Policy published"),
    "proposal_withdrawn": _l("Policy taken back"), "record_added": _l("Master data added"),
    "record_edited": _l("Master data changed"), "reset_requested": _l("Password reset asked for"),
    "restored": _l("Restored from a backup"), "session_ended": _l("Session ended"),
    "sessions_ended": _l("All sessions ended"), "shift_added": _l("Shift added"), "shift_ended": _l("Shift ended"),
    "shift_handed_over": _l("Shift handed over"), "sign_in_paused": _l("Too many wrong passwords or codes"),
    "signed_in": _l("Signed in"), "template_kept": _l("Approval template kept"),
    "template_retired": _l("Approval template retired"), "trial_sent": _l("Letter of trial sent"),
}  # fmt: skip
THINGS: dict[str, Any] = {
    "absence": _l("Absence"), "approval_template": _l("Approval template"), "article": _l("Article"),
    "calendar": _l("Service calendar"), "contact": _l("Contact"), "customer": _l("Customer"),
    "department": _l("Department"), "drill": _l("Drill"), "feed": _l("Calendar subscription"),
    "handover": _l("Hand-over of a shift"), "job": _l("Job"), "message": _l("Letter"),
    "organisation": _l("Organisation"), "person": _l("User account"),
    "policy_draft": _l("Policy draft"), "policy_version": _l("Policy"), "service": _l("Service"),
    "shift": _l("Shift"), "standard_change": _l("Standard change"), "team": _l("Team"),
}  # fmt: skip
FIELDS: dict[str, Any] = {
    "active": _l("in use"), "calendar_id": _l("Service calendar"), "climb": _l("Next level"), "code": _l("Code"),
    "codes": _l("Recovery codes ended"), "feeds": _l("Calendar subscriptions ended"),
    "content": _l("Content"), "country": _l("Country"), "customer_id": _l("Customer"), "delegate_id": _l("Delegate"),
    "department_id": _l("Department"), "digest": _l("Digest"), "edition": _l("Edition"),
    "effective_at": _l("In force from"), "email": _l("E-mail"), "ends_at": _l("End"),
    "engineer_level": _l("Level"), "every_weeks": _l("Every so many weeks"),
    "factor_roles": _l("Roles with a second factor"), "giver_id": _l("Given by"), "handle": _l("Chat account"),
    "held": _l("Letters held"), "hours": _l("Hours"), "is_default": _l("For everybody else"), "kind": _l("Kind"),
    "known": _l("Letters known as sent"), "known_device": _l("On a known device"), "letters": _l("Letters"),
    "limit_amount": _l("Time limit"), "limit_basis": _l("Counted in"),
    "locale": _l("Language"), "login": _l("User name"), "name": _l("Name"), "name_en": _l("English name"),
    "note": _l("Note"), "on": _l("Day"), "on_duty": _l("On duty"), "pending": _l("Waiting for review"),
    "person_id": _l("Person"), "phone": _l("Telephone"), "policy_name": _l("Policy"),
    "published_at": _l("Published at"), "quorum": _l("How many"), "risk": _l("Risk"), "role": _l("Role"),
    "roles_held": _l("Roles"), "rule": _l("Rule"), "running": _l("Open tickets too"),
    "same_as_id": _l("Second account of"), "seats": _l("Approvers"), "seconds": _l("Seconds"),
    "source": _l("Source"), "starts_at": _l("Begin"),
    "state": _l("State"), "successor": _l("Successor"), "taker_id": _l("Taken by"), "team_id": _l("Team"),
    "title": _l("Title"), "tries": _l("Tries"), "until": _l("Until"),
}  # fmt: skip
WRONG: dict[str, Any] = {
    CHANGED: _l("changed"), REMOVED: _l("removed"), PUT_IN: _l("put in from outside"), UNREADABLE: _l("unreadable"),
    TEXT: _l("text changed"), STATE: _l("state changed"), BOOK: _l("checkpoints removed"),
    "restored": _l("missing since a restore"), "parted": _l("missing since the database was exchanged"),
}  # fmt: skip
ROLES = {str(role) for role in Role}


def changes(deed: Deed) -> list[tuple[str, str, str]]:
    """(field, before, after) of everything that is different."""
    names = list(dict.fromkeys([*deed.before, *deed.after]))
    return [(str(FIELDS.get(name, name)), _value(deed.before, name), _value(deed.after, name)) for name in names]


def in_one_line(deed: Deed) -> str:
    """The same, for a cell of a table that is taken along."""
    return "; ".join(f"{name}: {before or '–'} → {after or '–'}" for name, before, after in changes(deed))


def _value(said: Said, name: str) -> str:
    value = said.get(name, "")
    if isinstance(value, list):
        return _(", ").join(_word(str(each)) for each in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name.endswith("_at") and value:
        return local(datetime.fromisoformat(value))
    return _word(str(value))


def _word(value: str) -> str:
    """Roles by their names, with their team if they are of one."""
    role, of, team = value.partition(" @ ")
    return f"{label('role', role)}{of}{team}" if role in ROLES else value
