"""stats-tool: how did tools do, and what did their results add to the prompts?"""

from __future__ import annotations

import argparse
from typing import Any

from commands.shared import fields, filters, parsers
from commands.shared.data import Data
from commands.shared.output import Output
from session_monitor.reports.sums.breakdown import ToolRow
from session_monitor.text import humanize
from session_monitor.text.table import Column


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    both = (shared, filters.parser(), fields.parser())
    about = "tell how often each tool was called and failed, and what its results added to the prompts"
    command = parsers.command(commands, both, "stats-tool", about, "stats-tool", "stats-tool --since 7d --json")
    command.set_defaults(run=_by_tool)


_TOOLS = (
    Column("Tool", least=16),
    Column("Sessions", ">", rank=1),
    Column("Calls", ">"),
    Column("Results", ">"),
    Column("Failed", ">"),
    Column("Tokens of results", ">"),
    Column("Per result", ">", rank=2),
)


_ABOUT_TOOLS = (
    "(Tokens are those by which the prompt grew with a result, where a round simply goes on; each later round sends "
    "them again. A result counts as failed where it says so: isError, an error field, an exit code, 'Error: …'.)"
)


def _by_tool(options: argparse.Namespace, output: Output, data: Data) -> None:
    report = data.report()
    tools = report.by_tool(filters.selection(options))
    if output.is_json:
        fields.print_rows(output, {"tools": [row.to_json() for row in tools]})
    elif not tools:
        calls = report.overview(filters.selection(options)).sums.calls
        output.tell(_no_tools(calls) if calls else filters.why_empty(report, options, "calls"))
    else:
        output.tell("📊 Statistics by Tool")
        output.print_table(_TOOLS, map(_tool_cells, tools))
        output.tell(_ABOUT_TOOLS)


def _tool_cells(row: ToolRow) -> list[str]:
    return [
        row.tool,
        *map(humanize.count, (row.sessions, row.calls, row.results, row.failed)),
        humanize.count(row.tokens) if row.measured else "-",
        humanize.count(round(row.tokens / row.measured)) if row.measured else "-",
    ]


def _no_tools(calls: int) -> str:
    return f"No tools in {humanize.counted(calls, 'call')}: none was called, or the log holds no content."
