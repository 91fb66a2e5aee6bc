"""What does a test need of the machine that Python does not bring along?"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

# Where Debian and Homebrew put administrators' programs (logrotate): folders that a user's PATH may lack.
ADMIN_FOLDERS = ("/usr/local/sbin", "/opt/homebrew/sbin", "/usr/sbin", "/sbin")


def find_tool(*names: str) -> str | None:
    """Say where the first of these programs is that the machine has."""
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), *ADMIN_FOLDERS])
    return next(filter(None, (shutil.which(name, path=folders) for name in names)), None)


def need_tool(*names: str) -> str:
    """Say where a program is that the calling test needs, for example "tmux"; of several names the first one counts.

    Where the machine lacks it, the test is skipped and says what to install; with CI=true it fails instead, so that
    no promise goes unproved there. tests/run installs such programs where it can.
    """
    path = find_tool(*names)
    if path is not None:
        return path
    reason = f"needs the program {names[-1]!r}, which this machine lacks: install it to run this test too"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def need_module(name: str, since: tuple[int, int]) -> ModuleType:
    """Give a module of tests/requirements.txt, which has it for Pythons ``since`` that version.

    Where it is missing, the calling test is skipped; with CI=true, and a Python that should have it, it fails instead.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        reason = f"needs the module {name!r} (Python {since[0]}.{since[1]} or newer): it is in tests/requirements.txt"
    if os.environ.get("CI") == "true" and sys.version_info >= since:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def need_file(path: Path, how: str) -> Path:
    """Give a file that tests/run fetches, ``how`` it does that in words; where it is missing, as with programs."""
    if path.is_file():
        return path
    reason = f"needs {path.name!r}, which tests/run fetches ({how}): {path}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
