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
    monkeypatch.setattr(os, "scandir", refuse)
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
    """Each log that a glob names is found with its rotated files; those of equal names come by their age."""
    make(tmp_path / "a", "access.log", "access.log.1", "access.log.2")
    make(tmp_path / "bb", "access.log", "access.log.1", "error.log")

    names = ["a/access.log.2", "a/access.log.1", "bb/access.log.1", "a/access.log", "bb/access.log"]
    assert relative(tmp_path, "*/access.log") == names
    assert relative(tmp_path, "a/access.log", "b*/*.log") == [*names, "bb/error.log"]


def relative(folder, *patterns):
    """What belongs to the logs that these relative patterns name, oldest first, as relative paths."""
    found_places = rotation.find([str(folder / pattern) for pattern in patterns])
    return [os.path.relpath(place.path, folder) for place in found_places]


@pytest.mark.parametrize(
    ("pattern", "others", "expected"),
    [
        ("gw-*/access.log", ["gw-2/access.log"], ["gw-1/access.log.1"]),
        ("gw-1/*.log", [], ["gw-1/access.log.1"]),
        ("gw-*/a*", [], ["gw-1/access.log.1"]),
        ("*.log", ["gw2.log"], ["gw1.log.2", "gw1.log.1", "gw1.log-20260201.gz"]),
        ("gw*.log", ["gw3.log.txt"], ["gw1.log.1"]),
        ("*.log", [], ["gw1.2.log.gz", "gw1.1.log.gz"]),
        ("*", [], ["access.log.2.gz", "access.log.1"]),
    ],
)
def test_a_glob_finds_a_log_whose_own_file_is_gone(tmp_path, pattern, others, expected):
    """Rotated files are enough for a log to be there, and they are its rotated ones, not logs of their own."""
    for name in [*others, *expected]:
        make((tmp_path / name).parent, os.path.basename(name))

    places = [
        place for place in rotation.find([str(tmp_path / pattern)]) if os.path.relpath(place.path, tmp_path) in expected
    ]

    assert {os.path.relpath(place.path, tmp_path) for place in places} == set(expected)
    assert not any(place.is_live for place in places)
    assert len({place.log for place in places}) == 1
    assert not os.path.exists(places[0].log)


@pytest.mark.parametrize("pattern", ["gw-*/access.log", "*/*.log", "*.log"])
def test_a_glob_finds_no_other_logs_than_it_names(tmp_path, pattern):
    """Neither those of other names, nor hidden ones, nor what only looks rotated, nor a folder."""
    make(tmp_path, "gw.txt.1", ".gw.log.1", "gw.logs.1", "gw.log.old", "log.1")
    make(tmp_path / "gw-1", "error.txt.1", ".access.log.1", "access.log.bak", "my-access.logs")
    make(tmp_path / "gw-2" / "access.log.1")
    assert relative(tmp_path, pattern) == []


def test_names_with_numbers_that_a_glob_names_are_logs(tmp_path):
    """Each that is there is written to, as far as anyone knows, and keeps its own rotated files."""
    make(tmp_path, "gw-1.log", "gw-2.log", "gw-2.log.1", "access-20260201.log", "access-20260202.log")
    places = rotation.find([str(tmp_path / "*.log")])
    assert [os.path.basename(place.path) for place in places if not place.is_live] == ["gw-2.log.1"]
    names = [os.path.basename(place.path) for place in places]
    assert names.index("access-20260201.log") < names.index("access-20260202.log")
    assert names.index("gw-2.log.1") < names.index("gw-2.log")


OLD = {
    "dates": ["access.log-20260131.gz", "access.log-20260201", "access.log-20260202"],
    "numbers": ["access.log.10.gz", "access.log.2.gz", "access.log.1"],
    "the extension at the end": ["access-20260131.log", "access-20260201.log.gz", "access.2.log", "access.1.log"],
}


@pytest.mark.parametrize("style", OLD)
@pytest.mark.parametrize("pattern", ["old/access*", "old/*", "old/access.log", "o*/acc*", "old/access[.-]*"])
@pytest.mark.parametrize("live_first", [True, False])
def test_a_folder_for_old_logs_holds_the_older_ones(tmp_path, style, pattern, live_first):
    """What lies there comes before the log itself, the oldest first, whichever is named first."""
    make(tmp_path / "old", *OLD[style])
    make(tmp_path / "logs", "access.log")
    patterns = ("logs/access.log", pattern) if live_first else (pattern, "logs/access.log")
    assert relative(tmp_path, *patterns) == [*(f"old/{name}" for name in OLD[style]), "logs/access.log"]


