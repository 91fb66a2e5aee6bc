"""ship: how do the rounds of this folder come into a store elsewhere, and how far are they?"""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections.abc import Iterator
from typing import Any

from session_monitor.base import settings, timestamps
from session_monitor.base.signals import Signals
from session_monitor.index.database import Index
from session_monitor.reports.selected.filters import ALL
from session_monitor.shipping.clickhouse import stores, tables
from session_monitor.shipping.clickhouse.stores import BadStoreError
from session_monitor.shipping.replication import lag, ledger
from session_monitor.shipping.replication.ledger import Busy, LedgerState
from session_monitor.shipping.replication.replicator import EVERY, Replicator
from session_monitor.shipping.worker import LOOK_AGAIN
from session_monitor.text import humanize, safe

from .shared import failures, parsers
from .shared.data import Data
from .shared.failures import Failure
from .shared.output import Output

STATUS, SCHEMA = "status", "schema"
OTLP = "otlp:"
MOST_TRIES = 6
"""So often what may be taken later is tried, for some half a minute; with --follow without end."""
_MOST_TOLD = 5

_ABOUT = """
where to:
  clickhouse://HOST[:PORT]/DATABASE   a ClickHouse database; ?user=NAME&key=env:NAME (or file:PATH) behind it says who one is
  file:DIR                            files of JSON lines, for programs that carry them on
  otlp:URL                            spans, as 'export --to otlp' sends them, all of them once more

  ship --to 'clickhouse://ch.example.com/fleet?user=shipper&key=file:/etc/monitor/ch.key' --gateway gw-1 --follow

A store is kept equal to this folder: each round is there once, corrected and deleted ones, too. Nothing that was said goes there
without --with-content. docs/FLEET.md has the rest.
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared,),
        "ship",
        "keep the rounds of this folder in a store elsewhere, beside those of other gateways",
        "ship --to file:rounds --gateway gw-1",
        "ship status",
        "ship --forget file:rounds",
    )
    command.epilog = f"{_ABOUT.lstrip()}\n{command.epilog}"
    command.add_argument(
        "what",
        nargs="?",
        choices=(STATUS, SCHEMA),
        help="tell how far it is, or the statements that make ClickHouse's tables, in place of sending anything",
    )
    place = command.add_mutually_exclusive_group()
    place.add_argument("--to", metavar="ADDRESS", help="where to, see below")
    place.add_argument(
        "--forget",
        metavar="ADDRESS",
        help="'ship status' tells no more of this place, by its address or the gateway's name there; what was sent stays there",
    )
    command.add_argument(
        "--gateway",
        metavar="NAME",
        default=settings.GATEWAY,
        help=f"this folder's name there (default: ${settings.variable('gateway')}, or this machine's name)",
    )
    command.add_argument("--follow", action="store_true", help="go on, and send what comes")
    command.add_argument("--with-content", action="store_true", help="send what was said as well")
    command.add_argument(
        "--take-over",
        action="store_true",
        help="the gateway's rows there are another folder's: make them this one's, and delete what it does not have",
    )
    command.add_argument(
        "--retry-refused",
        action="store_true",
        help="send once more what was refused there: after what was wrong with the store is mended",
    )
    command.set_defaults(run=_ship)


def _ship(options: argparse.Namespace, output: Output, data: Data) -> None:
    if options.what == STATUS:
        _status(output, data)
    elif options.what == SCHEMA:
        print(";\n\n".join(tables.making(modern=True)) + ";")
    elif options.forget:
        _forget(options, output, data)
    elif not options.to:
        raise Failure("bad_arguments", "name where to: --to clickhouse://HOST/DATABASE", failures.USAGE)
    elif options.to.startswith(OTLP):
        _spans(options, output, data)
    elif not options.to.startswith(stores.BEGINNINGS):
        text = f"that is no place: name clickhouse://HOST[:PORT]/DATABASE, {stores.FILES}DIR or {OTLP}URL"
        raise Failure("bad_destination", text, failures.USAGE)
    else:
        _replicator(options, output, data)


def _spans(options: argparse.Namespace, output: Output, data: Data) -> None:
    from . import otlp  # noqa: PLC0415 -- a store needs none of it

    if options.follow:
        text = "spans of what comes are sent by the monitor: main.py --follow --otlp URL"
        raise Failure("bad_arguments", text, failures.USAGE)
    where = otlp.destined(options.to[len(OTLP) :])
    otlp.send_all(where, ALL, output, data, is_with_content=options.with_content)


# -- sending -----------------------------------------------------------------------------------------------------------


def _replicator(options: argparse.Namespace, output: Output, data: Data) -> None:
    try:
        store = stores.of(options.to, os.environ)
        gateway = stores.gateway_named(options.gateway)
    except BadStoreError as mistake:
        raise Failure("bad_destination", str(mistake), failures.USAGE) from None
    replicator = Replicator(
        data.folder,
        store,
        gateway,
        lambda question: data.report().ask(question),
        is_with_content=options.with_content,
        takes_over=options.take_over,
        retries_refused=options.retry_refused,
    )
    with contextlib.closing(replicator):
        if options.follow:
            _follow(replicator, output)
            return
        before = _state_of(ledger.place(data.folder, store.shown, gateway))
        replicator.try_at_once()
        _once(replicator, output, store.shown)
        _tell_pass(replicator, before, output)


def _once(replicator: Replicator, output: Output, where: str) -> None:
    """Send all that there is.  Raises ``Failure`` where that does not end well."""
    while True:
        try:
            wait = replicator.step()
        except Busy as busy:
            raise Failure("busy", f"{where}: {busy.strerror}") from None
        except OSError as error:
            raise failures.unreadable(error.filename or where, error) from None
        if wait is None:
            return
        if not wait:
            if replicator.ledger is not None:
                output.progress("shipping", min(replicator.ledger.state.session, 1), 0)
            continue
        state = replicator.ledger.state if replicator.ledger else LedgerState()
        if replicator.trouble or state.tries >= MOST_TRIES:
            raise Failure("not_sent", f"{where}: {safe.cell(replicator.trouble or state.reason)}")
        output.complain(f"ship: {safe.cell(state.reason)}; trying again in {max(1, round(wait / 1000))} s")
        time.sleep(wait / 1000)


def _follow(replicator: Replicator, output: Output) -> None:
    """Go on until somebody ends it."""
    signals = Signals()
    said = ""
    with signals.catch():
        replicator.start()
        while not signals.stop():
            signals.sleep(EVERY / 1000)
            replicator.wake()
            if replicator.trouble and replicator.trouble != said:
                said = replicator.trouble
                output.complain(f"ship: {said}")
        if not replicator.stop(LOOK_AGAIN / 1000):
            output.complain("ship: what was just being sent was not awaited; it is sent again")


def _tell_pass(replicator: Replicator, before: LedgerState, output: Output) -> None:
    if replicator.ledger is None:
        return
    state = replicator.ledger.state
    refused, _ = replicator.ledger.refused(0)
    sent, deleted = state.sent - before.sent, state.deleted - before.deleted
    if output.is_json:
        told = {"to": state.to, "gateway": state.gateway, "sent": sent, "deleted": deleted, "refused": refused}
        output.print_json(output.to_json(told))
    else:
        gone = f", {humanize.count(deleted)} deleted there" if deleted else ""
        where = safe.cell(state.to)
        output.complain(f"sent {humanize.counted(sent, 'round')} to {where} as {safe.cell(state.gateway)}{gone}")
    if refused:
        raise Failure("refused", f"{humanize.counted(refused, 'round')} were refused: see 'ship status'")


def _state_of(path: str) -> LedgerState:
    with ledger.reading(path) as book:
        return LedgerState() if book is None else book.state


# -- telling -----------------------------------------------------------------------------------------------------------


def _status(output: Output, data: Data) -> None:
    paths = ledger.all_places(data.folder)
    told = data.report().ask(lambda index: list(filter(None, (_told(path, index) for path in paths))))
    if output.is_json:
        output.print_json(output.to_json(told))
        return
    if not told:
        output.tell("Nothing was shipped from this folder.")
    for each in told:
        output.tell("\n".join(_lines(each)))


def _forget(options: argparse.Namespace, output: Output, data: Data) -> None:
    """Take away what is known of one place.  Raises ``Failure``."""
    named = {options.forget, _shown(options.forget)}
    states = {path: _state_of(path) for path in ledger.all_places(data.folder)}
    found = {path: state for path, state in states.items() if {state.to, state.gateway} & named}
    if not found:
        raise Failure("not_found", "nothing was shipped there from this folder: see 'ship status'")
    those = "; ".join(sorted(f"{safe.cell(state.to)} as {safe.cell(state.gateway)}" for state in found.values()))
    if options.gateway:  # of an address it says which, also where there is only one: another one's is not meant
        meant = options.gateway, options.forget
        found = {path: state for path, state in found.items() if state.gateway in meant}
    if len(found) != 1:
        raise Failure("ambiguous", f"name one, by its address and --gateway: {those}", failures.USAGE)
    ((path, state),) = found.items()
    try:
        ledger.forget(path)
    except Busy as busy:
        raise Failure("busy", f"{safe.cell(state.to)}: {busy.strerror}") from None
    except OSError as error:
        raise failures.unreadable(path, error) from None
    if output.is_json:
        output.print_json(output.to_json({"forgotten": {"to": state.to, "gateway": state.gateway}}))
    else:
        output.complain(f"{safe.cell(state.to)} as {safe.cell(state.gateway)} is forgotten; what was sent stays there")


def _shown(address: str) -> str:
    """How a place is told of, by its address; what cannot be one is told as it is."""
    try:
        return stores.of(address, os.environ).shown
    except BadStoreError:
        return address


def _told(path: str, index: Index) -> dict[str, Any] | None:
    with ledger.reading(path) as book:
        if book is None:
            return None
        state, behind = book.state, lag.of(index, book)
        count, rows = book.refused(_MOST_TOLD)
        return {
            "to": state.to,
            "gateway": state.gateway,
            "rounds": book.rounds() - behind.uncertain,
            "waiting": behind.rounds,
            "oldest_waiting": _time(behind.oldest),
            "sent": state.sent,
            "deleted": state.deleted,
            "last_at": _time(state.at or None),
            "failed_tries": state.tries,
            "last_error": state.reason or None,
            "is_at_work": ledger.is_held(path),
            "refused": count,
            "refused_last": [
                {"session_id": session_id, "round": number, "at": _time(at), "reason": reason}
                for session_id, number, at, reason in rows
            ],
        }


def _lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"{safe.cell(told['to'])} as {safe.cell(told['gateway'])}: {humanize.counted(told['rounds'], 'round')} there"
    waiting = humanize.counted(told["waiting"], "round") if told["waiting"] else "nothing"
    oldest = f", the oldest of {told['oldest_waiting']}" if told["oldest_waiting"] else ""
    yield f"  waiting: {waiting}{oldest}"
    at_work = "; at work now" if told["is_at_work"] else ""
    yield f"  last sent: {told['last_at'] or 'never'}{at_work}"
    if told["failed_tries"]:
        yield f"  failed: {humanize.counted(told['failed_tries'], 'time')} in a row: {safe.cell(told['last_error'])}"
    if told["refused"]:
        yield f"  refused: {humanize.counted(told['refused'], 'round')}; --retry-refused sends them once more"
        for each in told["refused_last"]:
            yield f"    {safe.cell(each['session_id'])}, round {each['round']}: {safe.cell(each['reason'])}"


def _time(at: int | None) -> str | None:
    return None if at is None else timestamps.rfc3339(at)
