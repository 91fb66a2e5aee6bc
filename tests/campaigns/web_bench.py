"""How fast does the web server answer many at a time, against a server that loads every session file for each request?

Starts both over the same folder, asks with some clients at a time, and prints how long answers take and how many times
as long the plain way takes, so that a noisy machine matters little::

    python3 -m tests.campaigns.web_bench
    python3 -m tests.campaigns.web_bench --data-dir /var/lib/sessions --clients 8 --json bench.json
    python3 -m tests.campaigns.web_bench --pages --data-dir /var/lib/sessions --against ../older-checkout
    python3 -m tests.campaigns.web_bench --first-second --data-dir /var/lib/sessions

The third one opens the overview in a browser, in turn from this checkout and from another one: what is asked until it
shows sessions, and how long that takes, and what a first question takes right after a start.  The last one tells what
somebody waits for who has just begun: questions of the command line by the processor time of a bare start, the overview
and a page of the list after a start of the server, and a first search.

A folder that is named has to be one that may be written: the server keeps its key and the index there.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import http.server
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from session_monitor.base import data_folder
from tests.campaigns import bench
from tests.support import browser

ROOT = Path(__file__).resolve().parent.parent.parent
GENERATOR = ROOT / "tests" / "tools" / "gen_access_log.py"
PATHS = ("/api/sessions?limit=50", "/api/overview", "/api/sessions?limit=50&sort_by=cost", "/api/health")
PLAIN = ("/api/sessions?limit=50", "/api/overview")
LONG = 5000
"""Rounds of a long session."""
CLI = ROOT / "scripts" / "cli.py"
BARE = ("--version",)
"""What the command line answers without any data."""
FIRST_QUESTIONS = (("list",), ("list", "--sort-by", "cost"), ("stats-model",), ("summary",))


class Took(NamedTuple):
    """Milliseconds of an answer: the first one, half of the others at most, 99 in 100, the slowest; and its bytes."""

    first: float
    median: float
    p99: float
    slowest: float
    size: int


# -- the servers -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def ours(folder, root=ROOT):
    """The web server of a checkout over a folder; gives its port."""
    command = [sys.executable, root / "scripts" / "webserver.py", "--data-dir", folder, "--port", "0", "--quiet"]
    process = subprocess.Popen([*command, "--host", "127.0.0.1"], stdout=subprocess.PIPE, text=True)
    try:
        port = int(re.search(r"https?://\S+?:(\d+)/", process.stdout.readline())[1])
        _ready(port)
        yield port
    finally:
        process.terminate()
        process.communicate()


def _ready(port):
    """Wait until there is an index."""
    while True:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            connection.request("GET", "/api/health")
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                return
        time.sleep(0.05)


@contextlib.contextmanager
def plain(folder):
    """A server that loads every session file for each request; gives its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answer = json.dumps(_list(folder) if "sessions" in self.path else _sums(folder)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _sessions(folder):
    for name in os.listdir(folder):
        if name.endswith(".json") and not name.startswith("."):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                yield json.load(file)


def _list(folder):
    rows = [{key: value for key, value in found.items() if key != "rounds"} for found in _sessions(folder)]
    return sorted(rows, key=lambda row: row["updated_at"] or "", reverse=True)[:50]


def _sums(folder):
    sums = {}
    for found in _sessions(folder):
        for entry in found["rounds"]:
            row = sums.setdefault(f"{entry['model']} {(entry['timestamp'] or '')[:10]}", [0, 0, 0])
            for at, value in enumerate((1, entry["input_tokens"], entry["output_tokens"])):
                row[at] += value
    return sums


# -- the clients -------------------------------------------------------------------------------------------------------


def measured(port, path, clients, requests):
    """How long answers take to some clients at a time, each with a connection of its own and so many requests."""
    (first,), _ = _ask(port, path, 1)
    # Processes: threads of one would wait for each other; and they begin together.
    context = multiprocessing.get_context("spawn")
    with context.Pool(clients, context.Barrier(clients).wait) as pool:
        found = pool.starmap(_ask, [(port, path, requests)] * clients, chunksize=1)
    times = sorted(each for times, _ in found for each in times)
    return Took(
        first, times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)], times[-1], found[0][1]
    )


def _ask(port, path, requests):
    times, size = [], 0
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        for _ in range(requests):
            started = time.perf_counter()
            connection.request("GET", path)
            answer = connection.getresponse()
            size = len(answer.read())
            times.append(1000 * (time.perf_counter() - started))
            if answer.status != 200:
                raise SystemExit(f"{path}: status {answer.status}")
    return times, size


def compare(folder, clients, requests, plain_requests):
    """How long answers take on both servers, as rows: path, ours, and how many times as long the plain way took."""
    rows = {}
    with ours(folder) as port:
        for path in PATHS:
            rows[path] = {**measured(port, path, clients, requests)._asdict(), "times_as_long": None}
    with plain(folder) as port:
        for path in PLAIN:
            other = measured(port, path, 1, plain_requests)
            rows[path]["plain_median"] = other.median
            rows[path]["times_as_long"] = other.median / rows[path]["median"]
    return rows


