"""The first run (G30): from a clean checkout to the demonstration's board, with no network but the machine's own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import monotonic

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.house.source import ROOT, tracked
from tests.workers.conftest import eventually, free_port

pytestmark = [pytest.mark.once, pytest.mark.full]
RUNS, MOST_SECONDS, MOST_CLICKS = 3, 120, 3
ALONE = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]  # a network that ends at this machine
CLICKS = "addEventListener('click', event => event.isTrusted && told(), true)"


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> Path:
    """What pip has fetched before: everything that `./run` installs."""
    if not CHROMIUM or subprocess.call([*ALONE, "true"], stderr=subprocess.DEVNULL):
        pytest.skip("Chromium, and the right to make a network of one's own, are wanted")
    folder = tmp_path_factory.mktemp("packages")
    words = ["download", "--quiet", "--no-deps", "--require-hashes", "-r", "requirements.txt", "-d", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", *words], cwd=ROOT, check=True)
    return folder


def clean_checkout(folder: Path) -> None:
    """What git knows, or would add, and nothing that was made since."""
    for file in tracked():
        copy = folder / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)


@contextmanager
def started(folder: Path, packages: Path, port: int) -> Iterator[subprocess.Popen]:
    """`./run`, as somebody types it who has just fetched the project."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    own = {"PORT": str(port), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(packages), "PIP_NO_CACHE_DIR": "1"}
    output = folder.parent / "output"
    with output.open("wb") as out:
        run = [*ALONE, sys._base_executable, "./run"]
        process = subprocess.Popen(run, cwd=folder, env=kept | own, stdout=out, stderr=subprocess.STDOUT)
    try:
        eventually(lambda: "ready  " in output.read_text() or process.poll() is not None, seconds=2 * MOST_SECONDS)
        assert process.poll() is None, output.read_text()
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def browser_beside(process: subprocess.Popen, folder: Path) -> Iterator[Browser]:
    """A browser in the same lonely network."""
    door = folder / "browser"
    door.write_text(f'#!/bin/sh\nexec nsenter --net --target {process.pid} {CHROMIUM} "$@"\n')
    door.chmod(0o700)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=door, args=FLAGS)
        yield browser
        browser.close()


def to_the_board(browser: Browser, port: int) -> int:
    """By the mouse alone, from the address that `./run` has printed; how many clicks it took."""
    clicks = []
    page = browser.new_page(locale="zh-CN")
    page.expose_function("told", lambda: clicks.append(1))
    page.add_init_script(CLICKS)
    page.goto(f"http://localhost:{port}/")
    page.locator('button[name="login"][value="liu"]').click()
    page.locator('nav a[href="/watch"]').first.click()
    page.locator("#watch tr[data-ticket]").nth(5).wait_for()
    return len(clicks)


def test_from_a_checkout_to_the_board(packages, tmp_path):
    took, clicks = [], []
    for nth in range(RUNS):
        home, port = tmp_path / str(nth), free_port()
        clean_checkout(home / "bihuan")
        began = monotonic()
        with started(home / "bihuan", packages, port) as process, browser_beside(process, home) as browser:
            clicks.append(to_the_board(browser, port))
            took.append(monotonic() - began)
        shutil.rmtree(home)
    said = f"{min(took):.0f}, {median(took):.0f}, {max(took):.0f} s (least, median, most of {RUNS})"
    print(f"\n  first run  {said}, {max(clicks)} clicks")
    assert median(took) < MOST_SECONDS
    assert 0 < max(clicks) <= MOST_CLICKS
