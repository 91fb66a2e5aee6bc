"""What is found in all sessions that are meant, counted and summed up."""

from __future__ import annotations

import pytest

from session_monitor.base import data_folder
from session_monitor.insight import all_findings, own_rules, session_insights
from session_monitor.insight.own_rules import DismissedFinding
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import Selection
from tests.support import insights, stored_rounds
from tests.support.calls import BOOK

SCRIPTS = {
    "long": insights.looping(8, start="2026-11-01T09:00:00Z"),
    "short": insights.looping(4, start="2026-11-03T09:00:00Z", consumer="team"),
    "well": {"steps": [{"user": "Hi", "say": "Hello"}]},
}
THIRD = 1_793_664_000_000
"""The beginning of 3 November 2026."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three sessions, one of which is well."""
    return insights.folder_with(tmp_path_factory.mktemp("found"), SCRIPTS)


def found(folder, selection=Selection(), **words):  # noqa: B008 -- it never changes
    """What is found."""
    return all_findings.across(Report(str(folder), BOOK, now=0), selection, **words)


def test_all_of_it(folder):
    """The gravest first; counts, money and sessions are of all, whatever of it is shown."""
    every, one = found(folder), found(folder, limit=1)

    assert [(row.session_id, row.finding.severity) for row in every.rows] == [
        ("long", "critical"),
        ("short", "warning"),
    ]
    assert every.counts == {"repeat_call": {"critical": 1, "warning": 1}}
    assert every.pico == sum(row.finding.pico for row in every.rows)
    assert (every.judged, every.not_judged, every.total) == (3, 0, 2)
    assert one == every._replace(rows=every.rows[:1])
    for name in SCRIPTS:
        of_one = session_insights.of_session(Report(str(folder), BOOK, now=0), name).findings
        assert of_one == tuple(row.finding for row in every.rows if row.session_id == name)


@pytest.mark.parametrize(
    ("selection", "words", "named"),
    [
        (Selection(sessions=("s*",)), {}, ["short"]),
        (Selection(consumers=("team",)), {}, ["short"]),
        (Selection(since=THIRD), {}, ["short"]),
        (Selection(until=THIRD), {}, ["long"]),
        (Selection(), {"severities": ["critical"]}, ["long"]),
        (Selection(), {"severities": ["critical", "warning"], "kinds": ["repeat_call"]}, ["long", "short"]),
        (Selection(), {"kinds": ["cycle"]}, []),
        (Selection(sessions=("nobody",)), {}, []),
    ],
)
def test_some_of_it(folder, selection, words, named):
    """Those of the sessions, of the time, of the kinds and severities that are meant, and no others."""
    some = found(folder, selection, **words)

    assert [row.session_id for row in some.rows] == named
    assert some.total == len(named)


def test_what_is_dismissed_is_not_counted(tmp_path):
    """It is in no row, no count and no sum."""
    folder = insights.folder_with(tmp_path, SCRIPTS)
    first, second = found(folder).rows
    own_rules.dismiss(str(folder), DismissedFinding(first.session_id, first.finding.kind, first.finding.first))
    own_rules.dismiss(str(folder), DismissedFinding("nobody", "cycle", 1))

    rest = found(folder)
    assert (rest.rows, rest.total, rest.pico) == ([second], 1, second.finding.pico)


def test_sessions_without_content_are_not_judged(tmp_path):
    """They are counted apart, and nothing is said of them."""
    folder = tmp_path / "sessions"
    folder.mkdir()
    stored_rounds.keep(folder, "silent", stored_rounds.round_of(1, messages=[], no_content=True))
    stored_rounds.keep(folder, "well", stored_rounds.round_of(1))

    assert (found(folder).judged, found(folder).not_judged) == (1, 1)
    one = session_insights.of_session(Report(str(folder), BOOK), "silent")
    assert (one.rounds, one.not_judged, one.findings) == (1, 1, ())


# -- what is known already ---------------------------------------------------------------------------------------------


def test_what_is_known_by_now(tmp_path):
    """Nobody is judged for it, and nothing is made: only what somebody else's question found is told, session by session."""
    folder = insights.folder_with(tmp_path, SCRIPTS)
    report = Report(str(folder), BOOK, now=0)
    assert all_findings.known(report) is None
    assert not (folder / data_folder.INSIGHTS).exists()

    all_findings.across(report, Selection(sessions=("short",)))
    some = all_findings.known(report)
    every = all_findings.across(report)
    known = all_findings.known(report)

    assert some is not None
    assert (some.judged, some.by_session) == (1, {"short": {"warning": 1}})
    assert known == every._replace(rows=[], by_session={"long": {"critical": 1}, "short": {"warning": 1}})
    (folder / data_folder.INSIGHTS).write_bytes(b"no database, but long enough to be read as one" * 200)
    assert all_findings.known(report) is None


def test_the_last_day_from_look_to_look(folder, monkeypatch):
    """Grave findings of the last 24 hours are told in all and of each session; what is kept is asked again only where it changed."""
    asked = []
    real = all_findings.known
    monkeypatch.setattr(all_findings, "known", lambda *words: asked.append(words) or real(*words))
    all_findings.across(Report(str(folder), BOOK, now=0))
    recent = all_findings.RecentFindings()
    assert str(recent) == ""

    for hours, told in ((10, "1 warning in the last 24 hours"), (10, "1 warning in the last 24 hours"), (40, "")):
        recent.look(Report(str(folder), BOOK, now=THIRD + hours * 3_600_000))
        assert str(recent) == told
        assert (recent.of("short"), recent.of("long")) == ("⚠1" if told else "", "")
    assert len(asked) == 2
