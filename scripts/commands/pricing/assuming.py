"""pricing assume: how is a cache to be read where the log leaves that open?"""

from __future__ import annotations

import argparse
from typing import Any

from commands.shared import failures, parsers
from commands.shared.data import Data
from commands.shared.failures import Failure
from commands.shared.output import Output, to_json
from session_monitor.own_prices import own_lists
from session_monitor.prices import assumptions
from session_monitor.prices.price_list import PriceList
from session_monitor.text import safe
from session_monitor.text.table import Column

from . import own_list

_ABOUT = "say how a call's cache is to be read where the log leaves that open, or list what is said"
_ORDER = """
A call has such an opening where its cost_notes say cache_write_5m or cache_inside; what the log tells is never overruled.
PATTERN is a shell pattern of a whole name. For --cache-write and for --cache the first rule that fits counts, those of
--data-dir before those of --global; the newest comes first, in the place of one with the same patterns.
"""
_SETTINGS = {assumptions.CACHE_WRITE: "--cache-write", assumptions.CACHE: "--cache"}


def add_assume(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``pricing assume``."""
    examples = (
        "pricing assume --cache-write 1h --model 'claude-*' --consumer my-agent",
        "pricing assume --cache beside --model 'glm-*'",
        "pricing assume --remove --model 'glm-*'",
        "pricing assume",
    )
    command = parsers.command(commands, (shared,), "assume", _ABOUT, *examples)
    command.epilog += _ORDER
    command.add_argument(
        *("--cache-write",),
        metavar="TIME",
        choices=assumptions.CHOICES[assumptions.CACHE_WRITE],
        help="for how long caches are kept whose writes do not tell it: 1h, or 5m, which holds without a rule",
    )
    command.add_argument(
        *("--cache",),
        metavar="PLACE",
        choices=assumptions.CHOICES[assumptions.CACHE],
        help="where a cache lies, in Anthropic's shape without cache_creation: inside the input, which holds without a rule, or beside it",
    )
    command.add_argument("--model", metavar="PATTERN", help="of the models that this holds for (default: all)")
    command.add_argument("--consumer", metavar="PATTERN", help="of the consumers that this holds for (default: all)")
    command.add_argument("--remove", action="store_true", help="forget what was said with the very same patterns")
    own_list.add_place(command)
    command.set_defaults(run=_assume)


def _assume(options: argparse.Namespace, output: Output, data: Data) -> None:
    stated = {name: getattr(options, name) for name in _SETTINGS if getattr(options, name) is not None}
    patterns = {name: getattr(options, name) for name in assumptions.SELECTORS}
    for name, pattern in patterns.items():
        if pattern is not None and not pattern.strip():
            raise Failure("bad_name", f"an empty pattern fits no {name}", failures.USAGE)
    if options.remove:
        _remove(options, stated, patterns, output, data)
    elif stated:
        own = own_list.read(options, data)
        for setting, value in stated.items():
            own = own_lists.with_assumption(own, setting, value, **patterns)
        own_list.write(options, data, own)
        for setting, value in stated.items():
            output.tell(f"{_FOR[setting, value]}, {_of(patterns)}, where the log leaves that open")
    elif any(pattern is not None for pattern in patterns.values()):
        raise Failure("bad_rule", "what holds for them? Say --cache-write or --cache, or --remove", failures.USAGE)
    else:
        _list(output, data)


_FOR = {
    (assumptions.CACHE_WRITE, assumptions.HOUR): "what is written to a cache is kept for an hour",
    (assumptions.CACHE_WRITE, assumptions.FIVE_MINUTES): "what is written to a cache is kept for five minutes",
    (assumptions.CACHE, assumptions.INSIDE): "the cache lies inside the input",
    (assumptions.CACHE, assumptions.BESIDE): "the cache lies beside the input",
}


def _of(patterns: dict[str, str | None]) -> str:
    """Which calls are meant, in words."""
    said = [f"of {name} {safe.cell(pattern)}" for name, pattern in patterns.items() if pattern is not None]
    return f"in calls {' and '.join(said)}" if said else "in all calls"


def _remove(
    options: argparse.Namespace, stated: dict[str, str], patterns: dict[str, str | None], output: Output, data: Data
) -> None:
    own = own_list.read(options, data)
    wanted: dict[str, str | None] = {**stated} if stated else dict.fromkeys(_SETTINGS)
    changed: PriceList = own_lists.without_assumptions(own, wanted, **patterns)
    if changed.assume == own.assume:
        what = " ".join(f"{_SETTINGS[name]} {value}" for name, value in stated.items()) or "nothing"
        text = f"{what} is {'not ' if stated else ''}said {_of(patterns)} in {own.path}; 'pricing assume' lists what is"
        raise Failure("rule_not_found", text, failures.NOT_FOUND)
    own_list.write(options, data, changed)
    output.tell(f"that is not assumed any more {_of(patterns)}")


# -- what is said ------------------------------------------------------------------------------------------------------

_RULES = (Column("Assumed"), Column("Model", least=12), Column("Consumer", least=12), Column("Stated in", rank=1))


def _list(output: Output, data: Data) -> None:
    rules = data.book().assumptions
    if output.is_json:
        output.print_json(to_json([each._asdict() for each in rules]))
        return
    if not rules:
        output.tell(
            "Nothing is said: caches whose writes do not tell it are kept for five minutes, and lie inside the input."
        )
        return
    output.print_table(
        _RULES,
        [
            [f"{each.setting.replace('_', ' ')} {each.value}", each.model or "all", each.consumer or "all", each.origin]
            for each in rules
        ],
    )
