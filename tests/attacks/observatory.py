"""How MDN's HTTP Observatory scores a page, written down as data: the rules, and what a site like ours can reach.

Every site begins with 100; bonuses count only from 90 upwards. What the rules can give is 145, five of them for a
place in the list that browsers ship (HSTS preload), which only whoever owns the name can ask for.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

BASE = 100
REACHABLE = 140
SIX_MONTHS = 15768000  # seconds


@dataclass(frozen=True)
class Answer:
    """What the Observatory looks at: the headers of the first page, its cookies and its scripts, over https."""

    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    scripts: tuple[tuple[str, bool], ...]  # (address, whether it carries an integrity)


@dataclass(frozen=True)
class Rule:
    """One test: the first outcome that holds gives its points."""

    name: str
    outcomes: tuple[tuple[int, Callable[[Answer], bool]], ...]

    def points(self, answer: Answer) -> int:
        return next(points for points, holds in self.outcomes if holds(answer))


def score(answer: Answer) -> int:
    """The score of the page."""
    points = [rule.points(answer) for rule in RULES]
    plain = BASE + sum(each for each in points if each < 0)
    return plain + sum(each for each in points if each > 0) if plain >= 90 else max(plain, 0)


def directives(answer: Answer) -> dict[str, list[str]]:
    """The content security policy, directive by directive."""
    parts = [part.split() for part in answer.headers.get("Content-Security-Policy", "").split(";") if part.strip()]
    return {name: values for name, *values in parts}


def _sources(answer: Answer, name: str) -> list[str]:
    policy = directives(answer)
    return policy.get(name, policy.get("default-src", ["*"]))


def _says(*words: str) -> Callable[[Answer], bool]:
    return lambda answer: any(word in _sources(answer, "script-src") for word in words)


def _header(name: str, pattern: str) -> Callable[[Answer], bool]:
    return lambda answer: bool(re.fullmatch(pattern, answer.headers.get(name, ""), re.I))


def _lasts(answer: Answer) -> bool:
    age = re.search(r"max-age=(\d+)", answer.headers.get("Strict-Transport-Security", ""))
    return bool(age) and int(age[1]) >= SIX_MONTHS


def _cookies(*words: str) -> Callable[[Answer], bool]:
    return lambda answer: all(word in cookie.lower() for cookie in answer.cookies for word in words)


def _otherwise(_answer: Answer) -> bool:
    return True


RULES = (
    Rule(
        "content-security-policy",
        (
            (-25, lambda a: not directives(a)),
            (-20, _says("'unsafe-inline'", "*", "https:", "http:", "data:")),
            (-10, _says("'unsafe-eval'")),
            (0, lambda a: "'unsafe-inline'" in _sources(a, "style-src")),
            (10, lambda a: directives(a).get("default-src") == ["'none'"]),
            (5, _otherwise),
        ),
    ),
    Rule(
        "cookies",
        (
            (0, lambda a: not a.cookies),
            (-40, lambda a: not _cookies("secure")(a)),
            (-30, lambda a: not _cookies("httponly")(a)),
            (5, _cookies("samesite=")),
            (0, _otherwise),
        ),
    ),
    Rule("cross-origin-resource-sharing", ((-50, _header("Access-Control-Allow-Origin", r"\*")), (0, _otherwise))),
    Rule("redirection", ((0, _otherwise),)),  # the front door's: it stands before us and speaks https only
    Rule(
        "referrer-policy",
        (
            (5, _header("Referrer-Policy", "no-referrer|same-origin|strict-origin|strict-origin-when-cross-origin")),
            (0, _header("Referrer-Policy", "")),
            (-5, _otherwise),
        ),
    ),
    Rule(
        "strict-transport-security", ((0, _lasts), (-10, _header("Strict-Transport-Security", ".+")), (-20, _otherwise))
    ),
    Rule(
        "subresource-integrity",
        (
            (-50, lambda a: any(src.startswith("http:") for src, _ in a.scripts)),
            (-5, lambda a: any(not src.startswith("/") and not whole for src, whole in a.scripts)),
            (5, lambda a: bool(a.scripts) and all(whole for _, whole in a.scripts)),
            (0, _otherwise),
        ),
    ),
    Rule("x-content-type-options", ((0, _header("X-Content-Type-Options", "nosniff")), (-5, _otherwise))),
    Rule(
        "x-frame-options",
        (
            (5, lambda a: directives(a).get("frame-ancestors") == ["'none'"]),
            (5, _header("X-Frame-Options", "deny|sameorigin")),
            (-20, _otherwise),
        ),
    ),
    Rule(
        "cross-origin-resource-policy",
        (
            (10, _header("Cross-Origin-Resource-Policy", "same-origin|same-site")),
            (0, _header("Cross-Origin-Resource-Policy", "cross-origin|")),
            (-5, _otherwise),
        ),
    ),
)
