"""The triggers by which the database itself refuses what must not be; migrations make them, the doctor counts them."""

GUARDS = frozenset(
    {
        "event_is_append_only_u", "event_is_append_only_d", "archive_is_frozen_d", "archive_is_frozen_u",
        "state_needs_its_event", "decision_stands", "plan_stands",
        "edition_stands_u", "edition_stands_d", "calendar_stands", "extension_stands", "plan_text_stands",
        "consent_stands_u", "consent_stands_d", "plan_step_stands_u", "plan_step_stands_d", "plan_step_stands_i",
        "plan_option_stands_u", "plan_option_stands_d", "plan_option_stands_i", "cooperation_stands",
        "plan_limit_stands", "deed_is_append_only_u", "deed_is_append_only_d",
    }
)  # fmt: skip
