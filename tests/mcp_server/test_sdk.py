"""The official SDK of the protocol gets along with the server, in each of its modes."""

from __future__ import annotations

import asyncio
import contextlib
import sys

import pytest

from tests.support.command_line import line, sessions
from tests.support.mcp_client import CATALOG, MAIN, SERVER
from tests.support.needs import need_module

MODES = ["legacy", "auto", "2026-07-28"]
ARGUMENTS = {
    **{name: {"session": MAIN} for name in ("session_status", "get_session", "get_rounds", "get_cost")},
    "search": {"text": "天气"},
    "pricing": {"model": "qwen3-max"},
}


def talk(folder, mode, what, *options):
    """What comes of a conversation with a server over a folder, which is a process as hosts start it."""
    need_module("mcp", since=(3, 10))
    from mcp.client.client import Client  # noqa: PLC0415 -- not every Python has it
    from mcp.client.stdio import StdioServerParameters, stdio_client  # noqa: PLC0415 -- as above

    async def whole():
        arguments = [str(SERVER), "--data-dir", str(folder), *options]
        environment = {"SESSION_MONITOR_CONFIG": ""}
        started = stdio_client(StdioServerParameters(command=sys.executable, args=arguments, env=environment))
        async with Client(started, mode=mode) as client:
            return await what(client)

    return asyncio.run(asyncio.wait_for(whole(), 60))


@pytest.mark.parametrize("mode", MODES)
def test_everything_it_offers(sample, mode):
    """It lists and calls every tool (which it holds against the output schemas), reads resources, and gets prompts."""

    async def all_of_it(client):
        tools = (await client.list_tools()).tools
        results = {tool.name: await client.call_tool(tool.name, ARGUMENTS.get(tool.name, {})) for tool in tools}
        wrong = await client.call_tool("get_cost", {"session": "nobody"})
        listed = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        read = await client.read_resource(listed[0].uri)
        prompts = (await client.list_prompts()).prompts
        asked = await client.get_prompt(prompts[0].name, {"session": "last"})
        return results, wrong, (templates, read), asked, client.protocol_version

    results, wrong, (templates, read), asked, version = talk(sample, mode, all_of_it)

    assert list(results) == [name for name in CATALOG.tools if name != "add_note"]
    assert [name for name, result in results.items() if result.is_error or not result.structured_content] == []
    assert wrong.is_error
    assert "session_not_found" in wrong.content[0].text
    assert templates[0].uri_template == "session://{id}"
    assert "untrusted" not in read.contents[0].text
    assert read.contents[0].text.startswith("> texts below")
    assert "the session last dear" in asked.messages[0].content.text
    assert version == ("2025-11-25" if mode == "legacy" else "2026-07-28")


@pytest.mark.parametrize("mode", MODES)
def test_mistakes_of_the_protocol(sample, mode):
    """An unknown tool and an unknown resource are errors with their code."""
    mcp = need_module("mcp", since=(3, 10))

    async def wrong(client):
        codes = []
        for call in (client.call_tool("nothing", {}), client.read_resource("session://nobody")):
            with pytest.raises(mcp.MCPError) as error:
                await call
            codes.append(error.value.error.code)
        return codes

    assert talk(sample, mode, wrong) == [-32602, -32602]


@pytest.mark.parametrize("mode", MODES)
def test_progress_and_notes(tmp_path, mode):
    """Its callback hears how far the making of an index is; a note is added where that is allowed; half a pair does no harm."""
    lines = [line(f"s{number}", number, answer="half \ud800 \u202e\x1b[31m a pair") for number in range(30)]
    folder = sessions(tmp_path / "s", *lines)
    (folder / ".index.sqlite3").unlink(missing_ok=True)
    told = []

    async def heard(done, total, message):
        told.append((done, total))

    async def both(client):
        await client.call_tool("list_sessions", {}, progress_callback=heard)
        await client.call_tool("add_note", {"session": "s1", "text": "a note"})
        rounds = await client.call_tool("get_rounds", {"session": "s1"})
        assert rounds.structured_content["rounds"][0]["answer"] == r"half \ud800 \u202e\x1b[31m a pair"
        return await client.call_tool("get_session", {"session": "s1"})

    found = talk(folder, mode, both, "--allow-notes")
    assert told
    assert found.structured_content["noted"]["notes"] == 1


@pytest.mark.parametrize("mode", MODES)
def test_giving_up(sample, mode):
    """Who gives a call up goes on with the next one."""

    async def impatient(client):
        for _ in range(5):
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(client.call_tool("search", {"text": "weather"}), 0.001)
        return await asyncio.gather(*(client.call_tool("get_cost", {"session": MAIN}) for _ in range(10)))

    assert [result.is_error for result in talk(sample, mode, impatient)] == [False] * 10
