"""Doors in a real browser: a passkey is made, signs in alone and as the second step, and is removed; codes by hand."""

import pyotp
import pytest
from playwright.sync_api import expect

from models.people.factor import authenticator_of
from models.people.person import find_person
from models.people.session import sessions_of
from models.steps import accounts, factors


@pytest.fixture
def fingers(desk):
    """A browser on a device that keeps passkeys and reads fingers; `touch(False)`: the wrong finger."""

    def at(login: str = ""):
        made = desk(login)
        cdp = made.context.new_cdp_session(made.page)
        cdp.send("WebAuthn.enable", {})
        options = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True,
        }  # fmt: skip
        held = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
        made.touch = lambda right: cdp.send(
            "WebAuthn.setUserVerified", {"authenticatorId": held, "isUserVerified": right}
        )
        return made

    return at


def ask(desk, action: str) -> None:
    """Press the button that asks the browser for a passkey, and wait for where it leads."""
    with desk.leaves():
        desk.page.locator(f'form[data-action="{action}"] [data-ask]').click()


def test_a_passkey_from_the_first_day_to_the_last(house, fingers):
    he = fingers("he")
    page = he.go("/me/security")
    expect(page.locator("[data-no-passkey]")).to_have_count(0)
    form = page.locator('form[data-action="add_passkey"]')
    form.locator("[data-ask]").click()  # without a name nothing is asked
    form.locator("[name=name]").fill("这台笔记本")
    ask(he, "add_passkey")
    expect(page.locator("#passkeys li b")).to_have_text("这台笔记本")
    expect(page.locator("ul.codes li")).to_have_count(10)
    with he.leaves():
        he.press("sign_out")

    he.touch(False)  # another finger: nothing comes of it, and it says so
    he.go("/login?next=")
    asking = page.locator('form[data-action="sign_in_with_passkey"]')
    asking.locator("[data-ask]").click()
    expect(asking.locator("[data-failed]")).not_to_be_empty()
    he.touch(True)
    ask(he, "sign_in_with_passkey")
    expect(page.locator("body")).to_have_attribute("data-user", "he")
    with he.leaves():
        he.press("sign_out")

    he.go("/login")  # and after the password, as the second step
    he.fill("sign_in", login="he", password="demo")
    with he.leaves():
        he.press("sign_in")
    assert page.url.endswith("/login/second")
    ask(he, "sign_in_with_passkey")
    expect(page.locator("body")).to_have_attribute("data-user", "he")
    he.go("/me/security")
    with he.leaves():
        he.press("remove_passkey")
    expect(page.locator("#passkeys li")).to_have_count(0)
    assert he.complaints == []


def test_codes_without_any_script(house, desk):
    """An application is set up, and asked for; the password dialog of a page that lies open asks for it, too."""
    wu = desk("wu", script=False)
    page = wu.go("/me/security")
    with page.expect_navigation():
        page.locator('form[data-action="begin_authenticator"] button').click()
    assert page.locator("img.qr").evaluate("image => image.naturalWidth") > 100
    code = pyotp.TOTP(page.locator("#app code").text_content().replace(" ", "")).now()
    page.locator("[name=otp]").fill(code)
    with page.expect_navigation():
        page.locator('form[data-action="confirm_authenticator"] button:not([type="button"])').click()
    spare, *more = page.locator("ul.codes code").all_text_contents()
    other = desk("", script=False)
    other.go("/login")
    other.page.locator('form[data-action="sign_in"] [name=login]').fill("wu")
    other.page.locator('form[data-action="sign_in"] [name=password]').fill("demo")
    with other.page.expect_navigation():
        other.page.locator('form[data-action="sign_in"] button:not([type="button"])').click()
    other.page.locator("[name=otp]").fill(spare)
    with other.page.expect_navigation():
        other.page.locator('form[data-action="second_step"] button:not([type="button"])').click()
    expect(other.page.locator("body")).to_have_attribute("data-user", "wu")

    third = desk()
    page = third.go("/login")
    third.fill("sign_in", login="wu", password="demo")
    with third.leaves():
        third.press("sign_in")
    third.fill("second_step", otp=more[0])
    with third.leaves():
        third.press("second_step")
    page = third.go("/report")
    page.locator("[name=description]").fill("会话结束时写的一句话")
    with house.app.app_context():
        someone = find_person("wu")
        for held in sessions_of(someone):
            accounts.end_session(held, actor=someone)
    page.locator("[name=description]").press("Control+Enter")
    dialog = page.locator("#signin[open]")
    dialog.locator("[name=password]").fill("demo")
    page.keyboard.press("Enter")
    dialog.locator("[name=otp]").fill(more[1])
    page.keyboard.press("Enter")
    page.wait_for_url("**/receipt")
    with house.app.app_context():
        assert authenticator_of(find_person("wu")).confirmed_at
        factors.remove_authenticator(find_person("wu"))
