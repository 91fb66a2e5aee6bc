"""What the hosts' campaign needs that tests/run does not bring: hosts from npm, and an old SDK."""

from __future__ import annotations

import subprocess
import sys
import venv

from tests.support import npm

PACKAGES = {
    "claude": npm.CLAUDE_CODE,
    "codex": npm.CODEX,
    "mcp-inspector": "@modelcontextprotocol/inspector@2.12.0",
}
"""By its program."""
OLD_SDK = "mcp==1.30.0"
OLD_PYTHON = npm.ROOT / ".venv" / "mcp-hosts" / "old-sdk" / "bin" / "python"


def lacking() -> list[str]:
    """What is not there, in words."""
    return [*npm.lacking(PACKAGES.values()), *([] if OLD_PYTHON.exists() else [OLD_SDK])]


def bring() -> None:
    """Put the hosts (800 MB) and the old SDK into .venv/."""
    npm.bring(PACKAGES.values())
    if not OLD_PYTHON.exists():
        venv.create(OLD_PYTHON.parent.parent, with_pip=True)
        subprocess.run([OLD_PYTHON, "-m", "pip", "install", "--quiet", OLD_SDK], check=True)


def program(name: str) -> str:
    """Where a host's program is."""
    return str(npm.programs(PACKAGES[name]) / name)


def python() -> str:
    """The Python by which hosts start the server."""
    return sys.executable
