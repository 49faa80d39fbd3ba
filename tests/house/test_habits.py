"""One clock, one pen, one writer of state, one place that commits, one fixed table of jobs."""

import ast
import re

import pytest

from tests.house.source import FLOORS, calls, dotted, each, files, imports, name, tree

pytestmark = pytest.mark.once

CODE = files(*FLOORS, "app.py")
CLOCK = "models/ground/clock.py"
WALL_CLOCKS = re.compile(
    r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|utcnow|time\.(time|monotonic|perf_counter|localtime|gmtime))$"
)
TIMERS = {"enqueue_at", "enqueue_in", "schedule", "CronScheduler", "Repeat", "call_later_at"}


@each(CODE)
def test_one_clock(path):
    if name(path) == CLOCK:
        return
    for line, called in calls(path):
        assert not WALL_CLOCKS.search(called), (
            f"{name(path)}:{line} calls {called}; models.ground.clock is the only clock"
        )
    for line, wanted in imports(path):
        assert wanted not in ("time.time", "time.monotonic", "time.perf_counter"), f"{name(path)}:{line}"


@each(CODE)
def test_deadlines_are_rows(path):
    """Safety rule 1: no timer of Redis, and no cron of RQ."""
    for line, called in calls(path):
        assert called.rsplit(".", 1)[-1] not in TIMERS, f"{name(path)}:{line} calls {called}"
    for line, wanted in imports(path):
        assert not wanted.startswith(("rq.cron", "rq.scheduler", "rq_scheduler")), f"{name(path)}:{line}"


@each(CODE)
def test_one_place_commits(path):
    """Everything else is a command (models.ground.db.command); a savepoint inside one commits nothing."""
    if name(path) == "models/ground/db.py":
        return
    for line, called in calls(path):
        assert called.rsplit(".", 1)[-1] not in ("commit", "begin"), f"{name(path)}:{line} calls {called}"


def test_one_writer_of_state():
    """Only workflow.advance() writes ticket.state, only the journal ticket.seq and ticket.chain."""
    writers = {"state": ("models/rules/workflow.py", "advance"), "seq": ("models/rules/journal.py", "record"),
               "chain": ("models/rules/journal.py", "record")}  # fmt: skip
    found = {column: set() for column in writers}
    for path in CODE:
        for function in [n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]:
            for target in _assigned(function):
                if target.attr in writers and dotted(target.value).rsplit(".", 1)[-1] == "ticket":
                    found[target.attr].add((name(path), function.name))
    assert found == {column: {writer} for column, writer in writers.items()}


@each(CODE)
def test_state_is_not_smuggled_in(path):
    """Neither as a change of advance(), nor by an UPDATE past it, nor by setattr."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call):
            continue
        called = dotted(node.func).rsplit(".", 1)[-1]
        for keyword in node.keywords:
            if keyword.arg == "change" and isinstance(keyword.value, ast.Dict):
                keys = {key.value for key in keyword.value.keys if isinstance(key, ast.Constant)}
                assert not keys & {"state", "seq", "chain"}, f"{name(path)}:{node.lineno}"
        if called == "update" and node.args:
            assert dotted(node.args[0]) != "Ticket", f"{name(path)}:{node.lineno} updates tickets past advance()"
        if called == "setattr" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            assert node.args[1].value not in ("state", "seq", "chain"), f"{name(path)}:{node.lineno}"


def test_one_pen():
    """Events and the messages they owe are written in one place each."""
    writers = {"Event": set(), "Message": set()}
    for path in CODE:
        for line, called in calls(path):
            if called in ("insert", "Event", "Message") or called.endswith((".insert",)):
                node = next(n for n in ast.walk(tree(path)) if isinstance(n, ast.Call) and n.lineno == line)
                for word in (called, *(dotted(argument) for argument in node.args)):
                    if word in writers:
                        writers[word].add(name(path))
    assert writers["Event"] <= {"models/rules/journal.py"}
    assert writers["Message"] <= {"models/rules/notices.py"}


def test_commands_are_the_only_writers():
    """Whatever adds or deletes rows stands in models/, so that it runs inside a command."""
    for path in files("blueprints", "workers", "app.py"):
        for line, called in calls(path):
            if called.startswith(("db.session.add", "db.session.delete", "db.session.merge", "db.session.flush")):
                pytest.fail(f"{name(path)}:{line} calls {called}; writing belongs into a command")


@each(CODE)
def test_no_error_is_swallowed(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            silent = all(isinstance(part, ast.Pass) for part in node.body)
            broad = node.type is None or dotted(node.type) in ("Exception", "BaseException")
            assert not (silent and broad), f"{name(path)}:{node.lineno} carries on in silence"


@each(files("models"))
def test_queries_are_bound(path):
    """No SQL is put together from what people typed: text() holds constants, or names of our own."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and dotted(node.func) == "text" and node.args:
            assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp), f"{name(path)}:{node.lineno}"


def _assigned(function: ast.AST) -> list[ast.Attribute]:
    targets: list[ast.Attribute] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            found = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            found = [node.target]
        else:
            continue
        for target in found:
            parts = target.elts if isinstance(target, ast.Tuple) else [target]
            targets += [part for part in parts if isinstance(part, ast.Attribute)]
    return targets


@each(files("tests/browser", "bench"))
def test_a_page_is_waited_for_with_a_function(path):
    """A bare expression is evaluated anew at every look, which our own policy forbids: it only holds at the first."""
    for call in [n for n in ast.walk(tree(path)) if isinstance(n, ast.Call) and n.args]:
        if dotted(call.func).endswith("wait_for_function"):
            words = ast.unparse(call.args[0])
            assert "=>" in words or isinstance(call.args[0], ast.Name), f"{name(path)}:{call.lineno}: {words}"
