"""import: which calls do agents' own session files tell of, that no gateway logged?"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from typing import Any

from commands.shared import failures, parsers
from commands.shared.data import Data
from commands.shared.failures import NOT_FOUND, USAGE, Failure
from commands.shared.output import Output, to_json
from session_monitor.base.signals import Signals
from session_monitor.importers import places
from session_monitor.importers.importing import Importing, OtherImportError, WantedAgent
from session_monitor.importers.tally import PASSED_OVER, Tally, added
from session_monitor.text import humanize, safe

ALL = "all"
_UNREADABLE = frozenset(("not_a_file", "damaged"))
"""What is passed over as a whole, for which somebody has to do something."""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "take calls over from the files in which agents keep their own sessions"
    examples = (
        "import claude-code",
        "import all --dry-run",
        "import codex ~/backup/.codex",
    )
    command = parsers.command(commands, [shared], "import", about, *examples)
    command.description += (
        " Without a PATH these are where the agent keeps them, or where its environment variable says. Each call is taken "
        "once, however often it is imported; what a gateway has logged already is left. Nothing in an agent's folder is changed."
    )
    command.add_argument(
        "agent", choices=(*places.AGENTS, ALL), metavar="AGENT", help=f"{', '.join(places.AGENTS)}, or {ALL}"
    )
    command.add_argument("path", nargs="*", metavar="PATH", help="a folder of the agent's, a folder in it, or one file")
    command.add_argument("--dry-run", action="store_true", help="only tell what would be taken over")
    command.add_argument(
        "--store-content", action="store_true", help="keep what was said, too: questions, answers, calls of tools"
    )
    command.add_argument(
        "--watch", action="store_true", help="go on, and take over what comes, until Ctrl-C or SIGTERM"
    )
    command.add_argument(
        "--interval", type=_interval, default=5.0, metavar="SECONDS", help="seconds between two looks (default: 5)"
    )
    command.set_defaults(run=_import)


def _interval(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0.2 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0.2 to 86,400")
    return seconds


def _import(options: argparse.Namespace, output: Output, data: Data) -> int:
    if options.watch and options.dry_run:
        raise Failure("bad_arguments", "--watch and --dry-run exclude each other", USAGE)
    wanted, signals = _wanted(options), Signals()
    importing = Importing(
        data.folder,
        with_texts=options.store_content,
        is_dry=options.dry_run,
        stop=signals.stop,
        tell=lambda agent, done, total: output.progress(f"reading {places.AGENTS[agent].title}", done, total),
    )
    status = failures.OK
    with signals.catch():
        while not signals.stop():
            try:
                with failures.of_noting(data.folder), importing.held():
                    tallies = importing.run(wanted)
                status = _end(tallies, options, output, data)
            except OtherImportError:
                if not options.watch:
                    text = (
                        f"another import is at work on {data.folder}, and nothing was done; try again when it is done"
                    )
                    raise Failure("busy", text) from None
            if not options.watch:
                break
            signals.sleep(options.interval)
    return 128 + signals.received if signals.received and not options.watch else status


def _wanted(options: argparse.Namespace) -> list[WantedAgent]:
    """What is to be imported.  Raises ``Failure`` where there is nothing of the kind."""
    if options.agent == ALL:
        if options.path:
            raise Failure("bad_arguments", f"'{ALL}' takes no PATH: name the agent whose files lie there", USAGE)
        present = [each for each in places.AGENTS.values() if any(map(os.path.isdir, places.roots(each, os.environ)))]
        if present or options.watch:
            return [WantedAgent(each) for each in (places.AGENTS.values() if options.watch else present)]
        titles = ", ".join(each.title for each in places.AGENTS.values())
        raise Failure("no_agent_files", f"there are no files of {titles} where they are kept usually", NOT_FOUND)
    agent = places.AGENTS[options.agent]
    missing = [each for each in options.path if not os.path.exists(each)]
    if missing:
        raise Failure("no_such_path", f"there is no {missing[0]}: name a folder or a file of {agent.title}", NOT_FOUND)
    usual = places.roots(agent, os.environ)
    if not (options.path or options.watch or any(map(os.path.isdir, usual))):
        text = (
            f"there is no {' or '.join(usual)}: name the folder of {agent.title} as PATH, or set {agent.variables[0]}"
        )
        raise Failure("no_agent_files", text, NOT_FOUND)
    return [WantedAgent(agent, options.path)]


def _end(tallies: Mapping[str, Tally], options: argparse.Namespace, output: Output, data: Data) -> int:
    """Have what was imported read into sessions, and say what came."""
    total = added(tallies.values())
    is_left = None if options.dry_run or not total.calls else _take_in(data.folder)
    if not (options.watch and not total.calls):
        _tell(tallies, total, options, output, is_left=is_left)
    return failures.FAILED if _UNREADABLE & total.passed_over.keys() else failures.OK


def _take_in(folder: str) -> bool:
    """Make sessions of what was imported; True where that is left to a monitor at work.  Raises ``Failure``."""
    from session_monitor.monitor.take_in import take_in  # noqa: PLC0415 -- only where there was anything new

    with failures.of_changing(folder):
        poll = take_in(folder)
    if poll is None:
        return True
    for text in (*poll.notices, *poll.problems):
        Output.complain(text)
    return False


def _tell(
    tallies: Mapping[str, Tally], total: Tally, options: argparse.Namespace, output: Output, *, is_left: bool | None
) -> None:
    if not output.is_json:
        for text in _lines(tallies, total, is_dry=options.dry_run, is_left=is_left):
            output.tell(safe.clean(text))
        return
    told = {
        "dry_run": options.dry_run,
        "agents": {name: tally.to_json() for name, tally in tallies.items()},
        "total": total.to_json(),
        "left_to_monitor": is_left,
    }
    if options.watch:
        print(output.line(told), flush=True)
    else:
        output.print_json(to_json(told))


def _lines(tallies: Mapping[str, Tally], total: Tally, *, is_dry: bool, is_left: bool | None) -> Iterator[str]:
    for name, tally in tallies.items():
        yield f"{places.AGENTS[name].title}: {_calls(tally)}"
        yield from (f"  {text}" for text in _rest(tally))
    if len(tallies) > 1:
        yield f"All: {_calls(total)}"
    if not total.calls:
        yield "Nothing is new."
    elif is_dry:
        yield "Nothing was taken over: this was a dry run."
    elif is_left:
        yield "The monitor that is at work reads them now."
    else:
        yield "'list' shows their sessions."


def _calls(tally: Tally) -> str:
    if not tally.calls:
        return f"no new call in {humanize.counted(tally.files, 'new file')}"
    sessions = humanize.counted(len(tally.sessions), "session")
    tokens = f"{humanize.count(tally.input_tokens)} tokens in, {humanize.count(tally.output_tokens)} out"
    return f"{humanize.counted(tally.calls, 'call')} of {sessions}, {tokens}"


def _rest(tally: Tally) -> Iterator[str]:
    parts = [
        (tally.cached_tokens, "tokens of the input came from a cache"),
        (tally.cache_write_tokens, "went to one"),
        (tally.reasoning_tokens, "of the output were reasoning"),
        (tally.failed, "of the calls failed"),
        (tally.untold, "tell no tokens"),
        (tally.repeated, "were copies, or taken over before"),
        (tally.logged, "were logged by a gateway or the proxy, too, and are left"),
        (tally.held_back, "may still grow, and come with the next import"),
    ]
    yield from (f"{humanize.count(number)} {words}" for number, words in parts if number)
    passed = [
        f"{label} ({humanize.count(tally.passed_over[name])})"
        for name, label in PASSED_OVER.items()
        if tally.passed_over[name]
    ]
    if passed:
        yield f"passed over: {', '.join(passed)}"
