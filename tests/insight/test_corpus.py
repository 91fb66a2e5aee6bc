"""Every labelled session is judged as it is labelled, from its log's lines on."""

from __future__ import annotations

import pytest

from session_monitor.insight import session_insights
from session_monitor.reports.report import Report
from tests.support import corpus
from tests.support.calls import BOOK
from tests.support.judged import ingested

CASES = corpus.cases()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What may be asked of all these sessions, which one monitor read from one log."""
    folder = ingested(tmp_path_factory.mktemp("corpus"), corpus.log_of(CASES))
    return Report(str(folder), BOOK, now=0)


@pytest.mark.parametrize("name", CASES)
def test_a_labelled_session(report, name):
    """What is wrong in a session is found at its round; in one that is well nothing is."""
    found = session_insights.of_session(report, name)

    assert corpus.mistakes(CASES[name], found.findings) == []
