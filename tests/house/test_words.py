"""Both languages are complete for everything on screen and in letters."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from tests.house.source import ROOT, dotted, each, files, name, tree

pytestmark = pytest.mark.once

REFUSALS = ("Invalid", "Conflict", "Refused", "Missing", "Gone", "TooLarge", "TooMany", "Busy", "NoRoom", "DomainError")
KEYWORDS: dict = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)} | dict.fromkeys(
    REFUSALS
)
PLACE = re.compile(r"%\((\w+)\)[sd]")


@cache
def wanted() -> dict[str | tuple[str, str], str]:
    """Every sentence of ours → where it stands."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    ours = ("blueprints", "models", "templates")
    found = extract_from_dir(
        str(ROOT), methods, options, KEYWORDS,
        directory_filter=lambda path: Path(path).relative_to(ROOT).parts[0] in ours,
    )  # fmt: skip
    return {
        message if isinstance(message, str) else tuple(message): f"{place}:{line}" for place, line, message, *_ in found
    }


@cache
def chinese() -> Catalog:
    with (ROOT / "translations/zh/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="zh")


def test_there_are_sentences():
    assert len(wanted()) > 300


def test_every_sentence_has_its_chinese():
    missing = []
    for message, place in wanted().items():
        key = message[0] if isinstance(message, tuple) else message
        held = chinese().get(key)
        texts = held.string if held and isinstance(held.string, tuple) else (held.string,) if held else ()
        if not texts or not all(texts) or held.fuzzy:
            missing.append(f"{place}: {key}")
    assert missing == [], f"{len(missing)} sentences"


def test_no_place_for_a_value_is_lost():
    wrong = []
    for message in chinese():
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        places = set(PLACE.findall(" ".join(ids)))
        for text in texts:
            if text and set(PLACE.findall(text)) - {"num"} != places - {"num"}:
                wrong.append(message.id)
    assert wrong == []


def test_chinese_is_chinese():
    """A sentence that was only copied is not translated; names and marks may be."""
    kept = re.compile(r"^[\W\d_]*$|^(ID|P\d|SMTP|CSV|QR|UTC|English|中文|Redis|Bihuan.*)$")
    copied = [m.id for m in chinese() if isinstance(m.id, str) and m.id and m.string == m.id and not kept.match(m.id)]
    assert copied == []


@each(files("models", "blueprints"))
def test_a_refusal_is_a_plain_sentence(path):
    """What a command says is a msgid: a constant, with named places for values."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and dotted(node.func) in REFUSALS and node.args:
            said = node.args[0]
            if isinstance(said, ast.JoinedStr | ast.BinOp):
                pytest.fail(f"{name(path)}:{node.lineno} puts its sentence together")


def test_every_code_has_a_word():
    from blueprints.words import WORDS
    from models.ground import vocabulary as v
    from models.record.deadline import HOUSEKEEPING
    from models.rules.notices import TOLD
    from models.rules.subjects import SUBJECTS
    from models.rules.workflow import STEPS

    told = {template for rows in TOLD.values() for _audience, template, _channels in rows}
    codes = {
        "role": v.Role, "status": v.Status, "state": v.State, "severity": v.Severity, "impact": v.Impact,
        "urgency": v.Urgency, "category": v.Category, "channel": v.Channel, "party": v.Party, "risk": v.Risk,
        "plan_kind": v.PlanKind, "decision": v.Decision, "verdict": v.Verdict, "means": v.Means, "cause": v.Cause,
        "clock": [kind for kind in v.ClockKind if kind not in HOUSEKEEPING],
        "event": {step.event for step in STEPS.values()} | {"reminded"}, "subject": SUBJECTS,
        "letter": told.union(*SUBJECTS.values()),
    }  # fmt: skip
    missing = {
        kind: sorted({str(code) for code in wanted_codes} - set(WORDS[kind])) for kind, wanted_codes in codes.items()
    }
    assert {kind: codes for kind, codes in missing.items() if codes} == {}


def test_every_template_of_a_message_has_its_letter():
    from models.rules.notices import TOLD

    templates = {template for rows in TOLD.values() for _audience, template, channels in rows if "mail" in channels}
    letters = {path.stem for path in files("templates/messages", ending=".txt")}
    assert templates | {"password", "trial"} <= letters
