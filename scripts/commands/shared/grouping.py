"""By what in their ids are sessions told apart: the agent, or the first parts?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .failures import USAGE, Failure
from .parsers import positive

if TYPE_CHECKING:
    from session_monitor.reports.sums.agents import Grouping

AGENT, PREFIX = "agent", "prefix"
"""What a row is then: an agent that OpenClaw's ids name, or the first parts of ids of another form."""
_DELIMITER = ":"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options that tell ids of another form apart."""
    command.add_argument(
        "--by-prefix",
        type=positive,
        metavar="N",
        help="for ids of another form: by their first N parts, where more follow, such as team/a of team/a/17",
    )
    command.add_argument("--delimiter", metavar="TEXT", help=f"what stands between the parts (default: {_DELIMITER})")


def taken(options: argparse.Namespace) -> Grouping | None:
    """How the sessions of a row are known, where ``options.column`` is ``AGENT``; that becomes ``PREFIX`` where parts are meant.

    None where something else is asked.  Raises ``Failure``.
    """
    if options.column != AGENT:
        return None
    from session_monitor.reports.sums import agents  # noqa: PLC0415 -- who asks for models need not wait for it

    if options.by_prefix is None:
        if options.delimiter is not None:
            raise Failure("bad_delimiter", "--delimiter stands between the parts of --by-prefix N: add that", USAGE)
        return agents.agent_of
    if options.delimiter == "":
        raise Failure("bad_delimiter", "--delimiter is empty: name what stands between the parts, such as /", USAGE)
    options.column = PREFIX
    return agents.by_prefix(options.by_prefix, options.delimiter or _DELIMITER)
