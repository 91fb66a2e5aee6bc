"""What is in a history: a log that is written and rotated, a monitor that polls or dies, and the account of both."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import shutil
import signal
import time
import zlib
from collections import Counter
from pathlib import Path
from unittest import mock

from session_monitor.base import files
from session_monitor.calls import coverage
from session_monitor.index.keeper import Keeper
from session_monitor.ingest.ingest import Ingest, Processes
from session_monitor.log import log_file, tail
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.prices.book import Book
from session_monitor.sessions import store
from session_monitor.sessions.store import Store
from session_monitor.upkeep import repair, verification
from tests.campaigns.rotation_fuzz.data_folder import DataFolder, silent
from tests.campaigns.rotation_fuzz.odd_siblings import OddSiblings

KEEP = 5
LONGEST_LINE = 20_000
TICK = 0.011
"""Seconds within which the clock for files of any system ticks."""
EQUAL_HEAD = b'{"ai_log":"-","path":"/healthz","start_time":"2026-02-01T00:00:00.000Z"}\n'
LONG_EQUAL_HEAD = b"# " + b"x" * 17_000 + b"\n"
ID = re.compile(rb'chat_id\\":\\"(L\d+)')
SESSIONS = ("a", "b/../c", "会话")


class Killed(BaseException):
    """The monitor is gone in the middle of a poll."""


class World(OddSiblings, DataFolder):
    """A folder with a log, the gateway that writes it, what rotates it, the monitor, and the account."""

    def __init__(self, folder, traits):
        """``traits`` says of each name in ``histories.TRAITS`` whether this world is so, and how many ``jobs`` read in it."""
        self.traits, self.home = traits, folder
        self.out = folder / "out"
        self.logs = folder / "logs"
        self.real = folder / "real" if traits["symlinked"] else self.logs
        for each in {self.out, self.logs, self.real}:
            each.mkdir()
        self.live = self.real / "access.log"
        self.pattern = self.logs / ("acc*.log*" if traits["globbed"] else "access.log")
        if traits["symlinked"]:
            (self.logs / "access.log").symlink_to(self.live)
        self.equal_heads = traits["equal_heads"]
        self.head = LONG_EQUAL_HEAD if traits["long_heads"] else EQUAL_HEAD
        self.number = self.days = 0
        self.clock = 1000.0
        self.must, self.written, self.told = set(), {}, {}
        self.unreadable, self.odd_names = set(), set()
        self.wrong = []  # what was wrong before the end
        self.old_state = None
        self.kept_sessions, self.backups, self.copies = [], [], 0
        self.went_back = set()  # calls that were stored, and are not in what was put back
        self.came_back = 0  # calls that were not stored, and are in what was put back
        self.was_copied = False  # then nobody can tell all that is lost
        self.before_forgotten = None  # the calls that were stored when the state was lost for the first time
        self.lost_calls = 0  # of these, so many were told as lost
        self.copied = False
        self.rest = b""  # what is missing of the line that is being written
        self.gateway = None
        self.monitor = self.stop = self.keeper = None
        self.reopen()

    def run(self, action, *arguments):
        getattr(self, action)(*arguments)

    # -- the gateway ---------------------------------------------------------------------------------------------------

    def _line(self, size=20, junk=b""):
        self.number += 1
        name = f"L{self.number}"
        inner = {"chat_id": name, "session_id": SESSIONS[self.number % 3], "model": "m", "input_token": 1}
        inner["messages"] = [{"role": "user", "content": "x" * size}]
        text = json.dumps({"ai_log": json.dumps(inner, separators=(",", ":"))}, separators=(",", ":"))[:-1]
        line = (
            text.encode()
            + b',"user_agent":"'
            + junk
            + b'","start_time":"2026-02-01T00:00:%02dZ"}\n' % (self.number % 60)
        )
        self.written[name] = len(line) if len(line) <= LONGEST_LINE else None
        return line

    def _write(self, data):
        os.write(self.gateway, data)

    def reopen(self):
        """The gateway opens the log by its name; what it had not finished stays unfinished."""
        if self.rest == b"\n" and self._gateway_is_live():
            self._write(self.rest)  # or the next line would go on in this one
        if self.gateway is not None:
            os.close(self.gateway)
        new = not self.live.exists() or not self.live.stat().st_size
        self.gateway = os.open(self.live, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.rest = b""
        if new and self.equal_heads:
            self._write(self.head)

    def append(self, count, size, junk):
        self._write(self.rest)
        self.rest = b""
        self._write(b"".join(self._line(size, junk) for _ in range(count)))

    def half(self, part):
        """Part of a line: 1.0 is all of it but the newline.

        Not with equal first lines: where those are all that a file has besides, nothing tells whose line it is.
        """
        self._write(self.rest)
        part = min(part, 0.9) if self.equal_heads else part
        line = self._line()
        cut = max(1, int((len(line) - 1) * part))
        self._write(line[:cut])
        self.rest = line[cut:]

    def zeros(self, count):
        """What a hole in a truncated file looks like."""
        if not self.rest:
            self._write(b"\0" * count)

    def blank(self):
        """An empty line; as a first one it would be one more kind of equal first lines."""
        if not self.rest and os.fstat(self.gateway).st_size:
            self._write(b"\n")

    # -- rotation ------------------------------------------------------------------------------------------------------

    def _siblings(self):
        names = [path for path in self.files_of_log() if re.fullmatch(r"access\.log\.\d+(\.gz)?", path.name)]
        return sorted(names, key=lambda path: -int(path.name.split(".")[2]))

    def _shift(self):
        for path in self._siblings():
            base, log, number, *more = path.name.split(".")
            if int(number) >= KEEP:
                path.unlink()
            else:
                path.rename(self.real / ".".join([base, log, str(int(number) + 1), *more]))

    def _next_name(self):
        if not self.traits["dated"]:
            self._shift()
            return self.real / "access.log.1"
        self.days += 1
        dated = sorted(path for path in self.files_of_log() if path.name.startswith("access.log-"))
        for path in dated[: max(0, len(dated) - KEEP + 1)]:
            path.unlink()
        return self.real / f"access.log-{20260200 + self.days}"

    def rotate(self, tell):
        """Rename and create; the gateway goes on writing to the renamed file until it is told."""
        if not self.live.exists():
            return
        self.live.rename(self._next_name())
        self.live.touch()
        self.copied = False
        if tell:
            self.reopen()

    def vanish(self):
        """Rename and do not create: until the gateway opens its log again there are rotated files alone."""
        if self.live.exists():
            self.live.rename(self._next_name())
            self.copied = False

    def copy(self):
        """The first step of copytruncate."""
        if self.live.exists() and self.live.stat().st_size:
            shutil.copyfile(self.live, self._next_name())
            self.copied = True

    def truncate(self):
        """Its second step; without the first, somebody empties the log."""
        if self.live.exists():
            os.truncate(self.live, 0)
            self.copied = False
            self.rest = b"" if self._gateway_is_live() else self.rest
            if self.equal_heads and self._gateway_is_live():
                self._write(self.head)

    def _gateway_is_live(self):
        return self.live.exists() and os.fstat(self.gateway).st_ino == self.live.stat().st_ino

    def compress(self, index, whole):
        """Compress a rotated file; while that is half done the plain one is still there.

        Where the gateway still writes to it, what it writes is in no file any more.
        """
        plain = [path for path in self.files_of_log() if re.search(r"[.-]\d+$", path.name)]
        if not plain:
            return
        path = sorted(plain)[index % len(plain)]
        data = gzip.compress(path.read_bytes(), mtime=0)
        target = path.with_name(path.name + ".gz")
        target.write_bytes(data if whole else data[: len(data) // 2])
        if whole:
            path.unlink()

    def remove(self, index):
        rotated = [path for path in self.files_of_log() if path.name != "access.log"]
        if rotated:
            sorted(rotated)[index % len(rotated)].unlink()

    def aside(self, index, link):
        """Somebody keeps a copy, or a second name, that looks like a rotated file."""
        found = sorted(path for path in self.files_of_log() if not path.name.endswith(".gz"))
        target = self.real / f"access.log.{90 + index % 5}"
        if not found or target.exists():
            return
        if link:
            os.link(found[index % len(found)], target)
        else:
            shutil.copyfile(found[index % len(found)], target)

    def move(self, index):
        """A rotated file comes from another device: a new inode with the same content."""
        found = self._siblings()
        if found:
            path = found[index % len(found)]
            if os.fstat(self.gateway).st_ino != path.stat().st_ino:
                shutil.copyfile(path, self.real / "moving")
                os.replace(self.real / "moving", path)

    def forbid(self, index):
        found = sorted(self.files_of_log())
        if found:
            self.unreadable.add(found[index % len(found)].stat().st_ino)

    def permit(self):
        self.unreadable.clear()

    # -- the monitor ---------------------------------------------------------------------------------------------------

    def tick(self, seconds):
        self.clock += seconds

    def restart(self):
        self.monitor = None
        if self.keeper:
            self.keeper.close()
            self.keeper = None

    def lose_state(self):
        self.restart()
        self._forget_state()
        with contextlib.suppress(FileNotFoundError):
            (self.out / ".state.json").unlink()

    def _forget_state(self):
        """How far each file was seen is known no more; nor which calls are new to a session that lacks some."""
        self.told.clear()
        if self.before_forgotten is None:
            self.before_forgotten = self.found().keys()

    def keep_state(self):
        with contextlib.suppress(FileNotFoundError):
            self.old_state = (self.out / ".state.json").read_bytes()

    def old_state_back(self):
        if self.old_state is not None:
            self.restart()
            self._forget_state()
            (self.out / ".state.json").write_bytes(self.old_state)

    def corrupt_state(self):
        self.restart()
        self._forget_state()
        (self.out / ".state.json").write_bytes(b'{"schema_version": 1, "views"')

    def poll(self):
        visible = self._visible()
        self._polled(lambda: False)
        self.must |= visible.keys()

    def mistyped_poll(self, where):
        """Somebody runs the monitor once, with another log's name: nothing is read, and nothing told as lost."""
        before = self._coverage()
        self.restart()
        self._polled(lambda: False, self.logs / ("acces.log", "other/access.log", "*.txt")[where])
        self.restart()
        if self._coverage() != before:
            self.wrong.append(f"a run that named another log made of {before} {self._coverage()}")

    def _coverage(self):
        total = coverage.of_state(str(self.out / ".state.json"))
        return (total.lost_bytes, total.unknown_gaps) if total else (0, 0)

    def stopped_poll(self, lines):
        """The monitor is told to end after a few lines; it has seen how large the files are."""
        visible = self._visible()
        left = iter(range(lines))
        self.restart()
        self._polled(lambda: next(left, None) is None)
        self.restart()
        self.told.update(visible)

    def killed_poll(self, where):
        """The monitor is killed before it writes its state, or before it writes the sessions, or one who writes for it is."""
        name = ("replace", "flush", "_write")[where % 3]
        owner, ended = store.Store if where % 3 else files, mock.Mock(side_effect=Killed)
        if self.traits["jobs"] > 1 and where % 3:
            name, ended = "_write", _killed_elsewhere(os.getpid(), where)
        with mock.patch.object(owner, name, ended), contextlib.suppress(Killed):
            self._polled(lambda: False)
        self.restart()

    def _polled(self, stop, pattern=None):
        if self.monitor is None:
            checkpoint = Checkpoint(str(self.out / ".state.json"), str(self.out))
            self.stop = stop
            self.keeper = Keeper(str(self.out), Book([]), silent) if self.traits["indexed"] else None
            self.monitor = Ingest(
                [str(pattern or self.pattern)],
                Store(str(self.out)),
                checkpoint,
                index=self.keeper,
                book=Book([]),
                jobs=Processes(self.traits["jobs"], 0),
                stop=lambda: bool(self.stop and self.stop()),
                clock=lambda: self.clock,
                now=self._now,
                sleep=lambda _seconds: None,
            )
        self.stop = stop
        with mock.patch.object(tail, "LogFile", self._open):
            poll = self.monitor.poll()
            self.lost_calls += poll.coverage.lost_calls

    def _now(self):
        """In a restful world all was done a while ago, as the clock for files can tell once it has ticked."""
        if self.traits["restful"]:
            time.sleep(TICK)
        return time.time_ns() + (10**10 if self.traits["restful"] else 0)

    def _open(self, place, *arguments, **more):
        if not more.get("seen") and os.stat(place.path).st_ino in self.unreadable:
            raise PermissionError(13, "Permission denied", place.path)
        return log_file.LogFile(place, *arguments, **more)

    def _visible(self):
        """The calls in whole lines of files that can be read now, with the length of their lines."""
        found = {}
        for path in self._regular():
            if path.stat().st_ino in self.unreadable:
                continue
            for line in _text(path).split(b"\n")[:-1]:
                self._see(line + b"\n", found)
        return found

    def _regular(self):
        return [path for path in self.real.iterdir() if path.is_file()]

    def _see(self, line, found):
        name = ID.search(line)
        if name and len(line.lstrip(b"\0")) == self.written[name[1].decode()] and line.endswith(b'Z"}\n'):
            found[name[1].decode()] = len(line)

    # -- the account ---------------------------------------------------------------------------------------------------

    def finish(self):
        """Everything settles, and the last polls have time enough for whatever waits for time."""
        self.permit()
        for path in self.files_of_log():
            if path.suffix == ".gz" and not _text(path):
                path.unlink()
        unterminated = self._unterminated()
        self.must -= self.went_back - self._visible().keys()
        self.restart()
        repair.repair(str(self.out), Book([]), 0, lambda _done, _total: None)
        for _ in range(5):
            self.poll()
            self.tick(100)
        self.must |= unterminated

    def _unterminated(self):
        """Calls whose newline will never come: last in a rotated file, and whole but for that."""
        found, growing = {}, {}
        live = self.live.read_bytes() if self.live.exists() else b""
        self._see(live.rpartition(b"\n")[2] + b"\n", growing)
        for path in self._regular():
            if b"\n" in live and not path.samefile(self.live):
                self._see(_text(path).rpartition(b"\n")[2] + b"\n", found)
        return found.keys() - growing.keys()

    def found(self):
        """How often each id is in the sessions."""
        counts = Counter()
        for path in self.session_files():
            session = json.loads(path.read_bytes())
            counts.update(entry["chat_id"] for entry in session["rounds"])
            assert session["messages_count"] == len(session["rounds"])
        return counts

    def verdict(self):
        """What is wrong, in words; empty where all is right."""
        counts = self.found()
        wrong = self.wrong + [f"{name} is there {number} times" for name, number in counts.items() if number > 1]
        wrong += [f"{name} is lost" for name in sorted(self.must - counts.keys())]
        whole = {name for name, length in self.written.items() if length}
        wrong += [f"{name} never was a whole line" for name in sorted(counts.keys() - whole)]
        gone = len(self.went_back - counts.keys())
        least = 0 if self.was_copied else gone - self._perhaps_not_new(counts.keys())
        if not least <= self.lost_calls <= gone + self.came_back:
            wrong.append(f"{gone} calls went back and are lost, {self.lost_calls} are told")
        lost = sum(length for name, length in self.told.items() if name not in counts)
        state = str(self.out / ".state.json")
        views = json.loads(Path(state).read_text())["views"]
        # Part of a line may still be there, which is not lost but waits for the rest of it.
        waiting = sum(each["size_seen"] - each["offset"] for each in views[""]["generations"] if not each["gone"])
        reported = coverage.of_state(state).lost_bytes
        if lost > reported + max(0, waiting) and not self.was_copied:
            wrong.append(f"{lost} bytes were seen and lost, {reported} are reported")
        if self.traits["indexed"]:
            self.ask()
        verified = verification.verify(str(self.out), state, Book([]), silent)
        wrong += [f"verify: {each.file} {each.what}" for each in verified.faults]
        return wrong

    def _perhaps_not_new(self, found):
        """How many calls may be taken for some that their session had: new ones of those that lack any, without a state."""
        if self.before_forgotten is None:
            return 0
        lacking = {_session_of(name) for name in self.went_back - found}
        return sum(_session_of(name) in lacking for name in found - self.before_forgotten)

    def close(self):
        self.restart()
        os.close(self.gateway)


def _killed_elsewhere(monitor, number):
    """How session files are written where each process but the monitor is killed before its write of this number."""
    real, writes = store.Store._write, []

    def write(self, *arguments):
        writes.append(arguments)
        if os.getpid() != monitor and len(writes) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, *arguments)

    return write


def _session_of(name):
    """Whose call it is, see ``World._line``."""
    return SESSIONS[int(name[1:]) % 3]


def _text(path):
    """What can be read of it for sure; only odd ones are compressed otherwise, or damaged."""
    if path.suffix in (".bz2", ".xz"):
        return b""
    data = path.read_bytes()
    if path.suffix != ".gz":
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error):
        return b""
