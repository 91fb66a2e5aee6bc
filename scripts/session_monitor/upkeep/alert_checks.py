"""Can everybody be told who is to be, and were they?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from session_monitor.base import data_folder
from session_monitor.delivery import delivery_log, outbox, targets
from session_monitor.delivery.delivery_log import DELIVERED, DROPPED, Entry
from session_monitor.delivery.targets import Target
from session_monitor.text import humanize, safe

from .checks import FAIL, OK, WARN, Case, Check

LONG = 60 * 60 * 1000
"""Milliseconds for which what is to be told may wait without a word."""


def checks(case: Case) -> Iterator[Check]:
    """One for each who is to be told; none where nobody is, or where the folder is not there."""
    if not os.path.lexists(os.path.join(case.data_dir, data_folder.ALERTS)):
        return
    known = targets.read(case.data_dir)
    for mistake in known.mistakes:
        yield Check("alerts", FAIL, mistake, "correct it in .alerts.json; 'alerts target add' writes it anew")
    last = _last(case.data_dir)
    for target in known.targets:
        yield _of(target, last.get(target.name), case.environment)
    yield from _waiting(case)


def _last(folder: str) -> Mapping[str, Entry]:
    """What became of the last one for each target."""
    return {entry.target: entry for entry in delivery_log.entries(folder) if entry.outcome != DROPPED}


def _of(target: Target, last: Entry | None, environment: Mapping[str, str]) -> Check:
    name = f"alerts to {target.name}"
    where = f"{target.kind}, {safe.cell(target.where())}"
    try:
        target.resolved(environment)
    except ValueError as mistake:  # its words hold no secret
        todo = "set it where the monitor runs, which may have another environment than you; 'alerts test' tries it"
        return Check(name, WARN, f"{where}: {mistake}", todo)
    if last is not None and last.outcome != DELIVERED:
        found = f"{where}: the last one failed at {last.at}: {safe.cell(last.reason or 'no reason is known')}"
        return Check(name, FAIL, found, f"run 'alerts test {target.name}'; 'alerts log' has them all")
    told = "nothing was sent yet" if last is None else f"the last one was delivered at {last.at}"
    return Check(name, OK, f"{where}: {told}", f"'alerts test {target.name}' tries it" if last is None else "")


def _waiting(case: Case) -> Iterator[Check]:
    now = round(case.now * 1000)
    late = [each for each in outbox.waiting_in(case.data_dir) if now - each.queued > LONG]
    if late:
        why = next((each.reason for each in reversed(late) if each.reason), None)
        told = f": {safe.cell(why)}" if why else ""
        found = f"{humanize.counted(len(late), 'alert')} waited for more than an hour{told}"
        yield Check("alerts", WARN, found, "see that a monitor runs; 'alerts log' says what failed")
