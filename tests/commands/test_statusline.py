"""statusline says in one line what a session has cost and used, and leaves out what is not known."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import data, line, run, sessions


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A session with a price, one without, and one of which no tokens are told."""
    cached = {"input_token_details": json.dumps({"cached_tokens": 500})}
    untold = {"input_token": None, "output_token": None}
    return sessions(
        tmp_path_factory.mktemp("statusline") / "sessions",
        line("priced", 1, model="gpt-4o", input_token=1000, output_token=100, **cached),
        line("priced", 2, model="gpt-4o", outer={"response_code": "503"}, **untold),
        line("priced", 3, model="gpt-4o", input_token=1500, output_token=100, **cached),
        line("unpriced", 4, model="no-such-model", input_token=12, output_token=5),
        line("untold", 5, model="gpt-4o", **untold),
    )


@pytest.mark.parametrize(
    ("session_id", "shown"),
    [
        ("priced", "~$0.00700 · 3 rounds · 1 failed · 40 % cached · prompt 1,500"),
        ("unpriced", "cost not known · 1 round · prompt 12"),
        ("untold", "cost not known · 1 round"),
        ("last", "cost not known · 1 round"),
    ],
)
def test_one_line(folder, session_id, shown):
    """Cost, rounds, failures, cached share and the last prompt."""
    done = run("statusline", session_id, "--data-dir", folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, shown + "\n", "")


def test_for_scripts(folder):
    """The same by name; what is not known is null."""
    told = data("statusline", "untold", "--data-dir", folder)
    assert told == {
        "session_id": "untold",
        "messages_count": 1,
        "failed_count": 0,
        "left_count": 0,
        "updated_at": "2026-02-01T00:05:15Z",
        "cost_usd": None,
        "at_least": 0,
        "unpriced_rounds": 1,
        "assumed_rounds": 0,
        "cached_share": None,
        "last_prompt_tokens": None,
    }


def test_whose_session(folder):
    """Without a name it is that of the environment; a hook names it on standard input."""
    own = run("statusline", "--data-dir", folder, environment={"OPENCLAW_SESSION_ID": "unpriced"})
    hook = run("statusline", "--hook", "--data-dir", folder, input='{"session_id": "priced", "model": {}}')

    assert own.stdout.endswith("prompt 12\n")
    assert hook.stdout.startswith("~$0.00700")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"session_id": 3}', '{"session_id": ""}'])
def test_a_hook_that_names_no_session(folder, text):
    """It is a failure in words, and nothing is printed that would stand in a prompt."""
    done = run("statusline", "--hook", "--data-dir", folder, input=text)
    assert (done.returncode, done.stdout) == (2, "")
    assert "holds no JSON with a session_id" in done.stderr


def test_a_session_that_is_not_there(folder):
    """Nothing is printed on stdout, so that a prompt stays as it is."""
    done = run("statusline", "none", "--data-dir", folder)
    assert (done.returncode, done.stdout) == (3, "")
