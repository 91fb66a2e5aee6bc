"""stats-model, stats-consumer, stats-tool, stats-date and summary as a user runs them."""

from __future__ import annotations

import io
import re
import sys

import pytest

from commands.findings import tools
from commands.stats import dates
from session_monitor.prices.cost import NOTES, OTHER_READINGS
from session_monitor.reports.sums.breakdown import ToolRow
from tests.support import prepared
from tests.support.command_line import (
    ENVIRONMENT,
    ROOT,
    SAMPLE,
    command_line,
    data,
    envelope,
    line,
    rows_of,
    run,
    sessions,
    status_of,
)

ASSUMED = "~ assumed in part: $0.0663 of $0.175, 24 rounds"
WHY = {
    "seller_unknown": ("16 rounds, $0.0397", ""),
    "cache_write_5m": ("8 rounds, $0.0266", f"; $0.0344 {OTHER_READINGS['cache_write_5m']}"),
    "cache_read_by_vendor": ("3 rounds, $0.00230", ""),
}
"""What is told of the sample's costs, and of the rounds with each note."""


def test_stats_of_the_sample_by_model(sample):
    """A row a model, the dearest first, with a total in which a session of two models counts once."""
    stats = data("stats-model", "--data-dir", sample)
    text = run("stats-model", "--data-dir", sample).stdout.splitlines()

    models = stats["models"]
    costs = [float(row["cost_usd"]) for row in models]
    assert costs == sorted(costs, reverse=True)
    rows = [row.fields for row in rows_of(sample)]
    assert {row["model"] for row in models} - {None} == {model for row in rows for model in row["models"]}
    assert stats["total"]["sessions"] == len(rows) < sum(row["sessions"] for row in models)
    for name, key in (("input_tokens", "total_input_tokens"), ("output_tokens", "total_output_tokens")):
        assert stats["total"][name] == sum(row[name] for row in models) == sum(row[key] for row in rows)
    assert text[0] == "📊 Statistics by Model"
    assert text[1].split()[:3] == ["Model", "Sessions", "Calls"]
    assert [line.split()[0] for line in text[3:9]] == [row["model"] or "(not" for row in models][:6]
    assert text[-7].startswith("TOTAL")
    assert text[-6:-4] == ["Not in the cost: 1 round unpriced (1 without tokens)", "Tokens of 1 call are not told."]
    assert text[-4:] == [ASSUMED, *(f"  assumed in {each[0]}: {NOTES[note]}{each[1]}" for note, each in WHY.items())]


