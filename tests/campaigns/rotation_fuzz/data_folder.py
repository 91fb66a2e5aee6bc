"""What befalls the data folder: copies of it and of its files are put back, and its index is taken away."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil

from session_monitor.base import data_folder
from session_monitor.index import access
from session_monitor.prices.book import Book

INDEX_PARTS = {"main": ("",), "log": ("-wal",), "memory": ("-shm",), "made": ("-made",)}
INDEX_PARTS["all"] = tuple(end for ends in INDEX_PARTS.values() for end in ends)
INDEX_PARTS["beside"] = ("-wal", "-shm")

_GARBAGE = b"garbage " * 1000


def silent(_done, _total):
    """Say nothing."""


class DataFolder:
    """A part of the world: the monitor's folder ``out``, and what was kept of it."""

    def session_files(self):
        """Those that are there."""
        return sorted(filter(_is_session, self.out.iterdir()))

    # -- single files --------------------------------------------------------------------------------------------------

    def keep_session(self, index):
        """Somebody makes a backup of a session file."""
        for path in self.session_files()[index:][:1]:
            times = path.stat().st_atime_ns, path.stat().st_mtime_ns
            self.kept_sessions.append((path.name, path.read_bytes(), times))

    def session_back(self, index, way):
        """One of them is put back: in place, also with its times, in its place, or while no monitor runs."""
        if self.kept_sessions:
            name, data, times = self.kept_sessions[index % len(self.kept_sessions)]
            if way == "stopped":
                self.restart()
            had = self.found().keys()
            _put(self.out / name, data, way == "renamed", times if way == "as old" else None)
            self._go_back(had)

    # -- all of them ---------------------------------------------------------------------------------------------------

    def copy_folder(self, seed):
        """The folder is copied file by file while the monitor works, and from then on the copy is used."""
        copy, had = self._copied(seed, monitor_works=True), self.found().keys()
        self.out = copy
        self._went_to_a_copy(had)

    def back_up(self, seed):
        """The same, and the copy is kept."""
        self.backups.append(self._copied(seed, monitor_works=True))

    def backup_back(self, index, way):
        """A backup is used as the folder, or put over it: over each file or in its place, all or the sessions alone."""
        if not self.backups:
            return
        backup, had = self.backups[index % len(self.backups)], self.found().keys()
        if way != "while at work":
            self.restart()
        if way == "used":
            before, self.out = self.out, backup
            self.out = self._copied(index, monitor_works=False)
            shutil.rmtree(before)
            self._went_to_a_copy(had)
            return
        if way == "cleared":
            shutil.rmtree(self.out)
            self.out.mkdir(mode=0o700)
        for path in sorted(backup.iterdir()):
            if (way != "sessions" or _is_session(path)) and (way != "while at work" or not path.name.endswith("-shm")):
                _apart(path.name, lambda path=path: _put(self.out / path.name, path.read_bytes(), way == "renamed"))
        if way == "sessions":
            self._go_back(had)
        else:
            self._went_to_a_copy(had)

    def _copied(self, seed, *, monitor_works):
        rng = random.Random(seed)
        names = [path.name for path in self.out.iterdir()]
        rng.shuffle(names)
        self.copies += 1
        copy = self.home / f"out {self.copies}"
        copy.mkdir(mode=0o700)
        for number, name in enumerate(names):
            if monitor_works and number in (1, len(names) // 2):
                self.append(3, 20, b"")
                self.poll()
            with contextlib.suppress(FileNotFoundError):
                source = self.out / name
                _apart(name, lambda source=source, name=name: source.exists() and shutil.copy2(source, copy / name))
        return copy

    def _went_to_a_copy(self, had):
        self.was_copied = True
        self.restart()
        self._forget_state()
        self._go_back(had)

    def _go_back(self, had):
        has = self.found().keys()
        gone = had - has
        self.went_back |= gone
        self.came_back += len(has - had)
        for name in gone:
            self.told.pop(name, None)

    # -- the index -----------------------------------------------------------------------------------------------------

    def index_away(self, parts, way):
        """The index or a part of it is removed, or something else has its place."""
        for end in INDEX_PARTS[parts]:
            path = self.out / (data_folder.INDEX + end)
            if not path.exists():
                continue
            if way == "removed":
                path.unlink()
            elif way == "written over" and end in ("", "-wal"):  # its memory has mapped who has it open
                _apart(path.name, lambda path=path: path.write_bytes(_GARBAGE))
            else:
                _put(path, b"" if way == "emptied" else _GARBAGE, is_renamed=True)

    def ask(self):
        """A reader asks how many rounds each session has: whatever the index is, it hears what the files say."""
        said = access.ask(
            str(self.out),
            Book([]),
            lambda index: dict(index.db.execute("SELECT session_id, calls FROM session")),
            silent,
        )
        have = {}
        for path in self.session_files():
            document = json.loads(path.read_bytes())
            have[document["session_id"]] = len(document["rounds"])
        if said != have:
            self.wrong.append(f"the index says {said} of {have}")


def _is_session(path):
    return path.suffix == ".json" and not path.name.startswith(".")


def _put(path, data, is_renamed=False, times=None):
    """Write a file in place, or put another in its place."""
    target = path.with_name(path.name + ".new") if is_renamed else path
    target.write_bytes(data)
    if times:
        os.utime(target, ns=times)
    if is_renamed:
        target.rename(path)


def _apart(name, action):
    """Do it to a file of the index in another process, as somebody would: to close it in SQLite's own drops its locks."""
    if not name.startswith(data_folder.INDEX):
        action()
        return
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
