"""The pattern book is whole, the tokens are told apart, and both languages draw from one set."""

import re

import pytest

from blueprints.assets import sent
from tests.house.source import ROOT

pytestmark = pytest.mark.once

TOKENS = ROOT / "static/css/tokens.css"
DARK = ROOT / "static/css/dark.css"
TEXT, MARK = 4.5, 3.0  # WCAG 1.4.3 and 1.4.11
ON_GROUND = ("ink", "ink-2", "ink-3", "link")
GROUNDS = ("canvas", "surface", "surface-2", "tint")
FILLED = (  # what is written on what
    ("p0-ink", "p0"), ("p1-ink", "p1"), ("p2-ink", "p2"), ("p3-ink", "p3"), ("over-ink", "over"),
    ("paused-ink", "paused"), ("violet-ink", "violet"), ("grey-ink", "grey"), ("blue-ink", "blue"),
    ("amber-ink", "amber"), ("teal-ink", "teal"), ("green-ink", "green"), ("red-ink", "red"), ("grey-ink", "quiet"),
    ("on-accent", "accent"), ("on-accent", "accent-over"),
)  # fmt: skip
SAID_ON_GROUND = ("green-ink", "red-ink", "amber-ink")  # clocks, problems, figures
MARKS = ("line-strong", "focus", "accent", "p0-line", "p1-line", "p2-line", "p3-line", "c1", "c2", "c3", "c4", "c5")


def exported() -> set[str]:
    """Every macro that `ui` has."""
    text = (ROOT / "templates/components/ui.html").read_text("utf-8")
    return {name.strip() for names in re.findall(r"\{% set ([\w, ]+?) =", text) for name in names.split(",")}


def test_every_component_is_in_the_pattern_book(sign_in):
    page = sign_in("admin").get("/admin/components")
    shown = {name for section in page.all(data_macros=None) for name in section["data-macros"].split()}
    assert len(exported()) > 25
    assert exported() - shown == set()
    used = set(re.findall(r"ui\.(\w+)", (ROOT / "templates/admin/components.html").read_text("utf-8")))
    assert exported() - used - {"ticks", "ticket_list", "ticket_marks", "ticket_link"} == set()  # drawn inside others


def test_each_stands_in_light_and_in_dark(sign_in):
    page = sign_in("admin").get("/admin/components")
    for section in page.all("section", class_="sample"):
        coats = [coat["data-theme"] for coat in section.all(class_="coat")]
        assert coats in (["light", "dark"], ["light"]), section["data-macros"]
    for level in ("ok", "warn", "danger", "over"):
        assert page.all(data_level=level), level
    assert {e["data-clock-state"] for e in page.all(data_clock=None)} == {
        "running", "breached", "paused", "met", "late", "cancelled",
    }  # fmt: skip


def test_no_id_stands_twice_though_much_is_drawn_twice(sign_in):
    ids = [element["id"] for element in sign_in("admin").get("/admin/components").all(id=None)]
    assert [one for one in ids if ids.count(one) > 1] == []


def test_the_sample_form_is_judged_and_leads_nowhere(sign_in):
    admin = sign_in("admin")
    assert admin.submit("/admin/components", "send_sample", text="").status == 422
    assert admin.does("/admin/components", "send_sample", text="words", one="yes").status == 200


@pytest.mark.parametrize("sheet", [TOKENS, DARK], ids=["light", "dark"])
def test_the_colours_can_be_read(sheet):
    """Every pair that the sheet puts together, reckoned as WCAG reckons it."""
    colours = tokens(sheet)
    pairs = [(ink, ground, TEXT) for ink in ON_GROUND for ground in GROUNDS]
    pairs += [(ink, ground, TEXT) for ink, ground in FILLED]
    pairs += [(ink, "canvas", TEXT) for ink in SAID_ON_GROUND]
    pairs += [(mark, "canvas", MARK) for mark in MARKS]
    weak = {(a, b): round(contrast(colours[a], colours[b]), 2) for a, b, least in pairs
            if contrast(colours[a], colours[b]) < least}  # fmt: skip
    assert weak == {}


def test_dark_names_the_same_colours_as_light():
    assert set(tokens(DARK)) == set(tokens(TOKENS))


def test_the_dark_colours_are_written_once_and_sent_twice():
    """By choice, and by the wish of the device unless somebody wants it light; never on paper."""
    sheet = sent("app.css").decode()
    rows = re.findall(r"@media screen[^{]*\{\s*([^{]+?)\s*\{([^}]*--canvas:\s*#12161D[^}]*)\}", sheet)
    assert [where for where, _ in rows] == ["[data-theme=dark]", ":root:not([data-theme=light])"]
    assert rows[0][1] == rows[1][1]
    assert "prefers-color-scheme: dark" in sheet


def tokens(sheet) -> dict[str, tuple[float, ...]]:
    found = re.findall(r"--([\w-]+): #([0-9A-F]{3,6})\b", sheet.read_text("utf-8"))
    return {name: _linear(value if len(value) == 6 else "".join(c * 2 for c in value)) for name, value in found}


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _linear(value: str) -> tuple[float, ...]:
    parts = [int(value[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    return tuple(c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)


def _luminance(colour: tuple[float, ...]) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]
