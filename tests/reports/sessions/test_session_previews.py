"""What else is there to know of sessions in a list?"""

from __future__ import annotations

import pytest

from session_monitor.reports.report import Report
from session_monitor.reports.sessions import session_previews
from tests.support.calls import BOOK, line
from tests.support.stored_rounds import keep, round_of
from tests.support.webserving import ingest


def of(folder, *calls):
    """The answers about a log with these calls."""
    (folder / "access.log").write_bytes(b"".join(each + b"\n" for each in calls))
    return Report(str(ingest(folder / "access.log", folder / "sessions")), BOOK)


def test_titles_come_from_the_files(tmp_path):
    """The title is read from where the first round stands; a file that is gone has none."""
    report = of(tmp_path, line("s", ["first"]), line("s", ["first", "second"], start_time="2026-02-01T09:31:00Z"))
    (known, none) = report.previews(["s", "none"])

    assert none is None
    assert session_previews.title_at(report.folder, known.first) == "first"
    (tmp_path / "sessions" / "s.json").unlink()
    assert session_previews.title_at(report.folder, known.first) is None


def previewed(folder, *rounds):
    """What is known of a session of these rounds."""
    (found,) = Report(str(keep(folder, "s", *rounds)), BOOK).previews(["s"])
    return found


@pytest.mark.parametrize(
    ("calls", "told"),
    [(1, [1]), (2, [1, 2]), (24, range(1, 25)), (25, [*range(1, 24), 25]), (231, range(1, 232, 10))],
)
def test_the_sizes_of_some_prompts(tmp_path, calls, told):
    """Evenly from the first round to the last, however many there are."""
    context = previewed(tmp_path, *(round_of(number) for number in range(1, calls + 1))).context
    assert context == [100 * number for number in told]


def test_a_prompt_whose_size_is_not_told(tmp_path):
    """It is None among the others."""
    assert previewed(tmp_path, round_of(1), round_of(2, no_tokens=True), round_of(3)).context == [100, None, 300]


def test_who_called_and_how_many_tools(tmp_path):
    """The consumers by name, not all of very many; the calls of tools of all rounds."""
    rounds = [round_of(n, consumer=f"c{20 - n}", tools_called=[("Read", 2), ("Bash", 1)]) for n in range(1, 11)]
    found = previewed(tmp_path, *rounds)

    assert found.consumers == [f"c{n}" for n in range(10, 18)]
    assert found.tool_calls == 30
    assert found.first.number == 1


def test_a_first_round_without_content_has_no_title(tmp_path):
    """Nothing is looked for where the log has none."""
    assert previewed(tmp_path, round_of(1, messages=[], no_content=True)).first is None
