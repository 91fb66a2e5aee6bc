"""Each kind of finding is said in a sentence, and says what to do."""

from __future__ import annotations

import re

import pytest

from session_monitor.insight import all_findings, wording
from session_monitor.insight.basis import limits
from session_monitor.insight.basis.finding import INFO, Finding
from session_monitor.reports.report import Report
from tests.support import corpus
from tests.support.calls import BOOK
from tests.support.judged import ingested


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    """All that is found in the labelled sessions."""
    folder = ingested(tmp_path_factory.mktemp("corpus"), corpus.log_of(corpus.cases()))
    return [row.finding for row in all_findings.across(Report(str(folder), BOOK, now=0), limit=None).rows]


def test_details_fill_the_words(every):
    """No finding lacks what its words need; they say something else than what to do."""
    for finding in every:
        words, advice = wording.words(finding), wording.advice(finding)
        assert words
        assert "?" not in words.replace(" ? ", "")
        assert "?" not in advice
        assert "{" not in words + advice
        assert words != advice
        assert not re.search(r"(?<!\d)1 (?:calls|times|answers|rounds|tokens)\b", words.replace("round 1 ", ""))


@pytest.mark.parametrize("kind", limits.kinds())
def test_what_is_not_known(kind):
    """Without any details a sentence is said all the same."""
    bare = Finding(kind, INFO, 3, 4, (3, 4))

    assert isinstance(wording.words(bare), str)
    assert isinstance(wording.advice(bare), str)


def test_for_programs():
    """All of it, money as decimal text, a time as RFC 3339, and None for what is not known."""
    finding = Finding("cycle", INFO, 3, 9, (3, 4), 0, 10, 2_500_000_000, details={"period": 2, "times": 3})
    found = wording.to_json(finding)

    assert (found["kind"], found["group"], found["severity"]) == ("cycle", "stuck", "info")
    assert (found["first_round"], found["last_round"], found["rounds"]) == (3, 9, [3, 4])
    assert (found["at"], found["cost_usd"], found["tokens"]) == ("1970-01-01T00:00:00.000Z", "0.0025", 10)
    assert wording.to_json(finding._replace(at=None, pico=None))["cost_usd"] is None
