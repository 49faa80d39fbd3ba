"""What is asked of the door, the settings and the errors."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog
from jinja2 import UndefinedError
from sqlalchemy.exc import OperationalError

from blueprints.account import sign_in
from blueprints.customer_verification import behind_link
from models.ground.db import is_sqlite
from tests.attacks.figures import nothing
from tests.attacks.site import Site
from tests.conftest import KEY, settings

HIDDEN = (
    "/.git/config",
    "/.git/HEAD",
    "/.env",
    "/.env.example",
    "/static/../app.py",
    "/static/%2e%2e/app.py",
    "/static/..%2fapp.py",
    "/static//etc/passwd",
    "/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/static/js/../../app.py",
    "/console",
    "/?__debugger__=yes",
    "/static/app.js.map",
    "/static/vendor/htmx.min.js.map",
    "/var/bihuan.sqlite3",
    "/bihuan.sqlite3",
    "/secret-key",
    "/app.py",
    "/requirements.txt",
    "/server-status",
    "/phpinfo.php",
    "/wp-login.php",
    "/actuator/env",
    "/debug",
    "/swagger.json",
    "/.well-known/../app.py",
    "/static/",
    "/templates/layouts/base.html",
    "/static/\x00",
    "/static/..\\app.py",
)


def a61(site: Site) -> str:
    """Production with debug, a short secret, no name or a plain one: it does not start, and says which by number."""
    good = {"env": "production", "secret_key": KEY, "base_url": "https://desk.example", "debug": False}
    assert settings(site.home, **good).env == "production"
    for number, bad in (
        ("E01", {"secret_key": "short"}),
        ("E01", {"secret_key": " " * 3}),
        ("E02", {"debug": True}),
        ("E03", {"base_url": "http://desk.example"}),
        ("E03", {"base_url": ""}),
    ):
        with pytest.raises(SystemExit, match=number):
            settings(site.home, **(good | bad))
    return "5 settings refused by their numbers"


def a62(site: Site) -> str:
    """Sources, secrets, consoles and maps; what probes say; figures asked for from elsewhere."""
    odd = []
    for path in HIDDEN:
        answer = site.browser().open(path)
        text = answer.response.get_data(as_text=True)
        odd += [f"{path}: {answer.status}"] * (answer.status == 200 or "create_app" in text or "Traceback" in text)
    nothing(odd)
    assert site.browser().open("/healthz").response.data == b"ok\n"
    for more in ({"environ_overrides": {"REMOTE_ADDR": "203.0.113.9"}}, {"headers": {"X-Forwarded-For": "127.0.0.1"}}):
        assert site.browser().open("/metrics", **more).status == 404
    return f"{len(HIDDEN)} paths hidden, 0 figures outside"


def a63(site: Site) -> str:
    """Errors of every sort while secrets are at hand: the page has a number, neither it nor the log a secret."""
    token = str(site.world.values["token"][0])
    secrets = (KEY, token, "canary-password", site.cookies["zhang"].cookie)
    broken = (OperationalError("SELECT 1", {"x": "y"}, Exception("gone")), RuntimeError("x"), UndefinedError("x"))
    unexpected = 0
    with pytest.MonkeyPatch.context() as patch, _heard() as log:
        for error in broken:
            patch.setattr(sign_in, "check_password", _raising(error))
            patch.setattr(behind_link, "customer_view", _raising(error))
            typed = {"login": "zhang", "password": "canary-password"}
            answers = [site.new_browser().open(f"/c/{token}"), site.new_browser().submit("/login", "sign_in", **typed)]
            for answer in answers:
                is_away = isinstance(error, OperationalError) and not is_sqlite()  # the server: 503, come again
                assert answer.status == (503 if is_away else 500), answer.status
                text = answer.response.get_data(as_text=True)
                assert re.search(r"<code>[0-9a-f]{12}</code>", text)
                unexpected += not is_away
                nothing([secret for secret in (KEY, "canary-password", "Traceback", "SELECT 1") if secret in text])
        said = log.getvalue()
    assert said.count("unexpected") == unexpected
    nothing([secret for secret in secrets if secret in said])
    return f"{len(broken)} errors in 2 places, 0 of {len(secrets)} secrets in pages or log"


def _raising(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@contextmanager
def _heard() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, as text."""
    lines = io.StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(lines), cache_logger_on_first_use=False)
    try:
        yield lines
    finally:
        structlog.reset_defaults()
