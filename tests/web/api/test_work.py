"""What came of work is told to who may see all sessions, and to nobody where texts are not served; no other file is ever shown."""

from __future__ import annotations

import json
import shutil

import pytest

from session_monitor.work import life
from tests.support.repositories import Repository
from tests.support.webserving import ELSEWHERE, MAIN, serving

NOW = 1_770_000_000_000


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A repository."""
    return Repository(tmp_path_factory.mktemp("work") / "tree")


@pytest.fixture(scope="module")
def folder_with_work(folder, tree, tmp_path_factory):
    """The sessions of the sample, one of which is that of work that is under way."""
    copy = str(shutil.copytree(folder, tmp_path_factory.mktemp("with_work") / "sessions"))
    life.begin(copy, "Mend <b>it</b>", str(tree.folder), now=NOW, session_id=MAIN)
    tree.write("kept", "else\n")
    tree.commit("Mended")
    tree.write("new", "x")
    return copy


@pytest.fixture(scope="module")
def working(folder_with_work):
    """A server over those."""
    with serving(folder_with_work) as found:
        yield found


def test_what_came_of_it(working, tree):
    """In brief with the session, whole at an address of its own; another session has none."""
    brief = working.ask("/api/session", id=MAIN).data["work"]
    assert (brief["name"], brief["state"], brief["files_count"]) == ("Mend <b>it</b>", "under_way", None)
    work = working.ask("/api/work", id=MAIN).data["work"]
    assert {each["path"]: each["change"] for each in work["files"]} == {"kept": "modified", "new": "created"}
    assert [each["subject"] for each in work["commits"]] == ["Mended"]
    assert work["git_root"] == str(tree.folder)
    assert working.ask("/api/session", id="no-session:2026-02-01").data["work"] is None
    assert working.ask("/api/work", id="no-session:2026-02-01").data == {"work": None}


def test_line_by_line(working):
    """Of a file that the work changed; of any other nothing, wherever it lies."""
    diff = working.ask("/api/work/diff", id=MAIN, file="kept").data
    assert (diff["is_cut"], diff["problem"]) == (False, None)
    assert "\n-as it is\n+else\n" in diff["text"]
    assert "does not know it yet" in working.ask("/api/work/diff", id=MAIN, file="new").data["problem"]
    for path in ("../../etc/passwd", "/etc/passwd", "*", ":(glob)**", "--output=x", ".git/config", "none"):
        found = working.ask("/api/work/diff", id=MAIN, file=path).data
        assert found == {"text": None, "is_cut": False, "problem": "the work did not change such a file"}


def test_it_is_for_those_alone_who_may_see_all(working, folder_with_work):
    """The key of the session is not enough; where texts are not served nobody is told."""
    keys = {"key": working.keys().of_session(MAIN)}
    assert working.ask("/api/session", ELSEWHERE, id=MAIN, **keys).data["work"] is None
    assert working.ask("/api/work", ELSEWHERE, id=MAIN, **keys).status == 403
    assert working.ask("/api/work/diff", ELSEWHERE, id=MAIN, file="kept", **keys).status == 403
    with serving(folder_with_work, redacts=True) as redacted:
        assert redacted.ask("/api/session", id=MAIN).data["work"] is None
        assert redacted.ask("/api/work", id=MAIN).data == {"work": None}
        assert redacted.ask("/api/work/diff", id=MAIN, file="kept").status == 403


def test_when_it_has_ended(folder_with_work, tmp_path):
    """What was committed stays to be seen; what was not is told as such, and a file with a mistake is no reason to fail."""
    copy = shutil.copytree(folder_with_work, tmp_path / "sessions")
    life.end(str(copy), MAIN, NOW + 60_000)
    with serving(copy) as found:
        assert found.ask("/api/session", id=MAIN).data["work"]["duration_seconds"] == 60
        assert "+else" in found.ask("/api/work/diff", id=MAIN, file="kept").data["text"]
        assert "in no commit" in found.ask("/api/work/diff", id=MAIN, file="new").data["problem"]
        (copy / ".work.json").write_text(json.dumps({"schema_version": 1, "pieces": 5}), encoding="utf-8")
        assert found.ask("/api/session", id=MAIN).data["work"] is None
