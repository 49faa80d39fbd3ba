"""What every request and every answer gets: an id, proof of origin, and the headers that browsers obey."""

import re
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask_wtf import CSRFProtect

from blueprints import refusals

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), "
    "publickey-credentials-create=(self), publickey-credentials-get=(self)",
}
SAFE = ("GET", "HEAD", "OPTIONS")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
PROBES = ("/healthz", "/readyz")  # asked by address, and they say nothing
HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
csrf = CSRFProtect()


def register(app: Flask) -> None:
    """Install the guards on every request and every answer, errors and static files included."""
    app.before_request(_number)
    app.before_request(_refuse_other_names)
    csrf.init_app(app)
    app.before_request(_refuse_foreign)
    app.before_request(_refuse_nul)
    app.after_request(_dress)


def _number() -> None:
    g.request_id = secrets.token_hex(6)


def _refuse_other_names() -> Response | None:
    """An installation answers to its own name; a demonstration, whose name nobody has set, to any."""
    settings = current_app.config["SETTINGS"]
    own = (urlsplit(settings.base_url).hostname, *LOOPBACK)
    is_probe = request.path in PROBES
    if settings.env == "demo" or is_probe or _name_in(request.environ.get("HTTP_HOST", "")) in own:
        return None
    return refusals.error_page(400, refusals.not_understood())


def _name_in(host: str) -> str | None:
    """The name in a Host header; None when it is none."""
    found = HOST.fullmatch(host.lower())
    return found[1] if found else None


def _refuse_foreign() -> Response | None:
    """Only this site's own pages may change anything: Origin and Sec-Fetch-Site, beside the CSRF token."""
    if request.method in SAFE:
        return None
    origin = request.headers.get("Origin")
    elsewhere = origin is not None and urlsplit(origin).netloc != request.host
    if elsewhere or request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return refusals.error_page(403, refusals.foreign())
    return None


def _refuse_nul() -> Response | None:
    """Nobody types the character NUL, and PostgreSQL keeps no text that holds it."""
    said = [request.path, *(text for many in (request.args, request.form) for _, text in many.items(multi=True))]
    return refusals.error_page(400, refusals.not_understood()) if any("\0" in text for text in said) else None


def _dress(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["SETTINGS"].base_url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
