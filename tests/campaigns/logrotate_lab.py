"""A log under the machine's own logrotate: what writes it, what rotates it, what polls it, and the account.

Each line carries an id of its own.  Before each poll all files are read, without any of the project's code: what is
there in whole lines must be found exactly once.  What comes and goes between two polls may be found, once.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import lzma
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from unittest import mock

from session_monitor.calls import coverage
from session_monitor.ingest import ingest
from session_monitor.ingest.ingest import Ingest, Processes
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions.store import Store
from tests.support import calls, prepared

ROOT = Path(__file__).resolve().parent.parent.parent
MAIN = ROOT / "main.py"
SESSIONS = ("a", "agent:main:discord:channel:1465367993012981988", "会话")
HIGRESS = """\
su {user} {group}
rotate 5
create 644 {user} {group}
nocompress
notifempty
minsize 1M
postrotate
    ps aux|grep "envoy -c"|grep -v "grep"|awk  '{{print $2}}'|xargs -i kill -SIGUSR1 {{}}
endscript
"""
"""The gateway's own file, but for the user, who has the number 1337 there, and for the size, which is 100M there."""

_ID = re.compile(rb'chat_id\\":\\"(\w+)\\"')
_WHOLE = re.compile(rb'\{"ai_log".*\}')
_PATIENCE = 30
_UNPACK = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}


def higress():
    """The gateway's own directives, for whoever runs this."""
    return HIGRESS.format(user=os.getuid(), group=os.getgid())


def line(name, number=0, size=0):
    """The line of a call, with its newline."""
    session = SESSIONS[number % len(SESSIONS)]
    start_time = f"2026-02-01T09:{number // 60 % 60:02d}:{number % 60:02d}Z"
    return calls.line(session, ["x" * size], start_time=start_time, chat_id=name) + b"\n"


def whole_lines(text):
    """The ids of these lines, each as often as it is there, with the length of its line."""
    lines = [each.lstrip(b"\0") for each in text.split(b"\n")[:-1]]
    return [(_ID.search(each)[1].decode(), len(each) + 1) for each in lines if _WHOLE.fullmatch(each)]


def text_of(path):
    """What a file holds, unpacked; nothing for a file that is gone or not whole."""
    try:
        data = path.read_bytes()
        return _UNPACK.get(path.suffix, bytes)(data)
    except (FileNotFoundError, EOFError, lzma.LZMAError):
        return b""


def on_disk(folders, names="*"):
    """The ids of all whole lines in these folders, each with the length of its line."""
    return dict(found for folder in folders for path in folder.glob(names) for found in whole_lines(text_of(path)))


def found_in(out):
    """How often each id is in the session files."""
    counts = Counter()
    for path in out.glob("*.json"):
        if not path.name.startswith("."):
            counts.update(entry["chat_id"] for entry in json.loads(path.read_bytes())["rounds"])
    return counts


def in_reading_order(out):
    """The ids of each session's calls, as its file has them."""
    paths = [path for path in out.glob("*.json") if not path.name.startswith(".")]
    return [[entry["chat_id"] for entry in json.loads(path.read_bytes())["rounds"]] for path in paths]


