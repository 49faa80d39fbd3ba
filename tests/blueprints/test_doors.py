"""Doors: tries and pauses, devices, the second step, passkeys, sessions, and acts for which one proves oneself."""

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select, update

from blueprints import access, rates
from blueprints.account import sign_in as door
from blueprints.messages import render
from blueprints.seals import seal, timed_seal
from models.ground import clock
from models.ground.db import command, db
from models.people.factor import authenticator_of, codes_left, passkeys_of
from models.people.person import Person
from models.people.session import PasswordReset, Session, code_to_show, reset_of
from models.people.session import code_of as code_of_reset
from models.record.deed import Deed
from models.record.message import APP, MAIL, Message
from models.record.ticket import Ticket
from models.rules import attempts, limits
from models.rules.attempts import FREE, pause_after
from models.rules.limits import LIMITS, Limit
from models.steps import accounts, factors
from tests.blueprints.softkey import SoftKey
from tests.browsing import Browser

WRONG, ELSEWHERE = "wrong password", {"REMOTE_ADDR": "10.9.9.9"}


@pytest.fixture
def real(app, monkeypatch):
    """Limits in force, and the wall clock stopped: call it to move it on."""
    limits.enforce(on=True)
    monkeypatch.setattr(attempts, "pause_after", pause_after)
    rates.guesses.forget()
    at = [clock.real_now()]
    monkeypatch.setattr(clock, "real_now", lambda: at[0])

    def move(**span: float) -> None:
        at[0] += timedelta(**span)

    yield move
    limits.enforce(on=False)


@command
def forget_proof() -> None:
    """As if everybody had typed their password long ago."""
    db.session.execute(update(Session).values(proved_at=clock.real_now() - timedelta(hours=1)))


def come(browser: Browser, login: str, password: str = "demo"):
    return browser.submit("/login", "sign_in", login=login, password=password)


def told(login: str, template: str, channel: str = APP) -> list[Message]:
    found = select(Message).join(Person).where(Person.login == login, Message.template == template)
    return list(db.session.scalars(found.where(Message.channel == channel)))


def code_of(person: Person) -> str:
    return pyotp.TOTP(authenticator_of(person).secret).at(clock.real_now())


# --- tries


@pytest.mark.parametrize("login", ["zhang", "nobody"])
def test_after_some_wrong_passwords_one_waits_whoever_it_is(browser, real, cast, login):
    said = [come(browser, login, WRONG) for _ in range(FREE + 1)]
    assert [page.status for page in said] == [422] * FREE + [429]
    assert said[-1].response.headers["Retry-After"] == "10"
    assert "Please wait 10 s" in said[-1].text
    assert said[-1].form("sign_in").values["login"] == [login]
    assert come(browser, login).status == 429, "the right one has to wait, too"
    assert db.session.query(Deed).filter(Deed.name == "sign_in_paused").count() == 1
    real(seconds=10)
    assert come(browser, login).status == (303 if login == "zhang" else 422)


def test_a_known_and_an_unknown_name_get_the_same_answer(browser, real, cast):
    """A17: the text, the size and the headers; only what was typed differs."""
    one, other = come(browser, "zhang", WRONG), come(browser, "nobod", WRONG)
    assert one.text == other.text
    assert len(one.response.data) == len(other.response.data)
    assert dict(one.response.headers).keys() == dict(other.response.headers).keys()


def test_the_one_it_belongs_to_gets_in_on_a_device_that_knows_them(app, browser, real, cast):
    own = Browser(app)
    assert come(own, "zhang").status == 303
    own.submit("/me", "sign_out")
    for _ in range(FREE + 1):
        come(browser, "zhang", WRONG)
    assert come(browser, "zhang").status == 429
    assert come(own, "zhang").status == 303
    assert come(own, "li", WRONG).status == 422


def test_the_device_cookie_opens_nothing_and_cannot_be_made_up(app, browser, real, cast):
    come(browser, "zhang")
    cookie = browser.client.get_cookie("bihuan-device")
    assert (cookie.http_only, cookie.same_site, cookie.path, cookie.domain) == (True, "Lax", "/", "localhost")
    other = Browser(app)
    other.client.set_cookie("bihuan-device", cookie.value)
    assert other.open("/me").status == 303
    for forged in ("x", cookie.value[:-1], str(timed_seal("next").dumps(["d", [cast.li.id]]))):
        other.client.set_cookie("bihuan-device", forged)
        assert other.open("/login").status == 200
    for _ in range(FREE + 1):
        answer = come(other, "zhang", WRONG)
    assert answer.status == 429


