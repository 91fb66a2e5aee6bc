"""Which folder and which session somebody means."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import data, line, run, sessions


@pytest.mark.parametrize(
    "text",
    [
        "agent:main",
        "main",
        "AGENT",
        "last",
        "http://localhost:8888/session?id=agent%3Amain",
        "https://monitor.example.org/logs/session/?id=agent:main&round=2#round-2",
    ],
)
def test_ways_to_name_a_session(weather, text):
    """A session is meant by its id, by a part of that in any case, by `last`, or by a link to its page."""
    assert data("show", text, "--data-dir", weather, "--messages", "none")["session_id"] == "agent:main"
    assert data("whatif", text, "--model", "gpt-4o", "--data-dir", weather)["session_id"] == "agent:main"


def test_a_part_of_several_ids(tmp_path):
    """A part of several ids is exit code 2 and names them, the latest first; an id that is there as a whole is meant."""
    names = ["agent:1", "agent:1:a", "Agent:2", *(f"many:{number:02}" for number in range(12))]
    folder = sessions(tmp_path / "sessions", *(line(name, number) for number, name in enumerate(names, 1)))

    done = run("show", "agent", "--data-dir", folder, "--json")
    many = run("show", "many", "--data-dir", folder)

    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, "ambiguous_session")
    assert done.stderr.splitlines()[1:] == ["  Agent:2", "  agent:1:a", "  agent:1"]
    assert (many.returncode, many.stdout) == (2, "")
    assert many.stderr.splitlines()[1:] == [*(f"  many:{number:02}" for number in range(11, 1, -1)), "  …"]
    assert data("show", "agent:1", "--data-dir", folder)["session_id"] == "agent:1"
    assert data("show", "AGENT:1:", "--data-dir", folder)["session_id"] == "agent:1:a"
    assert data("show", "last", "--data-dir", folder)["session_id"] == "many:11"


def test_the_current_session(tmp_path):
    """``current`` is the session that the environment names, as a whole; else the last; a session of that name goes before."""
    folder = sessions(tmp_path / "sessions", line("a:1"), line("a:2", 2))

    def meant(command="show", **environment):
        return run(command, "current", "--data-dir", folder, "--json", environment=environment)

    def shown(done):
        return json.loads(done.stdout)["data"]["session_id"]

    assert shown(meant()) == "a:2"
    assert shown(meant(CLAWDBOT_SESSION_ID="a:1", OPENCLAW_SESSION_ID="")) == "a:1"
    new = meant(AGENT_SESSION_ID="a:", OPENCLAW_SESSION_ID="a:1")
    assert (new.returncode, json.loads(new.stdout)["error"]["code"]) == (3, "session_not_found")
    assert "nothing is known of the current session a: yet" in new.stderr
    assert (
        shown(run("url", "current", "--data-dir", folder, "--json", environment={"AGENT_SESSION_ID": "a:1"})) == "a:1"
    )
    named = sessions(tmp_path / "named" / "sessions", line("current"), line("b", 2))
    assert data("show", "current", "--data-dir", named)["session_id"] == "current"


@pytest.mark.parametrize("command", [["list"], ["show", "x"]])
@pytest.mark.parametrize("place", ["none", "file", "circle"])
def test_a_data_folder_that_is_none(tmp_path, command, place):
    """Where there is no folder of sessions the exit code is 1, and it is said in one line which one was looked for."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "circle").symlink_to("circle")

    done = run(*command, "--data-dir", tmp_path / place)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert str(tmp_path / place) in done.stderr
