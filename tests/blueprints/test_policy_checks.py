"""The check and the rehearsal of a policy: their pages, and the command line."""

import json

import pytest

from models.ground import clock
from models.ground.db import command
from models.insight.rehearsal import rehearse
from models.policy.pack import load_pack
from models.policy.version import version_in_force
from models.steps import accounts, policies
from models.steps.absences import announce_absence
from tests.browsing import Page
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import person
from tests.models.test_deadlines import at

LINT, PLAY = "/admin/lint", "/admin/rehearsal"
ASKED = f"{PLAY}?policy=unified&level=P1&start=2026-11-27T17:30"


def findings(page: Page) -> dict[str, str]:
    return {row["data-rule"]: row.text for row in page.all("li", data_rule=None)}


@command
def forget_address(login: str) -> None:
    person(login).email = ""


@pytest.fixture
def troubled(cast, time):
    """Nobody is technical manager, the director is away, a supervisor has no address."""
    accounts.edit_person(cast.liu, actor=cast.admin, roles=[])
    announce_absence(cast.sun, actor=cast.sun, kind="trip", starts_at=at("20.T09:00"), ends_at=at("21.T18:00"))
    forget_address("wu")


# --- the check


def test_each_finding_says_who_and_where_it_is_mended(english, troubled):
    page = english("admin").get(LINT)
    said = findings(page)
    assert said["vacant"] == "error Technical manager: nobody holds this role."
    assert said["without_email"] == (
        "warning Support supervisor 吴刚 has no e-mail address: an escalation waits in the inbox only."
    )
    assert "from 2026-11-20 09:00 to 2026-11-21 18:00, because 孙浩 is away without a stand-in." in said["left_alone"]
    assert said["slow_to_climb"].startswith("warning Triage of P1 Major allows 10 min, but each rung has 30 min")
    links = {row["data-rule"]: row.one("a")["href"] for row in page.all("li", data_rule=None)}
    assert links["vacant"] == "/admin/people"
    assert links["left_alone"] == "/admin/on-call?week=2026-11-20"
    assert links["without_email"] == f"/admin/people/{person('wu').id}"
    assert links["slow_to_climb"].startswith("/admin/policies/editions/")
    assert all(english("admin").open(url).status == 200 for url in links.values())


def test_in_both_languages(sign_in, troubled):
    browser = sign_in("admin")
    browser.press(browser.get("/help/shortcuts").form("set_language"), language="zh")
    assert browser.get(LINT).one("html")["lang"] == "zh"
    assert "孙浩" in findings(browser.get(LINT))["left_alone"]


def test_the_list_of_what_is_to_do_leads_there(english, troubled):
    page = english("admin").get("/admin")
    assert "The check of the policy found" in page.text
    assert page.all("a", href=LINT)


def test_where_all_is_well(english, time, cast):
    time(at("18.T10:00").replace(month=9))
    draft = policies.start_draft(load_pack("problem-record"), actor=cast.admin, name="calm")
    raw = load_pack("problem-record").dump() | {"name": "calm"}
    raw["escalation"]["ladder"] = [{"rungs": ["supervisor"]}]
    raw["clocks"] = {"triage": {level: {"basis": "wall", "minutes": 60} for level in ("P0", "P1", "P2", "P3")}}
    write_draft(draft, raw)
    page = english("admin").get(f"{LINT}?policy=draft:calm")
    assert findings(page) == {}
    assert "All is well" in page.text


@command
def write_draft(draft, raw) -> None:
    draft.content = raw


def test_a_draft_has_its_own_check(english, cast, time):
    policies.start_draft(load_pack("unified"), actor=cast.admin)
    page = english("liu").get(LINT)
    (tab,) = [a for a in page.all("a") if a.text == "Unified process (draft)"]
    assert tab["href"].endswith("policy=draft:unified")
    draft = english("liu").get(tab["href"])
    (link,) = [row.one("a")["href"] for row in draft.all("li", data_rule="slow_to_climb")]
    assert link.startswith("/admin/policies/drafts/")
    assert english("liu").open(f"{LINT}?policy=nothing").status == 404


def test_who_sees_them(sign_in, browser, cast):
    for url in (LINT, PLAY):
        assert [sign_in(login).open(url).status for login in ("admin", "liu")] == [200] * 2
        assert [sign_in(login).open(url).status for login in ("zhang", "wang", "chen")] == [403] * 3
        assert browser.open(url).status == 303


def test_only_links_that_may_be_followed(english, troubled):
    accounts.edit_person(person("zhou"), actor=person("admin"), roles=[("tech_manager", None)])
    page = english("zhou").get(LINT)
    (row,) = page.all("li", data_rule="without_email")
    assert not row.all("a"), "only an administrator looks after people"
    assert page.one("li", data_rule="left_alone").all("a")


# --- the rehearsal


