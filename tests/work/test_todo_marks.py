"""Marks of unfinished things are found where somebody just worked, and nowhere else; strangers' files are only read."""

from __future__ import annotations

import os
import time

import pytest

from session_monitor.work import todo_marks
from tests.support.repositories import Repository

NOW = int(time.time() * 1000)


@pytest.fixture
def tree(tmp_path):
    """A repository."""
    return Repository(tmp_path / "tree")


def marks(tree):
    """Those that are fresh, in order."""
    tree.git("add", "-A")
    return [(each.file, each.line, each.kind, each.text) for each in todo_marks.fresh(str(tree.folder), NOW)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\n# TODO fix it\n", [(2, "TODO", "fix it")]),
        ("x = 1  // FIXME(me): later \r\n", [(1, "FIXME", "later")]),
        ("/* HACK */\n * XXX: 查询", [(1, "HACK", "*/"), (2, "XXX", "查询")]),
        ("TODO: in a text", [(1, "TODO", "in a text")]),
        ("<!-- TODO -->", [(1, "TODO", "-->")]),
        ("a TODO list\nname = TODOS\nCNY XXX\n", []),
        ("# " + "x" * 500 + " TODO " + "y" * 500, [(1, "TODO", "y" * 160)]),
    ],
)
def test_what_is_a_mark(tree, text, found):
    """A word in a remark, or one with a colon or a name behind it."""
    tree.write("file", text)
    assert marks(tree) == [("file", *each) for each in found]


def test_where_they_are_looked_for(tree):
    """In what git knows, is no larger than a megabyte, was changed lately, and is text; no link is followed."""
    tree.write("old", "# TODO old")
    os.utime(tree.folder / "old", (time.time() - 49 * 3600,) * 2)
    tree.write("large", "# TODO large\n" + "x" * (1 << 20))
    tree.write("binary", "# TODO binary\0")
    tree.write(".gitignore", "ignored\n")
    tree.write("ignored", "# TODO ignored")
    (tree.folder.parent / "secret").write_text("# TODO secret", encoding="utf-8")
    (tree.folder / "link").symlink_to(tree.folder.parent / "secret")
    tree.write("gone", "# TODO gone")
    tree.git("add", "-A")
    (tree.folder / "gone").unlink()
    tree.write("kept", "# TODO kept")
    assert [each.file for each in todo_marks.fresh(str(tree.folder), NOW)] == ["kept"]


def test_the_newest_first_and_not_all(tree):
    """Of the file that was changed last first."""
    for number in range(15):
        tree.write(f"f{number:02}", "# TODO a\n# TODO b\n")
        os.utime(tree.folder / f"f{number:02}", (time.time() - 60 * number,) * 2)
    found = marks(tree)
    assert len(found) == todo_marks.MOST_MARKS
    assert found[:3] == [("f00", 1, "TODO", "a"), ("f00", 2, "TODO", "b"), ("f01", 1, "TODO", "a")]


def test_no_repository(tmp_path):
    """Has none."""
    assert todo_marks.fresh(str(tmp_path), NOW) == []
