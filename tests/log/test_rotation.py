"""Which files belong to a log, and which of them is older?"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from session_monitor.log import rotation

TABLE = json.loads((Path(__file__).parent / "data" / "siblings.json").read_text())


def make(folder, *names):
    """Files of these names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def found(*patterns):
    """The names that belong to these logs, oldest first."""
    return [os.path.basename(place.path) for place in rotation.find([str(pattern) for pattern in patterns])]


@pytest.mark.parametrize("case", TABLE, ids=[case["what"] for case in TABLE])
def test_the_files_of_a_log_are_found_oldest_first(tmp_path, monkeypatch, case):
    """Of the names in a folder those that rotation makes of the log's are taken, in the order of their age."""
    make(tmp_path, *case["others"], *case["oldest_first"])
    assert found(tmp_path / case["log"]) == case["oldest_first"]

    monkeypatch.chdir(tmp_path)
    assert [place.path for place in rotation.find([case["log"]])] == case["oldest_first"]


@pytest.mark.parametrize("case", TABLE, ids=[case["what"] for case in TABLE])
def test_the_live_log_and_the_compressed_ones_are_marked(tmp_path, case):
    """Only the log's own name is written to, and a compressed file says how."""
    make(tmp_path, *case["oldest_first"])
    for place in rotation.find([str(tmp_path / case["log"])]):
        assert place.is_live == (os.path.basename(place.path) == case["log"])
        assert place.path.endswith(place.compressed)
        assert bool(place.compressed) == place.path.endswith((".gz", ".bz2", ".xz"))


def test_folders_are_no_files_of_a_log(tmp_path):
    """A folder with a rotated file's name is passed over."""
    make(tmp_path / "access.log.1")
    make(tmp_path, "access.log")
    assert found(tmp_path / "access.log") == ["access.log"]


def test_a_log_that_is_not_there_has_no_files(tmp_path):
    """Neither a missing file, nor a missing folder, nor a file in place of the folder is an error."""
    make(tmp_path, "file")
    assert found(tmp_path / "access.log", tmp_path / "no" / "access.log", tmp_path / "file" / "access.log") == []


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path, monkeypatch):
    """Where we may not look we do not say that there is nothing."""

    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    make(tmp_path, "access.log")
    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(PermissionError):
        found(tmp_path / "access.log")


def test_a_symlinked_log_brings_the_siblings_of_both_names(tmp_path):
    """Rotated files are looked for beside the link and beside what it leads to."""
    make(tmp_path / "real", "current", "current.1", "current.2.gz")
    make(tmp_path / "links", "access.log.1")
    (tmp_path / "links" / "access.log").symlink_to("../real/current")

    paths = [place.path for place in rotation.find([str(tmp_path / "links" / "access.log")])]

    assert set(paths) == {
        str(tmp_path / name)
        for name in ("links/access.log", "links/access.log.1", "real/current", "real/current.1", "real/current.2.gz")
    }
    names = [os.path.basename(path) for path in paths]
    assert names.index("current.2.gz") < names.index("current.1") < names.index("current")


def test_a_symlinked_folder_is_followed(tmp_path):
    """Also where a folder on the way is a link, no file is missed."""
    make(tmp_path / "real", "access.log", "access.log.1")
    (tmp_path / "link").symlink_to("real")
    real = {os.path.realpath(place.path) for place in rotation.find([str(tmp_path / "link" / "access.log")])}
    assert real == {str(tmp_path / "real" / "access.log"), str(tmp_path / "real" / "access.log.1")}


def test_a_glob_names_several_logs(tmp_path):
    """Each log that a glob names is found with its rotated files, one log after the other."""
    make(tmp_path / "a", "access.log", "access.log.1")
    make(tmp_path / "bb", "access.log", "access.log.1", "error.log")

    paths = [place.path for place in rotation.find([str(tmp_path / "*" / "access.log")])]

    names = ("a/access.log.1", "a/access.log", "bb/access.log.1", "bb/access.log")
    assert paths == [str(tmp_path / name) for name in names]


def test_a_glob_that_names_rotated_files_too_changes_nothing(tmp_path):
    """Rotated files are in their log's order, not logs of their own, and each comes once."""
    make(tmp_path, "access.log", "access.log.1", "access.log.2.gz", "access.log.10")
    expected = ["access.log.10", "access.log.2.gz", "access.log.1", "access.log"]
    assert found(tmp_path / "access.log*") == expected
    assert found(tmp_path / "access.log", tmp_path / "access.log*", tmp_path / "access.log.1") == expected


def test_a_glob_that_names_nothing_is_no_error(tmp_path):
    """A glob without a match has no files, and a file that is spelled like a glob is that file."""
    assert found(tmp_path / "*.log") == []
    make(tmp_path, "access[1].log", "access1.log")
    assert found(tmp_path / "access[1].log") == ["access[1].log"]


def test_the_folders_are_those_named_or_the_environments(tmp_path, monkeypatch):
    """Named ones go first; they are real ones, and of those that are empty none is taken for the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("real")
    environment = {rotation.ALLOW_VARIABLE: os.pathsep.join(["/logs", "", "link"])}
    assert rotation.allowed_folders([], environment) == ["/logs", str(tmp_path / "real")]
    assert rotation.allowed_folders(["here"], environment) == [str(tmp_path / "here")]
    assert rotation.allowed_folders([], {}) == rotation.allowed_folders((), {rotation.ALLOW_VARIABLE: ""}) == []
