"""Session files as a monitor's runs make them, and what they say."""

from __future__ import annotations

from session_monitor.sessions import file_names, session_file
from session_monitor.sessions.opening import WentBack
from session_monitor.sessions.store import Store
from tests.support.calls import conversation, in_log

TALK = in_log(conversation("agent:main:1", 6))
"""The calls of one session, with where they stand in the log."""


def put(folder, calls, **options):
    """Add these calls in one run and flush; how many of them were new.

    Where the files lack what they had once, these calls are what a monitor reads again.
    """
    one_run = Store(str(folder), **options)
    try:
        taken = [one_run.add(*each) for each in calls]
    except WentBack:
        one_run.discard()
        one_run.lacking.read_again()
        taken = [one_run.add(*each) for each in calls]
    one_run.flush()
    if one_run.lacking.is_rereading:
        one_run.settle()
    return sum(taken)


def path_of(folder, session_id="agent:main:1"):
    """Where this session is kept."""
    return folder / file_names.file_name(session_id)


def rounds_of(path):
    """The lines of a file but for the footer."""
    return path.read_bytes().splitlines(keepends=True)[:-1]


def summary_of(path):
    """The footer of a file, which must be whole."""
    with open(path, "rb") as file:
        end = session_file.read_end(file)
        assert end.footer
        assert session_file.last_write_is_whole(file, end)
        return end.summary


def contents(folder):
    """What the files of a folder say: their rounds as they are written, and what the footers sum up."""
    return {path.name: (rounds_of(path), summary_of(path)) for path in folder.glob("[!.]*")}


def folder_of(parent, name):
    """A new folder for sessions."""
    folder = parent / name
    folder.mkdir()
    return folder
