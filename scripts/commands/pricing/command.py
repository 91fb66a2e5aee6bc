"""pricing: which prices are known, why a name got its price, and how one states one's own."""

from __future__ import annotations

import argparse
from typing import Any

from commands.shared import parsers

from .assuming import add_assume
from .changing import add_alias, add_reset
from .converting import add_rate
from .discounting import add_discount
from .selling import add_seller
from .setting import add_set
from .showing import add_list, add_show


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command with its own commands."""
    about = "see which prices are known, and state your own"
    examples = (
        "pricing list --search qwen",
        "pricing list --unpriced",
        "pricing show gpt-4o-2024-08-06",
        "pricing set qwen-long 0.5 2 --currency CNY --rate 0.14",
        "pricing rate CNY 0.14",
        "pricing alias my-deployment gpt-4o",
        "pricing seller '*llm-eu.internal*' azure",
        "pricing discount OpenAI 15",
        "pricing assume --cache-write 1h --model 'claude-*'",
        "pricing reset qwen-long",
    )
    top = parsers.command(commands, (), "pricing", about, *examples)
    of_pricing = top.add_subparsers(metavar="COMMAND", required=True)
    add_list(of_pricing, shared)
    add_show(of_pricing, shared)
    add_set(of_pricing, shared)
    add_rate(of_pricing, shared)
    add_alias(of_pricing, shared)
    add_seller(of_pricing, shared)
    add_discount(of_pricing, shared)
    add_assume(of_pricing, shared)
    add_reset(of_pricing, shared)
