"""Are the logs there, readable, rotated, and read?"""

from __future__ import annotations

import gzip
import os

import pytest

from session_monitor.log.checkpoint import LogView
from session_monitor.upkeep import log_checks
from session_monitor.upkeep.checks import FAIL, OK, WARN, Case
from tests.support.watch import Watch, text


@pytest.fixture
def watch(tmp_path):
    """A log of which some lines were read."""
    (tmp_path / "logs").mkdir()
    found = Watch(tmp_path / "logs")
    found.append(text(1, 2))
    found.look()
    return found


def case(folder, **more):
    """What is to be looked at, with a data folder in which there is nothing."""
    return Case([], str(folder / "data"), str(folder / "state"), {}, 0.0, str(folder / "none"), **more)


def checked(watch, **more):
    """What is said of the log, and of what is beside it."""
    return list(log_checks.checks(case(watch.folder, **more), [str(watch.log)], {"": watch.view}))


# -- which logs --------------------------------------------------------------------------------------------------------


def test_the_default_log_is_looked_at_where_it_is_there(watch):
    """Else those that the monitor read last: each once, however many of its rotated files are known, and none that is gone."""
    other = watch.folder / "other" / "access.log"
    other.parent.mkdir()
    other.write_bytes(text(7))
    watch.log.rename(watch.path(".1"))
    watch.append(text(3))
    watch.name(watch.log, other)
    watch.look()
    views = {"": LogView(watch.known[:2]), "a*": LogView(watch.known[2:])}

    assert log_checks.named_logs(str(watch.folder / "none"), views) == sorted(map(str, (watch.log, other)), key=len)
    assert log_checks.named_logs(str(watch.path(".1")), views) == [str(watch.path(".1"))]
    watch.known[2].gone = True
    assert log_checks.named_logs(str(watch.folder / "none"), views) == [str(watch.log)]
    assert log_checks.named_logs(str(watch.folder / "none"), {}) == []


def test_a_log_of_which_no_file_is_left_is_not_named(watch):
    """Its state may still say that it is there; one in a folder that cannot be listed may be."""
    watch.log.unlink()
    assert log_checks.named_logs("none", {"": watch.view}) == []


@pytest.mark.parametrize(("session", "level"), [(None, FAIL), ("s.json", WARN)])
def test_no_log_at_all(tmp_path, session, level):
    """Where sessions are there it was once."""
    (tmp_path / "data").mkdir()
    if session:
        (tmp_path / "data" / session).touch()
    (check,) = log_checks.checks(case(tmp_path), [], {})

    assert (check.name, check.level) == ("log", level)
    assert check.found == f"there is no {tmp_path / 'none'}, and no state file that names another"


# -- each log ----------------------------------------------------------------------------------------------------------


def test_a_log_that_is_there(watch):
    """The size of the log itself is told, and that nothing was rotated yet."""
    watch.path(".1").write_bytes(b"")
    log, rotation = checked(watch)
    assert (log.level, log.found) == (OK, f"{watch.log}: 136 B, readable")
    assert (rotation.level, rotation.found) == (OK, f"1 rotated file beside {watch.log}, numbered, none compressed")

    watch.path(".1").unlink()
    assert checked(watch)[1] == ("rotation", OK, f"no rotated files beside {watch.log} yet", "")


def test_a_log_that_only_rotation_left(watch):
    """It is told that the gateway should write one; an empty one is told as well, unless others have something."""
    watch.log.rename(watch.path(".1"))
    log, _ = checked(watch)
    assert (log.level, log.found) == (WARN, f"only rotated files of {watch.log} are there")

    watch.append(b"")
    assert checked(watch)[0] == ("log", OK, f"{watch.log}: 0 B, readable", "")
    watch.path(".1").unlink()
    assert checked(watch)[0].found == f"{watch.log}: empty, as if no request had ever come"


def test_a_log_that_cannot_be_read(watch, monkeypatch):
    """What stands in the way is told with what helps: that it is no file, is outside, or is not for this user."""
    watch.path(".1").mkdir()
    (log, _) = checked(watch)
    assert (log.level, log.todo) == (OK, "")

    (only, _) = checked(watch, allowed=[str(watch.folder / "elsewhere")])
    assert only.level == FAIL
    assert only.found == f"{watch.log} is not read: it is outside the folders that --allow-dir permits"
    assert only.todo.startswith("permit its folder with --allow-dir")

    real = os.open

    def refused(path, *more, **options):
        """As if another user's log."""
        if str(path) == str(watch.log):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *more, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refused)
        (only, _) = checked(watch)
    assert (only.level, only.found) == (FAIL, f"{watch.log} cannot be read: Permission denied")
    assert "by the group" in only.todo

    watch.log.unlink()
    os.mkfifo(watch.log)
    (only, _) = checked(watch)
    assert (only.level, only.found) == (FAIL, f"{watch.log} is no regular file")


