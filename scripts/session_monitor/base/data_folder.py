"""How are the files in a data folder called, and is a monitor at work there?"""

from __future__ import annotations

import os

LOCK = ".lock"
"""The monitor holds it while it is at work."""


def folder_mtime(folder: str) -> int:
    """When names in the folder last came or went, in nanoseconds."""
    return os.stat(folder).st_mtime_ns
