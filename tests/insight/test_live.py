"""Sessions at work are judged while they are: what is found in them, no more at once than takes a moment, and no session again too soon."""

from __future__ import annotations

import json

import pytest

from session_monitor.base import data_folder
from session_monitor.insight import live
from session_monitor.insight.live import LiveJudge
from session_monitor.reports.report import Report
from tests.support import scripted_sessions
from tests.support.calls import BOOK
from tests.support.judged import ingested

NOW = 1_793_610_600_000
"""2026-11-02T09:10:00Z: ten minutes after sessions begin."""
SINCE = NOW - 15 * 60_000
LOOP = {"ask": [["read", {"path": "a.txt"}]], "get": ["The same."]}


def talked(folder, steps, session="s", **more):
    """A session whose agent did this."""
    script = {"steps": [{"user": "Begin", "say": "Yes."}, *steps], **more}
    return ingested(folder, scripted_sessions.lines(script, session))


def looked(found, folder, now=NOW):
    """The rows of a look: of each finding its session, kind, severity and first round, and how many calls came later."""
    rows = found.look(Report(str(folder), BOOK, now=now), SINCE, now).rows
    return [(row.session_id, row.finding.kind, row.finding.severity, row.finding.first, row.later) for row in rows]


def test_a_loop_is_found_while_it_goes_on(tmp_path):
    """Graver once it goes on for longer; and how many calls its conversation has had since tells whether it went on otherwise."""
    steps = [{"times": 4, "steps": [LOOP]}]
    folder = talked(tmp_path, steps)
    found = LiveJudge()
    assert looked(found, folder) == [("s", "repeat_call", "warning", 2, 1)]

    longer = {"steps": [{"user": "Begin", "say": "Yes."}, {"times": 7, "steps": [LOOP]}]}
    ingested(tmp_path, scripted_sessions.lines(longer, "s")[5:])
    assert looked(found, folder, NOW + 1000) == [("s", "repeat_call", "critical", 2, 1)]

    on = {"steps": [*longer["steps"], {"ask": [["write", {"path": "b"}]], "get": ["Done."]}, {"say": "It is there."}]}
    ingested(tmp_path, scripted_sessions.lines(on, "s")[8:])
    assert looked(found, folder, NOW + 2000) == [("s", "repeat_call", "critical", 2, 2)]


LONG = {
    "text": "The same line of a long file that is read again and again, and is not what is looked for.\n",
    "times": 60,
}
SUMMARY = "What was done so far: a.txt was read, over and over. What is left to do: write it anew. " * 4
ON = [{"ask": [["write", {"path": "b"}]], "get": ["Done."]}, {"say": "It is there."}]
BESIDE = [{"thread": "sub", "user": "Find it.", "ask": [["find", {"line": "{n}"}]], "get": ["Found {n}."]}]


@pytest.mark.parametrize(
    ("steps", "later"),
    [
        ([{"system": "Be brief."}, *ON], 2),
        ([{"compact": "In short: a.txt was read.", "keep": 4}, *ON], 2),
        ([{"user": "Sum it up.", "say": SUMMARY}, {"compact": f"So far: {SUMMARY}"}, *ON], 3),
        ([{"times": 3, "steps": BESIDE}], 1),
    ],
    ids=["another system prompt", "a compaction", "a summary alone", "a sub-agent"],
)
def test_a_session_goes_on_in_another_conversation(tmp_path, steps, later):
    """What goes on from a loop with other messages in front counts; what another agent does beside it does not."""
    loop = {"times": 4, "steps": [{"ask": [["read", {"path": "a.txt"}]], "get": [LONG]}]}
    folder = talked(tmp_path, [loop, *steps], system="You are careful.")

    assert ("s", "repeat_call", "warning", 2, later) in looked(LiveJudge(), folder)


def test_what_is_dismissed_is_not_told(tmp_path):
    """By its session, kind and first round."""
    folder = talked(tmp_path, [{"times": 4, "steps": [LOOP]}])
    dismissed = {"session": "s", "kind": "repeat_call", "first": 2}
    (folder / data_folder.INSIGHT_RULES).write_text(json.dumps({"schema_version": 1, "dismissed": [dismissed]}))

    assert looked(LiveJudge(), folder) == []


