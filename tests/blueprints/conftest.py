"""Rooms are tested in English: the words that a test looks for are those of the code."""

from collections.abc import Callable

import pytest

from tests.browsing import Browser


@pytest.fixture
def english(sign_in: Callable[[str], Browser]) -> Callable[[str], Browser]:
    """`english("zhang")`: that person has signed in and reads English."""

    def signed_in(login: str) -> Browser:
        browser = sign_in(login)
        browser.press(browser.get("/help/shortcuts").form("set_language"), language="en")
        return browser

    return signed_in
