"""Our own files: scripts and sheets are written in parts, each a room, and sent as one; addresses carry a digest."""

import gzip
import hashlib
import re
from functools import cache
from mimetypes import guess_type
from pathlib import Path

from flask import Flask, Response, current_app, g, request
from markupsafe import Markup

STATIC = Path(__file__).parent.parent / "static"
SHEETS = (
    "reset", "tokens", "dark", "base", "frame", "parts", "forms", "lists", "cards", "palette", "triage", "ticket",
    "charts", "wall", "narrow", "print",
)  # fmt: skip
SCRIPTS = (
    "ground", "trusted", "live", "clocks", "announce", "held", "places", "files", "drafts", "signin", "offline",
    "forms", "swaps", "small", "print", "keys", "palette", "start",
)  # fmt: skip
# For whoever reads our files, not for whoever fetches them.
COMMENT = re.compile(rb"(?m)(^|\s+)//(\s.*)?$")
REMARK = re.compile(rb"(?s)\s*/\*.*?\*/")
INDENT = re.compile(rb"(?m)^[ \t]+")
PACKED = ("app.css", "app.js", "link.css", "icons.svg", "vendor/htmx.min.js", "vendor/hx-ptag.min.js")
KINDS = {"app.css": "text/css", "app.js": "text/javascript"}  # what is joined
YEAR = 365 * 24 * 3600  # seconds a browser may keep a file whose address changes when it does


def register(app: Flask) -> None:
    """Serve the joined files beside the others of static/, and let browsers keep all of them."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR
    app.jinja_env.globals.update(static=static, sprite=sprite, symbols=symbols)
    app.view_functions["static"] = _serve


@cache
def static(name: str) -> str:
    """Where a file of static/ is fetched from; another content has another address. Icons ask thirty times a page."""
    return f"{current_app.static_url_path}/{name}?v={hashlib.sha256(_content(name)).hexdigest()[:10]}"


@cache
def joined(name: str) -> bytes:
    """All parts of the script or of the sheet, in their order. The parts of the script share one scope of their own."""
    if name == "app.css":
        return INDENT.sub(b"", REMARK.sub(b"", b"\n".join(_sheet(part) for part in SHEETS)))
    parts = b"\n".join(COMMENT.sub(b"", (STATIC / f"js/{part}.js").read_bytes()) for part in SCRIPTS)
    return b"(() => {\n'use strict';\n" + parts + b"})();\n"


def sprite() -> str:
    """Where icons are drawn from: the file of all of them, or the page itself, where it has brought its few."""
    return "" if "symbols" in g else static("icons.svg")


def symbols(*names: str) -> Markup:
    """A few icons for the page that is being drawn: one file less to fetch on a slow line."""
    g.symbols = names
    return _symbols(names)


@cache
def _symbols(names: tuple[str, ...]) -> Markup:
    lines = (STATIC / "icons.svg").read_text("utf-8").splitlines()
    wanted = [line for name in names for line in lines if f'<symbol id="{name}"' in line]
    return Markup("<svg hidden>" + "".join(wanted) + "</svg>")  # noqa: S704 - our own drawing


def _sheet(part: str) -> bytes:
    """A part of the sheet; the dark colours once more for those who leave it to the device (`light-dark()` would say it
    without us, but browsers of before 2024 do not know it and would have no colours at all)."""
    text = (STATIC / f"css/{part}.css").read_bytes()
    if part != "dark":
        return text
    by_wish = text.replace(b"@media screen", b"@media screen and (prefers-color-scheme: dark)")
    return text + by_wish.replace(b"[data-theme=dark]", b":root:not([data-theme=light])")


def _content(name: str) -> bytes:
    return joined(name) if name in KINDS else (STATIC / name).read_bytes()


@cache
def _packed(name: str) -> bytes:
    """As small as it gets: packed once, not for each who fetches it."""
    return gzip.compress(_content(name), 9, mtime=0)


def _serve(filename: str) -> Response:
    if filename not in PACKED:
        return current_app.send_static_file(filename)
    response = Response(mimetype=KINDS.get(filename) or guess_type(filename)[0])
    response.vary.add("Accept-Encoding")
    response.cache_control.max_age, response.cache_control.public = YEAR, True
    if "gzip" in request.accept_encodings:
        response.content_encoding = "gzip"
        response.set_data(_packed(filename))
    else:
        response.set_data(_content(filename))
    return response
