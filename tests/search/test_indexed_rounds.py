"""Which rounds does the main index know: one of them, those of sessions that changed, those from before a time?"""

from __future__ import annotations

import pytest

from session_monitor.index import access
from session_monitor.search import indexed_rounds
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
    return indexed_rounds.changed(index, -1)


def older(index):
    """Of all times, since all were before."""
    return [piece for piece, _ in indexed_rounds.older(index, indexed_rounds.NEVER) if piece]


@pytest.fixture
def folder(tmp_path):
    """A session of rounds, each longer than the one before it."""
    return keep(tmp_path, "s", *(round_of(number, answer="x" * 1000 * number) for number in range(1, 9)))


@pytest.mark.parametrize("size", [1, 3000, 9000, 10**6])
def test_pieces_are_as_large_as_they_should_be(folder, monkeypatch, size):
    """One ends with the round that makes it so large; together they have all rounds, the latest last or first."""
    monkeypatch.setattr(indexed_rounds, "PIECE", size)
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
    monkeypatch.setattr(indexed_rounds, "PIECE", 1)
    agent = Agent(tmp_path)
    agent.store(
        [Step("a", 0), Step("a", HALF_HOUR), Step("b", 3 * HALF_HOUR), Step("a", 3 * HALF_HOUR + 1), Step("c", None)]
    )

    def question(index):
        """Which rounds, and from where on all are told."""
        found = indexed_rounds.older(index, indexed_rounds.NEVER)
        return [([(index.session_id(each.session), each.number) for each in piece], slot) for piece, slot in found]

    told = access.ask(str(tmp_path), BOOK, question, silent)
    first = min(slot for _, slot in told if slot is not None)

    assert [(piece, slot and slot - first) for piece, slot in told] == [
        ([("b", 1)], indexed_rounds.NEVER - first),
        ([("a", 3)], 3),
        ([("a", 2)], 1),
        ([("a", 1)], 0),
        ([("c", 1)], None),
    ]
