"""What may be left of a disk's changes when the power fails?"""

from __future__ import annotations

import os

from tests.campaigns.crash.ways_to_end import Shim

BLOCKS = (512, 4096)


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

    def changed_by_others(self, before, after):
        """Somebody has written these files in the meantime, and all of it is synced."""
        for name, data in after.items():
            if before.get(name) != data:
                if name not in self.names:
                    self.record("create", name)
                file = self.names[name]
                for event in (("truncate", file, 0), ("write", file, data, 0), ("fsync", file), ("fsync folder",)):
                    self.record(*event)

    def recorded(self, folder, at=0, fault=None):
        """A shim that does everything in this folder and writes it down here."""
        return Recorder(self, folder, at, fault)

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


class Killed(BaseException):
    """The process is gone; in the recording of a disk that needs no real one."""


class Recorder(Shim):
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
