"""drivers as a user runs it."""

from __future__ import annotations

import pytest

from tests.support.command_line import data, line, run, sessions

TIMES = ("--since", "2026-02-01T01:00", "--until", "2026-02-01T02:00", "--timezone", "UTC")


@pytest.fixture
def grown(tmp_path):
    """One call of one model in one hour, three of it and one of another in the next, all of the same size."""
    used = {"input_token": 1000, "output_token": 100}
    return sessions(
        tmp_path / "sessions",
        line("a", 1, model="gpt-4o", consumer="team", **used),
        *(line("a", number, model="gpt-4o", consumer="team", **used) for number in (61, 62, 63)),
        line("b", 64, model="gpt-4o-mini", consumer="team", **used),
    )


def test_parts_of_a_change(grown):
    """More calls and another model make up the change, exactly; the dearest rounds stand beside it."""
    told = data("drivers", "--by", "consumer", *TIMES, "--data-dir", grown)

    (row,) = told["rows"]
    assert row["consumer"] == "team"
    assert (row["against"]["cost_usd"], row["period"]["cost_usd"]) == ("0.0035", "0.01071")
    assert row["change_usd"] == "0.00721"
    assert row["parts_usd"] == {
        "calls": "0.0105",
        "models": "-0.00329",
        "tokens_per_call": "0",
        "cached": "0",
        "token_price": "0",
    }
    assert told["total"]["parts_usd"] == row["parts_usd"]
    assert [each["round"] for each in told["rounds"][:3]] == [4, 3, 2]
    assert (told["against"]["since"], told["against"]["until"]) == (
        "2026-02-01T00:00:00.000Z",
        "2026-02-01T01:00:00.000Z",
    )


def test_in_words(grown):
    """A table of the largest changes, all others in one, and the total."""
    text = run("drivers", "--limit", "1", *TIMES, "--data-dir", grown).stdout

    assert text.splitlines()[0].startswith("📊 What Changed by Model: 2026-02-01 01:00 to 01:59 against")
    assert [each.split()[0] for each in text.splitlines()[3:5]] == ["gpt-4o", "(others)"]
    assert "TOTAL" in text
    assert "Dearest Rounds" in text


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["--days", "2", "--since", "7d"], 2, "exclude each other"),
        (["--since", "0001-01-01"], 2, "no calendar"),
        (["--since", "30d", "--against", "9999-12-30"], 2, "name an earlier --against"),
        (["--days", "99999999", "--until", "2026-02-02"], 0, "TOTAL"),
        (["--days", "1", "--until", "2026-02-01", "--by", "tool"], 0, "No calls"),
    ],
)
def test_times(grown, words, status, told):
    """The last days, or since a moment; what cannot be is said."""
    done = run("drivers", "--data-dir", grown, *words)

    assert (done.returncode, told in done.stdout + done.stderr) == (status, True), done.stderr
