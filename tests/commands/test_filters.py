"""The filters: what they leave, in lists as in sums, and why nothing is left."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import data, run


@pytest.mark.parametrize(
    ("options", "ids", "calls"),
    [
        ([], ["a:1", "a:2", "b", "c"], 5),
        (["--model", "gpt-4o"], ["a:1", "c"], 2),
        (["--model", "gpt-4o*"], ["a:1", "a:2", "c"], 3),
        (["--model", "gpt-4o-mini", "--model", "qwen-max"], ["a:1", "a:2"], 2),
        (["--consumer", "team-1"], ["a:1"], 2),
        (["--consumer", "TEAM-?", "--model", "gpt*"], ["a:1", "a:2"], 2),
        (["--session", "a:1"], ["a:1"], 2),
        (["--session", "a:*", "--session", "b"], ["a:1", "a:2", "b"], 4),
        (["--status", "error"], ["b"], 1),
        (["--status", "idle"], ["a:1", "a:2", "c"], 4),
        (["--outcome", "failed"], ["b"], 1),
        (["--outcome", "left"], ["a:2"], 1),
        (["--outcome", "ok"], ["a:1", "c"], 3),
        (["--outcome", "left", "--model", "gpt-4o"], [], 0),
        (["--outcome", "left", "--model", "gpt-*", "--since", "2026-02-01", "--timezone", "UTC"], ["a:2"], 1),
        (["--min-cost", "1"], ["a:1", "c"], 3),
        (["--min-cost", "$10"], ["c"], 1),
        (["--min-cost", "0"], ["a:1", "a:2", "b", "c"], 5),
        (["--since", "2026-02-02", "--timezone", "UTC"], ["c"], 1),
        (["--since", "2026-02-03", "--timezone", "Asia/Shanghai"], ["c"], 1),
        (["--until", "2026-02-02", "--timezone", "Asia/Shanghai"], ["a:1", "a:2", "b"], 4),
        (["--since", "2026-02-01T00:03:00Z", "--until", "2026-02-01T08:04:00+08:00"], ["a:2"], 1),
        (["--since", "20260201", "--until", "20260201", "--timezone", "UTC"], ["a:1", "a:2", "b"], 4),
    ],
)
def test_filters(varied, options, ids, calls):
    """Each filter leaves the sessions in the list that it means, and its calls in all statistics."""
    assert sorted(row["session_id"] for row in data("list", "--data-dir", varied, *options)) == ids
    assert data("summary", "--data-dir", varied, *options)["calls"] == calls


def test_rounds_are_asked_for_by_how_they_ended(varied):
    """Searched and exported are the rounds alone that ended so."""
    for outcome, rounds in {"ok": 3, "left": 1, "failed": 1}.items():
        found = run("export", "-", "--what", "rounds", "--format", "jsonl", "--outcome", outcome, "--data-dir", varied)
        hits = data("search", "question", "--outcome", outcome, "--data-dir", varied)["hits"]

        rows = [json.loads(line) for line in found.stdout.splitlines()]
        assert [row["outcome"] for row in rows] == [outcome] * rounds
        assert {hit["session_id"] for hit in hits} == {row["session_id"] for row in rows}


@pytest.mark.parametrize("command", ["stats-model", "stats-consumer", "stats-date"])
@pytest.mark.parametrize(
    "options",
    [["--model", "gpt*"], ["--session", "a:*", "--since", "2026-02-01"], ["--status", "error"], ["--outcome", "left"]],
)
def test_statistics_have_the_same_filters(varied, command, options):
    """What a filter leaves is the same in total, however it is split into rows."""
    all_days = ["--days", "30000"] if command == "stats-date" and "--since" not in options else []
    total = data(command, "--data-dir", varied, *options, *all_days)["total"]
    overall = data("summary", "--data-dir", varied, *options)
    del overall["active_now"]  # of sessions, at this moment

    assert total == overall


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--model", "claude*"], "there are the models GPT-4o-mini, gpt-4o, no-such-model, qwen-max"),
        (["--consumer", "nobody"], "there are the consumers team-1, team-2"),
        (["--since", "2027-01-01", "--timezone", "UTC"], "so --since 2026-02-02 shows the newest day"),
        (["--session", "zzz"], "--session zzz"),
        (["--status", "active"], "--status active"),
        (["--outcome", "left", "--consumer", "team-1"], "--outcome left"),
        (["--min-cost", "99999"], "--min-cost"),
    ],
)
@pytest.mark.parametrize("command", ["list", "stats-model", "stats-consumer", "stats-tool", "summary"])
def test_an_empty_answer_says_why(varied, command, options, told):
    """Where a filter leaves nothing, it is named, with what there is; for a script the answer is just empty."""
    done = run(command, "--data-dir", varied, *options)

    assert done.returncode == 0
    assert told in done.stdout
    assert done.stdout.startswith("No ")
    assert ("the newest day" in done.stdout) == ("--since" in options)
    assert data(command, "--data-dir", varied, *options) is not None
