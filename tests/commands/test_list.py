"""list as a user runs it, for people and for scripts."""

from __future__ import annotations

import json
import re
from datetime import datetime, time, timedelta, timezone

from commands import list as list_command
from session_monitor.base import timestamps
from session_monitor.reports.report import Report
from tests.support.calls import BOOK
from tests.support.command_line import command_line, data, line, rows_of, run, sessions, status_of
from web.answers.titles import Titles
from web.api.sessions import listed
from web.asking.questions import Setting

UNTOLD = "cli.py: + and -: some or all rounds tell no tokens, or too few of them"
ASSUMED = "cli.py: ~: something had to be assumed for a part of it; 'summary' tells what, and 'show' of one session"


def test_list_of_the_sample(sample):
    """One line a session, with counts, tokens of each kind, the model and what it is about, the latest first."""
    done = run("list", "--data-dir", sample)

    heading, rule, *rows = done.stdout.splitlines()
    assert (done.returncode, done.stderr.splitlines()) == (
        0,
        [UNTOLD, ASSUMED, "cli.py: tokens of 1 call are not told"],
    )
    assert heading.split("  ")[0] == "Session ID"
    assert heading.split()[2:] == [
        "Updated",
        "Msgs",
        "Input",
        "Cached",
        "Output",
        "Reasoning",
        "Cost",
        "Status",
        "Model",
        "About",
    ]
    assert set(rule) == {"─"}
    expected = [row.fields for row in rows_of(sample)]
    assert len(rows) == len(expected) > 1
    for row, session in zip(rows, expected):
        assert row.startswith(session["session_id"])
        assert f"{session['total_input_tokens']:,}" in row
        assert f" {session['status']} " in row
    times = [row["updated_at"] for row in expected]
    assert times == sorted(times, reverse=True)


def test_what_is_not_known_of_sessions_is_marked(tmp_path):
    """A cost that is a lower bound is marked, tokens that no call told are no 0, and below it is said of how many calls."""
    cut = {"outer": {"response_flags": "DC"}, "response_type": "stream", "model": "gpt-4o"}
    untold = {"input_token": None, "output_token": None, "model": "gpt-4o"}
    sessions(
        tmp_path / "sessions",
        line("cut", 2, **cut),
        line("both", 1, **cut),
        line("both", **untold),
        line("untold", **untold),
    )

    done = run("list", "--data-dir", tmp_path / "sessions", "--timezone", "UTC")

    rows = {row.split()[0]: row.split()[4:9] for row in done.stdout.splitlines()[2:]}
    assert rows == {
        "cut": ["10", "-", "5", "0", "≥~$0.00007500"],
        "both": ["10", "-", "5", "0", "≥~$0.00007500+"],
        "untold": ["-", "-", "-", "-", "-"],
    }
    priced = [row for row in done.stdout.splitlines()[2:] if "$" in row]
    assert len({row.index("$") for row in priced}) == 1 < len(priced)
    assert done.stderr.splitlines() == [
        UNTOLD,
        ASSUMED,
        "cli.py: tokens of 2 calls are not told, of 2 calls are a lower bound (≥)",
    ]


def test_a_model_without_a_price_has_another_remedy(tmp_path):
    """Where a price would help, it is said where the models without one are listed."""
    sessions(tmp_path / "sessions", line("a", model="no-such-model"))

    done = run("list", "--data-dir", tmp_path / "sessions")

    assert done.stderr == "cli.py: + and -: some or all rounds have no price, see 'pricing list --unpriced'\n"


def test_list_as_json(sample):
    """The same rows as JSON, with the names of the session files' own keys."""
    rows = data("list", "--data-dir", sample)

    known = [row.to_json() for row in rows_of(sample)]
    assert [{name: row[name] for name in each} for row, each in zip(rows, known)] == known
    assert len(rows) == len(known)
    assert {"session_id", "updated_at", "status", "messages_count", "total_input_tokens", "model"} <= set(rows[0])


def test_when_and_what_about_in_words(tmp_path):
    """When a session last talked is told as one says it in that zone, --long tells it whole; its question is on one line."""
    now = datetime.now(timezone.utc)
    zone = timezone(timedelta(hours=5))
    times = {"now": now - timedelta(minutes=3, seconds=5), "old": datetime(2024, 2, 1, 22, 30, tzinfo=timezone.utc)}
    yesterday = datetime.combine(now.astimezone(zone).date() - timedelta(1), time(14, 2), zone)
    times["yesterday"] = yesterday.astimezone(timezone.utc)
    asked = "fix\x1b[31m the\u202e build\n\nplease " + "x" * 300
    folder = sessions(
        tmp_path / "sessions",
        *(line(name, question=asked, outer={"start_time": f"{at:%Y-%m-%dT%H:%M:%S}Z"}) for name, at in times.items()),
    )

    text = run("list", "--data-dir", folder, "--timezone", "+05:00").stdout
    told = {row.split("  ")[0]: row for row in text.splitlines()[2:]}
    assert " 3 min ago " in told["now"]
    assert " yesterday 14:02 " in told["yesterday"]
    assert " 2024-02-02 03:30 " in told["old"]
    about = told["now"].partition("fix")[1:]
    assert "".join(about).startswith(r"fix\x1b[31m the\u202e build please xxx")
    assert told["now"].endswith("x…")
    assert len("".join(about)) == 80
    assert not {"\x1b", "\u202e"} & set(text)

    whole = run("list", "--long", "--data-dir", folder, "--timezone", "+05:00").stdout
    assert "2024-02-01T22:30:00" in data("list", "--data-dir", folder)[2]["updated_at"]
    assert re.search(r"^old +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d ", whole, re.MULTILINE)
    assert "x" * 150 in whole


