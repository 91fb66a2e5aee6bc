"""Where an agent runs: a home and a repository of its own, a data folder, and nobody to ask but the stand-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from session_monitor.base import data_folder
from session_monitor.calls import ai_log
from session_monitor.calls.round import Round
from tests.support import npm
from tests.support.repositories import ENVIRONMENT, Repository
from tests.support.standin import StandIn

from .agents import KEY, RealAgent

CLI = npm.ROOT / "scripts" / "cli.py"
PATIENCE = 120
_LONG_AGO = 600
_OURS = (
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    *(f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")),
)


class Ran(NamedTuple):
    """What came of a command: its exit code, what it wrote, and how many seconds it took."""

    code: int
    out: str
    err: str
    seconds: float


class Place:
    """One agent's; ``sessions`` is the data folder."""

    def __init__(self, agent: RealAgent, folder: Path, standin: StandIn) -> None:
        self.agent = agent
        self.home = folder / "home"
        self.work = folder / "home" / "work"
        self.sessions = folder / "sessions"
        self.repository = Repository(self.work)
        agent.at_home(self.home, self.work)
        self.environment = {
            **{name: ENVIRONMENT[name] for name in _OURS},
            "HOME": str(self.home),
            "PATH": npm.path_with(agent.packages),
            "LANG": "C.UTF-8",
            "SESSION_MONITOR_CONFIG": "",
            "OPENAI_BASE_URL": f"{standin.url}/v1",
            "ANTHROPIC_BASE_URL": standin.url,
            "GOOGLE_GEMINI_BASE_URL": standin.url,
            **dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"), KEY),
            **agent.environment,
        }

    def run(self, *words: str) -> Ran:
        """A command of the agent's own."""
        started = time.monotonic()
        done = subprocess.run(
            words,
            cwd=self.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        return Ran(done.returncode, done.stdout, done.stderr, time.monotonic() - started)

    def recorded(self, name: str, *words: str, options: tuple[str, ...] = ()) -> tuple[Ran, dict[str, Any]]:
        """A command of the agent's in a run of ours; and the summary of that, which is its last line of stderr."""
        ours = ("run", "--data-dir", str(self.sessions), "--json", "--name", name, *options, "--")
        done = self.run(sys.executable, str(CLI), *ours, *words)
        return done, json.loads(done.err.splitlines()[-1])["data"]

    def cli(self, *words: str) -> Any:
        """What a command of ours answers as JSON."""
        done = self.run(sys.executable, str(CLI), *words, "--json", "--data-dir", str(self.sessions))
        assert done.code == 0, f"{words}: {done.out[-1000:]}{done.err[-1000:]}"
        return json.loads(done.out)["data"]

    def rounds(self) -> list[Round]:
        """The calls in the log of recorded ones."""
        log = Path(data_folder.recorded_log(str(self.sessions)))
        read = [ai_log.parse(line) for line in (log.read_bytes().splitlines() if log.exists() else [])]
        assert all(isinstance(each, Round) for each in read), read
        return [each for each in read if isinstance(each, Round)]

    def import_again(self) -> dict[str, Any]:
        """What an import of the agent's files tells, which it last wrote to long ago."""
        then = time.time() - _LONG_AGO
        for folder, _, names in os.walk(self.home):
            for name in names:
                os.utime(os.path.join(folder, name), (then, then), follow_symlinks=False)
        told: dict[str, Any] = self.cli("import", self.agent.importer)
        return dict(told["total"])

    def files_with_key(self) -> list[str]:
        """The files of the data folder in which the key stands."""
        inside = [each for each in self.sessions.rglob("*") if each.is_file()]
        return [str(each) for each in inside if KEY.encode() in each.read_bytes()]
