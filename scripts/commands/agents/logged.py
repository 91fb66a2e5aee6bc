"""log-ai: what is to be counted of a call that no gateway logged?"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import Any

from commands.shared import failures, parsers, working
from commands.shared.data import Data
from commands.shared.failures import FAILED, Failure
from commands.shared.output import Output
from session_monitor.base import data_folder, timestamps
from session_monitor.monitor import take_in
from session_monitor.prices import cost, money
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Cost, Outcome, Unpriced
from session_monitor.reports.sessions.session_cost import SessionCost
from session_monitor.text import safe
from session_monitor.totals import wording
from session_monitor.work import stated_call
from session_monitor.work.stated_call import BadCallError, NoTokensError, StatedCall, StatedTokens

AGENT = "AGENT_NAME"
"""Where the environment may say which agent's call it is."""
_ABOUT = """
The call counts to the piece of work that is under way here ('start' begins one), or to the session that -s names. Tokens from a cache and
to one are a part of the prompt's, reasoning is one of the completion's. Of a total alone the split is not known, and so neither
is the cost: nothing is guessed. A cost that is stated is told beside the one by the prices here, and not counted.
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "count a call that no gateway logged, and tell what it costs"
    examples = (
        "log-ai -p anthropic -m claude-opus-4-7 --prompt-tokens 12000 --completion-tokens 800 --cached-tokens 9000",
        "log-ai -p openai -m gpt-4o -t 1500 -c 0.01 --json",
        "log-ai -p openai -m gpt-4o --prompt-tokens 900 --completion-tokens 60 -s my-session",
    )
    command = parsers.command(commands, (shared,), "log-ai", about, *examples)
    command.epilog += _ABOUT
    option = command.add_argument
    option("-p", "--provider", required=True, metavar="NAME", help="who sold it, such as anthropic")
    option("-m", "--model", required=True, metavar="NAME", help="the model that answered")
    option("--prompt-tokens", type=_count, metavar="N", help="all of the prompt, with what a cache held of it")
    option("--completion-tokens", type=_count, metavar="N", help="all that the model wrote, with its reasoning")
    option("--cached-tokens", type=_count, metavar="N", help="of the prompt: read from a cache")
    option("--cache-write-tokens", type=_count, metavar="N", help="of the prompt: written to a cache")
    option("--reasoning-tokens", type=_count, metavar="N", help="of the completion: reasoning")
    option("-t", "--total", type=_count, metavar="N", help="prompt and completion together, where no more is known")
    option("-c", "--cost", metavar="USD", help="what somebody else says it cost")
    option("--agent", metavar="NAME", help=f"whose call it is (default: {AGENT} of the environment)")
    option("--call-id", metavar="ID", help="what its provider calls its answer")
    option("-s", "--session", metavar="ID", help="a piece of work, or a session (default: the work under way here)")
    command.set_defaults(run=_log)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 12:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of tokens")
    return int(text)


def _log(options: argparse.Namespace, output: Output, data: Data) -> None:
    book = data.book()
    session_id = _session(data, options.session)
    with failures.of_noting(data.folder):
        data_folder.make(data.folder)
        try:
            call = _stated(options, session_id)
            line = stated_call.record_line(data.folder, call.recorded(timestamps.now()))
        except NoTokensError as mistake:
            raise Failure("missing_tokens", str(mistake), FAILED) from None
        except BadCallError as mistake:
            raise Failure("invalid_input", safe.clean(str(mistake)), FAILED) from None
        poll = take_in.take_in(data.folder)
    for problem in poll.problems if poll else ():
        output.complain(problem)
    outcome = stated_call.priced(line, book)
    spent = None if poll is None else data.report(book).cost(session_id)
    if output.is_json:
        output.print_json(output.to_json(_to_json(call, outcome, book, spent)))
        return
    for text in _lines(call, outcome, spent, output):
        output.tell(text)


def _stated(options: argparse.Namespace, session_id: str) -> StatedCall:
    tokens = StatedTokens(
        *(options.prompt_tokens, options.completion_tokens, options.total),
        *(options.cached_tokens, options.cache_write_tokens, options.reasoning_tokens),
    )
    return StatedCall(
        *(session_id, options.provider, options.model, tokens),
        agent=options.agent or os.environ.get(AGENT) or None,
        cost_usd=None if options.cost is None else stated_call.checked_cost(options.cost),
        call_id=options.call_id,
    )


def _session(data: Data, wanted: str | None) -> str:
    """The session that the call is for: a piece of work's, or one that is there.  Raises ``Failure``."""
    try:
        return working.meant(data.folder, wanted).session_id
    except Failure as none:
        if wanted is None or none.code != "session_not_found" or not os.path.isdir(data.folder):
            raise
        found = data.report().named(wanted)
        if len(found) != 1:
            raise
        return found[0]


def _to_json(call: StatedCall, outcome: Outcome, book: Book, spent: SessionCost | None) -> dict[str, Any]:
    """What was logged, at what price, and what the session adds up to; None where the monitor at work is to read it first."""
    tokens = call.tokens.filled()
    session = spent and spent.to_json()
    row = outcome.row if isinstance(outcome, Cost) else None
    return {
        "logged": {
            "session_id": call.session_id,
            "provider": call.provider,
            "model": call.model,
            "prompt_tokens": tokens.prompt,
            "completion_tokens": tokens.completion,
            "cached_tokens": tokens.cached,
            "cache_write_tokens": tokens.cache_write,
            "reasoning_tokens": tokens.reasoning,
            "total_tokens": tokens.total,
            "agent": call.agent,
        },
        **cost.to_json(outcome),
        "usd_per_million": row and {name: row[name] for name in ("input", "output") if name in row},
        "stated_cost_usd": call.cost_usd,
        "model_known": book.find(call.model) is not None,
        "session": session and {name: session[name] for name in ("session_id", "rounds", "cost_usd", "total_tokens")},
    }


def _lines(call: StatedCall, outcome: Outcome, spent: SessionCost | None, output: Output) -> Iterator[str]:
    model, session = safe.cell(call.model), safe.cell(call.session_id)
    if isinstance(outcome, Unpriced):
        yield f"{model}: logged; its cost is not known: {cost.UNPRICED[outcome.reason]}"
        if call.tokens.filled().prompt is None:
            yield "  of a total alone nobody knows how much was prompt: state --prompt-tokens and --completion-tokens"
        elif outcome.reason == cost.UNKNOWN_MODEL:
            yield f"  'pricing set {model} INPUT OUTPUT' states one"
    elif isinstance(outcome, Cost):
        yield f"{model}: logged, {money.shown(outcome.pico)}"
        if outcome.prices and outcome.row:
            yield f"  by the price of {safe.cell(outcome.prices.key)} since {outcome.row.get('from') or 'its beginning'}"
        for note in outcome.notes:
            yield f"  {cost.NOTES[note]}"
    if call.cost_usd is not None:
        yield f"  stated as {money.shown(money.of_plain(call.cost_usd))}, which is not counted"
    if spent is None:
        yield f"  {session}: the monitor that is at work takes it in"
    else:
        yield f"  {session}: {wording.short(spent.row.spending, output.currency)} until now"
