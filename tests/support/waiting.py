"""Waiting for what another process does, without sleeping for luck."""

from __future__ import annotations

import time

PATIENCE = 60


def until(condition, what):
    """Wait for something to become true, and return it."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.002)
    return found
