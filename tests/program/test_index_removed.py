"""The index may be deleted at any time, as docs/FILES.md says: beside a monitor, readers and an open page."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from session_monitor.base import data_folder
from tests.support import calls
from tests.support.waiting import until
from tests.support.webserving import serving

ROOT = Path(__file__).resolve().parent.parent.parent
REMOVALS = 25
PARTS = {"main": ("",), "log": ("-wal",), "memory": ("-shm",), "all": ("", "-wal", "-shm", "-made")}


def started(program, *arguments):
    """A process of the project's."""
    command = [sys.executable, ROOT / program, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process):
    """Its exit code, what it wrote and what it said."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS.keys())
def test_it_is_removed_again_and_again(tmp_path, parts):
    """Nobody dies of it or says so, every answer is one, and in the end each call is there once."""
    log, out = tmp_path / "access.log", tmp_path / "sessions"
    log.write_bytes(calls.line("s0") + b"\n")
    arguments = ["--log-path", log, "--output-dir", out, "--quiet"]
    assert ended(started("main.py", *arguments, "--once"))[0] == 0
    follows = started("main.py", *arguments, "--follow", "--refresh-interval", "0.02")
    answers, is_over = [], threading.Event()

    def read():
        while not is_over.is_set():
            answers.append(ended(started("scripts/cli.py", "list", "--json", "--data-dir", out)))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with serving(out) as page, open(log, "ab", 0) as gateway:
            for number in range(1, REMOVALS + 1):
                gateway.write(calls.line(f"s{number % 7}", [str(number)]) + b"\n")
                until(lambda: follows.poll() is not None or _is_there(out, parts), "there is an index")
                for part in parts:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(out / (data_folder.INDEX + part))
                assert page.ask("/api/sessions").status == 200
            assert follows.poll() is None
    finally:
        is_over.set()
        reader.join()
        follows.send_signal(signal.SIGTERM)
    code, _, told = ended(follows)
    assert code == 0
    assert all("the index cannot be kept" in line for line in told.splitlines())  # for a moment, and that is said
    assert {(code, err) for code, _, err in answers} == {(0, "")}
    assert ended(started("main.py", *arguments, "--once"))[0] == 0
    listed = json.loads(ended(started("scripts/cli.py", "list", "--json", "--data-dir", out))[1])["data"]
    assert sum(row["messages_count"] for row in listed) == REMOVALS + 1
    assert ended(started("scripts/cli.py", "verify", "--data-dir", out))[0] == 0


def _is_there(out, parts):
    return all(os.path.lexists(out / (data_folder.INDEX + part)) for part in parts)
