"""What calls cost under each system prompt: held against plain Python over the session files."""

from __future__ import annotations

import pytest

from session_monitor.insight import prompt_statistics
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import ALL, Selection
from tests.support.calls import BOOK
from tests.support.command_line import line, sessions

HOUR = 3_600_000
START = 1_769_904_000_000
"""2026-02-01 in UTC."""


def asked(session, number, system=None, extra=(), **more):
    """A call with a system prompt, in the list of its messages."""
    first = [{"role": "system", "content": system}] if system else []
    messages = [*first, {"role": "user", "content": f"of {session}"}, *extra]
    return line(session, number, messages=messages, **{"model": "gpt-4o", "input_token": 1000, **more})


@pytest.fixture
def report(tmp_path):
    """Two sessions under a prompt that tells the time, one of which goes on; one under another; one without; one that is not logged."""
    more = [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]
    lines = (
        asked("a", 1, "Be brief. Now: 2026-02-01 08:00"),
        asked("a", 2, "Be brief. Now: 2026-02-01 08:00", more, cached_tokens=500),
        asked("b", 61, "Be brief. Now: 2026-02-01 09:01"),
        asked("c", 62, "Be thorough.", model="gpt-4o-mini"),
        asked("c", 63, "Be thorough.", outer={"response_code": "500"}, input_token=None, output_token=None),
        asked("d", 64),
        line("e", 65, messages=None, question=None, answer=None),
    )
    return Report(str(sessions(tmp_path / "sessions", *lines)), BOOK)


def test_a_row_for_each_prompt(report):
    """One that tells the time is one; calls without any, and those of which nothing is logged, are told apart."""
    rows = prompt_statistics.by_prompt(report)
    told = {prompt_statistics.first_words(report, row, 9) or row.prompt: row for row in rows}

    assert told.keys() == {"Be brief.", "Be thorou", "none", None}
    brief, thorough = told["Be brief."], told["Be thorou"]
    assert (brief.sessions, brief.sums.calls, brief.sums.cached_share) == (2, 3, 0.5)
    assert (thorough.sums.calls, thorough.sums.failed) == (2, 1)
    assert (brief.session_id, brief.stands_in) == ("b", 1)
    assert (brief.first, brief.last) == (START + 75_000, START + HOUR + 75_000)
    assert rows[0] == brief
    assert (brief.sums.spending.pico, brief.per_call, brief.per_session) == (
        7_025_000_000,
        2_341_666_667,
        3_512_500_000,
    )
    assert prompt_statistics.first_words(report, told["none"], 9) is None


@pytest.mark.parametrize(
    "meant",
    [
        ALL,
        Selection(since=START + HOUR),
        Selection(until=START + HOUR),
        Selection(models=("gpt-4o",)),
        Selection(sessions=("a", "c")),
        Selection(outcome="failed"),
        Selection(sessions=("nobody",)),
    ],
)
def test_rows_add_up_to_the_report(report, meant):
    """Calls, tokens and cost of all rows are those of the report, whatever is asked for."""
    rows, everything = prompt_statistics.by_prompt(report, meant), report.overview(meant).sums

    assert sum(row.sums.calls for row in rows) == everything.calls
    assert sum(row.sums.total_tokens for row in rows) == everything.total_tokens
    assert sum(row.sums.spending.pico for row in rows) == everything.spending.pico
    assert sum(row.sums.spending.unpriced_rounds for row in rows) == everything.spending.unpriced_rounds


def test_what_changed(report):
    """The change from one time to another is told prompt by prompt, and its parts add up to it."""
    now, before = Selection(since=START + HOUR), Selection(until=START + HOUR)
    found = prompt_statistics.changes(report, now, before)

    assert found.total.change == report.overview(now).sums.spending.pico - report.overview(before).sums.spending.pico
    assert sum(row.change for row in found.rows) == found.total.change
    for row in found.rows:
        assert sum(row.parts) == row.change


def test_a_session_that_is_gone_is_not_counted(report, tmp_path):
    """Its file was removed: what is not there is in no row."""
    prompt_statistics.by_prompt(report)
    for path in (tmp_path / "sessions").glob("c*.json"):
        path.unlink()

    rows = prompt_statistics.by_prompt(Report(report.folder, BOOK))

    assert sum(row.sums.calls for row in rows) == 5
