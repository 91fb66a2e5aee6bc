"""What does one type here to run the programs?

Texts name them as they lie in the folder: ``python3 main.py``, ``python3 scripts/cli.py``, ``webserver.py``,
``mcpserver.py``.  Whoever has installed them runs ``session-monitor``, ``session-monitor-cli``, ``session-monitor-web`` and
``session-monitor-mcp`` instead.
"""

from __future__ import annotations

import os
import re
import sys

_INSTALLED = {
    "main": "session-monitor",
    "cli": "session-monitor-cli",
    "webserver": "session-monitor-web",
    "mcpserver": "session-monitor-mcp",
}
_IN_FOLDER = r"(?<![\w/.-])(?:python3 )?(?:/path/to/)?(?:scripts/)?(main|cli|webserver|mcpserver)\.py\b"


def as_typed(text: str) -> str:
    """A text with the programs in it as this user calls them."""
    end = _end_of_names()
    return text if end is None else re.sub(_IN_FOLDER, lambda name: _INSTALLED[name[1]] + end, text)


def is_installed() -> bool:
    """Whether this program runs by the name under which it is installed, and not as a file of the folder."""
    return _end_of_names() is not None


def _end_of_names() -> str | None:
    """What stands behind the names of the installed programs, such as ``.pyz``; None where they are not installed."""
    name, end = os.path.splitext(os.path.basename(sys.argv[0]))
    return end if name in _INSTALLED.values() and end != ".py" else None