def first_data(folder, rounds, paints=5):
    """What a page of a long session asks for first: how long that takes and how many bytes it is."""
    log = folder / "long.log"
    with log.open("w", encoding="utf-8") as file:
        texts = []
        for number in range(rounds):
            texts = [*texts[-20:], f"question {number} " + "word " * 40]
            call = {
                "session_id": "long",
                "model": f"gpt-4{'o' if number % 100 else ''}",
                "input_token": number % 997 * 100,
                "output_token": 50,
                "messages": [{"role": "user", "content": text} for text in texts],
                "answer": "answer " * 60,
            }
            start = f"2026-02-01T{9 + number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
            file.write(json.dumps({"ai_log": json.dumps(call), "start_time": start, "response_code": "200"}) + "\n")
    command = [sys.executable, ROOT / "main.py", "--once", "--quiet", "--log-path", log, "--output-dir"]
    subprocess.run([*command, folder / "long"], check=True)
    rows = {}
    with ours(folder / "long") as port:
        for path in ("/api/session?id=long", "/api/session/rounds?id=long&last=50"):
            times, size = _ask(port, path, 1)
            rows[path] = {"first": times[0], "size": size}
        rows.update(painted(port, paints))
    return rows


def painted(port, turns):
    """How long a browser takes to paint something of a long session, and its rounds; nothing where there is no browser."""
    if not browser.has_chromium():
        return {}
    paints, rounds = [], []
    with browser.chromium() as chromium:
        for _ in range(turns):
            page = browser.Watched(chromium, f"http://127.0.0.1:{port}")
            opened = page.open("/session?id=long")
            rounds.append(opened.evaluate("performance.now()"))
            paints.append(opened.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            page.close()
    return {
        name: {"first": statistics.median(times), "size": 0}
        for name, times in (("first content painted", paints), ("its rounds there", rounds))
    }


# -- the overview in a browser -----------------------------------------------------------------------------------------

_ROW = '#sessions a[href*="session?id="]'
_USABLE = """
new MutationObserver((_changes, observer) => {
  if (!document.querySelector('#sessions a[href*="session?id="]')) return;
  observer.disconnect();
  window.usable = performance.now();
}).observe(document, { childList: true, subtree: true });
"""
_LOADED = """() => {
  const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  return {
    requests: all.length,
    bytes: all.reduce((sum, each) => sum + each.transferSize, 0),
    painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    usable: window.usable,
  };
}"""


def opened(folder, turns, root=ROOT):
    """What the overview takes in a browser: after a start of the server, for somebody new, and once more."""
    with browser.chromium() as chromium, ours(folder, root) as port:
        visits = [_visit(chromium, port) for _ in range(turns)]
    first, again = [visit[0] for visit in visits], [visit[1] for visit in visits]
    rows = {"after a start": first[0], "somebody new": _medians(first[1:] or first), "once more": _medians(again)}
    with ours(folder, root) as port:
        times, size = _ask(port, "/api/overview?since=7d&timezone=UTC&by=day", 1)
    return {**rows, "first answer after a start": {"usable": times[0], "bytes": size}}


def _visit(chromium, port):
    page = browser.Watched(chromium, f"http://127.0.0.1:{port}")
    page.context.add_init_script(_USABLE)
    seen = []
    for _ in range(2):
        page.page.goto(page.base)
        page.page.locator(_ROW).first.wait_for(timeout=120_000)
        seen.append(page.page.evaluate(_LOADED))
    page.close()
    return seen


def _medians(rows):
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def compare_pages(folder, turns, others):
    """The overview of each checkout, in turn; prints a line for each."""
    found = {}
    for root in (*others, ROOT):
        found[str(root)] = opened(folder, turns, root)
        for name, row in found[str(root)].items():
            figures = ", ".join(f"{what} {value:,.0f}" for what, value in row.items())
            print(f"{root.name:12} {name:28} {figures}")
    return found


# -- the first second --------------------------------------------------------------------------------------------------


def first_second(folder, turns):
    """What somebody waits for who has just begun, as rows: what it is, and the figure."""
    return {**_questions(folder, turns), **_first_pages(folder, turns), **_first_search(folder)}


def _questions(folder, turns):
    """Processor time of questions, as multiples of a bare start."""
    newest = _told(folder, "list", "--limit", "1")[0]["updated_at"]
    since = (datetime.fromisoformat(newest.replace("Z", "+00:00")) - timedelta(days=30)).date().isoformat()
    filtered = ("list", "--since", since, "--model", "gpt-*")
    took = {question: [] for question in (BARE, *FIRST_QUESTIONS, filtered)}
    for _ in range(turns):
        for question, times in took.items():
            is_bare = question == BARE
            run = bench.run(sys.executable, CLI, *question) if is_bare else bench.ask(folder, *question)
            times.append(run.processor)
    bare = statistics.median(took.pop(BARE))
    rows = {f"{' '.join(question)} / bare start": statistics.median(times) / bare for question, times in took.items()}
    return {"bare start, ms": 1000 * bare, **rows}


def _told(folder, *question):
    command = [sys.executable, CLI, *question, "--json", "--data-dir", folder]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["data"]


def _first_pages(folder, turns):
    """Milliseconds of the overview's first answer after a start, and of pages of the list that nobody asked for before."""
    overviews, pages, filtered, following = [], [], [], []
    for turn in range(turns):
        with ours(folder) as port:
            overviews += _ask(port, "/api/overview?since=7d&timezone=UTC&by=day", 1)[0]
            pages += _ask(port, f"/api/sessions?limit=50&offset={2000 + turn}", 1)[0]
            some = "/api/sessions?model=gpt-*&sort_by=cost&limit=50&offset="
            filtered += _ask(port, f"{some}2000", 1)[0]
            following += _ask(port, f"{some}2050", 1)[0]
    return {
        "first overview after a start, ms": statistics.median(overviews),
        "list page at offset 2,000, ms": statistics.median(pages),
        "first page of some models, ms": statistics.median(filtered),
        "next page of the same, ms": statistics.median(following),
    }


def _first_search(folder):
    """How long the answers of a search take for which nothing is searchable yet, until all is looked through."""
    for path in Path(folder).glob(f"{data_folder.WORD_INDEX}*"):
        path.unlink()
    took, shares = [], []
    with ours(folder) as port:
        while not shares or shares[-1] < 1:
            started = time.perf_counter()
            shares.append(_found(port)["looked_through"])
            took.append(1000 * (time.perf_counter() - started))
    return {
        "first search: first answer, ms": took[0],
        "first search: looked through by then, of a hundred": 100 * shares[0],
        "first search: slowest answer, ms": max(took),
        "first search: all looked through, ms": sum(took),
    }


def _found(port):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", "/api/search?q=nowhere-said-by-anybody")
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(f"/api/search: status {answer.status}")
        return json.load(answer)["data"]


def generated(folder, size):
    """The sessions of a log of this size."""
    log = folder / "access.log"
    command = [sys.executable, GENERATOR, "--out", log, "--profile", "mixed", "--bytes", size, "--seed", "9"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    reading = [sys.executable, ROOT / "main.py", "--once", "--quiet", "--log-path", log, "--output-dir"]
    subprocess.run([*reading, folder / "sessions"], check=True)
    return folder / "sessions"


def main():
    """Measure, print a table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description="Measure the web server under load, against a plain one.")
    parser.add_argument("--data-dir", metavar="DIR", help="sessions to serve (default: some of a generated log)")
    parser.add_argument("--bytes", default="20M", help="size of that log (default: 20M)")
    parser.add_argument("--clients", type=int, default=8, help="how many ask at a time (default: 8)")
    parser.add_argument("--requests", type=int, default=400, help="how often each asks (default: 400)")
    parser.add_argument("--plain-requests", type=int, default=3, help="how often the plain way is taken (default: 3)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    parser.add_argument("--pages", action="store_true", help="open the overview in a browser, and nothing else")
    parser.add_argument("--first-second", action="store_true", help="what takes how long at first, and nothing else")
    parser.add_argument(
        "--against", metavar="DIR", type=Path, action="append", default=[], help="with --pages: another checkout"
    )
    parser.add_argument("--turns", type=int, default=5, help="with --pages and --first-second: how often (default: 5)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = options.data_dir or generated(Path(name), options.bytes)
        if options.first_second:
            found = first_second(folder, options.turns)
            for what, value in found.items():
                print(f"{value:10,.2f}  {what}")
            if options.json:
                Path(options.json).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            return 0
        if options.pages:
            found = compare_pages(folder, options.turns, [each.resolve() for each in options.against])
            if options.json:
                Path(options.json).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            return 0
        rows = compare(folder, options.clients, options.requests, options.plain_requests)
        print(f"{'first ms':>9} {'median ms':>10} {'p99 ms':>8} {'slowest':>8} {'bytes':>8}  plain way")
        for path, row in rows.items():
            ratio = f"{row['times_as_long']:,.0f} times as long" if row["times_as_long"] else ""
            print(
                f"{row['first']:9.1f} {row['median']:10.1f} {row['p99']:8.1f} {row['slowest']:8.1f} {row['size']:8}  {ratio:22} {path}"
            )
        long = first_data(Path(name), LONG)
        for path, row in long.items():
            print(
                f"{row['first']:9.1f} {'':10} {'':8} {'':8} {row['size'] or '':8}  {'a session, at first':22} {urllib.parse.unquote(path)}"
            )
    if options.json:
        Path(options.json).write_text(json.dumps({**rows, **long}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
