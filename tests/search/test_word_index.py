"""How is there an index of all words that were said?

What is found by it is told in test_query.py.
"""

from __future__ import annotations

from session_monitor.index import access
from session_monitor.search import indexed_rounds, word_index
from tests.support.calls import BOOK
from tests.support.indexes import silent
from tests.support.stored_rounds import keep, round_of


def test_no_gap_is_left_between_those_of_a_session(tmp_path):
    """What another search has put in of a session in the meantime stays one span of its rounds."""
    folder = keep(tmp_path, "s", *(round_of(number) for number in range(1, 9)))

    def question(index):
        """Rounds 1 to 3 are in, when 5 to 8 would be put in before all others, and again when 2 to 5 would be behind."""
        (rounds,) = indexed_rounds.changed(index, -1)
        told = list(word_index.texts(index.folder, rounds))
        with word_index.in_memory() as db:
            word_index.put(db, told[:3])
            before = list(word_index._unknown(db, told[4:], is_older=True))
            behind = [each.number for each in word_index._unknown(db, told[1:5], is_older=False)]
        return before, behind

    assert access.ask(str(folder), BOOK, question, silent) == ([], [4, 5])
