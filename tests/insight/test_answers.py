"""Questions about findings are answered whatever became of what is kept."""

from __future__ import annotations

import os
import zlib

import pytest

from session_monitor.base import data_folder
from session_monitor.index import side_database
from session_monitor.insight import all_findings, session_insights
from session_monitor.reports.report import NoSuchFolderError, Report
from tests.support import insights
from tests.support.calls import BOOK


@pytest.fixture
def folder(tmp_path):
    """Two sessions that repeat themselves."""
    return insights.folder_with(tmp_path, {"a": insights.looping(4), "b": insights.looping(7)})


def asked(folder):
    """All that is found."""
    return all_findings.across(Report(str(folder), BOOK, now=0))


def test_it_is_private(folder):
    """What is kept is for its user alone, and holds no word of a conversation."""
    asked(folder)
    path = folder / data_folder.INSIGHTS

    assert os.stat(path).st_mode & 0o777 == 0o600
    assert b"export const" not in path.read_bytes()
    assert b"a.ts" not in path.read_bytes()
    with insights.in_file(folder) as db:
        packed = [data for (data,) in db.execute("SELECT data FROM chunk UNION ALL SELECT names FROM session")]
    unpacked = b"".join(map(zlib.decompress, filter(None, packed)))
    assert b"read_file" in unpacked
    assert b"export const" not in unpacked
    assert b"a.ts" not in unpacked


@pytest.mark.parametrize("content", [b"junk" * 3000, b"SQLite format 3\0" + b"junk" * 3000, b""])
def test_what_is_damaged_is_made_anew(folder, content):
    """Whatever stands in its place: the answer is the same."""
    before = asked(folder)
    (folder / data_folder.INSIGHTS).write_bytes(content)

    assert asked(folder) == before
    assert insights.kept_in(folder).keys() == {"a", "b"}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE chunk SET data = x'00'",
        "UPDATE session SET names = x'01', judged_by = ''",
        "UPDATE finding SET severity = 9",
        "UPDATE finding SET kind = 'gone'",
        "UPDATE finding SET rounds = '['",
    ],
)
def test_bytes_that_have_changed(folder, damage):
    """What cannot be read any more though SQLite sees nothing is made anew; who only asks what is known is told that nothing is, or the rest."""
    before = asked(folder)
    with insights.in_file(folder) as db:
        db.execute(damage)
        db.execute("UPDATE session SET judged_by = ''")
        db.execute("UPDATE meta SET judged_by = ''")
    all_findings.known(Report(str(folder), BOOK, now=0))

    assert asked(folder) == before
    with insights.in_file(folder) as db:
        db.execute(damage)
    session_insights.of_session(Report(str(folder), BOOK, now=0), "a")
    assert asked(folder) == before


def test_another_versions_is_made_anew(folder):
    """What another version keeps means something else."""
    before = asked(folder)
    with insights.in_file(folder) as db:
        db.execute("UPDATE finding SET first = 99")
        db.execute("PRAGMA user_version = 9999")

    assert asked(folder) == before


def test_pages_that_are_damaged(folder):
    """A page that is none is noticed while it is read."""
    before = asked(folder)
    path = folder / data_folder.INSIGHTS
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))

    assert asked(folder) == before


def test_where_nothing_can_be_kept(folder, monkeypatch):
    """The sessions are judged for this question alone."""
    before = asked(folder)
    (folder / data_folder.INSIGHTS).unlink()
    monkeypatch.setattr(side_database, "_connect", lambda *_: None)

    assert asked(folder) == before
    assert not (folder / data_folder.INSIGHTS).exists()


def test_where_it_is_locked(folder, monkeypatch):
    """A question does not wait for ever for another that puts something in: it judges the sessions by itself."""
    before = asked(folder)
    with insights.in_file(folder) as db:
        db.execute("DELETE FROM session")
        db.execute("UPDATE meta SET change = -1")
        db.execute("BEGIN IMMEDIATE")
        connect = side_database._connect
        monkeypatch.setattr(side_database, "_connect", lambda path, _patience: connect(path, 0.01))

        assert asked(folder) == before


def test_something_else_in_its_place(folder):
    """A folder with its name is left alone."""
    (folder / data_folder.INSIGHTS).mkdir()

    assert asked(folder).total == 2
    assert (folder / data_folder.INSIGHTS).is_dir()


def test_no_folder(tmp_path):
    """That there is none is told as of any other question."""
    with pytest.raises(NoSuchFolderError):
        asked(tmp_path / "none")


def test_who_reads_holds_nobody_off(folder):
    """Another connection that reads what is kept leaves questions that have nothing to put in to it."""
    before = asked(folder)
    with insights.in_file(folder) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM finding").fetchone()

        assert asked(folder) == before
