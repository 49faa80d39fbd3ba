"""What the crash matrix tells beside the deeds on tickets: other commands, in the order in which people use them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pyotp
from flask import current_app
from sqlalchemy import select

from models import demonstration
from models.clockwork import anchor, auditor, course, escalation
from models.clockwork import calendars as moving
from models.ground import clock
from models.ground.db import db
from models.people import claim
from models.people.customer import Contact
from models.people.factor import authenticator_of, passkeys_of
from models.people.session import PasswordReset, Session, session_of
from models.people.team import Team
from models.policy.calendar import newest_calendars
from models.policy.pack import load_pack
from models.policy.pack_file import write_pack
from models.record import allowance, attachment, demo_clock, draft, heartbeat, job, message, outage
from models.record.drill import Drill
from models.record.link import living_link
from models.record.message import APP, Message
from models.record.plan import WorkStep
from models.rules import attempts, limits
from models.rules.attempts import Attempt
from models.steps import (
    absences,
    accounts,
    approval,
    approval_templates,
    archiving,
    calendars,
    closing,
    comment,
    consent,
    customer_verification,
    direction,
    drafts,
    drills,
    factors,
    feeds,
    founding,
    intake,
    jobs,
    masterdata,
    organisation,
    outbox,
    plans,
    policies,
    relations,
    repair,
    restoring,
    rotas,
    views,
)
from models.steps import demo_clock as by_hand
from tests.factories import TOUCHING, a_plan, a_request, a_standard_change, a_ticket, archive, carry_out, newest_plan
from tests.factories import person as who
from tests.faults.store import Store

Story = Callable[[], Any]
PASSWORD = "a long way round the lake 7"


def from_report_to_archive() -> None:
    archive(a_ticket("closed"))


def from_wish_to_archive() -> None:
    archive(a_request("closed"))


def for_a_customer() -> None:
    contact = db.session.scalars(select(Contact)).first()
    ticket = a_ticket("awaiting_customer", contact=contact)
    link = living_link(ticket) or customer_verification.send_link(ticket, actor=who("wang"))
    customer_verification.confirm_result(ticket, actor=link, verdict="yes")
    closing.close_ticket(ticket, actor=who("chen"), review="记录完整。")
    archive(ticket)
    customer_verification.follow_up_archived(ticket, actor=living_link(ticket), reason="又出现了。")


def spoken_answers() -> None:
    contact = db.session.scalars(select(Contact)).first()
    customer_verification.record_spoken(
        a_ticket("awaiting_customer", contact=contact), actor=who("wang"), said_by="张经理", how="电话", verdict="yes"
    )
    asked = a_ticket("awaiting_plan", contact=contact)
    approval.approve_plan(a_plan(asked, **TOUCHING), actor=who("chen"))
    progress = living_link(asked)
    customer_verification.ask_again(progress)
    with a_year_later():
        customer_verification.renew_link(progress)
    consent.record_spoken_consent(asked, actor=who("wang"), agreed=True, said_by="张经理", how="电话")
    wish = a_request("awaiting_direction", contact=contact)
    direction.record_direction(wish, actor=who("wang"), said_by="张经理", how="电话", answer="agreed")


def plans_beside_the_road() -> None:
    plan = a_plan(a_ticket("awaiting_plan"))
    plans.revise_plan(plan, actor=who("zhao"), risk="normal", steps="1. 清理缓存", kind="fix")
    plan = newest_plan(plan.ticket)
    approval.copy_plan(plan, actor=who("zhao"), people=[who("liu")])
    approval.read_copy(plan, actor=who("liu"))
    plans.retire_standard_change(a_standard_change(), actor=who("chen"))
    kept = approval_templates.keep_approval_template(
        None,
        actor=who("chen"),
        name="两席",
        risk="major",
        rule="all",
        seats=[("", None, who("chen")), ("", None, who("wu"))],
    )
    approval_templates.retire_approval_template(kept, actor=who("chen"))


def words_and_what_is_taken_back() -> None:
    ticket = a_ticket("awaiting_fix")
    carry_out(ticket)
    step = db.session.scalars(select(WorkStep)).first()
    comment.redact_work(step, actor=who("chen"), reason="含口令")
    comment.redact_description(ticket, actor=who("chen"), replacement="打印机卡纸。", reason="口令")
    repair.finish_fix(ticket, actor=who("zhao"))
    repair.pass_test(
        ticket, actor=who("he"), findings="可以。", result="已恢复。", cause="缓存。", measures="清理。",
        leftovers="导出仍慢。",
    )  # fmt: skip
    customer_verification.confirm_result(ticket, actor=who("zhang"), verdict="yes")
    closing.follow_up_leftovers(ticket, actor=who("chen"))


def files_and_drafts() -> None:
    file = intake.keep_file(actor=who("zhang"), name="screenshot.png", content=b"\x89PNG\r\n\x1a\n")
    drafts.describe_file(file, actor=who("zhang"), shows="错误提示")
    drafts.keep_draft("report /report", person=who("zhang"), said={"description": ["转圈"]}, files=[])
    drafts.discard_draft("report /report", person=who("zhang"))
    drafts.keep_draft("report /report", person=who("zhang"), said={"description": ["转圈"]}, files=[])
    with clock.hold(clock.now() + timedelta(days=40)):
        draft.remove_stale()
        attachment.remove_orphans()


def an_incident_and_its_reports() -> None:
    above, below = a_ticket("awaiting_engineer", severity="P1"), a_ticket("awaiting_engineer", reporter=who("he"))
    relations.relate(below, actor=who("wang"), other=above, kind="parent")
    relations.post_update_below(above, actor=who("zhao"), text="正在更换光缆。")


def letters() -> None:
    a_ticket("awaiting_engineer", severity="P0")
    first = message.claim(message.due()[0])
    message.renew(first.id)
    message.failed(first.id, error="450 later")
    message.failed(first.id, error="550 no", permanent=True)
    message.try_again(first.id)
    message.unheard(message.claim(first.id).id, error="refused")
    message.unheard(first.id, error="timed out", is_offered=True)
    outage.forget()
    message.sent(first.id, answer="250 ok")
    here = db.session.scalars(select(Message).where(Message.channel == APP)).first()
    message.mark_read(here.person, upto=here.id)
    message.mark_unread(here.person, message_id=here.id)
    organisation.send_trial_letter(actor=who("admin"))


def what_rings() -> None:
    ticket, many = a_ticket(severity="P1"), [a_ticket(severity="P2") for _ in range(3)]
    assert many
    for hours in (1, 2, 9, 30):
        with clock.hold(ticket.created_at + timedelta(hours=hours)):
            while escalation.sweep():
                pass
    heartbeat.beat("ticker")
    demo_clock.advance_demo_clock(timedelta(hours=1))
    by_hand.move_demo_clock(timedelta(hours=1), actor=who("admin"))


def long_work() -> None:
    asked = {"policy": "unified", "first": "2026-11-01", "last": "2026-11-30"}
    first = jobs.start_job(actor=who("liu"), kind="replay", arguments=asked)
    jobs.claim_job(first.id)
    jobs.beat_job(first.id, 1, done=1, total=2)
    jobs.release_job(first.id, 1)
    jobs.claim_job(first.id)
    jobs.finish_job(first.id, 2, result={"found": 1})
    second = jobs.start_job(actor=who("admin"), kind="replay", arguments=asked)
    jobs.claim_job(second.id)
    jobs.fail_job(second.id, 1, error="unexpected")
    jobs.cancel_job(jobs.start_job(actor=who("admin"), kind="replay", arguments=asked), actor=who("admin"))
    job.forget_results()


def accounts_and_absences() -> None:
    admin, now = who("admin"), clock.now()
    new = accounts.create_person(actor=admin, login="neu", name="新人", password=PASSWORD, roles=[("engineer", None)])
    accounts.edit_person(new, actor=admin, roles=[("verifier", None)], name="新人二")
    accounts.sign_in(new, browser="x")
    accounts.sign_out(db.session.scalars(select(Session.token_hash).order_by(Session.token_hash)).first())
    accounts.reset_password(new, actor=admin, password=PASSWORD + "1")
    accounts.change_own_password(new, password=PASSWORD + "2", browser="x")
    accounts.set_own_settings(new, theme="dark")
    reset = accounts.request_reset(new)
    accounts.use_reset(token=reset.token, password=PASSWORD + "3")
    away = absences.announce_absence(who("liu"), actor=who("liu"), starts_at=now, ends_at=now + timedelta(days=1))
    absences.end_absence(away, actor=who("liu"))
    accounts.deactivate_person(who("wang"), actor=admin, successor=who("chen"))
    accounts.reactivate_person(who("wang"), actor=admin)


def rotas_and_drills() -> None:
    now, chen = clock.now(), who("chen")
    turn = rotas.add_shift(
        actor=chen, role="first_line", person=who("wang"), starts_at=now, ends_at=now + timedelta(hours=8)
    )
    taker = accounts.create_person(
        actor=who("admin"), login="second", name="替班", password=PASSWORD, roles=[("first_line", None)]
    )
    rotas.hand_over_shift(
        turn, actor=who("wang"), taker=taker, starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2)
    )
    rotas.end_shift(turn, actor=chen)
    drills.start_drill(actor=who("admin"), role="supervisor")
    drills.answer_drill(db.session.scalars(select(Drill)).one(), actor=chen)


def views_feeds_and_records() -> None:
    view = views.keep_view(who("chen"), page="watch", name="我的", query="severity=P1")
    views.remove_view(view, actor=who("chen"))
    kind = next(iter(feeds.KINDS))
    feeds.open_feed(who("chen"), kind=kind)
    feeds.end_feed(who("chen"), kind=kind)
    organisation.name_organisation(actor=who("admin"), name="闭环公司")
    masterdata.add_record(Team, actor=who("admin"), name="夜班", name_en="Night", code="night")
    masterdata.edit_record(db.session.scalars(select(Team)).first(), actor=who("admin"), name_en="Day shift")


def the_calendar_moves() -> None:
    admin, (held,) = who("admin"), newest_calendars()
    a_ticket("awaiting_engineer")
    calendars.create_calendar(actor=admin, name="Köln", tz="Europe/Berlin", country="DE", week=OFFICE)
    row = calendars.start_draft(held, actor=admin)
    calendars.set_week(row, actor=admin, tz="Asia/Shanghai", week=OFFICE)
    calendars.set_day(row, actor=admin, on=date(2026, 12, 1), kind="closed", name="年会")
    calendars.propose_holidays(row, actor=admin, country="CN", year=2026)
    calendars.drop_proposal(row, actor=admin)
    calendars.propose_file(row, actor=admin, text="date,kind,ranges,name\n2026-12-02,closed,,年会\n")
    calendars.take_over(row, actor=admin)
    calendars.publish_calendar(row, actor=admin, running=True)
    while moving.is_moving():
        moving.move_tickets()
    calendars.discard_draft(calendars.start_draft(newest_calendars()[0], actor=admin), actor=admin)


def policies_are_published() -> None:
    admin = who("admin")
    made = policies.start_draft(load_pack("unified"), actor=admin)
    policies.edit_draft(made, actor=admin, content=made.pack.dump(), calendar=made.calendar_row)
    policies.propose_edition(made, actor=admin, is_default=True, note="新年")
    policies.withdraw_proposal(made, actor=admin)
    policies.propose_edition(made, actor=admin, is_default=True, note="新年")
    policies.confirm_edition(made, actor=who("liu"))
    read = policies.import_draft(write_pack(load_pack("problem-record")).encode(), actor=admin)
    policies.discard_draft(read, actor=admin)


def articles_grow() -> None:
    article = archiving.draft_article(a_ticket("closed"), actor=who("zhao"))
    texts = {"title": "报销单转圈", "symptom": "转圈", "solution": "清缓存"}
    archiving.edit_article(article, actor=who("zhao"), **texts)
    archiving.publish_article(article, actor=who("qian"))
    archiving.edit_article(article, actor=who("zhao"), **texts | {"solution": "清缓存二"})
    archiving.return_article(article, actor=who("qian"), reason="不清楚")
    archiving.edit_article(article, actor=who("zhao"), **texts | {"solution": "清缓存三"})
    archiving.withdraw_article(article, actor=who("zhao"))
    archiving.count_helped(article, actor=who("zhang"))
    archiving.count_not_helped(article, actor=who("zhang"))


def the_first_steps() -> None:
    admin = who("admin")
    founding.describe_organisation(admin, name="闭环公司", locale="zh", time_zone="Asia/Shanghai", teams=["夜班"])
    founding.choose_policy("problem-record", actor=admin)
    founding.choose_calendar(
        actor=admin, name="Köln", tz="Europe/Berlin", hours="09:00-18:00", days=["mon", "tue"], country="DE"
    )


def doors_are_opened() -> None:
    admin, zhang, now = who("admin"), who("zhang"), [clock.real_now()]
    tried = Attempt("password", "zhang", "203.0.113.9")
    with real_time(now), limits_in_force():
        for _ in range(attempts.FREE + 1):
            used = attempts.count_try(tried)
        attempts.note_if_paused(tried, person_id=zhang.id, used=used)
        now[0] += timedelta(hours=1)
        here, there = (accounts.sign_in(zhang, browser=name, tried=(tried,)) for name in ("Firefox", "Safari"))
        accounts.prove(token=here, tried=tried)
        accounts.end_session(session_of(there), actor=zhang)
        accounts.end_other_sessions(zhang, token=here)
        factors.begin_authenticator(zhang)
        factors.confirm_authenticator(zhang, code=_shown(zhang))
        factors.renew_codes(zhang)
        now[0] += timedelta(minutes=2)
        factors.sign_in_with_code(zhang, code=_shown(zhang), browser="x", tried=(tried,), is_new_device=True)
        factors.add_passkey(zhang, name="Laptop", credential="abc", public_key="key", sign_count=1)
        (key,) = passkeys_of(zhang)
        factors.sign_in_with_passkey(zhang, key=key, sign_count=2, browser="x", tried=(tried,), is_new_device=False)
        factors.remove_passkey(key, actor=zhang)
        factors.remove_authenticator(zhang)
        factors.begin_authenticator(zhang)
        factors.remove_factors(zhang, actor=admin)
        factors.ask_factor(actor=admin, roles=["director"])
        accounts.pretend_reset()
        accounts.issue_code(zhang, actor=admin)
        code = db.session.scalars(select(PasswordReset).where(PasswordReset.is_code)).one().code
        accounts.use_code(code=code, password=PASSWORD, tried=tried)
        allowance.remove_stale()


def keeping_and_watching() -> None:
    a_ticket("awaiting_engineer", severity="P0")
    course.note_step(3600)
    (line,) = [line for line in anchor.checkpoint() if line["kind"] == anchor.CHECKPOINT][:1]
    anchor.send_letter(line)
    auditor.audit()
    message.leave(message.due()[0])
    restoring.take_up_again("monday", sent=["<a@b>"], is_known=False)
    outbox.let_go(actor=who("admin"))
    first = message.claim(message.due()[0])
    message.failed(first.id, error="550 no", permanent=True)
    outbox.try_again(first, actor=who("admin"))


def an_empty_house() -> None:
    empty()
    demonstration.found_desk()
    founding.claim_desk(login="erste", name="第一", email="erste@example.com", password=PASSWORD, browser="x")
    claim.end(current_app.config["SETTINGS"].home)
    empty()
    demonstration.found_desk()
    demonstration.cast_people()


def empty() -> None:
    """Take every row away, past the guards; the fixtures bring them back."""
    db.session.remove()
    db.engine.dispose()
    store = Store(db.engine.url.render_as_string(hide_password=False))
    tables = [name for name in store.tables() if name != "alembic_version"]
    if not store.is_sqlite:
        store.run("TRUNCATE " + ", ".join(f'"{name}"' for name in tables) + " RESTART IDENTITY CASCADE")
        return
    guards = store.rows("SELECT name, sql AS said FROM sqlite_master WHERE type = 'trigger'")
    with store.open() as held:
        parts = ["PRAGMA foreign_keys = OFF", *(f'DROP TRIGGER "{guard["name"]}"' for guard in guards)]
        parts += [f'DELETE FROM "{name}"' for name in tables] + [guard["said"] for guard in guards]
        for part in parts:
            held.execute(part)
        held.commit()


def _shown(person: Any) -> str:
    """What the person's authenticator shows now."""
    return pyotp.TOTP(authenticator_of(person).secret).at(clock.real_now())


@contextmanager
def limits_in_force() -> Iterator[None]:
    limits.enforce(on=True)
    try:
        yield
    finally:
        limits.enforce(on=False)


@contextmanager
def real_time(now: list[datetime]) -> Iterator[None]:
    """The wall clock says what stands in the list."""
    real = clock.real_now
    clock.real_now = lambda: now[0]
    try:
        yield
    finally:
        clock.real_now = real


@contextmanager
def a_year_later() -> Iterator[None]:
    """Links expire by the real clock."""
    real, later = clock.real_now, clock.real_now() + timedelta(days=365)
    clock.real_now = lambda: later
    try:
        yield
    finally:
        clock.real_now = real


OFFICE = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-18:00")
STORIES: tuple[Story, ...] = (
    from_report_to_archive, from_wish_to_archive, for_a_customer, spoken_answers, plans_beside_the_road,
    words_and_what_is_taken_back, files_and_drafts, an_incident_and_its_reports, letters, what_rings, long_work,
    accounts_and_absences, rotas_and_drills, views_feeds_and_records, the_calendar_moves, policies_are_published,
    articles_grow, the_first_steps, doors_are_opened, keeping_and_watching, an_empty_house,
)  # fmt: skip