def test_a_folder_that_cannot_be_listed(watch, monkeypatch):
    """Rotated files could be there: it is told, and the next log is looked at."""
    other = watch.folder.parent / "other.log"
    other.write_bytes(text(1))
    real = os.scandir

    def refused(path):
        """As if this folder could not be listed."""
        if str(path) == str(watch.folder):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refused)
    found = list(log_checks.checks(case(watch.folder), [str(watch.log), str(other)], {}))
    assert [(check.name, check.level) for check in found] == [("log", FAIL), ("log", OK), ("rotation", OK)]
    assert found[0].found == f"{watch.folder} cannot be listed: Permission denied"


# -- what rotation leaves ----------------------------------------------------------------------------------------------


def test_a_file_that_is_compressed_at_once(watch):
    """What the gateway still writes is lost; not while the plain one is still beside it, nor where it comes later."""
    watch.path(".1.gz").write_bytes(gzip.compress(text(0)))
    check = checked(watch)[1]
    assert check.level == WARN
    assert check.found.endswith(
        "1 rotated file beside " + f"{watch.log}, numbered, 1 compressed, the newest of them too"
    )
    assert check.todo.startswith("add delaycompress to logrotate")

    watch.path(".1").write_bytes(text(0))
    assert checked(watch)[1].level == OK


def test_an_empty_or_damaged_newest_compressed_file(watch):
    """It is looked into where the monitor has not judged it yet; others are not, nor one that is just being made."""
    watch.path(".1").write_bytes(text(9))
    watch.path(".2.gz").write_bytes(gzip.compress(b""))
    watch.path(".3.gz").write_bytes(b"never looked into")
    check = checked(watch)[1]
    assert (check.level, check.found) == (WARN, f"{watch.path('.2.gz')} is empty")
    assert check.todo == "see whether the disk was full when such a file was made"

    watch.path(".2.gz").write_bytes(gzip.compress(text(8)))
    assert checked(watch)[1].level == OK
    watch.path(".2.gz").write_bytes(gzip.compress(os.urandom(500))[:300])
    assert " is cut off: " in checked(watch)[1].found
    watch.path(".2").write_bytes(text(8))
    assert checked(watch)[1].level == OK


def test_what_the_monitor_found_is_told(watch):
    """Its verdict on any compressed file holds; a large one without a verdict is not tried."""
    watch.path(".1").write_bytes(text(9))
    watch.path(".2.gz").write_bytes(gzip.compress(text(8)))
    watch.path(".3.gz").write_bytes(gzip.compress(os.urandom(500))[:300])
    watch.look()

    check = checked(watch)[1]
    assert check.level == WARN
    assert check.found.startswith(f"{watch.path('.3.gz')} is cut off: ")


def test_a_large_compressed_file_is_not_tried(watch, monkeypatch):
    """It takes too long to look at all of it."""
    watch.path(".1").write_bytes(text(9))
    cut = gzip.compress(os.urandom(500))[:300]
    watch.path(".2.gz").write_bytes(cut)
    monkeypatch.setattr(log_checks, "LOOK_BYTES", len(cut))
    assert checked(watch)[1].level == WARN
    monkeypatch.setattr(log_checks, "LOOK_BYTES", len(cut) - 1)
    assert checked(watch)[1].level == OK


# -- what is still to be read ------------------------------------------------------------------------------------------


def told(watch, logs=None, views=None, **more):
    """What is said of what was not read yet."""
    check = log_checks.unread(case(watch.folder, **more), logs or [str(watch.log)], views or {"": watch.view})
    return check.level, check.found


def test_how_far_the_sessions_are_behind(watch):
    """By the bytes behind what was read, of each file once, and all of those that nobody has met."""
    assert told(watch) == (OK, "all of the log has been read")
    watch.append(text(3))
    assert told(watch) == (WARN, "68 B of the log are still to be read")
    os.link(watch.log, watch.path(".2"))
    assert told(watch) == (WARN, "68 B of the log are still to be read")
    watch.path(".1").write_bytes(text(8, 9))
    assert told(watch) == (WARN, "204 B of the log are still to be read")


def test_compressed_files_are_not_looked_into(watch):
    """What the monitor knows of them is told, and how many there are of which it knows nothing."""
    watch.path(".2.gz").write_bytes(gzip.compress(text(7, 8)))
    assert told(watch)[1] == "all of the log has been read; 1 compressed file not looked into"
    watch.look(read=False)
    assert told(watch)[1] == "136 B of the log are still to be read"
    watch.look()
    assert told(watch)[1] == "all of the log has been read"


def test_where_that_is_not_known(watch, monkeypatch):
    """A file that cannot be read, and one that is just being rotated, leave it open."""
    assert told(watch, views={"a*": watch.view}) == (OK, "all of the log has been read")
    real = os.open

    def refused(error):
        """Opening the log raises it."""

        def opened(path, *more, **options):
            if str(path) == str(watch.log):
                raise error(13, "no", str(path))
            return real(path, *more, **options)

        return opened

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refused(PermissionError))
        assert told(watch) == (WARN, f"not known: {watch.log} cannot be read")
        patch.setattr(os, "open", refused(FileNotFoundError))
        assert told(watch) == (OK, "all of the log has been read")
