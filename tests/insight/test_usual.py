"""What is usual for the sessions of a consumer, and for caches, as sessions have shown."""

from __future__ import annotations

import pytest

from session_monitor.insight import all_findings, usual
from session_monitor.insight.caching.lifetimes import Lifetime, Pauses
from session_monitor.insight.judging.judgement import Usual
from session_monitor.insight.usual import Seen
from session_monitor.reports.report import Report
from tests.support import insights
from tests.support.calls import BOOK
from tests.support.command_line import line, sessions


@pytest.fixture
def report(tmp_path):
    """Twenty sessions of one consumer, the last of three rounds, and few of another."""
    lines = [line(f"s{number}", number, consumer="many", model="gpt-4o") for number in range(20)]
    lines += [line("s19", 30 + number, consumer="many", model="gpt-4o") for number in range(2)]
    lines += [line("few", 40, consumer="few")]
    return Report(str(sessions(tmp_path / "sessions", *lines)), BOOK, now=0)


def test_what_is_usual(report):
    """Rounds that 95 of 100 have at most, and what the one in the middle cost; of few sessions nothing is known."""
    found = report.ask(usual.of_consumers)

    assert found.keys() == {"many"}
    assert found["many"].rounds == 1
    assert found["many"].pico == report.cost("s0").row.spending.pico


def test_it_is_looked_at_again_once_there_are_more(report, tmp_path, monkeypatch):
    """Not with every session: what is found does not change with each."""
    looked = []
    of_consumers = usual.of_consumers
    monkeypatch.setattr(usual, "of_consumers", lambda index: looked.append(1) or of_consumers(index))
    times = []
    for number, more in enumerate((1, 2, 10)):
        lines = (line(f"m{number}-{each}", 100 + 20 * number + each) for each in range(more))
        sessions(tmp_path / "sessions", *lines)
        all_findings.across(report)
        times.append(len(looked))

    assert times == [1, 1, 2]


def test_it_comes_back():
    """As it is kept."""
    seen = Seen({None: Usual(3, None), "team": Usual(1, 2)}, {("gpt-5", None, None): Lifetime(30, 5, 9, 3)})

    assert usual.unpacked(seen.packed()) == seen


def test_samples_of_sessions_add_up():
    """Twenty of them show something, fewer nothing."""
    of_one = {("gpt-5", "way", None): {3: Pauses(10, 0, 9, None)}, ("other", None, None): {1: Pauses(5, 0, 2, None)}}

    assert usual.of_caches([of_one]) == {}
    assert usual.of_caches([of_one, of_one]) == {("gpt-5", "way", None): Lifetime(20, 9, None)}


def test_they_are_kept(tmp_path):
    """What the sessions of a folder show of caches is found when that is looked at next."""
    folder = insights.folder_with(tmp_path, {"a": insights.looping(30)})
    all_findings.across(Report(str(folder), BOOK, now=0))

    assert insights.kept_in(folder)["a"][0][-1].startswith('[["gpt-5",')
