"""Whoever is to be told of alerts is checked without telling them: what is written, which secrets there are, what became of the last one."""

from __future__ import annotations

import json

import pytest

from session_monitor.delivery import delivery_log
from session_monitor.delivery.delivery_log import DELIVERED, DROPPED, FAILED, Entry
from session_monitor.delivery.event import Event
from session_monitor.delivery.outbox import Outbox
from session_monitor.upkeep import alert_checks
from session_monitor.upkeep.checks import FAIL, OK, WARN, Case

NOW = 1_800_000_000
PHONE = {"name": "phone", "kind": "ntfy", "topic": "env:NTFY_TOPIC"}
HOOK = {"name": "hook", "kind": "webhook", "url": "https://example.com/SECRET-path"}
EVENT = Event(
    "budget:all/1", "budget:all", "budget", "warning", "firing", "Near", "In words.", "2027-01-15T08:00:00Z", "here"
)


def checked(folder, environment=None):
    """Names, levels and what is found of each."""
    case = Case([], str(folder), "", environment or {"NTFY_TOPIC": "t0p1c-SECRET"}, NOW, "")
    return [(check.name, check.level, check.found) for check in alert_checks.checks(case)]


def set_targets(folder, *targets):
    """These are to be told."""
    (folder / ".alerts.json").write_text(json.dumps({"schema_version": 1, "targets": targets}))


def became(folder, outcome, target="hook", reason=None):
    """What became of one that was to be told."""
    entry = Entry(
        "2027-01-15T08:00:00Z", target, "webhook", "id", "rule", "warning", "firing", "t", outcome, 1, 7, 1, reason
    )
    delivery_log.append(str(folder), [entry])


def test_nobody_is_checked_where_nobody_is_told(tmp_path):
    """Nor in a folder that is not there."""
    assert checked(tmp_path) == checked(tmp_path / "none") == []


def test_what_was_told_last(tmp_path):
    """Nothing, that it came, or why it did not; what there was no room for says nothing of a target."""
    set_targets(tmp_path, HOOK, PHONE)
    assert [(name, level) for name, level, _ in checked(tmp_path)] == [("alerts to hook", OK), ("alerts to phone", OK)]
    assert checked(tmp_path)[0][2].endswith("nothing was sent yet")

    became(tmp_path, FAILED, reason="404: no such hook")
    became(tmp_path, DROPPED)
    assert checked(tmp_path)[0][1:] == (FAIL, checked(tmp_path)[0][2])
    assert checked(tmp_path)[0][2].endswith("the last one failed at 2027-01-15T08:00:00Z: 404: no such hook")
    became(tmp_path, DELIVERED)
    assert checked(tmp_path)[0][1] == OK


def test_a_secret_that_is_not_there(tmp_path):
    """The monitor may have it all the same, so this is no failure."""
    set_targets(tmp_path, PHONE)
    ((name, level, found),) = checked(tmp_path, {"OTHER": "1"})

    assert (name, level) == ("alerts to phone", WARN)
    assert "NTFY_TOPIC" in found


def test_a_mistake_in_the_file(tmp_path):
    """It is a failure: somebody who is to be told is not."""
    set_targets(tmp_path, {"name": "x", "kind": "pigeon"})
    ((name, level, found),) = checked(tmp_path)

    assert (name, level) == ("alerts", FAIL)
    assert "kind must be one of" in found


@pytest.mark.parametrize(("minutes", "is_late"), [(59, False), (61, True)])
def test_what_waits_for_long(tmp_path, minutes, is_late):
    """More than an hour, which a monitor that runs lets nothing wait that can be told."""
    set_targets(tmp_path, PHONE)
    Outbox(str(tmp_path), now=lambda: (NOW - minutes * 60) * 1000).put(EVENT, ["phone"])
    found = [level for name, level, _ in checked(tmp_path) if name == "alerts"]

    assert found == [WARN] * is_late


def test_no_secret_is_told(tmp_path):
    """Not by what is found, nor by what is to be done."""
    set_targets(tmp_path, HOOK, PHONE)
    became(tmp_path, FAILED, reason="no answer")

    assert "SECRET" not in repr(checked(tmp_path))
