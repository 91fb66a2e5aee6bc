"""--fields as a user gives it: what JSON has of an answer."""

from __future__ import annotations

import argparse
import json

import pytest

from commands.shared import fields
from tests.support.command_line import envelope, run


def asked(*arguments):
    """What cli.py prints as JSON with some fields, for which a brief coverage is enough."""
    return envelope(*arguments, coverage="brief")["data"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a", {"a": {}}),
        (" b , a ", {"b": {}, "a": {}}),
        ("a.b,a.c", {"a": {"b": {}, "c": {}}}),
        ("a.b,a", {"a": {}}),
        ("a,a.b", {"a": {}}),
    ],
)
def test_names_are_read(text, found):
    """Names stand between commas; what is named whole stays whole."""
    assert fields.fields(text) == found
    assert list(fields.fields(text)) == list(found)


def test_no_names_are_refused():
    """Commas alone name nothing."""
    with pytest.raises(argparse.ArgumentTypeError):
        fields.fields(" ,")


def test_lists_have_what_was_named(varied):
    """Each session has these fields alone, in this order, and nothing more is told."""
    rows = asked("list", "--data-dir", varied, "--fields", "cost_usd,session_id,whole.messages_count")

    whole = envelope("list", "--data-dir", varied)["data"]
    assert rows == [
        {
            "cost_usd": row["cost_usd"],
            "session_id": row["session_id"],
            "whole": {"messages_count": row["whole"]["messages_count"]},
        }
        for row in whole
    ]
    assert {tuple(row) for row in rows} == {("cost_usd", "session_id", "whole")}


@pytest.mark.parametrize(
    "command",
    [
        ["stats-model"],
        ["stats-consumer", "--by", "day"],
        ["stats-date", "--days", "36500"],
        ["stats-seller"],
    ],
    ids=" ".join,
)
def test_statistics_have_what_was_named(varied, command):
    """Each row has these fields alone, and so has the total."""
    answer = asked(*command, "--data-dir", varied, "--fields", "calls,cost_usd")

    rows, total = next(iter(answer.values())), answer["total"]
    assert {tuple(row) for row in (*rows, total)} == {("calls", "cost_usd")}


def test_rounds_have_what_was_named(weather):
    """Of a session the rounds are there where they are named, where they are named, and have what is named of them."""
    shown = ("show", "agent:main", "--data-dir", weather, "--fields")

    assert asked(*shown, "failed_count,session_id") == {"failed_count": 1, "session_id": "agent:main"}
    answer = asked(*shown, "session_id,rounds.round,rounds.error,cost_usd")
    assert list(answer) == ["session_id", "rounds", "cost_usd"]
    assert answer["rounds"] == [{"round": 1}, {"round": 2}, {"round": 3, "error": "503 overflow"}]
    assert [list(entry) for entry in asked(*shown, "rounds")["rounds"]] == [
        list(entry) for entry in envelope("show", "agent:main", "--data-dir", weather)["data"]["rounds"]
    ]


@pytest.mark.parametrize(
    ("command", "known"),
    [
        (["list", "--fields", "session_id,cots_usd"], "session_id, created_at"),
        (["show", "last", "--fields", "cots_usd"], "session_id, created_at"),
        (["show", "last", "--fields", "rounds.cots_usd"], "round, timestamp"),
        (["stats-model", "--fields", "cots_usd"], "model, sessions"),
        (["summary", "--fields", "cots_usd"], "sessions, active_now"),
        (["list", "--fields", "whole.cots_usd"], "updated_at, messages_count"),
    ],
)
def test_unknown_names_are_refused(weather, command, known):
    """A name that there is not is wrong usage; the answer lists those that there are."""
    done = run(*command, "--json", "--data-dir", weather)

    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"]) == (2, "bad_fields")
    assert "cots_usd; there are " in error["message"]
    assert known in error["message"]


def test_fields_are_of_json(weather):
    """Text has no fields: whoever names some is told to ask for JSON."""
    done = run("list", "--fields", "session_id", "--data-dir", weather)

    assert (done.returncode, done.stdout) == (2, "")
    assert "add --json" in done.stderr
