"""Being another user of this machine, for the tests of what other users may do."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.needs import need_tool
from tests.support.webserving import SAMPLE, SERVER, ingest

STRANGER, OWNER = 54_321, 54_322
"""Ids of users that nobody has."""


def need_users():
    """Skip the calling test where other users cannot be acted for; with CI=true it fails instead."""
    if not sys.platform.startswith("linux"):
        pytest.skip("needs Linux, which tells whose a connection is")
    if os.geteuid() != 0:
        reason = "needs root, who may act for other users"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def open_the_way(folder):
    """Let all users of this machine look into a folder, and into those above it that hold what tests write."""
    for path in [folder, *folder.parents]:
        if Path(tempfile.gettempdir()) in path.parents:
            path.chmod(0o755)


@contextlib.contextmanager
def acting_as(user):
    """Let the sockets that this thread opens be this user's; its files as well, so open none meanwhile."""
    libc = ctypes.CDLL(None)
    libc.setfsuid(user)
    try:
        assert libc.setfsuid(-1) == user
        yield
    finally:
        libc.setfsuid(os.geteuid())


@contextlib.contextmanager
def program_of(user, owner, *before):
    """The port of a web server that this user runs, with words before its command, over sessions that another one owns.

    It may yet read everything: the project's own files may lie where others may not.
    """
    need_users()
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        home.chmod(0o711)
        folder = ingest(SAMPLE, home / "sessions")
        if user != 0:  # who is not the owner is let in by a group, say
            (folder / ".web-key").write_text("k" * 43)
            (folder / ".web-key").chmod(0o600)
        for each in (folder, *folder.rglob("*")):
            each.chmod(0o755 if each.is_dir() else each.stat().st_mode)
            os.chown(each, owner, owner)
        if user != 0:
            os.chown(folder / ".web-key", user, user)
        reading = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
        becoming = [need_tool("setpriv"), "--reuid", user, "--regid", user, "--clear-groups", *reading] if user else []
        words = [sys.executable, SERVER, "--data-dir", folder, "--port", "0", "--host", "127.0.0.1", "--quiet"]
        command = [str(each) for each in (*becoming, *before, *words)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        stack.callback(process.communicate)
        stack.callback(process.kill)
        yield int(re.search(r":(\d+)/", process.stdout.readline())[1])
