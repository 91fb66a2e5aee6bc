"""However often, in whichever pieces and by whatever was killed an import is made: each call is in the log once."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.base import data_folder, files
from session_monitor.importers import places
from session_monitor.importers.importing import Importing, OtherImportError, WantedAgent
from session_monitor.monitor.take_in import take_in
from session_monitor.recording import known_calls, log_line, recorded_log
from session_monitor.recording.recorded_call import RecordedCall
from tests.monitor.test_recorded import one_pass, taken
from tests.support import calls
from tests.support.agent_files import LONG_AGO, imported, laid_out, recorded
from tests.support.command_line import ROOT

LONG = "msg_01XFDUDYJgAACzvnptvVo"
TIME = "2026-05-01T10:{:02d}:{:02d}.000Z"


def known_as(name):
    """An id as a provider gives it: nobody else has it."""
    return LONG + name


def answer(name, at=0, output=10, **more):
    """A line of Claude Code."""
    message = {"id": known_as(name), "model": "claude-opus-4-7", "usage": {"input_tokens": 5, "output_tokens": output}}
    line = {"type": "assistant", "sessionId": "s1", "timestamp": TIME.format(*divmod(at, 60)), "message": message}
    return json.dumps({**line, **more}) + "\n"


def names(folder):
    """The ids of the calls in the log, in order."""
    return [call["chat_id"].replace(LONG, "") for call in recorded(folder)]


def outputs(folder):
    """The same with how much each wrote."""
    return {call["chat_id"].replace(LONG, ""): call["output_token"] for call in recorded(folder)}


@pytest.fixture
def agent(tmp_path):
    """A folder of Claude Code."""
    (tmp_path / "agent" / "projects").mkdir(parents=True)
    return tmp_path / "agent"


def write(agent, text, name="a.jsonl", seconds=LONG_AGO):
    """Put a file there, which was written to at that time."""
    path = agent / "projects" / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, (seconds, seconds))
    return path


def test_a_file_that_grows(tmp_path, agent):
    """Only what is new comes; a line that is half there comes when it is whole."""
    text = answer("a") + answer("b", 1)
    write(agent, text + answer("c", 2)[:40])
    imported(tmp_path / "data", "claude-code", agent)
    write(agent, text + answer("c", 2) + answer("d", 3), seconds=LONG_AGO + 1)
    again = imported(tmp_path / "data", "claude-code", agent)

    assert names(tmp_path / "data") == ["a", "b", "c", "d"]
    assert (again.calls, again.repeated) == (2, 2)


def test_what_may_still_grow_is_held_back(tmp_path, agent):
    """The newest answer of a file that was just written to comes when another follows it, or a minute later."""
    write(agent, answer("a") + answer("b", 1, output=1))
    held = imported(tmp_path / "data", "claude-code", agent, now=LONG_AGO + 59)
    assert (held.calls, held.held_back, names(tmp_path / "data")) == (1, 1, ["a"])

    write(agent, answer("a") + answer("b", 1, output=1) + answer("b", 2, output=99) + answer("c", 3))
    imported(tmp_path / "data", "claude-code", agent, now=LONG_AGO + 59)
    assert outputs(tmp_path / "data") == {"a": 10, "b": 99}

    imported(tmp_path / "data", "claude-code", agent, now=LONG_AGO + 60)
    assert names(tmp_path / "data") == ["a", "b", "c"]


def test_a_copy_of_what_is_held_back(tmp_path, agent):
    """A fork must not have it meanwhile."""
    write(agent, answer("a"), seconds=LONG_AGO)
    write(agent, answer("a", sessionId="s2") + answer("b", 5, sessionId="s2"), "b.jsonl", seconds=LONG_AGO)
    imported(tmp_path / "data", "claude-code", agent, now=LONG_AGO + 1)
    imported(tmp_path / "data", "claude-code", agent)

    assert dict(zip(names(tmp_path / "data"), [call["session_id"] for call in recorded(tmp_path / "data")])) == {
        "a": "claude-code:s1",
        "b": "claude-code:s2",
    }


def test_the_same_bytes(tmp_path):
    """Of the same files, wherever they lie, and whenever they were written."""
    written = []
    for place in ("one", "other"):
        folder = laid_out("claude-code.traps", tmp_path / place)
        imported(tmp_path / f"{place}-data", "claude-code", folder)
        written.append((tmp_path / f"{place}-data" / ".recorded" / "access.log").read_bytes())

    assert written[0] == written[1]


def test_a_dry_run_writes_nothing(tmp_path):
    """It counts the same."""
    folder = laid_out("claude-code.traps", tmp_path / "agent")
    dry = imported(tmp_path / "data", "claude-code", folder, is_dry=True)
    assert not (tmp_path / "data").exists()

    assert vars(imported(tmp_path / "data", "claude-code", folder)) == vars(dry)
    assert imported(tmp_path / "data", "claude-code", folder, is_dry=True).calls == 0


def test_two_at_once(tmp_path, agent):
    """The second is told."""
    first = Importing(str(tmp_path / "data"))
    with first.held(), pytest.raises(OtherImportError), Importing(str(tmp_path / "data")).held():
        pass


@pytest.mark.parametrize("lost", [data_folder.IMPORTS, ".recorded/known-calls", ".recorded/known-calls.json"])
def test_files_of_ours_that_are_lost(tmp_path, agent, lost):
    """The log tells what it has."""
    write(agent, answer("a") + answer("b", 1))
    imported(tmp_path / "data", "claude-code", agent)
    (tmp_path / "data" / lost).unlink()
    write(agent, answer("a") + answer("b", 1) + answer("c", 2), seconds=LONG_AGO + 1)
    imported(tmp_path / "data", "claude-code", agent)

    assert names(tmp_path / "data") == ["a", "b", "c"]


def test_the_log_is_lost(tmp_path, agent):
    """What became sessions of it is not imported once more."""
    write(agent, answer("a"))
    imported(tmp_path / "data", "claude-code", agent)
    assert take_in(str(tmp_path / "data")).new_rounds == 1
    shutil.rmtree(tmp_path / "data" / ".recorded")
    os.unlink(tmp_path / "data" / data_folder.IMPORTS)
    again = imported(tmp_path / "data", "claude-code", agent)

    assert (again.calls, again.logged) == (0, 1)


# --- Killed ------------------------------------------------------------------------------------------------------------


class KilledError(BaseException):
    """What ends a process here."""


STEPS = [
    *((known_calls.KnownCalls, name) for name in ("add", "catch_up", "_append")),
    *((recorded_log, name) for name in ("append", "_append", "_rotate")),
    *((files, name) for name in ("replace", "write_all")),
]


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[1])
def test_killed_at_any_step(tmp_path, agent, monkeypatch, step, is_done):
    """Before it or behind it, at its first time and at a later one: the next import makes it whole."""
    monkeypatch.setattr("session_monitor.importers.importing._BATCH_CALLS", 3)
    write(agent, "".join(answer(f"m{at}", at) for at in range(10)))
    owner, name = step
    real = getattr(owner, name)
    for time in range(6):
        count = iter(range(1000))

        def killed(*arguments, time=time, count=count, **options):
            is_now = next(count) == time
            if is_now and not is_done:
                raise KilledError
            result = real(*arguments, **options)
            if is_now:
                raise KilledError
            return result

        with monkeypatch.context() as patch, contextlib.suppress(KilledError):
            patch.setattr(owner, name, killed)
            imported(tmp_path / "data", "claude-code", agent)
    imported(tmp_path / "data", "claude-code", agent)

    assert sorted(names(tmp_path / "data")) == sorted(f"m{at}" for at in range(10))


# --- Replays, forks, pieces --------------------------------------------------------------------------------------------

JUNK = (
    '{"type":"summary"}\n',
    "\n",
    "nonsense\n",
    '["list"]\n',
    '{"type":"api-request","usage":"assistant"}\n',
    "null\n",
)


@st.composite
def histories(draw):
    """Lines of several files as agents write them: snapshots that grow, copies of all before, and lines of other kinds."""
    total = draw(st.integers(1, 8))
    finals = {f"m{at}": draw(st.integers(1, 50)) for at in range(total)}
    lines = []
    for at, (name, output) in enumerate(finals.items()):
        less = draw(st.lists(st.integers(0, output), max_size=2))
        lines += [answer(name, at * 3, output=each, requestId=f"r{at}") for each in less]
        lines += [answer(name, at * 3 + 1, output=output, requestId=f"r{at}")] * draw(st.integers(1, 2))
        lines += draw(st.lists(st.sampled_from(JUNK), max_size=2))
    fork = draw(st.integers(0, len(lines)))
    copied = [line.replace('"s1"', '"s2"') for line in lines[:fork]]
    side = draw(st.lists(st.sampled_from(lines), max_size=3))
    sides = [line.replace('"type"', '"isSidechain": true, "type"', 1) for line in side]
    return finals, {"a.jsonl": lines, "b.jsonl": copied, "agent-c.jsonl": sides}


@settings(max_examples=40, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_each_call_once_with_what_it_used_at_last(tmp_path_factory, history, rng):
    """However much of the files was there at each of several imports."""
    finals, written = history
    folder = tmp_path_factory.mktemp("history")
    (folder / "agent" / "projects").mkdir(parents=True)
    shares = sorted(rng.random() for _ in range(rng.randrange(3)))
    for step, share in enumerate([*shares, 1]):
        for name, lines in written.items():
            text = "".join(lines)
            write(folder / "agent", text[: round(len(text) * share)], name, seconds=LONG_AGO + step)
        now = LONG_AGO + step + (61 if share == 1 else 0)
        imported(folder / "data", "claude-code", folder / "agent", now=now)

    assert outputs(folder / "data") == finals
    assert len(recorded(folder / "data")) == len(finals)


# --- With a gateway ----------------------------------------------------------------------------------------------------


def test_what_a_gateway_logged_is_left(tmp_path, agent):
    """Its round is there already, and stays the only one."""
    (tmp_path / "access.log").write_bytes(calls.line("gateway", ["says"], chat_id=known_as("a")) + b"\n")
    one_pass(tmp_path, "--log-path", "access.log")
    write(agent, answer("a") + answer("b", 1))
    done = imported(tmp_path / "sessions", "claude-code", agent)
    take_in(str(tmp_path / "sessions"))

    assert (done.calls, done.logged) == (1, 1)
    assert taken(tmp_path, "claude-code:s1") == [*map(known_as, ["b"])]
    assert taken(tmp_path, "gateway") == [*map(known_as, ["a"])]


@pytest.mark.parametrize("number", [1, 400])
def test_what_a_gateway_logs_later_is_left(tmp_path, agent, number):
    """The monitor counts it as recorded elsewhere, be its line the first or one of many of the same shape."""
    write(agent, answer("a") + answer("b", 1))
    imported(tmp_path / "sessions", "claude-code", agent)
    take_in(str(tmp_path / "sessions"))
    lines = [calls.line("gateway", chat_id=known_as(f"g{at}")) + b"\n" for at in range(number)]
    (tmp_path / "access.log").write_bytes(b"".join([*lines, calls.line("gateway", chat_id=known_as("a")) + b"\n"]))
    one_pass(tmp_path, "--log-path", "access.log")
    state = json.loads((tmp_path / "sessions" / ".state.json").read_bytes())
    counts = [each["coverage"].get("passed_over") for each in state["views"][""]["generations"]]

    assert taken(tmp_path, "gateway") == [known_as(f"g{at}") for at in range(number)]
    assert taken(tmp_path, "claude-code:s1") == [*map(known_as, ["a", "b"])]
    assert [each for each in counts if each] == [{"recorded_elsewhere": 1}]


def test_ids_that_others_may_have(tmp_path, agent):
    """A server that takes numbers at random gives one to many answers: each counts, its copies do not, and no gateway's line is left for it."""

    def numbered(at, session="s1", output=10):
        return answer("a", at, output, sessionId=session).replace(known_as("a"), "chatcmpl-12")

    write(agent, numbered(0, output=1) + numbered(1) + answer("b", 2) + numbered(3) + answer("c", 4))
    write(agent, numbered(0, "s2") + numbered(1, "s2") + answer("d", 5, sessionId="s2") + numbered(9, "s2"), "b.jsonl")
    assert imported(tmp_path / "sessions", "claude-code", agent).calls == 6
    assert imported(tmp_path / "sessions", "claude-code", agent).calls == 0
    os.unlink(tmp_path / "sessions" / data_folder.IMPORTS)
    assert imported(tmp_path / "sessions", "claude-code", agent).calls == 0
    (tmp_path / "access.log").write_bytes(calls.line("gateway", ["says"], chat_id="chatcmpl-12") + b"\n")
    one_pass(tmp_path, "--log-path", "access.log")

    assert outputs(tmp_path / "sessions") == {"chatcmpl-12": 10, "b": 10, "c": 10, "d": 10}
    assert taken(tmp_path, "gateway") == ["chatcmpl-12"]


