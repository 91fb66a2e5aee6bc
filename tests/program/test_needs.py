"""A test that lacks a program is skipped for a user and fails in CI."""

from __future__ import annotations

import pytest

from tests.support.needs import need_file, need_module, need_tool


def test_a_program_that_is_there_is_given_by_its_path(tmp_path, monkeypatch):
    """A test gets the path of the program it needs."""
    program = tmp_path / "some-tool"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert need_tool("some-tool") == str(program)


def test_a_user_without_the_program_sees_a_skip_that_names_it(monkeypatch):
    """On a user's machine a missing program is no failure."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs the program 'no-such-tool'"):
        need_tool("no-such-tool")


def test_ci_without_the_program_fails(monkeypatch):
    """In CI nothing is passed over."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="needs the program 'no-such-tool'"):
        need_tool("no-such-tool")


def test_a_module_that_is_missing(monkeypatch):
    """A module that this Python cannot have is skipped everywhere; one that it should have fails with CI=true."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.skip.Exception, match="no_such_module"):
        need_module("no_such_module", (4, 0))
    with pytest.raises(pytest.fail.Exception, match=r"tests/requirements\.txt"):
        need_module("no_such_module", (3, 0))
    assert need_module("json", (3, 0)).__name__ == "json"


def test_a_file_that_is_missing(tmp_path, monkeypatch):
    """A file that was not fetched is a skip for a user and a failure in CI; one that is there is given."""
    there = tmp_path / "there"
    there.touch()
    monkeypatch.delenv("CI", raising=False)
    assert need_file(there, "by hand") == there
    with pytest.raises(pytest.skip.Exception, match=r"fetches \(by hand\)"):
        need_file(tmp_path / "missing", "by hand")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="missing"):
        need_file(tmp_path / "missing", "by hand")