def test_folders_for_old_logs_of_several_gateways(tmp_path):
    """Each gateway's old files come before its log, and equal days together."""
    for gateway in ("gw-1", "gw-2"):
        make(tmp_path / gateway, "access.log")
        make(tmp_path / gateway / "old", "access.log-20260201", "access.log-20260202")
    found_there = relative(tmp_path, "gw-*/access.log", "gw-*/old/access*")
    days = [f"gw-{gateway}/old/access.log-2026020{day}" for day in (1, 2) for gateway in (1, 2)]
    assert found_there == [*days, "gw-1/access.log", "gw-2/access.log"]


def test_each_folder_is_listed_once_and_each_name_read_once(tmp_path, monkeypatch):
    """However many patterns and logs there are, the work grows with the names and no faster."""
    make(tmp_path, *(f"access.log.{number}" for number in range(300)), *(f"gw-{number}.log" for number in range(300)))
    listed, read = [], []
    scandir, bases_of = os.scandir, rotation._bases_of.__wrapped__
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    monkeypatch.setattr(rotation, "_bases_of", lambda name: read.append(name) or bases_of(name))

    files = found(tmp_path / "access.log", tmp_path / "access*", tmp_path / "*.log", tmp_path / "*")

    assert len(files) == 600
    assert listed == [str(tmp_path)]
    assert len(read) <= 3 * 600


def test_a_link_that_leads_to_itself_is_no_folder(tmp_path):
    """Nor any other link that cannot be followed: its opening will tell."""
    make(tmp_path, "access.log")
    (tmp_path / "access.log.1").symlink_to("access.log.1")
    (tmp_path / "access.log.2").symlink_to("nowhere")
    (tmp_path / "access.log.3").symlink_to(tmp_path)
    assert found(tmp_path / "access.log") == ["access.log.2", "access.log.1", "access.log"]


def refusing(monkeypatch, *folders):
    """These folders cannot be listed."""
    scandir = os.scandir

    def refuse(path):
        if str(path) in map(str, folders):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)


@pytest.mark.parametrize(
    ("pattern", "is_told"),
    [
        ("closed/access.log", True),
        ("closed/*.log", True),
        ("clos*/access.log", True),
        ("*/other.log", False),
        ("*/*.log", False),
    ],
)
def test_folders_that_only_a_glob_names_may_be_closed(tmp_path, monkeypatch, pattern, is_told):
    """Of the folders that a glob happens to name those are passed over that cannot be listed; a log in one is told."""
    make(tmp_path / "closed", "access.log")
    make(tmp_path / "open", "access.log", "other.log")
    refusing(monkeypatch, tmp_path / "closed")
    errors = []
    rotation.find([str(tmp_path / pattern)], on_error=errors.append)
    assert [error.filename for error in errors] == [str(tmp_path / "closed")] * is_told


# -- which logs are named ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("logs/access.log", "logs/access.log", True),
        ("logs/access.log", "logs/access.log.1", True),
        ("logs/access.log", "logs/access-20260201.log.gz", True),
        ("logs/access.log", "logs/../logs/access.log", True),
        ("link/access.log", "logs/access.log", True),
        ("logs/access.log", "link/access.log", True),
        ("logs/access.log", "logs/acces.log", False),
        ("logs/access.log", "logs/error.log.1", False),
        ("logs/access.log", "logs/deep/access.log", False),
        ("logs/access.log", "access.log", False),
        ("gone/*/access.log", "gone/gw-1/access.log", True),
        ("gone/*/access.log", "gone/gw-1/deep/access.log", False),
        ("logs/*.log", "logs/access.log.3.xz", True),
        ("logs/access.log*", "logs/access.log.1", True),
        ("logs/a[1].log", "logs/a[1].log", True),
        ("logs/a[1].log", "logs/a1.log", True),
    ],
)
def test_which_logs_are_named(tmp_path, monkeypatch, pattern, path, expected):
    """Names alone say so, whether anything is there or not; relative ones are in the current folder."""
    make(tmp_path / "logs")
    (tmp_path / "link").symlink_to("logs")
    monkeypatch.chdir(tmp_path)
    for each in (pattern, str(tmp_path / pattern)):
        assert rotation.named_by(["other/x.log", each])(str(tmp_path / path)) is expected
        assert rotation.named_by([each])(path) is expected
    assert not rotation.named_by([])(path)


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
