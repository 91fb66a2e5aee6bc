"""Where a log is not, others are looked for that hold calls; the commands that would read them can be run as they are."""

from __future__ import annotations

import os
import shlex

import pytest

from session_monitor.upkeep import log_search
from tests.support import calls


@pytest.fixture
def logs(tmp_path):
    """Files of which some hold calls, the later ones written later."""
    texts = {"a.log": calls.line("s", ["q"]), "b.log": b"GET / 200\n", "c d.log": calls.line("s", ["q"]), "e.log": b""}
    for number, (name, text) in enumerate(texts.items()):
        (tmp_path / name).write_bytes(text + b"\n")
        os.utime(tmp_path / name, (number, number))
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "folder.log").mkdir()
    return tmp_path


def test_found(logs):
    """Those with calls, the latest first, each once; what is no file is not waited for."""
    places = [f"{logs}/*.log", f"{logs}/a*", f"{logs}/none/*"]
    assert log_search.found(places) == [f"{logs}/c d.log", f"{logs}/a.log"]


def test_beneath_allowed_folders_alone(logs, tmp_path):
    """A link that leads out of what may be read is not followed."""
    (logs / "inside").mkdir()
    (logs / "inside" / "link.log").symlink_to(logs / "a.log")
    assert log_search.found([f"{logs}/inside/*"]) == [f"{logs}/inside/link.log"]
    assert log_search.found([f"{logs}/inside/*"], [os.path.realpath(logs / "inside")]) == []
    assert log_search.found([f"{logs}/inside/*"], [os.path.realpath(logs)]) == [f"{logs}/inside/link.log"]


def test_not_more_than_a_few(tmp_path):
    """Of very many the first few are enough."""
    for number in range(9):
        (tmp_path / f"{number}.log").write_bytes(calls.line("s", ["q"]))
    assert len(log_search.found([f"{tmp_path}/*.log"])) == 3


def test_commands():
    """A command is fit for a shell, whatever the names are."""
    (command,) = log_search.commands(["/var/log/a b.log"], "python3 main.py", "my $data")
    assert shlex.split(command) == ["python3", "main.py", "--log-path", "/var/log/a b.log", "--output-dir", "my $data"]
