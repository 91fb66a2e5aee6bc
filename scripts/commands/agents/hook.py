"""auto-log: which calls did an agent make since it was asked last, as its own transcript tells?"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from commands.shared import failures, parsers, working
from commands.shared.data import Data
from commands.shared.failures import FAILED, Failure
from commands.shared.output import Output
from session_monitor.base import timestamps
from session_monitor.importers import places
from session_monitor.importers.importing import QUIET, Importing, OtherImportError, WantedAgent
from session_monitor.importers.tally import Tally
from session_monitor.monitor import take_in
from session_monitor.recording.recorded_call import RecordedCall
from session_monitor.text import humanize, safe
from session_monitor.work.piece import Piece

_AGENT = "claude-code"
_LARGEST = 1 << 20
_ABOUT = """
For Claude Code's Stop hook, in its settings.json:
  {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "python3 /path/to/scripts/cli.py auto-log"}]}]}}
It hands over where its transcript is. Each call in it counts once, with the tokens that it tells: to the piece of work that is under way
in the agent's folder and had begun by then, else to the session claude-code:ID, as 'import claude-code' has it.
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "count the calls of Claude Code's transcript that are new, as its Stop hook"
    examples = ("auto-log --transcript ~/.claude/projects/-work/0b8f6c1e-1.jsonl", "auto-log --json < hook.json")
    command = parsers.command(commands, (shared,), "auto-log", about, *examples)
    command.epilog += _ABOUT
    command.add_argument(
        "--transcript", metavar="FILE", help="the transcript (default: what the hook's JSON on standard input names)"
    )
    command.set_defaults(run=_auto_log)


def _auto_log(options: argparse.Namespace, output: Output, data: Data) -> None:
    told = {"transcript_path": options.transcript} if options.transcript else _told()
    transcript, cwd = _path(told), told.get("cwd")
    work = _work(data.folder, cwd if isinstance(cwd, str) else os.getcwd())
    tally = _import(data.folder, transcript, work)
    with failures.of_changing(data.folder):
        poll = take_in.take_in(data.folder) if tally.calls else None
    for problem in poll.problems if poll else ():
        output.complain(problem)
    if output.is_json:
        answer = {"session_id": work and work.session_id, "transcript": transcript, **tally.to_json()}
        output.print_json(output.to_json(answer))
        return
    where = f" to {safe.cell(work.name)} ({safe.cell(work.session_id)})" if work else ""
    output.tell(f"{humanize.counted(tally.calls, 'new call')} logged{where}.", "  ")


def _told() -> Mapping[str, Any]:
    """What a hook hands over.  Raises ``Failure``."""
    if sys.stdin is None or sys.stdin.isatty():
        raise Failure(
            "invalid_input", "auto-log reads the JSON of a Stop hook on standard input, or takes --transcript", FAILED
        )
    try:
        told = json.loads(sys.stdin.buffer.read(_LARGEST))
    except (ValueError, RecursionError) as error:
        raise Failure(
            "invalid_input", f"standard input holds no JSON of a hook: {safe.clean(str(error))}", FAILED
        ) from None
    if not isinstance(told, dict):
        raise Failure("invalid_input", "standard input holds no JSON object of a hook", FAILED)
    return told


def _path(told: Mapping[str, Any]) -> str:
    path = told.get("transcript_path")
    if not isinstance(path, str) or not path or "\0" in path:
        raise Failure("invalid_input", "the hook names no transcript_path", FAILED)
    path = os.path.realpath(os.path.expanduser(path))
    if not os.path.isfile(path):
        raise Failure("invalid_input", f"there is no transcript {safe.clean(path)}", FAILED)
    return path


def _work(folder: str, cwd: str) -> Piece | None:
    """The work that is under way where the agent is; of several the one that began last, as ``current`` has it."""
    pieces = working.read(folder)
    if pieces is None:
        return None
    from session_monitor.work import life  # noqa: PLC0415 -- most know of no work

    here = life.at_work_in(pieces, cwd)
    return here[-1] if here else None


def _import(folder: str, transcript: str, work: Piece | None) -> Tally:
    """What is new in a transcript and in those of its sub-agents, whose last calls are whole: the agent has stopped."""
    begun = None if work is None else timestamps.milliseconds(work.started)

    def session_of(call: RecordedCall) -> str | None:
        return work.session_id if work and begun is not None and call.moment >= begun else call.session_id

    others = os.path.join(os.path.splitext(transcript)[0], "subagents")
    named = [transcript, *([others] if os.path.isdir(others) else [])]
    importing = Importing(folder, clock=lambda: time.time() + QUIET, session_of=session_of)
    try:
        with failures.of_noting(folder), importing.held():
            return importing.run([WantedAgent(places.AGENTS[_AGENT], named)])[_AGENT]
    except OtherImportError:
        text = f"another import is at work on {folder}, and nothing was logged: it, or the next one, does that"
        raise Failure("busy", text, FAILED) from None
