"""What is unread of a log follows from the sizes of its files, also after a rotation; what nobody can say is not told."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys

import pytest

from session_monitor.base import data_folder
from session_monitor.metrics import of_log
from tests.support.calls import line
from tests.support.waiting import until
from tests.support.webserving import ROOT, ingest

LINE, NEXT = line("s", ["Hi?"]) + b"\n", line("s", ["And?"]) + b"\n"


@pytest.fixture
def log(tmp_path):
    """A log of two calls that was read."""
    path = tmp_path / "access.log"
    path.write_bytes(LINE * 2)
    ingest(path, tmp_path / "sessions")
    return path


def unread(log):
    """What is told of it."""
    return of_log.progress(str(log.parent / "sessions")).unread


def append(path, data):
    """Write at the end of a file."""
    with path.open("ab") as file:
        file.write(data)


def test_all_is_read_and_then_not(log):
    """It is what was written since."""
    assert unread(log) == 0
    append(log, LINE * 3)
    assert unread(log) == 3 * len(LINE)
    ingest(log, log.parent / "sessions")
    assert unread(log) == 0


def test_a_rotation(log):
    """What stands in the rotated file behind what was read of it is unread, and so is the new file, whole."""
    append(log, LINE)
    log.rename(f"{log}.1")
    log.write_bytes(NEXT * 2)
    assert unread(log) == len(LINE) + 2 * len(NEXT)
    ingest(log, log.parent / "sessions")
    assert unread(log) == 0
    append(log.with_name("access.log.1"), LINE)
    append(log, LINE)
    assert unread(log) == 2 * len(LINE)


def test_a_log_that_was_emptied(log):
    """It begins anew."""
    with log.open("r+b") as file:
        file.truncate(0)
    append(log, LINE)
    assert unread(log) == len(LINE)


def test_compressed_files_are_not_counted(log):
    """Their size says nothing of what they hold."""
    ingest(log, log.parent / "sessions")
    log.with_name("access.log.1.gz").write_bytes(gzip.compress(LINE * 100))
    assert unread(log) == 0


def test_a_compressed_file_that_is_named(tmp_path):
    """As above, and there is none else."""
    path = tmp_path / "old.log.gz"
    path.write_bytes(gzip.compress(LINE * 3))
    ingest(path, tmp_path / "sessions")
    assert unread(path) == 0


def test_what_nobody_can_say(log, tmp_path):
    """There is no log any more, no state file, or nothing that a run left at all."""
    state = tmp_path / "sessions" / data_folder.STATE
    text = state.read_text()
    state.write_text("{")
    assert unread(log) is None
    state.write_text(text)
    log.unlink()
    assert unread(log) is None
    assert of_log.progress(str(tmp_path / "nothing")) == (None, None, None)


def test_when_a_monitor_looked(log):
    """Each pass tells it, also one that finds nothing new."""
    folder = log.parent / "sessions"
    os.utime(folder / data_folder.LOCK, (1_000, 1_000))
    assert of_log.progress(str(folder)).polled == 1_000_000
    ingest(log, folder)
    assert of_log.progress(str(folder)).polled > 1_700_000_000_000


def test_a_monitor_that_follows_looks_again_and_again(log):
    """However quiet the log is."""
    folder = log.parent / "sessions"
    command = [sys.executable, ROOT / "main.py", "--follow", "--refresh-interval", "0.05", "--log-path", log]
    process = subprocess.Popen([*command, "--output-dir", folder], stdout=subprocess.DEVNULL)
    try:
        until(lambda: data_folder.is_monitor_at_work(str(folder)), "its start")
        for _ in range(2):
            os.utime(folder / data_folder.LOCK, (1_000, 1_000))
            until(lambda: of_log.progress(str(folder)).polled > 1_700_000_000_000, "a look")
    finally:
        process.terminate()
        process.wait(20)


def told(progress, newest, now):
    """The metrics without labels."""
    return {name: sample.value for name, sample in of_log.samples(progress, newest, now) if not sample.labels}


def test_the_lag():
    """Nothing unread is no lag, however long ago the last call is; else that is it; and what is unknown has no value."""
    assert told(of_log.LogProgress(None, 0, None), 5000, 65_000)["asm_log_lag_seconds"] == 0
    assert told(of_log.LogProgress(None, 1, None), 5000, 65_250)["asm_log_lag_seconds"] == "60.250"
    assert told(of_log.LogProgress(None, 1, None), None, 65_000) == {"asm_log_unread_bytes": 1}
    assert told(of_log.LogProgress(None, None, 7), None, 65_000) == {"asm_last_poll_timestamp_seconds": "0.007"}
