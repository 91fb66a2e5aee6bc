"""What a walk needs that tests/run does not bring: a Firefox, and what speaks WebDriver BiDi with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.support.browser import ROOT

PUPPETEER = "puppeteer-core@24.8.2"
"""The last that runs on the Node 18 and 20 of today's Debians."""
PLACE = ROOT / ".venv" / PUPPETEER
PROGRAMS = {"firefox-esr": "firefox-esr", "node": "nodejs", "npm": "npm"}
"""By its name, the package of Debian that has it."""


def lacking() -> list[str]:
    """The commands that bring what is not there, in order."""
    packages = [package for name, package in PROGRAMS.items() if not _program(name)]
    commands = [f"apt-get install -y --no-install-recommends {' '.join(packages)}"] if packages else []
    if not (PLACE / "node_modules" / "puppeteer-core").is_dir():
        commands.append(f"npm install --no-save --prefix {PLACE.relative_to(ROOT)} {PUPPETEER}")
    return commands


def bring() -> None:
    """Run them, in the folder of the checkout."""
    PLACE.mkdir(parents=True, exist_ok=True)
    for command in lacking():
        print(command, flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(command.split(), check=True, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment)


def firefox() -> str:
    """Where the browser is."""
    return _program("firefox-esr") or ""


def _program(name: str) -> str | None:
    # A Firefox that is no ESR is as good, but for a snap's, which sees no files of ours.
    found = shutil.which(name) or (shutil.which("firefox") if name == "firefox-esr" else None)
    return None if found and Path(found).resolve().is_relative_to("/snap") else found
