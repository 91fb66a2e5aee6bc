"""repair: what is broken, and can be mended?"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Iterator
from typing import Any

from commands.shared import failures, parsers
from commands.shared.data import Data
from commands.shared.output import Output, to_json
from session_monitor.text import humanize, safe
from session_monitor.upkeep import repair
from session_monitor.upkeep.repair import Repaired


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "mend what killed processes left half written, and make anew what is derived and broken"
    command = parsers.command(commands, [shared], "repair", about, "repair", "repair --json")
    parsers.add_state_file(command)
    command.set_defaults(run=_repair)


def _repair(options: argparse.Namespace, output: Output, data: Data) -> int:
    data.check_is_there()
    with failures.of_changing(data.folder):
        progress = functools.partial(output.progress, "making the index")
        done = repair.repair(data.folder, data.book(), time.time(), progress, options.state_file)
    if output.is_json:
        files = [mended._asdict() for mended in done.mended]
        damaged = [{"file": finding.file, "what": finding.what} for finding in done.damaged]
        known = {"mended": files, "removed": done.removed, "damaged": damaged}
        known.update(read_again=done.read_again, waiting=done.waiting)
        output.print_json(to_json({**known, "index_made_anew": done.index_made_anew}))
    else:
        print("\n".join(map(safe.clean, _lines(done))))
    return failures.FAILED if done.damaged or done.waiting else failures.OK


def _lines(done: Repaired) -> Iterator[str]:
    for mended in done.mended:
        junk = f", without {humanize.counted(mended.dropped, 'byte')} that made no whole line" if mended.dropped else ""
        yield f"mended {mended.file}: {humanize.counted(mended.rounds, 'round')}{junk}"
    for name in done.read_again:
        yield f"{name} lacks rounds that it had once: the next run of main.py reads the logs again"
    for name in done.waiting:
        yield f"{name} lacks rounds that it had once, and a monitor is at work"
    if done.waiting:
        yield "Stop it and repair again; or it reads the logs again when such a session calls next."
    for name in done.removed:
        yield f"removed {name}, which nobody needs"
    if done.index_made_anew:
        yield "made the index anew"
    for finding in done.damaged:
        yield f"left {finding.file} as it is: {finding.what}"
    yield from dict.fromkeys(f"  → {finding.todo}" for finding in done.damaged)
    if done == Repaired():
        yield "Nothing to repair."