def test_many_names_from_one_address(app, browser, real, cast, monkeypatch):
    """A18; whom X-Forwarded-For names does not matter, unless a proxy of ours says it."""
    monkeypatch.setitem(LIMITS, "wrong", Limit(8, timedelta(minutes=10)))
    form = browser.get("/login").form("sign_in")
    said = []
    for n in range(9):
        sent = form.filled(login=f"name{n}", password=WRONG) | {
            "once": browser.get("/login").form("sign_in").values["once"]
        }
        said.append(browser.open("/login", method="POST", data=sent, headers={"X-Forwarded-For": f"10.0.0.{n}"}).status)
    assert said == [422] * 8 + [429]
    browser.client.environ_base |= ELSEWHERE
    assert come(browser, "zhang").status == 303


def test_guessed_links_are_looked_for_some_times_only(browser, real, cast, monkeypatch):
    monkeypatch.setitem(LIMITS, "guesses", Limit(5, timedelta(minutes=10)))
    link = f"/password/{accounts.request_reset(cast.zhang).token}"
    assert [browser.open(f"/c/guess{n}").status for n in range(4)] == [404] * 4
    assert browser.open("/ical/due/guess.ics").status == 404
    answer = browser.open("/c/guess")
    assert (answer.status, int(answer.response.headers["Retry-After"]) > 500) == (429, True)
    assert browser.open(link).status == 429, "and nothing else is looked for, either"
    browser.client.environ_base |= ELSEWHERE
    assert browser.open(link).status == 200


def test_whoever_reports_too_much_is_asked_to_wait_and_loses_no_word(english, real, cast, monkeypatch):
    """A60: the others go on."""
    monkeypatch.setitem(LIMITS, "reports", Limit(2, timedelta(minutes=10)))
    zhang = english("zhang")
    for n in range(2):
        assert zhang.submit("/report", "report", description=f"打印机 {n} 不动").status == 303
    before = db.session.query(Ticket).count()
    answer = zhang.submit("/report", "report", description="第三张单,写了半小时")
    assert (answer.status, "Please go on in 10 min" in answer.text) == (429, True)
    assert answer.form("report").values["description"] == ["第三张单,写了半小时"]
    assert db.session.query(Ticket).count() == before
    assert english("he").submit("/report", "report", description="别人照常").status == 303
    real(minutes=10)
    assert zhang.press(answer.form("report")).status == 303


def test_too_many_files(english, real, cast, monkeypatch, tmp_path):
    import io

    monkeypatch.setitem(LIMITS, "files", Limit(1, timedelta(minutes=10)))
    files = [(io.BytesIO(b"one"), "one.txt"), (io.BytesIO(b"two"), "two.txt")]
    answer = english("zhang").submit("/report", "report", description="有附件", files=files)
    assert answer.status == 429
    assert answer.form("report").values["description"] == ["有附件"]
    assert "one.txt" in answer.text
    assert "two.txt" not in answer.text


def test_the_present_password_is_not_guessed_either(english, real, cast):
    """Somebody at a desk that was left open."""
    zhang, new = english("zhang"), {"password": "a long sentence", "again": "a long sentence"}

    def change(old: str):
        return zhang.submit("/me", "change_password", old_password=old, **new)

    said = [change(WRONG) for _ in range(FREE + 1)]
    assert [page.status for page in said] == [422] * FREE + [429]
    assert "Please wait 10 s" in said[-1].text
    assert change("demo").status == 429, "the right one has to wait, too"
    assert db.session.query(Deed).filter(Deed.name == "sign_in_paused", Deed.thing_id == cast.zhang.id).count() == 1
    real(seconds=10)
    assert change("demo").status == 303
    assert change("a long sentence").status == 303, "what was right is forgotten"


def test_a_form_sent_again_with_another_password_is_another_form(english, cast):
    """Rule 12."""
    zhang = english("zhang")
    form = zhang.get("/me").form("change_password")
    said = {"old_password": "demo", "password": "a long sentence", "again": "a long sentence"}
    assert zhang.press(form, **said).status == 303

    def again(**other: str):
        fresh = {"csrf_token": zhang.get("/me").form("change_password").values["csrf_token"]}
        return zhang.open(form.url, method="POST", data=form.filled(**said | other) | fresh).status

    assert again() == 303, "the same once more gets the first answer"
    for other in ({"old_password": "x"}, {"password": "another one", "again": "another one"}):
        assert again(**other) == 409


