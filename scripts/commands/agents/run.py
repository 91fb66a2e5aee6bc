"""run: record the calls that one command makes, as a piece of work of its own."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from commands.shared import failures, parsers, working
from commands.shared.data import Data
from commands.shared.failures import FAILED, USAGE, Failure
from commands.shared.output import Output, to_json
from session_monitor.asked.one_session import OWN_SESSION
from session_monitor.base import data_folder, files, timestamps
from session_monitor.monitor.take_in import take_in
from session_monitor.own_prices.current_book import CurrentBook
from session_monitor.prices import money
from session_monitor.prices.price_list import BadPriceListError
from session_monitor.proxy import clients
from session_monitor.proxy.server import ProxyOptions
from session_monitor.text import humanize, own_names, safe
from session_monitor.totals import wording
from session_monitor.work import life
from session_monitor.work.piece import Piece, WorkMistakeError

from . import child, recording
from .child import NoProgramError
from .meter import RunMeter

_LONGEST_NAME = 60
_ABOUT = """
The command runs as if it had been typed alone: with this terminal, its own exit code, and the signals that come here. Where its providers
are named by OPENAI_BASE_URL, OPENAI_API_BASE, ANTHROPIC_BASE_URL or GOOGLE_GEMINI_BASE_URL, calls go on to there; Codex is pointed to
the proxy by an argument. A summary goes to stderr: how long it took, its calls, tokens and cost, files changed and commits made; with
--json as one object. A budget counts what is known to be spent when a call begins: those that are on their way go on.
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "run a command, and record the calls to models that it makes, without a gateway"
    examples = (
        "run -- git --version",
        "run --name 'Fix the build' --budget 2.00 -- python3 --version",
        "run --budget 0.50 --enforce -- bash -c 'echo done; exit 0'",
    )
    command = parsers.command(commands, (shared,), "run", about, *examples)
    command.epilog += _ABOUT
    command.add_argument(
        "--name", metavar="NAME", help="what it is about; its session is called by it (default: the program)"
    )
    command.add_argument("--budget", type=_dollars, metavar="USD", help="say when its calls have cost so much: 2.00")
    command.add_argument("--enforce", action="store_true", help="refuse its further calls then")
    recording.add_options(command)
    command.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="COMMAND", help="the command and its arguments, behind --"
    )
    command.set_defaults(run=_run)


def _dollars(text: str) -> int:
    try:
        pico = money.per_token(text) * money.MICRO
    except ValueError:
        pico = 0
    if not pico:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount in dollars above 0, such as 2.00")
    return pico


class _Done(NamedTuple):
    """What came of a run."""

    work: Piece
    code: int
    meter: RunMeter
    unrecorded: int
    elsewhere: int


def _run(options: argparse.Namespace, output: Output, data: Data) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise Failure("bad_arguments", "name the command behind --: run -- claude", USAGE)
    if options.enforce and options.budget is None:
        raise Failure("bad_arguments", "--enforce needs a --budget", USAGE)
    known = recording.upstreams(options.upstream, clients.upstreams_in(os.environ))
    prices = CurrentBook(data.folder, os.environ)
    if isinstance(prices.mistake, BadPriceListError):
        raise failures.bad_prices(prices.mistake)
    meter = RunMeter(prices, options.budget, lambda meter: _tell_breach(meter, enforced=options.enforce))
    recorder = recording.recorder(options, data.folder, on_line=meter.count)
    work = _begun(options, data.folder, command)
    chosen = ProxyOptions(
        known,
        os.environ,
        port=0,
        session_id=work.session_id,
        injects=not options.no_inject,
        gate=lambda: _refusal(meter) if options.enforce and meter.is_spent else None,
    )
    proxy = recording.started(chosen, recorder)
    try:
        code = _of_child(command, proxy.port, work.session_id)
    finally:
        proxy.close(patience=1.0)  # who made those calls has ended
        problem = _end(data.folder, work, has_calls=recorder.recorded > 0)
    for each in problem:
        output.complain(each)
    ended = working.of_session(data.folder, work.session_id) or work
    _tell(_Done(ended, code, meter, recorder.unrecorded, recorder.elsewhere), output)
    return code


