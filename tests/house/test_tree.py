"""The project stands alone: no machine of ours in it, settings documented, vendored files as they came."""

import base64
import hashlib
import json
import re

import pytest
from alembic.script import ScriptDirectory

from app import Settings
from tests.house.source import ROOT, name, tracked

pytestmark = pytest.mark.once

# Put together from parts, so that this file may be searched too.
FORBIDDEN = {
    "a local path": re.compile(
        "|".join(["/wo" + "rk/", "/tm" + "p/x/", "/ho" + r"me/\w+/", "/Us" + r"ers/\w+/", "/op" + "t/py"])
    ),
    "a registry's address": re.compile(
        "|".join(
            [
                "--index-" + "url",
                "--extra-index-" + "url",
                "--find-" + "links",
                "file:" + "///",
                r"//[\w.:-]+/sim" + "ple",
            ]
        )
    ),
    "a private key": re.compile("-----BEGIN " + "[A-Z ]*PRIVATE KEY"),
}
TEXT = [path for path in tracked() if path.suffix not in (".png", ".ico", ".woff2", ".mo", ".gz", ".jpg")]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_of_our_machines_is_in_it(what):
    for path in TEXT:
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
            assert not FORBIDDEN[what].search(line), f"{name(path)}:{number} has {what}: {line.strip()[:120]}"


def test_no_file_is_left_over():
    odd = [
        name(p)
        for p in tracked()
        if p.suffix in (".orig", ".rej", ".swp", ".pyc", ".sqlite3", ".db", ".log") or "~" in p.name
    ]
    assert odd == []


@pytest.mark.parametrize("document", ["docs/OPERATIONS.md", ".env.example"])
def test_every_setting_is_documented(document):
    text = (ROOT / document).read_text("utf-8")
    known_to_the_frame = {"FLASK_DEBUG"} if document == ".env.example" else set()  # nobody should be led to set it
    names = {str(field.validation_alias) for field in Settings.model_fields.values()} - known_to_the_frame
    missing = sorted(n for n in names if not re.search(rf"\b{n}\b", text))
    assert missing == []


def test_no_setting_is_documented_that_is_not_there():
    names = {str(field.validation_alias) for field in Settings.model_fields.values()} | {"TEST_DATABASE_URL"}
    said = set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.M))
    assert said <= names


@pytest.mark.parametrize(
    ("listed", "folder"),
    [("static/vendor/VENDORED.json", "static"), ("tests/data/axe/VENDORED.json", "tests/data/axe")],
)
def test_vendored_files_are_as_they_came(listed, folder):
    vendored = json.loads((ROOT / listed).read_text())
    for entry in vendored:
        algorithm, _, expected = entry["integrity"].partition("-")
        digest = hashlib.new(algorithm, (ROOT / folder / entry["file"]).read_bytes()).digest()
        assert base64.b64encode(digest).decode() == expected, entry["file"]
        assert (ROOT / folder / entry["licence_file"]).is_file()
        assert entry["version"]


def test_everything_that_is_vendored_is_listed():
    vendored = json.loads((ROOT / "static/vendor/VENDORED.json").read_text())
    assert {entry["file"] for entry in vendored} >= {
        f"vendor/{path.name}" for path in (ROOT / "static/vendor").glob("*.js")
    }, "everything that is vendored is listed"


def test_pinned_with_hashes():
    for pins in ("requirements.txt", "requirements-dev.txt"):
        blocks = re.split(r"\n(?=[a-z])", (ROOT / pins).read_text("utf-8").replace("\\\n", " "))
        packages = [block for block in blocks if re.match(r"[a-z0-9._-]+(\[[\w,-]+\])?==", block, re.I)]
        assert packages
        assert [block.split()[0] for block in packages if "--hash=sha256:" not in block] == []


def test_one_head_of_migrations():
    assert len(ScriptDirectory(str(ROOT / "migrations")).get_heads()) == 1


def test_the_licence_and_the_notices_are_there():
    assert "MIT" in (ROOT / "LICENSE").read_text()
    notices = (ROOT / "THIRD-PARTY.md").read_text("utf-8")
    for entry in json.loads((ROOT / "static/vendor/VENDORED.json").read_text()):
        assert entry["name"].split("-")[0].split(".")[0] in notices.lower(), entry["name"]


def test_rules_that_comments_cite_are_in_the_process():
    process = (ROOT / "docs/PROCESS.md").read_text("utf-8")
    known = set(re.findall(r"\bP\d+(?:\.\d+)?\b", process))
    for path in TEXT:
        if path.suffix != ".py":
            continue
        for rule in re.findall(r"\bP\d+\.\d+\b", path.read_text("utf-8")):
            assert rule in known, f"{name(path)} cites {rule}"
