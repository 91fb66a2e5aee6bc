"""A pass that finds nothing new starts quickly: cron starts one each minute, so it loads what it needs and no more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LOG = ROOT / "tests" / "data" / "sample" / "access.log"
DRAWN = json.loads((ROOT / "tests" / "data" / "idle_pass.json").read_text(encoding="utf-8"))
"""``loads``: the project's modules in an idle pass; ``spares``: modules of Python's that are not among them."""
PROGRAM = """\
import json, runpy, sys
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    sys.stdout.write(json.dumps(sorted(sys.modules)))
"""


def loaded(*arguments):
    """The names of all modules that main.py has loaded when it ends."""
    program = f"import sys; sys.argv[:] = sys.argv[1:]\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program, ROOT / "main.py", "--quiet", "--once", *arguments],
        env={**os.environ, "PYTHONPATH": "", "XDG_CONFIG_HOME": "/nowhere"},  # without this user's own prices
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout))


@pytest.fixture
def folder(tmp_path):
    """A data folder that is up to date with the sample log."""
    loaded("--log-path", LOG, "--output-dir", tmp_path)
    return tmp_path


def of_the_project(names):
    """Those that are the project's, without the package's name."""
    return sorted(name.partition(".")[2] for name in names if name.startswith("session_monitor."))


def test_an_idle_pass_loads_what_is_drawn(folder):
    """Exactly these modules: one more is entered there by who has measured that it must be."""
    assert of_the_project(loaded("--log-path", LOG, "--output-dir", folder)) == sorted(DRAWN["loads"])


def test_an_idle_pass_spares_what_takes_long_to_load(folder):
    """Of Python's own modules, those that only some answer needs are not loaded either."""
    assert sorted(loaded("--log-path", LOG, "--output-dir", folder) & set(DRAWN["spares"])) == []


def test_what_is_spared_would_be_seen(tmp_path):
    """The first pass, which reads lines, does load more: the test can tell."""
    first = of_the_project(loaded("--log-path", LOG, "--output-dir", tmp_path))
    assert {"calls.ai_log", "ingest.intake"} <= set(first) - set(DRAWN["loads"])
