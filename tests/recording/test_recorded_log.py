"""Lines of several writers stand in the log whole, each once, whatever becomes of one of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from session_monitor.base import data_folder
from session_monitor.log import rotation
from session_monitor.recording import recorded_log
from tests.support.command_line import SCRIPTS


@pytest.fixture
def folder(tmp_path):
    """A data folder."""
    return str(tmp_path)


def text_of(folder):
    """All that stands in the log, the oldest first."""
    places = rotation.find([data_folder.recorded_log(folder)])
    return b"".join(Path(place.path).read_bytes() for place in places)


def test_lines_are_there_and_nobody_else_reads_them(folder):
    """In the order in which they came."""
    assert recorded_log.append(folder, [b"one\n", b"two\n"]) == 8
    recorded_log.append(folder, [b"three\n"])

    assert text_of(folder) == b"one\ntwo\nthree\n"
    path = data_folder.recorded_log(folder)
    assert [os.stat(each).st_mode & 0o777 for each in (path, os.path.dirname(path))] == [0o600, 0o700]
    assert data_folder.has_recorded(folder)


def test_nothing_is_written_of_nothing(folder):
    """But the log's folder is there, which a monitor looks for."""
    assert recorded_log.append(folder, []) == 0
    assert text_of(folder) == b""


def test_behind_what_was_cut_off_a_new_line_begins(folder):
    """One who was killed in the middle of a line spoils no other."""
    recorded_log.append(folder, [b"one\n"])
    with open(data_folder.recorded_log(folder), "ab") as log:
        log.write(b'{"ai_log":"{')
    recorded_log.append(folder, [b"two\n"])

    assert text_of(folder) == b'one\n{"ai_log":"{\ntwo\n'


def test_a_log_that_has_become_large_is_renamed(folder):
    """As rotations name logs, the oldest first; two within a millisecond have two names."""
    for number in range(4):
        recorded_log.append(folder, [b"%d\n" % number], largest=2, now=lambda: 1_700_000_000_123)

    names = sorted(os.listdir(os.path.join(folder, data_folder.RECORDED)))
    assert names == [f"access.log-20231114-221320-{number}" for number in (123, 124, 125, 126)]
    assert text_of(folder) == b"0\n1\n2\n3\n"


def test_a_full_disk_leaves_no_half_line(folder, monkeypatch):
    """It is told, and what was there before stays."""
    recorded_log.append(folder, [b"one\n"])
    real = os.pwrite

    def some(descriptor, data, offset):
        if offset > 4:
            raise OSError(28, "No space left on device")
        return real(descriptor, data[:3], offset)

    monkeypatch.setattr(os, "pwrite", some)
    with pytest.raises(OSError, match="No space"):
        recorded_log.append(folder, [b"two and more\n"])
    monkeypatch.undo()
    assert text_of(folder) == b"one\n"


WRITER = """
import sys
from pathlib import Path
from session_monitor.recording import recorded_log
for number in range(200):
    recorded_log.append(sys.argv[1], [f"{sys.argv[2]} {number} {'x' * 300}\\n".encode()], largest=20_000)
"""


def test_several_at_once(folder):
    """Each line is there once, whole, over all renamed logs; those of one writer in their order."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, folder, name], env=environment) for name in "abcd"]
    assert [each.wait() for each in writers] == [0] * 4

    lines = [line.split() for line in text_of(folder).decode().splitlines()]
    for name in "abcd":
        assert [number for who, number, _ in lines if who == name] == [str(number) for number in range(200)]
    assert {len(rest) for _, _, rest in lines} == {300}
    assert len(os.listdir(os.path.join(folder, data_folder.RECORDED))) > 5
