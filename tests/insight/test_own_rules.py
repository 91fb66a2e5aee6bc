"""A person's own limits hold over the usual ones, what is dismissed is not told, and what is wrong is said."""

from __future__ import annotations

import json
import os

import pytest

from session_monitor.base import data_folder
from session_monitor.insight import own_rules, session_insights
from session_monitor.insight.basis import limits
from session_monitor.insight.own_rules import BadInsightRulesError, DismissedFinding
from session_monitor.prices import money
from session_monitor.reports.report import Report
from tests.support import insights
from tests.support.calls import BOOK

GONE = DismissedFinding("a", "cycle", 1)


def said(folder, **words):
    """A file that says this."""
    (folder / data_folder.INSIGHT_RULES).write_text(json.dumps({"schema_version": 1, **words}), encoding="utf-8")
    return own_rules.read(str(folder))


def test_no_file_is_the_usual(tmp_path):
    """Where there is none the rules hold as they are shipped."""
    found = own_rules.read(str(tmp_path))

    assert (found.rules.limits, found.dismissed, found.mistakes) == (limits.usual().limits, frozenset(), ())


def test_own_limits(tmp_path):
    """Those that are stated hold, the others are the usual ones; a kind that is off is not looked for."""
    found = said(
        tmp_path,
        rules={"repeat_call": {"times": 5}, "fork": False, "cycle": None},
        least={"usd": "0.05", "tokens": 9},
        caches=[{"models": ["mine-*"], "least": 256}],
    )

    assert found.mistakes == ()
    assert found.rules.of("repeat_call")["times"] == 5
    assert found.rules.of("repeat_call")["critical"] == limits.usual().of("repeat_call")["critical"]
    assert found.rules.of("fork") is found.rules.of("cycle") is None
    assert (found.rules.least_pico, found.rules.least_tokens) == (money.PICO // 20, 9)
    assert found.rules.caches.of_call("mine-1", None).least == 256


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        ({"rules": []}, "rules must be an object"),
        ({"rules": {"loops": {}}}, "rule loops: there is no such kind of finding; there are repeat_call, "),
        ({"rules": {"cycle": 3}}, "rule cycle: must be an object with its limits, or false"),
        ({"rules": {"cycle": {"often": 3}}}, "rule cycle: often is no limit of it; there are longest, "),
        ({"rules": {"cycle": {"times": 0}}}, "rule cycle: times must be a whole number above 0"),
        ({"rules": {"cycle": {"times": True}}}, "rule cycle: times must be a whole number above 0"),
        ({"rules": {"near_window": {"percent": 101}}}, "rule near_window: percent must be 1 to 100"),
        ({"least": {"usd": 0.05}}, 'least: usd must be text such as "0.05"'),
        ({"least": {"tokens": -1}}, "least: tokens must be a whole number"),
        ({"least": {"eur": "1"}}, "least: eur is nothing that a finding can be worth; there are usd and tokens"),
        ({"caches": {}}, "caches must be a list"),
        ({"caches": [{"least": 1}]}, "caches[0]: "),
        ({"dismissed": ["s1"]}, "dismissed[0] must be an object with session, kind and first, a round's number"),
    ],
)
def test_mistakes(tmp_path, words, mistake):
    """Each is told with where it is, and the usual holds in its place."""
    found = said(tmp_path, **words)

    assert found.mistakes[0].startswith(mistake)
    assert found.rules.limits == limits.usual().limits
    assert found.rules.least_pico == limits.usual().least_pico


@pytest.mark.parametrize("text", ["{", "[]", '{"schema_version": 2}'])
def test_a_file_that_is_none(tmp_path, text):
    """The usual holds, with what is wrong; nothing is written over it."""
    path = tmp_path / data_folder.INSIGHT_RULES
    path.write_text(text)

    assert own_rules.read(str(tmp_path)).rules.limits == limits.usual().limits
    assert len(own_rules.read(str(tmp_path)).mistakes) == 1
    with pytest.raises(BadInsightRulesError):
        own_rules.dismiss(str(tmp_path), DismissedFinding("a", "cycle", 1))
    assert path.read_text() == text


