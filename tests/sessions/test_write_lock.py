"""Whose turn is it to change session files?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from session_monitor.base import data_folder, files
from session_monitor.sessions import write_lock
from session_monitor.sessions.write_lock import BusyError, MonitorsLock, Outdated

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"
HOLDER = """\
import sys
from session_monitor.sessions import write_lock
with write_lock.changing(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_monitor_hears_once_of_what_others_did(tmp_path):
    """After any number of changes it is told so when it next has the lock, and then has it as before."""
    lock = MonitorsLock(str(tmp_path))
    with lock.held():
        pass
    for _ in range(3):
        with write_lock.changing(str(tmp_path)):
            pass

    with pytest.raises(Outdated), lock.held():
        pytest.fail("it knows nothing of the changes")
    with lock.held():
        pass
    assert (tmp_path / data_folder.WRITE_LOCK).stat().st_mode & 0o777 == 0o600


def test_what_was_done_before_it_was_started_is_no_news(tmp_path):
    """A monitor that starts has read nothing yet, so nothing it knows can be outdated."""
    with write_lock.changing(str(tmp_path)):
        pass
    lock = MonitorsLock(str(tmp_path))
    with lock.held():
        assert files.is_locked(str(tmp_path / data_folder.WRITE_LOCK))
    with write_lock.changing(str(tmp_path)):
        pass
    with pytest.raises(Outdated), lock.held():
        pytest.fail("this is news")


@pytest.mark.parametrize("content", [b"", b"junk", b"\0" * 21, None])
def test_a_lock_file_that_says_nothing(tmp_path, content):
    """Emptied, overwritten or removed, it makes the monitor look again, and goes on counting."""
    with write_lock.changing(str(tmp_path)):
        pass
    lock = MonitorsLock(str(tmp_path))
    path = tmp_path / data_folder.WRITE_LOCK
    path.unlink() if content is None else path.write_bytes(content)

    with pytest.raises(Outdated), lock.held():
        pytest.fail("it knows nothing of that")
    with lock.held():
        pass
    with write_lock.changing(str(tmp_path)):
        pass
    with pytest.raises(Outdated), lock.held():
        pytest.fail("it knows nothing of the change")


def test_a_lock_that_another_process_holds(tmp_path, monkeypatch):
    """Who waits in vain is told so; a holder that is killed holds nothing, and what it began has been counted."""
    lock = MonitorsLock(str(tmp_path))
    monkeypatch.setattr(write_lock, "PATIENCE", 0.05)
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match="another process"), write_lock.changing(str(tmp_path)):
            pytest.fail("two change session files")
        with pytest.raises(BusyError, match="another process"), lock.held():
            pytest.fail("two change session files")
        holder.kill()
    with pytest.raises(Outdated), lock.held():
        pytest.fail("it knows nothing of what was begun")