def test_an_address_elsewhere_is_not_gone_to_though_we_have_signed_it(app, browser, cast):
    with app.test_request_context():
        sealed = [
            str(seal("next").dumps(address)) for address in ("//evil.example/x", "/\\evil.example", "https://e.x")
        ]
        assert [access.unsealed(address) for address in sealed] == ["/"] * 3
    answer = browser.press(browser.get(f"/login?next={sealed[0]}").form("sign_in"), login="zhang", password="demo")
    assert answer.response.location == "/"


# --- asked for a password


def test_a_changed_password_uses_up_every_link_and_code(cast):
    link = accounts.request_reset(cast.zhang).token
    accounts.issue_code(cast.zhang, actor=cast.admin)
    code = code_to_show(cast.zhang).code
    link_too = accounts.request_reset(cast.zhang).token
    assert (reset_of(link), bool(reset_of(link_too)), bool(code_of_reset(code))) == (None, True, True)
    accounts.change_own_password(cast.zhang, password="a long sentence", browser="x")
    assert (reset_of(link_too), code_of_reset(code)) == (None, None)


def test_no_link_and_no_code_opens_a_closed_account(cast):
    accounts.issue_code(cast.zhang, actor=cast.admin)
    code, link = code_to_show(cast.zhang).code, accounts.request_reset(cast.zhang).token
    accounts.deactivate_person(cast.zhang, actor=cast.admin, successor=cast.li)
    assert (reset_of(link), code_of_reset(code)) == (None, None)


def test_who_signs_in_while_the_password_is_changed_stays_outside(browser, cast, monkeypatch):
    """A16: the old password was right when it was judged, and is wrong by the time the session would open."""
    judged = door.fits

    def late(known: str, password: str) -> bool:
        is_right = judged(known, password)
        accounts.reset_password(cast.zhang, actor=None, password="something new")
        return is_right

    monkeypatch.setattr(door, "fits", late)
    page = come(browser, "zhang")
    assert (page.status, "changed at this moment" in page.text) == (409, True)
    assert browser.open("/me").status == 303
    monkeypatch.setattr(door, "fits", judged)
    assert come(browser, "zhang", "something new").status == 303


def test_asking_for_a_link_does_the_same_for_nobody(browser, cast):
    before = db.session.query(PasswordReset).count()
    browser.does("/password", "request_reset", login="nobody")
    assert db.session.query(PasswordReset).count() == before
    assert told("zhang", "password", MAIL) == []


def test_a_changed_password_is_told(english, cast):
    english("zhang").does(
        "/me", "change_password", old_password="demo", password="a long sentence", again="a long sentence"
    )
    (letter,) = told("zhang", "password_changed", MAIL)
    assert letter.created_at.strftime("%Y-%m-%d") in render(letter).text
    assert told("zhang", "password_changed")


# --- the second step


@pytest.fixture
def with_app(cast):
    """zhang, who has an application that shows codes."""
    factors.begin_authenticator(cast.zhang)
    factors.confirm_authenticator(cast.zhang, code=code_of(cast.zhang))
    return cast.zhang


def test_set_up_by_hand_and_asked_for_from_then_on(english, browser, cast, real):
    zhang = english("zhang")
    page = zhang.does("/me/security", "begin_authenticator")
    assert authenticator_of(cast.zhang).secret in page.one("code").text.replace(" ", "")
    assert zhang.open("/me/authenticator.svg").response.mimetype == "image/svg+xml"
    assert zhang.submit("/me/security", "confirm_authenticator", otp="000000").status == 422
    page = zhang.does("/me/security", "confirm_authenticator", otp=code_of(cast.zhang))
    codes = [item.text for item in page.one("ul", class_="codes").all("code")]
    assert len(codes) == 10
    assert zhang.open("/me/authenticator.svg").status == 404, "the secret is shown no more"
    answer = browser.submit("/login?next=", "sign_in", login="zhang", password="demo")
    assert answer.response.location == "/login/second"
    assert browser.open("/me").status == 303
    real(seconds=60)
    assert browser.submit("/login/second", "second_step", otp="123456").status == 422
    assert browser.does("/login/second", "second_step", otp=code_of(cast.zhang)).status == 200
    assert browser.open("/me").status == 200
    with browser.client.session_transaction() as cookie:
        assert "half" not in cookie
    browser.submit("/me", "sign_out")
    come(browser, "zhang")
    assert browser.does("/login/second", "second_step", otp=codes[3]).status == 200
    real(minutes=11)
    assert "9 codes are left" in browser.get("/me/security").text


