"""What fires, what was told, who is told, and how budgets stand: for who may see everything, and without secrets."""

from __future__ import annotations

import json
import os

import pytest

from session_monitor.alerts import gate, raised
from session_monitor.alerts.condition import Condition
from session_monitor.alerts.raised import AlertState
from session_monitor.base import timestamps
from session_monitor.delivery import delivery_log
from session_monitor.delivery.outbox import Outbox
from tests.support.alerting import told, write_targets
from tests.support.webserving import ELSEWHERE, MAIN, NOW, SAMPLE, cli, ingest, serving
from tests.web.api.test_routes import check

DAY = 86_400_000
SECRET = "T0/B0/very-secret"
RULES = {"failed_share": {"share": 10}, "unpriced_model": False}
BUDGETS = [
    {"name": "all", "total": "0.01", "warn": "80%"},
    {"name": "month", "monthly": "5000", "tokens": 10**9, "warn": "80%", "timezone": "UTC"},
    {"name": "each", "session": "1000", "warn": "80%"},
]


def conditions(*severities):
    """A condition for each severity, of a rule of its own; of the first a session is told."""
    return [
        Condition(f"rule-{at}", "ever", each, "finding", f"Title {at}", f"Text {at}", "3", "2", "%", session=MAIN)
        for at, each in enumerate(severities)
    ]


def keep_told(folder, now=NOW):
    """What was told a month ago, some days ago and just now; the last two are an info and a critical one that fire."""
    state, _ = raised.after(AlertState(), conditions("warning"), now - 40 * DAY, "here")
    state, _ = raised.after(state, [], now - 33 * DAY, "here")
    state, _ = raised.after(state, conditions(None, "warning"), now - 3 * DAY, "here")
    state, _ = raised.after(state, [], now - 2 * DAY, "here")
    state, events = raised.after(state, conditions(None, None, "info", "critical"), now, "here")
    raised.write(str(folder), state)
    return events


@pytest.fixture
def folder(tmp_path):
    """The sample with budgets, targets with secrets, rules, a silence, and some alerts and deliveries."""
    path = ingest(SAMPLE, tmp_path / "sessions")
    (path / ".budgets.json").write_text(json.dumps({"schema_version": 1, "budgets": BUDGETS}), encoding="utf-8")
    slack = {"name": "ops", "kind": "slack", "url": f"https://hooks.slack.com/services/{SECRET}"}
    silences = [
        {"rule": "rule-3", "until": timestamps.rfc3339(NOW + DAY)},
        {"rule": "x", "until": "2020-01-01T00:00:00Z"},
    ]
    write_targets(path, slack, rules=RULES, silences=silences)
    events = keep_told(path)
    box = Outbox(str(path), now=lambda: NOW)
    for each in events:
        box.put(each, ["ops"])
    done = box.waiting()[0]
    delivery_log.append(str(path), [done.entry("slack", delivery_log.DELIVERED, NOW)])
    box.done([done])
    return path


def test_what_is_told_is_as_described(folder):
    """The gravest that fires comes first; what is over is among the history for 32 days; rules, silences, targets stand there."""
    with serving(folder) as running:
        found = running.ask("/api/alerts")
        check("/api/alerts", found)
        few = running.ask("/api/alerts", limit=1).data
        firing = running.ask("/api/alerts", part="firing")
        check("/api/alerts", firing)

    data = found.data
    assert [(each["rule"], each["severity"], each["silent"]) for each in data["firing"]] == [
        ("rule-3", "critical", True),
        ("rule-2", "info", False),
    ]
    assert data["firing"][0]["session"] == MAIN
    assert [each["rule"] for each in data["history"]] == ["rule-2", "rule-3", "rule-1"]
    assert data["history"][2]["over"] == timestamps.rfc3339(NOW - 2 * DAY)
    assert (data["told"], few["told"], len(few["history"])) == (3, 3, 1)
    of_rule = {each["rule"]: each for each in data["rules"]}
    assert of_rule["failed_share"]["limits"] == {"share": 10, "minutes": 60, "calls": 20}
    assert [of_rule["failed_share"]["usual"], of_rule["lost_calls"]["usual"]] == [False, True]
    assert of_rule["unpriced_model"]["limits"] is None
    assert [each["rule"] for each in data["silences"]] == ["rule-3"]
    assert [each["outcome"] for each in data["deliveries"]] == ["waits", "delivered"]
    assert (data["waiting"], data["problems"]) == (1, [])
    assert set(firing.data) == {"firing", "looked_at", "problems"}


