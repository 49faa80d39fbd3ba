"""A plugin of pytest: every form that a test hands in with success is handed in twice more (F31).

`pytest -p tests.faults.twice tests/blueprints` tells the tests of all forms as they are; after each press that led
somewhere, the same bytes go out again: they must lead to the same place, and nothing may have been written. At the end
it says how many kinds of form that was, of how many that there are.
"""

import json
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import current_app, has_app_context
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tests.browsing import Browser, Form, Page
from tests.database import NOT_BUSINESS, difference, everything

AGAIN = 2
ONLY_ONCE = ("password", "otp", "code", "credential")  # doors: whoever opens one twice has signed in twice
# Another session begins, or none is left: what belonged to the one before is refused.
OF_A_SESSION = ("sign_out", "sign_in_as", "sign_in_with_passkey")
FOLDER = "FAULTS_FOLDER"
_plain = Browser.press
pressed: dict[str, int] = {}
acting: set[str] = set()


def _press(self: Browser, form: Form, *, leave_out: tuple[str, ...] = (), **fields: Any) -> Page:
    kept = {name: _kept(value) for name, value in fields.items()}
    answer = _plain(self, form, leave_out=leave_out, **_fresh(kept))
    if answer.status == 303 and has_app_context() and "once" not in leave_out and not set(ONLY_ONCE) & set(fields):
        _again(self, form, leave_out, kept, answer)
    return answer


def _again(browser: Browser, form: Form, leave_out: tuple[str, ...], kept: dict[str, Any], first: Page) -> None:
    acting.update(_acting())
    before = everything(but=NOT_BUSINESS)
    for _ in range(AGAIN):
        answer = _plain(browser, form, leave_out=leave_out, **_fresh(kept))
        if form.action in OF_A_SESSION:
            assert answer.status == 403, f"{form.action} was answered {answer.status} the second time"
            continue
        assert answer.status == 303, f"{form.action} at {form.url} was answered {answer.status} the second time"
        assert answer.response.location == first.response.location, form.action
    changed = difference(before, everything(but=NOT_BUSINESS))
    assert not changed, f"{form.action} at {form.url} has acted twice: {changed}"
    pressed[_endpoint(form.url)] = pressed.get(_endpoint(form.url), 0) + 1


def _kept(value: Any) -> Any:
    """Files are read once and offered anew each time."""
    if isinstance(value, list):
        return [_kept(each) for each in value]
    return (value[0].read(), value[1]) if isinstance(value, tuple) and hasattr(value[0], "read") else value


def _fresh(kept: dict[str, Any]) -> dict[str, Any]:
    return {name: _offered(value) for name, value in kept.items()}


def _offered(value: Any) -> Any:
    if isinstance(value, list):
        return [_offered(each) for each in value]
    return (BytesIO(value[0]), value[1]) if isinstance(value, tuple) and isinstance(value[0], bytes) else value


def _endpoint(url: str) -> str:
    try:
        with current_app.test_request_context(url):
            return str(current_app.url_map.bind("localhost").match(url.partition("?")[0], method="POST")[0])
    except (HTTPException, RequestRedirect):
        return url


def _acting() -> set[str]:
    """Every address that takes a form."""
    return {rule.endpoint for rule in current_app.url_map.iter_rules() if "POST" in (rule.methods or ())}


def pytest_configure(config: pytest.Config) -> None:
    Browser.press = _press  # type: ignore[method-assign]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if folder := os.environ.get(FOLDER):
        said = {"pressed": pressed, "acting": sorted(acting)}
        (Path(folder) / f"forms-{os.getpid()}.json").write_text(json.dumps(said))
