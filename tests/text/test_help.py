"""How is a command's help laid out?"""

from __future__ import annotations

import argparse
import os
import shutil

import pytest

from session_monitor.text.help import HelpFormatter


@pytest.mark.parametrize("columns", ["", "0", "40", "200", "wide"])
def test_it_is_as_wide_as_with_the_library(monkeypatch, columns):
    """Whatever COLUMNS says, and without a terminal, the help is what argparse alone makes of it."""
    monkeypatch.setenv("COLUMNS", columns)
    made = []
    for formatter in (HelpFormatter, argparse.RawDescriptionHelpFormatter):
        parser = argparse.ArgumentParser("name", description="What it does.", formatter_class=formatter)
        parser.add_argument("--option", help="words that go on and on, " * 12)
        made.append(parser.format_help())

    assert made[0] == made[1]


def test_it_is_as_wide_as_the_terminal(monkeypatch):
    """On a terminal it takes as many columns as there are."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((57, 20)))

    assert HelpFormatter("name")._width == 55 == shutil.get_terminal_size().columns - 2
