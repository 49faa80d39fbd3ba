"""The Chinese catalogue: renewed by the commands of babel.cfg, in the users' own words, and well set."""

import re
import shlex

import pytest
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from blueprints.words import WORDS
from models.ground.vocabulary import Role
from tests.house.source import ROOT, files
from tests.house.test_words import chinese

pytestmark = pytest.mark.once

FOR_CUSTOMERS = ("templates/messages", "templates/customer_verification", "templates/layouts/link.html")
PLACE = re.compile(r"%\(\w+\)s")


def test_the_commands_that_renew_it_have_nothing_to_renew(tmp_path, monkeypatch):
    """The first command of babel.cfg finds exactly the sentences that the catalogue holds, none more, none less."""
    monkeypatch.chdir(ROOT)
    lines = (ROOT / "babel.cfg").read_text("utf-8").splitlines()
    command = next(shlex.split(line.partition("&&")[2]) for line in lines if "pybabel extract" in line)
    command[command.index("-o") + 1] = str(tmp_path / "messages.pot")
    CommandLineInterface().run(command)
    with (tmp_path / "messages.pot").open("rb") as file:
        found = {(message.context, message.id) for message in read_po(file)}
    held = {(message.context, message.id) for message in chinese()}
    assert {"not in the catalogue": found - held, "no longer used": held - found} == {
        "not in the catalogue": set(),
        "no longer used": set(),
    }


def test_it_is_compiled_and_not_passed_over():
    """A catalogue whose head is missing counts as fuzzy: pybabel would skip it and Chinese pages would be English."""
    assert not chinese().fuzzy
    assert chinese().num_plurals == 1


def test_punctuation_beside_chinese_is_full_width():
    half = re.compile(r"[一-鿿][,;:?!()]|[,;:?!()][一-鿿]")
    assert [text for text in said() if half.search(PLACE.sub("值", text))] == []


def test_only_customers_and_readers_of_letters_are_addressed():
    theirs = "".join(path.read_text("utf-8") for folder in FOR_CUSTOMERS for path in files(folder, ending=""))
    theirs += "".join(path.read_text("utf-8") for path in files("blueprints/customer_verification"))
    polite = [message.id for message in chinese() if isinstance(message.id, str) and "您" in str(message.string)]
    assert [sentence for sentence in polite if sentence not in theirs] == []


@pytest.mark.parametrize("kind", ["role", "status", "side", "severity", "category", "clock", "satisfaction"])
def test_words_are_those_of_the_process(kind):
    process = (ROOT / "docs/PROCESS.md").read_text("utf-8")
    codes = Role if kind == "role" else set(WORDS[kind]) - {"other"}  # "other" is said with a text of its own (P3.1)
    words = [in_chinese(kind, str(code)) for code in codes]
    assert [word for word in words if word not in process] == []


def in_chinese(kind: str, code: str) -> str:
    """The word for a code; where English has one word for two things, the kind tells them apart."""
    english = str(WORDS[kind][code])
    message = chinese().get(english, context=kind) or chinese().get(english)
    return str(message.string)


def said() -> list[str]:
    """Every Chinese text of the catalogue."""
    strings = (message.string for message in chinese() if message.id)
    return [text for string in strings for text in (string if isinstance(string, tuple) else (string,))]
