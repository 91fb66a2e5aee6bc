"""Programs are named as one types them, and nothing else in a text is touched."""

from __future__ import annotations

import sys

import pytest

from session_monitor.text import own_names

TEXT = "run: python3 scripts/cli.py doctor, or cli.py url --all; main.py keeps /srv/app/main.py and my-main.py, not main.pyc"


@pytest.mark.parametrize(
    "called", ["scripts/cli.py", "main.py", "/opt/x/scripts/webserver.py", "-c", "", "session-monitor.py"]
)
def test_in_the_folder_they_are_its_files(monkeypatch, called):
    """A text stays as it is where the programs are run as files."""
    monkeypatch.setattr(sys, "argv", [called])
    assert own_names.as_typed(TEXT) == TEXT
    assert not own_names.is_installed()


@pytest.mark.parametrize(
    "called", ["/usr/local/bin/session-monitor-cli", "session-monitor", "./session-monitor-web", "session-monitor-mcp"]
)
def test_installed_they_are_commands(monkeypatch, called):
    """Each is called by its command, with or without python3 and folder before it; other files keep their names."""
    monkeypatch.setattr(sys, "argv", [called])
    assert own_names.is_installed()
    assert own_names.as_typed(TEXT) == (
        "run: session-monitor-cli doctor, or session-monitor-cli url --all; session-monitor keeps /srv/app/main.py and "
        "my-main.py, not main.pyc"
    )


def test_a_cron_line_and_an_alias(monkeypatch):
    """The folder that stands for the reader's own goes with the name."""
    monkeypatch.setattr(sys, "argv", ["session-monitor"])
    assert own_names.as_typed("* * * * * python3 /path/to/main.py -q") == "* * * * * session-monitor -q"
    assert own_names.as_typed("alias s='python3 /path/to/scripts/cli.py'") == "alias s='session-monitor-cli'"


def test_files_with_an_ending_name_each_other_with_it(monkeypatch):
    """Who has called a zip file session-monitor-cli.pyz has the others by such names."""
    monkeypatch.setattr(sys, "argv", ["./session-monitor-cli.pyz"])
    assert own_names.as_typed("python3 main.py --once") == "session-monitor.pyz --once"
