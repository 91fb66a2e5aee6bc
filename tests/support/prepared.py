"""How do tests run the program hundreds of times without loading it each time?

One process loads all of its modules and then forks itself for each run, which is that program from its first line on: with
its own arguments, environment, folder, standard streams and exit status. A start of Python takes twenty times as long. That
every command does start so is shown by ``tests/program/test_widths.py``.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import gc
import importlib
import json
import os
import pkgutil
import pty
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = ROOT / "scripts"
_AT_START = dict(os.environ)
_PROGRAMS = (str(ROOT / "main.py"), str(SCRIPTS / "cli.py"))
"""What is loaded: a copy of them may be another program."""
_SETTLED_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC")
"""The beginnings of variables that only count when Python starts."""
_READ_LATER = ("PYTHONIOENCODING", "PYTHONPATH")
"""Those that a run heeds all the same, or has no use for."""


def run(program, *arguments, input="", **options):  # noqa: A002 -- as subprocess has it
    """Run a program of the project, mostly cli.py or main.py, to its end; what comes back is as of ``subprocess.run``, with texts.

    The options are those of ``run_in_bytes``.
    """
    done = run_in_bytes(program, *arguments, input=input.encode(), **options)
    done.stdout, done.stderr = ((each or b"").decode().replace("\r\n", "\n") for each in (done.stdout, done.stderr))
    return done


def ingest(log, folder, *options, environment=None):
    """Read a log into a folder, by a pass of main.py; gives the folder."""
    done = run(
        ROOT / "main.py",
        "--once",
        "--quiet",
        "--log-path",
        log,
        "--output-dir",
        folder,
        *options,
        environment=environment,
    )
    assert done.returncode == 0, done.stderr
    return folder


def run_in_bytes(
    program,
    *arguments,
    environment=None,
    cwd=None,
    input=b"",  # noqa: A002
    timeout=60,
    stdout=None,
    is_started=False,
):
    """The same with what was printed as it is.

    ``stdout`` is a descriptor, such as a terminal's, for what would else come back; where it is to be a start as users make
    it, ``is_started`` is true. Raises ``subprocess.TimeoutExpired``.
    """
    environment = dict(os.environ if environment is None else environment)
    words = [str(program), *map(str, arguments)]
    if (
        is_started
        or os.path.realpath(os.path.join(cwd or "", program)) not in _PROGRAMS
        or not _can_be_forked(environment)
    ):
        options = {"env": environment, "cwd": cwd, "input": input, "timeout": timeout, "stderr": subprocess.PIPE}
        options["stdout"] = subprocess.PIPE if stdout is None else stdout
        return subprocess.run([sys.executable, *words], check=False, **options)
    with contextlib.ExitStack() as opened:
        said, complained = (opened.enter_context(tempfile.TemporaryFile()) for _ in range(2))
        given, giving = os.pipe()
        writer = threading.Thread(target=_give, args=(giving, input))
        writer.start()
        try:
            streams = [given, said.fileno() if stdout is None else stdout, complained.fileno()]
            status = _process().status_of(words, environment, os.fspath(cwd or os.getcwd()), streams, timeout)
        finally:
            os.close(given)
            writer.join()
        for each in (said, complained):
            each.seek(0)
        return subprocess.CompletedProcess(words, status, said.read(), complained.read())


def on_a_terminal(columns, *command, **options):
    """Run a program on a terminal of so many columns; what it showed there is the ``stdout`` of what comes back."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    shown = []
    reader = threading.Thread(target=_read, args=(ours, shown))
    reader.start()
    try:
        done = run(*command, stdout=theirs, **options)
    finally:
        os.close(theirs)
        reader.join()
    done.stdout = b"".join(shown).decode()
    return done


def _read(terminal, shown):
    with open(terminal, "rb", buffering=0) as screen, contextlib.suppress(OSError):
        while block := screen.read(4096):
            shown.append(block)


def _give(pipe, data):
    with contextlib.suppress(BrokenPipeError), open(pipe, "wb") as given:
        given.write(data)


def _can_be_forked(environment):
    names = {name for name in {*environment, *_AT_START} if name.startswith(_SETTLED_AT_START)}.difference(_READ_LATER)
    if "COVERAGE_PROCESS_START" in _AT_START:  # it is told of each program that starts, and by the test of that moment
        return False
    return all(environment.get(name) == _AT_START.get(name) for name in names)


class _Process:
    """The process that is ready, from the side of who asks it."""

    def __init__(self):
        self._lock = threading.Lock()
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                cwd=ROOT,
                env=_AT_START,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        atexit.register(self.close)

    def close(self):
        """End it."""
        self._line.close()
        self._process.wait()

    def status_of(self, words, environment, cwd, streams, timeout):
        """The exit status of a run; as of ``subprocess`` for one that a signal ended."""
        os.umask(mask := os.umask(0o077))
        told = json.dumps({"words": words, "environment": environment, "cwd": cwd, "umask": mask}).encode()
        with self._lock:
            self._line.settimeout(None)
            socket.send_fds(self._line, [len(told).to_bytes(8, "big")], streams)
            self._line.sendall(told)
            pid = int.from_bytes(_all_of(self._line, 8), "big")
            self._line.settimeout(timeout)
            try:
                return int.from_bytes(_all_of(self._line, 8), "big", signed=True)
            except socket.timeout:
                os.kill(pid, signal.SIGKILL)
                self._line.settimeout(None)
                _all_of(self._line, 8)
                raise subprocess.TimeoutExpired(words, timeout) from None


@functools.lru_cache(1)
def _process():
    return _Process()


def _all_of(line, size):
    data = b""
    while len(data) < size:
        piece = line.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


# -- in the process that is ready --------------------------------------------------------------------------------------


def _serve(line):
    _load()
    while True:
        size, streams, _, _ = socket.recv_fds(line, 8, 3)
        if not size:
            return
        asked = json.loads(_all_of(line, int.from_bytes(size, "big")))
        pid = os.fork()
        if not pid:
            line.close()
            _be(asked, streams)
        for each in streams:
            os.close(each)
        line.sendall(pid.to_bytes(8, "big"))
        status = os.waitpid(pid, 0)[1]
        code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        line.sendall(code.to_bytes(8, "big", signed=True))


def _load():
    sys.path[:1] = [str(SCRIPTS)]
    for name in ("session_monitor", "commands"):
        package = importlib.import_module(name)
        for each in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(each.name)
    gc.freeze()


@functools.lru_cache
def _code(program):
    return compile(Path(program).read_bytes(), program, "exec")


def _be(asked, streams):
    """Be the program that was asked for, to its end."""
    os.chdir(asked["cwd"])
    os.umask(asked["umask"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    for number, each in enumerate(streams):
        os.dup2(each, number)
        os.close(each)
    encoding, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
    encoding = encoding or sys.stdout.encoding
    sys.stdin = open(0, encoding=encoding, errors=errors or sys.stdin.errors, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding=encoding, errors=errors or sys.stdout.errors, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, encoding=encoding, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.argv = asked["words"]
    sys.path[0] = os.path.dirname(sys.argv[0])
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    module.__file__ = sys.argv[0]
    status = 1
    try:
        exec(_code(sys.argv[0]), vars(module))
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)  # noqa: T201 -- as Python does
    except BaseException:  # noqa: BLE001 -- likewise
        sys.excepthook(*sys.exc_info())
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        for each in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                each.flush()
        os._exit(status & 0xFF)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
