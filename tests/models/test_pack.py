"""The pack `unified` says what the process says (P4.2, P4.5, P5, P10.4), and a bad pack is refused by its key."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest

from models.ground.vocabulary import Impact, Urgency
from models.ground.working_time import Calendar
from models.policy import holidays
from models.policy.pack import FOLDER, SHIPPED, Pack, load_pack
from models.policy.pack_file import write_pack
from models.policy.pack_parts import Kind

pytestmark = pytest.mark.once  # sums: no database can change them

UNIFIED = load_pack("unified")
FILE = (FOLDER / "unified.toml").read_text("utf-8")
SAMPLES = Path(__file__).parents[1] / "data/sample_tickets.json"
LEVELS = ("P0", "P1", "P2", "P3")

# P4.2 and P4.3 as printed: m and h are minutes and hours, wd working days, * a cadence, ! at once, - not agreed.
TABLES = {
    "unified": """
register     5m    5m    5m    5m    5m
triage       -     10m   10m   10m   10m
respond      15m   30m   2h    4h    4h
plan         1h    2h    2h    2h    -
approve      15m   1h    4h    1wd   -
test         30m   2h    1wd   1wd   -
resolve      2h    8h    24h   3wd   -
resolve_max  4h    -     -     -     -
update       *30m  *2h   *17:00 *17:00 *17:00
follow_up    2h    2h    2h    2h    2h
close        30m   30m   30m   30m   30m
ratify       24h   -     -     -     -
cooperate    24h   24h   24h   24h   24h
call_back    1wd   1wd   1wd   1wd   1wd
assess       -     -     -     -     3wd
""",
    "fault-handling": """
triage       1h    1h    1h    1h    1h
respond      15m   30m   2h    4h    4h
plan         2h    2h    2h    2h    -
resolve      4h    8h    -     -     -
update       *30m  *2h   *17:00 *17:00 *17:00
""",
    "response-control": """
register     5m    5m    5m    5m    5m
triage       !     10m   10m   10m   10m
respond      !     4h    8h    24h   24h
resolve      2h    8h    24h   3wd   -
resolve_max  4h    -     -     -     -
follow_up    2h    2h    2h    2h    2h
close        30m   30m   30m   30m   30m
cooperate    24h   24h   24h   24h   24h
""",
    "problem-record": """
