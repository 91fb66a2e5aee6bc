"""Which logs do both sides read?  And the wheels that prices are taken from."""

from __future__ import annotations

import bz2
import functools
import gzip
import json
import lzma
import re
import subprocess
import sys
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

_TESTS = Path(__file__).resolve().parent.parent.parent
_GENERATED = {
    "agent": ["--profile", "agent"],
    "lite": ["--profile", "lite", "--rate", "10"],
    "mixed": ["--profile", "mixed", "--noise", "0.1", "--hostile-ids", "--cut", "0.01"],
}
"""The large logs, as options of the generator."""
_BEGINS = {"lite": timedelta(hours=-20), "mixed": timedelta(hours=30)}
"""When some of them begin, from now on, so that "7d" and "active" mean something; the others as the generator has it."""

PACKERS = (
    ("", bytes),
    (".gz", functools.partial(gzip.compress, mtime=0)),
    (".bz2", bz2.compress),
    (".xz", lzma.compress),
    (".zst", bytes),
)
"""How a log that was rotated is packed: the ending of its name, and what makes its content."""


def make_logs(folder, megabytes):
    """Put all logs into a folder, of which the large ones have that size; returns their names."""
    odd = [path.read_bytes() for path in sorted((_TESTS / "calls" / "data" / "ai_log").glob("*.log"))]
    put(folder / "sample" / "access.log", (_TESTS / "data" / "sample" / "access.log").read_bytes())
    put(folder / "odd" / "access.log", b"".join(text if text.endswith(b"\n") else text + b"\n" for text in odd))
    now = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    making = []
    large = _GENERATED if megabytes else {}
    for name, options in large.items():
        (folder / name).mkdir(parents=True)
        start = ["--start", (now + _BEGINS[name]).strftime("%Y-%m-%dT%H:%M:%SZ")] if name in _BEGINS else []
        command = [sys.executable, "-B", _TESTS / "tools" / "gen_access_log.py", *options, *start]
        command += ["--bytes", str(round(megabytes * 1_000_000)), "--seed", "1"]
        making.append(subprocess.Popen([*command, "--out", folder / name / "access.log"], stdout=subprocess.DEVNULL))
    for process in making:
        if process.wait():
            raise SystemExit("the generator failed")
    return ["sample", "odd", *large]


def put(path, content):
    """Write a file, and the folders that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def rotations(log, folder, packers):
    """Write a log's lines a part at a time into another, and rotate that in between; gives the number of each step."""
    lines = log.read_bytes().splitlines(keepends=True)
    size = len(lines) // (len(packers) + 1)
    put(folder / "access.log", b"".join(lines[:size]) + lines[size][:200])
    yield 0  # the last line is not whole yet
    with open(folder / "access.log", "ab") as file:
        file.write(lines[size][200:])
    for step, (ending, pack) in enumerate(packers, 1):
        for path in sorted(folder.glob("access.log.[2-9]*"), reverse=True):
            path.rename(folder / re.sub(r"\d", lambda number: str(int(number[0]) + 1), path.name, count=1))
        if step > 1:
            put(folder / f"access.log.2{ending}", pack((folder / "access.log.1").read_bytes()))
        (folder / "access.log").rename(folder / "access.log.1")
        put(folder / "access.log", b"".join(lines[step * size + 1 :][: size if step < len(packers) else None]))
        yield step


def make_wheels(folder):
    """Make wheels such as prices are taken from, of what the tests have of these; of what they hold twice, the last."""
    data = _TESTS / "price_sources" / "data"
    offered = {}
    for path in sorted((data / "litellm").glob("*.json")):
        offered.update(json.loads(path.read_bytes()) if ".expected" not in path.name else {})
    providers = (data / "genai" / "vendors.txt").read_bytes()
    members = {
        "litellm-1.0-py3-none-any.whl": ("litellm/model_prices_and_context_window_backup.json", json.dumps(offered)),
        "genai_prices-1.0-py3-none-any.whl": ("genai_prices/data.py", providers),
    }
    for name, member in members.items():
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr(*member)
