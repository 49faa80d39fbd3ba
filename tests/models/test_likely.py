"""What a report may already be: the right thing is among the first three, however people put it (P2.4, G4)."""

import json
from pathlib import Path
from statistics import median, quantiles
from time import process_time

import pytest

from models.ground.db import command, db
from models.insight.likely import MOST, likely
from models.record.article import PUBLISHED, Article, index_article
from models.steps import intake
from tests.factories import a_ticket, person

DATA = json.loads((Path(__file__).parent.parent / "data" / "paraphrases.json").read_text("utf-8"))
FIRST, SHARE, MOST_MS = 3, 0.8, 150
PART = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "aside#likely"}


@command
def an_article(key: str, title: str, symptom: str, cause: str, solution: str) -> Article:
    article = Article(slug=key, state=PUBLISHED, title=title, symptom=symptom, cause=cause, solution=solution)
    article.owner_id, article.updated_at = person("qian").id, person("qian").created_at
    db.session.add(article)
    index_article(article)
    return article


@pytest.fixture
def known(cast) -> dict[str, object]:
    """Everything of the corpus: articles, incidents in work, and two open reports of 张's own."""
    made: dict[str, object] = {}
    for thing in DATA["things"]:
        key, kind, text = thing["key"], thing["kind"], thing["symptom"]
        if kind == "article":
            made[key] = an_article(key, thing["title"], text, thing["cause"], thing["solution"])
        elif kind == "incident":
            said = f"{thing['title']}。{text}"
            made[key] = a_ticket("awaiting_plan", severity="P1", description=said, reporter=cast.feng)
        else:
            made[key] = intake.report_fault(actor=cast.zhang, description=text)
    return made


def test_the_right_thing_is_among_the_first_three(cast, known):
    missed, first = [], 0
    for key, words in DATA["asked"]:
        found = [one.thing for one in likely(cast.zhang, words)]
        assert len(found) <= MOST
        first += found[:1] == [known[key]]
        if known[key] not in found[:FIRST]:
            missed.append((key, words))
    share = 1 - len(missed) / len(DATA["asked"])
    print(f"\nin the first three: {share:.0%} of {len(DATA['asked'])}, first: {first}; missed: {missed}")
    assert share >= SHARE


@pytest.mark.once
@pytest.mark.full
def test_suggestions_come_while_somebody_still_writes(known, sign_in):
    """G4: from the request to the answer, all that the corpus asks; others on the machine do not count."""
    zhang, took = sign_in("zhang"), []
    for _, words in DATA["asked"]:
        began = process_time()
        answer = zhang.open("/report/suggest", query_string={"description": words}, headers=PART)
        took.append((process_time() - began) * 1000)
        assert answer.status == 200
    p95 = quantiles(took, n=20)[18]
    print(f"\n  suggestions  {median(took):.0f} ms, p95 {p95:.0f} ms of {len(took)}")
    assert p95 <= MOST_MS
