"""A test that lacks a program is skipped for a user and fails in CI."""

from __future__ import annotations

import pytest

from tests.needs import need_tool


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
