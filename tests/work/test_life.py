"""Work begins once in a place unless more is meant, is found from where one is, and ends with what came of it; at once from many sides."""

from __future__ import annotations

import os
import threading

import pytest

from session_monitor.work import life, work_file
from session_monitor.work.life import ActiveError, NoWorkError, SeveralError
from session_monitor.work.work_file import BadWorkFileError
from tests.support.repositories import Repository

NOW = 1_770_000_000_000
OWN = ("OWN",)


@pytest.fixture
def data(tmp_path):
    """A data folder."""
    folder = tmp_path / "sessions"
    folder.mkdir(mode=0o700)
    return str(folder)


@pytest.fixture
def tree(tmp_path):
    """A repository with a folder in it."""
    made = Repository(tmp_path / "tree")
    (made.folder / "below").mkdir()
    return made


def begin(data, place, name="Fix it", **options):
    """Work that begins."""
    return life.begin(data, name, str(place), now=NOW, **options)[0]


def test_one_at_a_time(data, tree, tmp_path):
    """In a repository from wherever in it; another place is another matter, and so is what is meant to go on beside."""
    first = begin(data, tree.folder / "below")
    with pytest.raises(ActiveError) as active:
        begin(data, tree.folder, "Another")
    assert active.value.pieces == [first]
    assert first.scope == str(tree.folder)

    elsewhere = begin(data, tmp_path, "Elsewhere")
    beside = begin(data, tree.folder, "Another", parallel=True)
    assert [each.session_id for each in work_file.read(data).under_way()] == [
        each.session_id for each in (first, elsewhere, beside)
    ]


def test_going_on(data, tree):
    """By its name alone: nothing else is gone on with, and where none is under way one begins."""
    made, was_there = life.begin(data, "Fix it", str(tree.folder), now=NOW, resume=True)
    assert was_there is False
    assert life.begin(data, " Fix  it ", str(tree.folder), now=NOW + 5000, resume=True) == (made, True)
    with pytest.raises(ActiveError):
        begin(data, tree.folder, "Something else", resume=True)


def test_what_was_left_behind_ends(data, tree):
    """And is told apart from what somebody ended."""
    old = begin(data, tree.folder)
    begin(data, tree.folder, "New", stale=[old.session_id])
    ended = work_file.read(data).by_id[old.session_id]
    assert (ended.is_under_way, ended.is_stale, ended.changes.files_count) == (False, True, 0)


def test_which_is_meant(data, tree, tmp_path):
    """The one of the environment, the only one here, the innermost one, or one by its id or name."""
    outer = begin(data, tmp_path, "Outer")
    inner = begin(data, tree.folder, "Inner")
    pieces = work_file.read(data)

    def meant(wanted=None, place=tmp_path, **environment):
        return life.meant(pieces, wanted, str(place), environment, OWN)

    assert meant(place=tree.folder / "below") == inner
    assert meant() == outer
    assert meant(place=tree.folder, OWN=outer.session_id) == outer
    assert meant(place=tree.folder, OWN="nobody") == inner
    assert meant("Inner") == meant(inner.session_id) == meant(inner.session_id[:7]) == inner
    with pytest.raises(SeveralError):
        meant("er-2026")
    with pytest.raises(NoWorkError) as none:
        meant("nobody")
    assert none.value.wanted == "nobody"
    with pytest.raises(NoWorkError) as none:
        meant(place="/")
    assert none.value.others == [outer, inner]

    another = begin(data, tree.folder, "Another", parallel=True)
    with pytest.raises(SeveralError) as several:
        life.meant(work_file.read(data), None, str(tree.folder), {}, OWN)
    assert several.value.pieces == [inner, another]


def test_an_end(data, tree):
    """Keeps what became of the files, and no longer what they were compared with; a second end changes nothing."""
    tree.write("kept", "dirty\n")
    made = begin(data, tree.folder)
    assert made.begun_in.dirty
    tree.write("new", "x")
    assert [each.path for each in life.so_far(made).changes.files] == ["new"]

    ended = life.end(data, made.session_id, NOW + 60_000, " done \n")
    assert (ended.seconds(0), ended.note, ended.begun_in.dirty) == (60, "done", None)
    assert [each.path for each in ended.changes.files] == ["new"]
    assert life.end(data, made.session_id, NOW + 90_000, "again") == ended
    assert work_file.read(data).by_id == {made.session_id: ended}
    with pytest.raises(NoWorkError):
        life.end(data, "nobody", NOW)


def test_without_git(data, tmp_path):
    """A folder is a place as well; of files nothing is known then, which is not none."""
    made = begin(data, tmp_path)
    assert (made.begun_in, made.scope) == (None, str(tmp_path))
    assert life.end(data, made.session_id, NOW).changes is None


def test_a_session_of_ones_own(data, tree):
    """Is taken as its id is; it has one piece of work."""
    assert begin(data, tree.folder, session_id="agent:main").session_id == "agent:main"
    with pytest.raises(ActiveError):
        begin(data, tree.folder, session_id="agent:main", parallel=True)


def test_many_at_once(data, tree):
    """Nothing of one another's is lost, and no id is given twice."""
    threads = [
        threading.Thread(target=begin, args=(data, tree.folder, "Same name"), kwargs={"parallel": True})
        for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(work_file.read(data).by_id) == 8


def test_the_file(data, tree):
    """Is private; one that has a mistake is told and stays as it is; what is forgotten is gone."""
    made = begin(data, tree.folder)
    path = work_file.path_of(data)
    assert os.stat(path).st_mode & 0o777 == 0o600
    work_file.forget(data, ["others"])
    assert work_file.read(data).by_id
    work_file.forget(data, [made.session_id])
    assert not work_file.read(data).by_id

    for text in (
        "{",
        "[]",
        '{"schema_version": 2}',
        '{"schema_version": 1, "pieces": [{}]}',
        '{"schema_version": 1, "pieces": 1}',
    ):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        with pytest.raises(BadWorkFileError, match=r"\.work\.json"):
            begin(data, tree.folder)
        with open(path, encoding="utf-8") as file:
            assert file.read() == text
