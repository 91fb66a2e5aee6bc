"""How does an action run apart: in a child process with all that it starts, and without waiting for the disk?"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import traceback
from dataclasses import dataclass
from unittest import mock

from session_monitor.base import files
from session_monitor.ingest import ingest
from session_monitor.sessions import store
from tests.support import several


@contextlib.contextmanager
def quick():
    """Without real syncs, which only a real power failure could tell from none; with small batches and stretches."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(several.from_the_first_byte())
        for owner, name, value in _SIZES:
            stack.enter_context(mock.patch.object(owner, name, value))
        stack.enter_context(mock.patch.object(os, "fsync", return_value=None))
        stack.enter_context(mock.patch.object(files, "_sync_file_system", return_value=True))
        yield


@dataclass
class Ended:
    """How a child ended: killed, or with a result, and what it wrote on stderr."""

    killed: bool
    result: object
    said: str


def in_child(action):
    """Call it in a fork of this process; all that it started has ended, too, when this returns."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as result:
        ends, alive = os.pipe()
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
        os.close(alive)
        status = os.waitpid(pid, 0)[1]
        os.read(ends, 1)  # nothing comes, but the last of them lets go of the other end
        os.close(ends)
        said.seek(0)
        result.seek(0)
        text = said.read().decode()
        killed = os.WIFSIGNALED(status)
        assert killed or status == 0, text
        return Ended(killed, None if killed else json.loads(result.read()), text)


# Small batches and a short memory, so that one look writes, syncs, commits and reopens many times.
_SIZES = ((ingest, "BATCH_SESSION_BYTES", 24_000), (store, "REMEMBERED", 3), (files, "FEW", 4))