def test_what_is_dismissed_does_not_come_back(tmp_path):
    """Also when the session goes on; until it is restored.  All else in the file stays, which is for its user alone."""
    folder = insights.folder_with(tmp_path, {"a": insights.looping(4)})
    said(folder, least={"tokens": 10})
    (finding,) = session_insights.of_session(Report(str(folder), BOOK), "a").findings
    one = DismissedFinding("a", finding.kind, finding.first)

    assert own_rules.dismiss(str(folder), one)
    assert not own_rules.dismiss(str(folder), one)
    found = session_insights.of_session(Report(str(folder), BOOK), "a")
    assert (found.findings, found.dismissed) == ((), (finding,))
    assert os.stat(folder / data_folder.INSIGHT_RULES).st_mode & 0o777 == 0o600
    assert own_rules.restore(str(folder), one)
    assert not own_rules.restore(str(folder), one)
    assert session_insights.of_session(Report(str(folder), BOOK), "a").findings == (finding,)
    assert json.loads((folder / data_folder.INSIGHT_RULES).read_text())["least"] == {"tokens": 10}


def test_a_session_that_is_deleted_is_forgotten(tmp_path):
    """What was dismissed of it is gone, what was of others stays."""
    said(tmp_path, dismissed=[{"session": name, "kind": "cycle", "first": 1} for name in ("a", "b\udcff")])
    own_rules.forget(str(tmp_path), {"a"})

    assert own_rules.read(str(tmp_path)).dismissed == {DismissedFinding("b\udcff", "cycle", 1)}


def test_another_fingerprint(tmp_path):
    """Other prices and other rules have another one, what is dismissed has not."""
    usual = own_rules.fingerprint(own_rules.read(str(tmp_path)).rules, BOOK)
    others = [
        said(tmp_path, **words).rules
        for words in ({"rules": {"fork": False}}, {"least": {"tokens": 1}}, {"caches": [{"models": ["a"]}]})
    ]
    dismissed = said(tmp_path, dismissed=[{"session": "a", "kind": "cycle", "first": 1}]).rules

    assert len({usual, *(own_rules.fingerprint(each, BOOK) for each in others)}) == 4
    assert own_rules.fingerprint(dismissed, BOOK) == usual


def test_limits_are_set_and_taken_back(tmp_path):
    """A limit stands beside those that are set, and what else is in the file stays; a kind may be off, and the usual holds again."""
    own_rules.dismiss(str(tmp_path), GONE)
    own_rules.set_limits(str(tmp_path), "cycle", {"times": 5})
    own_rules.set_limits(str(tmp_path), "cycle", {"critical": 9})
    own_rules.set_limits(str(tmp_path), "near_window", {"windows": {"a": 1}})
    own_rules.set_limits(str(tmp_path), "near_window", {"windows": {"b": 2}, "percent": 70})
    own_rules.set_limits(str(tmp_path), "least", {"usd": "$0.50"})
    own_rules.turn_off(str(tmp_path), "fork")

    document = json.loads((tmp_path / data_folder.INSIGHT_RULES).read_text())
    assert document == {
        "schema_version": 1,
        "dismissed": [GONE._asdict()],
        "rules": {
            "cycle": {"times": 5, "critical": 9},
            "near_window": {"windows": {"a": 1, "b": 2}, "percent": 70},
            "fork": False,
        },
        "least": {"usd": "0.50"},
    }
    assert own_rules.read(str(tmp_path)).mistakes == ()
    own_rules.set_limits(str(tmp_path), "fork", {})
    for kind in ("cycle", "near_window", "fork", "least"):
        own_rules.back_to_usual(str(tmp_path), kind)
    assert own_rules.read(str(tmp_path)).rules[:3] == limits.usual()[:3]
    assert own_rules.read(str(tmp_path)).dismissed == {GONE}


@pytest.mark.parametrize("text", ["{", '{"schema_version": 2}', '{"schema_version": 1, "rules": []}'])
def test_a_file_with_a_mistake_is_not_written_over(tmp_path, text):
    """Who wants to change it is told, and it stays as it is."""
    (tmp_path / data_folder.INSIGHT_RULES).write_text(text)
    with pytest.raises(BadInsightRulesError):
        own_rules.turn_off(str(tmp_path), "cycle")
    assert (tmp_path / data_folder.INSIGHT_RULES).read_text() == text
