"""Tests of base/data_folder.py: how the files of a data folder are called, and whether a monitor is at work there."""

from __future__ import annotations

import os

import pytest

from session_monitor.base import data_folder, files
from session_monitor.sessions import file_names


def test_no_session_is_called_like_another_file():
    """Whatever a session's id, its file is none of the folder's others."""
    others = [value for name, value in vars(data_folder).items() if name.isupper() and str(value).startswith(".")]
    assert len(others) == 28
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


def test_a_folder_that_anybody_could_have_made(tmp_path):
    """Another user's is taken where only its owner or root can have put it there, and this user's and root's anywhere."""
    if os.geteuid() != 0:
        pytest.skip("only root can make another user's folder")
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "out")
    for owner, parent, is_taken in [
        (65533, 0o755, True),
        (0, 0o1777, True),
        (65533, 0o1777, False),
        (65533, 0o757, False),
    ]:
        os.chown(tmp_path / "out", owner, owner)
        tmp_path.chmod(parent)
        for path in (tmp_path / "out", tmp_path / "link"):
            if is_taken:
                data_folder.check_whose(str(path))
            else:
                with pytest.raises(files.OddFileError, match="stands where everybody may make folders"):
                    data_folder.check_whose(str(path))


@pytest.mark.parametrize(
    ("mode", "who"),
    [(0o700, ""), (0o755, ""), (0o1777, ""), (0o770, "its group"), (0o775, "its group"), (0o777, "everybody")],
)
def test_who_may_exchange_what_is_in_a_folder(tmp_path, mode, who):
    """Whoever may write there, unless everybody keeps what is theirs (the sticky bit)."""
    tmp_path.chmod(mode)
    assert data_folder.other_writers(str(tmp_path)) == who


def test_what_must_not_be_opened(tmp_path):
    """Each thing that has one of the folder's names, or one that begins so, and is none of its files; in their order."""
    for name in (".state.json", ".lock", ".index.sqlite3-wal", "s.json", ".state.json.unusable", ".other"):
        (tmp_path / name).mkdir()
    (tmp_path / ".prices.json").write_bytes(b"{}")

    found = list(data_folder.odd_things(str(tmp_path)))

    assert [os.path.basename(odd.filename) for odd in found] == [".index.sqlite3-wal", ".lock", ".state.json"]
    assert {odd.what for odd in found} == {"is a folder"}


def test_a_folder_that_is_unused(tmp_path):
    """It may hold what a checkout has in it, and the lock of the monitor that asks."""
    assert data_folder.is_unused(str(tmp_path))
    for name in (".gitignore", ".gitkeep", ".lock"):
        (tmp_path / name).touch()
        assert data_folder.is_unused(str(tmp_path))
    (tmp_path / "s.json").touch()
    assert not data_folder.is_unused(str(tmp_path))
