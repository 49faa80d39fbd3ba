"""`./run` on a machine that lacks something: one clear sentence and an exit code that is not 0."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path):
    """Run a copy of `run` that stands alone in a folder; gives back exit code, output and complaints."""
    shutil.copy(ROOT / "run", tmp_path)
    (tmp_path / "requirements.txt").write_text(f"flask==3.1.3 --hash=sha256:{'0' * 64}\n")

    def start(*words, **environment):
        surroundings = os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""} | environment
        command = [sys._base_executable, tmp_path / "run", *words]
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    return start


def test_help_needs_nothing(run, tmp_path):
    code, output, _ = run("help")
    assert code == 0
    assert "./run test" in output
    assert not (tmp_path / ".venv").exists()


def test_a_python_without_venv_is_said(run, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "ensurepip.py").write_text("raise ImportError")
    code, _, complaint = run(PYTHONPATH=str(tmp_path / "elsewhere"))
    assert code == 1
    assert complaint == "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv\n"


def test_a_folder_that_cannot_be_written_is_said(run, tmp_path):
    (tmp_path / ".venv").touch()
    code, _, complaint = run()
    assert code == 1
    assert "cannot be written" in complaint
    assert complaint.count("\n") == 1


def test_packages_that_cannot_be_had_are_said_and_tried_again_next_time(run, tmp_path):
    code, _, complaint = run()
    assert code == 1
    assert complaint.splitlines()[-1].startswith("The packages of requirements.txt could not be installed")
    assert not (tmp_path / ".venv" / "requirements.txt.installed").exists()
