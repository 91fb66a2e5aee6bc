"""What must a correct reader find in a generated log?

``differences`` holds an output folder against the truth that the generator wrote beside its log, and against the
log's own message lists; ``call_truth.differences`` does so where the truth is one of each call.  As a program it does so at length, through the commands that users run::

    python3 -m tests.campaigns.ground_truth --bytes 50M --seeds 3
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

from session_monitor.base import periods
from session_monitor.calls import coverage
from session_monitor.conversations import conversation
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.reports import report
from session_monitor.sessions.store import Store
from tests.campaigns import call_truth
from tests.support.calls import BOOK
from tests.tools.access_log.shapes import SHAPES

ROOT = Path(__file__).parent.parent.parent
GENERATOR = ROOT / "tests" / "tools" / "gen_access_log.py"
KINDS = ("input_tokens", "output_tokens", "total_tokens", "cached_tokens", "reasoning_tokens", "cache_write_tokens")


LOOKS = {
    "mixed": ["--profile", "mixed", "--noise", "0.1"],
    "skill": ["--profile", "mixed", "--style", "skill", "--noise", "0.05"],
    "hostile": ["--profile", "mixed", "--hostile-ids", "--cut", "0.01"],
    "agent": ["--profile", "agent"],
}
"""Kinds of logs, as options of the generator: their truth is of sums."""
_ALL = ["--situations", "--agents", "claude-code", "openclaw"]
OBSERVED = {
    "situations": ["--situations"],
    "agents": ["--agents", "claude-code", "openclaw"],
    **{shape: [*_ALL, "--shape", shape] for shape in SHAPES if shape != "text"},
}
"""Those of what was observed, in all shapes: their truth is of each call."""


def generate(folder, *options):
    """A log and its truth, made by the generator with these options."""
    log, truth = folder / "access.log", folder / "truth.json"
    subprocess.run([sys.executable, GENERATOR, "--out", log, "--truth", truth, *options], check=True)
    return log, json.loads(truth.read_text())


def ingest(log, output, **options):
    """One poll of a log into a folder, in this process."""
    output.mkdir(exist_ok=True)
    store = Store(str(output), full_messages=options.pop("full_messages", False))
    state = Checkpoint(str(output / ".state.json"), str(output))
    return Ingest([str(log)], store, state, **options).poll()


def differences(log, truth, output, *, show=None):
    """Where the sessions of the folder differ from the truth, as readable lines; none where all is right.

    ``show`` gives a session's rounds with their full messages.
    """
    found = [*_sessions(truth, output), *_counts(truth, output), *_statistics(log, truth, output)]
    messages = _messages_of_log(log)
    stored = _messages_of_sessions(output, show or _report)
    found += [f"messages differ: {key}" for key in messages.keys() ^ stored.keys()]
    found += [f"messages differ: {key}" for key in messages.keys() & stored.keys() if messages[key] != stored[key]]
    return found


def _normalised(model, totals):
    """The truth has what the provider reported; the project's input holds the cache, its output the reasoning."""
    vendor = model.partition("-")[0]
    outside = totals["cached_tokens"] + totals["cache_creation_tokens"] if vendor == "claude" else 0
    thoughts = totals["reasoning_tokens"] if vendor == "gemini" else 0
    return {
        "input_tokens": totals["input_tokens"] + outside,
        "output_tokens": totals["output_tokens"] + thoughts,
        "total_tokens": totals["total_tokens"],
        "cached_tokens": totals["cached_tokens"],
        "reasoning_tokens": totals["reasoning_tokens"],
        "cache_write_tokens": totals["cache_creation_tokens"],
    }


