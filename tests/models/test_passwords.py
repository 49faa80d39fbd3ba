"""Passwords: long rather than odd, none that everybody tries first, whatever way its letters are written (ASVS 6.2)."""

import unicodedata
from time import process_time

import pytest

from models.ground.errors import Invalid
from models.people import password as passwords
from models.people.password import LONGEST, SHORTEST, fits, hashed, refuse_weak

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "weak",
    [
        "", "1", "1234567", "密码密码密码密", "password", "PASSWORD1", "12345678", "iloveyou", "qwertyuiop",
        "x" * (LONGEST + 1),
        "zhangmin", "Zhang-Min", "zhangmin2026!", "bihuan2026", "BiHuan!!!", "闭环123456", "zhangmin@x.cn",
    ],
)  # fmt: skip
def test_what_is_refused(weak):
    with pytest.raises(Invalid) as refusal:
        refuse_weak(weak, names=("zhangmin", "zhang-min", "zhangmin@x.cn"))
    assert refusal.value.field == "password"


@pytest.mark.parametrize(
    "good",
    [
        "aaaabbbb",
        "        x",
        "correct horse",
        "一二三四五六七八",
        "🙂🙂🙂🙂🙂🙂🙂🙂",
        "y" * LONGEST,
        "zhangmin likes tea",
    ],
)
def test_no_rule_about_letters_and_signs(good):
    refuse_weak(good, names=("zhangmin", ""))
    assert fits(hashed(good), good)


def test_the_commonest_three_thousand_are_known():
    known = passwords._commonest()
    assert len(known) == 3000
    assert min(len(word) for word in known) >= SHORTEST
    assert all(word == word.casefold() for word in known)


def test_twins_of_unicode_are_one_password():
    """A19: a keyboard that sends letter and accent apart is no reason to be locked out."""
    composed = "Zürich-Straße"
    apart = unicodedata.normalize("NFD", composed)
    assert composed != apart
    assert fits(hashed(composed), apart)
    assert fits(hashed(apart), composed)
    assert not fits(hashed(composed), "Zurich-Strasse")


def test_only_all_of_it_counts():
    known = hashed("y" * LONGEST)
    assert not fits(known, "y" * (LONGEST - 1))
    assert not fits(known, "y" * (LONGEST + 1))
    assert not fits("", "")
    assert not fits("no hash at all", "y")


def test_ten_megabytes_take_no_longer():
    began = process_time()
    assert not fits("", "x" * 10_000_000)
    huge = process_time() - began
    began = process_time()
    fits("", "x")
    assert huge < 3 * (process_time() - began) + 0.02
