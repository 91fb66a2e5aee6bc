"""Files and commits between a beginning and now are those that git knows of, in real repositories of all kinds, and nobody's older ones."""

from __future__ import annotations

import os
import stat
import time

import pytest

from session_monitor.base import timestamps
from session_monitor.work import changes, git
from session_monitor.work.piece import CREATED, DELETED, MODIFIED, FileChange
from tests.support.repositories import Repository


@pytest.fixture
def repository(tmp_path):
    """One with a commit that is an hour old, so that none can be of the same second as a beginning."""
    made = Repository(tmp_path / "tree", is_empty=True)
    made.write("kept", "as it is\n")
    made.write("other", "1\n2\n3\n4\n5\n6\n7\n8\n")
    made.commit("first", int(time.time()) - 3600)
    return made


def begin(repository):
    """A beginning, and its time."""
    return changes.beginning(str(repository.folder)), timestamps.rfc3339(timestamps.now())


def kinds(found):
    """What became of each file."""
    return {each.path: each.change for each in found.files}


def test_every_kind_of_change(repository):
    """Created, modified, deleted and renamed, committed or not, tracked or not; what is ignored is none."""
    begun = begin(repository)
    repository.write("kept", "else\n")
    repository.git("mv", "other", "moved ünd\tbent")
    repository.write("new in git", "x")
    made = repository.commit("second\n\nwith more words")
    repository.write(".gitignore", "*.log\n")
    repository.write("deep/new", "x")
    repository.write("some.log", "x")

    found = changes.since(*begun)

    assert kinds(found) == {
        "kept": MODIFIED,
        "other": DELETED,
        "moved ünd\tbent": CREATED,
        "new in git": CREATED,
        ".gitignore": CREATED,
        "deep/new": CREATED,
    }
    assert FileChange("moved ünd\tbent", CREATED, "other") in found.files
    assert [(each.hash, each.subject, each.is_merge) for each in found.commits] == [(made, "second", False)]
    assert (found.files_count, found.commits_count, found.problem, found.branch) == (6, 1, None, "main")
    assert found.head == made


def test_what_was_there_before_is_nobodys_doing(repository):
    """Changes and new files of before the beginning count only where they changed again."""
    repository.write("kept", "changed before\n")
    repository.write("new before", "x")
    repository.write("grows", "x")
    repository.write("goes", "x")
    begun = begin(repository)
    assert changes.since(*begun).files == ()

    repository.write("grows", "longer")
    (repository.folder / "goes").unlink()
    repository.commit("all of it")

    assert kinds(changes.since(*begun)) == {"grows": MODIFIED, "goes": DELETED}


def test_what_is_taken_back(repository):
    """A change of before that is undone is one; one that came and went is none."""
    repository.write("kept", "changed before\n")
    (repository.folder / "other").unlink()
    begun = begin(repository)
    repository.write("short-lived", "x").unlink()
    repository.git("checkout", "-q", "--", "kept", "other")

    assert kinds(changes.since(*begun)) == {"kept": MODIFIED, "other": CREATED}


def test_before_the_first_commit(tmp_path):
    """A repository without one has files all the same, and its first commit is one of those made since."""
    repository = Repository(tmp_path / "tree", is_empty=True)
    repository.write("before", "x")
    begun = begin(repository)
    assert (begun[0].head, begun[0].branch) == (None, "main")
    repository.write("since", "x")
    assert kinds(changes.since(*begun)) == {"since": CREATED}

    repository.git("add", "since")
    assert kinds(changes.since(*begun)) == {"since": CREATED}
    made = repository.commit("first")
    found = changes.since(*begun)
    assert kinds(found) == {"since": CREATED}
    assert [each.hash for each in found.commits] == [made]


def test_commits_of_branches_merges_and_amendments(repository):
    """Made on any branch of this tree, each once; a commit that was amended is the new one alone, an old one of others is none."""
    repository.git("branch", "upstream")
    repository.git("checkout", "-q", "upstream")
    repository.write("theirs", "x")
    theirs = repository.commit("by others, long ago", int(time.time()) - 1800)
    repository.git("checkout", "-q", "main")
    begun = begin(repository)
    repository.git("checkout", "-q", "-b", "feature")
    repository.write("mine", "1")
    repository.commit("to be amended")
    repository.git("commit", "-q", "--amend", "-m", "on a branch")
    feature = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "-m", "merged", "upstream")
    merged = repository.git("rev-parse", "HEAD")

    found = changes.since(*begun)

    assert {(each.hash, each.is_merge) for each in found.commits} == {(feature, False), (merged, True)}
    assert theirs not in [each.hash for each in found.commits]
    assert kinds(found) == {"theirs": CREATED}


