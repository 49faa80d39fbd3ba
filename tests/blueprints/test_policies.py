"""Policies on the page: the table to be edited, what is refused beside its cell, publishing by two, files, print."""

import io
import re
import tomllib
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.ground import clock
from models.ground.db import db
from models.policy.cell import read_cell
from models.policy.difference import changes
from models.policy.draft import draft_of, drafts
from models.policy.pack import SHIPPED, Pack, Target, load_pack
from models.policy.pack_file import write_pack
from models.policy.version import PolicyVersion, version_in_force, versions_scheduled
from models.steps import masterdata, policies
from tests.database import NOT_BUSINESS, difference, everything
from tests.factories import a_ticket

LIST = "/admin/policies"
UNIFIED = load_pack("unified")


def draft_url(name: str = "unified") -> str:
    return f"{LIST}/drafts/{draft_of(name).id}"


def begun(browser, name: str = "unified", **cells: str) -> str:
    """The address of a draft that this person has begun, with these cells typed."""
    browser.does(LIST, "draft_policy", source=name)
    if cells:
        typed = {f"clocks.{cell.replace('__', '.')}": text for cell, text in cells.items()}
        browser.does(draft_url(name) + "/content", "edit_policy", **typed)
    return draft_url(name)


# --- who may


def test_pages_are_for_administrators_and_technical_managers(english, browser, cast):
    admin, liu, chen = english("admin"), english("liu"), english("chen")
    url = begun(admin)
    for page in (LIST, f"{LIST}/editions/1", f"{LIST}/editions/1/file", url, f"{url}/content"):
        before = everything(but=NOT_BUSINESS)
        assert admin.open(page).status == liu.open(page).status == 200, page
        assert chen.open(page).status == 403, page
        assert browser.open(page).response.location.startswith("/login")
        assert everything(but=NOT_BUSINESS) == before
    assert admin.open(f"{LIST}/drafts/99").status == liu.open(f"{LIST}/editions/99").status == 404


def test_nobody_else_can_send_any_of_its_forms(english, cast):
    url = begun(english("admin"), respond__P2="5 min")
    forms = [english("admin").get(LIST).form(action) for action in ("draft_policy", "import_policy")]
    forms += [english("admin").get(url).form(action) for action in ("propose_policy", "discard_policy")]
    forms.append(english("admin").get(f"{url}/content").form("edit_policy"))
    policies.propose_edition(draft_of("unified"), actor=cast.admin)
    forms += [english("liu").get(url).form(action) for action in ("confirm_policy", "withdraw_policy")]
    chen = english("chen")
    token = chen.get("/my").form("sign_out").values["csrf_token"]
    before = everything(but=NOT_BUSINESS)
    for form in forms:
        assert chen.open(form.url, method="POST", data=form.values | {"csrf_token": token}).status == 403, form.action
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_a_technical_manager_finds_the_way(english, cast):
    liu = english("liu")
    assert liu.get("/my").all("a", href=LIST)
    assert not english("chen").get("/my").all("a", href=LIST)
    assert not liu.get(LIST).all("a", href="/admin")


# --- the table


def test_a_form_that_is_sent_back_untouched_changes_nothing(english, cast):
    for name in SHIPPED:
        url = begun(english("admin"), name)
        english("admin").does(f"{url}/content", "edit_policy")
        assert changes(load_pack(name), draft_of(name).pack) == [], name


CELLS = {
    "5 min": {"basis": "wall", "minutes": 5},
    "1 h 30 min": {"basis": "wall", "minutes": 90},
    "4 h, service hours": {"basis": "service", "minutes": 240},
    "4h service": {"basis": "service", "minutes": 240},
    "3 wd": {"basis": "days", "days": 3},
    "every 2 h": {"basis": "wall", "every_minutes": 120},
    "daily 09:30": {"basis": "days", "daily": "09:30:00"},
    "at once": {"basis": "days", "at_once": True},
    "１５ 分钟": {"basis": "wall", "minutes": 15},
    "4 小时（服务时间）": {"basis": "service", "minutes": 240},
    "3 个工作日": {"basis": "days", "days": 3},
    "每 30 分钟": {"basis": "wall", "every_minutes": 30},
    "每日 17:00": {"basis": "days", "daily": "17:00:00"},
    "立即": {"basis": "days", "at_once": True},
    "": None,
    "未约定": None,
}


@pytest.mark.parametrize("text", CELLS)
def test_one_cell_takes_what_people_write(english, cast, text):
    begun(english("admin"), respond__P2=text)
    assert draft_of("unified").content["clocks"]["respond"].get("P2") == CELLS[text]