def test_what_very_many_sessions_are_about_is_not_told(sample, capsys, monkeypatch):
    """Of more sessions than that no file is read, and it is said; what stays is whole."""
    monkeypatch.setattr(list_command, "MOST_TITLES", 1)
    status_of(command_line(list_command).parse_args(["list", "--data-dir", str(sample)]))

    told = capsys.readouterr()
    assert "About" not in told.out
    assert "claude-sonnet-4-5-20250929" in told.out
    assert "what sessions are about is told of 1 at most: --limit N" in told.err


BESIDE = ("title", "consumers", "tool_calls", "cached_share")


def test_list_knows_what_the_page_knows(sample):
    """As JSON each session has what it began with, who called, its calls of tools and what caches held, as the API has it."""
    setting = Setting(str(sample), "", True, 0, False, Titles(), str)
    report = Report(str(sample), BOOK, now=timestamps.now())
    of_page = {row["session_id"]: row for row in listed(report, setting, report.sessions().rows)}

    for row in data("list", "--limit", "all", "--data-dir", sample):
        assert {name: row[name] for name in BESIDE} == {name: of_page[row["session_id"]][name] for name in BESIDE}


def test_titles_of_very_many_sessions_come_where_they_are_named(sample, capsys, monkeypatch):
    """Of more sessions than that no file is read for its title, unless it is asked for."""
    monkeypatch.setattr(list_command, "MOST_TITLES", 1)

    def listed_here(*words):
        options = command_line(list_command).parse_args(["list", "--data-dir", str(sample), "--json", *words])
        status_of(options)
        return json.loads(capsys.readouterr().out)["data"]

    assert not any("title" in row for row in listed_here())
    assert all("title" in row for row in listed_here("--limit", "1"))
    assert all("title" in row for row in listed_here("--fields", "title"))


def test_list_in_another_order_and_shortened(sample):
    """--sort-by tokens puts the largest first, --reverse the smallest, --limit cuts, and what was cut is counted."""
    asked = ["list", "--data-dir", sample, "--sort-by", "tokens", "--limit", "2"]
    text = run(*asked).stdout.splitlines()

    tokens = sorted(row.fields["total_tokens"] for row in rows_of(sample))
    assert [row["total_tokens"] for row in data(*asked)] == tokens[::-1][:2]
    assert [row["total_tokens"] for row in data(*asked, "--reverse")] == tokens[:2]
    assert text[-1] == f"(2 of {len(tokens)} sessions; --limit all shows the others)"
    assert len(text) == 5


def test_fifty_sessions_are_shown(tmp_path):
    """The latest fifty come unless more are asked for, and it is said, beside the data where that is JSON."""
    folder = sessions(tmp_path / "sessions", *(line(f"s{number:02}", number) for number in range(60)))

    shown = run("list", "--data-dir", folder).stdout.splitlines()
    scripts = run("list", "--data-dir", folder, "--json")

    assert [row.split()[0] for row in shown[2:-1]] == [f"s{number:02}" for number in range(59, 9, -1)]
    assert shown[-1] == "(50 of 60 sessions; --limit all shows the others)"
    assert len(json.loads(scripts.stdout)["data"]) == 50
    assert "50 of 60 sessions" in scripts.stderr
    assert len(data("list", "--data-dir", folder, "--limit", "55")) == 55
    assert len(data("list", "--data-dir", folder, "--limit", "all")) == 60


def test_list_of_nothing(tmp_path):
    """An empty folder has no sessions, which is no failure."""
    done = run("list", "--data-dir", tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"No sessions in {tmp_path} yet")
    assert run("list", "--data-dir", tmp_path, "--model", "x", "--since", "7d").stdout == done.stdout
    assert data("list", "--data-dir", tmp_path) == []


def test_list_names_what_is_no_session_file(tmp_path):
    """A file that is no session file is named on stderr and left out."""
    folder = sessions(tmp_path / "sessions", line("good"))
    for name in ("other.json", "evil\x1b[2J.json"):
        (folder / name).write_text("{}\n", encoding="utf-8")

    done = run("list", "--data-dir", folder, "--json")

    assert done.returncode == 0
    assert [row["session_id"] for row in json.loads(done.stdout)["data"]] == ["good"]
    assert "other.json cannot be read as a session" in done.stderr
    assert "\x1b" not in done.stderr
