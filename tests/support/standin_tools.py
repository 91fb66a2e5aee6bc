"""Which tool does the stand-in for a model ask an agent for?

That which runs a command, by the name and with the arguments by which the agent offers it, once or so many times in a conversation.
"""

from __future__ import annotations

import json

from tests.support.standin_words import ToolCall

_RUNNERS = ("bash", "exec_command", "exec", "shell", "shell_command", "run_shell_command")
_COMMAND = ("command", "cmd")
_FILLED = {"string": "as asked", "boolean": False, "integer": 1, "number": 1, "array": [], "object": {}}


def running(command, times=1):
    """Asks for this command to be run until it was so many times, for a stand-in's ``tool``."""

    def tool(protocol, asked):
        if _results(protocol, asked) >= times:
            return None
        offered = [each for each in _offered(protocol, asked) if str(each[0]).lower() in _RUNNERS]
        return _call(command, *offered[0]) if offered else None

    return tool


def _call(command, name, schema, namespace):
    properties = schema.get("properties") or {}
    needed = [*schema.get("required", ()), *(each for each in _COMMAND if each in properties)]
    arguments = {}
    for each in dict.fromkeys(needed):
        kind = properties[each].get("type")
        words = ["bash", "-c", command] if kind == "array" else command
        arguments[each] = words if each in _COMMAND else _FILLED[str(kind).lower()]
    return ToolCall(name, json.dumps(arguments), namespace)


def _offered(protocol, asked):
    """The tools of a request: of each its name, the schema of its arguments, and its namespace."""
    for tool in asked.get("tools") or ():
        if protocol == "gemini":
            for each in tool.get("functionDeclarations", ()):
                yield each["name"], each.get("parametersJsonSchema") or each.get("parameters") or {}, None
        elif tool.get("type") == "namespace":
            yield from ((each["name"], each.get("parameters") or {}, tool["name"]) for each in tool["tools"])
        else:
            told = tool.get("function") or tool
            yield told.get("name"), told.get("parameters") or told.get("input_schema") or {}, None


def _results(protocol, asked):
    """How often a tool has answered already."""
    if protocol == "responses":
        asked_with = asked.get("input") or ()
        return sum(str(item.get("type")).endswith("_output") for item in asked_with if isinstance(item, dict))
    if protocol == "gemini":
        return sum("functionResponse" in part for each in asked.get("contents") or () for part in each["parts"])
    messages = asked.get("messages") or ()
    parts = [part for each in messages if isinstance(each.get("content"), list) for part in each["content"]]
    return sum(each.get("role") == "tool" for each in messages) + sum(
        part.get("type") == "tool_result" for part in parts
    )
