"""Files of lines come whole, have the same ids again, and say what a store would."""

from __future__ import annotations

import json
import stat

import pytest

from session_monitor.shipping.replication.line_files import LineFiles
from session_monitor.shipping.replies import AGAIN
from tests.support.indexes import Step
from tests.support.kept_rows import Shipped, told, truth

MARCH = 1_772_913_015_000


@pytest.fixture
def lines(tmp_path):
    """A folder with calls, shipped to files."""
    (tmp_path / "sessions").mkdir()
    found = Shipped(tmp_path / "sessions", LineFiles(str(tmp_path / "lines")))
    found.calls([Step(session=name, at=MARCH) for name in ("a", "b", "b")])
    yield found
    found.replicator.close()


def rows(tmp_path):
    """The rows of all files, by their ids, the highest version of each."""
    found = {}
    for path in sorted((tmp_path / "lines").glob("rounds-*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["version"] >= found.get(row["id"], {"version": 0})["version"]:
                found[row["id"]] = row
    return {(row["session"], row["number"]): row for row in found.values() if not row["is_deleted"]}


def test_lines(lines, tmp_path):
    """What they say together is what the folder says, also of what was deleted."""
    assert lines.ship()
    assert told(rows(tmp_path)) == truth(lines.folder)
    next(path for path in lines.folder.glob("[!.]*") if path.name.startswith("b")).unlink()
    assert lines.ship()
    assert told(rows(tmp_path)) == truth(lines.folder)
    assert list(rows(tmp_path)) == [("a", 1)]
    paths = list((tmp_path / "lines").iterdir())
    assert {path.suffix for path in paths} == {".jsonl"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}


def test_the_same_lines_once_more(tmp_path):
    """They are the same file."""
    store = LineFiles(str(tmp_path / "lines"))
    store.open("gw")
    line = b'{"gateway":"gw","version":5,"session":"a","number":1,"is_deleted":0}\n'
    for _ in range(2):
        store.put("rounds", [line])
    assert len(list((tmp_path / "lines").iterdir())) == 1


def test_a_folder_that_cannot_be_written_to(tmp_path):
    """It is tried again."""
    (tmp_path / "lines").write_text("no folder")
    reply, _ = LineFiles(str(tmp_path / "lines")).open("gw")
    assert reply.what == AGAIN
