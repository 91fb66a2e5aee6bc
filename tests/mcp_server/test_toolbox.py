"""A call that cannot be answered says what to do, under the codes of the command line."""

from __future__ import annotations

import os

import pytest

from mcp_server import toolbox
from mcp_server.catalog import Catalog
from mcp_server.protocol.messages import RefusedError
from tests.support.command_line import line, sessions
from tests.support.mcp_client import CATALOG, MAIN, answered, called, desk_of, refused
from tests.support.users import STRANGER, acting_as, need_users


@pytest.mark.parametrize("name", ["nothing", "", None, 7, [], "x" * 5000])
def test_an_unknown_tool(sample, name):
    """What is no tool is a mistake of the protocol, not of the model."""
    with pytest.raises(RefusedError) as error:
        toolbox.call(desk_of(sample), CATALOG, {"name": name})
    assert error.value.code == -32602
    assert len(error.value.text) < 200


def test_arguments_may_be_left_out(sample):
    """No arguments, none in an object, and null for one are the same."""
    whole = answered(sample, "list_sessions")
    assert whole == answered(sample, "list_sessions", limit=None, since=None)
    for params in ({"name": "list_sessions"}, {"name": "list_sessions", "arguments": None}):
        assert toolbox.call(desk_of(sample), CATALOG, params)["structuredContent"] == whole


def test_wrong_arguments(sample):
    """They are told to the model, all at once."""
    said = refused(sample, "list_sessions", limit=0, sort_by="x", lim=3)
    assert said.startswith("bad_arguments: limit must be 1 at least; sort_by must be one of")
    assert "there is no argument lim" in said


def test_notes_are_refused_where_they_are_not_allowed(sample):
    """The tool that writes is not there, and says how it would be."""
    params = {"name": "add_note", "arguments": {"session": MAIN, "text": "x"}}
    result = toolbox.call(desk_of(sample), Catalog(allows_notes=False), params)
    assert result["isError"]
    assert "--allow-notes" in result["content"][0]["text"]


def test_no_folder(tmp_path):
    """A folder that is not there is named, and what to do; it is answered once it is there."""
    said = refused(tmp_path / "none", "list_sessions")
    assert said.startswith(f"no_data: there is no folder {tmp_path / 'none'}")
    (tmp_path / "none").mkdir()
    assert answered(tmp_path / "none", "list_sessions")["total"] == 0


def test_a_folder_that_may_not_be_read(tmp_path, monkeypatch):
    """It has the code of the command line, not that of an empty folder."""
    real = os.stat

    def closed(path, *arguments, **options):
        if str(path).startswith(str(tmp_path / "closed")):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **options)

    (tmp_path / "closed").mkdir()
    desk = desk_of(tmp_path / "closed")
    monkeypatch.setattr(os, "stat", closed)
    result = toolbox.call(desk, CATALOG, {"name": "list_sessions"})
    monkeypatch.undo()
    assert result["isError"]
    assert result["content"][0]["text"].startswith("not_readable: ")


def test_another_user_s_folder(tmp_path):
    """Who may not read it is told so by each tool that reads it; the folder's own user is answered again."""
    need_users()
    folder = sessions(tmp_path / "s", line("a"))
    folder.chmod(0o700)
    calls = [
        *(
            (name, {"session": "a"})
            for name in ("session_status", "get_session", "get_rounds", "get_cost", "check_budget")
        ),
        *(
            ("list_sessions", {}),
            ("search", {"text": "question"}),
            ("get_stats", {}),
            ("get_insights", {}),
            ("pricing", {"unpriced": True}),
        ),
    ]
    for name, arguments in calls:
        assert not called(folder, name, **arguments)["isError"]  # all of it is loaded by now
        with acting_as(STRANGER):
            said = refused(folder, name, **arguments)
        assert said.startswith("not_readable: "), (name, said)


@pytest.mark.parametrize(
    ("file", "tool", "code"),
    [
        (".prices.json", "list_sessions", "bad_prices"),
        (".budgets.json", "check_budget", "bad_budgets"),
        (".budgets.json", "session_status", "bad_budgets"),
        (".notes.json", "list_sessions", "bad_notes"),
    ],
)
def test_a_mistake_in_a_file(tmp_path, file, tool, code):
    """A file that a person wrote wrong is named, with what to do."""
    folder = sessions(tmp_path / "s", line("a"))
    (folder / file).write_text("{")
    said = refused(folder, tool)
    assert said.startswith(f"{code}: ")
    assert file in said
    (folder / file).unlink()
    assert not called(folder, tool)["isError"]


def test_a_session_file_that_is_gone(tmp_path):
    """A session whose file goes while it is asked about is there no more."""
    folder = sessions(tmp_path / "s", line("a"))
    desk = desk_of(folder)
    report = desk.report()
    row = report.session("a")
    os.unlink(folder / row.file)
    report.session = lambda _id: row  # as of before
    desk.report = lambda: report
    result = toolbox.call(desk, CATALOG, {"name": "get_rounds", "arguments": {"session": "a"}})
    assert result["isError"]
    assert result["content"][0]["text"].startswith("session_not_found: ")
