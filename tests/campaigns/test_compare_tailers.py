"""The comparison with other tailers, and what LOG_ROTATION.md says of it and of the tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.campaigns import compare_tailers
from tests.campaigns.compare_tailers import Column
from tests.support.needs import need_module, need_tool

TESTS = Path(__file__).resolve().parent.parent
DOCUMENT = (TESTS.parent / "LOG_ROTATION.md").read_text()
SHORT = 3
"""Lines in a unit of the histories; the program itself takes ten."""


def _tables():
    """The tables of the document by the title of their first column, each as rows of cells."""
    tables = re.findall(r"(?:^\|.*\|\n)+", DOCUMENT, re.MULTILINE)
    split = [[[cell.strip() for cell in line.strip("|").split("|")] for line in each.splitlines()] for each in tables]
    return {rows[0][0]: rows for rows in split}


@pytest.mark.parametrize("row", compare_tailers.ROWS)
def test_we_lose_nothing_and_find_nothing_twice(row):
    """In each of the compared histories main.py, started anew for each poll, finds each line once."""
    need_tool("logrotate")

    lost, twice, total = compare_tailers.measured(row, compare_tailers.columns(hurry=True)[-1], SHORT)

    assert (lost, twice) == (0, 0)
    assert total >= SHORT


def test_others_are_measured_as_they_are():
    """What pygtail is known to lose and to find is measured so: the comparison is not blind."""
    need_tool("logrotate")
    need_module("pygtail", (3, 9))
    plain, full_lines, *_ = compare_tailers.columns(hurry=True)

    assert compare_tailers.measured("half a line, completed after a poll", plain, 5) == (1, 0, 5)
    assert compare_tailers.measured("half a line, completed after a poll", full_lines, 5) == (0, 0, 5)
    lost, twice, total = compare_tailers.measured("copytruncate, grown past the old offset", plain, 2)
    assert lost >= 2 * (2 + 5)  # a line more where its old place lies in the middle of a line
    assert (twice, total) == (0, 32)


def test_a_tailer_that_is_missing_says_so(monkeypatch):
    """The column of a program that this machine lacks holds no numbers."""
    missing = Column("logtail2", None, None)
    monkeypatch.setattr(compare_tailers, "columns", lambda hurry: [missing])

    header, _, *rows = compare_tailers.table(SHORT, hurry=True)

    assert header == "| lost / twice of total | logtail2 |"
    assert rows == [f"| {row} | not installed |" for row in compare_tailers.ROWS]


def test_the_document_shows_this_comparison():
    """The table in LOG_ROTATION.md has the rows and columns of the program, and claims nothing else for ourselves."""
    header, _, *rows = _tables()["lost / twice of total"]

    titles = [each.title for each in compare_tailers.columns(hurry=True)]
    assert [shown.rpartition(" ")[0] for shown in header[1:]] == titles
    assert [row[0] for row in rows] == list(compare_tailers.ROWS)
    assert {row[-1].partition(" of ")[0] for row in rows} == {"0 / 0"}


def test_every_test_that_is_named_exists():
    """Each case that LOG_ROTATION.md calls supported is shown by tests, and these tests are there."""
    _, _, *rows = _tables()["case"]
    there = {
        name for path in TESTS.rglob("*.py") for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }

    named = [re.findall(r"`(test_\w+)`", row[-1]) for row in rows]

    assert [row[0] for row, names in zip(rows, named) if not names] == []
    assert {name for names in named for name in names} - there == set()
    paths = set(re.findall(r"`(tests/\w+\.py)`", DOCUMENT))
    assert [path for path in paths if not (TESTS.parent / path).exists()] == []
