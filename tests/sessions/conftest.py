"""What syncing is for cannot be seen in a test, and a disk takes its time for it."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def no_sync(monkeypatch):
    """Nothing is synced."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


@pytest.fixture
def synced(monkeypatch):
    """The inodes of what has been synced."""
    inodes = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: inodes.append(os.fstat(descriptor).st_ino))
    return inodes
