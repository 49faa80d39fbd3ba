"""Imports run down only; rooms do not know each other; only the engine room speaks to the outside."""

import pytest

from tests.house.source import each, files, imports, module, name

pytestmark = pytest.mark.once

# From the cellar up; whoever stands on a floor may use what is below it and what is on it, if its room is the same.
MODELS = ("ground", "people", "policy", "record", "rules", "insight", "steps")
BESIDE = {"clockwork": "steps"}  # as high as the steps, and their neighbour
WHOLE = ("models", "models.demonstration")  # these know every table, every command
HIGH = ("models", "blueprints", "app", "workers")
SHARED_ROOMS = ("blueprints.tickets.view",)  # what pages about tickets share
SHARED_WEB = (
    "pages", "one_time", "refusals", "kept", "lists", "access", "labels", "words", "limits", "fields",
    "lookup", "safety", "messages", "rates", "proof", "seals", "several", "house", "viewing",
    "commands", "signs", "begun", "charts", "facets", "qr", "sheet",
)  # fmt: skip
OUTSIDE = ("smtplib", "urllib.request", "http.client.HTTP", "requests", "httpx", "ftplib", "telnetlib")


def floor_of(dotted: str) -> int | None:
    """How high a module of models/ stands."""
    parts = dotted.split(".")
    if parts[0] != "models" or len(parts) < 2:
        return None
    room = BESIDE.get(parts[1], parts[1])
    return MODELS.index(room) if room in MODELS else None


def test_every_room_of_the_business_has_its_floor():
    rooms = {path.parent.name for path in files("models") if path.parent.name != "models"} - {"packs"}
    assert rooms == {*MODELS, *BESIDE}


@each(files("models"))
def test_inside_the_business_imports_run_down(path):
    here = module(path)
    own = floor_of(here)
    for line, wanted in imports(path):
        other = floor_of(wanted)
        if here in WHOLE or own is None or other is None:
            continue
        assert other <= own, f"{name(path)}:{line} imports {wanted}, which stands higher"
        if MODELS[own] == "steps" and other == own:
            room = "models.clockwork"  # one room with several files; each step is a room of its own
            alone = here.startswith(room) and wanted.startswith(room)
            assert alone, f"{name(path)}:{line} imports {wanted}: steps never import steps"


@each(files(*HIGH[:2], "app.py", "workers"))
def test_from_the_engine_room_down_to_the_business(path):
    own = HIGH.index(module(path).split(".")[0])
    for line, wanted in imports(path):
        top = wanted.split(".")[0]
        if top in HIGH:
            assert HIGH.index(top) <= own, f"{name(path)}:{line} imports {wanted}, which stands higher"
        assert top not in ("tests", "bench"), f"{name(path)}:{line} imports {wanted}"


@each(files("blueprints"))
def test_rooms_of_the_web_do_not_know_each_other(path):
    here = module(path).split(".")
    if len(here) < 3 and here != ["blueprints"]:
        return  # what all rooms share
    for line, wanted in imports(path):
        parts = wanted.split(".")
        if parts[0] != "blueprints" or here == ["blueprints"]:
            continue
        known = parts[1] == here[1] or parts[1] in SHARED_WEB or wanted.startswith(SHARED_ROOMS)
        assert known, f"{name(path)}:{line} imports {wanted} of another room"


@each(files("models", "blueprints", "app.py"))
def test_only_the_engine_room_speaks_to_redis(path):
    for line, wanted in imports(path):
        assert wanted.split(".")[0] not in ("redis", "rq", "valkey"), f"{name(path)}:{line} imports {wanted}"


@each(files("models", "blueprints", "app.py", "workers"))
def test_only_channels_speak_to_the_outside_world(path):
    if "channels" in path.parts:
        return
    for line, wanted in imports(path):
        assert not wanted.startswith(OUTSIDE), f"{name(path)}:{line} imports {wanted}"


@each(files("models"))
def test_the_business_knows_no_request(path):
    for line, wanted in imports(path):
        assert not wanted.startswith(("flask.", "werkzeug", "jinja2", "wtforms", "flask_wtf", "flask_babel")), (
            f"{name(path)}:{line} imports {wanted}"
        )


@each(files("models", "blueprints", "workers", "app.py", "tests"))
def test_every_file_says_what_it_is(path):
    assert path.read_text("utf-8").startswith('"""'), f"{name(path)} does not begin with a line saying what it is"
