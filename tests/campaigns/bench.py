"""How fast is the monitor, against what else one could do with the same log?

Builds its logs, runs the monitor and the yardsticks in turn, and prints ratios of medians, so that a noisy machine
matters little::

    python3 -m tests.campaigns.bench
    python3 -m tests.campaigns.bench --bytes 50M --turns 3 --json bench.json
    python3 -m tests.campaigns.bench --only answers --rounds 100000
    python3 -m tests.campaigns.bench --only agent --only memory --bytes 1G

What it writes stays in the temporary folder until it ends: several times its logs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.campaigns import ccusage

ROOT = Path(__file__).parent.parent.parent
GENERATOR = ROOT / "tests" / "tools" / "gen_access_log.py"
BUFFER = 1 << 20
IMPORTS = ("-c", "import argparse, json, sqlite3")
"""What any program of the command line's kind has to load."""
SHORT_TURNS = 25
"""How often what takes a moment is run: a few of them say more of the machine's other work than of this."""
JOBS = (1, 2, 4)
"""By how many processes the monitor takes in a log, which has to be a large one for that."""
BETWEEN_LOOKS = 0.05
"""Seconds between two looks at how much memory processes have."""
QUESTIONS = (
    *(("list",), ("list", "--sort-by", "cost"), ("stats-model",), ("stats-date", "--days", "30"), ("summary",)),
    ("search", "北京"),
)

YARDSTICKS = {
    "lines": """
for line in log:
    pass
""",
    "json": """
import json
for line in log:
    try:
        json.loads(json.loads(line)["ai_log"])
    except (ValueError, KeyError):
        pass
""",
    "orjson": """
import orjson
for line in log:
    try:
        orjson.loads(orjson.loads(line)["ai_log"])
    except (ValueError, KeyError):
        pass
""",
    "bare": r"""
import json
from json.decoder import scanstring
decode = json.JSONDecoder().scan_once
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
last = {}
for line in log:
    start = line.find(b'\\"messages\\":[') + len(b'\\"messages\\":[')
    end = line.rfind(b'],\\"model\\":', start)
    if end < 0 or not line.startswith(b'{"ai_log":"'):
        continue
    key = line.rfind(b'\\"session_id\\":\\"', end) + len(b'\\"session_id\\":\\"')
    session = line[key : line.find(b'\\"', key)]
    before, first, behind = last.get(session, (b"", 0, 0))
    last[session] = line, start, end
    is_sequel = behind and line.startswith(memoryview(before)[first:behind], start)
    new = start + behind - first + 1 if is_sequel else start
    text = line[11:start].decode() + line[new:end].decode() + line[end:].decode()
    try:
        inner, rest = scanstring(text, 0, True)
        found, _ = decode(inner, 0)
        outer, _ = decode('{"ai_log":"' + text[rest - 1 :], 0)
    except (ValueError, StopIteration):
        continue
    encode(found).encode()
""",
    "rewriting": """
import json, os
sessions = {}
for line in log:
    try:
        call = json.loads(json.loads(line)["ai_log"])
    except (ValueError, KeyError):
        continue
    if not isinstance(call, dict):
        continue
    name = str(call.get("session_id")).replace("/", "_")[:200]
    session = sessions.setdefault(name, {"session_id": name, "rounds": []})
    session["rounds"].append(call)
    with open(os.path.join(sys.argv[2], name + ".json"), "w") as file:
        json.dump(session, file)
""",
}
"""Other ways to go over a log, as programs: its lines; its calls decoded; only what is new of them decoded and encoded again,
with nothing proved and nothing kept, which no monitor in Python can be faster than; and a reader that keeps whole sessions
in memory and writes a session's file anew for each call."""


class Took(NamedTuple):
    """Seconds on the clock and of the processor, and the largest memory in bytes."""

    wall: float
    processor: float
    memory: int


def run(*command, **variables):
    """One whole process, with these variables in its environment."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment.update(variables)
    started = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {process.returncode}")
    per_unit = 1 if sys.platform == "darwin" else 1024
    return Took(time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss * per_unit)


def pass_over(log, output, jobs):
    """The command of one pass of the monitor, by so many processes."""
    where = ("--log-path", log, "--output-dir", output)
    return [sys.executable, ROOT / "main.py", "--once", "--quiet", "--jobs", str(jobs), *where]


def monitor(log, output, jobs=1):
    """One pass of the monitor into a folder, which is gone on with if it is there.

    For a first pass it must be a new one: in the minutes after many files were deleted, ext4 takes 30 times as long to
    make others, since it looks for inodes that were not used just now.
    """
    return run(*pass_over(log, output, jobs))


def peak(*command):
    """The most memory in bytes that a process and those that it started had at one look; None where the system does not tell.

    That is (PSS, RSS): what they share counts once, or for each of them.
    """
    found = []
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            found.append([sum(each) for each in zip(*map(_memory_of, [process.pid, *_children(process.pid)]))])
            time.sleep(BETWEEN_LOOKS)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {process.returncode}")
    return tuple(max(each) for each in zip(*found)) if any(map(any, found)) else None


def _children(pid):
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def _memory_of(pid):
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:  # it has ended, or there is no such file here
        return 0, 0
    told = {name: int(size.split()[0]) * 1024 for name, _, size in (line.partition(":") for line in lines)}
    return told.get("Pss", 0), told.get("Rss", 0)


def yardstick(name, log, folder):
    """One of the other ways over the same log."""
    start = f"import sys\nlog = open(sys.argv[1], 'rb', buffering={BUFFER})\n"
    folder.mkdir()
    return run(sys.executable, "-c", start + YARDSTICKS[name], log, folder)


def generate(path, *options):
    """A log of the generator's."""
    subprocess.run([sys.executable, GENERATOR, "--out", path, *options], check=True, stdout=subprocess.DEVNULL)
    return path