def test_while_somebody_watches(tmp_path, agent):
    """What the gateway logs between two looks is left as well; so is what a proxy recorded."""
    importing = Importing(str(tmp_path / "sessions"), clock=lambda: LONG_AGO * 2)
    wanted = [WantedAgent(places.AGENTS["claude-code"], [str(agent)])]
    with importing.held():
        write(agent, answer("a"))
        assert importing.run(wanted)["claude-code"].calls == 1
        (tmp_path / "access.log").write_bytes(calls.line("gateway", ["says"], chat_id=known_as("b")) + b"\n")
        one_pass(tmp_path, "--log-path", "access.log")
        proxied = RecordedCall("s", LONG_AGO * 1000, "/v1/messages", "proxy", call_id=known_as("c"))
        recorded_log.append(str(tmp_path / "sessions"), [log_line.line(proxied)])
        write(agent, "".join(map(answer, "abcd")), seconds=LONG_AGO + 1)
        again = importing.run(wanted)["claude-code"]

    assert names(tmp_path / "sessions") == ["a", "c", "d"]
    assert (again.calls, again.logged, again.repeated) == (1, 1, 2)


def test_what_is_piped_is_left_too(tmp_path, agent):
    """A gateway's log that comes on standard input has the same calls."""
    write(agent, answer("a"))
    imported(tmp_path / "sessions", "claude-code", agent)
    command = [sys.executable, ROOT / "main.py", "--log-path", "-", "--output-dir", tmp_path / "sessions"]
    lines = b"".join(calls.line("gateway", ["says"], chat_id=known_as(name)) + b"\n" for name in "ab")
    subprocess.run(command, input=lines, check=True, capture_output=True)

    assert taken(tmp_path, "gateway") == [*map(known_as, ["b"])]


