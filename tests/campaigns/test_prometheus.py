"""A real Prometheus, Debian's, reads what is shown: promtool finds nothing, sums are ours, the rules and the dashboard work."""

from __future__ import annotations

import pytest

from tests.campaigns import prometheus
from tests.support.needs import need_tool
from tests.support.scraped import parsed, total


@pytest.fixture(scope="module")
def found():
    """What came of it."""
    return prometheus.run(need_tool(prometheus.PROGRAM), need_tool(prometheus.TOOL))


def test_its_own_tool_finds_nothing_wrong(found):
    """In what is shown, and in the example; and each alert fires where it should, and is silent else."""
    assert (found.lint, found.rules, found.config) == ("ok", "ok", 0)


def test_a_key_in_a_file(found):
    """Another user's Prometheus is answered with the key, and not without."""
    assert found.targets["session-monitor"] == ("up", "")
    expected = ("down", "server returned HTTP status 401 Unauthorized") if found.is_stranger else ("up", "")
    assert found.targets["without-a-key"] == expected


def test_it_says_what_we_say(found):
    """Calls, tokens, cost and what has none, of each model; of nothing that is not known."""
    assert found.theirs == pytest.approx(found.ours, abs=1e-9)
    assert len(found.ours) > 30


def test_every_query_of_the_dashboard_gives_a_figure(found):
    """Also those that show what goes wrong, where all is well."""
    empty = [query for query, number in found.figures.items() if not number]
    assert len(found.figures) > 20
    assert empty == []


def test_node_exporter_reads_the_file():
    """As another user, and all of it; it says when the file was written."""
    text = prometheus.collected(need_tool(prometheus.COLLECTOR))
    series = parsed(text)

    assert total(series, "asm_rounds_total") == 35
    assert total(series, "node_textfile_scrape_error") == 0
    assert total(series, "node_textfile_mtime_seconds") > 1_700_000_000


def test_a_budget_fires(found):
    """By the rules in it."""
    assert found.firing == {"AsmBudgetSpent"}


def test_a_deleted_session_is_no_new_beginning(found):
    """No counter fell; the series of models of which nothing is left ended."""
    assert found.resets == 0
    assert 0 < found.after <= found.before == 70