def test_no_secret_is_served(folder):
    """Targets are told as the command line lists them, and no answer holds what is secret."""
    with serving(folder) as running:
        found = running.ask("/api/alerts")
        budgets = running.ask("/api/budgets")
    assert found.data["targets"] == cli(folder, "alerts", "target", "list")["data"]["targets"]
    assert found.data["targets"][0]["name"] == "ops"
    assert SECRET.encode() not in found.body + budgets.body


def test_budgets_are_as_the_command_line_tells_them(folder):
    """Each stands as ``budget status`` has it; one of each session that none is near is told beside."""
    with serving(folder, now=timestamps.now()) as running:
        found = running.ask("/api/budgets")
        check("/api/budgets", found)
    told_there = {each["budget"]["name"]: each for each in cli(folder, "budget", "status")["data"]["budgets"]}
    here = {each["budget"]["name"]: each for each in found.data["budgets"]}

    assert here == told_there
    assert here["all"]["level"] == "breached"
    assert [each["name"] for each in found.data["far"]] == ["each"]


def test_what_changed_is_told_at_once(folder):
    """A budget, a silence, something that is over, or a delivery shows in the next answer, though no call came."""
    with serving(folder) as running:
        assert len(running.ask("/api/alerts").data["firing"]) == 2
        raised.write(str(folder), raised.after(raised.read(str(folder)), [], NOW, "here")[0])
        assert running.ask("/api/alerts").data["firing"] == []
        write_targets(folder)
        assert running.ask("/api/alerts").data["silences"] == []
        Outbox(str(folder)).put(told(), ["ops"])
        assert running.ask("/api/alerts").data["waiting"] == 2
        (folder / ".budgets.json").unlink()
        assert running.ask("/api/budgets").data == {"budgets": [], "far": [], "problem": None}


def test_mistakes_are_told_and_the_rest_is_served(folder):
    """What is wrong in a file, or is no file of its kind, is said without where the folder lies; nothing is moved or changed."""
    (folder / ".budgets.json").write_text('{"schema_version": 1, "budgets": [{"name": "x"}]}', encoding="utf-8")
    write_targets(folder, {"name": "x", "kind": "pigeon"}, rules={"nothing": {}}, silences=[{"rule": 1, "until": 2}])
    strange = folder / ".alerts" / "outbox" / "strange.json"
    strange.write_bytes(b"torn")
    before = sorted(os.listdir(strange.parent))
    with serving(folder) as running:
        found, budgets = running.ask("/api/alerts"), running.ask("/api/budgets")
        check("/api/alerts", found)
        check("/api/budgets", budgets)

    assert len(found.data["firing"]) == 2
    assert len(found.data["problems"]) == 3
    assert "budgets[0]" in budgets.data["problem"]
    assert os.fsencode(folder) not in found.body + budgets.body
    assert sorted(os.listdir(strange.parent)) == before


def test_who_sees_it(folder):
    """The key of one session opens nothing of it; with --redact it is as everywhere: ids are served, and no conversation is in it."""
    with serving(folder) as running:
        key = running.keys().of_session(MAIN)
        refused = [running.ask(path, ELSEWHERE, key=key, id=MAIN) for path in ("/api/alerts", "/api/budgets")]
        full = running.ask("/api/alerts").data
    with serving(folder, redacts=True) as running:
        assert running.ask("/api/alerts").data == full
    assert [each.status for each in refused] == [403, 403]
    assert all(MAIN.encode() not in each.body and b"rule-3" not in each.body for each in refused)


def test_what_may_not_be_read_is_said(folder, monkeypatch):
    """Where the server's user may not read what was told, that is said, and the rest is answered."""
    path = raised.path_of(str(folder))

    def refused(_folder):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(raised, "read", refused)
    monkeypatch.setattr(gate, "looked_at", refused)
    with serving(folder) as running:
        found = running.ask("/api/alerts").data
    assert found["problems"] == [".alerts/state.json: Permission denied"]
    assert (found["firing"], found["looked_at"], len(found["targets"])) == ([], None, 1)
