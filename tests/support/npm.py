"""Programs of npm's registry for campaigns: brought into .venv/, each into a folder of its own.

In a folder that several share, npm takes out again what it did not install in the same go.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CLAUDE_CODE, CODEX = "@anthropic-ai/claude-code@2.1.332", "@openai/codex@0.171.0"
NODE = "node@24"
"""A newer Node than Debian's, as a package."""


def lacking(packages: Iterable[str]) -> list[str]:
    """What is not there, in words."""
    programs = [name for name in ("node", "npm") if shutil.which(name) is None]
    return [*programs, *(each for each in packages if not _mark(each).exists())]


def bring(packages: Iterable[str]) -> None:
    """Put these into .venv/, where they are not there yet; each with the programs of those before it, such as a Node that it wants."""
    quiet, before = ["--no-audit", "--no-fund", "--silent", "--no-save"], []
    for package in packages:
        if not _mark(package).exists():
            place = folder(package)
            place.mkdir(parents=True, exist_ok=True)
            environment = {**os.environ, "PATH": path_with(before)}
            subprocess.run(["npm", "install", *quiet, "--prefix", str(place), package], check=True, env=environment)
            _mark(package).touch()
        before.append(package)


def folder(package: str) -> Path:
    """Where a package lies."""
    return ROOT / ".venv" / "npm" / package.lstrip("@").replace("/", "+")


def programs(package: str) -> Path:
    """The folder with a package's programs."""
    return folder(package) / "node_modules" / ".bin"


def path_with(packages: Iterable[str]) -> str:
    """A ``PATH`` with the programs of these before all others."""
    return os.pathsep.join([*(str(programs(each)) for each in packages), os.environ.get("PATH", os.defpath)])


def _mark(package: str) -> Path:
    return folder(package) / "whole"
