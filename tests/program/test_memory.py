"""No line of a log, up to the longest that is read, fills the memory or costs another line."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from session_monitor.calls.round import Round
from session_monitor.log.log_file import LONGEST_LINE
from session_monitor.sessions.rounds import all_rounds
from session_monitor.sessions.store import Store
from tests.support import calls

ROOT = Path(__file__).resolve().parent.parent.parent
MEGABYTE = 1 << 20
MOST = 128
"""Megabytes that a process may have at its peak, where a line explodes."""
LIMITED = 512 * MEGABYTE
"""Bytes of address space, as on a small machine."""
MEASURED = """\
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""

BIG = LONGEST_LINE - MEGABYTE


def exploding(unit):
    """The line of a call whose messages are nearly as long as a line may be."""
    return filled("[" + ",".join([unit] * (BIG // (len(json.dumps(unit)) - 1))) + "]")


def filled(messages):
    """The line of a call with these messages, as JSON."""
    return calls.line("big").replace(b"[]", json.dumps(messages)[1:-1].encode())


def run(*arguments, limited=None):
    """The exit code of a program of the project, and the megabytes that it had at its peak."""
    limits = (lambda: resource.setrlimit(resource.RLIMIT_AS, (limited, limited))) if limited else None
    program = [sys.executable, "-S", "-c", MEASURED, sys.executable, *map(str, arguments)]
    done = subprocess.run(program, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=limits)
    code, peak = map(int, done.stdout.split())
    return code, peak // (MEGABYTE if sys.platform == "darwin" else 1024)


def monitor(tmp_path, *lines, limited=None):
    """One pass over a log of these lines, with a good call before and behind them: its code, its peak, the sessions' rounds."""
    log, output = tmp_path / "access.log", tmp_path / "out"
    log.write_bytes(b"".join(line + b"\n" for line in (calls.line("good"), *lines, calls.line("good"))))
    output.mkdir()
    code, peak = run(ROOT / "main.py", "--once", "--log-path", log, "--output-dir", output, limited=limited)
    return code, peak, {path.stem: rounds_of(path) for path in output.glob("[!.]*.json")}


def rounds_of(path):
    """All rounds of a session file."""
    with open(path, "rb") as file:
        return list(all_rounds(file))


@pytest.mark.parametrize("unit", ["{}", "1", '"["', "[" * 900 + "]" * 900])
def test_a_line_that_explodes_takes_little(tmp_path, unit):
    """Its call is kept with its tokens and without its messages, two such lines take no more than one, and no other is lost."""
    code, peak, sessions = monitor(tmp_path, exploding(unit), exploding(unit))

    assert code == 0
    assert peak <= MOST
    assert [round_["left_out"] for round_ in sessions["big"]] == [["messages"]] * 2
    assert [round_["total_tokens"] for round_ in sessions["big"]] == [15, 15]
    assert len(sessions["good"]) == 2


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not limit the address space of a process")
@pytest.mark.parametrize("unit", ["{}", '"\U0001f600"'])
def test_with_little_memory_no_call_is_lost(tmp_path, unit):
    """Where a process may have 512 MB, such a line is taken, and those beside it are."""
    code, _, sessions = monitor(tmp_path, exploding(unit), limited=LIMITED)

    assert code == 0
    assert {name: len(rounds) for name, rounds in sessions.items()} == {"big": 1, "good": 2}


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not limit the address space of a process")
def test_a_text_that_does_not_fit_is_left_out(tmp_path):
    """Nothing explodes in it, and there is no room for it all the same: what else its line tells is kept."""
    wide = [{"role": "user", "content": "x" * (BIG // 2) + "\U0001f600"}] * 2
    code, _, sessions = monitor(tmp_path, filled(json.dumps(wide, ensure_ascii=False)), limited=LIMITED // 2)

    assert code == 0
    assert {name: len(rounds) for name, rounds in sessions.items()} == {"big": 1, "good": 2}
    assert (sessions["big"][0]["total_tokens"], sessions["big"][0]["left_out"]) == (15, ["messages"])


@pytest.mark.parametrize(
    "command",
    [
        ["show", "big"],
        ["show", "big", "--json", "--messages", "full"],
        ["export", "FILE", "--session", "big", "--format", "md"],
        ["search", "hello"],
    ],
)
def test_what_was_stored_before_is_read_in_little(tmp_path, command):
    """A round that an earlier version stored with all that explodes in it ends no question."""
    call = calls.call("big", ["hello"])
    assert isinstance(call, Round)
    folder = tmp_path / "data"
    folder.mkdir()
    store = Store(str(folder))
    store.add(call, ("g1", 0, 100))
    store.add(call._replace(messages=[{}] * 400_000), ("g1", 100, 200))
    store.flush()
    arguments = [tmp_path / "out.md" if each == "FILE" else each for each in command]
    code, peak = run(ROOT / "scripts" / "cli.py", *arguments, "--data-dir", folder)

    assert (code, peak <= MOST) == (0, True)
    first, second = rounds_of(folder / "big.json")
    assert "left_out" not in first
    assert (second["left_out"], second["messages"]) == (["messages"], [])
