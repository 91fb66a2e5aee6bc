"""log-ai as a user and an agent run it: each call counts once, as stated, at the prices that the session has afterwards."""

from __future__ import annotations

import fcntl
import json

import pytest

from tests.support.command_line import data, line, run, sessions

CALL = ("-p", "openai", "-m", "gpt-4o", "--prompt-tokens", "1000", "--completion-tokens", "100")


@pytest.fixture
def place(tmp_path):
    """A folder with work under way."""
    assert do(tmp_path, "start", "Work").returncode == 0
    return tmp_path


def do(place, *words, **options):
    """A command in the folder."""
    return run(*words, "--data-dir", place / "sessions", cwd=place, **options)


def told(place, *words, **options):
    """What it says as JSON."""
    return data(*words, "--data-dir", place / "sessions", cwd=place, **options)


def test_what_it_costs(place):
    """By which price, and what the session has cost until now, which is what cost says of it."""
    first = told(place, "log-ai", *CALL)
    assert (first["cost_usd"], first["model_known"], first["usd_per_million"]) == (
        "0.0035",
        True,
        {"input": "2.5", "output": "10"},
    )
    assert first["logged"]["total_tokens"] == 1100
    second = told(place, "log-ai", *CALL, "--cached-tokens", "600", "--agent", "me", "-c", "1.50")
    assert (second["cost_usd"], second["stated_cost_usd"]) == ("0.00275", "1.5")
    assert second["session"] == {
        "session_id": second["logged"]["session_id"],
        "rounds": 2,
        "cost_usd": "0.00625",
        "total_tokens": 2200,
    }
    assert told(place, "cost")["cost_usd"] == "0.00625"
    assert [row["consumer"] for row in told(place, "stats-consumer")["consumers"]].count("me") == 1
    said = do(place, "log-ai", *CALL, "-c", "1.50").stdout
    assert said.startswith("gpt-4o: logged, $0.00350\n  by the price of gpt-4o since ")
    assert "stated as $1.50, which is not counted" in said


def test_what_is_not_known(place):
    """A total alone has no split, a model nobody knows no price: said, and never 0."""
    alone = told(place, "log-ai", "-p", "openai", "-m", "gpt-4o", "-t", "100")
    assert (alone["cost_usd"], alone["unpriced"], alone["logged"]["prompt_tokens"]) == (None, "partly_told", None)
    assert "nobody knows how much was prompt" in do(place, "log-ai", "-p", "openai", "-m", "gpt-4o", "-t", "100").stdout
    words = ("-p", "x", "-m", "no-such-model", "--prompt-tokens", "5", "--completion-tokens", "5")
    unknown = told(place, "log-ai", *words)
    assert (unknown["cost_usd"], unknown["unpriced"], unknown["model_known"]) == (None, "unknown_model", False)
    assert "'pricing set no-such-model INPUT OUTPUT' states one" in do(place, "log-ai", *words).stdout


def test_calls_that_are_alike(place):
    """Are two calls."""
    for _ in range(2):
        told(place, "log-ai", *CALL)
    assert told(place, "cost")["rounds"] == 2


def test_for_which_session(place):
    """A piece of work by its name, or a session that is there; never one that nobody knows."""
    sessions(place / "sessions", line("agent:main:other"))
    assert told(place, "log-ai", *CALL, "-s", "Work")["logged"]["session_id"].startswith("work-")
    assert told(place, "log-ai", *CALL, "-s", "main:other")["session"]["rounds"] == 2
    done = do(place, "log-ai", *CALL, "-s", "nobody", "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "session_not_found")
    told(place, "end")
    done = do(place, "log-ai", *CALL, "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "no_active_session")


def test_beside_a_monitor(place):
    """One that is at work takes the call in; what it costs is told all the same."""
    with open(place / "sessions" / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = told(place, "log-ai", *CALL)
        assert (answer["cost_usd"], answer["session"]) == ("0.0035", None)
        assert "takes it in" in do(place, "log-ai", *CALL).stdout
    told(place, "log-ai", *CALL)
    assert told(place, "cost")["rounds"] == 3


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["-p", "a", "-m", "b"], 1, "missing_tokens"),
        (["-p", "a", "-m", "b", "--prompt-tokens", "5"], 1, "missing_tokens"),
        (["-p", "a", "-m", "b", "-t", "5", "--prompt-tokens", "6"], 1, "invalid_input"),
        (["-p", "a" * 101, "-m", "b", "-t", "5"], 1, "invalid_input"),
        (["-p", "a", "-m", "b" * 201, "-t", "5"], 1, "invalid_input"),
        (["-p", "a", "-m", "b", "-t", "5", "-c", "-3"], 1, "invalid_input"),
        (["-p", "a", "-m", "b", "-t", "-5"], 2, "bad_arguments"),
        (["-p", "a", "-m", "b", "-t", "5.5"], 2, "bad_arguments"),
        (["-m", "b", "-t", "5"], 2, "bad_arguments"),
    ],
)
def test_mistakes(place, words, status, code):
    """Are told, and nothing is logged."""
    done = do(place, "log-ai", *words, "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (status, code)
    assert not (place / "sessions" / ".recorded").exists()
