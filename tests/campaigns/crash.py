"""Every way in which a run may end, with an exact account of what must be there afterwards.

A course is a busy life of a log: calls are appended, the log is rotated in several ways, and in between the monitor
looks.  Each look is made to end badly in every way, from the same start each time:

    points   the process is killed at its k-th file operation, before it or in the middle of a write, for each k;
             or this operation fails, writes less than it was told, or is the first on a disk that is full or gone
    power    the power fails at the k-th operation, and of all that was not synced a part reached the disk: some blocks
             of a file, its old or its new size, the first few of the changed names.  Also after a run was killed, and
             while the next one recovers
    kills    the program itself is killed at random moments, alone or among others, while the log grows and is rotated

After each of them one more run must give what an undisturbed one gives: each call once and unchanged, files that are
valid JSON, right totals, the same read positions.  As a program::

    python3 -m tests.campaigns.crash --points all --power 5000 --kills 1000 --seed 1

A failure is printed with what leads to it.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import main as program  # noqa: E402
from session_monitor.base import files  # noqa: E402
from session_monitor.log.checkpoint import Checkpoint  # noqa: E402
from session_monitor.monitor import ingest  # noqa: E402
from session_monitor.monitor.ingest import Ingest  # noqa: E402
from session_monitor.sessions import session_file, store  # noqa: E402
from session_monitor.sessions.store import Store  # noqa: E402
from tests.support import calls  # noqa: E402

LONG, SHORT = "agent:main:1", ("b/../c", "会话", "agent:x")
PATTERN = "agent:*"
OPERATIONS = ("open", "pwrite", "write", "fsync", "replace", "rename", "unlink", "ftruncate", "mkdir")
CHANGING = ("pwrite", "write", "fsync", "replace", "rename", "unlink", "ftruncate", "mkdir", "syncfs")
BLOCKS = (512, 4096)
AT_WORK = "programs killed at work"
ENOUGH = 20
"""After so many failures a campaign ends."""

# Small batches and a short memory, so that one look writes, syncs, commits and reopens many times.
_SIZES = ((ingest, "BATCH_SESSION_BYTES", 24_000), (store, "REMEMBERED", 3), (files, "FEW", 4))


# -- the log -----------------------------------------------------------------------------------------------------------


class Gateway:
    """What writes the log and rotates it, with a ledger of all calls that stand in whole lines."""

    def __init__(self, folder, rng):
        self.logs, self.rng = folder / "logs", rng
        self.logs.mkdir()
        self.path = self.logs / "access.log"
        self.path.touch()
        self.ledger: dict[str, list[dict]] = {}
        self.number = self.copies = 0

    def call(self, session, texts, answer=30):
        """Append one call; its texts are made of what digests are made of, to be taken for a part of them."""
        self._append(self._line(session, texts, answer))

    def calls_in_halves(self, session, texts):
        """Append the first half of a call's line, and after whatever happens then the other half."""
        before = self.ledger.setdefault(session, [])
        line = self._line(session, texts, 30)
        call = before.pop()
        self._append(line[: len(line) // 2])
        yield
        self._append(line[len(line) // 2 :])
        before.append(call)

    def _line(self, session, texts, answer):
        self.number += 1
        text = "".join(self.rng.choices("ABCDEFGHabcdefgh01234567+/", k=answer))
        call = {"chat_id": f"L{self.number}", "answer": text, "model": f"m{self.number % 3}"}
        self.ledger.setdefault(session, []).append({**call, "messages": [calls.message(each) for each in texts]})
        return calls.line(session, texts, start_time=f"2026-02-01T09:{self.number % 60:02}:15Z", **call) + b"\n"

    def _append(self, data):
        with open(self.path, "ab", buffering=0) as file:
            file.write(data)

    def rotate(self):
        """Rename and create."""
        self._shift()
        self.path.rename(f"{self.path}.1")
        self.path.touch()

    def copy(self):
        """The first half of copy and truncate."""
        self._shift()
        shutil.copyfile(self.path, f"{self.path}.1")

    def truncate(self):
        """The second half."""
        os.truncate(self.path, 0)

    def compress(self, number):
        """Compress a rotated file."""
        path = Path(f"{self.path}.{number}")
        Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()

    def _shift(self):
        found = [path.name[len("access.log.") :].partition(".") for path in self.logs.glob("access.log.*")]
        for number, dot, extension in sorted(found, key=lambda each: -int(each[0])):
            rest = dot + extension
            os.rename(f"{self.path}.{number}{rest}", f"{self.path}.{int(number) + 1}{rest}")

    def differences(self, out, *, ordered=True):
        """What is wrong with the sessions of this folder, in words, read without the project's code."""
        wrong, found = [], {}
        for path in sorted(out.iterdir()):
            if ".unusable" in path.name:
                wrong.append(f"{path.name} is there")
            elif path.suffix == ".json" and not path.name.startswith("."):
                with contextlib.suppress(ValueError):
                    document = json.loads(path.read_bytes())
                    found[document["session_id"]] = document
                    continue
                wrong.append(f"{path.name} is not valid JSON")
        for session in sorted({*found, *self.ledger}):
            rounds = _with_messages(found.get(session, {"rounds": []})["rounds"])
            expected = self.ledger.get(session, [])
            if not ordered:
                rounds, expected = (sorted(each, key=lambda call: call["chat_id"]) for each in (rounds, expected))
            if rounds != expected:
                names = [[call["chat_id"] for call in each] for each in (rounds, expected)]
                wrong.append(f"{session} has {names[0]} instead of {names[1]}")
        for session, document in found.items():
            number = len(document["rounds"])
            totals = [document[key] for key in ("messages_count", "total_input_tokens", "total_output_tokens")]
            if totals != [number, 10 * number, 5 * number]:
                wrong.append(f"{session} has {number} rounds and the totals {totals}")
        return wrong


def _with_messages(rounds):
    """Each round as the ledger has it."""
    found, before = [], []
    for each in rounds:
        before = before[: each.get("messages_from_history", 0)] + each["messages"]
        found.append({"messages": before, **{key: each.get(key) for key in ("chat_id", "answer", "model")}})
    return found


def account(out):
    """What a folder says in the end, but for how the files came to be: the sessions, and how far the logs were read."""
    found = {}
    for path in sorted(out.iterdir()):
        if path.suffix == ".json" and not path.name.startswith("."):
            document = json.loads(path.read_bytes())
            del document["crc32"]
            document["positions"] = document["positions"]["applied"]
            found[path.name] = document
    state = json.loads((out / ".state.json").read_bytes())
    for name, view in state["views"].items():
        kept = ("gid", "sequence", "head", "offset", "mark_sha256", "size_seen", "gone", "coverage")
        found["view", name] = [{key: each[key] for key in kept} for each in view["generations"]]
    return found


# -- the course --------------------------------------------------------------------------------------------------------


class Course:
    """The log, the output folder, and a monitor that follows the one into the other."""

    def __init__(self, folder, seed):
        self.folder, self.out = folder, folder / "out"
        self.out.mkdir(mode=0o700)
        self.gateway = Gateway(folder, random.Random(seed))
        self.monitor = self.fresh(self.out)
        self.is_damaged = False

    def fresh(self, out, session_key=None):
        """A monitor that starts now."""
        checkpoint = Checkpoint(str(out / ".state.json"), str(out))
        log = [str(self.gateway.path)]
        return Ingest(log, Store(str(out)), checkpoint, session_key=session_key, clock=lambda: 0.0)

    def looks(self):
        """The life of the log; yields where the monitor looks: in the same process, in a new one, with a filter."""
        gateway, texts = self.gateway, [f"message {n}" for n in range(600)]
        gateway.call(LONG, texts)
        for session in SHORT:
            gateway.call(session, ["a"])
        yield "follow"
        for number in range(2):  # many sessions at once
            for n in range(7):
                gateway.call(f"many {n}", [f"{number}"], 100)
            yield "once" if number else "follow"
        gateway.call(LONG, [*texts, "and"], 14_000)  # much text over a long footer
        gateway.call(SHORT[0], ["a", "b"])
        yield "follow"
        gateway.rotate()
        gateway.call(LONG, [*texts, "and", "more"], 3000)
        gateway.call(SHORT[1], ["c", "d"], 6000)
        yield "once"
        gateway.call(SHORT[0], ["b"])
        gateway.rotate()
        gateway.call(SHORT[2], ["a", "b"], 800)
        yield "filtered"
        yield "once"
        gateway.call(LONG, ["all", "new"])  # a footer shorter than the old one
        gateway.call(SHORT[1], ["e"])
        yield "follow"
        gateway.copy()
        yield "follow"
        gateway.truncate()
        gateway.call(SHORT[0], ["after"], 5000)
        gateway.call(LONG, ["all", "new", "again"], 9000)
        gateway.call("late", [])
        yield "once"
        gateway.compress(2)
        for _ in gateway.calls_in_halves(SHORT[2], ["half"]):
            gateway.rng.random()
            yield "follow"
        for session in (SHORT[0], "late", LONG):
            gateway.call(session, ["z"] * 40, 2000)
        yield "once"

    def looks_with_damage(self):
        """The same, and a last look that finds a file damaged in the middle of what was committed."""
        yield from self.looks()
        path = self.out / f"{LONG}.json"
        data = path.read_bytes()
        path.write_bytes(data[:2000] + bytes(20) + data[2020:-20])
        self.is_damaged = True
        self.gateway.call(LONG, ["z"])
        yield "once"

    def arguments(self, kind):
        """How the program is called for a look."""
        key = ["--session-key", PATTERN] if kind == "filtered" else []
        return ["--log-path", str(self.gateway.path), "--output-dir", str(self.out), "--once", "--quiet", *key]

    def look(self, kind):
        """One look; gives 1 where it failed and said so."""
        if kind != "follow":
            code = program.main(self.arguments(kind))
            self.monitor = self.fresh(self.out)  # only one can be at work
            return code
        try:
            self.monitor.poll()
        except OSError:
            return 1
        return 0

    def expected(self, kind, saved):
        """What this look must end in: found out by looking once more, undisturbed; and how many operations it has."""
        shim = Shim()

        def undisturbed():
            with shim:
                assert self.look(kind) == self.is_damaged
            return shim.names

        names = in_child(undisturbed).result
        with quick():
            self.fresh(self.out).poll()
        wrong = self.differences(self.out)
        assert not wrong, wrong
        found = account(self.out)
        restore(self.out, saved)
        return found, names

    def differences(self, out):
        """What is wrong with the sessions of this folder."""
        aside = [] if self.is_damaged else [path.name for path in out.iterdir() if ".corrupt-" in path.name]
        return [*(f"{name} is there" for name in aside), *self.gateway.differences(out)]

    def wrong(self, out, kind, expected):
        """What new runs make of a folder, held against what it must be."""
        said = []
        try:
            with quick():
                for key in [PATTERN, None] if kind == "filtered" else [None]:
                    poll = self.fresh(out, key).poll()
                    said += [*poll.problems, *poll.notices]
            wrong = [*([] if self.is_damaged else said), *self.differences(out)]
            return wrong or _differences(account(out), expected)
        except Exception:  # noqa: BLE001 -- whatever it is, it is a finding
            return [traceback.format_exc()]


def _differences(found, expected):
    """Where two accounts begin to differ."""
    wrong = []
    for key in sorted({*found, *expected}, key=str):
        texts = [str(each.get(key)) for each in (found, expected)]
        if texts[0] != texts[1]:
            start = max(0, next((n for n, (a, b) in enumerate(zip(*texts)) if a != b), 0) - 40)
            wrong.append(f"{key} has {texts[0][start : start + 120]!r} instead of {texts[1][start : start + 120]!r}")
    return wrong


def saved(out):
    """All files of a folder."""
    return {path.name: path.read_bytes() for path in out.iterdir()}


def restore(out, contents):
    """Make the folder hold these files, and no others."""
    out.mkdir(mode=0o700, exist_ok=True)
    for path in out.iterdir():
        path.unlink()
    for name, content in contents.items():
        (out / name).write_bytes(content)


@contextlib.contextmanager
def quick():
    """Without real syncs, which only a real power failure could tell from none; with small batches."""
    with contextlib.ExitStack() as stack:
        for owner, name, value in _SIZES:
            stack.enter_context(mock.patch.object(owner, name, value))
        stack.enter_context(mock.patch.object(os, "fsync", return_value=None))
        stack.enter_context(mock.patch.object(files, "_sync_file_system", return_value=True))
        yield


# -- a child process ---------------------------------------------------------------------------------------------------


@dataclass
class Ended:
    """How a child ended: killed, or with a result, and what it wrote on stderr."""

    killed: bool
    result: object
    said: str


def in_child(action):
    """Call it in a fork of this process."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as result:
        pid = os.fork()
        if pid == 0:
            code = 99
            try:
                os.dup2(said.fileno(), 2)
                sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 -- pytest's own is no file
                os.write(result.fileno(), json.dumps(action()).encode())
                code = 0
            except BaseException:  # noqa: BLE001 -- it is told, and nothing of the parent's may run here
                os.write(2, traceback.format_exc().encode())
            finally:
                os._exit(code)
        status = os.waitpid(pid, 0)[1]
        said.seek(0)
        result.seek(0)
        text = said.read().decode()
        killed = os.WIFSIGNALED(status)
        assert killed or status == 0, text
        return Ended(killed, None if killed else json.loads(result.read()), text)


# -- operations that fail ----------------------------------------------------------------------------------------------


class Shim:
    """Stands between the monitor and the disk: counts the operations, and from number ``at`` on asks ``fault``.

    The fault is called with the shim, the name and the arguments of the operation, and does it or not.
    """

    def __init__(self, at=0, fault=None):
        self.at, self.fault, self.names = at, fault, []
        self.real = {name: getattr(os, name) for name in OPERATIONS}
        self.real.update(fsync=lambda _descriptor: None, syncfs=lambda _folder: True)
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        self._stack.enter_context(quick())
        for name in OPERATIONS:
            self._stack.enter_context(mock.patch.object(os, name, self._wrapped(name)))
        self._stack.enter_context(mock.patch.object(files, "_sync_file_system", self._wrapped("syncfs")))
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _wrapped(self, name):
        def operation(*arguments, **more):
            of_log = name == "open" and arguments[1] & os.O_NONBLOCK
            self.names.append("open log" if of_log else name)
            return self.do(name, *arguments, **more)

        return operation

    def do(self, name, *arguments, **more):
        if self.fault and len(self.names) >= self.at:
            return self.fault(self, name, *arguments, **more)
        return self.real[name](*arguments, **more)

    @property
    def is_first(self):
        """Whether this is the operation that was asked for, and not a later one."""
        return len(self.names) == self.at


def _fails(number):
    raise OSError(number, os.strerror(number))


def killed(shim, *_, **__):
    """The process is killed before the operation."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed_half_way(shim, name, *arguments, **more):
    """The process is killed when half of the bytes are written."""
    descriptor, data, offset = arguments
    shim.real[name](descriptor, data[: len(data) // 2], offset)
    os.kill(os.getpid(), signal.SIGKILL)


def fails_once(shim, name, *arguments, **more):
    """The operation fails, and all others go well."""
    if not shim.is_first:
        return shim.real[name](*arguments, **more)
    return False if name == "syncfs" else _fails(errno.EIO)


def writes_less(shim, name, *arguments, **more):
    """A write takes half of the bytes; the next one goes on."""
    if not shim.is_first:
        return shim.real[name](*arguments, **more)
    descriptor, data, offset = arguments
    return shim.real[name](descriptor, data[: len(data) // 2], offset)


def writes_less_and_fails(shim, name, *arguments, **more):
    """A write takes half of the bytes, and the next one fails; after that all goes well."""
    if len(shim.names) == shim.at + 1 and name == "pwrite":
        return _fails(errno.EIO)
    return writes_less(shim, name, *arguments, **more)


def is_full(shim, name, *arguments, **more):
    """From here on no file is made and none can grow."""
    if name == "open" and arguments[1] & os.O_CREAT and not os.path.exists(arguments[0]):
        _fails(errno.ENOSPC)
    if name == "pwrite":
        descriptor, data, offset = arguments
        room = max(0, os.fstat(descriptor).st_size - offset)
        if data and not room:
            _fails(errno.ENOSPC)
        return shim.real[name](descriptor, data[:room], offset)
    return shim.real[name](*arguments, **more)


def is_gone(shim, name, *arguments, **more):
    """From here on nothing can be changed; a write that is just going on gets half way."""
    if name == "pwrite" and shim.is_first:
        return writes_less(shim, name, *arguments)
    if name in CHANGING or (name == "open" and arguments[1] & os.O_CREAT):
        return False if name == "syncfs" else _fails(errno.EIO)
    return shim.real[name](*arguments, **more)


ON_WRITES = (killed_half_way, writes_less, writes_less_and_fails)
KILLS = (killed, killed_half_way)
FAULTS = (fails_once, writes_less, writes_less_and_fails, is_full, is_gone)


@dataclass
class Tally:
    """What a campaign did."""

    done: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def count(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    def check(self, wrong, where):
        """Note what is wrong; False where that is enough."""
        if wrong:
            self.failures.append("\n  ".join([where, *wrong[:4]]))
        return len(self.failures) < ENOUGH


def points(folder, seed, *, stride=1, faults=(*KILLS, *FAULTS)):
    """Let every ``stride``-th operation of the course be the last one, or go wrong, in all these ways."""
    course, tally = Course(folder, seed), Tally()
    passed = seed % stride
    for number, kind in enumerate(course.looks_with_damage(), 1):
        before = saved(course.out)
        expected, names = course.expected(kind, before)
        for at, name in enumerate(names, 1):
            tally.count("operations")
            if (passed + at) % stride:
                continue
            for fault in faults:
                if (fault in ON_WRITES and name != "pwrite") or (fault in FAULTS and name == "open log"):
                    continue
                for continues in (False, True)[: 2 if kind == "follow" and fault in FAULTS else 1]:
                    wrong = _point(course, kind, Shim(at, fault), continues, expected)
                    tally.count("kills" if fault in KILLS else "faults")
                    restore(course.out, before)
                    more = " in the same process" if continues else ""
                    if not tally.check(wrong, f"look {number} ({kind}), {fault.__name__} at {at} ({name}){more}"):
                        return tally
        passed += len(names)
        with quick():
            course.look(kind)
    return tally


def _point(course, kind, shim, continues, expected):
    """What is wrong after this look, on this disk."""

    def look():
        with shim:
            code = course.look(kind)
        if continues:
            broken = _not_json(course, shim)
            with quick():
                return course.monitor.poll().problems + broken
        return code

    try:
        ended = in_child(look)
    except AssertionError as error:
        return [str(error)]
    wrong = []
    if shim.fault in KILLS:
        wrong += [] if ended.killed else ["was not killed"]
    elif continues:
        wrong += ended.result
    else:
        wrong += _not_json(course, shim)
        if kind != "follow" and ended.result:
            wrong += [] if ended.result == 1 and "main.py: " in ended.said else [f"said {ended.said!r}"]
    return wrong + course.wrong(course.out, kind, expected)


def _not_json(course, shim):
    """Session files that are broken at rest, which only a damaged file may be, or one on a disk that is gone."""
    wrong = []
    for path in course.out.iterdir():
        if path.suffix == ".json" and shim.fault is not is_gone and not course.is_damaged:
            try:
                json.loads(path.read_bytes())
            except ValueError:
                wrong.append(f"{path.name} is not valid JSON at rest")
    return wrong


# -- power failures ----------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone; in the recording of a disk that needs no real one."""


class Disk:
    """All that was done to a folder, operation by operation, and what of it a power failure may leave."""

    def __init__(self, contents, events=()):
        """All of the contents were synced."""
        self.contents, self.events = dict(contents), list(events)
        self.names = {}  # name -> number of its file
        self.files = 0
        for name in self.contents:
            self.names[name] = self._new()
        for event in self.events:
            self._follow(event)

    def _new(self):
        self.files += 1
        return self.files

    def record(self, *event):
        self.events.append(event)
        self._follow(event)

    def _follow(self, event):
        kind, *values = event
        if kind == "create":
            self.names[values[0]] = self._new()
        elif kind == "rename":
            self.names[values[1]] = self.names.pop(values[0])
        elif kind == "unlink":
            del self.names[values[0]]

    def recorded(self, folder, at=0, fault=None):
        """A shim that does everything in this folder and writes it down here."""
        return _Recorder(self, folder, at, fault)

    def after_power_loss(self, number, rng):
        """A folder as it may be found when the power failed behind so many operations."""
        contents = [[each] for each in self.contents.values()]  # by file: as synced, and after each write since
        names = dict(zip(self.contents, range(len(contents))))
        waiting = []  # changes of names that were not synced
        for kind, *values in self.events[:number]:
            if kind == "create":
                waiting.append((kind, values[0], len(contents)))
                contents.append([b""])
            elif kind in ("rename", "unlink"):
                waiting.append((kind, *values))
            elif kind in ("fsync folder", "syncfs"):
                _rename(names, waiting)
                waiting = []
            _change(contents, kind, values)
        reached = waiting[: rng.choice([0, len(waiting), rng.randint(0, len(waiting))])]
        if rng.random() < 0.25:  # file systems without a journal keep no order
            reached = [change for change in waiting if rng.random() < 0.5]
        _rename(names, reached)
        return {name: _survived(contents[file], rng) for name, file in names.items()}


def _change(contents, kind, values):
    """Add to the versions of a file, or drop all but the last of them."""
    if kind == "write":
        contents[values[0] - 1].append(_written(contents[values[0] - 1][-1], *values[1:]))
    elif kind == "truncate":
        contents[values[0] - 1].append(_resized(contents[values[0] - 1][-1], values[1]))
    elif kind == "fsync":
        del contents[values[0] - 1][:-1]
    elif kind == "syncfs":
        for each in contents:
            del each[:-1]


def _rename(names, changes):
    for kind, *values in changes:
        if kind == "create":
            names[values[0]] = values[1]
        elif kind == "rename" and values[0] in names:
            names[values[1]] = names.pop(values[0])
        elif kind == "unlink":
            names.pop(values[0], None)


def _written(content, data, offset):
    content = content.ljust(offset, b"\0")
    return content[:offset] + data + content[offset + len(data) :]


def _resized(content, size):
    return content[:size].ljust(size, b"\0")


def _survived(versions, rng):
    """A file of which some blocks and perhaps the size are older than the last write."""
    old, new = versions[0], versions[-1]
    if len(versions) == 1:
        return new
    block = rng.choice(BLOCKS)
    size = rng.choice([len(new), len(new), *map(len, versions)])
    starts = range(0, size, block)
    way = rng.choice(["all", "none", "any", "any", "any", "most", "one lacks", "one"])
    if way == "all":
        chosen = [new] * len(starts)
    elif way == "none":
        chosen = [old] * len(starts)
    elif way in ("one", "one lacks"):
        most, other = (new, old) if way == "one lacks" else (old, new)
        chosen = [most] * len(starts)
        changed = [n for n, start in enumerate(starts) if old[start : start + block] != new[start : start + block]]
        if changed:
            chosen[rng.choice(changed)] = other
    else:
        chosen = [new if way == "most" and rng.random() < 0.8 else rng.choice(versions) for _ in starts]
    return b"".join(_resized(each[start : start + block], block) for each, start in zip(chosen, starts))[:size]


class _Recorder(Shim):
    """Does the operations and writes down those that change the folder."""

    def __init__(self, disk, folder, at, fault):
        super().__init__(at, fault)
        self.disk, self.folder = disk, str(folder)
        self.opened = {}
        done = dict(self.real)
        self.real = {name: getattr(self, name, done[name]) for name in done}
        self.done = done

    def _name(self, path):
        folder, name = os.path.split(os.fsdecode(path))
        return name if folder == self.folder else None

    def open(self, path, flags, *more, **others):
        descriptor = self.done["open"](path, flags, *more, **others)
        name = self._name(path)
        self.opened[descriptor] = "folder" if os.fsdecode(path) == self.folder else None
        if name is not None:
            if name not in self.disk.names:
                self.disk.record("create", name)
            elif flags & os.O_TRUNC:
                self.disk.record("truncate", self.disk.names[name], 0)
            self.opened[descriptor] = self.disk.names[name]
        return descriptor

    def pwrite(self, descriptor, data, offset):
        written = self.done["pwrite"](descriptor, data, offset)
        self.disk.record("write", self.opened[descriptor], bytes(data[:written]), offset)
        return written

    def ftruncate(self, descriptor, size):
        self.done["ftruncate"](descriptor, size)
        self.disk.record("truncate", self.opened[descriptor], size)

    def fsync(self, descriptor):
        file = self.opened[descriptor]
        self.disk.record(*(["fsync folder"] if file == "folder" else ["fsync", file]))

    def syncfs(self, _folder):
        self.disk.record("syncfs")
        return True

    def replace(self, source, target):
        self.done["replace"](source, target)
        self.disk.record("rename", self._name(source), self._name(target))

    rename = replace

    def unlink(self, path):
        self.done["unlink"](path)
        self.disk.record("unlink", self._name(path))


def gone(shim, *_, **__):
    """The process is gone, and does nothing any more."""
    raise Killed


def gone_half_way(shim, name, *arguments, **more):
    """The same in the middle of a write."""
    if name == "pwrite" and shim.is_first:
        descriptor, data, offset = arguments
        shim.real[name](descriptor, data[: len(data) // 2], offset)
    raise Killed


def power(folder, seed, number):
    """Let the power fail so many times, over the looks of a course; a part of them after kills and other failures."""
    course, tally, rng = Course(folder, seed), Tally(), random.Random(seed)
    looks = sum(1 for _ in Course(_subfolder(folder, "counted"), seed).looks())
    disk = Disk({})
    for index, kind in enumerate(course.looks(), 1):
        before, events = saved(course.out), list(disk.events)
        expected, _ = course.expected(kind, before)
        with disk.recorded(course.out):
            _poll(course, course.out, kind, course.monitor)
        if kind != "follow":
            course.monitor = course.fresh(course.out)
        simple = Disk({}, disk.events), len(events)
        for trial in range(number * index // looks - number * (index - 1) // looks):
            rng.seed(f"{seed} {index} {trial}")
            if trial % 6 == 0:
                killed_before = _killed_run(course, kind, before, events, rng)
            tried, start = simple if trial % 2 else killed_before
            where = f"look {index} ({kind}), power failure {trial}"
            tally.count("power failures" if trial % 2 else "power failures after kills")
            if not tally.check(_power(course, kind, tried, start, expected, rng), where):
                return tally
    return tally


def _subfolder(folder, name):
    path = folder / name
    path.mkdir()
    return path


def _poll(course, out, kind, monitor=None):
    if kind != "follow" or monitor is None:
        monitor = course.fresh(out, PATTERN if kind == "filtered" else None)
    monitor.poll()


def _killed_run(course, kind, before, events, rng):
    """The disk when a run was killed, or several, and another one ran, as if the power had not failed yet."""
    out, disk = course.folder / "killed", Disk({}, events)
    restore(out, before)
    for _ in range(rng.choice([1, 1, 2, 3])):
        shim = disk.recorded(out, rng.randint(1, rng.choice([20, 80])), rng.choice([gone, gone_half_way]))
        with contextlib.suppress(Killed), shim:
            _poll(course, out, kind)
    start = len(disk.events)
    with disk.recorded(out):
        _poll(course, out, rng.choice([kind, "once"]))
    return disk, start


def _power(course, kind, disk, start, expected, rng):
    """What is wrong when the power failed while this disk was written, and perhaps again in the next run."""
    out = course.folder / "after"
    for _ in range(3):
        contents = disk.after_power_loss(rng.randint(start, len(disk.events)), rng)
        restore(out, contents)
        if rng.random() < 0.7:
            break
        disk, start = Disk(contents), 0
        try:
            with disk.recorded(out):
                _poll(course, out, "once")
        except Exception:  # noqa: BLE001 -- whatever it is, it is a finding
            return [traceback.format_exc()]
    return course.wrong(out, kind, expected)


# -- the program itself ------------------------------------------------------------------------------------------------


def kills(folder, seed, number):
    """Kill the program so many times while the log grows and is rotated; a few dozen kills to each folder."""
    tally, rng = Tally(), random.Random(seed)
    round_number = 0
    while tally.done.get(AT_WORK, 0) < number:
        round_number += 1
        trial = _subfolder(folder, f"round {round_number}")
        wrong = _killed_programs(trial, rng, min(number, tally.done.get(AT_WORK, 0) + 40), tally)
        if not tally.check(wrong, f"round {round_number}"):
            break
        shutil.rmtree(trial)
    return tally


def _killed_programs(folder, rng, number, tally):
    gateway, out = Gateway(folder, rng), folder / "out"
    wrong = []
    while tally.done.get(AT_WORK, 0) < number and not wrong:
        one_of = rng.choice([1, 1, 1, 2, 3, 4])
        modes = [rng.choice([["--once"], ["--follow", "--refresh-interval", "0.001"]]) for _ in range(one_of)]
        started = [_start(gateway, out, mode) for mode in modes]
        holder = _written_until_locked(gateway, out, started)
        until = time.monotonic() + rng.choice([0, rng.uniform(0, 0.03), rng.uniform(0, 0.15)])
        while time.monotonic() < until:
            _write_some(gateway)
        victim = holder or started[0]
        for each in sorted(started, key=lambda each: each is not victim):
            wrong += _ended(each, out, tally, 0 if each is victim else 0.3)
    last = [_start(gateway, out, ["--once"]) for _ in range(rng.randint(1, 4))]
    wrong += [text for each in last for text in _ended(each, out, tally, None)]
    final = _start(gateway, out, ["--once"])
    said = final.communicate()[1]
    wrong += [f"the last run ended with {final.returncode}: {said}"] if final.returncode or said else []
    return wrong + gateway.differences(out, ordered=False)


def _start(gateway, out, mode):
    arguments = [sys.executable, str(ROOT / "main.py"), "--log-path", str(gateway.path), "--output-dir", str(out)]
    return subprocess.Popen([*arguments, *mode], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def _written_until_locked(gateway, out, started):
    """Write on until one of them is at work; which one."""
    while any(each.poll() is None for each in started):
        _write_some(gateway)
        for each in started:
            if _is_at_work(each, out) and each.poll() is None:
                return each
    return None


def _is_at_work(process, out):
    """Whether this one was the last to have the folder for itself."""
    with contextlib.suppress(FileNotFoundError):
        return (out / ".lock").read_text().startswith(f"pid {process.pid} ")
    return False


def _write_some(gateway):
    """A moment in the life of the log."""
    rng = gateway.rng
    for _ in range(rng.randint(1, 4)):
        texts = [f"{n}" for n in range(rng.choice([1, 3, 100]))]
        gateway.call(rng.choice([LONG, *SHORT, f"many {rng.randint(0, 20)}"]), texts, rng.choice([10, 5000]))
    if gateway.path.stat().st_size > rng.choice([100_000, 400_000, 1_000_000]):
        gateway.rotate()
    time.sleep(0.002)


def _ended(process, out, tally, seconds):
    """What is wrong about how one of several ends: it ran, or says who does, or is killed when the seconds are over."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.kill()
    said = process.communicate()[1]
    if process.returncode == -signal.SIGKILL:
        tally.count(AT_WORK if _is_at_work(process, out) else "programs killed before they began")
    elif process.returncode or (said and "another monitor is at work" not in said):
        return [f"ended with {process.returncode}: {said}"]
    else:
        tally.count("programs that found another" if said else "programs that ran")
    return []


# -- what must be noticed ----------------------------------------------------------------------------------------------


def _committed_first(real):
    def commit(self, poll):
        for generation, file, end in self._batch.ends.values():
            generation.become(generation.advanced(file, end))
        self._checkpoint.save()
        real(self, poll)

    return commit


def _opened_unsynced(real):
    def opened(self, session_id):
        with mock.patch.object(files, "sync_files"), mock.patch.object(files, "sync_folder"):
            return real(self, session_id)

    return opened


def _unsealed_unchecked(line):
    body, comma, checksum = line.rpartition(b',"crc32":"')
    return body if comma and checksum.endswith(b'"}\n') else None


def _written_once(descriptor, data, offset):
    os.pwrite(descriptor, data, offset)


def _append_uncut(descriptor, session, data):
    files.write_all(descriptor, data, session.next_byte)


def _replaced_in_place(path, data):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    files.write_all(descriptor, data, 0)
    os.fsync(descriptor)
    os.close(descriptor)


BROKEN = {
    "the read positions are saved before the sessions": (points, Ingest, "_commit", _committed_first(Ingest._commit)),
    "the read positions are written in place": (points, files, "replace", _replaced_in_place),
    "what was added before a failure is kept": (points, Store, "discard", lambda _self: None),
    "a short write is not carried on": (points, files, "write_all", _written_once),
    "a longer old end is not cut off, nor put back": (points, store, "_append", _append_uncut),
    "files are not synced": (power, files, "sync_files", lambda *_: None),
    "the folder is not synced": (power, files, "sync_folder", lambda *_: None),
    "what a killed run left is not synced": (power, Store, "_open", _opened_unsynced(Store._open)),
    "the last write is believed": (power, session_file, "last_write_is_whole", lambda *_: True),
    "a line is believed without its checksum": (power, session_file, "_unsealed", _unsealed_unchecked),
}
"""Mistakes that would lose something or count it twice: what notices it, what is replaced, and by what."""


def first_failure(mistake, seed):
    """What is noticed first of such a mistake; None where nothing is."""
    campaign, *replaced = BROKEN[mistake]
    with mock.patch.object(*replaced), mock.patch(f"{__name__}.ENOUGH", 1):
        try:
            tally = run(points, seed, stride=7) if campaign is points else run(power, seed, 800)
        except AssertionError as error:  # not even an undisturbed look goes well
            return str(error)
    return tally.failures[0] if tally.failures else None


# -- the program -------------------------------------------------------------------------------------------------------


def run(campaign, *arguments, **options):
    """A campaign in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return campaign(Path(folder), *arguments, **options)


def main():
    """Run the campaigns; 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--points", default="all", help="'all' operations, every N-th, or 0 for none")
    parser.add_argument("--power", type=int, default=1000, help="how many power failures")
    parser.add_argument("--kills", type=int, default=100, help="how many kills of the program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broken", choices=BROKEN, help="with this mistake, which must be noticed")
    options = parser.parse_args()
    stride = 1 if options.points == "all" else int(options.points)
    failed = 0
    with contextlib.ExitStack() as stack:
        if options.broken:
            stack.enter_context(mock.patch.object(*BROKEN[options.broken][1:]))
        for name, wanted, arguments, more in (
            ("points", stride, (), {"stride": stride}),
            ("power", options.power, (options.power,), {}),
            ("kills", options.kills, (options.kills,), {}),
        ):
            if not wanted:
                continue
            started = time.monotonic()
            tally = run(globals()[name], options.seed, *arguments, **more)
            failed += len(tally.failures)
            counts = ", ".join(f"{number} {what}" for what, number in tally.done.items())
            seconds = time.monotonic() - started
            last = f"{name}, seed {options.seed}: {counts}; {len(tally.failures)} failed; {seconds:.0f} s\n"
            sys.stdout.write("\n".join([*tally.failures, last]))
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