def compare(folder, profile, size, turns, names, *, with_ccusage=False):
    """Medians of the seconds that the monitor and the yardsticks take for a log of this profile, run in turn.

    With ccusage, which is given the same calls as Claude Code writes them.
    """
    log = generate(folder / f"{profile}.log", "--profile", profile, "--bytes", size, "--seed", "3")
    monitors = {_by(jobs): jobs for jobs in JOBS}
    rows = {}
    if with_ccusage:
        calls, written = ccusage.transcripts(log, folder / "transcripts")
        rows[f"{profile}: calls, in thousands"] = calls / 1000
        rows[f"{profile}: bytes of the log / bytes as Claude Code writes the same calls"] = log.stat().st_size / written
    took = {name: [] for name in (*monitors, *names, *([_CCUSAGE] if with_ccusage else []))}
    for turn in range(turns):
        for name, jobs in monitors.items():
            took[name].append(monitor(log, folder / f"out-{profile}-{turn}-{jobs}", jobs))
        for name in names:
            took[name].append(yardstick(name, log, folder / f"yard-{profile}-{turn}-{name}"))
        if with_ccusage:
            took[_CCUSAGE].append(run(*ccusage.command(), CLAUDE_CONFIG_DIR=str(folder / "transcripts"), TZ="UTC"))
    disk = sum(path.stat().st_size for path in (folder / f"out-{profile}-0-1").glob("*.json"))
    rows[f"{profile}: bytes on disk / bytes of log"] = disk / log.stat().st_size
    others = [name for name in took if name not in monitors]
    for each in monitors:
        for name in [*others, *(["monitor"] if each != "monitor" else [])]:
            rows[f"{profile}: {name} / {each}, on the clock"] = _ratio(took, name, each, "wall")
            rows[f"{profile}: {name} / {each}, processor"] = _ratio(took, name, each, "processor")
    log.unlink()
    return rows


def _by(jobs):
    return "monitor" if jobs == 1 else f"monitor by {jobs}"


def memory(folder, size):
    """What all processes of the monitor need together, at the most, while they take in logs of this size."""
    rows = {}
    for profile, more in (("agent", ()), ("lite", ("--sessions", "100000"))):
        log = generate(folder / f"{profile}.log", "--profile", profile, "--bytes", size, "--seed", "3", *more)
        for jobs in JOBS:
            needed = peak(*pass_over(log, folder / f"memory-{profile}-{jobs}", jobs))
            for kind, each in zip(("PSS", "RSS"), needed or ()):
                rows[f"{profile}: MB of memory of the {_by(jobs)}, {kind} of all its processes"] = each / 1e6
        log.unlink()
    return rows


def _ratio(took, above, below, what):
    one, other = (statistics.median(getattr(each, what) for each in took[name]) for name in (above, below))
    return one / other


def growth(folder, size, turns):
    """How a log of ten times the size, with many sessions, compares, what it needs, and what a pass without news costs."""
    small = generate(folder / "small.log", "--profile", "lite", "--bytes", str(size), "--seed", "4")
    large = generate(
        folder / "large.log", "--profile", "lite", "--bytes", str(10 * size), "--seed", "4", "--sessions", "100000"
    )
    took = {"small": [], "large": [], "nothing new": [], "imports": []}
    for turn in range(turns):
        took["small"].append(monitor(small, folder / f"out-small-{turn}"))
        took["large"].append(monitor(large, folder / f"out-large-{turn}"))
    last = folder / f"out-large-{turns - 1}"
    for _ in range(max(turns, SHORT_TURNS)):
        took["nothing new"].append(monitor(large, last))
        took["imports"].append(run(sys.executable, *IMPORTS))
    sessions = sum(1 for _ in last.glob("*.json"))
    return {
        "time for each byte of the large log / of the small one": _ratio(took, "large", "small", "wall") / 10,
        "the same, of the processor": _ratio(took, "large", "small", "processor") / 10,
        f"memory, MB, {sessions} sessions": max(each.memory for each in took["large"]) / 1e6,
        "a pass with nothing new / imports": _ratio(took, "nothing new", "imports", "wall"),
    }


