"""What a program is told arrives as it is, once, and whatever goes wrong is told."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

from session_monitor.delivery import transport
from session_monitor.delivery.payloads import ProgramCall
from tests.support.waiting import until

EVENT = b'{"schema_version":1,"title":"t"}'


# -- programs ----------------------------------------------------------------------------------------------------------


def run(tmp_path, program, *words, stdin=EVENT, **options):
    """What comes of a program, a Python one."""
    call = ProgramCall((sys.executable, "-c", program, *words), stdin, {"ASM_ALERT_ID": "a"})
    return transport.run(call, {"PATH": os.environ["PATH"], "OUT": str(tmp_path / "out")}, **options)


def test_a_program(tmp_path):
    """It reads the event, has its variables beside ours, and gets its words as they are."""
    program = "import os, sys; open(os.environ['OUT'], 'w').write(sys.stdin.read() + os.environ['ASM_ALERT_ID'] + sys.argv[1])"
    assert run(tmp_path, program, "$(id)").status == 0
    assert (tmp_path / "out").read_text() == EVENT.decode() + "a$(id)"


def test_a_program_that_fails(tmp_path):
    """Its exit code and what it said on standard error are its answer, of which no more is kept than needed."""
    outcome = run(tmp_path, "import sys; print('out'); sys.exit('no route')")
    assert (outcome.status, outcome.body) == (1, b"no route\n")
    loud = run(tmp_path, "import sys; sys.stderr.write('x' * 3_000_000)")
    assert (loud.status, len(loud.body)) == (0, 65_536)
    missing = transport.run(ProgramCall(("/no/such/program",), b"", {}), {})
    assert (missing.status, missing.is_final) == (None, True)


def test_a_program_that_reads_nothing(tmp_path):
    """However much there is to read, nobody waits for that."""
    assert run(tmp_path, "pass", stdin=b"x" * 3_000_000).status == 0


def test_a_program_that_does_not_end(tmp_path):
    """It is asked to, with those that it started, and then made to."""
    program = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: open(os.environ['OUT'], 'a').write('asked '))\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open(os.environ['OUT'], 'a').write(f'{child.pid} ')\n"
        "while True: time.sleep(1)\n"
    )
    begun = time.monotonic()
    outcome = run(tmp_path, program, patience=1.5, grace=0.5)

    assert time.monotonic() - begun < 10
    assert outcome.trouble == "it did not end within 1.5 s"
    pid, asked = (tmp_path / "out").read_text().split()
    assert asked == "asked"
    until(lambda: _is_gone(int(pid)), "the end of its child")


def _is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"
    return False


def test_a_program_that_leaves_one_behind(tmp_path):
    """Who it leaves running does not keep us."""
    program = "import subprocess, sys; print(subprocess.Popen(['sleep', '30']).pid, file=sys.stderr)"
    begun = time.monotonic()
    outcome = run(tmp_path, program)
    os.kill(int(outcome.body), signal.SIGKILL)

    assert outcome.status == 0
    assert time.monotonic() - begun < 10
