"""stats-model and summary: what do the calls add up to?"""

from __future__ import annotations

import argparse
import os
from typing import Any

from session_monitor import checkpoint, figures, money, report, terminal
from session_monitor.coverage import Coverage
from session_monitor.report import Sums
from session_monitor.terminal import Column

from . import common
from .common import to_json


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    about = "add up the calls of each model"
    command = common.command(commands, shared, "stats-model", about, "stats-model", "stats-model --json")
    command.set_defaults(run=_by_model)
    about = "add up everything, and tell how much of the log that speaks for"
    command = common.command(commands, shared, "summary", about, "summary", "summary --json")
    command.set_defaults(run=_summary)


_MODELS = (
    Column("Model", least=16),
    Column("Sessions", ">"),
    Column("Calls", ">", rank=2),
    Column("Failed", ">", rank=1),
    Column("Input", ">"),
    Column("Cached", ">", rank=4),
    Column("Output", ">"),
    Column("Reasoning", ">", rank=3),
    Column("Cost (USD)", ">"),
)


def _by_model(options: argparse.Namespace) -> None:
    try:
        answer = common.sessions_of(options.data_dir).by_model()
    except report.NoSuchFolder:
        raise common.no_folder(options.data_dir) from None
    if options.json:
        models = [{"model": row.model, "sessions": row.sessions, **row.sums.to_json()} for row in answer.rows]
        total = {"sessions": answer.sessions, **answer.sums.to_json()}
        common.print_json(to_json({"models": models, "total": total}))
        return
    if not answer.rows:
        print(f"No calls in {terminal.cell(options.data_dir)} yet: run main.py on a gateway's access log first.")
        return
    print("📊 Statistics by Model")
    rows = [_cells(row.model or "(not named)", row.sessions, row.sums) for row in answer.rows]
    total_row = _cells("TOTAL", answer.sessions, answer.sums)
    common.print_table(terminal.table(_MODELS, rows, common.columns(), total=total_row))
    _print_unpriced(answer.sums)


def _cells(name: str, sessions: int, sums: Sums) -> list[str]:
    counts = (sessions, sums.calls, sums.failed, sums.input_tokens, sums.cached_tokens)
    more = (sums.output_tokens, sums.reasoning_tokens)
    return [name, *map(figures.count, counts), *map(figures.count, more), sums.spending.short()]


def _print_unpriced(sums: Sums) -> None:
    spent = sums.spending
    if spent.unpriced_rounds:
        rounds = figures.counted(spent.unpriced_rounds, "round")
        tokens = figures.counted(spent.unpriced_tokens, "token")
        print(f"Not in the cost: {rounds} unpriced, {tokens} ({', '.join(spent.why())})")


def _summary(options: argparse.Namespace) -> None:
    try:
        found = common.sessions_of(options.data_dir).overview(0)
    except report.NoSuchFolder:
        raise common.no_folder(options.data_dir) from None
    covered = checkpoint.read_coverage(os.path.join(options.data_dir, ".state.json"))
    sums = found.sums
    if options.json:
        coverage = covered.to_json() if covered else None
        common.print_json(to_json({"sessions": found.sessions, **sums.to_json(), "coverage": coverage}))
        return
    spent = sums.spending
    saved = f"; caching saved {money.shown(spent.saved_pico)}" if spent.saved_pico > 0 else ""
    print(f"Sessions: {figures.count(found.sessions)}")
    print(f"Calls:    {figures.count(sums.calls)}, of which {figures.count(sums.failed)} failed")
    print(
        f"Tokens:   {figures.count(sums.input_tokens)} input, of which {figures.count(sums.cached_tokens)} cached and "
        f"{figures.count(sums.cache_write_tokens)} cache written; {figures.count(sums.output_tokens)} output, of which "
        f"{figures.count(sums.reasoning_tokens)} reasoning"
    )
    print(f"Cost:     {spent.shown()}{saved}")
    print(f"Coverage: {_coverage(covered)}")


def _coverage(covered: Coverage | None) -> str:
    if covered is None:
        return "not known: there is no state file of the monitor beside the sessions"
    return f"{figures.counted(covered.lines, 'line')} read; {'; '.join(covered.in_words())}"
