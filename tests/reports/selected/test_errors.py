"""Failed calls by model and code: held against plain Python over each call, whatever is asked for."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.reports.report import Report
from session_monitor.reports.selected.errors import Errors
from session_monitor.reports.selected.filters import ALL
from tests.reports.sums.test_breakdown import kept
from tests.support import report_oracle
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, Step
from tests.support.report_oracle import SELECTIONS


@settings(max_examples=40)
@given(BATCHES, st.lists(SELECTIONS, min_size=1, max_size=5))
def test_errors_are_those_of_the_calls(tmp_path_factory, batches, selections):
    """Each model and code has its failed calls, of all that are meant however they ended; and when the last one was."""
    folder = tmp_path_factory.mktemp("sessions")
    kept(folder, batches)
    calls = report_oracle.calls_of(folder, BOOK)
    report = Report(str(folder), BOOK)
    for meant in (ALL, *selections):
        chosen = report_oracle.meant_calls(calls, meant._replace(outcome=None))
        found = report.errors(meant)

        assert {(row.model, row.code): row[2:] for row in found.rows} == expected(chosen)
        assert [row.failed for row in found.rows] == sorted((row.failed for row in found.rows), reverse=True)
        failed = [call for call in chosen if report_oracle._outcome(call.entry) == "failed"]
        assert (found.total.failed, found.calls) == (len(failed), len(chosen))
        assert found.sessions == len({call.session for call in failed})
        assert found.total.last == latest(failed)


def expected(calls):
    """Failed calls, their sessions, all calls of the model, and the last moment, by model and code."""
    groups = defaultdict(list)
    for call in calls:
        if report_oracle._outcome(call.entry) == "failed":
            groups[call.model, call.entry.get("response_code")].append(call)
    return {
        (model, code): (
            len(failed),
            len({call.session for call in failed}),
            sum(call.model == model for call in calls),
            latest(failed),
        )
        for (model, code), failed in groups.items()
    }


def latest(calls):
    """When the last of them was."""
    return max((call.at for call in calls if call.at is not None), default=None)


def test_nothing_failed(tmp_path):
    """Without a failed call there is no row; without any call no share."""
    assert Errors([], 0, 0).total_to_json()["share"] is None
    kept(tmp_path, [[Step()]])
    found = Report(str(tmp_path), BOOK).errors()

    assert (found.rows, found.calls) == ([], 1)
    assert found.total_to_json() == {"failed": 0, "sessions": 0, "calls": 1, "share": 0.0, "last_seen": None}
