"""Where the installed commands begin: session-monitor, session-monitor-web, -cli and -mcp, also as zip files.

The programs and their packages lie here as in the folder of the project, and find each other by ``sys.path``: so
``commands``, ``web`` and the like are nobody's names outside of these processes.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable

gc.disable()  # until all is loaded, as the programs do by themselves where they are run as files

_SCRIPTS = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [_SCRIPTS, os.path.dirname(_SCRIPTS)]


def monitor() -> int:
    """Run main.py; returns its exit code."""
    from main import main  # noqa: PLC0415 -- each command loads its own program

    return _run(main)


def web() -> int:
    """Run webserver.py; returns its exit code."""
    from webserver import main  # noqa: PLC0415

    return _run(main)


def cli() -> int:
    """Run cli.py; returns its exit code."""
    from cli import main  # noqa: PLC0415

    return _run(main)


def mcp() -> int:
    """Run mcpserver.py; returns its exit code."""
    from mcpserver import main  # noqa: PLC0415

    return _run(main)


def _run(main: Callable[[], int]) -> int:
    gc.freeze()
    gc.enable()
    return main()
