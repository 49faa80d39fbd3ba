"""Templates hold words and order: no script, no style, nothing unescaped, no query."""

import re

import pytest
from jinja2 import Environment, nodes

from tests.house.source import each, files, name

pytestmark = pytest.mark.once

TEMPLATES = files("templates", ending=".html")
REFUSED = {
    "unescaped text": re.compile(r"\|\s*safe\b|autoescape\s+false"),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)", re.I),
    "a handler in an attribute": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.I),
    "hx-on": re.compile(r"hx-on\b"),
    "js:": re.compile(r"[\"'(]\s*(js|javascript):", re.I),
    "an inline style": re.compile(r"<style\b|\sstyle\s*=", re.I),
    "a trigger filter, which needs eval": re.compile(r"hx-trigger\s*=\s*[\"'][^\"']*\["),
    "something from another host": re.compile(r"(src|href|action)\s*=\s*[\"'](https?:)?//", re.I),
    "a query": re.compile(r"db\.session|\.query\b"),
    "a habit of htmx 2": re.compile(r"hx-disable\b|hx-vals\s*=\s*[\"']js|hx-ext\b|htmx:afterSwap"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    for path in TEMPLATES:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            assert not REFUSED[what].search(line), f"{name(path)}:{number} has {what}"


@each(TEMPLATES)
def test_every_form_that_posts_comes_with_its_tokens(path):
    text = path.read_text("utf-8")
    for form in re.findall(r"<form\b.*?</form>", text, re.S | re.I):
        if re.search(r"method\s*=\s*[\"']post", form, re.I):
            assert "csrf_token" in form, f"{name(path)}: a form without a CSRF token"
            assert "data-action=" in form, f"{name(path)}: a form that does not say what it does"


@each(TEMPLATES)
def test_a_part_of_a_page_has_all_that_it_needs(path):
    """htmx may ask for a block alone: what stands outside of it in a page is not there then."""
    parts = Environment(extensions=["jinja2.ext.i18n"]).parse(path.read_text("utf-8")).body
    if any(isinstance(part, nodes.Extends) for part in parts):
        lost = [part for part in parts if isinstance(part, nodes.Macro | nodes.Import | nodes.FromImport)]
        assert not lost, f"{name(path)}:{lost[0].lineno} is missing where only a block is asked for"


@each(TEMPLATES)
def test_every_template_says_what_it_is(path):
    assert path.read_text("utf-8").startswith("{#"), f"{name(path)} does not begin with a line saying what it is"


@each([*TEMPLATES, *files("blueprints", "models/steps", "models/rules", "models/insight")])
def test_sentences_are_english_in_the_source(path):
    """Chinese is in the catalogue; here only comments may cite the users' own words."""
    text = path.read_text("utf-8")
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.S)
    text = re.sub(r'""".*?"""', "", text, flags=re.S)
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("  #")[0].replace("中文", "").replace("闭环", "")
        assert not re.search(r"[一-鿿]", line) or "re.compile" in line, f"{name(path)}:{number}: {line.strip()}"


def test_no_script_of_ours_builds_html():
    text = "".join(path.read_text("utf-8") for path in files("static/js", ending=".js"))
    assert text
    for sink in ("innerHTML", "outerHTML =", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert sink not in text, sink
