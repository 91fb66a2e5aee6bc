"""Nothing is left of sessions that are deleted."""

from __future__ import annotations

import json

import pytest

from session_monitor.base import data_folder
from session_monitor.insight import all_findings, forgetting, own_rules
from session_monitor.insight.own_rules import DismissedFinding
from session_monitor.reports.report import Report
from tests.support import insights
from tests.support.calls import BOOK


@pytest.fixture
def folder(tmp_path):
    """Two sessions in which something was found; of one it is dismissed."""
    folder = insights.folder_with(tmp_path, {"a": insights.looping(4), "zebra\udcff": insights.looping(4)})
    own_rules.dismiss(str(folder), DismissedFinding("zebra\udcff", "repeat_call", 2))
    all_findings.across(Report(str(folder), BOOK, now=0))
    return folder


def test_of_one(folder):
    """The others stay, and no scrap of it is in the files."""
    forgetting.forget(str(folder), ["zebra\udcff", "nobody"])

    with insights.in_file(folder) as db:
        assert db.execute("SELECT session_id FROM session").fetchall() == [("a",)]
        assert db.execute("SELECT count(DISTINCT session) FROM finding").fetchone() == (1,)
    for name in (data_folder.INSIGHTS, data_folder.INSIGHT_RULES):
        assert b"zebra" not in (folder / name).read_bytes()


def test_where_it_cannot_be_taken_out(folder, monkeypatch):
    """Where somebody has it open for too long all that is kept is removed: it is made anew."""
    monkeypatch.setattr(forgetting, "PATIENCE", 0.01)
    with insights.in_file(folder) as db:
        db.execute("BEGIN IMMEDIATE")
        forgetting.forget(str(folder), ["zebra\udcff"])

    assert not (folder / data_folder.INSIGHTS).exists()


def test_where_nothing_is_kept(tmp_path):
    """Nothing is made."""
    forgetting.forget(str(tmp_path), ["a"])

    assert list(tmp_path.iterdir()) == []


def test_a_file_of_a_persons_that_is_none(folder):
    """It stays as it is."""
    path = folder / data_folder.INSIGHT_RULES
    path.write_text(json.dumps({"schema_version": 9}))
    forgetting.forget(str(folder), ["a"])

    assert path.read_text() == json.dumps({"schema_version": 9})
