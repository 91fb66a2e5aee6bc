"""today as a person, an agent and a team read it: how each project stands, what was done there and what that cost."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import data, run
from tests.support.repositories import Repository


@pytest.fixture
def tree(tmp_path):
    """A repository in which something was done, with a name that Markdown would take for its own."""
    made = Repository(tmp_path / "tree")
    made.write("todo.py", "# TODO `fix` \x1b[31m<b>\n")
    made.commit("Mend *it*\x1b[31m")
    made.write("new", "x")
    return made


def do(tree, *words, **options):
    """The command in the repository."""
    options.setdefault("cwd", tree.folder)
    return run(*words, "--data-dir", tree.folder.parent / "sessions", **options)


def told(tree, *words, **options):
    """What it says as JSON."""
    options.setdefault("cwd", tree.folder)
    return data(*words, "--data-dir", tree.folder.parent / "sessions", **options)


def test_the_repository_that_one_is_in(tree):
    """Without any project and any data folder."""
    day = told(tree, "today")
    (project,) = day["projects"]
    assert (project["path"], project["name"], day["sessions"]) == (str(tree.folder), "tree", None)
    assert (project["git"]["branch"], project["git"]["untracked"], project["git"]["commits_count"]) == ("main", 1, 2)
    assert [(each["file"], each["line"], each["kind"]) for each in project["marks"]] == [("todo.py", 1, "TODO")]
    assert project["work"] == []
    assert not (tree.folder.parent / "sessions").exists()


def test_what_it_cost(tree):
    """A piece of work is told with what its session's calls cost; all sessions together, too."""
    told(tree, "start", "Mend it")
    told(tree, "log-ai", "-p", "openai", "-m", "gpt-4o", "--prompt-tokens", "1000", "--completion-tokens", "100")
    day = told(tree, "today")
    assert day["sessions"] == {
        "sessions": 1,
        "calls": 1,
        "total_tokens": 1100,
        "cost_usd": "0.0035",
        "unpriced_rounds": 0,
    }
    (work,) = day["projects"][0]["work"]
    assert (work["name"], work["state"], work["rounds"], work["cost_usd"]) == ("Mend it", "under_way", 1, "0.0035")
    assert "  work: Mend it: under way for " in do(tree, "today").stdout
    told(tree, "end", "-n", "Well mended")
    assert "Note: `Well mended`" in do(tree, "today", "--ai").stdout
    assert "  - ended: Mend it (" in do(tree, "today", "--share").stdout


def test_which_projects(tree, tmp_path):
    """They are added, listed and removed, and told from wherever one is, also when one of them is gone."""
    assert told(tree, "today", "projects") == []
    assert "today init" in do(tree, "today", "projects").stdout
    (tree.folder / "below").mkdir()
    assert told(tree, "today", "init", cwd=tree.folder / "below") == {"path": str(tree.folder), "name": "tree"}
    (tmp_path / "plain").mkdir()
    assert told(tree, "today", "add", tmp_path / "plain", "-n", "Plain")["name"] == "Plain"
    assert [each["name"] for each in told(tree, "today", cwd=tmp_path)["projects"]] == ["tree", "Plain"]
    (tmp_path / "plain").rmdir()
    assert "there is no " in do(tree, "today", cwd=tmp_path).stdout
    assert "git does not tell" in do(tree, "today", "--share", cwd=tmp_path).stdout
    assert do(tree, "today", "remove", "Plain").stdout.startswith("Plain is no project any more")
    assert [each["name"] for each in told(tree, "today", "projects")] == ["tree"]


def test_for_an_agent(tree):
    """As Markdown, in which what strangers wrote is code."""
    shown = do(tree, "today", "--ai").stdout
    assert shown.startswith("# Where things stand\n")
    assert "`Mend *it*\\x1b[31m`" in shown
    assert "TODO in `todo.py:1`: ``" in shown
    assert "\x1b" not in shown


def test_for_others(tree):
    """Neither a path nor what stands in a file."""
    shown = do(tree, "today", "--share").stdout
    assert "  - done: Mend *it*\\x1b[31m\n" in shown
    assert "  - open: 1 untracked\n" in shown
    assert str(tree.folder) not in shown
    assert "TODO" not in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["add"], 2, "invalid_input"),
        (["remove"], 2, "invalid_input"),
        (["add", "/nowhere"], 1, "invalid_input"),
        (["remove", "nobody"], 1, "project_not_found"),
        (["--since", "someday"], 2, "bad_time"),
        (["--ai", "--share"], 2, "bad_arguments"),
        (["forget"], 2, "bad_arguments"),
    ],
)
def test_mistakes(tree, words, status, code):
    """Are told."""
    done = do(tree, "today", *words, "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (status, code)


def test_nowhere(tmp_path):
    """Without any project, and in no repository, it says what to do."""
    done = run("today", "--json", "--data-dir", tmp_path / "sessions", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "no_projects")
    assert "today add PATH" in done.stderr
