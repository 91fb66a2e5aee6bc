"""Sessions are listed, and told at a glance, with the figures of the command line."""

from __future__ import annotations

import pytest

from session_monitor.notes import notes_file
from session_monitor.notes.session_notes import NOTHING
from tests.support.command_line import data, line, sessions
from tests.support.mcp_client import MAIN, answered


@pytest.mark.parametrize("session", [MAIN, "last"])
def test_status_is_the_command_line_s(sample, session):
    """It has all that `status --json` has, as of another moment, and what has to be known of the cost in words."""
    told, known = (
        answered(sample, "session_status", session=session),
        data("status", session, "--data-dir", sample),
    )
    moving = {"idle_seconds", "running_seconds"}
    assert {name: told[name] for name in known.keys() - moving} == {name: known[name] for name in known.keys() - moving}
    assert told.keys() - known.keys() == {"remarks"}
    assert all(abs(told[name] - known[name]) < 60 for name in moving)


def test_the_list_is_the_command_line_s(sample):
    """Rows have its figures in its order, and pages lead through all of them."""
    known = data("list", "--sort-by", "cost", "--data-dir", sample)
    rows, at = [], 0
    while at is not None:
        page = answered(sample, "list_sessions", sort_by="cost", limit=2, offset=at)
        assert (page["total"], len(page["sessions"]) <= 2) == (7, True)
        rows += page["sessions"]
        at = page["next_offset"]
    pairs = {"session_id": "session_id", "rounds": "messages_count", "failed": "failed_count", "status": "status"}
    pairs.update({name: name for name in ("updated_at", "cost_usd", "at_least", "unpriced_rounds", "assumed_rounds")})
    assert [{name: row[name] for name in pairs} for row in rows] == [
        {name: row[other] for name, other in pairs.items()} for row in known
    ]


def test_one_session_at_a_glance(sample):
    """Its sums are those of `show`, its dearest rounds those of `top`, its questions those that were asked."""
    told = answered(sample, "get_session", session=MAIN)
    known = data("show", MAIN, "--rounds", "none", "--data-dir", sample)
    dearest = data("top", MAIN, "--limit", "3", "--data-dir", sample)["rounds"]
    for name, other in (("rounds", "messages_count"), ("input_tokens", "total_input_tokens"), ("cost_usd", "cost_usd")):
        assert told[name] == known[other]
    assert [(each["round"], each["cost_usd"]) for each in told["dearest_rounds"]] == [
        (each["round"], each["cost_usd"]) for each in dearest
    ]
    assert told["title"] == "查询北京天气"
    assert told["last_questions"][-1]["question"]
    assert "not in the cost: 1 round unpriced (1 without tokens)" in told["remarks"]
    assert told["noted"] is None
    assert told["untrusted"].startswith("texts below")


def test_what_is_noted(tmp_path):
    """A name, a star, tags and the last note are told, and choose in the list."""
    folder = sessions(tmp_path / "s", line("a"), line("b", 2))
    with notes_file.changing(str(folder)) as noted:
        new = NOTHING.with_note("first", "2026-02-01T09:30:00.000Z").with_note("x" * 300, "2026-02-01T09:31:00.000Z")
        noted.put("a", new.with_tags(["bug", "prod"])._replace(name="A name", starred=True))
    told = answered(folder, "get_session", session="a")["noted"]
    assert told == {
        "name": "A name",
        "starred": True,
        "archived": None,
        "tags": ["bug", "prod"],
        "notes": 2,
        "last_note": "x" * 200 + "… [100 more characters]",
    }
    for filters in ({"tag": "bu*"}, {"starred": True}):
        (row,) = answered(folder, "list_sessions", **filters)["sessions"]
        assert (row["session_id"], row["name"]) == ("a", "A name")


def test_archived_ones_are_left_out(tmp_path):
    """As on the command line, unless they are asked for."""
    folder = sessions(tmp_path / "s", line("a"), line("b", 2))
    with notes_file.changing(str(folder)) as noted:
        noted.put("a", NOTHING._replace(archived="2026-02-01T09:30:00.000Z"))
    found = [
        [row["session_id"] for row in answered(folder, "list_sessions", **more)["sessions"]]
        for more in ({}, {"archived": True}, {"status": "ended"}, {"archived": False})
    ]
    assert found == [["b"], ["b", "a"], ["a"], ["b"]]


def test_unknown_is_null(tmp_path):
    """Tokens and cost of calls that tell none are null, not 0, and it is said."""
    folder = sessions(tmp_path / "s", line("a", input_token=None, output_token=None))
    (row,) = answered(folder, "list_sessions")["sessions"]
    told = answered(folder, "get_session", session="a")
    for each in (row, told):
        assert (each["total_tokens"], each["cost_usd"], each["unpriced_rounds"]) == (None, None, 1)
    assert told["input_tokens"] is None
    assert "tokens of 1 call are not told" in told["remarks"]
