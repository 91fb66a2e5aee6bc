"""What is new since the last look."""

from __future__ import annotations

import pytest

from session_monitor.conversations import follow
from session_monitor.conversations.conversation import Wanted
from session_monitor.sessions import session_file
from tests.support.talking import LONG_ID, Folder, between


@pytest.fixture
def folder(tmp_path):
    """A folder with two sessions."""
    folder = Folder(tmp_path)
    folder.talk("a", "a", "a", "a", LONG_ID)
    return folder


def test_changes():
    """Of values that stay the same only the first is told, also where it is None."""
    assert list(follow.changes([None, None, 1, 1, 2, 1])) == [None, 1, 2, 1]
    assert list(follow.changes([])) == []


def test_looks():
    """The first look is at once, and there is another one for as long as the pause says so."""
    taken = []
    assert list(follow.looks(lambda: taken.append(1) or len(taken), between(list, list))) == [1, 2, 3]


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        (Wanted(newest=3), [2, 3, 4]),
        (Wanted(), [1, 2, 3, 4]),
        (Wanted(2, 3), [2, 3]),
        (Wanted(9), []),
        (Wanted(newest=99), [1, 2, 3, 4]),
    ],
)
def test_rounds_as_they_come(folder, wanted, first):
    """After the rounds that are wanted each new one comes once, however many there are between two looks."""
    steps = (lambda: folder.talk("a"), lambda: None, lambda: folder.talk("a", LONG_ID, "a"), lambda: folder.talk("b"))

    assert folder.rounds("a", wanted) == first
    assert folder.rounds("a", wanted, *steps) == [*first, 5, 6, 7]


def test_only_new_rounds_are_read(folder, monkeypatch):
    """No round is read from the file a second time."""
    read = []
    real = session_file.round_in
    monkeypatch.setattr(session_file, "round_in", lambda line: read.append(real(line)) or read[-1])

    assert folder.rounds("a", Wanted(newest=1), lambda: None, lambda: folder.talk("a")) == [4, 5]
    assert [each["round"] for each in read] == [4, 5]


def test_a_session_that_goes_away(folder):
    """A session that is deleted meanwhile ends it."""
    seen = follow.rounds(folder.reports, "a", Wanted(), between((folder.path / "a.json").unlink))

    assert [next(seen)[0]["round"] for _ in range(4)] == [1, 2, 3, 4]
    with pytest.raises(follow.SessionGoneError):
        next(seen)


def test_rounds_that_were_taken_back(folder):
    """Where a torn file was mended, the rounds that come again are told again, and none before them."""
    whole = (folder.path / "a.json").read_bytes()

    def tear():
        # As a monitor leaves it: the last round is gone, and the index knows.
        (folder.path / "a.json").write_bytes(whole[: whole.index(b',{"round":4')])
        folder.forget_index()

    def mend():
        (folder.path / "a.json").write_bytes(whole)
        folder.forget_index()

    assert folder.rounds("a", Wanted(newest=1), tear, lambda: None, mend) == [4, 4]
