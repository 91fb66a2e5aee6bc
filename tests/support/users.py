"""Being another user of this machine, for the tests of what other users may do."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

import pytest

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


def command_as(user, *command):
    """The command run by this user, who may yet read everything: the project's own files may lie where others may not."""
    reading = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    return ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", *reading, *map(str, command)]