def _sessions(truth, output):
    by_model, by_date, no_session = {}, {}, Counter()
    missing = set(truth["sessions"])
    for row in (row.fields for row in report.Report(str(output), BOOK).sessions().rows):
        session_id = row["session_id"]
        sums = Counter()
        for entry, _ in conversation.of(report.Report(str(output), BOOK), session_id, full_messages=False).rounds:
            counts = {kind: entry.get(kind, 0) for kind in KINDS}
            counts.update(rounds=1, failed=entry["response_type"] == "error")
            for totals in (
                sums,
                by_model.setdefault(entry["model"] or "unknown", Counter()),
                by_date.setdefault(entry["timestamp"][:10], Counter()),
            ):
                totals.update(counts)
        yield from _footer(row, sums)
        if session_id in missing:
            missing.remove(session_id)
            yield from _one_session(session_id, truth["sessions"][session_id], row, sums)
        else:
            no_session.update(sums)
    yield from (f"missing session {name}" for name in missing)
    yield from _same("no session", _plain(truth["no_session"]), no_session)
    for name in truth["models"].keys() | by_model.keys():
        expected = truth["models"].get(name, Counter())
        yield from _same(f"model {name}", {**_plain(expected), **_normalised(name, expected)}, by_model.get(name, {}))
    for name in truth["dates"].keys() | by_date.keys():
        yield from _same(f"day {name}", _plain(truth["dates"].get(name, Counter())), by_date.get(name, {}))


def _footer(row, sums):
    names = {kind: "total_" + kind for kind in KINDS if kind != "total_tokens"}
    names.update(total_tokens="total_tokens", rounds="messages_count", failed="failed_count")
    return _same(f"footer of {row['session_id']}", {kind: row[name] for kind, name in names.items()}, sums)


def _same(name, expected, got):
    return [
        f"{name}: {key} is {got.get(key)}, not {value}"
        for key, value in expected.items()
        if got.get(key, 0) != value
        and not (key == "cached_tokens" and {got[key], value} == {None, 0})  # told of no call
    ]


def _plain(totals):
    """What means the same to every provider, so that it can be summed over models."""
    keys = ("rounds", "failed", "total_tokens", "cached_tokens", "reasoning_tokens")
    return {**{key: totals[key] for key in keys}, "cache_write_tokens": totals["cache_creation_tokens"]}


def _one_session(session_id, expected, row, sums):
    models = [model for model in expected["models"] if model != "unknown"]
    # A session keeps its protocol, so one model tells how its providers count.
    totals = {**_plain(expected), **_normalised(models[0] if models else "", expected)}
    yield from _same(session_id, totals, sums)
    facts = {"models": models, "created_at": expected["first_start_time"], "updated_at": expected["last_start_time"]}
    yield from _same(session_id, facts, row)


def _counts(truth, output):
    covered = coverage.of_state(str(output / ".state.json"))
    counts = truth["counts"]
    expected = {
        "lines": (covered.lines, counts["lines"]),
        "calls": (covered.calls, counts["ai_lines"]),
        "noise": (covered.passed_over.get("not_llm", 0), counts["noise"]),
        "cut": (sum(covered.passed_over.get(key, 0) for key in ("cut_off", "not_json")), counts["lost"]),
        "broken outer lines": (covered.outer_broken, counts["outer_json_broken"]),
        "without session": (covered.without_session_id, counts["no_session"]),
        "failed": (covered.failed, counts["failed"]),
    }
    return [f"{name}: {got}, not {wanted}" for name, (got, wanted) in expected.items() if got != wanted]


def _statistics(log, truth, output):
    """The index's answers: by model, and by the days of two zones, whose calls are counted in the log itself."""
    found = report.Report(str(output), BOOK)
    for row in found.by_name("model").rows:
        name = row.name or "unknown"
        expected = truth["models"].get(name, Counter(rounds=0))
        expected = {**_plain(expected), **_normalised(name, expected)}
        yield from _same(f"index, model {name}", expected, _named(row.sums))
    utc = {row.span.name: _named(row.sums) for row in found.by_time(periods.DAY, timezone.utc).rows}
    for name in truth["dates"].keys() | utc.keys():
        yield from _same(f"index, day {name}", _plain(truth["dates"].get(name, Counter())), utc.get(name, {}))
    shanghai = periods.zone("Asia/Shanghai")
    there = {row.span.name: row.sums.calls for row in found.by_time(periods.DAY, shanghai).rows}
    if there != (counted := _calls_by_day(log, shanghai)):
        yield f"index, days of Asia/Shanghai: {there}, not {counted}"


