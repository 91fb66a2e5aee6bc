"""Asks everything by version 1 of the SDK, on which most hosts are built; runs in a Python that has it.

python old_client.py COMMAND ARGUMENT...
"""

from __future__ import annotations

import asyncio
import json
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def whole(command: str, arguments: list[str]) -> dict[str, object]:
    """What is offered, and what comes of it."""
    started = StdioServerParameters(command=command, args=arguments)
    async with stdio_client(started) as (read, write), ClientSession(read, write) as session:
        begun = await session.initialize()
        tools = (await session.list_tools()).tools
        cost = await session.call_tool("get_cost", {"session": "last"})
        wrong = await session.call_tool("get_cost", {"session": "nobody"})
        resources = (await session.list_resources()).resources
        read_one = await session.read_resource(resources[0].uri)
        await session.send_ping()
        prompts = (await session.list_prompts()).prompts
        return {
            "version": begun.protocolVersion,
            "tools": [tool.name for tool in tools],
            "cost": cost.structuredContent,
            "is_wrong": wrong.isError,
            "resource": read_one.contents[0].text[:40],
            "prompts": [prompt.name for prompt in prompts],
        }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(whole(sys.argv[1], sys.argv[2:]))))
