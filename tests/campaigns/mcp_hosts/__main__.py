"""Lets real hosts talk to the MCP server: Claude Code, Codex, the Inspector, and version 1 of the SDK.

    python3 -m tests.campaigns.mcp_hosts --install

They come from npm (800 MB) and PyPI into .venv/; without ``--install`` it is said what lacks.  The agents run in a home of their
own, with a stand-in on loopback for their model, which asks for a tool and is told the answer.  Exit code 1 where anything
is not as it must be.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.support.mcp_client import SAMPLE
from tests.support.webserving import ingest

from . import needs
from .hosts import HOSTS, Setting


def main() -> int:
    """Bring what is needed or say what, let each host talk, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--install", action="store_true", help="bring the hosts and the old SDK where they lack")
    parser.add_argument("--only", choices=sorted(HOSTS), help="one host")
    options = parser.parse_args()
    if options.install and needs.lacking():
        needs.bring()
    if needs.lacking():
        print(f"it lacks {', '.join(needs.lacking())}: --install brings what npm and pip have")
        return 1
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        sessions = ingest(SAMPLE, Path(folder) / "sessions")
        for name in [options.only] if options.only else HOSTS:
            started = time.monotonic()
            try:
                outcome = HOSTS[name](Setting(sessions, Path(folder) / name))
            except AssertionError as error:
                outcome, wrong = f"WRONG: {error}", wrong + 1
            print(f"{name}: {outcome} ({time.monotonic() - started:.1f} s)", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
