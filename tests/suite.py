"""The whole suite: once on SQLite with everything, once more on PostgreSQL; what was left out is said at the end.

On PostgreSQL every command, every journey and every page is told; how each page answers forms (tests/blueprints) with
`--full` only, because what a form does is a command.

What fails is told once more, alone, because a machine can be slow for a moment: it counts how it ends there, and the
run names it at its end. Each such name is a race to be found, in the test or in the product.

`./run test [pytest's arguments]` sets up and then becomes this.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import postgres

DATABASE = "BIHUAN_TEST_DB"  # read by conftest: where each test process makes a database of its own
ONCE = ("--ignore=tests/browser", "-m", "not once")  # what no database can change
FORMS = ("--ignore=tests/blueprints",)
FULL = "--full"
FAILED = 1  # pytest's exit code when a test failed
NO_TESTS = 5  # pytest's exit code when nothing was selected
FONTS = "/usr/share/fonts/**/NotoSansCJK*"
PROCESSES = "2"


def main(words: list[str]) -> int:
    """Run both passes; the exit code is 0 only when both are clean."""
    left_out = fetch_programs()
    print("\n== SQLite", flush=True)
    code = run(words, database=None)
    with server(left_out) as url:
        if url:
            print("\n== PostgreSQL", flush=True)
            second = run([*words, *ONCE, *(() if FULL in words else FORMS)], database=url)
            code = code or (0 if second == NO_TESTS else second)
    for line in left_out:
        print(f"left out: {line}", flush=True)
    return code


def run(words: list[str], *, database: str | None) -> int:
    """One pass of pytest."""
    environment = {key: value for key, value in os.environ.items() if not _is_ours(key)}
    if database:
        environment[DATABASE] = database
    # In the order of the folders: files with few but slow tests must not be left to one process at the end.
    order = ("--dist", "loadfile", "--no-loadscope-reorder")
    pytest = [sys.executable, "-m", "pytest"]
    code = subprocess.call([*pytest, "-n", PROCESSES, *order, "-rs", *words], env=environment)
    if code != FAILED:
        return code
    print("\n== once more, alone, what failed beside others", flush=True)
    again = ("--last-failed", "--last-failed-no-failures", "none", "-rA", "--show-capture=no")
    return subprocess.call([*pytest, *again, *words], env=environment)


def fetch_programs() -> list[str]:
    """Install the browser, fonts and PostgreSQL where we may; elsewhere say what will be missing."""
    missing = {
        "chromium": not (shutil.which("chromium") or shutil.which("google-chrome")),
        "fonts-noto-cjk": sys.platform == "linux" and not any(Path("/").glob(FONTS.lstrip("/"))),
        "postgresql": "TEST_DATABASE_URL" not in os.environ and not postgres.find_programs(),
    }
    packages = [name for name, is_missing in missing.items() if is_missing]
    if not packages:
        return []
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"  system        apt-get installs {' '.join(packages)}", flush=True)
        if _apt(packages):
            return []
    words = {"chromium": "tests in a browser", "postgresql": "the pass on PostgreSQL"}
    return [f"{words[name]}; get them with: apt install {name}" for name in packages if name in words]


@contextmanager
def server(left_out: list[str]) -> Iterator[str | None]:
    """The URL of a PostgreSQL server to test on, TEST_DATABASE_URL or our own; None when there is none."""
    programs = postgres.find_programs()
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
    elif programs:
        with postgres.private(programs) as url:
            yield url
    else:
        left_out[:] = [line for line in left_out if "PostgreSQL" not in line]
        left_out.append("the pass on PostgreSQL; set TEST_DATABASE_URL, or apt install postgresql")
        yield None


def _apt(packages: list[str]) -> bool:
    # RUNLEVEL=1 keeps Debian from starting a server of its own beside ours.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    commands = (["apt-get", "-q", "update"], ["apt-get", "-q", "install", "-y", "--no-install-recommends", *packages])
    for command in commands:
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            print(done.stderr[-800:], file=sys.stderr)
            return False
    return True


def _is_ours(name: str) -> bool:
    """Settings of the person's own installation must not reach the tests."""
    return name.startswith("BIHUAN_") or name in ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "BASE_URL", "SECRET_KEY")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
