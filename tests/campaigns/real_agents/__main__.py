"""Lets real agents work in ``run``, and holds what was recorded of them against a ledger of what they were answered.

    python3 -m tests.campaigns.real_agents --install

Claude Code, Codex, OpenClaw, opencode, Qwen Code and Gemini CLI come from npm (2 GB) into .venv/; without ``--install`` it is said
what lacks.  Each works in a home and a repository of its own, with a stand-in on loopback for its provider, which has it make
a commit.  Held are, of each: rounds, tokens and costs of its session, its exit code, that no key is in any file, that an import of
its own files counts nothing twice, and that it stops where a budget is enforced.  Exit code 1 where anything is not as it must be.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.support import npm

from .agents import AGENTS
from .trial import tried


def main() -> int:
    """Bring what is needed or say what, let each agent work, print."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.campaigns.real_agents", description=__doc__.splitlines()[0])
    parser.add_argument("--install", action="store_true", help="bring the agents where they lack")
    parser.add_argument("--only", choices=sorted(AGENTS), metavar="NAME", help=f"one of {', '.join(AGENTS)}")
    options = parser.parse_args()
    chosen = [options.only] if options.only else list(AGENTS)
    packages = list(dict.fromkeys(package for name in chosen for package in AGENTS[name].packages))
    if options.install:
        for name in chosen:
            npm.bring(AGENTS[name].packages)
    if npm.lacking(packages):
        print(f"it lacks {', '.join(npm.lacking(packages))}: --install brings what npm has")
        return 1
    wrong = 0
    for name in chosen:
        with tempfile.TemporaryDirectory() as folder:
            try:
                for line in tried(AGENTS[name], Path(folder)):
                    print(f"{name}: {line}", flush=True)
            except AssertionError as error:
                print(f"{name}: WRONG: {error}", flush=True)
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
