"""Does the recording proxy pass on all that it should, soon enough, and does it write down all that it passed on?

The stand-in for the providers, the proxy (as a user starts it) and whoever asks are processes of their own.  Three parts:

    latency   how much later the first byte comes through the proxy, of pairs of calls, one with it and one without
    streams   many streams side by side, over and over: all whole, and each written down once
    kills     the proxy killed at any moment, over and over: whatever answer was whole by then is in the log, once

::

    python3 -m tests.campaigns.local_proxy --calls 1000 --streams 64 --kills 50
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import http.client
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from session_monitor.base import data_folder
from session_monitor.calls import ai_log
from session_monitor.calls.round import Round
from tests.support.proxying import PATHS

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = ("latency", "streams", "kills")
_STANDIN = "from tests.support.standin import serve; serve()"
_WARM = 20
_NUMBER = re.compile(rb"(?:chatcmpl-|resp_|msg_)\d+")
_ENDS = {"chat": b"data: [DONE]\n\n", "responses": b"response.completed", "messages": b"message_stop"}


@contextlib.contextmanager
def _standin():
    """The port of a stand-in in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "scripts"), str(ROOT)])}
    words = [sys.executable, "-c", _STANDIN]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=ROOT) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


@contextlib.contextmanager
def _proxy(folder, standin):
    """The proxy as a user starts it, before that stand-in: its process, and its port."""
    url = f"http://127.0.0.1:{standin}"
    words = [sys.executable, ROOT / "scripts" / "cli.py", "proxy", "--port", "0", "--json", "--data-dir", folder]
    words += ["--upstream", f"openai={url}/v1", "--upstream", f"anthropic={url}"]
    with subprocess.Popen(list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process, json.loads(process.stdout.readline())["data"]["port"]
        finally:
            process.terminate()


def _body(*, asks=True):
    options = {"stream_options": {"include_usage": True}} if asks else {}
    return json.dumps(
        {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}], **options}
    ).encode()


def _recorded(folder):
    """How often each call is in the log, by the provider's id of it, and what there is no call."""
    log = Path(data_folder.recorded_log(str(folder)))
    read = [ai_log.parse(line) for line in (log.read_bytes().splitlines() if log.exists() else [])]
    calls = [each for each in read if isinstance(each, Round)]
    return collections.Counter(each.chat_id for each in calls if each.outcome == "ok"), len(read) - len(calls)


# -- latency -----------------------------------------------------------------------------------------------------------


class Latency(NamedTuple):
    """Milliseconds until the first byte, without the proxy and with it, and how many more it is within a pair, at the middle."""

    direct: float
    through: float
    more: float
    more_p95: float


def latency(calls, *, asks=True):
    """Of so many pairs of calls; the client asks for its tokens, or the proxy does in its place."""
    with tempfile.TemporaryDirectory() as folder, _standin() as standin, _proxy(folder, standin) as (_, port):
        connections = [http.client.HTTPConnection("127.0.0.1", each, timeout=30) for each in (standin, port)]
        pairs = []
        for number in range(calls + _WARM):
            order = (0, 1) if number % 2 else (1, 0)
            took = {each: _first_byte(connections[each], _body(asks=asks)) for each in order}
            pairs.append((took[0], took[1]))
        for connection in connections:
            connection.close()
    pairs = pairs[_WARM:]
    more = sorted(through - direct for direct, through in pairs)
    direct, through = (statistics.median(each) for each in zip(*pairs))
    return Latency(direct, through, statistics.median(more), more[int(len(more) * 0.95)])