def _begun(options: argparse.Namespace, folder: str, command: Sequence[str]) -> Piece:
    name = options.name if options.name is not None else _name_of(command)
    with failures.of_noting(folder):
        data_folder.make(folder)
        try:
            begun, _ = life.begin(folder, name, os.getcwd(), now=timestamps.now(), parallel=True)
        except WorkMistakeError as mistake:
            raise Failure("invalid_input", safe.clean(str(mistake)), FAILED) from None
    working.note(folder, begun)
    return begun


def _name_of(command: Sequence[str]) -> str:
    """The program alone: its arguments may hold keys, and what is said to an agent, which no file is to keep."""
    program = os.path.basename(command[0])
    name = " ".join("".join(each if each.isprintable() else " " for each in program).split())
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _of_child(command: Sequence[str], port: int, session_id: str) -> int:
    """The exit code of the command; where it could not run, that is told."""
    environment = {**clients.environment_for(os.environ, port), OWN_SESSION[0]: session_id}
    try:
        return child.run(clients.command_for(command, port), environment)
    except NoProgramError as error:
        _say(str(error))
        return error.code


def _end(folder: str, work: Piece, *, has_calls: bool) -> list[str]:
    """End the work, and have its calls read; what went wrong with that is no reason for another exit code."""
    try:
        life.end(folder, work.session_id, timestamps.now())
        poll = take_in(folder) if has_calls else None
    except (OSError, files.MistakeInFileError) as error:
        return [str(error)]
    return [] if poll is None else list(poll.problems)


# -- what is told ------------------------------------------------------------------------------------------------------


def _say(text: str) -> None:
    print(own_names.as_typed(f"run: {safe.clean(text)}"), file=sys.stderr, flush=True)


def _tell_breach(meter: RunMeter, *, enforced: bool) -> None:
    then = "further calls are refused" if enforced else "calls go on"
    _say(f"the budget of {money.shown(meter.limit or 0)} is spent: {wording.known(meter.spending)}; {then}")


def _refusal(meter: RunMeter) -> str:
    return (
        f"agent-session-monitor: the budget of {money.shown(meter.limit or 0)} for this run is spent "
        f"({wording.known(meter.spending)}); no further calls are made"
    )


def _tell(done: _Done, output: Output) -> None:
    if output.is_json:
        print(to_json({"schema_version": 1, "data": _json(done)}), file=sys.stderr, flush=True)
        return
    length = humanize.duration(done.work.seconds(timestamps.now()))
    _say(f"{done.work.name}: {length}, exit code {done.code}, session {done.work.session_id}")
    for line in _lines(done):
        print(f"  {safe.cell(line)}", file=sys.stderr)


def _lines(done: _Done) -> Iterator[str]:
    meter = done.meter
    spent = meter.spending
    if spent.rounds:
        failed = f" ({meter.failed} failed)" if meter.failed else ""
        tokens = f", {humanize.counted(meter.tokens, 'token')}" if meter.tokens else ""
        yield f"{humanize.counted(spent.rounds, 'round')}{failed}{tokens}, cost: {wording.shown(spent)}"
        if meter.dearest:
            which = "dearest model" if len(meter.by_model) > 1 else "model"
            yield f"{which}: {meter.dearest[0]}, {wording.shown(meter.dearest[1])}"
    else:
        yield "no calls were recorded"
    if done.elsewhere:
        yield f"{humanize.counted(done.elsewhere, 'round')} of these belong to sessions of runs within this one"
    if done.unrecorded:
        yield f"{humanize.counted(done.unrecorded, 'call')} could not be written down: the session lacks them"
    yield from working.sums(done.work)


def _json(done: _Done) -> dict[str, Any]:
    meter = done.meter
    return {
        **done.work.told(timestamps.now()),
        "exit_code": done.code,
        "rounds": meter.spending.rounds,
        "failed": meter.failed,
        "total_tokens": meter.tokens,
        **meter.spending.to_json(),
        "dearest_model": meter.dearest and meter.dearest[0],
        "budget_usd": None if meter.limit is None else money.plain(meter.limit),
        "budget_spent": meter.is_spent,
        "unrecorded": done.unrecorded,
        "recorded_within": done.elsewhere,
    }