def test_the_page_plays_what_would_happen(english, cast, time):
    page = english("liu").get(ASKED)
    rows = page.all("li", data_at=None)
    lines = rehearse(version_in_force(clock.now()), level="P1", start=at("27.T17:30"))
    assert [row["data-at"] for row in rows] == [line.at.isoformat() for line in lines]
    first, *_, last = [row.text for row in rows]
    assert first == "2026-11-27 17:30 Reported 王芳 inbox"
    assert last == "2026-11-28 02:00 Resolution Not acknowledged: rung 2 孙浩 inbox, mail R&D director"
    (warned,) = [row.text for row in page.all("li", data_clock_kind="triage", data_mark="80")]
    told = "王芳 inbox, mail, 陈静 inbox, mail, 吴刚 inbox, mail"
    assert warned == f"2026-11-27 17:38 Triage Warning at 80 % {told}"


def test_options_of_the_page(english, cast, time):
    page = english("admin").get(f"{ASKED}&team={cast.team('dev').id}&acknowledged=y")
    rows = [row.text for row in page.all("li", data_at=None)]
    assert rows[1] == "2026-11-27 17:30 Triaged 赵磊 inbox, mail"
    assert any("Asked again" in row for row in rows)
    assert not any("rung 2" in row for row in rows), "somebody has taken charge"


def test_who_is_passed_over_is_named(english, cast, time):
    announce_absence(cast.liu, actor=cast.liu, kind="leave", starts_at=at("27.T09:00"), ends_at=at("29.T18:00"))
    text = english("admin").get(ASKED).text
    assert "passed over: Technical manager 刘洋, is away, without a delegate who may act" in text


def test_before_one_has_asked(english, cast, time):
    page = english("admin").get(PLAY)
    assert page.one("select", name="level").all("option", selected=None)[0].text == "P0"
    assert page.one("input", name="start")["value"] == "2026-11-18T10:00"
    assert not page.all("li", data_at=None)


@pytest.mark.parametrize(
    "changed",
    [{"level": "P9"}, {"policy": "nothing"}, {"start": "soon"}, {"start": "0001-01-01T00:00"}, {"team": "999"}],
)
def test_a_question_that_makes_no_sense(english, cast, time, changed):
    browser = english("admin")
    asked = {"policy": "unified", "level": "P1", "start": "2026-11-27T17:30"} | changed
    before = everything(but=NOT_BUSINESS)
    answer = browser.open(PLAY, query_string=asked)
    assert answer.status == 422
    assert answer.all(role="alert")
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


# --- the command line


@pytest.fixture
def run(app):
    return lambda *words: app.test_cli_runner().invoke(args=["policy", *words])


def test_lint_on_the_command_line(run, troubled):
    answer = run("lint")
    assert answer.exit_code == 1
    assert "error\tTechnical manager: nobody holds this role." in answer.output.splitlines()
    told = [json.loads(line) for line in run("lint", "unified", "--json").output.splitlines()]
    (vacant,) = [finding for finding in told if finding["rule"] == "vacant"]
    assert (vacant["weight"], vacant["role"], vacant["team"]) == ("error", "tech_manager", "")
    assert vacant["url"] == "/admin/people"


def test_warnings_alone_are_no_error(run, cast, time):
    answer = run("lint")
    assert answer.exit_code == 0
    assert answer.output.startswith("warning\tTriage of P1 Major")
    assert "P1 严重" in run("lint", "--lang", "zh").output
    assert run("lint", "nothing-like-it").exit_code == 1
    assert "There is no policy named nothing-like-it" in run("lint", "nothing-like-it").output


def test_rehearse_on_the_command_line(run, cast, time):
    answer = run("rehearse", "unified", "--level", "P1", "--team", "dev", "--start", "2026-11-27 17:30")
    assert answer.exit_code == 0
    first, *_, last = answer.output.splitlines()
    assert first == "2026-11-27 17:30\t\tReported\t王芳 (inbox)"
    assert last == "2026-11-28 02:00\tResolution\tNot acknowledged: rung 2\t孙浩 (inbox, mail)"
    told = [json.loads(line) for line in run("rehearse", "--level", "P0", "--json").output.splitlines()]
    assert told[0]["at"] == "2026-11-18T02:00:00+00:00"
    assert {each["login"]: each["channels"] for each in told[0]["told"]} == {
        "wang": ["app"], "chen": ["app", "mail"], "zhao": ["app", "mail"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (["--level", "P9"], "The policy has no such level."),
        (["--team", "nobody"], "there is no team nobody"),
        (["--start", "soon"], "write YYYY-MM-DD HH:MM"),
        (["--start", "0001-01-01 00:00"], "write YYYY-MM-DD HH:MM"),
        (["--start", "9999-12-31 23:00"], "There is not enough time left in this calendar."),
        (["--speed", "-1"], "not in the range"),
    ],
)
def test_what_the_command_refuses(run, cast, wrong, says):
    answer = run("rehearse", *wrong)
    assert answer.exit_code in (1, 2)
    assert says in answer.output
    assert isinstance(answer.exception, SystemExit), "a sentence, no trace"


def test_speed_is_so_many_times_faster_than_life(run, cast, time, monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr("blueprints.policy_checks.sleep", waited.append)
    run("rehearse", "--level", "P1", "--speed", "60", "--start", "2026-11-27 17:30")
    assert sum(waited) == 8.5 * 60, "eight and a half hours in as many minutes"
    waited.clear()
    run("rehearse", "--level", "P1")
    assert set(waited) == {0}