@pytest.mark.parametrize("text", ["soon", "5", "0 min", "h", "daily 25:00", "-3 wd", "3 wd service", "9999 h", "每"])
def test_a_bad_cell_is_named_beside_it_and_everything_typed_is_kept(english, cast, text):
    browser, url = english("admin"), begun(english("admin"))
    before = everything(but=NOT_BUSINESS)
    typed = {"clocks.respond.P2": text, "clocks.test.P1": "77 min", "levels.P1.title.en": "Grave", "link_days": "14"}
    page = browser.submit(f"{url}/content", "edit_policy", **typed)
    assert page.status == 422
    assert "Write 15 min" in page.one(id="clocks.respond.P2-error").text
    assert page.one("input", id="clocks.respond.P2")["aria-describedby"] == "clocks.respond.P2-error"
    assert page.all("a", href="#clocks.respond.P2"), "the summary leads there"
    shown = page.form("edit_policy").values
    assert {name: shown[name] for name in typed} == {name: [value] for name, value in typed.items()}
    assert difference(before, everything(but=NOT_BUSINESS)) == {}


def test_with_a_script_only_the_form_comes_back(english, cast):
    browser, url = english("admin"), f"{begun(english('admin'))}/content"
    form = browser.get(url).form("edit_policy")
    part = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#form-edit-policy"}
    sent = form.filled(**{"clocks.respond.P2": "soon"})
    page = browser.open(url, method="POST", data=sent, headers=part)
    assert page.status == 422
    assert not page.all("h1")
    assert "Write 15 min" in page.one(id="clocks.respond.P2-error").text


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("numbers.fault", "TS", "Write a template"),
        ("numbers.timezone", "Mars/Olympus", "There is no such time zone"),
        ("warnings.marks", "50, 180", "between 1 and 99"),
        ("warnings.supervisor_from", "many", "Write a whole number"),
        ("escalation.acknowledge_within.P1", "", "Write a whole number"),
        ("escalation.ask_again.P1", "0", "Write a whole number"),
        ("levels.P2.definition.zh", " ", "This must be filled in."),
        ("satisfaction.0.code", "Very Good", "Small letters and _ only."),
        ("silence.days", "x", "Write a whole number"),
    ],
)
def test_other_cells_are_judged_too(english, cast, field, text, said):
    page = english("admin").submit(f"{begun(english('admin'))}/content", "edit_policy", **{field: text})
    assert page.status == 422
    assert said in page.one(id=f"{field}-error").text
    assert page.form("edit_policy").values[field] == [text]


def test_what_does_not_hold_together_is_said_above(english, cast):
    url = begun(english("admin"))
    last = 2 + len(UNIFIED.escalation.ladder) - 1
    page = english("admin").submit(f"{url}/content", "edit_policy", **{f"escalation.ladder.{last}.rungs": ""})
    assert page.status == 422
    assert "nobody is told when it is late" in page.text
    page = english("admin").submit(f"{url}/content", "edit_policy", **{"satisfaction.3.code": "satisfied"})
    assert page.status == 422
    assert "a code of its own" in page.text


def test_ladder_pauses_and_satisfaction_are_edited(english, cast):
    url = begun(english("admin"))
    english("admin").does(
        f"{url}/content",
        "edit_policy",
        **{
            "escalation.ladder.1.rungs": "supervisor director",
            "escalation.ladder.1.kinds": ["respond", "plan"],
            "escalation.ladder.1.levels": ["P3"],
            "pauses.vendor": ["resolve", "resolve_max"],
            "satisfaction.3.code": "furious",
            "satisfaction.3.zh": "非常不满",
            "satisfaction.3.en": "Furious",
            "satisfaction.3.call_back": "y",
            "matrix.single.low": "P2",
        },
    )
    pack = draft_of("unified").pack
    assert pack.ladder("plan", "P3") == ("supervisor", "director")
    assert pack.ladder("plan", "P2") == ("supervisor",)
    assert pack.stops("vendor", "resolve")
    assert not pack.stops("vendor", "respond")
    assert pack.choice("furious").call_back
    assert pack.suggest("single", "low") == "P2"
    text = english("admin").get(url).text
    assert "Told when Plan P3 is late" in text
    assert "Stands still while waiting: Vendor" in text


def test_two_editors_do_not_overwrite_each_other(english, cast):
    browser, url = english("admin"), begun(english("admin"))
    stale = browser.get(f"{url}/content").form("edit_policy")
    english("liu").does(f"{url}/content", "edit_policy", **{"clocks.respond.P2": "7 min"})
    page = browser.press(stale, **{"clocks.respond.P2": "9 min"})
    assert page.status == 409
    assert page.form("edit_policy").values["clocks.respond.P2"] == ["9 min"]
    assert draft_of("unified").content["clocks"]["respond"]["P2"]["minutes"] == 7