def test_a_session_that_is_quiet_is_not_judged(tmp_path):
    """Nor is anything known of it then."""
    folder = talked(tmp_path, [{"times": 4, "steps": [LOOP]}], start="2026-11-02T07:00:00Z")

    assert LiveJudge().look(Report(str(folder), BOOK, now=NOW), SINCE, NOW) == live.LiveFindings()


def test_a_session_is_judged_again_after_a_while(tmp_path, monkeypatch):
    """The longer it is the later, and it is said when; what was found in it is known until then."""
    monkeypatch.setattr(live, "PACE", 1000)
    folder = talked(tmp_path, [{"times": 4, "steps": [LOOP]}])
    found = LiveJudge()
    looked(found, folder)
    longer = {"steps": [{"user": "Begin", "say": "Yes."}, {"times": 7, "steps": [LOOP]}]}
    ingested(tmp_path, scripted_sessions.lines(longer, "s")[5:])

    report = Report(str(folder), BOOK, now=NOW)
    told = found.look(report, SINCE, NOW + 7999)
    assert [(row.finding.severity, row.later) for row in told.rows] == [("warning", 4)]
    assert told.again == NOW + 8000
    told = found.look(report, SINCE, NOW + 8000)
    assert [(row.finding.severity, row.later) for row in told.rows] == [("critical", 1)]
    assert told.again is None


@pytest.mark.parametrize("rounds", [4, 9], ids=["one session is too long", "two are too much at once"])
def test_no_more_is_judged_at_once_than_takes_a_moment(tmp_path, monkeypatch, rounds):
    """Sessions that wait have their turn at the next look, those that are too long never; of neither is anything known till then."""
    monkeypatch.setattr(live, "MOST_ROUNDS", rounds)
    for session in ("a", "b"):
        folder = talked(tmp_path, [{"times": 4, "steps": [LOOP]}], session)
    found = LiveJudge()
    report = Report(str(folder), BOOK, now=NOW)

    told = found.look(report, SINCE, NOW)
    if rounds < 5:
        assert (told.rows, told.unjudged, told.again) == ((), {"a", "b"}, None)
        return
    assert ([row.session_id for row in told.rows], told.unjudged, told.again) == (["b"], {"a"}, NOW + 1)
    told = found.look(report, SINCE, NOW + 1)
    assert ({row.session_id for row in told.rows}, told.unjudged, told.again) == ({"a", "b"}, set(), None)


def test_who_reads_much_at_once_hardly_waits(tmp_path, monkeypatch):
    """Few rounds are read for it at once, those of the session that talked last; each run, as of cron, goes on with what was judged longest ago."""
    monkeypatch.setattr(live, "MOST_NEW", 5)
    for session in ("a", "b", "c"):
        folder = talked(tmp_path, [{"times": 4, "steps": [LOOP]}], session)
    report = Report(str(folder), BOOK, now=NOW)

    waiting = [LiveJudge().look(report, SINCE, NOW + at).unjudged for at in range(3)]
    assert waiting == [{"a", "b"}, {"a"}, set()]

    longer = {"steps": [{"user": "Begin", "say": "Yes."}, {"times": 7, "steps": [LOOP]}]}
    for session in ("a", "b", "c"):
        ingested(tmp_path, scripted_sessions.lines(longer, session)[5:])
    report = Report(str(folder), BOOK, now=NOW)
    found = LiveJudge().look(report, SINCE, NOW + 3)
    assert {row.session_id for row in found.rows if row.finding.severity == "critical"} == {"a"}
    assert (found.unjudged, found.again) == (set(), NOW + 4)


def test_another_run_goes_on_with_what_is_kept(tmp_path):
    """What a run judged that was ended is not judged again."""
    folder = talked(tmp_path, [{"times": 4, "steps": [LOOP]}])
    before = looked(LiveJudge(), folder)
    (folder / data_folder.INSIGHTS).chmod(0o400)

    assert looked(LiveJudge(), folder, NOW + 1) == before
