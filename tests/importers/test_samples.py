"""What agents wrote is read as it is: each call once, with the tokens that other programs count, too.

A case is a folder of ``data``: ``in`` holds the agent's files, ``expected.json`` the calls that come of them, in order.  In the
cases of traps somebody put all that makes others count wrong; beside them lies what two other programs say.
"""

from __future__ import annotations

import json

import pytest

from tests.support.agent_files import DATA, gist, imported, laid_out, recorded

CASES = sorted(path.name for path in DATA.iterdir())


def read(case, name):
    """A file of a case."""
    return json.loads((DATA / case / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES)
def test_each_call_once(tmp_path, case):
    """And nothing more when it is imported again, from the same files."""
    agent, _, _ = case.partition(".")
    folder = laid_out(case, tmp_path / "agent")
    first = imported(tmp_path / "data", agent, folder)

    assert [gist(call) for call in recorded(tmp_path / "data")] == read(case, "expected.json")
    assert first.calls == len(read(case, "expected.json"))
    assert imported(tmp_path / "data", agent, folder).calls == 0
    assert len(recorded(tmp_path / "data")) == first.calls


OUTSIDE = ("gemini", "opencode")
"""Agents of which ccusage counts reasoning beside the output."""


@pytest.mark.parametrize("case", [case for case in CASES if (DATA / case / "ccusage.json").exists()])
def test_as_ccusage_counts(tmp_path, case):
    """The totals of ccusage 20.0.24, of each session; it calls fresh input what is neither read from a cache nor written."""
    agent, _, _ = case.partition(".")
    tally = imported(tmp_path / "data", agent, laid_out(case, tmp_path / "agent"))
    told = read(case, "ccusage.json")["totals"]
    outside = tally.reasoning_tokens if agent in OUTSIDE else 0

    assert told["inputTokens"] == tally.input_tokens - tally.cached_tokens - tally.cache_write_tokens
    assert told["cacheReadTokens"] == tally.cached_tokens
    assert told["cacheCreationTokens"] == tally.cache_write_tokens
    assert told["outputTokens"] == tally.output_tokens - outside
    assert told["totalTokens"] == tally.input_tokens + tally.output_tokens


def test_as_agentsview_counts(tmp_path):
    """The totals of agentsview 0.46.1 for Qwen Code, whose input ccusage counts wrong; of thoughts it leaves out what is beside the output."""
    tally = imported(tmp_path / "data", "qwen", laid_out("qwen.traps", tmp_path / "agent"))
    (told,) = read("qwen.traps", "agentsview.json")["modelBreakdowns"]

    assert told["inputTokens"] == tally.input_tokens - tally.cached_tokens
    assert told["cacheReadTokens"] == tally.cached_tokens
    assert told["outputTokens"] == tally.output_tokens - tally.reasoning_tokens
