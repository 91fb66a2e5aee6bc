"""Where in one session was something said?"""

from __future__ import annotations

import pytest

from session_monitor.reports.report import Report
from session_monitor.search import in_session
from tests.support.calls import BOOK
from tests.support.stored_rounds import keep, round_of


def found(folder, text, *rounds, limit=10):
    """What is found of a text in a session of these rounds."""
    report = Report(str(keep(folder, "s", *rounds)), BOOK)
    (row,) = report.sessions().rows
    return list(in_session.find(report, row, text, limit))


def test_a_place_is_where_it_stands(tmp_path):
    """The round, who said it, what stands around it, and the span of it in that; upper and lower case are one."""
    ((number, where, excerpt, spans),) = found(tmp_path, "needLE", round_of(1), round_of(2, answer="a Needle here"))

    assert (number, where, excerpt) == (2, "answer", "a Needle here")
    assert [excerpt[slice(*span)] for span in spans] == ["Needle"]


@pytest.mark.parametrize(
    ("before", "behind", "excerpt_before", "excerpt_behind"),
    [(0, 0, 0, 0), (80, 80, 80, 80), (81, 81, 80, 80), (5, 500, 5, 80), (500, 5, 80, 5)],
)
def test_so_much_stands_around_it(tmp_path, before, behind, excerpt_before, excerpt_behind):
    """Eighty characters on either side, where there are as many."""
    answer = "x" * before + "needle" + "y" * behind
    ((_, _, excerpt, spans),) = found(tmp_path, "needle", round_of(1, answer=answer))

    assert excerpt == "x" * excerpt_before + "needle" + "y" * excerpt_behind
    assert spans == [(excerpt_before, excerpt_before + 6)]


def test_a_round_is_found_once_and_no_more_than_are_asked_for(tmp_path):
    """Where it is said first; the first rounds of the session."""
    rounds = [round_of(number, question="needle", answer="needle needle") for number in (1, 2, 3)]

    assert [(number, where) for number, where, _, _ in found(tmp_path, "needle", *rounds, limit=2)] == [
        (1, "question"),
        (2, "question"),
    ]
    assert found(tmp_path, "needle", *rounds, limit=0) == []
    assert found(tmp_path, "no such", *rounds) == []
