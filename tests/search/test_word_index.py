"""How is there an index of all words that were said?

What is found by it is told in test_query.py.
"""

from __future__ import annotations

import pytest

from session_monitor.index import access
from session_monitor.search import word_index
from tests.support.calls import BOOK
from tests.support.indexes import silent
from tests.support.stored_rounds import keep, round_of


def changed(folder, **options):
    """The rounds that would be put in, piece by piece: session, number and length of each."""

    def question(index):
        """All at once, while the index is open."""
        return [
            [(index.session_id(each.session), each.number, each.place.length) for each in piece]
            for piece in word_index.changed(index, -1, **options)
        ]

    return access.ask(str(folder), BOOK, question, silent)


@pytest.fixture
def folder(tmp_path):
    """A session of rounds, each longer than the one before it."""
    return keep(tmp_path, "s", *(round_of(number, answer="x" * 1000 * number) for number in range(1, 9)))


@pytest.mark.parametrize("size", [1, 3000, 9000, 10**6])
def test_pieces_are_as_large_as_they_should_be(folder, monkeypatch, size):
    """One ends with the round that makes it so large; together they have all rounds, the latest last or first."""
    monkeypatch.setattr(word_index, "PIECE", size)
    for latest_first in (False, True):
        pieces = changed(folder, latest_first=latest_first)
        lengths = [[length for _, _, length in piece] for piece in pieces]

        numbers = [number for piece in pieces for _, number, _ in piece]
        assert numbers == sorted(range(1, 9), reverse=latest_first)
        assert all(sum(each) >= size for each in lengths[:-1])
        assert all(sum(each[:-1]) < size for each in lengths)


def test_no_piece_of_nothing(tmp_path):
    """Where there are no rounds there is nothing to put in."""
    (tmp_path / "none").mkdir()
    assert changed(tmp_path / "none") == []


def test_how_much_changed(folder):
    """The bytes of all rounds of sessions that changed behind that."""
    (piece,) = changed(folder)
    total = sum(length for _, _, length in piece)
    assert access.ask(str(folder), BOOK, lambda index: word_index.size_changed(index, -1), silent) == total
    seen = access.ask(str(folder), BOOK, lambda index: word_index.size_changed(index, index.meta("change")), silent)
    assert seen == 0
