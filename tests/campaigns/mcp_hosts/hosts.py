"""What each host makes of the server: each function gives what it saw in words, and asserts what must hold."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.support.mcp_client import CATALOG, SERVER, answered

from . import needs
from .models import Model, serving

TOOLS = [name for name in CATALOG.tools if name != "add_note"]
PATIENCE = 120


class Setting(NamedTuple):
    """A data folder, and a folder in which a host is at home."""

    sessions: Path
    home: Path

    @property
    def command(self) -> list[str]:
        """How the server is started."""
        return [needs.python(), str(SERVER), "--data-dir", str(self.sessions)]

    def run(self, *words: str, **environment: str) -> str:
        """What a command prints that succeeds, for a user who has nothing but this home."""
        own = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment}
        work = self.home / "work"
        work.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            words,
            env=own,
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout


def old_sdk(setting: Setting) -> str:
    """Version 1 of the SDK."""
    client = Path(__file__).with_name("old_client.py")
    told = json.loads(setting.run(str(needs.OLD_PYTHON), str(client), *setting.command))
    assert told["tools"] == TOOLS
    assert told["cost"] == answered(setting.sessions, "get_cost", session="last")
    assert (told["is_wrong"], told["prompts"]) == (True, ["why_dear", "spending"])
    assert told["resource"].startswith("> texts below")
    return f"speaks {told['version']}: tools, a call, a mistake, a resource, prompts"


def inspector(setting: Setting) -> str:
    """The protocol's own Inspector, on its command line."""
    words = [needs.program("mcp-inspector"), "--cli", *setting.command, "--method"]
    listed = json.loads(setting.run(*words, "tools/list"))
    assert [tool["name"] for tool in listed["tools"]] == TOOLS
    called = ["tools/call", "--tool-name", "get_cost", "--tool-arg", "session=last"]
    cost = json.loads(setting.run(*words, *called))
    assert cost["structuredContent"] == answered(setting.sessions, "get_cost", session="last")
    assert len(json.loads(setting.run(*words, "resources/list"))["resources"]) == 7
    return "lists tools and resources, and calls one"


def claude_code(setting: Setting) -> str:
    """Claude Code: set up as the README says, connected, and with a model that asks for a tool."""
    program = needs.program("claude")
    setting.run(program, "mcp", "add", "sessions", "-s", "user", "--", *setting.command)
    listed = setting.run(program, "mcp", "list")
    assert "Connected" in listed, listed
    with serving(Model("get_cost", {"session": "last"})) as model:
        setting.run(
            *(program, "-p", "What did the last session cost?", "--allowedTools", "mcp__sessions__get_cost"),
            ANTHROPIC_BASE_URL=model.url,
            ANTHROPIC_API_KEY="x",
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
            DISABLE_AUTOUPDATER="1",
            ENABLE_TOOL_SEARCH="false",  # else it names tools only when its model looks for them
            IS_SANDBOX="1",
        )
    return f"Connected; {_told(model, setting)}"


def codex(setting: Setting) -> str:
    """Codex: set up as the README says, with a model that asks for a tool."""
    program = needs.program("codex")
    setting.run(program, "mcp", "add", "sessions", "--", *setting.command)
    with serving(Model("get_cost", {"session": "last"})) as model:
        config = setting.home / ".codex" / "config.toml"
        own = f'[model_providers.here]\nname = "here"\nbase_url = "{model.url}/v1"\nwire_api = "responses"\nenv_key = "KEY"\n'
        config.write_text(f'model = "gpt-5"\nmodel_provider = "here"\n{config.read_text()}\n{own}')
        question = ("exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "What did it cost?")
        setting.run(program, *question, KEY="x")
    return _told(model, setting)


def _told(model: Model, setting: Setting) -> str:
    """How many of the tools the model was offered, and that it was told what the tool answers."""
    offered = [tool for tool in TOOLS if any(name.endswith(tool) for name in model.offered)]
    assert offered == TOOLS, model.offered
    cost = answered(setting.sessions, "get_cost", session="last")
    assert model.results, "the model was told no result"
    assert cost["session_id"] in model.results[0], model.results[0][:500]
    assert cost["cost_usd"] in model.results[0]
    return f"its model is offered {len(offered)} tools, calls get_cost, and is told ${cost['cost_usd']}"


HOSTS = {"old_sdk": old_sdk, "inspector": inspector, "claude_code": claude_code, "codex": codex}
