"""How a project stands is what git says of it; what git cannot say is not known."""

from __future__ import annotations

import time

import pytest

from session_monitor.work import project_state
from tests.support.repositories import Repository

HOUR_AGO = (int(time.time()) - 3600) * 1000


@pytest.fixture
def tree(tmp_path):
    """A repository with an upstream, whose commit is old."""
    upstream = Repository(tmp_path / "upstream", is_empty=True)
    upstream.write("kept", "1")
    upstream.commit("old", int(time.time()) - 7200)
    upstream.git("clone", "-q", upstream.folder, tmp_path / "tree")
    made = Repository.__new__(Repository)
    made.folder = tmp_path / "tree"
    return made


def test_how_it_stands(tree):
    """Staged, not staged, untracked, not pushed, stashed, and commits of then on."""
    clean = project_state.of(str(tree.folder), HOUR_AGO)
    assert clean[1:8] == ("main", "origin/main", 0, 0, 0, 0, 0)
    assert (clean.commits, clean.commits_count, clean.problem) == ((), 0, None)

    tree.write("kept", "2")
    tree.git("stash")
    made = tree.commit("mine")
    tree.write("kept", "3")
    tree.git("add", "kept")
    tree.write("kept", "4")
    tree.write("new", "x")
    state = project_state.of(str(tree.folder / "."), HOUR_AGO)
    assert state[1:8] == ("main", "origin/main", 1, 1, 1, 1, 1)
    assert [(each.hash, each.subject) for each in state.commits] == [(made, "mine")]
    assert state.root == str(tree.folder)


@pytest.mark.parametrize("setting", ["no", "normal", "all"])
def test_files_that_git_does_not_know(tree, setting):
    """Each of them counts, also several in a new folder, whatever the repository's settings show of them."""
    tree.git("config", "status.showUntrackedFiles", setting)
    (tree.folder / "folder").mkdir()
    for name in ("one", "folder/two", "folder/three"):
        tree.write(name, "x")
    assert project_state.of(str(tree.folder), HOUR_AGO).untracked == 3


def test_subjects_of_commits_are_text(tree):
    """Also where the owner's terminal is of another encoding, which git's settings say."""
    tree.git("config", "i18n.logOutputEncoding", "gbk")
    tree.commit("修复登录")
    assert [each.subject for each in project_state.of(str(tree.folder), HOUR_AGO).commits] == ["修复登录"]


def test_without_an_upstream_or_a_commit(tmp_path):
    """What is not pushed is not known then, which is not none."""
    tree = Repository(tmp_path / "tree", is_empty=True)
    tree.write("a", "x")
    state = project_state.of(str(tree.folder), 0)
    assert (state.branch, state.upstream, state.unpushed, state.untracked, state.commits_count) == (
        "main",
        None,
        None,
        1,
        0,
    )


def test_what_is_no_repository(tmp_path):
    """Is told, as is a folder that is gone."""
    assert "no git repository" in project_state.of(str(tmp_path), 0).problem
    gone = project_state.of(str(tmp_path / "gone"), 0)
    assert (gone.problem, gone.staged) == (f"there is no {tmp_path / 'gone'} any more", None)
