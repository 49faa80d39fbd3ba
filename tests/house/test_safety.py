"""What is read from the source: nothing runs words, nothing goes round the loaders, cookies and files are closed."""

import ast
import importlib
import pkgutil
import re

import pytest
from flask_wtf import FlaskForm
from wtforms import EmailField, SearchField, StringField, TelField, TextAreaField, URLField
from wtforms.validators import AnyOf, Length

import blueprints
from tests.house.source import FLOORS, calls, dotted, each, files, name, tree

pytestmark = pytest.mark.once

CODE = files(*FLOORS, "app.py")
NEVER = re.compile(
    r"(^|\.)(eval|exec|popen|mktemp|render_template_string|populate_obj)$|^os\.system$|^(pickle|marshal|shelve|yaml)\."
)
OURS = "Ticket|Plan|PlanStep|Approval|Entry|Attachment|Extension|Cooperation|WorkStep|Link|Event|Verification|Consent"
PAST = re.compile(rf"session\.get(_one)?\(({OURS}), (?!\w+\.\w+_id\b)|session\.query\(")
TYPED = (StringField, TextAreaField, EmailField, SearchField, TelField, URLField)
LEADS = ("url_for", "ticket_url", "url_of")
FLAGS = {"httponly", "samesite", "secure"}
UNQUOTED = re.compile(r"<[a-z][^<>]*\s[\w:-]+=\{\{")


@each(CODE)
def test_nothing_runs_what_it_reads(path):
    for line, called in calls(path):
        assert not NEVER.search(called), f"{name(path)}:{line} calls {called}"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.keyword) and node.arg == "shell":
            assert getattr(node.value, "value", True) is False, f"{name(path)}:{node.value.lineno} starts a shell"


@each([path for path in files("blueprints") if path.name not in ("access.py", "messages.py")])
def test_what_belongs_to_a_ticket_is_loaded_by_the_loaders(path):
    """Safety rule 20: by blueprints/access.py, or by an id that stands in a row which was loaded there."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        assert not PAST.search(line), f"{name(path)}:{number} loads past blueprints/access.py: {line.strip()}"


@each(CODE)
def test_addresses_are_made_from_the_setting(path):
    """Safety rule 27: whoever asks under another name does not put it into a letter."""
    text = path.read_text("utf-8")
    assert not re.search(r"_external=|request\.(url_root|host_url|base_url|root_url)\b", text), name(path)


@each(files("blueprints"))
def test_redirects_lead_to_our_own_pages(path):
    """Safety rule 35: an address of a request is never gone to; pages.done() is given what url_for or a seal made."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and dotted(node.func) == "redirect" and name(path) != "blueprints/pages.py":
            target = dotted(node.args[0].func) if isinstance(node.args[0], ast.Call) else "?"
            assert target in LEADS, f"{name(path)}:{node.lineno} redirects to {target}"


@each(files("blueprints"))
def test_cookies_are_closed_and_files_leave_by_one_door(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and dotted(node.func).endswith(".set_cookie"):
            assert {keyword.arg for keyword in node.keywords} >= FLAGS, f"{name(path)}:{node.lineno}"
        if isinstance(node, ast.Call) and dotted(node.func).rsplit(".", 1)[-1] in ("send_file", "send_from_directory"):
            assert name(path) == "blueprints/tickets/view.py", f"{name(path)}:{node.lineno} sends a file by itself"


@each(files("templates", ending=".html"))
def test_attributes_are_quoted_and_new_windows_know_nothing_of_us(path):
    text = path.read_text("utf-8")
    assert not UNQUOTED.search(text), f"{name(path)}: an attribute without quotation marks"
    for tag in re.findall(r"<a\b[^<>]*\starget=[^<>]*>", text):
        assert "noopener" in tag, f"{name(path)}: {tag}"


def test_every_text_of_a_form_has_an_end():
    """Safety rule 36: what is typed has a length, so that nothing reaches the database that it would cut or refuse."""
    for found in pkgutil.walk_packages(blueprints.__path__, "blueprints."):
        importlib.import_module(found.name)
    endless, looked = [], 0
    for form in _below(FlaskForm):
        for field, made in vars(form).items():
            kind = getattr(made, "field_class", None)
            if kind not in TYPED:
                continue
            checks = made.kwargs.get("validators", made.args[1] if len(made.args) > 1 else [])
            looked += 1
            if not any(isinstance(check, AnyOf) or (isinstance(check, Length) and check.max > 0) for check in checks):
                endless.append(f"{form.__module__}.{form.__name__}.{field}")
    assert looked > 60
    assert endless == []


def _below(kind: type) -> set[type]:
    return {
        kind
        for child in kind.__subclasses__()
        if child.__module__.startswith("blueprints")
        for kind in (child, *_below(child))
    }
