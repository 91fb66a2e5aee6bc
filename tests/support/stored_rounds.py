"""Calls as a store would keep them, one after the other."""

from __future__ import annotations

from session_monitor.sessions import message_history
from session_monitor.sessions.record import entry_of
from session_monitor.sessions.summary import Summary


def entries_of(calls, shared=None):
    """The rounds as a store would number and shorten them."""
    before, entries = "", []
    for number, (each, log) in enumerate(calls, 1):
        marks = message_history.digests(each.messages)
        common = message_history.common_start(before, marks) if shared is None else shared
        facts, rest = entry_of(each, number, log, common)
        entries.append({**facts, "messages": each.messages[common:], **rest})
        before = marks
    return entries


def summary_of(calls):
    """What these calls add up to."""
    summary = Summary()
    for entry in entries_of(calls):
        summary.add(entry, entry["log"])
    summary.history = message_history.digests(calls[-1][0].messages) if calls else ""
    return summary
