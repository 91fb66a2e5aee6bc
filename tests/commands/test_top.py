"""top as a user runs it: the dearest rounds, with why, and the largest results of tools."""

from __future__ import annotations

import pytest

from session_monitor.conversations import reasons
from tests.support.command_line import data, run, sessions, shown_on_a_terminal
from tests.support.command_line import line as line_of

MAIN = "agent:main:discord:channel:1465367993012981988"


def test_the_dearest_are_those_that_show_tells(sample):
    """Over all sessions the rounds are those that cost most, with the cost that ``show`` tells; each with why it was dear."""
    told = data("top", "--limit", "500", "--data-dir", sample)
    listed = data("list", "--limit", "all", "--data-dir", sample)
    shown = {
        (row["session_id"], each["round"]): each
        for row in listed
        for each in data("show", row["session_id"], "--data-dir", sample)["rounds"]
    }
    dear = {key: each["cost_usd"] for key, each in shown.items() if float(each["cost_usd"] or 0)}
    costs = [float(each["cost_usd"]) for each in told["rounds"]]

    assert {(each["session_id"], each["round"]): each["cost_usd"] for each in told["rounds"]} == dear
    assert costs == sorted(costs, reverse=True)
    for each in told["rounds"]:
        of_show = shown[each["session_id"], each["round"]]
        same = ("timestamp", "model", "outcome", "input_tokens", "cached_tokens", "output_tokens")
        assert {name: each[name] for name in same} == {name: of_show[name] for name in same}
        assert each["cost_notes"] == of_show.get("cost_notes", [])
        assert reasons.in_words(each["cost_reasons"])
        assert each["url"] is None
    assert told["unpriced_rounds"] == sum(row["unpriced_rounds"] for row in listed)


def test_of_one_session(sample):
    """A session that is named has its own rounds alone, as do filters; the table then leaves its name out."""
    (id_,) = {each["session_id"] for each in data("top", "last", "--data-dir", sample)["rounds"]}

    assert data("top", "--session", id_, "--data-dir", sample) == data("top", id_, "--data-dir", sample)
    text = run("top", MAIN, "--data-dir", sample).stdout
    assert text.splitlines()[0] == "📊 Dearest Rounds"
    assert text.splitlines()[1].split()[:2] == ["Round", "When"]
    assert MAIN not in text


def test_links(sample):
    """Where it is known where the page is, each round has the link to it there."""
    base = "https://monitor.example.org"
    told = data("top", MAIN, "--limit", "1", "--base", base, "--data-dir", sample)
    round_, result = told["rounds"][0], told["tool_results"][0]

    assert round_["url"] == f"{base}/session?id={MAIN}#r{round_['round']}"
    assert result["url"] == f"{base}/session?id={MAIN}#r{result['round']}"
    assert result["round"] < result["brought_by"]
    known = {"SESSION_MONITOR_BASE_URL": base}
    assert data("top", MAIN, "--limit", "1", "--data-dir", sample, environment=known) == told
    assert round_["url"] in run("top", MAIN, "--data-dir", sample, environment=known).stdout


def test_own_prices_say_which_are_dearest(tmp_path):
    """Costs are by the prices that a person stated, as everywhere; what cannot be told is said to be missing."""
    folder = sessions(
        tmp_path / "sessions",
        line_of("a", 1, model="gpt-4o"),
        line_of("b", 2, model="ours"),
        line_of("c", 3, model="gpt-4o", input_token=None, output_token=None),
    )
    before = data("top", "--data-dir", folder)
    assert run("pricing", "set", "ours", "1000", "2000", "--data-dir", folder).returncode == 0
    after = data("top", "--data-dir", folder)

    assert [each["session_id"] for each in before["rounds"]] == ["a"]
    assert [each["session_id"] for each in after["rounds"]] == ["b", "a"]
    assert (after["rounds"][0]["cost_usd"], before["unpriced_rounds"], after["unpriced_rounds"]) == ("0.02", 2, 1)
    assert "1 round unpriced" in run("top", "--data-dir", folder).stderr


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["top", "no-such-session"], 3, "no session no-such-session"),
        (["top", "last", "--session", "a*"], 2, "not both"),
        (["top", "--limit", "0"], 2, "whole number above 0"),
        (["top", "--base", "nowhere"], 2, "nowhere is no address"),
        (["top", "--since", "2027-01-01"], 0, ""),
    ],
)
def test_what_cannot_be_answered(sample, words, status, told):
    """A mistake is named, and what is empty says why."""
    done = run(*words, "--data-dir", sample)

    assert (done.returncode, told in done.stderr) == (status, True)
    if not status:
        assert "No calls with --since 2027-01-01" in done.stdout


def test_nothing_is_known_of_the_cost(tmp_path):
    """Where no call has a price, and no tool was called, that is what it says."""
    folder = sessions(tmp_path / "sessions", line_of("a", 1, model="nobody knows"))
    done = run("top", "--data-dir", folder)

    assert "No round here has a cost that is known" in done.stdout
    assert "No results of tools here" in done.stdout


def test_it_fits_a_narrow_terminal(sample):
    """At 80 columns a row says of which session and round it is, what it cost and why."""
    shown, complaints = shown_on_a_terminal(80, "top", "--data-dir", sample)

    assert max(map(len, shown)) <= 80
    assert {"Session ID", "Round", "Cost", "Why"} <= {text.strip() for text in shown[1].split("  ") if text}
    assert "no room for" in complaints


def test_every_reason_has_words():
    """Whatever code a reason has, there are words for it, with its numbers and names."""
    every = [
        {"code": reasons.CACHE_MISSED, "tokens": 12345},
        {"code": reasons.NOT_TOLD},
        {"code": reasons.MODEL, "from": "a", "to": "b"},
        {"code": reasons.ROUTE},
        {"code": reasons.SYSTEM},
        {"code": reasons.HISTORY, "messages": 3},
        {"code": reasons.PAUSE, "seconds": 400, "kept_seconds": 300},
        {"code": reasons.PAUSE, "seconds": 400, "kept_seconds": None},
        *({"code": code, "tokens": 1} for code in (reasons.FIRST, reasons.LONG_OUTPUT, reasons.LONG_PROMPT)),
        *({"code": code, "tokens": 1, "tool": "ls"} for code in (reasons.BIG_RESULT,)),
        *({"code": code, "tokens": 1} for code in (reasons.NEW_INPUT, reasons.NOT_CACHED)),
    ]

    text = reasons.in_words(every)
    assert text.startswith("cache missed, 12,345 tokens paid anew; why is not told; model changed from a to b; ")
    assert "a pause of 6 min 40 s, cached for 5 min" in text
    assert len(text.split("; ")) == len(every)
