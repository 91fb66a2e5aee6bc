"""auto-log as Claude Code's Stop hook runs it: the tokens are those of its transcript, and each call counts once."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from tests.support.command_line import data, run


def answer(name, seconds=60, output=20, **more):
    """A line of a transcript, so many seconds from now on."""
    usage = {
        "input_tokens": 700,
        "cache_creation_input_tokens": 100,
        "cache_read_input_tokens": 200,
        "output_tokens": output,
    }
    message = {"id": f"msg_01XFDUDYJgAACzvnptvV-{name:0>8}", "model": "claude-opus-4-7", "usage": usage}
    at = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    line = {"type": "assistant", "sessionId": "s1", "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.000Z", "message": message}
    return json.dumps({**line, **more}) + "\n"


@pytest.fixture
def place(tmp_path):
    """A folder with work under way, and a transcript beside it."""
    (tmp_path / "work").mkdir()
    (tmp_path / "s1.jsonl").write_text(answer("before", -60) + answer("m1"), encoding="utf-8")
    data("start", "Work", "--data-dir", tmp_path / "sessions", cwd=tmp_path / "work")
    return tmp_path


def stop(place, told=None, *words, **options):
    """The hook, with what it is handed over; its cwd is what it is told, not this process's."""
    told = (
        {"transcript_path": str(place / "s1.jsonl"), "session_id": "s1", "cwd": str(place / "work")}
        if told is None
        else told
    )
    text = told if isinstance(told, str) else json.dumps(told)
    return run("auto-log", *words, "--json", "--data-dir", place / "sessions", input=text, cwd=place, **options)


def said(place, *words):
    """What the hook answers."""
    done = stop(place, None, *words)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)["data"]


def rounds(place):
    """Rounds, and tokens in and out, of each session."""
    listed = data("list", "--data-dir", place / "sessions")
    return {
        row["session_id"].partition("-2")[0]: (
            row["messages_count"],
            row["total_input_tokens"],
            row["total_output_tokens"],
        )
        for row in listed
    }


def test_each_call_once(place):
    """To the work that had begun by then, those of before to Claude Code's session; what comes later comes with the next one."""
    assert said(place)["calls"] == 2
    assert said(place)["calls"] == 0
    assert rounds(place) == {"work": (1, 1000, 20), "claude-code:s1": (1, 1000, 20)}

    with open(place / "s1.jsonl", "a", encoding="utf-8") as file:
        file.write(answer("m2", 61, 1) + answer("m2", 61, 159) + answer("m1"))
    below = place / "s1" / "subagents"
    below.mkdir(parents=True)
    (below / "agent-a.jsonl").write_text(answer("of a sub-agent", 62, isSidechain=True), encoding="utf-8")
    assert said(place)["calls"] == 2
    assert rounds(place)["work"] == (3, 3000, 199)
    data("import", "claude-code", place / "s1.jsonl", "--data-dir", place / "sessions")
    assert rounds(place)["work"] == (3, 3000, 199)


def test_without_work(place):
    """It is Claude Code's own session, and a data folder that is not there yet is made."""
    told = {"transcript_path": str(place / "s1.jsonl")}
    text = json.dumps(told)
    done = run("auto-log", "--data-dir", place / "new", input=text, cwd=place)
    assert (done.returncode, done.stdout) == (0, "2 new calls logged.\n")
    assert [row["session_id"] for row in data("list", "--data-dir", place / "new")] == ["claude-code:s1"]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("", "no JSON"),
        ("[]", "no JSON object"),
        ("[" * 100_000, "no JSON"),
        ({}, "no transcript_path"),
        ({"transcript_path": 5}, "no transcript_path"),
        ({"transcript_path": "a\0b"}, "no transcript_path"),
        ({"transcript_path": "/nowhere/x\x1b.jsonl"}, "there is no transcript"),
        ({"transcript_path": "/"}, "there is no transcript"),
        ({"transcript_path": "/dev/zero"}, "there is no transcript"),
    ],
)
def test_what_a_hook_cannot_mean(place, told, words):
    """Is told with exit code 1: 2 would keep the agent from stopping."""
    done = stop(place, told)
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "invalid_input")
    assert words in done.stderr
    assert "\x1b" not in done.stderr
