"""How is a stored round read where it stands?"""

from __future__ import annotations

import os

import pytest

from session_monitor.sessions import file_names, session_file
from session_monitor.sessions.rounds import (
    Place,
    all_rounds,
    open_session,
    round_at,
    rounds_at,
    with_all_messages,
    with_the_one_before,
)
from session_monitor.sessions.session_file import NotASessionFileError
from session_monitor.sessions.store import Store
from tests.support.calls import call, conversation, in_log, message

NAME = file_names.file_name("s")
LISTS = [["a"], ["a", "b"], ["a", "b", "c"], ["new"], ["new", "d"]]


@pytest.fixture
def folder(tmp_path):
    """A data folder with one session, of calls that sent these lists."""
    store = Store(str(tmp_path))
    for each in in_log(call("s", texts) for texts in LISTS):
        assert store.add(*each)
    store.flush()
    return str(tmp_path)


@pytest.fixture
def file(folder):
    """Its file, open."""
    with open_session(folder, NAME) as opened:
        yield opened


def places_of(file):
    """Where its rounds stand."""
    session_file.read_header(file)
    facts, _ = session_file.read_facts(file)
    return [
        Place(NAME, each["round"], start, length, each.get("messages_from_history", 0)) for each, start, length in facts
    ]


def test_all_rounds(file):
    """Each round comes once, in its order, from wherever the file stands."""
    for _ in range(2):
        assert [each["round"] for each in all_rounds(file)] == [1, 2, 3, 4, 5]


def test_what_is_no_session_file_has_no_rounds(tmp_path):
    """A file of something else is told, not read as a session without rounds."""
    (tmp_path / "x.json").write_bytes(b"{}\n")
    with open_session(str(tmp_path), "x.json") as file, pytest.raises(NotASessionFileError):
        next(all_rounds(file))


def test_a_name_that_is_no_utf_8(tmp_path):
    """A file is opened by the name that the index has for it, whatever its bytes are."""
    path = os.path.join(os.fsencode(tmp_path), b"\xff.json")
    try:
        with open(path, "wb") as file:
            file.write(session_file.header("s"))
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    with open_session(str(tmp_path), os.fsdecode(b"\xff.json")) as file:
        assert list(all_rounds(file)) == []


def test_rounds_are_found_at_their_places(file):
    """A place leads to its round alone, in any order, and several places to their rounds in a row."""
    stored, places = list(all_rounds(file)), places_of(file)

    assert [round_at(file, place) for place in reversed(places)] == stored[::-1]
    for first in range(len(places)):
        for end in range(first, len(places) + 1):
            assert list(rounds_at(file, places[first:end])) == stored[first:end]


def test_what_stands_there_no_more_is_left_out(folder, file):
    """Where a line is not whole, is another round's, or the file ends before it, there is no round, and none behind it."""
    places = places_of(file)
    moved = places[2]._replace(number=4)
    inside = places[2]._replace(start=places[2].start + 1)
    short = places[2]._replace(length=places[2].length - 1)

    for wrong in (moved, inside, short):
        assert round_at(file, wrong) is None
        assert [each["round"] for each in rounds_at(file, [*places[:2], wrong, *places[3:]])] == [1, 2]
    os.truncate(os.path.join(folder, NAME), places[3].start + 10)
    with open_session(folder, NAME) as cut:
        assert [each["round"] for each in rounds_at(cut, places)] == [1, 2, 3]


def test_each_round_with_the_one_before(file, monkeypatch):
    """The round before is the one at the place that is given for it; of rounds in a row each is read once."""
    stored, places = list(all_rounds(file)), places_of(file)
    lines = []
    real = session_file.round_in
    monkeypatch.setattr(session_file, "round_in", lambda line: lines.append(line) or real(line))

    assert list(with_the_one_before(file, zip(places, [None, *places]))) == list(zip(stored, [None, *stored]))
    assert len(lines) == len(places)

    apart = [(places[4], places[3]), (places[1], places[0])]
    assert list(with_the_one_before(file, apart)) == [(stored[4], stored[3]), (stored[1], stored[0])]
    gone = places[2]._replace(number=9)
    assert list(with_the_one_before(file, [(places[3], gone), (gone, places[1])])) == [
        (stored[3], None),
        (None, stored[1]),
    ]


def test_rounds_with_all_messages(file):
    """Each round has the list that its call sent, and still says how much of it is shared; what was read is not changed."""
    stored = list(all_rounds(file))

    full = list(with_all_messages(stored))

    assert [each["messages"] for each in full] == [[message(text) for text in texts] for texts in LISTS]
    assert [each.get("messages_from_history") for each in full] == [
        each.get("messages_from_history") for each in stored
    ]
    assert stored == list(all_rounds(file))
    assert [each["answer"] for each in full] == [each["answer"] for each in stored]


def test_with_all_messages_what_holds_them_already_stays(tmp_path):
    """Rounds of a monitor that keeps all messages are the same with all of them."""
    store = Store(str(tmp_path), full_messages=True)
    for each in in_log(conversation("s", 4)):
        store.add(*each)
    store.flush()

    with open_session(str(tmp_path), NAME) as file:
        stored = list(all_rounds(file))

    assert list(with_all_messages(stored)) == stored