def test_summary_of_the_sample(tmp_path):
    """Everything added up, with how much of the log that speaks for; without a state file that is not known."""
    log = tmp_path / "access.log"
    log.write_text(SAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    folder = tmp_path / "sessions"
    read = ["--once", "--log-path", log, "--output-dir", folder]
    said = prepared.run(ROOT / "main.py", *read, environment=ENVIRONMENT).stdout

    text = run("summary", "--data-dir", folder).stdout
    summary = envelope("summary", "--data-dir", folder)

    tokens, cost = (next(line for line in said.splitlines() if line.startswith(name)) for name in ("Tokens", "Cost"))
    assert text.startswith("Sessions: 7, of which 0 are active (a call within 15 minutes)\nCalls:    ")
    assert tokens in text
    assert cost in text
    assert said.splitlines()[-1].replace("Coverage: ", "") in text
    assert summary["data"]["sessions"] == 7
    assert summary["coverage"]["lines"] == 41
    assert envelope("list", "--data-dir", folder, "--limit", "1")["coverage"] == summary["coverage"]
    (folder / ".state.json").unlink()
    assert "Coverage: not known" in run("summary", "--data-dir", folder).stdout
    assert envelope("summary", "--data-dir", folder)["coverage"] is None


def test_summary_of_calls_that_did_not_go_well(varied, weather):
    """How many failed is always told, how many were left where some were."""
    told = [run("summary", "--data-dir", folder).stdout.splitlines()[1] for folder in (varied, weather)]
    assert told == [
        "Calls:    5, of which 1 failed and 1 were left by their clients",
        "Calls:    3, of which 1 failed",
    ]


@pytest.mark.parametrize("command", ["stats-model", "stats-consumer", "stats-tool", "stats-date", "summary"])
def test_statistics_of_nothing(tmp_path, command):
    """A folder without sessions has an empty answer; one that is not there ends with exit code 1."""
    assert run(command, "--data-dir", tmp_path).returncode == 0
    assert data(command, "--data-dir", tmp_path)
    assert run(command, "--data-dir", tmp_path / "none").returncode == 1


def test_stats_by_consumer(varied):
    """A row a consumer, the dearest first, with a total; calls that name none have a row of their own."""
    stats = data("stats-consumer", "--data-dir", varied)
    text = run("stats-consumer", "--data-dir", varied).stdout.splitlines()

    assert [(row["consumer"], row["sessions"], row["calls"]) for row in stats["consumers"]] == [
        (None, 2, 2),
        ("team-1", 1, 2),
        ("team-2", 1, 1),
    ]
    assert (stats["total"]["sessions"], stats["total"]["calls"]) == (4, 5)
    assert text[0] == "📊 Statistics by Consumer"
    assert [row.split("  ")[0] for row in text[3:6]] == ["(not named)", "team-1", "team-2"]
    assert text[-3].startswith("Not in the cost: 1 round unpriced, 15 tokens (no-such-model)")


def test_stats_by_tool(weather, varied):
    """A row a tool: how often it was asked for, what came back, and by how much that made the prompt longer."""
    (row,) = data("stats-tool", "--data-dir", weather)["tools"]
    text = run("stats-tool", "--data-dir", weather).stdout.splitlines()

    # The prompt grew from 10 tokens to 1,240, of which 5 are the answer that asked for the tool.
    assert row == {
        "tool": "get_weather",
        "sessions": 1,
        "calls": 1,
        "results": 1,
        "failed": 0,
        "tokens": 1225,
        "measured": 1,
    }
    assert text[0] == "📊 Statistics by Tool"
    assert text[3].split() == ["get_weather", "1", "1", "1", "0", "1,225", "1,225"]
    assert text[4].startswith("(Tokens are those by which the prompt grew with a result")
    assert run("stats-tool", "--data-dir", varied).stdout.startswith("No tools in 5 calls")
    assert data("stats-tool", "--data-dir", varied) == {"tools": []}


def test_tokens_of_a_tools_results():
    """What one result has of them, rounded; nothing is told where they were never measured."""
    row = ToolRow(tool="read", sessions=1, calls=5, results=4, failed=0, tokens=11, measured=4)
    assert tools._tool_cells(row) == ["read", "1", "5", "4", "0", "11", "3"]
    assert tools._tool_cells(row._replace(tokens=0, measured=0)) == ["read", "1", "5", "4", "0", "-", "-"]


@pytest.mark.parametrize(
    ("by", "zone", "names", "starts"),
    [
        (
            "hour",
            "UTC",
            ["2026-02-01 00:00", "2026-02-02 16:00"],
            ["2026-02-01T00:00:00+00:00", "2026-02-02T16:00:00+00:00"],
        ),
        (
            "day",
            "Asia/Shanghai",
            ["2026-02-01", "2026-02-03"],
            ["2026-02-01T00:00:00+08:00", "2026-02-03T00:00:00+08:00"],
        ),
        ("week", "UTC", ["2026-W05", "2026-W06"], ["2026-01-26T00:00:00+00:00", "2026-02-02T00:00:00+00:00"]),
        (
            "month",
            "America/New_York",
            ["2026-01", "2026-02"],
            ["2026-01-01T00:00:00-05:00", "2026-02-01T00:00:00-05:00"],
        ),
    ],
)
def test_stats_by_hours_weeks_and_months(varied, by, zone, names, starts):
    """--by says what a row is; each has its name and the time at which it begins in the zone that is asked for."""
    stats = data("stats-date", "--data-dir", varied, "--by", by, "--timezone", zone, "--since", "2026-01-01")
    text = run("stats-date", "--data-dir", varied, "--by", by, "--timezone", zone, "--since", "2026-01-01").stdout

    assert (stats["by"], stats["timezone"]) == (by, zone)
    assert [row["date"] for row in stats["dates"]] == names
    assert [row["start"] for row in stats["dates"]] == starts
    assert [row["calls"] for row in stats["dates"]] == [4, 1]
    assert text.splitlines()[0] == "📊 Statistics by Date (since 2026-01-01)"
    assert [row[: len(name)] for row, name in zip(text.splitlines()[3:], names)] == names


@pytest.mark.parametrize(
    ("options", "days"),
    [
        ([], "Last 7 days"),
        (["--days", "1", "--until", "2026-02-02"], "Last 1 day until 2026-02-02"),
        (["--since", "2026-02-01", "--until", "2026-02-02"], "since 2026-02-01 until 2026-02-02"),
    ],
)
def test_the_heading_says_which_days(varied, options, days):
    """Also up to when, where that was asked for."""
    text = run("stats-date", "--data-dir", varied, "--timezone", "UTC", *options).stdout

    assert text.splitlines()[0] == f"📊 Statistics by Date ({days})"


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        (["--days", "1", "--until", "2026-02-02"], [1]),
        (["--days", "2", "--until", "2026-02-02"], [4, 1]),
        (["--days", "1", "--until", "2026-02-01"], [4]),
        (["--until", "2026-02-02"], [4, 1]),
        (["--by", "hour", "--until", "2026-02-02"], [1]),
        (["--since", "2026-02-02"], [1]),
    ],
)
def test_the_last_days(varied, options, calls):
    """--days counts back from --until or today; each kind of rows has its own default."""
    stats = data("stats-date", "--data-dir", varied, "--timezone", "UTC", *options)

    assert [row["calls"] for row in stats["dates"]] == calls
    assert stats["total"]["calls"] == sum(calls)


