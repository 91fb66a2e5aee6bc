"""How commands fail: in words, as JSON, and in the exit code."""

from __future__ import annotations

import errno
import json
import os
from unittest import mock

import pytest

from session_monitor.base import data_folder
from session_monitor.sessions import deleted
from session_monitor.sessions.write_lock import MonitorsLock
from session_monitor.upkeep import verification
from tests.support.command_line import run
from tests.support.maintenance import left


def test_failures_as_json(weather, tmp_path):
    """With --json a failure has a code for scripts on stdout, and its words on stderr as well."""
    for arguments, status, code in (
        (["show", "mian", "--data-dir", weather], 3, "session_not_found"),
        (["list", "--data-dir", tmp_path / "none"], 1, "no_data"),
        (["list", "--data-dir", weather, "--since", "soon"], 2, "bad_time"),
        (["list", "--data-dir", weather, "--since", "2026-02-02", "--until", "2026-02-01"], 2, "bad_time"),
        (["summary", "--data-dir", weather, "--timezone", "Nowhere"], 2, "bad_timezone"),
        (["whatif", "last", "--model", "nothing-1", "--data-dir", weather], 3, "model_not_found"),
    ):
        done = run(*arguments, "--json")

        assert done.returncode == status
        assert json.loads(done.stdout)["error"]["code"] == code
        assert json.loads(done.stdout)["error"]["message"] in done.stderr


# -- where session files cannot be changed -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [("delete", "agent:main:1", "--yes"), ("prune", "--older-than", "30d", "--yes"), ("repair",)]
)
def test_a_lock_that_is_held_elsewhere(run_on_five, five_sessions, command):
    """Who waits in vain is told for what, and nothing is changed."""
    path = five_sessions / "agent:main:1.json"
    if command == ("repair",):
        path.write_bytes(path.read_bytes()[:-5])
    data = path.read_bytes()
    with MonitorsLock(str(five_sessions)).held():
        code, out, err = run_on_five(*command)

    assert (code, out) == (1, "")
    assert "another process has been changing session files" in err
    assert str(five_sessions / data_folder.WRITE_LOCK) in err
    assert path.read_bytes() == data


def test_a_folder_that_is_not_there(run_on_five, five_sessions, tmp_path):
    """It is said, and no folder is made."""
    for command in (("delete", "x", "--yes"), ("prune", "--older-than", "1d", "--yes"), ("repair",)):
        code, _, err = run_on_five(command[0], "--data-dir", str(tmp_path / "none"), *command[1:])
        assert (code, err) == (
            1,
            f"cli.py: there is no folder {tmp_path / 'none'}: name the one that main.py writes to with --data-dir\n",
        )
    assert not (tmp_path / "none").exists()


def test_a_file_that_cannot_be_read(run_on_five, five_sessions, monkeypatch):
    """It is named; where the system names none, the data folder is."""
    path = str(five_sessions / "agent:main:1.json")
    for named, told in ((path, path), (None, str(five_sessions))):
        error = OSError(errno.EIO, "Input/output error", *([named] if named else []))
        monkeypatch.setattr(verification, "verify", mock.Mock(side_effect=error))

        code, out, err = run_on_five("verify")

        assert (code, out) == (1, "")
        assert err == f"cli.py: {told}: Input/output error. See that this user may read it\n"


def test_a_damaged_list_of_deleted_sessions(run_on_five, five_sessions):
    """Nothing is deleted, and it is said what to do."""
    (five_sessions / data_folder.DELETED).write_bytes(b"junk")

    code, _, err = run_on_five("delete", "agent:main:1", "--yes")

    assert code == 1
    assert f"{data_folder.DELETED} is damaged" in err
    assert left(five_sessions) == "12345"


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.EACCES, "See that this user may write there"), (errno.ENOSPC, "Make room there")],
)
def test_a_folder_that_may_not_be_written(run_on_five, five_sessions, monkeypatch, number, advice):
    """It is said, with what to do, and nothing is deleted."""

    def write(of, _found):
        raise OSError(number, os.strerror(number), of)

    monkeypatch.setattr(deleted, "write", write)

    code, _, err = run_on_five("delete", "agent:main:1", "--yes")

    assert (code, err) == (1, f"cli.py: {five_sessions}: {os.strerror(number)}. {advice}\n")
    assert left(five_sessions) == "12345"