# --- Hostile files -----------------------------------------------------------------------------------------------------


def test_hostile_files(tmp_path, agent, monkeypatch):
    """Links, pipes, folders, lines that are huge, deep or no JSON: none of them costs the calls beside it."""
    monkeypatch.setattr("session_monitor.importers.agents.json_lines.LONGEST", 10_000)
    deep = '{"usage":"assistant","a":' + "[" * 100_000 + "]" * 100_000 + "}\n"
    huge = '{"usage":"assistant","a":"' + "x" * 50_000 + '"}\n'
    odd = [
        answer("half\ud800", 2),
        answer("number", 3).replace('"output_tokens": 10', '"output_tokens": ' + "9" * 5000),
        answer("list", 4).replace('"message": {', '"message": [{').replace("}}\n", "}]}\n"),
        answer("when", 5).replace("2026-05-01", "never"),
        answer("bytes", 6).replace("bytes", "byt\\u0000es"),
    ]
    write(agent, answer("a") + deep + huge + "\x00\x01\n" + "".join(odd) + answer("b", 9))
    (agent / "projects" / "link.jsonl").symlink_to(write(tmp_path_with(agent), answer("secret"), "x.jsonl"))
    os.mkfifo(agent / "projects" / "pipe.jsonl")
    (agent / "projects" / "folder.jsonl").mkdir()
    (agent / "projects" / "round").symlink_to(agent / "projects")
    done = imported(tmp_path / "data", "claude-code", agent)

    assert names(tmp_path / "data") == ["a", "half\ud800", "byt\0es", "b"]
    assert done.passed_over["too_long"] >= 1
    assert done.passed_over["undated"] == 1