def _named(sums):
    return {**sums._asdict(), "rounds": sums.calls, "total_tokens": sums.total_tokens}


def _calls_by_day(log, where):
    """How many whole lines with a call begin on each day of a zone; read without any of the project's code."""
    found = Counter()
    with open(log, "rb") as file:
        for line in file:
            text = line.decode("utf-8", "replace")
            _, _, rest = text.partition('"ai_log":')
            try:
                inner, end = json.JSONDecoder().raw_decode(rest)
                attributes = json.loads(inner)
            except ValueError:
                continue
            time_ = re.search(r'"(?:start_time|timestamp)":"([^"]+)"', text.replace(rest[:end], ""))
            if isinstance(attributes, dict) and time_:
                found[str(datetime.fromisoformat(time_[1][:19] + "+00:00").astimezone(where).date())] += 1
    return dict(found)


def _messages_of_log(log):
    """What each call sent, by the byte at which its line ends; read without any of the project's code."""
    found, end = {}, 0
    with open(log, "rb") as file:
        for line in file:
            end += len(line)
            _, _, rest = line.decode("utf-8", "replace").partition('"ai_log":')
            try:
                inner, _ = json.JSONDecoder().raw_decode(rest)
                attributes = json.loads(inner)
            except ValueError:
                continue
            if isinstance(attributes, dict):
                messages = attributes.get("messages")
                found[end] = messages if isinstance(messages, list) else []
    return found


def _messages_of_sessions(output, show):
    found = {}
    for name in os.listdir(output):
        if name.endswith(".json") and not name.startswith("."):
            session_id = json.loads((output / name).read_bytes())["session_id"]
            for entry in show(output, session_id):
                found[entry["log"][2]] = entry["messages"]
    return found


def _report(output, session_id):
    return (
        entry for entry, _ in conversation.of(report.Report(str(output), BOOK), session_id, full_messages=True).rounds
    )


def _command(output, session_id):
    command = [
        sys.executable,
        ROOT / "scripts" / "cli.py",
        "show",
        "--json",
        "--messages",
        "full",
        "--data-dir",
        output,
        "--",
        session_id,
    ]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["data"]["rounds"]


def main():
    """Generate, ingest with main.py, compare; 1 where anything differs."""
    parser = argparse.ArgumentParser(description="Compare sessions with the truth of generated logs.")
    parser.add_argument("--bytes", default="50M", help="size of each log (default: 50M)")
    parser.add_argument("--seeds", type=int, default=3, help="logs of each look (default: 3)")
    parser.add_argument("--look", choices=[*LOOKS, *OBSERVED], action="append", help="only these looks (default: all)")
    options = parser.parse_args()
    wrong = 0
    for look in options.look or [*LOOKS, *OBSERVED]:
        for seed in range(1, options.seeds + 1):
            with tempfile.TemporaryDirectory() as folder:
                wrong += _one(Path(folder), look, seed, options.bytes)
    return 1 if wrong else 0


def _one(folder, look, seed, size):
    log, truth = generate(folder, *{**LOOKS, **OBSERVED}[look], "--bytes", size, "--seed", str(seed))
    started = time.monotonic()
    command = [sys.executable, ROOT / "main.py", "--once", "--quiet", "--log-path", log, "--output-dir", folder / "out"]
    subprocess.run(command, check=True)
    seconds = time.monotonic() - started
    if look in OBSERVED:
        found = call_truth.differences(truth, folder / "out")
        lines, calls = truth["lines"], len(truth["calls"])
    else:
        found = differences(log, truth, folder / "out", show=_command)
        lines, calls = truth["counts"]["lines"], truth["counts"]["ai_lines"]
    told = f"{look:10} seed {seed}: {lines} lines, {calls} calls, read in {seconds:.1f} s: {len(found)} differences"
    print(told, *found[:20], sep="\n", flush=True)
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