def test_where_one_wanted_to_go_survives_the_second_step(browser, with_app, real):
    real(seconds=60)
    browser.press(browser.get("/my?box=closed").form("sign_in"), login="zhang", password="demo")
    answer = browser.submit("/login/second", "second_step", otp=code_of(with_app))
    assert answer.response.location == "/my?box=closed"


def test_half_in_is_not_in_and_does_not_last(browser, with_app, real, cast):
    assert browser.open("/login/second").response.location == "/login"
    come(browser, "zhang")
    held = browser.get("/login/second").form("second_step")
    real(minutes=11)
    assert browser.open("/login/second").response.location == "/login"
    assert browser.press(held, otp=code_of(with_app)).response.location == "/login"
    come(browser, "zhang")
    accounts.reset_password(cast.zhang, actor=None, password="something new")
    assert browser.open("/login/second").response.location == "/login"


def test_half_in_is_out_when_the_password_changes_at_that_moment(browser, with_app, real, cast, monkeypatch):
    real(seconds=60)
    come(browser, "zhang")
    code, count_try = code_of(with_app), attempts.count_try

    def late(attempt: attempts.Attempt) -> int:
        accounts.reset_password(cast.zhang, actor=None, password="something new")
        return count_try(attempt)

    monkeypatch.setattr(attempts, "count_try", late)
    page = browser.submit("/login/second", "second_step", otp=code)
    assert (page.status, "changed at this moment" in page.text) == (409, True)
    assert page.forms("sign_in"), "from the start"
    assert browser.open("/me").status == 303


def test_codes_are_not_guessed(browser, with_app, real):
    come(browser, "zhang")
    said = [browser.submit("/login/second", "second_step", otp=f"{n:06}").status for n in range(FREE + 1)]
    assert said == [422] * FREE + [429]


def test_a_role_that_needs_more_sets_it_up_before_anything_else(english, cast, real):
    admin, chen = english("admin"), english("chen")
    password = chen.get("/me").form("change_password")
    page = admin.get("/admin/second-factor")
    assert page.form("ask_factor").values.get("roles", []) == []
    admin.does("/admin/second-factor", "ask_factor", roles=["supervisor"])
    assert chen.open("/bench").response.location == "/me/security"
    assert chen.open("/bench", headers={"HX-Request": "true", "HX-Request-Type": "partial"}).status == 403
    said = {"old_password": "demo", "password": "a long sentence", "again": "a long sentence"}
    assert chen.press(password, **said).status == 403, "nor anything else of one's own"
    assert set(chen.client.application.view_functions) >= access.TOWARDS_FACTOR
    page = chen.get("/bench")
    assert "Your role asks for a second factor" in page.text
    chen.does("/me/security", "begin_authenticator")
    chen.does("/me/security", "confirm_authenticator", otp=code_of(cast.chen))
    assert chen.open("/bench").status == 200
    assert english("zhang").open("/my").status == 200


# --- passkeys


@pytest.fixture
def key(english, cast):
    """zhang's passkey, added as the page does it."""
    made, zhang = SoftKey(), english("zhang")
    form = zhang.get("/me/security").form("add_passkey")
    answer = zhang.press(form, name="蓝色的棒", answer=made.made(form.element["data-passkey"]))
    assert answer.status == 303, answer.text
    return made


def test_a_passkey_alone_lets_in_and_its_answer_counts_once(app, browser, key, cast):
    form = browser.get("/login").form("sign_in_with_passkey")
    sent = key.signed(form.element["data-passkey"])
    assert browser.press(form, answer=sent).status == 303
    assert browser.open("/me").status == 200
    thief = Browser(app)
    fresh = thief.get("/login").form("sign_in_with_passkey")
    again = form.filled(answer=sent) | {"csrf_token": fresh.values["csrf_token"]}
    assert thief.open(form.url, method="POST", data=again).status in (303, 409)  # what became of the first, no session
    assert thief.open("/me").status == 303
    assert thief.press(fresh, answer=sent).status == 422  # to another question


