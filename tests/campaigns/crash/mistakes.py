"""Which mistakes must these campaigns notice?"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from unittest import mock

from session_monitor.base import files
from session_monitor.ingest.ingest import Ingest
from session_monitor.sessions import opening, session_file
from session_monitor.sessions.store import Store
from tests.campaigns.crash import tally
from tests.campaigns.crash.points import points
from tests.campaigns.crash.power import power


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
    "a longer old end is not cut off, nor put back": (points, opening, "_append", _append_uncut),
    "files are not synced": (power, files, "sync_files", lambda *_: None),
    "the folder is not synced": (power, files, "sync_folder", lambda *_: None),
    "what a killed run left is not synced": (power, Store, "_open", _opened_unsynced(Store._open)),
    "the last write is believed": (power, session_file, "last_write_is_whole", lambda *_: True),
    "a line is believed without its checksum": (power, session_file, "unsealed", _unsealed_unchecked),
}
"""Mistakes that would lose something or count it twice: what notices it, what is replaced, and by what."""


def first_failure(mistake, seed):
    """What is noticed first of such a mistake; None where nothing is."""
    campaign, *replaced = BROKEN[mistake]
    with mock.patch.object(*replaced), mock.patch.object(tally, "ENOUGH", 1):
        try:
            ended = run(points, seed, stride=7) if campaign is points else run(power, seed, 800)
        except AssertionError as error:  # not even an undisturbed look goes well
            return str(error)
    return ended.failures[0] if ended.failures else None


def run(campaign, *arguments, **options):
    """A campaign in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return campaign(Path(folder), *arguments, **options)
