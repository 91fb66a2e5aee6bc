"""metrics: what does a monitoring system read off?"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from commands.shared import output_files, parsers
from commands.shared.data import Data
from commands.shared.failures import USAGE, Failure
from commands.shared.output import Output, to_json
from commands.shared.output_files import STDOUT
from session_monitor.metrics import text_format
from session_monitor.metrics.scrape import Scrapes
from session_monitor.text import safe

_ENDING = ".prom"
"""What node_exporter's textfile collector reads."""
_READABLE = 0o644
"""The collector runs as another user.  In the file are numbers, and names of models, consumers, budgets and rules."""

_ABOUT = f"""
With --output the file is replaced as a whole, and readable by everybody on this machine (mode 644): node_exporter's textfile
collector, which is to read it, runs as another user. In it are numbers with the names of models, consumers, budgets and
rules, nothing of what was said and no session. Its name ends in {_ENDING}.

The web server has the same at /metrics. docs/METRICS.md tells what each metric is.
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "print calls, tokens, cost and latency as Prometheus reads them, or write them for node_exporter"
    examples = ("metrics", "metrics --output sessions.prom")
    command = parsers.command(commands, (shared,), "metrics", about, *examples)
    command.epilog += _ABOUT
    command.add_argument(
        "--output",
        metavar="FILE",
        default=STDOUT,
        help=f"write them there, wholly or not at all (default: {STDOUT}, stdout)",
    )
    command.set_defaults(run=_metrics)


def _metrics(options: argparse.Namespace, output: Output, data: Data) -> None:
    path = None if options.output == STDOUT else _place(options.output, output, data)
    report = data.report()
    families = Scrapes(data.folder).families(report, report.now)
    if output.is_json:
        output.print_json(to_json({"metrics": [each.to_json() for each in families]}))
        return
    text = text_format.text(families)
    if path is not None:
        output_files.write(path, [text], _READABLE)
        return
    # The format is UTF-8, whatever the locale.
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(text)


def _place(file: str, output: Output, data: Data) -> str:
    if output.is_json:
        raise Failure("bad_output", "--output and --json exclude each other: the collector reads no JSON", USAGE)
    if os.path.splitext(file)[1] != _ENDING:
        raise Failure(
            "bad_output", f"{safe.clean(file)}: end the name in {_ENDING}, or the collector does not read it", USAGE
        )
    return output_files.place(file, data.folder)
