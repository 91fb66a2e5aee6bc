"""man: a page that any reader of manuals shows, with all that the help says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

import cli
from tests.support import command_line


@pytest.fixture(scope="module")
def page():
    """The page, as it is printed."""
    done = command_line.run("man")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def shown(page):
    """The page as ``man`` shows it, in one line."""
    if not shutil.which("man") or not shutil.which("groff"):
        pytest.skip("this machine has no man and groff")
    own = {**os.environ, "MANWIDTH": "200", "LC_ALL": "C.UTF-8", "MANPAGER": "cat", "MAN_KEEP_FORMATTING": ""}
    command = ["man", "--warnings", "--no-hyphenation", "--no-justification", "-l", "-"]
    done = subprocess.run(command, input=page, env=own, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout).split())


def test_each_command_has_its_section(page):
    """Every command that can be typed is there, those below another one too, and none that is hidden."""
    sections = [line[4:].replace("\\-", "-") for line in page.splitlines() if line.startswith(".SS ")]
    assert {name for name in cli.COMMANDS if not name.startswith("_")} == {each.split()[0] for each in sections}
    assert {"pricing set", "config show"} <= set(sections)
    assert [each for each in sections if "_" in each] == []


def test_nothing_in_it_is_taken_for_a_command_of_roff(page):
    """Each line that begins with a dot is one that we wrote, and all letters are ASCII, which any reader shows."""
    requests = {line.split(" ")[0] for line in page.splitlines() if line.startswith((".", "'"))}
    assert requests <= {".TH", ".SH", ".SS", ".TP", ".P", ".nf", ".fi"}
    assert page.isascii()
    assert page.count("\n.nf\n") == page.count("\n.fi\n")


def test_it_is_shown_without_a_warning(shown):
    """``man`` has nothing against it, and shows what the help says: options can be copied, Chinese is Chinese."""
    assert shown.startswith("SESSION-MONITOR-CLI(1) User Commands")
    helped = command_line.run("show", "--help").stdout
    for option in re.findall(r"^  (--[a-z-]+)", helped, re.MULTILINE):
        assert option in shown
    assert "天气" in shown
    assert "python3 scripts/cli.py show last --rounds last:5" in shown
