"""proxy: record the calls of programs that no gateway is before."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from typing import Any

from commands.shared import parsers
from commands.shared.data import Data
from commands.shared.output import Output
from session_monitor.base.signals import Signals
from session_monitor.monitor.take_in import take_in
from session_monitor.proxy import clients, server
from session_monitor.proxy.server import ProxyOptions, RecordingProxy
from session_monitor.text import humanize

from . import recording

_LOOK = 3600.0
_ABOUT = """
Point programs to it by the variables that it prints.  A call's session is what its path names (/s/NAME before all else), then
--session, then what its agent says in a header.  Keys go to the provider and nowhere else; what was said is kept with
--store-content alone.  Where no main.py is at work on the data folder, the calls become sessions when the proxy ends.
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "pass calls to models on to their providers, and record what they used, without a gateway, until Ctrl-C"
    examples = (
        "proxy",
        "proxy --session fix-login --store-content",
        "proxy --port 4000 --upstream openai=https://api.deepseek.com/v1",
    )
    command = parsers.command(commands, (shared,), "proxy", about, *examples)
    command.epilog += _ABOUT
    command.add_argument(
        "--port",
        type=_port,
        default=server.PORT,
        metavar="PORT",
        help=f"where it is on this machine; 0 is any free one (default: {server.PORT})",
    )
    command.add_argument(
        "--session", type=recording.session_name, metavar="NAME", help="the session of calls whose path names none"
    )
    recording.add_options(command)
    command.set_defaults(run=_proxy)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 0 to 65535")
    return int(text)


def _proxy(options: argparse.Namespace, output: Output, data: Data) -> int | None:
    upstreams = recording.upstreams(options.upstream)
    signals = Signals()
    with signals.catch():
        recorder = recording.recorder(options, data.folder)
        chosen = ProxyOptions(
            upstreams, os.environ, options.port, session_id=options.session, injects=not options.no_inject
        )
        proxy = recording.started(chosen, recorder)
        try:
            _tell(output, proxy.port, data.folder)
            while not signals.stop():
                signals.sleep(_LOOK)
        finally:
            _close(proxy)
    poll = take_in(data.folder) if recorder.recorded else None
    for problem in poll.problems if poll else ():
        output.complain(problem)
    if not output.is_json:
        print(f"{humanize.counted(recorder.recorded, 'call')} recorded", file=sys.stderr)
    return 1 if recorder.unrecorded or (poll and poll.problems) else None


def _close(proxy: RecordingProxy) -> None:
    """End it; a second signal says that calls at work are not to be waited for."""
    try:
        proxy.close()
    except (KeyboardInterrupt, SystemExit):  # Ctrl-C, or SIGTERM
        proxy.close(patience=0)


def _tell(output: Output, port: int, folder: str) -> None:
    """Say where it is, and how programs get there."""
    variables = clients.variables(port)
    if output.is_json:
        output.print_json(output.to_json({"url": clients.address(port), "port": port, "environment": variables}))
    else:
        output.tell(f"recording at {clients.address(port)} into {folder}, until Ctrl-C; programs are pointed there by:")
        for name, value in variables.items():
            print(f"  export {name}={shlex.quote(value)}")
    sys.stdout.flush()
