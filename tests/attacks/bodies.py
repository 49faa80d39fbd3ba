"""What is sent as files and bodies."""

import gzip
import io
import json
import os
import re
import resource
import socket
import struct
import time
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

from werkzeug.http import parse_options_header

from tests.attacks.figures import heavy, nothing
from tests.attacks.payloads import NAMES
from tests.attacks.site import Site
from tests.browsing import Page

SCRIPT = b"<script>kanarie()</script>"


GIF = b"GIF89a/*" + b"\0" * 20 + b"*/=1;kanarie()"


MEGABYTE, UNFOLDED = b"\0" * (1 << 20), 100
KINDS = {
    "a.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="kanarie()"><script>kanarie()</script></svg>',
    "a.html": b"<!doctype html>" + SCRIPT,
    "a.xhtml": b'<html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT,
    "a.xml": b'<?xml version="1.0"?><?xml-stylesheet href="/a.xsl"?><a>' + SCRIPT + b"</a>",
    "a.mht": b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + SCRIPT,
    "a.pdf": b"%PDF-1.7 /JS (app.alert(1))",
    "a.js": b"kanarie()",
    "a.css": b"@import '//evil.example'",
    "a.swf": b"FWS\x09" + b"\0" * 20,
    "a.hta": SCRIPT,
    "polyglot.gif": GIF,
    "double.png.html": SCRIPT,
    "wrong.png": SCRIPT,
    "html.jpg": b"\xff\xd8\xff" + SCRIPT,
    "eicar.txt": b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
    "a.exe": b"MZ" + b"\0" * 64,
    "empty.png": b"",
    "a.webp": b"RIFF\0\0\0\0WEBP" + SCRIPT,
    "a.svgz": gzip.compress(b"<svg onload='kanarie()'/>"),
}


def a05(site: Site) -> str:
    """Files that would run something, fetched directly, as pictures and before they are sent."""
    return _sent_and_fetched(site, list(KINDS.items()))


def a52(site: Site) -> str:
    """Names that lead elsewhere, end a header or fool the eye."""
    return _sent_and_fetched(site, [(name, b"text") for name in NAMES])


def a53(site: Site) -> str:
    """Wrong beginnings, two endings, two kinds at once: a file is shown only as the picture that it is."""
    shown = []
    for name, content in KINDS.items():
        key = _upload(site, name, content)["key"]
        answer = site.browser("zhang").open(f"/files/{key}")
        shown.append((name, answer.status, answer.response.mimetype))
        assert answer.status == 404 or answer.response.mimetype in (
            "image/png",
            "image/jpeg",
            "image/gif",
            "image/webp",
        ), name
        assert answer.status == 404 or "sandbox" in answer.response.headers["Content-Security-Policy"], name
    return f"{len(KINDS)} files, {sum(status == 200 for _, status, _ in shown)} shown, as pictures only"


def a54(site: Site) -> str:
    """Bombs: archives, documents, pictures, deep XML, bodies and files of policies and calendars that unfold."""
    bombs = {
        "a.zip": _zipped("a"),
        "a.docx": _zipped("word/document.xml"),
        "b.png": _picture(20_000, 20_000),
        "c.xml": b"<a>" * 500_000,
        "d.svg": _laughs(),
        "e.gz": _packed(),
    }
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    for name, content in bombs.items():
        _upload(site, name, content)
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"}
    answer = site.browser("zhang").open("/report", method="POST", data=bombs["e.gz"], headers=headers)
    assert answer.status in (400, 403, 413, 415), answer.status
    for text in _unfolding():
        for url, action in (("/admin/policies", "import_policy"), ("/admin/calendars/2/import", "propose_file")):
            form = next((f for f in site.browser("admin").open(url).forms(action)), None)
            if form:
                fields = {"text": text} if "text" in form.names else {"file": (io.BytesIO(text.encode()), "a.ics")}
                status = site.browser("admin").press(form, **fields).status
                assert status in (200, 303, 413, 422), (url, status, text[:200])
    grown, took = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, time.perf_counter() - began
    assert grown < UNFOLDED / 2, grown  # MB
    return f"{len(bombs) + 1} bombs, {len(_unfolding())} files that unfold, {grown:.0f} MB more, {took:.1f} s"


