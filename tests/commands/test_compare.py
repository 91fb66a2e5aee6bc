"""compare holds two times against each other, and says of neither what is not known."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.command_line import data, line, run, sessions

ZONE = ("--timezone", "UTC")
NEXT_DAY = {"start_time": "2026-02-02T09:30:15Z"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A day with two calls, of which one failed, and one with a call that cost four times as much; then none."""
    day = {"model": "gpt-4o", "input_token": 1000, "output_token": 100}
    return sessions(
        tmp_path_factory.mktemp("compared") / "sessions",
        line("a", 1, **day, llm_service_duration=2000, llm_first_token_duration=500),
        line("b", 2, model="gpt-4o", input_token=None, output_token=None, outer={"response_code": "503"}),
        line("a", outer=NEXT_DAY, **{**day, "input_token": 4000, "output_token": 400}, llm_service_duration=1000),
        line("c", outer=NEXT_DAY, model="no-such-model"),
    )


def compared(folder, *arguments):
    """Both sides as JSON."""
    return data("compare", *arguments, *ZONE, "--data-dir", folder)


def line_of_day(day):
    """The options that mean one day."""
    return ("--since", f"2026-02-0{day}", "--until", f"2026-02-0{day}")


def test_two_days(folder):
    """Each side has what its calls add up to, per call and per 1,000 tokens, of those of which that is known."""
    told = compared(folder, *line_of_day(2), "--against", "2026-02-01")

    assert {name: (side["since"], side["until"]) for name, side in told.items()} == {
        "period": ("2026-02-02T00:00:00.000Z", "2026-02-03T00:00:00.000Z"),
        "against": ("2026-02-01T00:00:00.000Z", "2026-02-02T00:00:00.000Z"),
    }
    now, before = told["period"], told["against"]
    assert (now["calls"], now["sessions"], now["unpriced_models"], now["failed_share"]) == (2, 2, ["no-such-model"], 0)
    assert (before["calls"], before["failed_share"], before["cost_usd"]) == (2, 0.5, "0.0035")
    assert (now["cost_usd"], now["cost_per_call_usd"], now["cached_share"]) == ("0.014", "0.014", None)
    assert now["latency"]["duration_p50_ms"] == pytest.approx(1000, rel=0.01)
    assert before["latency"]["duration_p50_ms"] == pytest.approx(2000, rel=0.01)
    assert before["latency"]["first_token_p50_ms"] == pytest.approx(500, rel=0.01)


def test_the_time_before(folder):
    """Without --against it is the one that ends where the other begins."""
    assert compared(folder, *line_of_day(2)) == compared(folder, *line_of_day(2), "--against", "2026-02-01")


def test_for_people(folder):
    """A row a measure with both values and the change; what is not known is a dash and has none; the rest is told below."""
    done = run("compare", *line_of_day(2), *ZONE, "--data-dir", folder)
    rows = {row[:22].strip(): row[22:].split() for row in done.stdout.splitlines()[2:]}

    heading = re.split(r" {2,}", done.stdout.splitlines()[0])
    assert heading[-3:] == ["2026-02-02", "2026-02-01", "Change"]
    assert rows["Calls"] == ["2", "2", "+0.0", "%"]
    assert rows["Cost"] == ["~$0.0140+", "~$0.00350", "+300.0", "%"]
    assert [rows["Whole call, half"][place] for place in (1, 3, 4)] == ["s", "s", "-50.0"]
    assert rows["First token, half"] == ["-", "0.50", "s", "-"]
    assert "1 round unpriced" in done.stderr


def test_filters_hold_for_both_sides(folder):
    """A model that has no call on one side is compared with nothing, of which nothing follows."""
    told = compared(folder, *line_of_day(2), "--model", "no-such-model")

    assert (told["period"]["calls"], told["against"]["calls"]) == (1, 0)
    assert told["against"]["cost_per_call_usd"] is told["period"]["cost_usd"] is None


def test_no_calls_at_all(folder):
    """It is said which days have calls."""
    done = run("compare", "--since", "2025-01-01", "--until", "2025-01-02", *ZONE, "--data-dir", folder)

    assert (done.returncode, done.stdout.startswith("No calls with --since 2025-01-01")) == (0, True)


@pytest.mark.parametrize("arguments", [[], ["--until", "2026-02-02"], ["--since", "2026-02-02", "--against", "soon"]])
def test_no_beginning(folder, arguments):
    """Where a time has no beginning, or none that can be understood, it is said what lacks."""
    done = run("compare", *arguments, "--json", "--data-dir", folder)

    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, "bad_time")