def main_py(out, *logs, options=()):
    """One poll by ``main.py`` as cron makes it; what it said on stderr."""
    paths = [word for log in logs for word in ("--log-path", log)]
    done = prepared.run(MAIN, *paths, "--output-dir", out, "--once", *options, timeout=_PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stderr


class Gateway:
    """What writes a log; it goes on writing to the file that it has open, until it is told to open the log again."""

    def __init__(self, log, prefix="L"):
        self.log = log
        self.prefix = prefix
        self.names = []
        self._file = None
        self.reopen()

    def reopen(self, *, append=True):
        """What the gateway does at a signal."""
        self.close()
        self._file = os.open(self.log, os.O_WRONLY | (os.O_APPEND if append else 0) | os.O_CREAT, 0o644)

    def close(self):
        if self._file is not None:
            os.close(self._file)

    def line(self, size=0):
        self.names.append(f"{self.prefix}{len(self.names)}")
        return line(self.names[-1], len(self.names), size)

    def write(self, count=1, *, size=0):
        os.write(self._file, b"".join(self.line(size) for _ in range(count)))

    def raw(self, data):
        os.write(self._file, data)


class Logrotate:
    """The machine's logrotate, with a configuration and a state of its own."""

    def __init__(self, program, folder, logs, *directives):
        self.program = program
        self.configuration = folder / "logrotate.conf"
        self.state = folder / "logrotate.state"
        # An `olddir` may lie anywhere on the same device; without `size` a small log would not be rotated at all.
        text = "\n    ".join(text for each in directives for text in each.splitlines())
        names = " ".join(f'"{log}"' for log in logs)
        self.configuration.write_text(f"{names} {{\n    {text}\n}}\n")
        self.configuration.chmod(0o644)

    def command(self, *, force=True):
        options = ["--force"] if force else []
        return [self.program, *options, "--verbose", "--state", str(self.state), str(self.configuration)]

    def __call__(self, *, force=True, complains=False):
        """Rotate; without ``force`` only if the log is due.  What logrotate said."""
        done = subprocess.run(
            self.command(force=force),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        assert bool(done.returncode) == complains, done.stderr
        return done.stderr


class Lab:
    """One log in a folder of its own, its gateway, its logrotate, a monitor, and the account.

    The monitor is a new one for each poll (``cron``) or one that stays, and reads by so many ``jobs``.  ``patterns`` are
    what it is told to read.
    """

    def __init__(self, folder, program, *directives, cron=True, jobs=1, patterns=None, others=()):
        self.logs, self.out, self.old = folder / "logs", folder / "out", folder / "old"
        for each in (self.logs, self.out, self.old):
            each.mkdir(mode=0o700)
        self.log = self.logs / "access.log"
        self.gateways = [Gateway(self.log)]
        self.gateways += [Gateway(self.logs / name, f"{chr(77 + at)}") for at, name in enumerate(others)]
        self.rotate = Logrotate(program, folder, [each.log for each in self.gateways], *directives)
        self.patterns = [str(each) for each in patterns or [gateway.log for gateway in self.gateways]]
        self.cron, self.jobs = cron, jobs
        self.clock = 1000.0
        self.notices, self.problems = [], []
        self.must, self.seen = set(), {}
        self._monitor = None
        self._stop = False

    @property
    def gateway(self):
        """The first one, or the only one."""
        return self.gateways[0]

    def close(self):
        for gateway in self.gateways:
            gateway.close()

    def names(self):
        """The files of the logs, without those of logrotate."""
        return sorted(path.name for folder in (self.logs, self.old) for path in folder.iterdir())

    def visible(self):
        """The ids of all lines that are on disk."""
        return on_disk((self.logs, self.old))

    def poll(self, of=None):
        """Poll; what is on disk must be found from now on: all of it, or what this log and its rotated ones hold."""
        visible = self.visible() if of is None else on_disk([self.logs], f"{of.name}*")
        self._poll()
        self.must |= visible.keys()

    def glance(self):
        """A poll that is told to end before it could read: it has seen how large the files are."""
        visible = self.visible()
        self._stop = True
        with mock.patch.object(ingest, "LINES_BETWEEN_LOOKS", 1):
            self._poll()
        self._stop = False
        self.seen.update(visible)

    def restart(self):
        """The monitor ends, and a new one begins with the next poll."""
        self._monitor = None

    def _poll(self):
        if self.cron or self._monitor is None:
            state = Checkpoint(str(self.out / ".state.json"), str(self.out))
            self._monitor = Ingest(
                self.patterns,
                Store(str(self.out)),
                state,
                stop=lambda: self._stop,
                clock=lambda: self.clock,
                jobs=Processes(self.jobs, 0),
            )
        poll = self._monitor.poll()
        self.notices += poll.notices
        self.problems += poll.problems
        self.clock += 10

    @property
    def found(self):
        return found_in(self.out)

    @property
    def lost_bytes(self):
        """As the monitor tells it."""
        return coverage.of_state(str(self.out / ".state.json")).lost_bytes

    @property
    def written(self):
        return {name for gateway in self.gateways for name in gateway.names}

    def finish(self):
        """A last few polls, with time enough for whatever waits for time."""
        for _ in range(5):
            self.poll()
            self.clock += 100

    def verdict(self):
        """What is wrong, in words; empty where all is right."""
        counts = self.found
        wrong = [f"{name} is there {number} times" for name, number in sorted(counts.items()) if number > 1]
        wrong += [f"{name} is lost" for name in sorted(self.must - counts.keys())]
        wrong += [f"{name} was never written" for name in sorted(counts.keys() - self.written)]
        wrong += self.problems
        lost = sum(length for name, length in self.seen.items() if name not in counts)
        if lost > self.lost_bytes:
            wrong.append(f"{lost} bytes were seen and lost, {self.lost_bytes} are reported")
        return wrong


# -- a gateway that goes on by itself ----------------------------------------------------------------------------------


def keep_writing(log, prefix):
    """Write lines until standard input ends; open the log again at SIGUSR1; say how many lines there were.

    This is a process of its own: ``python3 -m tests.campaigns.logrotate_lab LOG PREFIX``.
    """
    import select  # noqa: PLC0415 -- used by that process alone
    import signal  # noqa: PLC0415

    gateway, told = Gateway(log, prefix), []
    signal.signal(signal.SIGUSR1, lambda *_: told.append(True))
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0.001)[0]:
        gateway.write()
        if told:
            told.clear()
            gateway.reopen()
    print(len(gateway.names), flush=True)


@contextlib.contextmanager
def busy_gateway(log, prefix="B"):
    """A process that writes to the log all the time: gives the process, and a function that ends it.

    That function returns the ids of all lines that were written.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "scripts")])}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.campaigns.logrotate_lab", log, prefix],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def end():
        text, _ = process.communicate(timeout=_PATIENCE)
        assert process.returncode == 0
        return {f"{prefix}{number}" for number in range(int(text.split()[-1]))}

    try:
        assert process.stdout.readline() == "ready\n"
        yield process, end
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    keep_writing(Path(sys.argv[1]), sys.argv[2])
