"""Is what the models cost what fractions say?  From the lines of a generated log, read another way, to the report.

    python3 -m tests.campaigns.costs --lines 103000

The log goes through the whole monitor; beside it each line is decoded here, its tokens told apart by the protocol that
the generator wrote it in, and priced in fractions from the price list's text (see price_oracle).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

from session_monitor.index import keeper as index_keeper
from session_monitor.prices import money, price_list
from session_monitor.reports.report import Report
from tests.campaigns import ground_truth
from tests.support.calls import BOOK
from tests.support.price_oracle import cost_of


def silent(_done, _total):
    """Say nothing."""


def calls_of(log):
    """The model, time and tokens by kind of each call that a log's lines tell."""
    with open(log, encoding="utf-8") as lines:
        for line in lines:
            outer = json.loads(line)
            if not str(outer.get("ai_log", "-")).startswith("{"):
                continue
            inner = json.loads(outer["ai_log"])
            if inner.get("total_token") is None:
                continue
            details = [inner.get(f"{side}_token_details") or {} for side in ("input", "output")]
            inputs, outputs = (json.loads(each) if isinstance(each, str) else each for each in details)
            yield inner["model"], outer["start_time"], kinds(inner, inputs, outputs)


def kinds(inner, inputs, outputs):
    """The tokens by kind, as each protocol means its counts."""
    whole, output = inner["input_token"], inner["output_token"]
    if "cache_read_input_tokens" in inputs:  # Anthropic: the cache stands beside the input
        read, written = inputs["cache_read_input_tokens"], inputs["cache_creation_input_tokens"]
        fresh, reasoning, visible = whole, 0, output
    elif "thoughts_token_count" in outputs:  # Gemini: thoughts stand beside the output
        read, written = inputs.get("cached_content_token_count", 0), 0
        fresh, reasoning, visible = whole - read, outputs["thoughts_token_count"], output
    else:
        read, written = inputs.get("cached_tokens", 0), 0
        reasoning = outputs.get("reasoning_tokens", 0)
        fresh, visible = whole - read, output - reasoning
    return SimpleNamespace(
        fresh_input=fresh,
        cache_read=read,
        cache_write=written,
        visible_output=visible,
        reasoning=reasoning,
        explicit_cache=False,
    )


def compared(lines, seed, folder):
    """What each model of a log costs: (name, calls, dollars by the report, dollars by fractions)."""
    options = ["--lines", str(lines), "--profile", "lite", "--clean", "--rate", "0.05", "--seed", str(seed)]
    log, _ = ground_truth.generate(folder, *options)
    output = folder / "sessions"
    output.mkdir()
    keeper = index_keeper.Keeper(str(output), BOOK, silent)
    ground_truth.ingest(log, output, book=BOOK, index=keeper)
    keeper.close()

    document = json.loads(Path(price_list.SHIPPED).read_text(encoding="utf-8"))
    expected, number = defaultdict(Fraction), defaultdict(int)
    for name, at, usage in calls_of(log):
        model = document["models"][BOOK.find(name).key]
        expected[name] += cost_of(document, model, SimpleNamespace(at=at, usage=usage))
        number[name] += 1
    rows = {row.name: row.sums for row in Report(str(output), BOOK).by_name("model").rows}
    return [
        (name, number[name], Fraction(rows[name].spending.pico, money.PICO) if name in rows else None, expected[name])
        for name in sorted(expected)
    ]


def main():
    """Compare, and print a line a model."""
    parser = argparse.ArgumentParser(description="Compare costs by model with a calculation in fractions.")
    parser.add_argument("--lines", type=int, default=103_000, help="lines of the log (default: 103000)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = compared(options.lines, options.seed, Path(folder))
    for name, calls, got, expected in rows:
        verdict = "equal" if got == expected else f"NOT EQUAL to {float(expected)}"
        print(f"{name:32} {calls:>8,} calls  ${float(got or 0):>14.6f}  {verdict}")
    print(f"{sum(row[1] for row in rows):,} calls, {sum(row[2] != row[3] for row in rows)} models differ")
    return int(any(row[2] != row[3] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
