"""Tests of base/data_folder.py: how the files of a data folder are called, and whether a monitor is at work there."""

from __future__ import annotations

import os

from session_monitor.base import data_folder, files
from session_monitor.sessions import file_names


def test_no_session_is_called_like_another_file():
    """Whatever a session's id, its file is none of the folder's others."""
    others = [value for name, value in vars(data_folder).items() if name.isupper() and value.startswith(".")]
    assert len(others) == 11
    for name in others:
        assert not file_names.is_session(name)
        assert name not in (file_names.file_name(name), file_names.file_name(name.removesuffix(".json")))


def test_a_monitor_is_at_work_while_it_holds_its_lock(tmp_path):
    """Not before, not after, and not because a lock file is there."""
    folder = str(tmp_path)
    assert not data_folder.is_monitor_at_work(folder)
    with files.lock(os.path.join(folder, data_folder.LOCK), "a monitor"):
        assert data_folder.is_monitor_at_work(folder)
    assert (tmp_path / ".lock").exists()
    assert not data_folder.is_monitor_at_work(folder)


def test_where_read_positions_are_kept(tmp_path):
    """In the folder itself, under a name that cron jobs and scripts may rely on."""
    assert data_folder.state_file(str(tmp_path)) == str(tmp_path / ".state.json")
