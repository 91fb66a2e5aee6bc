"""Does a real program that collects spans have every call, once, with its session, its tokens and its error?

Arize's Phoenix is installed (into .venv/phoenix, some 90 s once; its own telemetry is off) and started on this machine.  It is
sent the sample twice by ``export --to otlp``, and a generated log by ``main.py --otlp`` pass by pass; then its API is asked what
it holds.  As a program::

    python3 -m tests.campaigns.otlp_receivers --calls 5000
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import NamedTuple

from tests.support import calls
from tests.support.command_line import CLI, MAIN, ROOT, SAMPLE

VERSION = "20.26.1"
HOME = ROOT / ".venv" / "phoenix"
_PATIENCE = 120
_QUIET = 30
"""Seconds without another span after which no more are awaited."""
_SESSIONS = 50
_PASSES = 5


class Held(NamedTuple):
    """What Phoenix holds: spans by their ids, and each session's tokens: input and output."""

    spans: dict[str, dict]
    sessions: dict[str, tuple[int, int]]


def installed():
    """Where Phoenix is; it is brought there if it is not."""
    program = HOME / "bin" / "phoenix"
    if not program.exists():
        print(f"installing Phoenix {VERSION} into {HOME}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        subprocess.run([HOME / "bin" / "pip", "install", "-q", f"arize-phoenix=={VERSION}"], check=True)
    return program


@contextlib.contextmanager
def running(program, folder):
    """Phoenix on this machine, with nothing in it; the address."""
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    environment = {
        **os.environ,
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_TELEMETRY_ENABLED": "false",
        "PHOENIX_PORT": str(ports[0]),
        "PHOENIX_GRPC_PORT": str(ports[1]),
        "PYTHONPATH": "",
    }
    url = f"http://127.0.0.1:{ports[0]}"
    with (Path(folder) / "phoenix.log").open("w") as log:
        process = subprocess.Popen([program, "serve"], env=environment, stdout=log, stderr=log)
    try:
        waited(lambda: asked(url, "/v1/projects") is not None, "Phoenix answers")
        yield url
    finally:
        process.terminate()
        process.wait(30)


def waited(condition, what, patience=_PATIENCE):
    """Wait until something is so, for two minutes."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain: {what}")
        time.sleep(0.2)


def asked(url, path, **query):
    """What its API answers; None where it does not."""
    with (
        contextlib.suppress(OSError, ValueError),
        urllib.request.urlopen(f"{url}{path}?{urllib.parse.urlencode(query)}", timeout=60) as answer,
    ):
        return json.load(answer)
    return None


def all_of(url, what):
    """All rows of a list that comes in pages."""
    cursor, rows = None, []
    while True:
        page = asked(url, f"/v1/projects/default/{what}", limit=1000, **({"cursor": cursor} if cursor else {}))
        if page is None:
            return rows
        rows += page["data"]
        cursor = page.get("next_cursor")
        if not cursor:
            return rows


def held(url):
    """What it holds by now."""
    spans = all_of(url, "spans")
    sums = {
        row["session_id"]: (row["token_count_prompt"], row["token_count_completion"]) for row in all_of(url, "sessions")
    }
    assert len({span["context"]["span_id"] for span in spans}) == len(spans)
    return Held({span["context"]["span_id"]: span for span in spans}, sums)


def run(*arguments):
    """One of our programs, to its end, and the seconds that it took."""
    begun = time.monotonic()
    done = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, time.monotonic() - begun


def ours(folder):
    """What we say of the sessions: calls, failed ones, and each session's tokens."""
    rows = json.loads(run(CLI, "list", "--json", "--limit", "1000000", "--data-dir", folder)[0])["data"]
    rows = rows if isinstance(rows, list) else rows["sessions"]
    tokens = {row["session_id"]: (row["total_input_tokens"] or 0, row["total_output_tokens"] or 0) for row in rows}
    return sum(row["messages_count"] for row in rows), sum(row["failed_count"] for row in rows), tokens


def settled(url, number):
    """What it holds once that are so many spans, or no more come: it answers first, and takes them in at its own pace."""
    found, quiet_since = held(url), time.monotonic()
    while len(found.spans) < number and time.monotonic() - quiet_since < _QUIET:
        time.sleep(1)
        before, found = len(found.spans), held(url)
        quiet_since = quiet_since if len(found.spans) == before else time.monotonic()
    return found


def differences(url, folder):
    """Where what Phoenix holds is not what we say of the sessions of a folder, in words."""
    number, failed, tokens = ours(folder)
    found = settled(url, number)
    errors = sum(span["status_code"] == "ERROR" for span in found.spans.values())
    told = []
    if len(found.spans) != number:
        told.append(f"{len(found.spans)} spans of {number} calls")
    if errors != failed:
        told.append(f"{errors} errors of {failed} failed calls")
    for session, sums in tokens.items():
        if found.sessions.get(session) != sums:
            told.append(f"{session}: {found.sessions.get(session)} tokens of {sums}")
    roots = collections.Counter(span["context"]["trace_id"] for span in found.spans.values() if not span["parent_id"])
    traces = {span["context"]["trace_id"] for span in found.spans.values()}
    if set(roots) != traces or set(roots.values()) != {1}:
        told.append(f"{sum(roots.values())} roots of {len(traces)} traces")
    return told


def sample_twice(url, folder):
    """The sample, exported twice: what is wrong then, and how many spans it has."""
    data = Path(folder) / "sample"
    run(MAIN, "--once", "--log-path", SAMPLE, "--output-dir", data)
    for _ in range(2):
        run(CLI, "export", "--to", "otlp", url, "--data-dir", data)
        time.sleep(2)
    return differences(url, data), len(held(url).spans)


def generated(url, folder, number):
    """A log that grows, read and sent pass by pass: what is wrong then, and the seconds of all passes, and of an export of all."""
    data, log = Path(folder) / "generated", Path(folder) / "access.log"
    seconds = 0.0
    for start in range(0, number, -(-number // _PASSES)):
        with log.open("ab") as file:
            for each in range(start, min(start + -(-number // _PASSES), number)):
                file.write(_line(each) + b"\n")
        seconds += run(MAIN, "--once", "--log-path", log, "--output-dir", data, "--otlp", url)[1]
    told = differences(url, data)
    return told, seconds, run(CLI, "export", "--to", "otlp", url, "--data-dir", data)[1]


def _line(each):
    turn, step = divmod(each // _SESSIONS, 4)
    at = f"2026-02-01T{10 + each // 3600 % 12:02}:{each // 60 % 60:02}:{each % 60:02}.5Z"
    question = {"question": f"question {turn}"} if step == 0 else {"question": ""}
    is_failed = each % 50 == 7
    tokens = (
        {"input_token": 0, "output_token": 0, "total_token": 0}
        if is_failed
        else {"input_token": each, "output_token": 9}
    )
    total = {"total_token": tokens["input_token"] + tokens["output_token"]}
    more = {**tokens, **total, **question, "llm_service_duration": 700, "chat_id": f"chat-{each}"}
    texts = [f"question {turn}"] if step == 0 else []
    return calls.line(f"gen-{each % _SESSIONS}", texts, start_time=at, code="503" if is_failed else "200", **more)


def main(arguments=None):
    """Run it; the exit code is 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000, help="of the generated log (default: 2000)")
    options = parser.parse_args(arguments)
    program = installed()
    wrong = []
    with tempfile.TemporaryDirectory() as folder, running(program, folder) as url:
        told, spans = sample_twice(url, folder)
        print(f"sample, sent twice: {spans} spans; {'; '.join(told) or 'all as we say'}", flush=True)
        wrong += told
    with tempfile.TemporaryDirectory() as folder, running(program, folder) as url:
        told, seconds, exported = generated(url, folder, options.calls)
        speed = f"{options.calls / seconds:,.0f} calls/s read and sent, {options.calls / exported:,.0f}/s exported"
        print(f"{options.calls} calls in {_PASSES} passes: {speed}; {'; '.join(told[:10]) or 'all as we say'}")
        wrong += told
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
