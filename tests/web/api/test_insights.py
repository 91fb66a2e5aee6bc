"""What goes wrong in sessions, as the API tells it."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal

import pytest

from session_monitor.insight import own_rules
from session_monitor.insight.own_rules import DismissedFinding
from tests.support.webserving import ELSEWHERE, ingest, serving
from tests.tools import demo_faults

LOOP, DATED = "agent:demo:loop", "agent:demo:dated-system"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """A server over sessions in which something goes wrong."""
    folder = tmp_path_factory.mktemp("faulty")
    log = folder / "access.log"
    lines = sorted(demo_faults.lines(datetime(2026, 2, 1, 9, tzinfo=timezone.utc)))
    log.write_bytes(b"".join(line for _, line in lines))
    with serving(ingest(log, folder / "sessions")) as running:
        yield running


def test_what_is_planted_is_found(faulty):
    """Each fault is told at the round where it begins, the gravest first, with its session."""
    found = faulty.ask("/api/insights").data["findings"]
    assert found[0]["severity"] == "critical"
    assert {(each["session_id"], each["kind"], each["first_round"]) for each in found} >= {
        (LOOP, "repeat_error", 2),
        (DATED, "cache_missed", 2),
        (DATED, "system_changed", 2),
        ("agent:demo:pauses", "cache_missed", 2),
        ("agent:demo:big-result", "big_result", 2),
    }


def test_sessions_that_are_named_are_counted_each(faulty):
    """How many there are of each severity in each session that was asked for, and of no other; else that is not told."""
    of_two = faulty.ask("/api/insights", session=[LOOP, DATED], severity=["critical", "warning"], limit=1).data
    assert of_two["by_session"] == {LOOP: {"critical": 1}, DATED: {"warning": 1}}
    assert (of_two["total"], len(of_two["findings"])) == (2, 1)
    assert faulty.ask("/api/insights", session="agent:*").data["by_session"] == {}
    assert faulty.ask("/api/insights").data["by_session"] is None


def test_money_is_told_of_each_kind(faulty):
    """What findings of a kind come to adds up to what all of them do."""
    found = faulty.ask("/api/insights").data
    known = [float(each["cost_usd"]) for each in found["findings"] if each["kind"] == "cache_missed"]
    assert float(found["cost_by_kind_usd"]["cache_missed"]) == pytest.approx(sum(known))
    assert sum(map(float, found["cost_by_kind_usd"].values())) == pytest.approx(float(found["cost_usd"]))


# -- of one session ----------------------------------------------------------------------------------------------------


def test_of_one_session(faulty):
    """Its findings are those told of all sessions; the parts of its costs and its dearest messages stand beside them."""
    found = faulty.ask("/api/session/insights", id=DATED).data
    of_all = [each for each in faulty.ask("/api/insights", limit=500).data["findings"] if each["session_id"] == DATED]

    assert found["findings"] == [
        {name: each[name] for name in each if name not in ("session_id", "title")} for each in of_all
    ]
    assert found["cache"]["causes"][0]["cause"] == "prefix_changed"
    costs = found["context"]
    assert len(costs["calls"]) == costs["rounds"] == found["rounds"]
    session = faulty.ask("/api/session", id=DATED).data["session"]
    assert sum(Decimal(each["cost_usd"]) for each in costs["parts"].values()) == Decimal(session["cost_usd"])


def test_what_changed(faulty):
    """The words that changed are told of a round, against the one that it goes on from or another; nothing where none did."""
    changed = faulty.ask("/api/session/changed", id=DATED, round=2).data["changed"]
    assert (changed["before_round"], changed["round"], changed["kind"]) == (1, 2, "time")
    assert changed["before"] != changed["now"]
    assert faulty.ask("/api/session/changed", id=DATED, round=3, before=1).data["changed"]["before_round"] == 1
    assert faulty.ask("/api/session/changed", id=LOOP, round=3).data["changed"] is None
    assert faulty.ask("/api/session/changed", id=LOOP, round=999).data["changed"] is None


def test_pages(faulty):
    """A page goes on where the one before ended, and what all come to is the same on each."""
    every = faulty.ask("/api/insights").data
    first, second = (faulty.ask("/api/insights", limit=2, offset=offset).data for offset in (0, 2))

    assert first["findings"] + second["findings"] == every["findings"][:4]
    assert first["total"] == second["total"] == every["total"] == len(every["findings"])
    assert faulty.ask("/api/insights", offset=10**6).data["findings"] == []


def test_what_is_none(faulty):
    """A kind or a severity that there is not is a mistake, which says which there are."""
    for words in ({"kind": "loop"}, {"severity": "grave"}, {"limit": 0}, {"offset": -1}):
        found = faulty.ask("/api/insights", **words)
        assert (found.status, found.code) == (400, "bad_parameter")


def test_who_sees_one_session(faulty):
    """With a session's key its findings are told, but not what somebody set and dismissed; nothing is of all sessions."""
    folder = faulty.site.desk.folder.path
    finding = faulty.ask("/api/session/insights", id=LOOP).data["findings"][0]
    own_rules.dismiss(folder, DismissedFinding(LOOP, finding["kind"], finding["first_round"]))
    key = {"key": faulty.keys().of_session(LOOP)}
    try:
        mine = faulty.ask("/api/session/insights", id=LOOP).data
        theirs = faulty.ask("/api/session/insights", ELSEWHERE, id=LOOP, **key).data
        refused = faulty.ask("/api/insights", ELSEWHERE, **key)
    finally:
        own_rules.restore(folder, DismissedFinding(LOOP, finding["kind"], finding["first_round"]))

    assert (mine["dismissed"], theirs["dismissed"]) == ([finding], [])
    assert finding not in mine["findings"]
    assert theirs == {**mine, "dismissed": []}
    assert refused.status == 403
    assert finding in faulty.ask("/api/session/insights", id=LOOP).data["findings"]


def test_without_texts(faulty):
    """Where texts are not served findings are, without the titles of their sessions and without the words that changed."""
    with serving(faulty.site.desk.folder.path, redacts=True) as redacted:
        found = redacted.ask("/api/insights").data
        assert [{**each, "title": None} for each in faulty.ask("/api/insights").data["findings"]] == found["findings"]
        assert (
            redacted.ask("/api/session/insights", id=DATED).data == faulty.ask("/api/session/insights", id=DATED).data
        )
        assert redacted.ask("/api/session/changed", id=DATED, round=2).code == "redacted"
