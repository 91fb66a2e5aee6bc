"""Findings as agents ask for them."""

from __future__ import annotations

import pytest

from tests.support import corpus
from tests.support.command_line import data
from tests.support.judged import ingested
from tests.support.mcp_client import answered, refused

STUCK, CACHE, WELL = "stuck/cycle_of_four", "cache/time_in_system", "healthy/chat"
YEAR = {"since": "2026-01-01"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An agent that is stuck, one that misses its cache, and one that is well."""
    cases = corpus.cases()
    return ingested(
        tmp_path_factory.mktemp("insights"), corpus.log_of({name: cases[name] for name in (STUCK, CACHE, WELL)})
    )


def test_of_all_sessions(folder):
    """The gravest come first, as on the command line; of no time given the last 7 days are meant."""
    told = answered(folder, "get_insights", **YEAR)
    known = data("insights", "--since", "2026-01-01", "--timezone", "UTC", "--data-dir", folder)

    assert told["findings"][0]["session_id"] == STUCK
    assert told["by_severity"] == known["by_severity"]
    assert (told["total"], told["cost_usd"]) == (known["total"], known["cost_usd"])
    assert (told["sessions_judged"], told["session"]) == (3, None)
    assert {each["words"] for each in told["findings"]} <= {each["words"] for each in known["findings"]}
    assert answered(folder, "get_insights", since="2020-01-01", until="2020-02-01")["total"] == 0
    assert answered(folder, "get_insights")["since"] is not None


def test_of_one_session(folder):
    """All of one session is told, of whatever time, with where its money went and why its cache was missed."""
    told = answered(folder, "get_insights", session="time_in_system")

    assert {"cache_missed", "system_changed"} <= {each["kind"] for each in told["findings"]}
    assert "session_id" not in told["findings"][0]
    session = told["session"]
    assert (session["session_id"], session["not_judged"]) == (CACHE, 0)
    assert list(session["missed_causes"]) == ["prefix_changed"]
    assert float(session["parts_usd"]["resent_paid"]) > 0


def test_what_is_asked_for_alone(folder):
    """A kind, a severity, sessions of a pattern; pages go on where the one before ended."""
    assert [each["kind"] for each in answered(folder, "get_insights", kind="cycle", **YEAR)["findings"]] == ["cycle"]
    assert answered(folder, "get_insights", severity="critical", **YEAR)["total"] == 1
    of_pattern = answered(folder, "get_insights", session="cache/*", **YEAR)
    assert {each["session_id"] for each in of_pattern["findings"]} == {CACHE}
    first = answered(folder, "get_insights", limit=1, **YEAR)
    second = answered(folder, "get_insights", limit=1, offset=first["next_offset"], **YEAR)
    assert (first["next_offset"], second["next_offset"]) == (1, 2)
    assert first["findings"] != second["findings"]


def test_no_such_session(folder):
    """A session that is not there is said not to be."""
    assert refused(folder, "get_insights", session="nobody").startswith("session_not_found: ")
