"""Whoever recorded calls makes sessions of them without a monitor, once, and leaves gateways' logs to the monitor."""

from __future__ import annotations

import json
import os
import threading

from session_monitor.base import data_folder, files
from session_monitor.calls.usage import Usage
from session_monitor.monitor.take_in import take_in
from session_monitor.recording import log_line, recorded_log
from session_monitor.recording.recorded_call import RecordedCall
from tests.monitor.test_recorded import one_pass, taken
from tests.support import calls


def record(folder, *names):
    """Calls by these names."""
    made = [
        RecordedCall("own", 1_770_000_000_000, "/v1/messages", "test", model="gpt-5.2", call_id=name, usage=Usage(10))
        for name in names
    ]
    recorded_log.append(str(folder), map(log_line.line, made))


def test_each_call_once(tmp_path):
    """Over several passes, and in a folder that nobody used before; a monitor goes on from there, with both logs."""
    folder = tmp_path / "sessions"
    folder.mkdir()
    (tmp_path / "access.log").write_bytes(calls.line("gateway", ["says"], chat_id="g1") + b"\n")
    record(folder, "a", "b")

    assert take_in(str(folder)).new_rounds == 2
    assert take_in(str(folder)).new_rounds == 0
    one_pass(tmp_path, "--log-path", "access.log")
    record(folder, "c")
    assert take_in(str(folder)).new_rounds == 1
    one_pass(tmp_path, "--log-path", "access.log")

    assert taken(tmp_path) == ["a", "b", "c"]
    assert taken(tmp_path, "gateway") == ["g1"]
    assert json.loads((folder / data_folder.LAST_RUN).read_bytes())["logs"] == [str(tmp_path / "access.log")]


def test_where_a_monitor_is_at_work(tmp_path):
    """It is left to the monitor."""
    record(tmp_path, "a")
    with files.lock(os.path.join(tmp_path, data_folder.LOCK), "a monitor"):
        assert take_in(str(tmp_path)) is None
    assert take_in(str(tmp_path)).new_rounds == 1


def test_several_at_once(tmp_path):
    """Each leaves none of its calls behind: who reads for itself is waited for, as it may have looked too early."""
    folder = tmp_path / "sessions"
    folder.mkdir()

    def one(number):
        record(folder, f"a{number}", f"b{number}")
        assert take_in(str(folder)) is not None

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(taken(tmp_path)) == sorted(f"{name}{number}" for name in "ab" for number in range(6))
