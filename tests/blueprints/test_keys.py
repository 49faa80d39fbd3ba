"""One list of keys: bound, printed and marked on the pages, none more in one place than in another."""

import re
from pathlib import Path

from blueprints import assets
from blueprints.keys import MOVES, POINT_OF, SCOPES, UNDOES, points
from tests.factories import a_ticket

ROOT = Path(__file__).parents[2]
KEYS = [key for scope in SCOPES for key in scope.keys]
MARK = re.compile(r"""(?:data-key=["']|key=["'])([^"'{]+)""")


def marked() -> set[str]:
    """What the templates and forms point keys at; `go:` and `level:` are completed by a value."""
    files = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "blueprints").rglob("forms.py")]
    said = [word for file in files for group in MARK.findall(file.read_text()) for word in group.split()]
    said += [
        word
        for found in re.findall(r'"data-key": "([^"]+)"', "".join(f.read_text() for f in files))
        for word in found.split()
    ]
    return {*said, "status", *(word for group in POINT_OF.values() for word in group.split())}


def test_no_key_means_two_things_and_each_says_what_it_does():
    chords = [key.chord for key in KEYS if key.chord]
    assert len(chords) == len(set(chords))
    assert all(str(key.word) and key.caps for key in KEYS)
    assert not [chord for chord in chords if any(other.startswith(f"{chord} ") for other in chords)], (
        "a prefix is no key"
    )


def test_each_key_leads_somewhere_and_nothing_is_marked_for_no_key():
    said = marked()
    lead = {point.partition(":")[0] for point in points() - set(MOVES)}
    assert lead - {word.rstrip(":") for word in said} - {"go"} == set(), "keys that point at nothing"
    assert {word.rstrip(":") for word in said} - lead - {"go"} <= {"palette"}, "marks that no key points at"


def test_the_script_binds_what_is_printed_and_only_that(sign_in):
    page = sign_in("wang").get("/help/shortcuts")
    printed = {(e["data-chord"], e["data-point"]) for e in page.one("main").all("tr", data_chord=None)}
    given = {(e["data-chord"], e["data-point"]) for e in page.one("template", id="keys").all("tr", data_chord=None)}
    assert printed == given == {(key.chord, key.point) for key in KEYS if key.point}
    script = (assets.STATIC / "js/keys.js").read_text()
    deeds = script[script.index("const deeds = {") : script.index("};", script.index("const deeds = {"))]
    named = set(re.findall(r"(?:'([a-z-]+)'|\b([a-z]+))(?=: \(|: \(\)|,)", deeds))
    assert {a or b for a, b in named} >= set(MOVES), "what the script does by itself is what the list says"


def test_only_what_takes_back_is_pressed_by_a_key():
    script = (assets.STATIC / "js/keys.js").read_text()
    assert f"point === '{UNDOES}' || element.matches('a,button[type=button]')" in script
    assert script.count(".click()") == 3, "the box of a row, its link, and what reach() lets through"
    assert script.count("requestSubmit") == 1, "Enter beside the list"


def test_who_wants_no_single_keys_gets_none(english):
    wang = english("wang")
    assert wang.get("/my").one("body")["data-keys"] == "on"
    form = wang.get("/me").form("keep_settings")
    assert form.values["shortcuts"] == ["y"]
    wang.press(form, leave_out=("shortcuts",))
    page = wang.get("/help/shortcuts")
    assert page.one("body")["data-keys"] == "off"
    assert "switched single keys off" in page.text
    held = {e["data-chord"] for e in page.one("template", id="keys").all("tr", data_held=None)}
    assert held == {"ctrl+k", "escape"}


def test_the_ticket_page_marks_what_can_be_done_now(sign_in):
    number = a_ticket("awaiting_engineer").number
    page = sign_in("zhao").get(f"/t/{number}")
    here = {word for e in page.one("main").all(data_key=None) for word in e["data-key"].split()}
    assert {"take", "status", "assign", "level", "duplicate", "wait", "update", "reply", "note"} <= here
    assert page.one(data_key="status take").tag == "button"
