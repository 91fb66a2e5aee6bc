"""How is there an index of all words that were said?

What is found by it is told in test_query.py.
"""

from __future__ import annotations

import pytest

from session_monitor.index import access
from session_monitor.search import word_index
from tests.support.calls import BOOK
from tests.support.indexes import HALF_HOUR, Agent, Step, silent
from tests.support.stored_rounds import keep, round_of


def pieces_of(folder, told):
    """The rounds that would be put in, piece by piece: session, number and length of each."""

    def question(index):
        """All at once, while the index is open."""
        return [
            [(index.session_id(each.session), each.number, each.place.length) for each in piece]
            for piece in told(index)
        ]

    return access.ask(str(folder), BOOK, question, silent)


def changed(index):
    """Of all sessions, since all have changed."""
    return word_index.changed(index, -1)


def older(index):
    """Of all times, since all were before."""
    return [piece for piece, _ in word_index.older(index, word_index.NEVER) if piece]


@pytest.fixture
def folder(tmp_path):
    """A session of rounds, each longer than the one before it."""
    return keep(tmp_path, "s", *(round_of(number, answer="x" * 1000 * number) for number in range(1, 9)))


@pytest.mark.parametrize("size", [1, 3000, 9000, 10**6])
def test_pieces_are_as_large_as_they_should_be(folder, monkeypatch, size):
    """One ends with the round that makes it so large; together they have all rounds, the latest last or first."""
    monkeypatch.setattr(word_index, "PIECE", size)
    for told, latest_first, most in ((changed, False, size), (older, True, 2 * size)):
        pieces = pieces_of(folder, told)
        lengths = [[length for _, _, length in piece] for piece in pieces]

        numbers = [number for piece in pieces for _, number, _ in piece]
        assert numbers == sorted(range(1, 9), reverse=latest_first)
        assert all(sum(each) >= most for each in lengths[:-1])
        assert all(sum(each[:-1]) < most for each in lengths)


def test_no_piece_of_nothing(tmp_path):
    """Where there are no rounds there is nothing to put in."""
    (tmp_path / "none").mkdir()
    assert pieces_of(tmp_path / "none", changed) == pieces_of(tmp_path / "none", older) == []


def test_older_rounds_come_by_the_half_hour(tmp_path, monkeypatch):
    """From the latest half hour down, with the one from which on all were told; those without a time come last."""
    monkeypatch.setattr(word_index, "PIECE", 1)
    agent = Agent(tmp_path)
    agent.store(
        [Step("a", 0), Step("a", HALF_HOUR), Step("b", 3 * HALF_HOUR), Step("a", 3 * HALF_HOUR + 1), Step("c", None)]
    )

    def question(index):
        """Which rounds, and from where on all are told."""
        found = word_index.older(index, word_index.NEVER)
        return [([(index.session_id(each.session), each.number) for each in piece], slot) for piece, slot in found]

    told = access.ask(str(tmp_path), BOOK, question, silent)
    first = min(slot for _, slot in told if slot is not None)

    assert [(piece, slot and slot - first) for piece, slot in told] == [
        ([("b", 1)], word_index.NEVER - first),
        ([("a", 3)], 3),
        ([("a", 2)], 1),
        ([("a", 1)], 0),
        ([("c", 1)], None),
    ]


def test_no_gap_is_left_between_those_of_a_session(folder, tmp_path):
    """What another search has put in of a session in the meantime stays one span of its rounds."""

    def question(index):
        """Rounds 1 to 3 are in, when 5 to 8 would be put in before all others, and again when 2 to 5 would be behind."""
        (rounds,) = word_index.changed(index, -1)
        told = list(word_index.texts(index.folder, rounds))
        with word_index.in_memory() as db:
            word_index.put(db, told[:3])
            before = list(word_index._unknown(db, told[4:], is_older=True))
            behind = [each.number for each in word_index._unknown(db, told[1:5], is_older=False)]
        return before, behind

    assert access.ask(str(folder), BOOK, question, silent) == ([], [4, 5])
