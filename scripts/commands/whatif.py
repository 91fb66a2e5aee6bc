"""whatif: what would a session, or all calls of a time, have cost on other models?"""

from __future__ import annotations

import argparse
import functools
from typing import Any

from session_monitor.prices import cost, money
from session_monitor.prices.book import Book
from session_monitor.reports.selected.filters import Selection, literally
from session_monitor.reports.sums.elsewhere import Elsewhere
from session_monitor.text import humanize, safe
from session_monitor.text.table import Column
from session_monitor.totals import what_if, wording
from session_monitor.totals.currency import DisplayCurrency
from session_monitor.totals.what_if import Alternative, Estimate

from .shared import currencies, failures, filters, parsers
from .shared.data import Data, meant, unknown_model
from .shared.failures import Failure
from .shared.output import Output

_HOW = """\
what is compared: the calls of SESSION_ID, or without it all calls; of either those that the filters choose. --model is
such a filter beside --to or --price. Without these it names the models to compare, in whatif SESSION_ID --model MODEL.
A model stands for its maker's price, or for a seller's: azure/gpt-4o.

"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "estimate what calls would have cost on other models, or at other prices"
    examples = (
        "whatif agent:main:discord:channel:1465367993012981988 --to gpt-4o --to deepseek-chat",
        "whatif --since 30d --to gpt-4o",
        "whatif --since 2026-02-01 --model 'qwen*' --to deepseek-chat --price our-offer=2.5:10:0.25",
    )
    command = parsers.command(commands, (shared, filters.parser(), currencies.parser()), "whatif", about, *examples)
    command.epilog = _HOW + command.epilog
    command.add_argument("session_id", metavar="SESSION_ID", nargs="?", help=parsers.SESSION)
    command.add_argument(
        "--to", action="append", metavar="MODEL", help="a model to compare; may be given several times"
    )
    command.add_argument(
        "--price",
        action="append",
        type=_stated,
        metavar="NAME=INPUT:OUTPUT[:CACHE_READ[:CACHE_WRITE]]",
        help="a price to compare, in dollars for a million tokens, which is kept nowhere; may be given several times",
    )
    command.set_defaults(run=_what_if)


_PRICES = ("input", "output", "cache_read", "cache_write")


def _stated(text: str) -> tuple[str, dict[str, str]]:
    """A price that was made up, for argparse."""
    name, _, prices = text.rpartition("=")
    values = prices.split(":")
    if not name.strip() or not 2 <= len(values) <= len(_PRICES):
        raise argparse.ArgumentTypeError(f"{text!r} is no price: write NAME=INPUT:OUTPUT, such as our-offer=2.5:10")
    return name.strip(), dict(zip(_PRICES, map(parsers.price, values)))


def _what_if(options: argparse.Namespace, output: Output, data: Data) -> None:
    book = data.book()
    asked = _asked(options, book)
    report = data.report(book)
    session_id = None if options.session_id is None else meant(report, options.session_id)
    answer = report.elsewhere(_selection(options, session_id), asked, functools.partial(output.progress, "comparing"))
    unknown = [each for each in answer.estimates if not each.is_priced]
    if len(unknown) == len(answer.estimates):
        raise unknown_model(book, unknown[0].alternative.name)
    if output.is_json:
        known = {"session_id": session_id, "sessions": answer.sessions, "actual": answer.actual.to_json()}
        output.print_json(output.to_json({**known, "estimate": True, "models": list(map(_to_json, answer.estimates))}))
    elif not answer.actual.rounds:
        output.tell(filters.why_empty(report, options, "calls"))
    else:
        _print(output, session_id, answer)
    for each in unknown:
        if each.alternative.book.find(each.alternative.model) is None:
            output.complain(str(unknown_model(book, each.alternative.name)))


def _asked(options: argparse.Namespace, book: Book) -> list[Alternative]:
    """What is to be compared.  Raises ``Failure`` where nothing is, or a name is given twice."""
    stated = dict(options.price or ())
    if not (options.to or stated) and options.session_id is not None:
        options.to, options.model = options.model, None
    if not (options.to or stated):
        raise Failure("no_models", "compare with what? Name a model: --to gpt-4o", failures.USAGE)
    both = [name for name in stated if name in (options.to or ())]
    if both or len(stated) < len(options.price or ()):
        name = both[0] if both else "the same name"
        raise Failure("bad_name", f"--price gives {name} a second price: choose another name", failures.USAGE)
    return what_if.alternatives(book, options.to or (), stated)


def _selection(options: argparse.Namespace, session_id: str | None) -> Selection:
    selection = filters.selection(options)
    if session_id is None:
        return selection
    if selection.sessions:
        raise Failure("bad_session", "name one session, or choose some with --session, not both", failures.USAGE)
    return selection._replace(sessions=(literally(session_id),))


# -- for scripts -------------------------------------------------------------------------------------------------------


def _to_json(estimate: Estimate) -> dict[str, Any]:
    known = {"model": estimate.alternative.name, "price": estimate.alternative.stated, "priced": estimate.is_priced}
    if not estimate.is_priced:
        return {**known, "reason": _why_not(estimate), "low_usd": None, "high_usd": None}
    compared = estimate.compared
    return {
        **known,
        "low_usd": money.plain(estimate.low_pico),
        "high_usd": money.plain(estimate.high_pico),
        "with_cache": estimate.with_cache.to_json(),
        "without_cache": estimate.without_cache.to_json(),
        "difference": {
            "rounds": compared.rounds,
            "actual_usd": money.plain(compared.actual),
            "low_usd": money.plain(compared.low_pico),
            "high_usd": money.plain(compared.high_pico),
            "low_percent": _percent(compared.low_pico, compared.actual),
            "high_percent": _percent(compared.high_pico, compared.actual),
        },
    }


def _why_not(estimate: Estimate) -> str:
    """Why no call has a price there, as ``unpriced`` of a round says it."""
    return estimate.alternative.book.why_not(estimate.alternative.model) or cost.NO_PRICE_THEN


def _percent(part: int, whole: int) -> str | None:
    """How much of a whole a part is, with one decimal; None of nothing."""
    if not whole:
        return None
    tenths = money.nearest(part * 1000, whole)
    return f"{'-' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}"


# -- for people --------------------------------------------------------------------------------------------------------


_COLUMNS = (
    Column("Model", least=12),
    Column("Estimate", ">"),
    Column("Difference", ">", rank=3),
    Column("%", ">", rank=4),
    Column("Cached as here", ">", rank=2),
    Column("Without cache", ">", rank=1),
)
_NOTE = (
    "(Another model counts tokens otherwise and answers at other lengths; how much of the prompts its cache would "
    "hold is not known: as much as here, or nothing.)"
)


def _print(output: Output, session_id: str | None, answer: Elsewhere) -> None:
    actual = answer.actual
    calls = f"{humanize.counted(actual.rounds, 'call')} of {humanize.counted(answer.sessions, 'session')}"
    output.tell(
        f"What {calls if session_id is None else safe.cell(session_id)} cost: {wording.shown(actual, output.currency)}"
    )
    output.tell("What the same tokens would have cost elsewhere, at the prices of the same days; an estimate:")
    priced = [each for each in answer.estimates if each.is_priced]
    decimals = output.currency.column_decimals(pico for each in priced for pico in (each.low_pico, each.high_pico))
    output.print_table(_COLUMNS, [_cells(each, output.currency, decimals) for each in answer.estimates])
    told = answer.estimates[0].with_cache.rounds
    partial = {each.compared.rounds for each in answer.estimates if each.is_priced} - {told}
    if partial:
        number = min(partial)
        text = f"Differences are over the calls that have a price both here and there: {humanize.count(number)}"
        output.tell(f"{text}{' or more' if len(partial) > 1 else ''} of {humanize.count(told)}.")
    if actual.rounds > told:
        output.tell(f"Left out: {humanize.counted(actual.rounds - told, 'call')} that told no tokens.")
    if actual.assumed.rounds or any(each.with_cache.assumed.rounds for each in answer.estimates):
        output.tell("~: something had to be assumed for a part of it; --json tells what.")
    output.tell_rate()
    output.tell(_NOTE)


def _cells(estimate: Estimate, currency: DisplayCurrency, decimals: int) -> list[str]:
    if not estimate.is_priced:
        return [estimate.alternative.name, cost.UNPRICED[_why_not(estimate)], "-", "-", "-", "-"]
    more = "≥" if estimate.with_cache.at_least else ""
    compared = estimate.compared
    ends = (estimate.low_pico, estimate.high_pico), (compared.low_pico, compared.high_pico)
    spans = [
        _span(*(more + currency.shown(pico, decimals) for pico in ends[0])),
        _span(*(_signed(pico, currency, decimals) for pico in ends[1])),
    ]
    percents = [_percent(pico, compared.actual) for pico in ends[1]]
    spans.append(_span(*(each if each.startswith(("-", "0.0")) else f"+{each}" for each in percents if each)))
    both = estimate.with_cache, estimate.without_cache
    return [estimate.alternative.name, *spans, *(wording.short(each, currency, decimals) for each in both)]


def _span(low: str = "-", high: str = "-") -> str:
    return low if low == high else f"{low} to {high}"


def _signed(pico: int, currency: DisplayCurrency, decimals: int) -> str:
    return f"{'+' if pico > 0 else ''}{currency.shown(pico, decimals)}"