def test_two_beginnings(varied):
    """--days and --since both say where it begins: with both it cannot be told which is meant."""
    done = run("stats-date", "--data-dir", varied, "--days", "7", "--since", "2026-02-01")

    assert (done.returncode, done.stdout) == (2, "")
    assert "--days and --since exclude each other" in done.stderr


def test_a_bar_for_each_day(sample, capsys, monkeypatch):
    """What each day cost stands as a bar on a terminal, where that is wanted elsewhere, and never in JSON; ASCII where it must be."""
    asked = ["stats-date", "--days", "30000", "--timezone", "UTC", "--data-dir", sample]
    assert "█" not in run(*asked).stdout
    rows = run(*asked, "--bar", "always").stdout.splitlines()[3:5]
    assert [row.count("█") for row in rows] == [20, 10]
    assert "▌" in rows[1]
    assert run(*asked, "--bar", "always", "--json").stdout == run(*asked, "--json").stdout

    class Terminal(io.StringIO):
        """A terminal that holds ASCII alone."""

        encoding = "ascii"

        def isatty(self):
            return True

    for words, bars in (["--bar", "auto"], [10, 5]), (["--bar", "never"], [0, 0]):
        monkeypatch.setattr("sys.stdout", Terminal())
        status_of(command_line(dates).parse_args([*map(str, asked), *words, "--color", "never"]))
        assert [row.count("#") for row in sys.stdout.getvalue().splitlines()[3:5]] == bars


def test_stats_by_date(sample):
    """A row a day with its models, the newest last; the days are those of the zone that is asked for."""
    asked = ["stats-date", "--days", "30000", "--data-dir", sample]
    stats = data(*asked, "--timezone", "UTC")
    text = run(*asked, "--timezone", "UTC").stdout.splitlines()

    assert [row["date"] for row in stats["dates"]] == ["2026-02-01", "2026-02-02"]
    assert stats["newest"] == "2026-02-02"
    assert sum(row["calls"] for row in stats["dates"]) == stats["total"]["calls"] == 35
    assert all(row["models"] for row in stats["dates"])
    assert text[0] == "📊 Statistics by Date (Last 30,000 days)"
    assert [line.split()[0] for line in text[3:5]] == ["2026-02-01", "2026-02-02"]
    assert text[-7].startswith("TOTAL")
    assert text[-6:-4] == ["Not in the cost: 1 round unpriced (1 without tokens)", "Tokens of 1 call are not told."]
    assert text[-4:] == [ASSUMED, *(f"  assumed in {each[0]}: {NOTES[note]}{each[1]}" for note, each in WHY.items())]
    shanghai = data(*asked, "--timezone", "Asia/Shanghai")["dates"]
    assert [row["calls"] for row in shanghai] != [row["calls"] for row in stats["dates"]]
    assert data(*asked) == {**data(*asked, "--timezone", "Asia/Shanghai"), "timezone": "local"}


def test_no_calls_on_these_days(sample):
    """An empty answer says why, and which days would not be empty."""
    text = run("stats-date", "--days", "1", "--data-dir", sample).stdout

    days = re.search(r"the newest is of 2026-02-02, so --days (\d+) shows it", text)
    for number, is_shown in ((int(days[1]), True), (int(days[1]) - 1, False)):
        shown = run("stats-date", "--days", str(number), "--data-dir", sample).stdout.splitlines()
        assert [line.split()[0] for line in shown[3:4]] == (["2026-02-02"] if is_shown else [])
        assert any(line.startswith("TOTAL") for line in shown) == is_shown
    assert run("stats-date", "--timezone", "Nowhere", "--data-dir", sample).returncode == 2
    assert run("stats-date", "--days", "0", "--data-dir", sample).returncode == 2


