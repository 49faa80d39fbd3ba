"""Deeds: what is done beside the tickets leaves a record that the database keeps, in the same transaction."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from models.ground import clock
from models.ground.db import command as in_a_command
from models.ground.db import db
from models.ground.errors import Conflict, Invalid, Refused
from models.people.customer import Contact
from models.people.session import code_to_show
from models.people.team import Team
from models.policy.calendar import newest_calendars
from models.policy.pack import load_pack
from models.record import message
from models.record.deed import Deed
from models.record.message import Message
from models.rules import deeds
from models.rules.attempts import Attempt
from models.rules.deeds import VEIL
from models.steps import (
    absences,
    accounts,
    calendars,
    demo_clock,
    feeds,
    jobs,
    masterdata,
    organisation,
    outbox,
    policies,
    rotas,
)
from tests.factories import person
from tests.house.source import each, files, tree
from tests.models.test_journal import by_force, plainly

# Commands of these rooms that leave no deed, and why not.
SILENT = {
    "sign_out": "its session says when it ended",
    "prove": "changes nothing but for how long one is asked no more",
    "pretend_reset": "nothing happens, it only takes as long",
    "begin_authenticator": "nothing counts before its first code was typed",
    "propose_holidays": "nothing counts before it is taken over",
    "propose_file": "nothing counts before it is taken over",
    "drop_proposal": "nothing counts before it is taken over",
}
BY_HAND = {
    "request_reset", "use_reset", "use_code", "claim_desk", "describe_organisation", "name_organisation",
    "remove_passkey", "ask_factor", "send_trial_letter", "try_again", "let_go", "move_demo_clock",
}  # fmt: skip
ROOMS = (
    "absences", "accounts", "approval_templates", "calendars", "demo_clock", "drills", "factors", "feeds", "founding",
    "masterdata", "organisation", "outbox", "policies", "rotas",
)  # fmt: skip
SECRET = "hunter2 is secret"


def all_deeds() -> list[Deed]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Deed).order_by(Deed.id)))


def newest() -> Deed:
    return all_deeds()[-1]


def told(name: str) -> tuple[dict, dict]:
    """Before and after of the newest deed, which has this name."""
    deed = newest()
    assert deed.name == name
    return deed.before, deed.after


def test_a_change_of_roles_says_who_what_before_and_after(cast):
    with deeds.coming_from("10.0.0.7"):
        accounts.edit_person(person("li"), actor=person("admin"), roles=[("engineer", None), ("supervisor", None)])
    deed = newest()
    assert (deed.name, deed.actor_id, deed.thing, deed.thing_id) == (
        "person_edited", person("admin").id, "person", person("li").id,
    )  # fmt: skip
    assert (deed.thing_name, deed.address, deed.at) == ("李强 · li", "10.0.0.7", clock.now())
    assert deed.before.keys() == deed.after.keys() == {"roles_held"}
    assert deed.after["roles_held"] == ["engineer", "reporter", "supervisor"]
    assert "supervisor" not in deed.before["roles_held"]


def test_what_changes_nothing_leaves_nothing(cast):
    held = [(each.role, each.team_id) for each in person("li").roles_held]
    before = len(all_deeds())
    accounts.edit_person(person("li"), actor=person("admin"), roles=held, name=person("li").name)
    accounts.set_own_settings(person("li"), theme="dark", locale="en")
    assert len(all_deeds()) == before
    accounts.set_own_settings(person("li"), on_duty=False)
    assert told("duty_set") == ({"on_duty": True}, {"on_duty": False})


def test_what_is_refused_leaves_nothing(cast):
    before = len(all_deeds())
    for refused, command in (
        (Refused, lambda: accounts.reset_password(person("li"), actor=person("chen"), password=SECRET)),
        (Conflict, lambda: accounts.edit_person(person("admin"), actor=person("admin"), roles=[])),
        (Invalid, lambda: masterdata.add_record(Team, actor=person("admin"), name="")),
    ):
        with pytest.raises(refused):
            command()
    assert len(all_deeds()) == before


def test_no_password_and_no_address_of_anybody_stands_in_it(cast):
    admin, contact = person("admin"), db.session.scalars(select(Contact)).first()
    new = accounts.create_person(
        actor=admin, login="neu", name="新人", password=SECRET, roles=[], email="neu@example.com", phone="139 0000"
    )
    assert told("person_added")[1] | {"email": VEIL, "phone": VEIL, "login": "neu"} == told("person_added")[1]
    accounts.reset_password(new, actor=admin, password=SECRET + "1")
    assert told("password_set") == ({}, {})
    accounts.change_own_password(new, password=SECRET + "2", browser="")
    reset = accounts.request_reset(new)
    assert newest().actor_id is None
    token = reset.token
    accounts.use_reset(token=token, password=SECRET + "3")
    assert newest().actor_id == new.id
    cookie = accounts.sign_in(new, browser="x")
    feed = feeds.open_feed(person("chen"), kind="on_call") if "on_call" in feeds.KINDS else None
    masterdata.edit_record(contact, actor=admin, name=SECRET, phone="138 1111", email="kunde@example.com")
    _before, after = told("record_edited")
    assert set(after.values()) == {VEIL}
    assert {"phone", "email"} <= after.keys()
    assert newest().thing_name == ""
    everything = repr([(d.before, d.after, d.thing_name) for d in all_deeds()])
    secrets = ["hunter2", "neu@", "139 0", "138 1", "kunde@", token, cookie, "argon2"] + ([feed.token] if feed else [])
    assert [secret for secret in secrets if secret in everything] == []


def test_policies_and_calendars_leave_who_and_what(cast):
    admin, draft = person("admin"), policies.start_draft(load_pack("unified"), actor=person("admin"))
    assert (newest().name, newest().thing_name) == ("policy_drafted", draft.pack_name)
    content = draft.pack.dump() | {"version": "next"} if "version" in draft.pack.dump() else draft.pack.dump()
    policies.edit_draft(draft, actor=admin, content=content, calendar=draft.calendar_row)
    assert newest().name == "policy_edited"
    policies.propose_edition(draft, actor=admin, is_default=True, note="新年")
    assert told("policy_proposed")[1] == {"is_default": True, "note": "新年"}
    policies.confirm_edition(draft, actor=person("liu"))
    assert newest().thing == "policy_version"
    assert told("policy_published")[1]["edition"] == 2
    (held,) = newest_calendars()
    row = calendars.start_draft(held, actor=admin)
    calendars.set_day(row, actor=admin, on=clock.now().date(), kind="closed", name="台风")
    before, after = told("calendar_day_set")
    assert after["on"] == clock.now().date().isoformat()
    assert after["kind"] == "closed"
    assert before["digest"] != after["digest"]
    calendars.discard_draft(row, actor=admin)
    before, after = told("calendar_discarded")
    assert before["edition"] == 2
    assert after == {}


def test_rotas_absences_and_the_organisation_are_told_in_names(cast):
    now, chen = clock.now(), person("chen")
    rotas.add_shift(
        actor=chen, role="first_line", person=person("wang"), starts_at=now, ends_at=now + timedelta(hours=8)
    )
    assert told("shift_added")[1]["person_id"] == "王芳 · wang"
    absences.announce_absence(
        person("liu"), actor=person("liu"), starts_at=now, ends_at=now + timedelta(days=1), kind="sick"
    )
    assert "sick" not in repr(told("absence_announced")), "why somebody is away is nobody's business for ever"
    organisation.name_organisation(actor=person("admin"), name="闭环公司")
    assert told("organisation_named") == ({"name": ""}, {"name": "闭环公司"})
    team = db.session.scalars(select(Team)).first()
    masterdata.edit_record(team, actor=person("admin"), name_en="Night shift")
    assert told("record_edited")[1] == {"name_en": "Night shift"}
    accounts.deactivate_person(person("wang"), actor=person("admin"), successor=person("chen"))
    assert told("person_left")[1] == {"on_duty": False, "active": False, "successor": "陈静 · chen"}


def test_letters_jobs_and_the_demonstrations_clock_leave_who_did_it(cast):
    chen, admin = person("chen"), person("admin")
    organisation.send_trial_letter(actor=admin)
    assert newest().name == "trial_sent"
    (letter,) = db.session.scalars(select(Message).where(Message.template == "trial"))
    message.claim(letter.id)
    message.failed(letter.id, error="550 no", permanent=True)
    for command in (lambda who: outbox.try_again(letter, actor=who), lambda who: outbox.let_go(actor=who)):
        with pytest.raises(Refused):
            command(person("zhao"))
    outbox.try_again(letter, actor=chen)
    deed = newest()
    assert (deed.name, deed.actor_id, deed.thing, deed.thing_id) == (
        "letter_tried_again",
        chen.id,
        "message",
        letter.id,
    )
    assert outbox.let_go(actor=chen) == 0
    assert newest().name == "letter_tried_again", "nothing was held back"
    in_a_command(message.hold_back)()
    assert outbox.let_go(actor=chen) == told("letters_let_go")[1]["letters"] == 1
    asked = {"policy": "unified", "first": "2026-11-01", "last": "2026-11-30"}
    own, others = (jobs.start_job(actor=person(who), kind="replay", arguments=asked) for who in ("admin", "liu"))
    jobs.cancel_job(own, actor=admin)
    assert newest().name == "letters_let_go", "one's own is nobody's business"
    jobs.cancel_job(others, actor=admin)
    assert told("job_cancelled")[1]["person_id"].endswith("· liu")
    with pytest.raises(Refused):
        demo_clock.move_demo_clock(timedelta(hours=1), actor=chen)
    demo_clock.move_demo_clock(timedelta(hours=1), actor=None)
    assert (told("demo_clock_moved")[1], newest().actor_id) == ({"seconds": 3600}, None)


def test_a_code_and_a_link_are_told_apart(cast):
    accounts.issue_code(person("li"), actor=person("admin"))
    code = code_to_show(person("li")).code
    accounts.use_code(code=code, password=SECRET, tried=Attempt("code", "10.0.0.1", "10.0.0.1"))
    assert newest().name == "code_used"
    accounts.use_reset(token=accounts.request_reset(person("li")).token, password=SECRET + "1")
    assert newest().name == "password_reset"


def test_the_chain_is_whole_and_names_what_was_forged(cast):
    for login in ("li", "zhao", "wang"):
        accounts.sign_in(person(login), browser="")
    numbers = [deed.id for deed in all_deeds()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert deeds.verify() is None
    for statement in ("UPDATE deed SET actor_id = 1", "DELETE FROM deed"):
        with pytest.raises(DBAPIError):
            plainly(statement)
        db.session.rollback()
    by_force(f"UPDATE deed SET address = '10.9.9.9' WHERE id = {numbers[-2]}")
    db.session.expire_all()
    assert deeds.verify() == numbers[-2]


def test_a_removed_deed_is_noticed(cast):
    for login in ("li", "zhao", "wang"):
        accounts.sign_in(person(login), browser="")
    gone = all_deeds()[-2].id
    by_force(f"DELETE FROM deed WHERE id = {gone}")
    db.session.expire_all()
    assert deeds.verify() == gone


def _commands(path) -> list[tuple[str, list[str]]]:
    import ast

    return [
        (node.name, [ast.unparse(decorator) for decorator in node.decorator_list])
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef) and "command" in [ast.unparse(each) for each in node.decorator_list]
    ]


@pytest.mark.once
@each([path for path in files("models/steps") if path.stem in ROOMS])
def test_every_command_of_administration_is_recorded(path):
    found = _commands(path)
    assert found
    for name, decorators in found:
        is_recorded = any(decorator.startswith("recorded") for decorator in decorators) or name in BY_HAND
        assert is_recorded != (name in SILENT), f"{path.name}: {name}"
