"""The agents: what each is installed of, how it is started, and what it needs to find in its home."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.support import npm

KEY = "sk-a-key-that-nobody-may-see-7f3a"
"""What all of them have for a key."""
ASKED = "Make a file, and commit it."
_MODEL = "gpt-5.2"


class RealAgent(NamedTuple):
    """One agent.  ``importer`` is its name in ``import``."""

    importer: str
    packages: Sequence[str]
    command: Sequence[str]
    environment: Mapping[str, str] = {}
    at_home: Callable[[Path, Path], None] = lambda _home, _work: None


def _write(path: Path, told: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told), encoding="utf-8")


def _openclaw(home: Path, work: Path) -> None:
    model = {"id": _MODEL, "name": _MODEL, "contextWindow": 200_000, "maxTokens": 8_000}
    provider = {"baseUrl": "${OPENAI_BASE_URL}", "apiKey": "${OPENAI_API_KEY}", "api": "openai-completions"}
    agent = {"model": {"primary": f"here/{_MODEL}"}, "workspace": str(work), "skipBootstrap": True}
    told = {
        "models": {"providers": {"here": {**provider, "models": [model]}}},
        "agents": {"defaults": agent},
        "tools": {"toolSearch": False},  # else it offers tools only when its model looks for them
    }
    _write(home / ".openclaw" / "openclaw.json", told)


def _gemini(home: Path, _work: Path) -> None:
    _write(home / ".gemini" / "settings.json", {"security": {"auth": {"selectedType": "gemini-api-key"}}})


AGENTS = {
    "claude_code": RealAgent(
        *("claude-code", [npm.CLAUDE_CODE], ["claude", "--dangerously-skip-permissions", "-p", ASKED]),
        environment={
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "IS_SANDBOX": "1",  # it lets root skip permissions there
        },
    ),
    "codex": RealAgent(
        *("codex", [npm.CODEX]),
        ["codex", "exec", "-m", _MODEL, "--dangerously-bypass-approvals-and-sandbox", ASKED],
    ),
    "openclaw": RealAgent(
        *("openclaw", [npm.NODE, "openclaw@2026.9.6"]),
        ["openclaw", "agent", "--local", "--session-key", "agent:main:campaign", "-m", ASKED, "--json"],
        at_home=_openclaw,
    ),
    "opencode": RealAgent(
        *("opencode", ["opencode-ai@1.18.33"], ["opencode", "run", "-m", f"openai/{_MODEL}", ASKED]),
    ),
    "qwen_code": RealAgent(
        *("qwen", ["@qwen-code/qwen-code@0.24.4"], ["qwen", "--auth-type", "openai", "--yolo", "-p", ASKED]),
        environment={"OPENAI_MODEL": "qwen3-coder-plus"},
    ),
    "gemini_cli": RealAgent(
        *("gemini", ["@google/gemini-cli@0.61.0"]),
        ["gemini", "--yolo", "-m", "gemini-3.1-pro-preview", "-p", ASKED],
        environment={"GEMINI_CLI_TRUST_WORKSPACE": "true"},
        at_home=_gemini,
    ),
}
