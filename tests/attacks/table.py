"""Every attack of the catalogue, A01 to A67: which function or which tests show that the house withstands it."""

from dataclasses import dataclass

from tests.attacks import (
    answers,
    bodies,
    deeds,
    deployment,
    injection,
    links,
    outside,
    parameters,
    requests,
    rights,
    theft,
    times,
)
from tests.attacks.figures import Attack as Function

REFUSALS = "models/test_approval_refusals.py"
DECISIONS = "blueprints/test_approval_decisions.py"
LINK = "blueprints/test_customer_verification.py"
DOORS, LIMITS = "blueprints/test_doors.py", "models/test_rate_limits.py"


@dataclass(frozen=True)
class Attack:
    """One row: what is tried; functions of ours, tests of the suite (below tests/), or why there is neither."""

    name: str
    what: str
    by: tuple[Function, ...] = ()
    nodes: tuple[str, ...] = ()
    why_not: str = ""


ROWS = (
    # injection and browser
    Attack("A01", "markup in every text field of every form, then every page", (injection.a01, injection.a01_all)),
    Attack("A02", "schemes that run something, in texts, solutions and addresses", (injection.a02,)),
    Attack("A03", "hx-get, hx-on:, forms, base and refresh in what people write", (injection.a03,)),
    Attack("A04", "breaking out of title=, aria-label=, value=", (injection.a04,)),
    Attack("A05", "files that run: SVG, HTML, XML, PDF, MHT", (bodies.a05,)),
    Attack(
        "A06",
        "SQL in parameters, ids, headers, cookies",
        (parameters.a06,),
        ("house/test_habits.py::test_queries_are_bound",),
    ),
    Attack("A07", "sorting and filtering by secret columns", (parameters.a07,)),
    Attack("A08", "endless patterns, far pages, numbers that are none", (parameters.a08,)),
    Attack("A09", "templates and formats in texts and letters", (injection.a09,)),
    Attack(
        "A10",
        "ends of lines and NUL in subjects, names, headers",
        (injection.a10,),
        ("workers/test_mail.py::test_a_control_character_never_reaches_a_header",),
    ),
    Attack("A11", "formulas in exports", (parameters.a11,)),
    Attack("A12", "texts on which patterns take for ever", (parameters.a12,)),
    Attack("A13", "forged lines in the log", (parameters.a13,)),
    Attack("A14", "fields sent twice, or in the address", (parameters.a14,)),
    # sessions, login, CSRF, redirects
    Attack(
        "A15",
        "a session that somebody else has fixed",
        nodes=(
            "blueprints/test_account.py::test_signing_in_begins_a_clean_cookie",
            f"{DOORS}::test_a_cookie_that_was_there_before_signing_in_is_worth_nothing_after",
        ),
    ),
    Attack(
        "A16",
        "the cookie after logout, new password, new roles, leaving",
        nodes=(
            "blueprints/test_account.py::test_the_cookie_ends_with_sign_out_even_if_it_was_copied",
            "blueprints/test_account.py::test_a_new_password_ends_every_other_session",
            "blueprints/test_account.py::test_an_idle_session_ends",
            "models/test_accounts.py::test_what_ends_every_session",
        ),
    ),
    Attack(
        "A17",
        "accounts told apart by what a sign-in answers",
        (times.a17_all,),
        (
            "blueprints/test_account.py::test_wrong_absent_and_closed_accounts_read_the_same",
            "blueprints/test_account.py::test_the_same_answer_whether_the_account_exists",
            f"{DOORS}::test_a_known_and_an_unknown_name_get_the_same_answer",
            f"{DOORS}::test_asking_for_a_link_does_the_same_for_nobody",
        ),
    ),
    Attack(
        "A18",
        "guessing passwords",
        nodes=(
            f"{DOORS}::test_after_some_wrong_passwords_one_waits_whoever_it_is",
            f"{DOORS}::test_the_one_it_belongs_to_gets_in_on_a_device_that_knows_them",
            f"{DOORS}::test_many_names_from_one_address",
            f"{DOORS}::test_codes_are_not_guessed",
            f"{LIMITS}::test_a_hundred_at_once_get_no_further_than_one_after_the_other",
        ),
    ),
    Attack("A19", "absurd passwords", nodes=("models/test_passwords.py",)),
    Attack(
        "A20",
        "forged requests to every route",
        (requests.a20, requests.a20_all),
        (
            "house/test_answers.py::test_a_token_shown_to_one_is_no_use_to_another",
            "house/test_answers.py::test_a_token_is_bound_to_its_form",
        ),
    ),
    Attack(
        "A21",
        "every route by HEAD, OPTIONS, TRACE and override",
        (requests.a21, requests.a21_all),
        ("house/test_crawl.py::test_looking_changes_nothing",),
    ),
    Attack("A22", "forged sign-in and sign-out", (requests.a22,)),
    Attack("A23", "next= that leads elsewhere", (requests.a23,)),
    Attack("A24", "other hosts, forwarded hosts, rewritten addresses", (requests.a24,)),
    Attack(
        "A25",
        "headers of every route, status and content type",
        (answers.a25,),
        ("workers/test_live.py::test_the_stream_only_answers_get_and_carries_the_headers_of_every_page",),
    ),
    Attack(
        "A26",
        "inline scripts, styles, handlers; unsafe policies",
        (answers.a26,),
        ("house/test_templates.py::test_refused",),
    ),
    Attack("A27", "frames round the pages of decisions", (answers.a27,)),
    Attack("A28", "the cookie's name and flags; tossed and nameless ones", (answers.a28,)),
    Attack("A29", "forged, cut and re-keyed sessions", (answers.a29,)),
    Attack("A30", "a cache between two people", (answers.a30,)),
    # authorisation and workflow
    Attack(
        "A31",
        "every route by every role on every thing",
        (rights.a31, rights.a31_all),
        ("models/test_permissions_page.py::test_every_cell",),
    ),
    Attack(
        "A32",
        "a route without a rule",
        nodes=(
            "house/test_answers.py::test_the_house_does_not_open_while_a_door_has_no_rule",
            "house/test_answers.py::test_every_route_declares_who_may",
        ),
    ),
    Attack("A33", "ids of others and of nobody", (rights.a33, times.a33_all)),
    Attack("A34", "parts of pages asked for directly", (rights.a34, rights.a34_all)),
    Attack("A35", "every column posted to every form", (deeds.a35,)),
    Attack(
        "A36",
        "approving one's own, by whichever account",
        nodes=(
            f"{REFUSALS}::test_nobody_decides_on_their_own_plan_by_another_account",
            f"{REFUSALS}::test_an_account_that_turns_out_to_be_the_authors",
            f"{REFUSALS}::test_nobody_decides_on_what_they_carry_out_by_another_account",
            "models/test_permissions.py::test_nobody_decides_on_their_own_plan_or_work",
        ),
    ),
    Attack(
        "A37",
        "approving for another team, or after the delegation",
        nodes=(
            f"{REFUSALS}::test_a_role_lost_in_the_team_of_the_seat",
            "models/test_permissions.py::test_a_role_in_one_team_ends_at_its_door",
            f"{DECISIONS}::test_a_delegation_that_has_ended_decides_no_more",
        ),
    ),
    Attack(
        "A38",
        "editing the plan under an approval",
        nodes=(
            f"{REFUSALS}::test_a_stale_round",
            f"{REFUSALS}::test_another_text_than_the_one_that_was_read",
            f"{REFUSALS}::test_what_is_swapped_under_an_approval_is_noticed",
            f"{DECISIONS}::test_a_stale_page_names_what_has_changed_and_leads_on",
        ),
    ),
    Attack(
        "A39",
        "deeds in states that do not allow them",
        (deeds.a39,),
        ("models/test_workflow.py::test_everything_else_is_refused_and_writes_nothing",),
    ),
    Attack(
        "A40",
        "dodging an escalation by severity, waiting or ladder",
        nodes=(
            "blueprints/test_triage.py::test_another_level_than_the_matrix_needs_a_reason",
            "models/test_waiting.py::test_who_is_waited_for_is_kept_with_the_reason",
            "models/test_extension.py::test_nobody_grants_their_own_request",
            "models/test_policies.py::test_a_running_ticket_keeps_its_edition",
            "models/test_policies.py::test_the_database_refuses_to_change_an_edition",
        ),
    ),
    Attack("A41", "rights that ended between form and click", (deeds.a41,)),
    Attack(
        "A42",
        "raising oneself; removing the last administrator",
        nodes=(
            "models/test_accounts.py::test_the_last_administrator_stays_one",
            "models/test_permissions.py::test_commands_beside_the_road_refuse_too",
            f"{DOORS}::test_nobody_else_may_touch_roles_codes_and_factors",
            f"{DOORS}::test_sensitive_acts_ask_for_the_password_again_and_keep_what_was_typed",
        ),
    ),
    Attack(
        "A43",
        "internal words on customers' pages",
        nodes=(
            "house/test_answers.py::test_internal_text_never_reaches_the_link",
            f"{LINK}::test_only_public_words_are_shown",
            "models/test_messages.py::test_internal_text_is_told_to_nobody",
        ),
    ),
    Attack("A44", "fifty at once on one deed", (deeds.a44, deeds.a44_all), ("models/test_races.py",)),
    # signed links
    Attack(
        "A45",
        "links opened ten thousand times by programs",
        nodes=("browser/test_scanner.py", f"{LINK}::test_looking_changes_nothing_however_often"),
    ),
    Attack(
        "A46",
        "answers sent again, and both answers",
        nodes=(
            f"{LINK}::test_answering_twice_counts_once",
            f"{LINK}::test_answering_the_question_twice_counts_once",
            "models/test_links.py::test_an_answer_counts_once",
        ),
    ),
    Attack(
        "A47",
        "tampered tokens",
        (links.a47,),
        (
            "models/test_links.py::test_only_the_exact_token_opens",
            f"{LINK}::test_a_dead_link_is_410_for_looking_and_for_acting",
        ),
    ),
    Attack(
        "A48",
        "tokens in rows, logs, titles, headers",
        (links.a48, deployment.a63),
        ("models/test_links.py::test_the_token_is_nowhere_in_the_database",),
    ),
    Attack(
        "A49",
        "what a customer's page loads",
        nodes=("house/test_crawl.py::test_a_customers_page_loads_nothing_of_others",),
    ),
    Attack("A50", "guessing tokens", nodes=(f"{DOORS}::test_guessed_links_are_looked_for_some_times_only",)),
    Attack(
        "A51",
        "links of an earlier round",
        nodes=(
            "models/test_links.py::test_a_link_of_an_earlier_round",
            "models/test_links.py::test_a_revoked_link",
            f"{LINK}::test_a_dead_question",
        ),
    ),
    # files, network, resources
    Attack("A52", "names of files", (bodies.a52,)),
    Attack("A53", "files that are not what they say", (bodies.a53,)),
    Attack("A54", "bombs", (bodies.a54,)),
    Attack(
        "A55",
        "absurd bodies, requests of two minds",
        (bodies.a55, bodies.a55_all),
        (
            "workers/test_live.py::test_a_body_that_is_too_long_is_refused",
            "workers/test_live.py::test_a_header_with_an_underscore_does_not_pass_for_another",
        ),
    ),
    Attack("A56", "filling the disk", nodes=(f"{DOORS}::test_too_many_files",)),
    Attack(
        "A57",
        "addresses that we would fetch",
        (outside.a57,),
        (
            "house/test_floors.py::test_only_channels_speak_to_the_outside_world",
            "workers/test_outward.py::test_what_is_not_public_is_not_called",
            "workers/test_outward.py::test_what_is_no_plain_address_is_not_called",
            "workers/test_outward.py::test_one_call_to_the_address_that_was_looked_up",
            "workers/test_outward.py::test_a_redirect_is_not_followed_and_a_refusal_is_told",
        ),
    ),
    Attack(
        "A58",
        "jobs that are not ours in Redis",
        nodes=("workers/test_engine.py::test_jobs_that_are_not_ours_are_refused_and_the_worker_lives",),
    ),
    Attack("A59", "a thousand ranges", (bodies.a59,)),
    Attack(
        "A60",
        "creating in masses",
        nodes=(
            f"{DOORS}::test_whoever_reports_too_much_is_asked_to_wait_and_loses_no_word",
            f"{LIMITS}::test_every_limit_is_used_and_every_action_has_one",
        ),
    ),
    # deployment and evidence
    Attack(
        "A61",
        "starting production unsafely",
        (deployment.a61,),
        (
            "workers/test_supervisor.py::test_a_redis_that_throws_jobs_away_is_refused",
            "workers/test_doctor.py::test_production_refuses_unsafe_settings",
            "workers/test_doctor.py::test_production_refuses_open_doors",
        ),
    ),
    Attack(
        "A62",
        "sources, consoles, figures from outside",
        (deployment.a62,),
        ("blueprints/test_health.py::test_figures_are_for_the_same_machine_only",),
    ),
    Attack(
        "A63",
        "secrets in errors",
        (deployment.a63,),
        ("blueprints/test_health.py::test_a_broken_database_is_said_without_details",),
    ),
    Attack(
        "A64",
        "forging the record",
        nodes=(
            "models/test_journal.py::test_a_forged_event_is_named",
            "models/test_audit_verify.py::test_every_kind_of_forgery_is_named",
            "models/test_audit_verify.py::test_what_is_cut_off_at_the_end_is_missed",
            "models/test_audit_verify.py::test_removed_checkpoints_are_missed",
        ),
    ),
    Attack(
        "A65",
        "a stolen database or backup",
        (theft.a65, theft.a65_all),
        (
            "workers/test_backup.py::test_no_secret_is_in_it",
            "models/test_links.py::test_the_token_is_nowhere_in_the_database",
            "blueprints/test_feeds.py::test_no_token_is_stored",
        ),
    ),
    Attack(
        "A66",
        "packages that nobody pinned",
        (outside.a66,),
        (
            "house/test_tree.py::test_pinned_with_hashes",
            "house/test_tree.py::test_vendored_files_are_as_they_came",
            "house/test_routes.py::test_the_bill_of_materials_names_every_pin",
        ),
    ),
    Attack(
        "A67",
        "claiming the desk a second time",
        nodes=(
            "blueprints/test_setup.py::test_only_the_code_makes_an_administrator",
            "blueprints/test_setup.py::test_nobody_claims_it_twice",
            "blueprints/test_setup.py::test_the_code_is_for_its_owner_only",
        ),
    ),
)
ATTACKS = {attack.name: attack for attack in ROWS}
FUNCTIONS = list({function: (attack.name, function) for attack in ROWS for function in attack.by}.values())
