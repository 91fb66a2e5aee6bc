"""cost as a user runs it: the sums and the split of one session, in brief."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import data, line, run, sessions, shown_on_a_terminal

MAIN = "agent:main:discord:channel:1465367993012981988"
SCREEN = 24


def added(amounts):
    """Decimal texts added up, in pico-dollars."""
    return sum(round(float(amount) * 10**12) for amount in amounts if amount is not None)


def test_cost_tells_what_show_and_list_tell(sample):
    """Of each session counts, tokens, cost and what is not sure of it are those of list; the parts add up to the whole."""
    for row in data("list", "--limit", "all", "--data-dir", sample):
        told = data("cost", row["session_id"], "--data-dir", sample, coverage="brief")

        assert [told[name] for name in ("rounds", "failed", "left")] == [
            row[name] for name in ("messages_count", "failed_count", "left_count")
        ]
        if row["without_tokens"] < row["messages_count"]:
            assert [told[f"{kind}_tokens"] for kind in ("input", "output", "total")] == [
                row[f"total_{kind}_tokens".replace("total_total", "total")] for kind in ("input", "output", "total")
            ]
            assert sum(kind["tokens"] for kind in told["kinds"].values()) == told["total_tokens"]
        same = ("session_id", "updated_at", "cost_usd", "at_least", "unpriced_rounds", "unpriced_models", "cost_notes")
        assert {name: told[name] for name in same} == {name: row[name] for name in same}
        assert sum(model["rounds"] for model in told["models"]) == told["rounds"]
        if told["cost_usd"] is not None:
            assert added(kind["cost_usd"] for kind in told["kinds"].values()) == added([told["cost_usd"]])
            assert added(model["cost_usd"] for model in told["models"]) == added([told["cost_usd"]])


def test_cost_is_brief(sample):
    """An ordinary session takes a kilobyte of JSON at most, with its envelope, and one screen of text."""
    for row in data("list", "--limit", "all", "--data-dir", sample):
        answer = run("cost", row["session_id"], "--json", "--data-dir", sample).stdout

        assert len(answer.encode()) <= 1024
        shown, complaints = shown_on_a_terminal(100, "cost", row["session_id"], "--data-dir", sample)
        assert (len(shown) <= SCREEN, complaints) == (True, "")


def test_cost_is_of_the_current_session(weather, varied):
    """Without an id it is the session that the environment names; where that names none, the last one."""
    assert data("cost", "--data-dir", varied, coverage="brief")["session_id"] == "c"
    named = {"AGENT_SESSION_ID": "a:2"}
    assert data("cost", "--data-dir", varied, coverage="brief", environment=named)["session_id"] == "a:2"
    unknown = run("cost", "--json", "--data-dir", varied, environment={"AGENT_SESSION_ID": "unheard-of"})
    assert (unknown.returncode, json.loads(unknown.stdout)["error"]["code"]) == (3, "session_not_found")


def test_cost_says_in_words_what_is_not_sure(weather):
    """The text has the rounds that failed, what is not in the sum, both tables, and how much of the log was read."""
    done = run("cost", "agent:main", "--data-dir", weather)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "💰 $0.00206: agent:main",
        "   3 rounds (1 failed), 2026-02-01T08:01:15+08:00 to 2026-02-01T08:03:15+08:00",
        "   not in it: 1 round unpriced, 15 tokens (no model)",
        "   assumed in 2 rounds, $0.00206: the log does not tell who sold it; priced as the maker does",
        "",
        "Kind                       Tokens       Cost",
        "────────────────────────────────────────────",
        "Input, not cached           1,260  $0.002000",
        "Input, from a cache             -          -",
        "Input, written to a cache       0  $0.000000",
        "Output                         15  $0.000064",
        "Output, reasoning               0  $0.000000",
        "",
        "Model        Rounds  Tokens        Cost",
        "───────────────────────────────────────",
        "qwen-max          2   1,260  ~$0.002064",
        "(not named)       1      15           -",
        "",
        "Of the log: 3 lines read; 3 calls; 1 failed; 0 lines passed over",
    ]


@pytest.mark.parametrize("tokens", [None, "many"])
def test_tokens_that_no_call_tells_are_not_known(tmp_path, tokens):
    """Where no call tells its tokens these and the cost are null, and a dash in the text."""
    folder = sessions(tmp_path / "sessions", line("s", 1, input_token=tokens, output_token=tokens))

    told = data("cost", "s", "--data-dir", folder, coverage="brief")

    assert [told[name] for name in ("input_tokens", "output_tokens", "total_tokens", "cost_usd")] == [None] * 4
    assert {kind["tokens"] for kind in told["kinds"].values()} == {None}
    text = run("cost", "s", "--data-dir", folder).stdout
    assert "💰 not known: s" in text
    assert "$" not in text


def test_what_came_from_a_cache_is_no_0_where_the_log_does_not_tell_it(sample):
    """In the terminal as in JSON."""
    for row in data("list", "--limit", "all", "--data-dir", sample):
        told = data("cost", row["session_id"], "--data-dir", sample, coverage="brief")["kinds"]["cache_read"]
        text = run("cost", row["session_id"], "--data-dir", sample).stdout
        shown = next(each.split() for each in text.splitlines() if each.startswith("Input, from a cache"))
        assert (shown[-2:] == ["-", "-"]) == (told["tokens"] is None)