@pytest.mark.parametrize("fault", ["origin", "rp_id", "key", "unverified", "unknown", "rubbish", "empty", "closed"])
def test_an_answer_that_is_not_right(browser, key, cast, fault):
    liar, form = key, browser.get("/login").form("sign_in_with_passkey")
    asked = form.element["data-passkey"]
    if fault in ("origin", "rp_id"):
        setattr(liar, fault, {"origin": "https://evil.example", "rp_id": "evil.example"}[fault])
    if fault == "key":
        liar.private = SoftKey().private
    if fault == "unknown":
        liar.name = b"never seen"
    if fault == "closed":
        accounts.deactivate_person(cast.zhang, actor=cast.admin, successor=cast.li)
    said = {"rubbish": "{]", "empty": ""}.get(fault) if fault in ("rubbish", "empty") else None
    page = browser.press(form, answer=said if said is not None else liar.signed(asked, verified=fault != "unverified"))
    assert page.status == 422
    assert "This passkey was not accepted" in page.text
    assert browser.open("/me").status == 303


def test_a_passkey_as_the_second_step_is_the_persons_own(browser, english, key, cast):
    come(browser, "zhang")
    page = browser.get("/login/second")
    assert not page.one("form", data_action="second_step").all("input", name="password")
    form = page.form("sign_in_with_passkey")
    assert browser.press(form, answer=key.signed(form.element["data-passkey"])).status == 303
    assert browser.open("/me").status == 200
    other, he = SoftKey(name=b"another"), english("he")
    form = he.get("/me/security").form("add_passkey")
    he.press(form, name="x", answer=other.made(form.element["data-passkey"]))
    browser.submit("/me", "sign_out")
    come(browser, "zhang")
    form = browser.get("/login/second").form("sign_in_with_passkey")
    assert browser.press(form, answer=other.signed(form.element["data-passkey"])).status == 422


def test_keys_are_named_listed_and_removed_by_their_owner(english, key, cast):
    zhang = english("zhang")
    page = zhang.get("/me/security")
    assert "蓝色的棒" in page.text
    he = english("he")
    own = {"csrf_token": he.get("/me").form("keep_settings").values["csrf_token"]}
    assert he.open(page.form("remove_passkey").url, method="POST", data=own).status == 404
    form = page.form("add_passkey")
    assert zhang.press(form, name=" ", answer=key.made(form.element["data-passkey"])).status == 422
    assert zhang.press(zhang.get("/me/security").form("add_passkey"), name="y", answer="{}").status == 422
    page = zhang.does("/me/security", "remove_passkey")
    assert "蓝色的棒" not in page.text
    assert passkeys_of(cast.zhang) == []
    assert codes_left(cast.zhang) == []


# --- sessions, devices


def test_sessions_are_listed_and_ended(app, english, browser, cast, real):
    here = english("zhang")
    browser.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"
    come(browser, "zhang")
    page = here.get("/me/security")
    rows = page.one("section", id="sessions").all("li")
    assert [("this one" in row.text, "Firefox · Windows" in row.text) for row in rows] == [(False, True), (True, False)]
    he = english("he")
    own = {"csrf_token": he.get("/me").form("keep_settings").values["csrf_token"]}
    assert he.open(page.form("end_session").url, method="POST", data=own).status == 404
    here.does("/me/security", "end_session")
    assert browser.open("/me").status == 303
    assert here.open("/me").status == 200
    come(browser, "zhang")
    here.does("/me/security", "end_other_sessions")
    assert (browser.open("/me").status, here.open("/me").status) == (303, 200)
    assert len(here.get("/me/security").one("section", id="sessions").all("li")) == 1


def test_when_something_was_done_last_is_written_by_deeds_only(english, cast, real):
    zhang = english("zhang")
    first = db.session.scalars(select(Session.seen_at).join(Person).where(Person.login == "zhang")).one()
    real(minutes=30)
    zhang.get("/my")
    db.session.expire_all()
    assert db.session.scalars(select(Session.seen_at).join(Person).where(Person.login == "zhang")).one() == first
    elsewhere = db.session.scalars(select(Session.seen_at).join(Person).where(Person.login == "wang")).all()
    zhang.does("/me", "keep_settings", theme="dark")
    db.session.expire_all()
    assert db.session.scalars(select(Session.seen_at).join(Person).where(Person.login == "zhang")).one() > first
    assert db.session.scalars(select(Session.seen_at).join(Person).where(Person.login == "wang")).all() == elsewhere


