"""stats-latency as a user runs it."""

from __future__ import annotations

import pytest

from tests.support.command_line import data, line, run, sessions


@pytest.fixture
def timed(tmp_path):
    """Of three calls over one upstream one failed, and was sent again over another; a client left the last one."""
    said = {"messages": [{"role": "user", "content": "x"}]}
    one, two = ({"upstream_cluster": each} for each in ("llm-one", "llm-two"))
    refused = {
        "outer": {**one, "response_code": "503", "response_flags": "UF,URX"},
        "input_token": None,
        "output_token": None,
    }
    left = {"outer": {**two, "response_flags": "DC"}, "model": "gpt-4o", "input_token": 1000, "output_token": 10}
    return sessions(
        tmp_path / "sessions",
        line(
            "a",
            1,
            outer={**one, "upstream_service_time": "450"},
            llm_service_duration=2000,
            llm_first_token_duration=500,
            response_type="stream",
        ),
        line("a", 2, outer=one, llm_service_duration=4000, llm_first_token_duration=900, response_type="stream"),
        line("b", 61, **said, **refused),
        line("b", 62, **said, outer={**two, "upstream_service_time": "-"}, llm_service_duration=3000),
        line("b", 63, **left),
    )


def test_by_upstream(timed):
    """A row an upstream, with how its calls ended, how long they took, and what was paid for and lost."""
    told = data("stats-latency", "--by", "upstream", "--data-dir", timed)
    rows = {row["upstream"]: row for row in told["rows"]}

    assert [(row["calls"], row["failed"], row["left"], row["failed_over"]) for row in told["rows"]] == [
        (3, 1, 0, 1),
        (2, 0, 1, 0),
    ]
    assert rows["llm-one"]["failed_codes"] == {"503": 1}
    latency = rows["llm-one"]["latency"]
    assert (latency["first_token_p50_ms"], latency["duration_p95_ms"], latency["duration_max_ms"]) == (500, 4000, 4000)
    assert (rows["llm-two"]["lost_calls"], rows["llm-two"]["lost_tokens"]) == (1, 1010)
    assert rows["llm-two"]["lost_usd"] == told["total"]["lost_usd"] == "0.0026"
    assert rows["llm-one"]["failed_flags"] == told["total"]["failed_flags"] == {"UF,URX": 1}
    assert (latency["gateway_calls"], latency["gateway_p50_ms"], latency["gateway_max_ms"]) == (1, 50, 50)
    assert (rows["llm-two"]["latency"]["gateway_calls"], rows["llm-two"]["latency"]["gateway_p95_ms"]) == (0, None)


def test_by_hour(timed):
    """A row an hour of the day of a time zone, in their order."""
    told = data("stats-latency", "--by", "hour", "--timezone", "+05:00", "--data-dir", timed)

    assert [(row["hour"], row["calls"]) for row in told["rows"]] == [("05:00", 2), ("06:00", 3)]


def test_in_words(timed):
    """A table with a total; what is not told is a dash."""
    text = run("stats-latency", "--by", "upstream", "--data-dir", timed).stdout

    assert text.splitlines()[0] == "📊 Latency and Reliability by Upstream"
    assert "0.50 s" in text
    assert "503: 1" in text
    assert "0.05 s" in text
    assert "UF,URX: 1" in text
    assert "$0.0026" in text
    assert run("stats-latency", "--since", "2027-01-01", "--data-dir", timed).stdout.startswith("No calls with")
