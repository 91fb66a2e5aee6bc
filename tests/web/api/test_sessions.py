"""Which sessions there are: held against the command line, and against what was logged."""

from __future__ import annotations

import pytest

from tests.support.webserving import MAIN, NOW, cli, serving


@pytest.mark.parametrize("sort_by", ["updated", "created", "cost", "tokens", "rounds"])
@pytest.mark.parametrize("reverse", [False, True])
def test_sessions_are_those_of_the_command_line(running, folder, sort_by, reverse):
    """The list has the same rows in the same order, and more of each; page by page it is the same list."""
    expected = cli(folder, "list", "--sort-by", sort_by, *(["--reverse"] if reverse else []), "--limit", "all")["data"]
    asked = {"sort_by": sort_by, "reverse": int(reverse)}
    found = running.ask("/api/sessions", limit=500, **asked).data
    pages = [
        running.ask("/api/sessions", limit=2, offset=at, **asked).data["sessions"] for at in range(0, len(expected), 2)
    ]

    rows = [{key: row[key] for key in expected[0]} for row in found["sessions"]]
    for row, wanted in zip(rows, expected):  # here it is some hours after the last call; there it is today
        wanted["status"] = row["status"] if wanted["status"] != "error" else "error"
    assert rows == expected
    assert [row for page in pages for row in page] == found["sessions"]
    assert (found["meant"], found["total"]) == (len(expected), len(expected))


def test_a_list_tells_what_sessions_began_with(running):
    """A session has its first question for a title, who called, its tools, and how its prompts grew."""
    row = next(row for row in running.ask("/api/sessions").data["sessions"] if row["session_id"] == MAIN)
    rounds = running.ask("/api/session/rounds", id=MAIN, after=0).data["rounds"]

    assert row["title"] == "查询北京天气"
    assert row["tool_calls"] == sum(len(each["tool_calls"]) for each in rounds)
    assert row["context"] == [each["input_tokens"] for each in rounds]
    assert row["cached_share"] == round(row["total_cached_tokens"] / row["total_input_tokens"], 6)


@pytest.mark.parametrize("part", ["1465367993012981988", "DISCORD", "agent:MAIN", "调研"])
def test_sessions_by_a_part_of_their_id(running, part):
    """Sessions whose id holds a text are found, whatever case it is in; marks of patterns are plain text."""
    found = running.ask("/api/sessions", q=part).data
    assert found["sessions"]
    assert [row for row in found["sessions"] if part.lower() not in row["session_id"].lower()] == []
    assert found["meant"] == len(found["sessions"]) < found["total"]
    assert running.ask("/api/sessions", q="*").data["meant"] == 0


def test_status_is_that_of_the_moment(folder):
    """Whether a session talks just now is told by the server's clock."""
    (last,) = (row["updated_at"] for row in _rows(folder, NOW)[:1])
    shortly = 1_770_021_557_115 + 60_000
    assert last == "2026-02-02T08:39:17.115Z"
    assert [row["status"] for row in _rows(folder, shortly)][:1] == ["active"]
    assert [row["status"] for row in _rows(folder, NOW)][:1] == ["idle"]


def _rows(folder, now):
    with serving(folder, now=now) as running:
        return running.ask("/api/sessions").data["sessions"]