def test_a_new_device_is_told_once(app, browser, cast):
    come(browser, "zhang")
    assert len(told("zhang", "new_device")) == 1
    assert "/me/security" in render(told("zhang", "new_device", MAIL)[0]).text
    browser.submit("/me", "sign_out")
    come(browser, "zhang")
    assert len(told("zhang", "new_device")) == 1


@pytest.mark.parametrize("bend", ["cut", "other key", "flip"])
def test_a_session_cookie_that_was_bent_is_nobodys(app, english, client, bend):
    """A29."""
    good = english("zhang").client.get_cookie("bihuan").value
    body, stamp, signature = good.rsplit(".", 2)
    other = app.session_interface.get_signing_serializer(app)
    foreign = type(other)("another key, long enough for anybody", salt=other.salt, signer_kwargs=other.signer_kwargs)
    forged = {
        "cut": good[:-2],
        "other key": foreign.dumps(other.loads(good)),
        "flip": f"{body[:-1]}{'A' if body[-1] != 'A' else 'B'}.{stamp}.{signature}",
    }[bend]
    client.set_cookie("bihuan", forged)
    assert client.get("/me").status_code == 303


def test_a_cookie_that_was_there_before_signing_in_is_worth_nothing_after(app, browser, client):
    """A15: whoever has planted a cookie is not signed in with it."""
    browser.get("/login")
    planted = browser.client.get_cookie("bihuan").value
    come(browser, "zhang")
    client.set_cookie("bihuan", planted)
    assert client.get("/me").status_code == 303


# --- proving oneself


def test_sensitive_acts_ask_for_the_password_again_and_keep_what_was_typed(english, cast, real):
    admin, url = english("admin"), f"/admin/people/{cast.li.id}"
    assert "proof" not in admin.get(url).form("edit_person").names
    open_form = admin.get(url).form("edit_person")
    forget_proof()
    page = admin.press(open_form, phone="139 1234")
    assert page.status == 422
    assert "Please type it once more" in page.text
    form = page.form("edit_person")
    assert form.values["phone"] == ["139 1234"]
    assert admin.press(form, proof="wrong").status == 422
    assert admin.press(admin.press(form, proof="wrong").form("edit_person"), proof="demo").status == 303
    assert cast.li.phone == "139 1234"
    assert "proof" not in admin.get(url).form("edit_person").names
    assert not any("demo" in str(deed.after) for deed in db.session.query(Deed))


@pytest.mark.parametrize("action", ["issue_code", "remove_factors", "deactivate_person", "ask_factor", "create_person"])
def test_what_asks_for_the_password_again(english, cast, action):
    factors.add_passkey(cast.li, name="k", credential="k", public_key="k", sign_count=0)
    admin, here = english("admin"), f"/admin/people/{cast.li.id}"
    pages = {
        "deactivate_person": f"{here}/deactivation", "ask_factor": "/admin/second-factor",
        "create_person": "/admin/people/new",
    }  # fmt: skip
    url = pages.get(action, here)
    assert "proof" not in admin.get(url).form(action).names
    forget_proof()
    fields = {
        "deactivate_person": {"successor": "zhao"},
        "create_person": {"login": "neu", "name": "新人", "password": "long enough"},
    }.get(action, {})
    assert admin.submit(url, action, **fields).status == 422
    assert admin.submit(url, action, proof="demo", **fields).status == 303


def test_ones_own_doors_are_shut_until_one_has_proved_oneself(english, cast, real):
    zhang = english("zhang")
    held = zhang.get("/me/security").form("begin_authenticator")
    forget_proof()
    page = zhang.get("/me/security")
    assert not page.forms("begin_authenticator")
    assert not page.forms("add_passkey")
    assert zhang.press(held).status == 303
    assert authenticator_of(cast.zhang) is None
    assert zhang.submit("/me/security", "prove", proof="wrong").status == 422
    page = zhang.does("/me/security", "prove", proof="demo")
    assert page.forms("begin_authenticator")
    for _ in range(FREE + 1):
        forget_proof()
        answer = zhang.submit("/me/security", "prove", proof="wrong")
    assert "Too many tries" in answer.text


def test_nobody_else_may_touch_roles_codes_and_factors(english, cast):
    """A42."""
    for login in ("zhao", "chen", "liu"):
        browser = english(login)
        for path in ("", "/code", "/second-factors", "/deactivation"):
            assert browser.open(f"/admin/people/{cast.liu.id}{path}").status in (403, 405)
        assert browser.open("/admin/second-factor").status == 403
