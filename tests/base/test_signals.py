"""How does a program wait, and end, by signals?"""

from __future__ import annotations

import fcntl
import os
import resource
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from session_monitor.base import signals as signals_room
from session_monitor.base.signals import Signals, unharmed, waking

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"


def is_readable(descriptor):
    """Whether bytes have come to it."""
    return bool(select.select([descriptor], [], [], 0)[0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGWINCH])
def test_a_signal_wakes_who_waits(number):
    """What came just before the wait ends it as well, and a changed window size does so without a handler."""
    heard = []
    with waking({signal.SIGTERM: lambda came, _frame: heard.append(came)}) as descriptor:
        assert not is_readable(descriptor)
        os.kill(os.getpid(), number)
        assert is_readable(descriptor)

    assert heard == [number] * (number == signal.SIGTERM)


def test_a_signal_is_waited_for():
    """One that came just before ends the wait, too, and is waited for no second time."""
    with waking({signal.SIGUSR1: lambda *_: None}) as descriptor:
        os.kill(os.getpid(), signal.SIGUSR1)
        signals_room.wait(descriptor)
        assert not is_readable(descriptor)
        signals_room.wait(descriptor, 0)


def test_a_descriptor_of_any_number_is_waited_at():
    """Who has very many files open, or was started with them, waits as anybody else."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2000:
        pytest.skip("needs a system on which a program may have 2,000 files open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    read, write = os.pipe()
    try:
        high = fcntl.fcntl(read, fcntl.F_DUPFD, 1500)
        os.write(write, b"x")
        signals_room.wait(high)
        assert not select.select([read], [], [], 0)[0]
        os.close(high)
    finally:
        os.close(read)
        os.close(write)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_all_is_as_before_when_nobody_waits_any_more():
    """Handlers and the place to which signals are told are given back, and no descriptor stays open."""
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH)
    before = [signal.getsignal(number) for number in numbers]
    with (
        pytest.raises(ZeroDivisionError),
        waking(dict.fromkeys(numbers[:2], lambda _number, _frame: None)) as descriptor,
    ):
        _ = 1 / 0

    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.set_wakeup_fd(-1) == -1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("second", "end"),
    [(signal.SIGINT, KeyboardInterrupt()), (signal.SIGTERM, SystemExit(143)), (signal.SIGHUP, SystemExit(129))],
)
def test_an_end_is_asked_for_and_insisted_on(first, second, end):
    """The first signal asks, and wakes; the second one ends what does not listen, as that signal ends a program."""
    signals = Signals()
    with signals.catch():
        assert not signals.stop()
        os.kill(os.getpid(), first)
        signals.sleep(60)
        assert (signals.stop(), signals.received) == (True, first)
        with pytest.raises(type(end)) as ended:
            os.kill(os.getpid(), second)

    assert ended.value.args == end.args


@pytest.mark.parametrize("is_asked_before", [True, False])
def test_who_waits_for_others_gives_them_up(monkeypatch, is_asked_before):
    """Some time after an end was asked for, which may have been before the wait; not without that."""
    monkeypatch.setattr(signals_room, "PATIENCE", 0.001)
    signals, (read, write) = Signals(), os.pipe()
    with signals.catch():
        with signals.ending(lambda: os.write(write, b"x")):
            assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        if is_asked_before:
            os.kill(os.getpid(), signal.SIGTERM)
        with signals.ending(lambda: os.write(write, b"given up")):
            if not is_asked_before:
                os.kill(os.getpid(), signal.SIGTERM)
            assert os.read(read, 100) == b"given up"
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    os.close(read)
    os.close(write)


def test_who_has_come_to_an_end_is_not_given_up(monkeypatch):
    """When the wait is over, nothing is left of it."""
    monkeypatch.setattr(signals_room, "PATIENCE", 1000)
    signals, given_up = Signals(), []
    with signals.catch():
        os.kill(os.getpid(), signal.SIGTERM)
        with signals.ending(lambda: given_up.append(True)):
            assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        os.kill(os.getpid(), signal.SIGALRM)
    assert given_up == []


def test_an_alarm_before_an_end_is_asked_for_gives_nobody_up():
    """A strange SIGALRM changes nothing: those that are waited for go on."""
    given_up = []
    signals = Signals()
    with signals.catch(), signals.ending(lambda: given_up.append(True)):
        os.kill(os.getpid(), signal.SIGALRM)
    assert given_up == []


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT])
def test_what_rotation_tells_is_no_end(number):
    """It lets who waits look at once."""
    signals = Signals()
    with signals.catch():
        os.kill(os.getpid(), number)
        signals.sleep(60)
        assert not signals.stop()


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_what_rotation_tells_who_does_not_wait(number):
    """It is passed over, and all is as before afterwards."""
    heard = []
    before = signal.signal(number, lambda came, _frame: heard.append(came))
    try:
        with unharmed():
            os.kill(os.getpid(), number)
        assert heard == []
        os.kill(os.getpid(), number)
        assert heard == [number]
    finally:
        signal.signal(number, before)


_STOPPED = """\
import os, signal
from session_monitor.base.signals import stopping
os.setpgid(0, 0)  # a group whose parent is in another one of its session: orphans are not stopped
with stopping(lambda: print("left", flush=True), lambda: print("back", flush=True)):
    handler = signal.getsignal(signal.SIGTSTP)
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGTSTP)
    assert signal.getsignal(signal.SIGTSTP) == handler
assert signal.getsignal(signal.SIGTSTP) == signal.SIG_DFL
signal.signal(signal.SIGTSTP, signal.SIG_IGN)
with stopping(lambda: print("never"), lambda: print("never")):
    os.kill(os.getpid(), signal.SIGTSTP)
print("end")
"""


def test_a_stop_comes_after_leaving():
    """Each time the process stands still until somebody lets it go on, and then comes back; where stops are ignored it does not."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    command = [sys.executable, "-c", _STOPPED]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        try:
            for _ in range(2):
                _, status = os.waitpid(child.pid, os.WUNTRACED)
                assert os.WIFSTOPPED(status)
                os.kill(child.pid, signal.SIGCONT)
            assert child.communicate()[0].split() == ["left", "back", "left", "back", "end"]
        finally:
            child.kill()
