"""What people are told about, in a few subjects: of each they choose whether letters come, too. The inbox has all."""

from models.people.person import Person

CALLS = ("p0", "escalated")  # whoever gets one of these has to act, and so to see; no choice and no quiet hours
SUBJECTS: dict[str, tuple[str, ...]] = {
    "decisions": (
        "to_approve", "approver_added", "seat_handed_over", "seat_given_away", "plan_copied", "urged",
        "late_approval", "to_extend", "to_review", "to_test", "cooperation_asked",
    ),
    "work": (
        "new_report", "assigned", "undone", "chased", "supplied", "sent_back", "test_failed", "disputed", "confirmed",
        "direction_agreed", "direction_declined", "consented", "consent_refused", "cooperation_answered",
        "extension_granted", "extension_refused", "incident_solved", "absorbed", "lead_named",
    ),
    "plans": ("plan_approved", "plan_returned", "plan_withdrawn", "word_recorded", "late_approved", "late_refused"),
    "warnings": ("warning",),
    "reports": (
        "receipt", "accepted", "question", "result", "solved_too", "not_solved_too", "update", "reminder", "link",
        "regraded", "another_policy", "extended", "delivery_changed", "postponed", "postponed_too", "direction_asked",
        "consent_asked", "merged", "unmerged", "split_off", "closed", "closed_too", "cancelled",
    ),
}  # fmt: skip
# What asks its reader for nothing and stops no clock of theirs: only this may wait for the letter of the day.
NEWS = (
    "receipt", "accepted", "update", "regraded", "another_policy", "extended", "delivery_changed", "postponed_too",
    "solved_too", "not_solved_too", "merged", "split_off", "closed", "closed_too", "extension_granted", "plan_copied",
    "seat_given_away",
)  # fmt: skip
_OF_TEMPLATE = {template: subject for subject, templates in SUBJECTS.items() for template in templates}


def wants_letter(person: Person, template: str) -> bool:
    """Whether what is in the inbox anyway is to come by mail, too."""
    return _OF_TEMPLATE.get(template) not in (person.unmailed or ())
