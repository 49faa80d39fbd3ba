"""Our own files: scripts and sheets are written in parts, each a room, and sent as one; addresses carry a digest."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app

STATIC = Path(__file__).parent.parent / "static"
SHEETS = ("reset", "tokens", "base", "frame", "parts", "forms", "lists", "ticket", "narrow", "print")
SCRIPTS = ("ground", "trusted", "live", "clocks", "files", "drafts", "forms", "swaps", "small", "start")
KINDS = {"app.css": "text/css", "app.js": "text/javascript"}  # what is joined
YEAR = 365 * 24 * 3600  # seconds a browser may keep a file whose address changes when it does


def register(app: Flask) -> None:
    """Serve the joined files beside the others of static/, and let browsers keep all of them."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR
    app.jinja_env.globals["static"] = static
    app.view_functions["static"] = _serve


@cache
def static(name: str) -> str:
    """Where a file of static/ is fetched from; another content has another address. Icons ask thirty times a page."""
    content = joined(name) if name in KINDS else (STATIC / name).read_bytes()
    return f"{current_app.static_url_path}/{name}?v={hashlib.sha256(content).hexdigest()[:10]}"


@cache
def joined(name: str) -> bytes:
    """All parts of the script or of the sheet, in their order. The parts of the script share one scope of their own."""
    if name == "app.css":
        return b"\n".join((STATIC / f"css/{part}.css").read_bytes() for part in SHEETS)
    parts = b"\n".join((STATIC / f"js/{part}.js").read_bytes() for part in SCRIPTS)
    return b"(() => {\n'use strict';\n" + parts + b"})();\n"


def _serve(filename: str) -> Response:
    if filename not in KINDS:
        return current_app.send_static_file(filename)
    response = Response(joined(filename), mimetype=KINDS[filename])
    response.cache_control.max_age, response.cache_control.public = YEAR, True
    return response
