"""Our own files: scripts and sheets are written in parts, each a room, and sent as one; addresses carry a digest."""

import base64
import hashlib
import re
from functools import cache
from mimetypes import guess_type
from pathlib import Path

import rjsmin
from flask import Flask, Response, current_app, g, request
from markupsafe import Markup
from zopfli import gzip

STATIC = Path(__file__).parent.parent / "static"
SHEETS = (
    "reset", "tokens", "dark", "base", "frame", "parts", "forms", "lists", "cards", "palette", "triage", "ticket",
    "narrow", "print",
)  # fmt: skip
PICTURES = ("charts", "wall")  # what only the watch shows; reset.css says where they stand among the layers
SCRIPTS = (
    "ground", "trusted", "live", "clocks", "announce", "held", "places", "files", "drafts", "signin", "offline",
    "forms", "swaps", "small", "print", "keys", "palette", "start",
)  # fmt: skip
VENDORED = ("htmx.min", "hx-ptag.min")  # as they came (static/vendor/VENDORED.json), sent as one
REMARK, SPACE = re.compile(rb"(?s)/\*.*?\*/"), re.compile(rb"\s+")
AROUND = re.compile(rb"\s?([{};,])\s?")
COLON = re.compile(
    rb"((?:[{;]|^)[\w-]+):\s"
)  # of a declaration: no selector begins with a word and a colon and a space
JOINED = {"app.css": SHEETS, "watch.css": (*SHEETS, *PICTURES), "app.js": SCRIPTS, "vendor/htmx.js": VENDORED}
PACKED = (*JOINED, "link.css", "link.js", "passkey.js", "icons.svg")
YEAR = 365 * 24 * 3600  # seconds a browser may keep a file whose address changes when it does


def register(app: Flask) -> None:
    """Serve the joined files beside the others of static/, and let browsers keep all of them."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR
    app.jinja_env.globals.update(static=static, integrity=integrity, sprite=sprite, symbols=symbols)
    app.view_functions["static"] = _serve


@cache
def static(name: str) -> str:
    """Where a file of static/ is fetched from; another content has another address. Icons ask thirty times a page."""
    return f"{current_app.static_url_path}/{name}?v={hashlib.sha256(sent(name)).hexdigest()[:10]}"


@cache
def integrity(name: str) -> str:
    """What a script of ours must be, or the browser does not run it."""
    return "sha384-" + base64.b64encode(hashlib.sha384(sent(name)).digest()).decode()


@cache
def joined(name: str) -> bytes:
    """All parts of the script or of the sheet, in their order. The parts of the script share one scope of their own."""
    parts = b"\n".join(_part(name, part) for part in JOINED[name])
    return parts if name != "app.js" else b"(() => {\n'use strict';\n" + parts + b"})();\n"


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


def _part(name: str, part: str) -> bytes:
    """A part of the script or the sheet; the dark colours once more for those who leave it to the device
    (`light-dark()` would say it without us, but browsers of before 2024 do not know it and would have no colours)."""
    if name.endswith(".js"):
        return (STATIC / ("js" if name == "app.js" else "vendor") / f"{part}.js").read_bytes()
    text = (STATIC / f"css/{part}.css").read_bytes()
    if part != "dark":
        return text
    by_wish = text.replace(b"@media screen", b"@media screen and (prefers-color-scheme: dark)")
    return text + by_wish.replace(b"[data-theme=dark]", b":root:not([data-theme=light])")


@cache
def sent(name: str) -> bytes:
    """What is sent: our own without the words for whoever reads our files."""
    text = joined(name) if name in JOINED else (STATIC / name).read_bytes()
    return small(name, text) if "/" not in name else text


def small(name: str, text: bytes) -> bytes:
    """A script or a sheet without comments and needless space."""
    kind = Path(name).suffix
    return rjsmin.jsmin(text) if kind == ".js" else _small_sheet(text) if kind == ".css" else text


def _small_sheet(text: bytes) -> bytes:
    """By hand, for libraries take `a :is(b)` for `a:is(b)`; tests/browser/test_look.py compares what browsers read."""
    return COLON.sub(rb"\1:", AROUND.sub(rb"\1", SPACE.sub(b" ", REMARK.sub(b"", text)))).replace(b";}", b"}").strip()


@cache
def _packed(name: str) -> bytes:
    """As small as it gets: packed once, not for each who fetches it."""
    return gzip.compress(sent(name), numiterations=5)


def _serve(filename: str) -> Response:
    if filename not in PACKED:
        return current_app.send_static_file(filename)
    response = Response(mimetype=guess_type(filename)[0])
    response.vary.add("Accept-Encoding")
    response.cache_control.max_age, response.cache_control.public = YEAR, True
    if "gzip" in request.accept_encodings:
        response.content_encoding = "gzip"
        response.set_data(_packed(filename))
    else:
        response.set_data(sent(filename))
    return response
