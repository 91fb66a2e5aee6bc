"""How does a command begin to record calls?"""

from __future__ import annotations

import argparse
import errno
from collections.abc import Sequence
from typing import Any

from commands.shared import failures
from commands.shared.failures import USAGE, Failure
from session_monitor.base import data_folder
from session_monitor.proxy import callers, routes
from session_monitor.proxy.call import Recorder
from session_monitor.proxy.routes import BadUpstreamError, Upstream
from session_monitor.proxy.server import ProxyOptions, RecordingProxy
from session_monitor.recording import recorded_log
from session_monitor.text import safe


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what both commands take."""
    command.add_argument(
        "--store-content",
        action="store_true",
        help="keep what was said as well; without it a call's tokens, model and times alone",
    )
    command.add_argument(
        "--upstream",
        action="append",
        default=[],
        metavar="NAME=URL",
        help="where a provider is: openai=https://host/v1, anthropic=https://host, gemini=https://host, or another by its name, "
        "which paths that begin with /to/NAME reach; may be given several times",
    )
    command.add_argument(
        "--no-inject",
        action="store_true",
        help="do not ask for the tokens of streams of chat completions that their clients do not ask for; they are not known then",
    )


def session_name(text: str) -> str:
    """What a session can be called, for argparse."""
    if not callers.is_name(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name of a session: one line of at most {callers.LONGEST} characters"
        )
    return text


def upstreams(named: Sequence[str], settled: Sequence[str] = ()) -> dict[str, Upstream]:
    """The providers, with those that are named before those that somebody had settled.  Raises ``Failure``."""
    try:
        return routes.upstreams(named, settled)
    except BadUpstreamError as error:
        raise Failure("bad_upstream", safe.clean(str(error)), USAGE) from None


def recorder(options: argparse.Namespace, folder: str, **more: Any) -> Recorder:
    """Who writes the calls down, into a folder that is there afterwards.  Raises ``Failure`` where none could be written."""
    with failures.of_noting(folder):
        data_folder.make(folder)
        data_folder.check_whose(folder)
        recorded_log.check(folder)
    return Recorder(folder, with_texts=options.store_content, **more)


def started(options: ProxyOptions, recorder: Recorder) -> RecordingProxy:
    """The proxy at work.  Raises ``Failure``."""
    try:
        return RecordingProxy(options, recorder)
    except BadUpstreamError as error:
        raise Failure("bad_upstream", str(error), USAGE) from None
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        text = (
            f"port {options.port}: {error.strerror}. Another proxy may be at work there; name another one with --port"
        )
        raise Failure("port_in_use", text) from None
