"""What a run leaves for others: where it looked, and what it lacks, which is said anew only after a day."""

from __future__ import annotations

import os

import pytest

from session_monitor.base import data_folder, last_run
from session_monitor.base.last_run import AGAIN, LastRun

NOW = 1_800_000_000_000


def test_it_is_read_as_it_was_written(tmp_path, monkeypatch):
    """Paths are whole ones, whatever folder one asks from; the file is its owner's alone."""
    monkeypatch.chdir(tmp_path)
    run = LastRun(["a.log", "/b.log", "-"], "state", ["there is no a.log"])
    run.is_to_be_said(None, NOW)
    last_run.write(str(tmp_path), run)

    read = last_run.read(str(tmp_path))
    assert (read.logs, read.state_file) == ([str(tmp_path / "a.log"), "/b.log", "-"], str(tmp_path / "state"))
    assert (read.lacks, read.since, read.said) == (["there is no a.log"], NOW, NOW)
    assert os.stat(tmp_path / data_folder.LAST_RUN).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"logs": []}', '{"logs": 3, "state_file": 1, "lacks": 2}'])
def test_nothing_that_can_be_understood(tmp_path, text):
    """It is as if there had been no run; the read positions are in the usual place."""
    if text is not None:
        (tmp_path / data_folder.LAST_RUN).write_text(text)

    assert last_run.read(str(tmp_path)) is None
    assert last_run.state_file(str(tmp_path)) == data_folder.state_file(str(tmp_path))


def test_read_positions_elsewhere(tmp_path):
    """Whoever asks finds them where the last run kept them, until one keeps them in the usual place again."""
    last_run.write(str(tmp_path), LastRun([], "/elsewhere/state"))
    assert last_run.state_file(str(tmp_path)) == "/elsewhere/state"
    last_run.write(str(tmp_path), LastRun([]))
    assert last_run.state_file(str(tmp_path)) == data_folder.state_file(str(tmp_path))


@pytest.mark.parametrize(
    ("before", "later", "is_said"),
    [
        (None, 0, True),
        (["there is no a"], 60_000, False),
        (["there is no a"], AGAIN - 1, False),
        (["there is no a"], AGAIN, True),
        (["there is no a"], -60_000, True),
        (["there is no b"], 60_000, True),
        ([], 60_000, True),
    ],
)
def test_once_a_day(before, later, is_said):
    """What is new is said at once, what is still so a day after it was said; of a clock that goes back nothing is expected."""
    earlier = None
    if before is not None:
        earlier = LastRun(["/a"], lacks=before)
        earlier.is_to_be_said(None, NOW)
    run = LastRun(["/a"], lacks=["there is no a"])

    assert run.is_to_be_said(earlier, NOW + later) is is_said
    assert run.since == (NOW if before == run.lacks else NOW + later)
    assert run.said == (NOW + later if is_said else NOW)


def test_where_it_looked():
    """Other logs, or read positions elsewhere, are another place; what lacks there is none."""
    run = LastRun(["/a"], "/state", ["there is no /a"])
    assert run.is_where(LastRun(["/a"], "/state"))
    assert not any(map(run.is_where, (None, LastRun(["/b"], "/state"), LastRun(["/a"]))))


def test_nothing_lacks():
    """Then nothing is said, and nothing remembered of before."""
    earlier = LastRun(["/a"], lacks=["there is no a"])
    earlier.is_to_be_said(None, NOW)
    run = LastRun(["/a"])

    assert not run.is_to_be_said(earlier, NOW + 1)
    assert (run.since, run.said) == (None, None)


def test_a_pass_that_finds_nothing_new_writes_nothing(tmp_path):
    """The file is written where it says something else than before, and a folder that cannot be written to is no fault."""
    run = LastRun(["/a"])
    last_run.keep(str(tmp_path), run, None)
    path = tmp_path / data_folder.LAST_RUN
    before = path.stat()
    last_run.keep(str(tmp_path), LastRun(["/a"]), last_run.read(str(tmp_path)))
    assert path.stat() == before
    last_run.keep(str(tmp_path), LastRun(["/b"]), last_run.read(str(tmp_path)))
    assert last_run.read(str(tmp_path)).logs == ["/b"]
    last_run.keep(str(tmp_path / "none"), run, None)