def tmp_path_with(agent):
    """Another folder beside the agent's."""
    other = agent.parent / "other"
    (other / "projects").mkdir(parents=True)
    return other


def test_a_folder_that_may_not_be_read(tmp_path, agent):
    """What is not there is told, and costs nothing else."""
    write(agent, answer("a"))
    done = imported(tmp_path / "data", "claude-code", agent, tmp_path / "nowhere")

    assert (done.calls, done.passed_over) == (1, {"not_a_file": 1})


def test_usual_places(tmp_path):
    """An agent's variable says where its files are, alone; else they are at home."""
    agent = places.AGENTS["claude-code"]
    home = {"HOME": str(tmp_path)}

    assert places.roots(agent, home) == [f"{tmp_path}/.config/claude", f"{tmp_path}/.claude"]
    assert places.roots(agent, {**home, "CLAUDE_CONFIG_DIR": "/a, /b"}) == ["/a", "/b"]
    assert places.roots(places.AGENTS["opencode"], {**home, "XDG_DATA_HOME": "/x"})[0] == "/x/opencode"


def test_stopping_keeps_what_was_read(tmp_path, agent):
    """Somebody who asks for an end gets it after the file that is being read."""
    for name in ("a", "b"):
        write(agent, answer(name), f"{name}.jsonl")
    asked = iter([False, True])
    importing = Importing(str(tmp_path / "data"), stop=lambda: next(asked), clock=lambda: LONG_AGO * 2)
    with importing.held():
        importing.run([WantedAgent(places.AGENTS["claude-code"], [str(agent)])])

    assert len(names(tmp_path / "data")) == 1
    imported(tmp_path / "data", "claude-code", agent)
    assert sorted(names(tmp_path / "data")) == ["a", "b"]