def answers(folder, rounds, turns):
    """How long questions over this many rounds take, against imports, and how fast the index is made anew."""
    data = folder / "answers"
    sizes = ["--lines", str(rounds), "--sessions", str(max(1, rounds // 10)), "--rate", "0.4", "--clean", "--seed", "5"]
    generate(folder / "many.log", "--profile", "lite", *sizes)
    # What they said is there for a tenth of them, as only some gateways log it.
    generate(folder / "said.log", "--profile", "chat", "--lines", str(max(10, rounds // 10)), "--seed", "6")
    monitor(folder / "*.log", data)
    found = summary(data)
    took = {question: [] for question in (IMPORTS, *QUESTIONS)}
    for question in QUESTIONS:
        ask(data, *question)  # the first one that searches makes what it searches in
    for _ in range(turns):
        took[IMPORTS].append(run(sys.executable, *IMPORTS))
        for question in QUESTIONS:
            took[question].append(ask(data, *question))
    rows = {f"{' '.join(question)} / imports": _ratio(took, question, IMPORTS, "wall") for question in QUESTIONS}
    made = []
    for _ in range(min(turns, 3)):
        for path in data.glob(".index.sqlite3*"):
            path.unlink()
        made.append(found["calls"] / ask(data, "summary").wall)
    rows[f"rounds a second, the index of {found['calls']} made anew"] = max(made)
    return rows


def long_session(folder, rounds, turns):
    """What the end of a session of this many rounds costs to show, and one more line of it to take in."""
    log = generate(folder / "long.log", "--profile", "lite", "--sessions", "1", "--lines", str(rounds), "--clean")
    whole = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(whole[: -turns - 1]))
    data = folder / "long"
    monitor(log, data)
    took = {name: [] for name in ("imports", "show", "nothing", "line")}
    for line in whole[-turns - 1 :]:
        took["imports"].append(run(sys.executable, *IMPORTS))
        took["show"].append(ask(data, "show", "last", "--rounds", "last:5"))
        took["nothing"].append(monitor(log, data))
        with open(log, "ab") as file:
            file.write(line)
        took["line"].append(monitor(log, data))
    for each in took.values():
        del each[0]  # loads what the others find loaded
    more = [1000 * (line.wall - nothing.wall) for line, nothing in zip(took["line"], took["nothing"])]
    return {
        f"show --rounds last:5, of {rounds} rounds / imports": _ratio(took, "show", "imports", "wall"),
        f"milliseconds for one line of a session of {rounds} rounds, beyond a pass with nothing new": (
            statistics.median(more)
        ),
        "milliseconds that imports take": 1000 * statistics.median(each.wall for each in took["imports"]),
    }


def ask(folder, *question):
    """One question of the command line."""
    return run(sys.executable, ROOT / "scripts" / "cli.py", *question, "--data-dir", folder)


def summary(folder):
    """What a folder holds."""
    command = [sys.executable, ROOT / "scripts" / "cli.py", "summary", "--json", "--data-dir", folder]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["data"]


def bytes_of(text):
    """A size such as 200M."""
    units = {"K": 10**3, "M": 10**6, "G": 10**9}
    return int(float(text[:-1]) * units[text[-1]]) if text[-1] in units else int(text)


_CCUSAGE = "ccusage over its own files of the same calls"
PARTS = ("agent", "lite", "memory", "growth", "answers")


def main():
    """Run all, print a table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description="Compare the monitor with other ways over the same log.")
    parser.add_argument("--bytes", type=bytes_of, default="200M", help="size of a log (default: 200M)")
    parser.add_argument("--turns", type=int, default=5, help="how often each is run (default: 5)")
    parser.add_argument(
        "--rounds", type=int, default=1_000_000, help="how many questions are asked about (default: 1000000)"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="a part (default: all)")
    parser.add_argument(
        "--ccusage", action="store_true", help="hold agents' logs against ccusage, which npm brings, as well"
    )
    parser.add_argument("--json", metavar="FILE", help="write the ratios there, too")
    options = parser.parse_args()
    parts = options.only or PARTS
    if options.ccusage:
        ccusage.install(is_wanted=True)
    rows = {}
    with tempfile.TemporaryDirectory() as name:
        for part in parts:
            if part == "memory":
                found = memory(Path(name), str(options.bytes))
            elif part == "growth":
                found = growth(Path(name), options.bytes // 2, options.turns)
            elif part == "answers":
                found = answers(Path(name), options.rounds, options.turns)
                lines = max(options.turns, SHORT_TURNS)
                found.update(long_session(Path(name), max(100, options.rounds // 20), lines))
            else:
                yardsticks = ["lines", "json", "orjson", "rewriting" if part == "lite" else "bare"]
                with_ccusage = options.ccusage and part == "agent"
                found = compare(
                    Path(name), part, str(options.bytes), options.turns, yardsticks, with_ccusage=with_ccusage
                )
            for key, value in found.items():
                print(f"{value:10.2f}  {key}", flush=True)
            rows.update(found)
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