def _first_byte(connection, body):
    start = time.perf_counter()
    connection.request("POST", PATHS["chat"], body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read1(1)
    took = time.perf_counter() - start
    response.read()
    return 1000 * took


# -- streams -----------------------------------------------------------------------------------------------------------


class Found(NamedTuple):
    """How many calls were made, how long that took, and what is wrong."""

    calls: int
    seconds: float
    wrong: list


def streams(number, each=5):
    """So many clients at once, of all APIs, with framings of all kinds; each makes some calls."""
    with tempfile.TemporaryDirectory() as folder, _standin() as standin:
        with _proxy(folder, standin) as (process, port):
            whole, start = _asked_by_many(port, number, each), time.monotonic()
            for thread in whole.threads:
                thread.join()
            seconds = time.monotonic() - start
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
        recorded, strange = _recorded(folder)
    return Found(number * each, seconds, _wrong(whole, recorded, strange, number * each))


class _Whole:
    """The calls whose answers were whole, as their clients saw it."""

    def __init__(self):
        self.ids, self.threads, self.lock, self.is_over = [], [], threading.Lock(), False

    def ask(self, port, number, calls, seed):
        """Make calls until there were so many, or it is over."""
        chance = random.Random(seed * 1000 + number)
        for _ in range(calls):
            protocol = chance.choice(list(_ENDS))
            how = chance.choice(["", "odd", "crlf", "one", "close", "slow", "length"])
            try:
                told = _answer(port, protocol, how)
            except (OSError, http.client.HTTPException):
                if self.is_over:
                    return
                continue
            found = _NUMBER.search(told)
            if found and _ENDS[protocol].strip() in told.replace(b"\r", b""):
                with self.lock:
                    self.ids.append(found[0].decode())


def _answer(port, protocol, how):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", PATHS[protocol], _body(asks=how != "odd"), {"x-standin": how})
        return connection.getresponse().read()


def _asked_by_many(port, number, calls, seed=1):
    whole = _Whole()
    whole.threads = [threading.Thread(target=whole.ask, args=(port, each, calls, seed)) for each in range(number)]
    for thread in whole.threads:
        thread.start()
    return whole


def _wrong(whole, recorded, strange, expected=None):
    wrong = [f"{each} was whole, and is in the log {recorded[each]} times" for each in whole.ids if recorded[each] != 1]
    wrong += [f"{each} is in the log {times} times" for each, times in recorded.items() if times > 1]
    wrong += [f"{strange} lines are no calls"] if strange else []
    if expected is not None and len(whole.ids) != expected:
        wrong.append(f"{len(whole.ids)} of {expected} answers were whole")
    return wrong


# -- kills -------------------------------------------------------------------------------------------------------------


def kills(number, seed=1):
    """Kill the proxy so often while it is asked, and start it anew on the same folder."""
    chance, wrong, start, calls = random.Random(seed), [], time.monotonic(), 0
    with tempfile.TemporaryDirectory() as home, _standin() as standin:
        for each in range(number):
            folder = Path(home) / str(each // 10)  # ten lives on one log: it may end in a torn line
            with _proxy(folder, standin) as (process, port):
                whole = _asked_by_many(port, 4, 1000, seed * 100 + each)
                time.sleep(chance.uniform(0.02, 0.5))
                process.kill()
                process.wait()
                whole.is_over = True
                for thread in whole.threads:
                    thread.join()
            recorded, _ = _recorded(folder)
            calls += len(whole.ids)
            wrong += _wrong(whole, recorded, 0)
    return Found(calls, time.monotonic() - start, wrong)


def main():
    """Run the campaign; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.campaigns.local_proxy", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="this part (default: all)")
    parser.add_argument("--calls", type=int, default=1000, help="pairs of calls for the latency (default: 1000)")
    parser.add_argument("--streams", type=int, default=64, help="streams at once (default: 64)")
    parser.add_argument("--kills", type=int, default=50, help="how often the proxy is killed (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="another run of kills (default: 1)")
    options = parser.parse_args()
    found = {}
    if options.only in (None, "latency"):
        for asks in (True, False):
            took = latency(options.calls, asks=asks)
            who = "the client asks for its tokens" if asks else "the proxy asks for them"
            print(
                f"latency, {who}: first byte p50 {took.direct:.2f} ms, through the proxy {took.through:.2f} ms; ",
                end="",
            )
            print(f"in a pair {took.more:.2f} ms more (p95 {took.more_p95:.2f})")
    if options.only in (None, "streams"):
        found["streams"] = streams(options.streams)
    if options.only in (None, "kills"):
        found["kills"] = kills(options.kills, options.seed)
    for part, each in found.items():
        print(f"{part}: {each.calls} whole answers in {each.seconds:.1f} s, {len(each.wrong)} things wrong")
        print("".join(f"  {text}\n" for text in each.wrong[:20]), end="")
    return 1 if any(each.wrong for each in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