# --- publishing


def test_from_draft_to_edition(english, cast, time):
    ticket = a_ticket()
    url = begun(english("admin"), respond__P2="5 min", ratify__P0="")
    page = english("admin").get(url)
    assert "Response P2" in page.text
    assert "2 h, service hours" in page.one("del").text
    assert page.one("tr", data_effect="earlier", data_kind="respond").one("a")["href"] == f"/t/{ticket.number}"
    tomorrow = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT00:00")
    english("admin").does(url, "propose_policy", effective_at=tomorrow, note="季度复盘")
    page = english("admin").get(url)
    assert not page.forms("confirm_policy"), "never the same person"
    assert "waits for a second person" in page.text
    page = english("liu").does(url, "confirm_policy")
    assert "季度复盘" in page.text
    version = versions_scheduled(clock.now())[0]
    assert (version.edition, version.confirmed_by.login) == (2, "liu")
    assert f"{version.effective_at:%H:%M}" == "16:00", "midnight in Shanghai"
    assert version.pack.agreed("ratify", "P0") is None
    assert "Coming into force" in english("liu").get(LIST).text
    assert drafts() == []


def test_the_proposer_cannot_confirm_whatever_is_sent(english, cast):
    url = begun(english("admin"), respond__P2="5 min")
    english("admin").does(url, "propose_policy")
    form = english("liu").get(url).form("confirm_policy")
    admin = english("admin")
    own = admin.get(url).form("withdraw_policy").values
    answer = admin.open(form.url, method="POST", data=own)
    assert answer.status in (403, 422)
    assert db.session.scalar(select(PolicyVersion).where(PolicyVersion.edition == 2)) is None


def test_a_page_that_has_lain_open_confirms_nothing_else(english, cast):
    url = begun(english("admin"), respond__P2="5 min")
    english("admin").does(url, "propose_policy")
    liu = english("liu")
    stale = liu.get(url).form("confirm_policy")
    english("admin").does(f"{url}/content", "edit_policy", **{"clocks.respond.P2": "6 min"})
    assert liu.press(stale).status == 409
    assert version_in_force(clock.now()).edition == 1


def test_what_cannot_be_proposed_comes_back(english, cast):
    url = begun(english("admin"))
    page = english("admin").submit(url, "propose_policy", note="bleibt")
    assert (page.status, page.form("propose_policy").values["note"]) == (422, ["bleibt"])
    assert "Nothing is different" in page.text
    english("admin").does(f"{url}/content", "edit_policy", **{"clocks.respond.P2": "5 min"})
    page = english("admin").submit(url, "propose_policy", effective_at="2020-01-01T00:00")
    assert page.status == 422
    assert "This lies in the past." in page.one(id="effective_at-error").text


def test_a_draft_is_thrown_away(english, cast):
    url = begun(english("admin"))
    english("liu").does(url, "discard_policy")
    assert drafts() == []
    assert english("admin").open(url).status == 404


def test_a_proposal_is_withdrawn(english, cast):
    url = begun(english("admin"), respond__P2="5 min")
    english("admin").does(url, "propose_policy")
    assert english("liu").does(url, "withdraw_policy").forms("propose_policy")


def test_a_policy_of_ones_own_name(english, cast):
    page = english("admin").submit(LIST, "draft_policy", source="response-control", name="Nein!")
    assert page.status == 422
    assert page.form("draft_policy").values["source"] == ["response-control"]
    english("admin").does(LIST, "draft_policy", source="response-control", name="for-banks")
    assert draft_of("for-banks").pack.numbers == load_pack("response-control").numbers
    assert english("admin").submit(LIST, "draft_policy", source="unified", name="for-banks").status == 422


# --- files


@pytest.mark.parametrize("name", SHIPPED)
def test_export_and_import_are_the_same_policy(english, cast, name):
    browser = english("admin")
    browser.does(LIST, "import_policy", file=(io.BytesIO(write_pack(load_pack(name)).encode()), "policy.toml"))
    assert draft_of(name).pack == load_pack(name)


def test_an_edition_is_exported(english, cast):
    answer = english("liu").open(f"{LIST}/editions/1/file")
    assert answer.response.headers["Content-Disposition"] == 'attachment; filename="unified-1.toml"'
    text = answer.response.get_data(as_text=True)
    assert text.startswith("# Policy unified.")
    assert Pack.parse(text) == UNIFIED
    assert tomllib.loads(text)["clocks"]["respond"]["P0"] == {"basis": "wall", "minutes": 15}


