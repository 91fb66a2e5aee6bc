"""Calls that an agent tells of without its provider's id count once where the proxy recorded them, and each of its calls is one at most."""

from __future__ import annotations

import json
import os

import pytest

from session_monitor.base import data_folder, files
from session_monitor.calls.usage import Usage
from session_monitor.importers import places
from session_monitor.importers.agents.found import FoundCall
from session_monitor.importers.importing import Importing, WantedAgent
from session_monitor.importers.proxied import ProxiedCalls
from session_monitor.recording import known_calls, log_line, recorded_log
from session_monitor.recording.recorded_call import RecordedCall
from tests.support.agent_files import LONG_AGO, imported, recorded

START = 1_777_630_000_000
USED = Usage(fresh_input=700, cache_read=300, visible_output=15, reasoning=5)


@pytest.fixture
def agent(tmp_path):
    """A folder of opencode."""
    (tmp_path / "agent" / "storage" / "message").mkdir(parents=True)
    return tmp_path / "agent"


def message(agent, name, at=0, took=500, output=15, **more):
    """One that the model said ``at`` so many milliseconds, in so many."""
    tokens = {"input": 700, "output": output, "reasoning": 5, "cache": {"read": 300, "write": 0}}
    told = {"id": name, "role": "assistant", "modelID": "gpt-5.2", "providerID": "openai", "tokens": tokens}
    told["time"] = {"created": START + at, "completed": START + at + took}
    path = agent / "storage" / "message" / "ses_1" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**told, **more}), encoding="utf-8")
    os.utime(path, (LONG_AGO, LONG_AGO))


def proxied(folder, at=0, took=100, **more):
    """The proxy has recorded a call."""
    told = {
        "session_id": "work",
        "path": "/v1/responses",
        "source": "proxy",
        "agent": "opencode",
        "model": "gpt-5.2-2025-12-11",
    }
    call = RecordedCall(**{**told, "usage": USED, "moment": START + at, "duration_ms": took, **more})
    files.make_folder(str(folder))
    recorded_log.append(str(folder), [log_line.line(call)])


def sessions(folder):
    """Of which session each call in the log is."""
    return [call["session_id"] for call in recorded(folder)]


def test_what_the_proxy_recorded_is_left(tmp_path, agent):
    """By when it was and what it used, though the provider calls the model otherwise; the import says so."""
    proxied(tmp_path / "sessions", 400)
    message(agent, "msg_a")
    message(agent, "msg_b", 60_000)
    done = imported(tmp_path / "sessions", "opencode", agent)

    assert (done.calls, done.logged) == (1, 1)
    assert sessions(tmp_path / "sessions") == ["work", "opencode:ses_1"]


@pytest.mark.parametrize(
    "other",
    [
        {"at": 6_000},
        {"at": -6_000},
        {"agent": "gemini"},
        {"usage": USED._replace(fresh_input=701)},
        {"usage": None, "status": 500, "error": "api_error"},
        {"source": "import"},
    ],
)
def test_another_call_is_no_reason_to_leave_one(tmp_path, agent, other):
    """At another time, of another agent, with other tokens, failed, or of another recorder."""
    proxied(tmp_path / "sessions", **other)
    message(agent, "msg_a")

    assert imported(tmp_path / "sessions", "opencode", agent).calls == 1


def test_logs_that_were_renamed(tmp_path, monkeypatch):
    """A full log is one with a new name, and may get it at any moment."""
    proxied(tmp_path / "sessions")
    log = data_folder.recorded_log(str(tmp_path / "sessions"))
    paths = recorded_log.paths

    def renamed_meanwhile(folder):
        found = paths(folder)
        if os.path.exists(log):
            os.rename(log, f"{log}-20260501-100000-000")
        return found

    monkeypatch.setattr(recorded_log, "paths", renamed_meanwhile)
    found = FoundCall(
        "k", RecordedCall(None, START, "/", "import", "opencode", usage=USED, more={known_calls.KEY: "k"})
    )
    assert ProxiedCalls(str(tmp_path / "sessions")).has(found)
    assert os.listdir(os.path.dirname(log)) == [f"{os.path.basename(log)}-20260501-100000-000"]


def test_whose_call_it_was_may_be_unknown(tmp_path, agent):
    """Some agents call as the SDK that they are built on."""
    proxied(tmp_path / "sessions", agent=None)
    message(agent, "msg_a")

    assert imported(tmp_path / "sessions", "opencode", agent).calls == 0


def test_one_call_is_not_two(tmp_path, agent):
    """Of two that are alike the proxy has recorded one: the other was made past it."""
    proxied(tmp_path / "sessions")
    message(agent, "msg_a")
    message(agent, "msg_b", 1_000)
    done = imported(tmp_path / "sessions", "opencode", agent)

    assert (done.calls, done.logged) == (1, 1)


def test_a_refusal_counts_once(tmp_path, agent):
    """What failed has failed in both."""
    proxied(tmp_path / "sessions", usage=None, status=402, error="budget_exceeded")
    nothing = {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}}
    message(agent, "msg_a", tokens=nothing, error={"name": "APIError", "data": {"statusCode": 402}})
    done = imported(tmp_path / "sessions", "opencode", agent)

    assert (done.calls, done.failed, done.logged) == (0, 0, 1)


def test_while_somebody_watches(tmp_path, agent):
    """What comes later is found, and a call that is looked at again is still the same."""
    importing = Importing(str(tmp_path / "sessions"), clock=lambda: 2e9)
    wanted = [WantedAgent(places.AGENTS["opencode"], [str(agent)])]
    with importing.held():
        message(agent, "msg_0", -60_000)
        assert importing.run(wanted)["opencode"].calls == 1
        for again in range(2):
            if not again:
                proxied(tmp_path / "sessions")
            message(agent, "msg_a", parentID="p" * (again + 1))
            tally = importing.run(wanted)["opencode"]
            assert (tally.calls, tally.logged) == (0, 1)