def a55(site: Site) -> str:
    """Ten thousand parts, bodies of nothing but CR, lengths that are not true."""
    many = (
        b"".join(b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\n1\r\n' % n for n in range(10_000))
        + b"--x--\r\n"
    )
    answers = [
        _raw(site, many, "multipart/form-data; boundary=x"),
        _raw(site, b"\r" * 100_000, "multipart/form-data; boundary=x"),
        _raw(site, b"--x\r\n" * 10_000, "multipart/form-data; boundary=x"),
        _raw(site, b"&" * 300_000),
        _raw(site, b"a=" + b"x" * (2 << 20)),
        _raw(site, b"--x", "multipart/form-data; boundary=" + "x" * 5_000),
        _raw(site, b"{" * 100_000, "application/json"),
        _raw(site, b"x", "multipart/form-data"),
    ]
    nothing([answer.status for answer in answers if answer.status not in (400, 403, 413)])
    return f"{len(answers)} bodies refused: {sorted({answer.status for answer in answers})}"


@heavy
def a55_all(site: Site) -> str:
    """Pairs of lengths over which two servers could disagree, sent to a running house: one answer, then the end."""
    from tests.workers.conftest import free_port, start_house, stop, surroundings

    home, port = site.home / "door", free_port()
    home.mkdir()
    house, _ = start_house(os.environ | surroundings(home) | {"PORT": str(port)}, home / "output", "--no-demo")
    try:
        answers = [_spoken(port, words) for words in SMUGGLED]
    finally:
        stop(house)
    for words, answer in zip(SMUGGLED, answers, strict=True):
        assert answer.count(b"HTTP/1.1 ") <= 1, (words, answer)
        assert b"HTTP/1.1 200" not in answer, (words, answer)
    return f"{len(SMUGGLED)} requests of two minds, 0 answered twice"


SMUGGLED = [
    b"POST /login HTTP/1.1\r\nHost: localhost\r\n"
    + head
    + b"\r\n\r\n"
    + rest
    + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for head, rest in (
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
        (b"Content-Length: 4\r\nContent-Length: 0", b"abcd"),
        (b"Transfer-Encoding: xchunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding : chunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"0\r\n\r\n"),
        (b"Content-Length: +0", b""),
        (b"Content-Length: 0x0", b""),
        (b"Content-Length: -1", b""),
        (b"X: y\r\n Content-Length: 40", b""),
        (b"Transfer-Encoding: chunked", b"fffffffffffffffff\r\n"),
        (b"Transfer-Encoding: chunked", b"0x5\r\nabcde\r\n0\r\n\r\n"),
        (b"\x00Content-Length: 0", b""),
        (b"Content-Length: 0, 0", b""),
    )
]


def a59(site: Site) -> str:
    """A thousand ranges, ranges that overlap or are none, conditions: the file, a part of it, or 416."""
    number, key = site.world.tickets["file"], site.world.values["key"][0]
    statuses = set()
    for url in (f"/t/{number}/files/{key}", "/static/app.css", f"/t/{number}/files/{key}/picture"):
        whole = len(site.browser("zhang").open(url).response.data)
        for said in ("0-0," * 1_000 + "0-0", "0-,0-,0-", "-1", "5-2", "9" * 400 + "-", "a-b", "-", "0-" * 500, "0-3"):
            answer = site.browser("zhang").open(url, headers={"Range": f"bytes={said}"})
            assert answer.status in (200, 206, 416), (url, said, answer.status)
            assert len(answer.response.data) <= max(whole, 20_000), said
            assert not ("no-store" not in answer.response.headers["Cache-Control"] and "files" in url)
            statuses.add(answer.status)
    return f"27 requests: {sorted(statuses)}"


def _sent_and_fetched(site: Site, files: list[tuple[str, bytes]]) -> str:
    """Each file sent, attached to a ticket, and fetched: always a download with a harmless name."""
    number = site.world.tickets["awaiting_plan"]
    form = site.browser("zhao").get(f"/t/{number}/note").form("note")
    uploads = [_upload(site, name, content, by="zhao") for name, content in files]
    keys = [kept["key"] for kept in uploads if kept]
    sent = form.values | {"text": "x", "kept": keys}
    assert site.browser("zhao").open(form.url, method="POST", data=sent).status in (303, 422)
    fetched = 0
    for key in keys:
        answer = site.browser("zhao").open(f"/t/{number}/files/{key}")
        if answer.status == 200:
            _check_download(answer)
            fetched += 1
        picture = site.browser("zhao").open(f"/t/{number}/files/{key}/picture")
        assert picture.status == 404 or picture.response.mimetype.startswith("image/"), key
    assert fetched >= min(len(files), 20), fetched
    assert not list(Path(site.home).glob("*evil*"))
    return f"{len(files)} files, {fetched} fetched, all downloads under names of no harm"


def _check_download(answer: Page) -> None:
    headers = answer.response.headers
    kind, options = parse_options_header(headers["Content-Disposition"])
    name = options.get("filename", "")
    assert kind == "attachment"
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "X-Evil" not in headers
    assert not re.search(r"[\x00-\x1f\x7f/\\\u202e\u200b\u2028]", name), name
    assert name.strip(". "), name


def _upload(site: Site, name: str, content: bytes, *, by: str = "zhang") -> dict[str, Any]:
    data = {"csrf_token": site.csrf(by), "file": (io.BytesIO(content), name or "x")}
    answer = site.browser(by).open("/files", method="POST", data=data, content_type="multipart/form-data")
    assert answer.status in (201, 422), (name, answer.status)  # 422: no browser could have sent it under this name
    return dict(json.loads(answer.response.data)) if answer.status == 201 else {}


def _raw(site: Site, body: bytes, kind: str = "application/x-www-form-urlencoded") -> Page:
    return site.browser("zhang").open("/report", method="POST", data=body, content_type=kind)


def _zipped(name: str) -> bytes:
    """A hundred megabytes of nothing; made piece by piece, so that making them takes no room."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as file:
        for _ in range(UNFOLDED):
            file.write(MEGABYTE)
    return held.getvalue()


def _packed() -> bytes:
    held = io.BytesIO()
    with gzip.GzipFile(fileobj=held, mode="w") as file:
        for _ in range(UNFOLDED):
            file.write(MEGABYTE)
    return held.getvalue()


def _picture(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000))
        + chunk(b"IEND", b"")
    )


def _laughs() -> bytes:
    names = "abcdefghij"
    lines = [f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(names)]
    return ('<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "ha">' + "".join(lines) + "]><svg>&j;</svg>").encode()


def _unfolding() -> list[str]:
    """Texts of policies and calendars that are short and mean a lot."""
    event = "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            "BEGIN:VEVENT",
            "DTSTART;VALUE=DATE:20260101",
            "{}",
            "SUMMARY:x",
            "END:VEVENT",
            "END:VCALENDAR",
        )
    )
    return [
        "a=" + "[" * 3_000,
        '{"a":' * 3_000,
        "a." * 3_000 + "b=1",
        "[" * 3_000,
        event.format("RRULE:FREQ=SECONDLY"),
        event.format("RRULE:FREQ=DAILY;UNTIL=99991231"),
        event.format("DTEND;VALUE=DATE:99991231"),
        event.format("DURATION:P9999999D"),
        "date,kind,ranges,name\n" + "9999-12-31,closed,,x\n" * 2,
        "a=" + "9" * 5_000,
    ]


def _spoken(port: int, words: bytes) -> bytes:
    """What a server says to these words until it is silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=3) as line:
        line.sendall(words)
        heard = b""
        try:
            while more := line.recv(65536):
                heard += more
        except (TimeoutError, ConnectionError):
            pass
        return heard
