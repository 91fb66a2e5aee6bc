"""How a session stands is told with the budgets that count it; notes say whether it has ended."""

from __future__ import annotations

from session_monitor.asked import standing
from session_monitor.base import timestamps
from session_monitor.notes.notes_file import FolderNotes
from session_monitor.notes.session_notes import SessionNotes
from session_monitor.reports.report import Report
from tests.support.calls import BOOK
from tests.support.command_line import line, run, sessions

NOW = timestamps.milliseconds("2026-02-01T01:00:00Z")


def test_a_session_and_its_budgets(tmp_path):
    """The state follows from the time, and from notes; of many budgets the most used are told, and how many more."""
    folder = sessions(tmp_path / "s", line("a", model="gpt-4o"), line("b", 2, model="gpt-4o"))
    for number in range(1, 6):
        run("budget", "set", f"b{number}", "--total", str(number), "--data-dir", folder)
    report = Report(str(folder), BOOK, now=NOW)

    found = standing.of(report, "a", None)
    told = found.to_json()
    assert (told["state"], told["rounds"], len(found.budgets)) == ("idle", 1, 5)
    assert ([each["name"] for each in told["budgets"]], told["more_budgets"]) == (["b1", "b2", "b3"], 2)

    archived = FolderNotes({"a": SessionNotes(archived="2026-02-01T00:30:00.000Z")})
    assert standing.of(report, "a", archived).status.state == "ended"
    assert standing.of(report, "b", archived, max_age=16 * 60_000).status.state == "stale"
    assert standing.of(report, "nobody", None) is None
