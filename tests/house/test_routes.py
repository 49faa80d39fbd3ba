"""Every address asks for the right that docs/ROUTES.md says, and answers wear what safety rule 29 says."""

import pytest

from blueprints import drawings, safety

pytestmark = pytest.mark.once

POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
    "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'",
    "require-trusted-types-for 'script'", "trusted-types htmx",
}  # fmt: skip


def test_every_address_asks_for_the_right_that_is_written_down(app):
    for page, text in drawings.drawn_of_routes(app).items():
        assert page.read_text("utf-8") == text, f"{page.name}: run ./run docs"


def test_the_bill_of_materials_names_every_pin():
    for page, text in drawings.drawn_of_packages().items():
        assert page.read_text("utf-8") == text, f"{page.name}: run ./run docs"
        assert text.count("pkg:pypi/") > 40
        assert text.count("pkg:npm/") > 1


def test_the_policy_is_the_one_that_was_agreed():
    assert set(safety.CSP.split("; ")) == POLICY


def test_every_answer_wears_these(client):
    for path in ("/login", "/static/app.css", "/nothing", "/healthz"):
        headers = client.get(path).headers
        assert {name: headers[name] for name in safety.HEADERS} == safety.HEADERS
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