def test_another_tree_of_the_repository(repository, tmp_path):
    """Each working tree has commits of its own."""
    repository.git("worktree", "add", "-q", tmp_path / "beside", "-b", "beside")
    beside = Repository.__new__(Repository)
    beside.folder = tmp_path / "beside"
    begun = begin(repository)
    beside.write("there", "x")
    beside.commit("elsewhere")

    assert (changes.since(*begun).commits, changes.since(*begun).files) == ((), ())
    assert changes.beginning(str(beside.folder)).root == str(beside.folder)


def test_a_detached_head(repository):
    """Has no branch, and its commits count while it is checked out."""
    repository.git("checkout", "-q", "--detach")
    begun = begin(repository)
    made = repository.commit("nowhere")
    found = changes.since(*begun)
    assert (begun[0].branch, found.branch, [each.hash for each in found.commits]) == (None, None, [made])


def test_a_shallow_clone(repository, tmp_path):
    """Knows its changes as a whole one does."""
    repository.commit("second", int(time.time()) - 1800)
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.folder}", tmp_path / "shallow")
    shallow = Repository.__new__(Repository)
    shallow.folder = tmp_path / "shallow"
    begun = begin(shallow)
    shallow.write("new", "x")
    shallow.commit("third")
    found = changes.since(*begun)
    assert (kinds(found), found.commits_count) == ({"new": CREATED}, 1)


def test_a_submodule(repository, tmp_path):
    """One that is at another commit has changed; one with changes of its own has not."""
    inner = Repository(tmp_path / "inner")
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", inner.folder, "module")
    repository.commit("with a module", int(time.time()) - 1800)
    begun = begin(repository)
    module = Repository.__new__(Repository)
    module.folder = repository.folder / "module"
    module.write("kept", "dirty\n")
    assert changes.since(*begun).files == ()
    module.commit("inside")
    assert kinds(changes.since(*begun)) == {"module": MODIFIED}


def test_no_repository(tmp_path):
    """Is no beginning."""
    assert changes.beginning(str(tmp_path)) is None


def test_names_of_any_bytes(repository):
    """A path that is no text is kept as Python has it."""
    begun = begin(repository)
    path = os.fsencode(repository.folder) + b"/\xff\n"
    with open(path, "wb"):
        pass
    assert [os.fsencode(each.path) for each in changes.since(*begun).files] == [b"\xff\n"]


def test_what_git_cannot_tell_is_not_known(repository, monkeypatch):
    """A commit that is gone, a folder that is gone, a git that takes too long or is not there: said, and no number."""
    begun, started = begin(repository)
    gone = changes.since(begun._replace(head="1" * 40), started)
    assert (gone.files_count, gone.commits_count) == (None, None)
    assert "is there no more" in gone.problem
    assert "any more" in changes.since(begun._replace(root="/nowhere"), started).problem

    monkeypatch.setattr(git, "SECONDS", 0.0)
    monkeypatch.setattr(git.ask, "__kwdefaults__", {**git.ask.__kwdefaults__, "seconds": 0.0})
    slow = changes.since(begun._replace(head=None), started)
    assert "took longer" in slow.problem
    monkeypatch.setenv("PATH", "")
    assert "no git here" in changes.since(begun._replace(head=None), started).problem


def test_too_many(repository, monkeypatch):
    """All are counted, some are kept; where too many were no commit's before, that is said."""
    monkeypatch.setattr(changes, "MOST_FILES", 2)
    monkeypatch.setattr(changes, "MOST_COMMITS", 1)
    monkeypatch.setattr(changes, "MOST_DIRTY", 1)
    repository.write("before 1", "x")
    repository.write("before 2", "x")
    begun = begin(repository)
    for number in range(3):
        repository.write(f"new {number}", "x")
        repository.commit(f"{number}")
    found = changes.since(*begun)
    assert (found.files_count, len(found.files), found.commits_count, len(found.commits)) == (5, 2, 3, 1)
    assert "too many" in found.problem


def test_no_program_of_the_repository_runs(repository, tmp_path):
    """Neither a hook nor a monitor of files nor another program for diffs, whatever its settings say."""
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n", encoding="utf-8")
    trap.chmod(trap.stat().st_mode | stat.S_IXUSR)
    for name in ("core.fsmonitor", "diff.external", "core.pager", "diff.x.command", "diff.x.textconv"):
        repository.git("config", name, trap)
    repository.write(".gitattributes", "* diff=x\n")
    hooks = repository.folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "post-index-change").symlink_to(trap)
    begun = begin(repository)
    repository.write("kept", "else\n")
    assert changes.since(*begun).files
    assert not (tmp_path / "sprung").exists()


def test_a_hooks_environment(repository, tmp_path, monkeypatch):
    """What names another repository is not heeded."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert changes.beginning(str(repository.folder)).root == str(repository.folder)
