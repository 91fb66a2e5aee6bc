"""Whoever sends spans hears from doctor where to, how far it is behind, and what went wrong last."""

from __future__ import annotations

import pytest

from session_monitor.sessions.summary import Coming
from session_monitor.shipping import spool
from session_monitor.shipping.spool import Mark, ShippingProgress, SpoolWriter
from session_monitor.upkeep import otlp_checks
from session_monitor.upkeep.checks import FAIL, OK, WARN, Case

NOW = 1_800_000_000
TO = "http://localhost:4318"


def checked(folder):
    """Levels, what is found of each, and what to do."""
    case = Case([], str(folder), "", {}, NOW, "")
    return [(check.level, check.found, check.todo) for check in otlp_checks.checks(case)]


def test_nobody_is_checked_where_nothing_is_sent(tmp_path):
    """Nor in a folder that is not there."""
    assert checked(tmp_path) == checked(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("progress", "level", "words"),
    [
        (
            {"sent": 3, "at": NOW * 1000},
            OK,
            "http://localhost:4318: 3 calls sent, the last at 2027-01-15T08:00:00.000Z",
        ),
        ({"tries": 2, "reason": "503 Service Unavailable"}, WARN, "2 requests failed: 503 Service Unavailable"),
        ({"refused": 1}, WARN, "1 call refused"),
        ({"gone": 2}, OK, "2 deleted before, or without a time"),
    ],
)
def test_how_it_went(tmp_path, progress, level, words):
    """All of it is told, and where something is wrong, what to do."""
    spool.write(str(tmp_path), ShippingProgress(to=TO, **progress))
    ((found_level, found, todo),) = checked(tmp_path)
    assert (found_level, words in found, bool(todo)) == (level, True, level != OK)


@pytest.mark.parametrize(("seconds", "level"), [(60, OK), (7200, FAIL)])
def test_what_waits(tmp_path, seconds, level):
    """For how long is told; more than an hour is too long."""
    SpoolWriter(str(tmp_path)).announce([Coming("s", "s.json", 1, 2, 20)], (NOW - seconds) * 1000)
    ((found_level, found, _),) = checked(tmp_path)
    assert (found_level, "nobody yet" in found, "has waited for" in found) == (level, True, True)
    spool.write(str(tmp_path), ShippingProgress(Mark(2), TO))
    assert checked(tmp_path)[0][0] == OK


def test_a_spool_that_cannot_be_read(tmp_path):
    """It is told, as all else that is wrong with the folder."""
    (tmp_path / ".otlp").write_bytes(b"")
    ((level, found, todo),) = checked(tmp_path)
    assert (level, ".otlp" in found, "take it away" in todo) == (WARN, True, True)
