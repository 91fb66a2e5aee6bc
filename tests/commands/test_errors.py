"""stats-errors as a user runs it."""

from __future__ import annotations

import pytest

from tests.support.command_line import data, line, run, sessions


@pytest.fixture
def failing(tmp_path):
    """Of five calls of one model two were refused, one by a code of the gateway's own; of another one broke off."""
    return sessions(
        tmp_path / "sessions",
        *(line("a", number) for number in (1, 2, 3)),
        line("a", 4, outer={"response_code": "429"}),
        line("b", 5, outer={"response_code": "429"}),
        line("b", 6, model="gpt-4o", outer={"response_code": "200", "response_flags": "UPE"}),
        line("b", 7, model="gpt-4o", outer={"response_code": "599"}),
    )


def test_a_row_for_each_model_and_code(failing):
    """How many failed, of how many calls of the model, in how many sessions, and when last; those with most first."""
    told = data("stats-errors", "--data-dir", failing)
    rows = {(row["model"], row["code"]): row for row in told["errors"]}

    assert next(iter(rows)) == ("qwen-max", 429)
    assert set(rows) == {("qwen-max", 429), ("gpt-4o", 200), ("gpt-4o", 599)}
    assert rows["qwen-max", 429] == {
        "model": "qwen-max",
        "code": 429,
        "failed": 2,
        "sessions": 2,
        "calls": 5,
        "share": 0.4,
        "last_seen": "2026-02-01T00:05:15.000Z",
    }
    assert told["total"] == {
        "failed": 4,
        "sessions": 2,
        "calls": 7,
        "share": 0.571429,
        "last_seen": "2026-02-01T00:07:15.000Z",
    }


def test_in_words(failing):
    """A code stands with what it means; one that nobody knows stands alone."""
    text = run("stats-errors", "--timezone", "UTC", "--data-dir", failing).stdout

    assert text.splitlines()[0] == "📊 Failed Calls by Model and Code"
    assert "429 Too Many Requests  " in text
    assert "200 (broken off)  " in text
    assert "599  " in text
    assert [row.split()[-5:] for row in text.splitlines() if row.startswith("TOTAL")] == [
        ["57.1", "%", "2", "2026-02-01", "00:07"]
    ]


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["--model", "gpt-4o"], 0, "gpt-4o  599"),
        (["--outcome", "failed"], 0, "429"),
        (["--until", "2026-02-01T00:03:30", "--timezone", "UTC"], 0, "No failed call in 3 calls."),
        (["--since", "2027-01-01"], 0, "No calls with --since 2027-01-01"),
        (["--outcome", "left"], 2, "here calls are counted that failed"),
        (["--json", "--fields", "cod"], 2, "there is no field cod"),
    ],
)
def test_filters(failing, words, status, told):
    """Filters hold for failed calls and for those that they are held against; what is empty says why."""
    done = run("stats-errors", "--data-dir", failing, *words)

    assert (done.returncode, told in done.stdout + done.stderr) == (status, True)


def test_fields(failing):
    """Fields that are wanted are those of rows and total, as far as these have them."""
    told = data("stats-errors", "--fields", "model,code,share", "--data-dir", failing, coverage="brief")

    assert {tuple(row) for row in told["errors"]} == {("model", "code", "share")}
    assert told["total"] == {"share": 0.571429}