triage       1wd   1wd   1wd   1wd   1wd
""",
}
WALL = {"unified": ("P0", "P1"), "fault-handling": ("P0", "P1"), "response-control": ("P0",), "problem-record": ()}
ROWS = {name: [line.split() for line in table.strip().splitlines()] for name, table in TABLES.items()}
CELLS = [
    (name, kind, level, cell)
    for name, rows in ROWS.items()
    for kind, *row in rows
    for level, cell in zip((*LEVELS, "request"), row, strict=True)
]


def printed(target) -> str:
    if target is None:
        return "-"
    if target.at_once:
        return "!"
    if target.daily:
        return f"*{target.daily:%H:%M}"
    if target.basis == "days":
        return f"{target.amount}wd"
    span = f"{target.amount // 60}h" if target.amount % 60 == 0 else f"{target.amount}m"
    return f"*{span}" if target.is_cadence else span


@pytest.mark.parametrize(("name", "kind", "level", "cell"), CELLS)
def test_every_cell_of_the_tables(name, kind, level, cell):
    target = load_pack(name).agreed(kind, level)
    assert printed(target) == cell
    if target and target.basis != "days":
        assert target.basis == ("wall" if level in WALL[name] else "service")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_tables_have_every_clock_of_the_packs(name):
    assert {kind for kind, *_ in ROWS[name]} == set(load_pack(name).clocks)


def test_the_default_has_a_row_for_every_kind():
    assert set(UNIFIED.clocks) == set(get_args(Kind))


def test_at_once_is_agreed_and_has_no_clock():
    pack = load_pack("response-control")
    assert pack.agreed("respond", "P0").at_once
    assert pack.target("respond", "P0") is None
    assert pack.warn_marks("respond", "P0") == ()


@pytest.mark.parametrize(
    ("name", "title", "words", "answers", "number"),
    [
        ("unified", "统一流程", "致命 严重 一般 轻微", "满意 基本满意 不满意", "TS20240501007"),
        ("fault-handling", "故障处理流程", "致命 严重 一般 轻微", "满意 基本满意 不满意", "TS20240501007"),
        ("response-control", "响应时间控制", "致命 严重 一般 轻微", "满意 基本满意 不满意", "TS20240501007"),
        ("problem-record", "问题记录", "紧急 高 中 低", "满意 基本满意 需改进", "TP007"),
    ],
)
def test_the_words_of_the_packs(name, title, words, answers, number):
    pack = load_pack(name)
    assert (pack.title.zh, [level.code for level in pack.levels]) == (title, list(LEVELS))
    assert [level.title.zh for level in pack.levels] == words.split()
    assert [choice.title.zh for choice in pack.satisfaction] == answers.split()
    assert [choice.call_back for choice in pack.satisfaction] == [False, False, True]
    assert pack.format_number(7, date(2024, 5, 1)) == number
    assert (FOLDER / f"{name}.toml").read_text("utf-8").startswith("# ")


def test_every_file_ships():
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(SHIPPED)


def test_a_clock_that_is_not_agreed_does_not_exist():
    assert UNIFIED.target("triage", "P0") is None
    assert UNIFIED.target("silence", "P2") is None
    assert UNIFIED.warn_marks("ratify", "P3") == ()


def test_worded_levels():
    assert [level.title.zh for level in UNIFIED.levels] == ["致命", "严重", "一般", "轻微"]
    assert [level.also.zh for level in UNIFIED.levels] == ["紧急", "高", "中", "低"]
    assert UNIFIED.level("P2").definition.en.startswith("A minor or non-core function")


# --- warnings and the ladder


@pytest.mark.parametrize(
    ("kind", "level", "marks"),
    [
        ("resolve", "P0", (50, 80)),
        ("plan", "P0", (50, 80)),  # one hour is not under one hour
        ("respond", "P0", (80,)),
        ("close", "P3", (80,)),
        ("resolve", "P3", (50, 80)),
        ("test", "P2", (50, 80)),  # one working day is not one minute
        ("update", "P1", (80,)),
        ("update", "P3", (80,)),
    ],
)
def test_warnings(kind, level, marks):
    assert UNIFIED.warn_marks(kind, level) == marks


def test_ladders():
    whole = ("supervisor", "tech_manager", "director")
    manager = ("tech_manager", "director")
    for kind in ("update", "follow_up", "close", "register"):
        assert {UNIFIED.ladder(kind, level) for level in LEVELS} == {("supervisor",)}
    assert UNIFIED.ladder("resolve_max", "P0") == manager
    assert UNIFIED.ladder("resolve", "P1") == manager
    assert UNIFIED.ladder("resolve", "P0") == whole
    for kind in ("triage", "respond", "plan", "approve", "test", "ratify", "cooperate", "call_back"):
        assert UNIFIED.ladder(kind, "P0") == UNIFIED.ladder(kind, "P1") == whole
        assert UNIFIED.ladder(kind, "P2") == UNIFIED.ladder(kind, "P3") == ("supervisor",)
    assert UNIFIED.ladder("resolve", "P2") == ("supervisor",)
    assert UNIFIED.ladder("assess", "request") == ("supervisor",)


def test_acknowledging_and_asking_again():
    assert [UNIFIED.acknowledge_within(level) for level in LEVELS] == [10, 30, 30, 30]
    assert [UNIFIED.ask_again(level) for level in LEVELS] == [60, 240, None, None]


def test_minutes_beside_a_clock_run_on_its_basis():
    assert UNIFIED.target("resolve", "P0").minute_basis == "wall"
    assert UNIFIED.target("resolve", "P2").minute_basis == "service"
    assert UNIFIED.target("resolve", "P3").minute_basis == "service"


# --- pauses, the matrix, numbers, satisfaction


@pytest.mark.parametrize("party", ["reporter", "customer"])
def test_waiting_for_the_customer_stops_all_but_three(party):
    running = {kind for kind in UNIFIED.clocks if not UNIFIED.stops(party, kind)}
    assert running == {"update", "cooperate", "follow_up"}
    assert not UNIFIED.stops(party, "silence")


@pytest.mark.parametrize("party", ["approver", "vendor", "department", "window", "nobody"])
def test_waiting_for_others_stops_nothing(party):
    assert not any(UNIFIED.stops(party, kind) for kind in UNIFIED.clocks)


def test_the_matrix_never_sinks_with_impact_or_urgency():
    ranks = [[LEVELS.index(UNIFIED.suggest(impact, urgency)) for urgency in Urgency] for impact in Impact]
    for row in (*ranks, *zip(*ranks, strict=True)):
        assert list(row) == sorted(row, reverse=True)
    assert UNIFIED.suggest("all", "critical") == "P0"
    assert UNIFIED.suggest("single", "low") == "P3"


def test_numbers():
    day = date(2024, 5, 1)
    assert UNIFIED.format_number(1, day) == "TS20240501001"
    assert UNIFIED.format_number(1000, day) == "TS202405011000"
    assert UNIFIED.format_number(7, day, kind="request") == "RD20240501007"
    assert UNIFIED.number_tz == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("template", "number"), [("TS-{yyyymmdd}-{seq}", "TS-20240501-7"), ("TP{seq:3}", "TP007"), ("TP-{seq}", "TP-7")]
)
def test_other_templates(template, number):
    pack = Pack.parse(FILE.replace("TS{yyyymmdd}{seq:3}", template))
    assert pack.format_number(7, date(2024, 5, 1)) == number


def test_satisfaction_and_silence():
    assert [(choice.code, choice.title.zh, choice.call_back) for choice in UNIFIED.satisfaction] == [
        ("satisfied", "满意", False),
        ("mostly_satisfied", "基本满意", False),
        ("dissatisfied", "不满意", True),
    ]
    assert (UNIFIED.silence.reminders, UNIFIED.silence.days) == (3, 5)
    assert (UNIFIED.archive_days, UNIFIED.link_days) == (7, 30)


# --- due times by target


def test_targets_fall_due_on_the_calendar():
    calendar = Calendar.from_dict(holidays.china_calendar(2026, 2026))
    friday = datetime(2026, 11, 20, 17, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    due = {
        (kind, level): UNIFIED.target(kind, level).due(calendar, friday).astimezone(friday.tzinfo)
        for kind, level in (("resolve", "P0"), ("respond", "P3"), ("resolve", "P3"), ("update", "P0"), ("update", "P3"))
    }
    assert due["resolve", "P0"] == friday + timedelta(hours=2)
    assert due["respond", "P3"] == friday.replace(day=23, hour=14, minute=0)
    assert due["resolve", "P3"] == friday.replace(day=25)
    assert due["update", "P0"] == friday + timedelta(minutes=30)
    assert due["update", "P3"] == friday.replace(day=23, hour=17, minute=0)


def test_the_worked_example_of_response_control():
    """P4.3: every day 08:00 to 24:00 in Shanghai; the three reports of 2023 come out to the minute."""
    week = {day: [["08:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    calendar, pack = Calendar.from_dict({"tz": "Asia/Shanghai", "week": week}), load_pack("response-control")
    kinds = {"respond_by": "respond", "resolve_target": "resolve"}
    due = {
        (report["reported"], kind): pack.target(kind, report["severity"]).due(calendar, shanghai(report["reported"]))
        == shanghai(report[field])
        for report in json.loads(SAMPLES.read_text("utf-8"))
        for field, kind in kinds.items()
        if field in report
    }
    assert due == {
        ("2023-10-25 09:15", "respond"): True,
        ("2023-10-25 14:20", "resolve"): True,
        ("2023-10-25 16:45", "respond"): True,
    }


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


# --- reading and refusing


@pytest.mark.parametrize("name", SHIPPED)
def test_a_pack_survives_the_trip_through_json_and_through_a_file(name):
    pack = load_pack(name)
    assert Pack.from_dict(json.loads(json.dumps(pack.dump()))) == pack
    assert Pack.parse(write_pack(pack)) == pack


@pytest.mark.parametrize("odd", ['say "x" \\ \n \t', "第一级：“致命”\u2028", "a" * 400, "\x7f #not a comment = {"])
def test_odd_words_survive_the_trip_through_a_file(odd):
    raw = UNIFIED.dump()
    raw["levels"][0]["definition"]["zh"] = raw["satisfaction"][2]["title"]["en"] = odd
    pack = Pack.from_dict(raw)
    assert Pack.parse(write_pack(pack)) == pack


@pytest.mark.parametrize(
    ("good", "bad", "words"),
    [
        ("minutes = 15 }", 'minutes = "15" }', "clocks.respond.P0.minutes: "),
        ("minutes = 15 }", "minutes = 0 }", "clocks.respond.P0.minutes: "),
        ("minutes = 15 }", "minuts = 15 }", "clocks.respond.P0.minuts: "),
        ("minutes = 15 }", "minutes = 15, days = 1 }", "clocks.respond.P0: give exactly one"),
        ("minutes = 15 }", "minutes = 600000 }", "clocks.respond.P0.minutes: "),
        ("minutes = 15 }", "at_once = true }", "clocks.respond.P0: at_once does not go with the basis wall"),
        ('code = "P3"', 'code = "P4"', "levels: the codes are P0, P1, P2, P3"),
        ('code = "mostly_satisfied"', 'code = "satisfied"', "satisfaction: a code is there twice"),
        ('zh = "致命"', 'zh = ""', "levels.0.title.zh: "),
        ("{ daily =", '{ basis = "wall", daily =', "clocks.update.P2: daily does not go with the basis wall"),
        ("[clocks.ratify]\nP0", "[clocks.ratify]\nP9", "clocks.ratify: there is no level P9"),
        ("[clocks.plan]", "[clocks.planning]", "clocks.planning"),
        ("17:00", "25:00", "clocks.update.P2.daily: "),
        ('"tech_manager"', '"boss"', "escalation.ladder.1.rungs.0: "),
        ('levels = ["P0"]', 'levels = ["P7"]', "escalation.ladder.1.levels: there is no level P7"),
        ('[[escalation.ladder]]\nrungs = ["supervisor"]\n', "", "escalation.ladder: nobody is told when"),
        ("P0 = 10\n", "", "escalation.acknowledge_within: "),
        ("P0 = 60\n", "P8 = 60\n", "escalation.ask_again: there is no level P8"),
        ('code = "P1"', 'code = "P0"', "levels: a code is there twice"),
        ('"Asia/Shanghai"', '"Asia/Shanghaii"', "numbers: there is no time zone named 'Asia/Shanghaii'"),
        ("TS{yyyymmdd}{seq:3}", "TS{yyyymmdd}", "numbers: 'TS{yyyymmdd}' is not a template"),
        ('high = "P2"', 'high = "P7"', "matrix.single: "),
        ('reporter = { stops = "all"', 'reporter = { stops = "most"', "pauses.reporter.stops"),
        ("archive_days = 7\n", "", "archive_days: "),
        ("[silence]", "[silence", "not readable TOML"),
    ],
)
def test_a_bad_pack_is_refused_by_its_key(good, bad, words):
    assert good in FILE
    with pytest.raises(ValueError) as refused:
        Pack.parse(FILE.replace(good, bad, 1))
    assert words in str(refused.value)


# --- the calendar of China


def test_holidays_and_make_up_days_agree_with_a_second_source():
    calendar = Calendar.from_dict(holidays.china_calendar(2010, 2026))
    day, differ = date(2010, 1, 1), []
    while day.year <= 2026:
        if bool(calendar.ranges(day)) != chinese_calendar.is_workday(day):
            differ.append(day)
        day += timedelta(days=1)
    assert differ == []


def test_the_make_up_days_of_2026():
    made_up = holidays.china_calendar(2026, 2026)["extra"]
    assert list(made_up) == ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]


def test_a_year_without_a_notice_is_known_to_be_unknown():
    assert holidays.is_year_known(2026)
    assert not holidays.is_year_known(2099)
