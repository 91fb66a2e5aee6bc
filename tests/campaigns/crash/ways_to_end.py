"""How may an operation on a file end: done, half done, failed, or the last of its process?"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import tempfile
from unittest import mock

from session_monitor.base import files
from tests.campaigns.crash.child import quick

OPERATIONS = ("open", "pwrite", "write", "fsync", "replace", "rename", "unlink", "ftruncate", "mkdir")


_NAME = 16
"""Bytes that are kept of an operation's name."""


CHANGING = ("pwrite", "write", "fsync", "replace", "rename", "unlink", "ftruncate", "mkdir", "syncfs")


class Shim:
    """Stands between the monitor and the disk: counts the operations, and from number ``at`` on asks ``fault``.

    The fault is called with the shim, the name and the arguments of the operation, and does it or not.  Operations of all
    processes that are forked meanwhile count as one row.
    """

    def __init__(self, at=0, fault=None):
        self.at, self.fault = at, fault
        self.number = 0
        """That of the operation that this process was the last to begin."""
        self._pwrite = os.pwrite
        self.real = {name: getattr(os, name) for name in OPERATIONS}
        self.real.update(fsync=lambda _descriptor: None, syncfs=lambda _folder: True)
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        self._names = self._stack.enter_context(tempfile.TemporaryFile())
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
            self._count("open log" if of_log else name)
            may_fail = not (of_log and self.fault in FAULTS) and (name == "pwrite" or self.fault not in ON_WRITES)
            if self.fault and self.number >= self.at and may_fail:
                return self.fault(self, name, *arguments, **more)
            return self.real[name](*arguments, **more)

        return operation

    def _count(self, name):
        # A lock that goes with the process that has it, whenever it is killed.
        fcntl.lockf(self._names, fcntl.LOCK_EX)
        try:
            told = f"{name}\n".encode()
            size = os.fstat(self._names.fileno()).st_size
            self._pwrite(self._names.fileno(), told.ljust(_NAME), size)
            self.number = size // _NAME + 1
        finally:
            fcntl.lockf(self._names, fcntl.LOCK_UN)

    @property
    def names(self):
        """The names of all operations, in their order."""
        size = os.fstat(self._names.fileno()).st_size
        return [name.strip() for name in os.pread(self._names.fileno(), size, 0).decode().split("\n")[:-1]]

    @property
    def is_first(self):
        """Whether this is the operation that was asked for, and not a later one."""
        return self.number == self.at


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


def killed_alone(shim, name, *arguments, **more):
    """The process is killed before the operation, and no other that works with it."""
    if shim.is_first:
        os.kill(os.getpid(), signal.SIGKILL)
    return shim.real[name](*arguments, **more)


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
    if shim.number == shim.at + 1 and name == "pwrite":
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
