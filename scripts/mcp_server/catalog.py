"""Which tools are there, and what do they take and answer?

It stands in ``tools.json``: under ``arguments`` groups that several tools take, which each names in its ``takes``.
"""

from __future__ import annotations

from typing import Any

from session_monitor.base import data_tables

WRITING = "add_note"
"""The tool that changes something: there only where that was allowed."""

Tool = dict[str, Any]


class Catalog:
    """The tools by their names, in an order that stays."""

    def __init__(self, *, allows_notes: bool) -> None:
        """Reads the file."""
        document = data_tables.beside(__file__, "tools.json")
        groups: dict[str, dict[str, Any]] = document["arguments"]
        tools = [_whole(tool, groups) for tool in document["tools"] if allows_notes or tool["name"] != WRITING]
        self.tools: dict[str, Tool] = {tool["name"]: tool for tool in tools}


def _whole(tool: Tool, groups: dict[str, dict[str, Any]]) -> Tool:
    """A tool with the arguments of the groups that it takes behind its own."""
    shared = {name: each for group in tool.pop("takes", ()) for name, each in groups[group].items()}
    schema = tool["inputSchema"]
    schema["properties"] = {**schema["properties"], **shared}
    return tool
