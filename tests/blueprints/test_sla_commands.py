"""`./run sla`: explains, solves and attributes; refuses what it cannot read."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from models.ground import clock
from models.ground.db import command, db
from models.record.deadline import Deadline, deadlines_of
from models.steps import comment
from tests.factories import a_ticket, deadline, person
from tests.models.test_working_time import CASES, DATA

GOOD = json.dumps(CASES[0])


@pytest.fixture
def run(app):
    """`run("explain", number)`: the command as a shell would run it."""
    runner = app.test_cli_runner()
    return lambda *words, given=None: runner.invoke(args=["sla", *words], input=given)


def test_the_600_given_cases_come_out_exactly(run):
    done = run("solve", str(DATA / "clock_cases.jsonl"))
    assert done.exit_code == 0
    assert [json.loads(line) for line in done.stdout.splitlines()] == CASES


def test_the_answer_is_the_products_own(run):
    """Whatever stands as `due` in the case, or nothing: it is worked out."""
    wrong, none = CASES[0] | {"due": "2000-01-01T00:00:00Z"}, {k: v for k, v in CASES[1].items() if k != "due"}
    bare = {k: v for k, v in CASES[2].items() if k != "pauses" or v}
    done = run("solve", "-", given="\n".join(map(json.dumps, (wrong, none, bare))) + "\n\n")
    assert [json.loads(line)["due"] for line in done.stdout.splitlines()] == [case["due"] for case in CASES[:3]]


def test_ten_thousand_cases_in_ten_seconds(run):
    lines = [json.dumps(CASES[n % 600]) for n in range(10_000)]
    began = clock.steady()
    done = run("solve", "-", given="\n".join(lines))
    assert clock.steady() - began < 10
    assert len(done.stdout.splitlines()) == 10_000


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("{", "line 2: "),
        ("[]", "line 2: "),
        ('"text"', "line 2: "),
        (json.dumps(CASES[0] | {"basis": "hours"}), "Unknown basis 'hours'"),
        (json.dumps(CASES[0] | {"amount": -1}), "zero or more"),
        (json.dumps(CASES[0] | {"amount": "4"}), "line 2: "),
        (json.dumps(CASES[0] | {"start": "2026-11-18 10:00"}), "no time zone"),
        (json.dumps(CASES[0] | {"start": 5}), "line 2: "),
        (json.dumps(CASES[0] | {"pauses": [["2026-11-18T10:00:00Z"]]}), "line 2: "),
        (json.dumps(CASES[0] | {"calendar": {"tz": "UTC", "week": {}}}), "never open"),
        (json.dumps(CASES[0] | {"calendar": 5}), "line 2: "),
        (json.dumps({k: v for k, v in CASES[0].items() if k != "basis"}), "line 2: 'basis' is missing"),
    ],
)
def test_a_bad_line_is_refused_with_its_number(run, bad, words):
    done = run("solve", "-", given=f"{GOOD}\n{bad}\n{GOOD}\n")
    assert done.exit_code == 1
    assert words in done.stderr
    assert "line 2: " in done.stderr
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_explain_in_sentences_and_for_programs(run, time):
    ticket = a_ticket("awaiting_plan", severity="P2")
    done = run("explain", ticket.number)
    assert done.exit_code == 0
    assert done.stdout.count("It adds up") == len(deadlines_of(ticket))
    assert "Σ 24 h" in done.stdout
    chinese = run("explain", ticket.number, "--lang", "zh")
    assert chinese.exit_code == 0
    plain = [
        json.loads(line) for line in run("explain", ticket.number, "--kind", "resolve", "--json").stdout.splitlines()
    ]
    assert [(one["kind"], one["agrees"], one["started_by"]) for one in plain] == [("resolve", True, "reported")]
    assert plain[0]["due_at"] == plain[0]["worked_out"] == deadline(ticket, "resolve").due_at.isoformat()


def test_explain_fails_where_a_sum_does_not_add_up(run):
    ticket = a_ticket("awaiting_plan")
    _tamper(deadline(ticket, "resolve"))
    done = run("explain", ticket.number)
    assert done.exit_code == 1
    assert done.stdout.count("This does NOT add up") == 1
    assert run("explain", ticket.number, "--kind", "plan").exit_code == 0


@command
def _tamper(one):
    earlier = {"due_at": one.due_at - timedelta(hours=1)}
    db.session.execute(update(Deadline).where(Deadline.id == one.id).values(earlier))


def test_attribution_adds_up(run, time):
    ticket = a_ticket("awaiting_plan", severity="P1")
    time(timedelta(hours=1))
    comment.wait_for(ticket, actor=person("zhao"), party="vendor", reason="等备件。")
    time(timedelta(minutes=90))
    assert run("attribution", ticket.number).stdout.splitlines() == [
        "Vendor: 1 h 30 min (60.0 %)", "Engineer: 1 h (40.0 %)", "Σ 2 h 30 min",
    ]  # fmt: skip
    plain = json.loads(run("attribution", ticket.number, "--json").stdout)
    assert plain["seconds"] == 9000 == sum(part["seconds"] for part in plain["parts"])


@pytest.mark.parametrize("words", [("explain", "TS1"), ("attribution", "TS1")])
def test_a_number_that_is_not_there(run, words):
    done = run(*words)
    assert (done.exit_code, done.stderr) == (1, "Error: There is no ticket TS1.\n")


def test_a_kind_that_is_not_there(run):
    done = run("explain", a_ticket().number, "--kind", "close")
    assert (done.exit_code, done.stderr) == (1, "Error: The ticket has no such clock.\n")
