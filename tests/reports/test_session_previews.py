"""What else is there to know of sessions in a list?"""

from __future__ import annotations

import pytest

from session_monitor.reports import session_previews
from session_monitor.reports.report import Report
from tests.support.calls import BOOK, line
from tests.support.webserving import ingest


def of(folder, *calls):
    """The answers about a log with these calls."""
    (folder / "access.log").write_bytes(b"".join(each + b"\n" for each in calls))
    return Report(str(ingest(folder / "access.log", folder / "sessions")), BOOK)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"question": " What\n is\tit? ", "messages": []}, "What is it?"),
        ({"question": None, "messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "hi"}]}, "hi"),
        ({"question": "", "messages": [{"role": "user", "content": [{"type": "text", "text": "parts"}]}]}, "parts"),
        ({"question": "é" * 300, "messages": []}, "é" * 199 + "…"),
        ({"question": None, "messages": ["odd", {"role": "assistant", "content": "x"}]}, None),
        ({"question": {"a": 1}, "messages": []}, None),
    ],
)
def test_titles(entry, expected):
    """A session's title is what was asked first, on one line and not too long; None where nothing was."""
    assert session_previews.title_of(entry) == expected


def test_titles_come_from_the_files(tmp_path):
    """The title is read from where the first round stands; a file that is gone has none."""
    report = of(tmp_path, line("s", ["first"]), line("s", ["first", "second"], start_time="2026-02-01T09:31:00Z"))
    (known, none) = report.previews(["s", "none"])

    assert none is None
    assert session_previews.title_at(report.folder, known.first) == "first"
    (tmp_path / "sessions" / "s.json").unlink()
    assert session_previews.title_at(report.folder, known.first) is None