def test_a_file_that_cannot_be_used_is_refused_with_its_key(english, cast):
    browser = english("admin")
    text = write_pack(UNIFIED).replace("minutes = 15}", "minutes = 0}")
    page = browser.submit(LIST, "import_policy", file=(io.BytesIO(text.encode()), "policy.toml"))
    assert page.status == 422
    assert "clocks.respond.P0.minutes" in page.one(id="file-error").text
    assert browser.submit(LIST, "import_policy").status == 422
    assert browser.submit(LIST, "import_policy", file=(io.BytesIO(b"\xff\xfe\x00"), "x.toml")).status == 422
    assert drafts() == []


def test_the_command_line(app, cast, tmp_path):
    run = app.test_cli_runner()
    said = run.invoke(args=["policy", "list"]).output
    assert "unified\t1\tdefault" in said
    assert "problem-record\t-\tat hand" in said
    file = tmp_path / "mine.toml"
    file.write_text(run.invoke(args=["policy", "export", "response-control"]).output, "utf-8")
    assert "is a draft now" in run.invoke(args=["policy", "import", str(file)]).output
    assert draft_of("response-control").pack == load_pack("response-control")
    assert run.invoke(args=["policy", "import", str(file)]).exit_code == 1
    file.write_text(file.read_text("utf-8").replace("P0", "P9"), "utf-8")
    answer = run.invoke(args=["policy", "import", str(file)])
    assert (answer.exit_code, "levels: the codes are" in answer.output) == (1, True)
    assert run.invoke(args=["policy", "export", "nonsense"]).exit_code == 1


# --- who is served, and in which words


def test_master_data_choose_their_policy(english, cast):
    for name in ("problem-record",):
        draft = policies.start_draft(load_pack(name), actor=cast.admin)
        policies.propose_edition(draft, actor=cast.admin)
        policies.confirm_edition(draft, actor=cast.liu)
    admin = english("admin")
    for url in (f"/admin/services/{cast.service('ERP').id}", "/admin/teams/1", "/admin/customers/1"):
        admin.does(url, "edit_record", policy_name="problem-record")
        assert admin.get(url).form("edit_record").values["policy_name"] == ["problem-record"]
        admin.does(url, "edit_record", policy_name="")
        assert admin.get(url).form("edit_record").values["policy_name"] == [""]
        assert admin.submit(url, "edit_record", policy_name="none-such").status == 422
    assert cast.service("ERP").policy_name is None


def test_a_level_is_called_as_the_tickets_own_policy_calls_it(english, cast):
    """P3.2: on the ticket, in lists, in triage."""
    draft = policies.start_draft(load_pack("problem-record"), actor=cast.admin)
    policies.propose_edition(draft, actor=cast.admin)
    policies.confirm_edition(draft, actor=cast.liu)
    masterdata.edit_record(cast.contact.customer, actor=cast.admin, policy_name="problem-record")
    plain, own = a_ticket(severity="P1"), a_ticket(severity="P1", contact=cast.contact)
    wang = english("wang")
    rows = {row["data-ticket"]: row.text for row in wang.get("/triage").all("tr", data_ticket=None)}
    assert "P1 Major" in rows[plain.number]
    assert "P1 High" in rows[own.number]
    assert "P1 High" in wang.get(f"/t/{own.number}").text
    assert "P0 UrgentP1 HighP2 MediumP3 Low" in wang.get(f"/t/{own.number}/triage").form("triage").element.text
    assert "P0 CriticalP1 MajorP2 NormalP3 Minor" in wang.get(f"/t/{plain.number}/triage").form("triage").element.text


# --- paper


def test_an_edition_prints_as_the_table_of_severities(english, cast):
    page = english("admin").get(f"{LIST}/editions/1")
    captions = [caption.text for caption in page.all("caption")]
    assert captions[0] == "Definition of the severities"
    for level in UNIFIED.levels:
        assert level.definition.en in page.text
    limits = page.one("table", class_="limits")
    assert len(limits.all("tr")) == 16, "every kind of P4.2 has its row, whether agreed or not"
    assert "not agreed" in limits.text
    assert not re.search(r"style=", page.response.get_data(as_text=True))


def test_what_is_said_of_a_limit_can_be_typed(app):
    """Both languages: the page and its cells speak the same."""
    from flask_babel import force_locale

    from blueprints.admin.policy_words import said, typed

    targets = {target for name in SHIPPED for row in load_pack(name).clocks.values() for target in row.values()}
    targets |= {Target(basis="service", minutes=90), Target(basis="service", every_minutes=45), Target(days=1)}
    for language in ("en", "zh"):
        with app.test_request_context(), force_locale(language):
            for target in targets:
                assert read_cell(typed(target)) == target
            assert read_cell(typed(None)) is read_cell(said(None)) is None
