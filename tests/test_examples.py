"""The sample log is what its README says it is."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.tools import gen_access_log

SAMPLE = Path(__file__).parent / "data" / "sample"


@pytest.fixture(scope="module")
def remade(tmp_path_factory):
    """The sample log and its ground truth, made anew by the command in the sample's README."""
    lines = (SAMPLE / "README.md").read_text(encoding="utf-8").splitlines()
    (command,) = (line for line in lines if line.startswith("    tests/tools/gen_access_log.py "))
    arguments = shlex.split(command)[1:]
    folder = tmp_path_factory.mktemp("remade")
    arguments[arguments.index("--out") + 1] = str(folder / "access.log")
    gen_access_log.main([*arguments, "--truth", str(folder / "truth.json")])
    return folder


def test_the_sample_can_be_made_again(remade):
    """The documented command gives the committed bytes, on every Python."""
    assert (remade / "access.log").read_bytes() == (SAMPLE / "access.log").read_bytes()


def test_the_sample_shows_what_its_readme_names(remade):
    """The sample has a case of each kind that its README lists."""
    truth = json.loads((remade / "truth.json").read_text(encoding="utf-8"))
    log = (SAMPLE / "access.log").read_text(encoding="utf-8")
    assert len(truth["sessions"]) == 8
    assert min(truth["counts"][kind] for kind in ("noise", "failed", "no_session")) > 0
    assert sum(model["reasoning_tokens"] for model in truth["models"].values()) > 0
    assert sum(model["cached_tokens"] for model in truth["models"].values()) > 0
    assert '\\"tool_calls\\":[{' in log
    assert "查询北京天气" in log