def test_latency(tmp_path):
    """A row a model with median, 95th percentile and tokens a second, the model with most calls first; a dash for what no call tells."""
    times = {"llm_first_token_duration": 500, "llm_service_duration": 2000}
    folder = sessions(
        tmp_path / "sessions",
        line("a", 1, **times),
        line("a", 2, **times),
        line("a", 3, model="gpt-4o"),
        line("b", 4, model="gpt-4o", llm_service_duration=90, outer={"response_code": "500"}),
        line("b", 5, model="gpt-4o"),
    )
    done = run("stats-model", "--latency", "--data-dir", folder)

    heading, columns, _, *rows = done.stdout.splitlines()
    assert heading == "📊 Latency by Model"
    assert columns.split("  ")[0] == "Model"
    assert [row.split()[:2] for row in rows] == [["gpt-4o", "3"], ["qwen-max", "2"]]
    assert rows[0].split()[2:] == ["-", "-", "-", "-", "-", "0.09", "s"]
    assert [float(text) for text in rows[1].split()[2:] if text[0].isdigit()] == pytest.approx(
        [0.5, 0.5, 2, 2, 3.3],
        rel=0.01,  # 5 tokens in 1.5 s of each call
    )
    timed = {row["model"]: row["latency"] for row in data("stats-model", "--data-dir", folder)["models"]}
    assert timed["qwen-max"]["output_tokens_per_second"] == pytest.approx(3.33)
    assert timed["gpt-4o"]["output_tokens_per_second"] is None
    assert run("stats-model", "--latency", "--by", "day", "--data-dir", folder).returncode == 2


# -- agents ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def agents(tmp_path):
    """Two agents of OpenClaw's, of which one has two sessions, and sessions of another naming."""
    return sessions(
        tmp_path / "sessions",
        line("agent:main:discord:1", 1, model="gpt-4o"),
        line("agent:main:cron:2", 2, model="gpt-4o"),
        line("agent:ops:discord:1", 3, model="gpt-4o", outer={"start_time": "2026-02-02T00:00:00Z"}),
        line("team/a/1", 4, model="no such model"),
        line("team/b/1", 5),
        line("alone", 6),
    )


def test_stats_agent(agents):
    """A row for each agent that ids name, one for all other sessions, and the total that all other answers have."""
    stats = data("stats-agent", "--data-dir", agents)

    assert {row["agent"]: (row["sessions"], row["calls"]) for row in stats["agents"]} == {
        "main": (2, 2),
        "ops": (1, 1),
        None: (3, 3),
    }
    assert stats["total"] == data("stats-model", "--data-dir", agents)["total"]
    (other,) = (row for row in stats["agents"] if row["agent"] is None)
    assert other["unpriced_models"] == ["no such model"]
    text = run("stats-agent", "--data-dir", agents).stdout
    assert text.splitlines()[0] == "📊 Statistics by Agent"
    assert "\n(other) " in text


def test_stats_agent_by_day(agents):
    """With --by in each span of time, as for models."""
    command = ("stats-agent", "--by", "day", "--timezone", "UTC", "--data-dir", agents)
    rows = data(*command)["agents"]

    assert [(row["date"], row["agent"], row["calls"]) for row in rows if row["agent"]] == [
        ("2026-02-01", "main", 2),
        ("2026-02-02", "ops", 1),
    ]
    assert run(*command).stdout.splitlines()[0] == "📊 Statistics by Agent and Day"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--by-prefix", "1"], {"agent": 3, None: 3}),
        (["--by-prefix", "2"], {"agent:main": 2, "agent:ops": 1, None: 3}),
        (["--by-prefix", "1", "--delimiter", "/"], {"team": 2, None: 4}),
        (["--by-prefix", "2", "--delimiter", "/"], {"team/a": 1, "team/b": 1, None: 4}),
        (["--by-prefix", "2", "--session", "agent:*"], {"agent:main": 2, "agent:ops": 1}),
    ],
)
def test_stats_by_prefix(agents, options, names):
    """Ids of other forms are told apart by their first parts, where more follow."""
    rows = data("stats-agent", *options, "--data-dir", agents)["prefixes"]

    assert {row["prefix"]: row["calls"] for row in rows} == names


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--delimiter", "/"], "--by-prefix N: add that"),
        (["--by-prefix", "1", "--delimiter", ""], "--delimiter is empty"),
        (["--by-prefix", "0"], "whole number above 0"),
    ],
)
def test_prefixes_that_are_none(agents, options, told):
    """A delimiter without parts, or an empty one, is refused with what to do."""
    done = run("stats-agent", *options, "--data-dir", agents)

    assert (done.returncode, told in done.stderr) == (2, True)
