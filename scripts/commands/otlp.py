"""What does ``export --to otlp`` do: which calls go where, how far is it, what became of them?"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from session_monitor.index.database import Index
from session_monitor.outgoing import retrying
from session_monitor.reports.selected.filters import Selection
from session_monitor.shipping import destination, selected
from session_monitor.shipping.replies import AGAIN, TAKEN, Reply
from session_monitor.shipping.sending import SpanSender, batches
from session_monitor.text import humanize, safe

from .shared import failures, filters
from .shared.data import Data
from .shared.failures import Failure
from .shared.output import Output

if TYPE_CHECKING:
    from session_monitor.shipping.destination import Destination
    from session_monitor.shipping.otlp.telemetry import Span

MOST_TRIES = 6
"""So often a request is tried that may be taken later: for some half a minute, or as the receiver asks for."""
_MOST_TOLD = 5
_LONGEST_WAIT = 60.0
"""Seconds, where a receiver asks for more."""
_SILENT = 5.0
"""Seconds that nobody wonders about."""


def send(options: argparse.Namespace, output: Output, data: Data) -> None:
    """Send the calls that are meant.  Raises ``Failure`` where not all of them are taken."""
    where = destined(options.file, options.otlp_encoding)
    send_all(where, filters.selection(options), output, data, is_with_content=options.with_content)


def destined(address: str | None, encoding: str | None = None) -> Destination:
    """Where spans go, by an address or the environment.  Raises ``Failure``."""
    try:
        return destination.of(address or destination.FROM_ENVIRONMENT, os.environ, encoding)
    except destination.BadDestinationError as mistake:
        raise Failure("bad_destination", str(mistake), failures.USAGE) from None


def send_all(where: Destination, selection: Selection, output: Output, data: Data, *, is_with_content: bool) -> None:
    """Send the calls that a selection means.  Raises ``Failure`` as ``send`` does."""
    sending = _Sending(SpanSender(where), output, is_with_content=is_with_content)
    if where.traces is None:
        raise Failure("bad_destination", "nobody says where spans go: name an address", failures.USAGE)
    data.report().ask(lambda index: sending.all_of(index, selection))
    sending.tell()


class _Sending:
    """One run through the calls that are meant, and what became of them."""

    def __init__(self, sender: SpanSender, output: Output, *, is_with_content: bool) -> None:
        self._sender = sender
        self._output = output
        self._is_with_content = is_with_content
        self._begin(0)

    def _begin(self, total: int) -> None:
        self._total, self._over = total, 0
        self._sent = self._rejected = self._undated = 0
        self._refused: list[str] = []
        self._why = ""

    def all_of(self, index: Index, selection: Selection) -> None:
        """Send all, from the first again where an index turned out to be damaged: they are the same spans to who has them."""
        self._begin(selected.count(index, selection))
        chosen = selected.of_index(index, selection, is_with_content=self._is_with_content)
        encoded = ((each.span, each.span and self._sender.encoded(each.span)) for each in chosen)
        for batch in batches(encoded):
            there = [(span, written) for span, written in batch if span is not None and written is not None]
            self._undated += len(batch) - len(there)
            self._send(there)
            self._over += len(batch)
            self._output.progress("sending", self._over, self._total)

    def _send(self, spans: Sequence[tuple[Span, bytes]]) -> None:
        tries = 0
        while spans:
            delivered = self._sender.send(spans)
            self._rejected += delivered.rejected
            self._why = delivered.reply.reason or self._why
            self._refused += [f"{span.attributes['gen_ai.conversation.id']}: {why}" for span, why in delivered.refused]
            self._sent += delivered.done - len(delivered.refused)
            spans = spans[delivered.done :]
            tries = 0 if delivered.done else tries
            if delivered.reply.what == TAKEN:
                continue
            tries += 1
            if delivered.reply.what != AGAIN or tries >= MOST_TRIES:
                raise self._failure(delivered.reply)
            wait = _wait(delivered.reply, tries)
            if wait > _SILENT:
                where = self._sender.destination.shown
                self._output.complain(f"{where}: {delivered.reply.reason}; trying again in {wait:.0f} s")
            time.sleep(wait)

    def _failure(self, reply: Reply) -> Failure:
        sent = f"{humanize.count(self._sent)} of {humanize.counted(self._total, 'call')} were sent"
        text = f"{self._sender.destination.shown}: {reply.reason}. {sent}; send all again: what is there already is the same then"
        return Failure("not_sent", text)

    def tell(self) -> None:
        """Say what became of them.  Raises ``Failure`` where not all were taken."""
        where = self._sender.destination.shown
        sent = self._sent - self._rejected
        if self._output.is_json:
            counts = {"sent": sent, "refused": len(self._refused) + self._rejected, "without_time": self._undated}
            self._output.print_json(self._output.to_json({"to": where, **counts}))
        else:
            self._output.complain(f"sent {humanize.counted(sent, 'call')} to {where} (otlp)")
        if self._undated:
            told = humanize.counted(self._undated, "call")
            self._output.complain(
                f"{told} were left out: the log does not tell when they were, or they were deleted meanwhile"
            )
        if self._rejected or self._refused:
            for each in self._refused[:_MOST_TOLD]:
                self._output.complain(safe.cell(each))
            told = humanize.counted(self._rejected + len(self._refused), "call")
            raise Failure("refused", f"{where} did not take {told}{f': {safe.cell(self._why)}' if self._why else ''}")


def _wait(reply: Reply, tries: int) -> float:
    asked = retrying.back_off(tries, random.random()) if reply.wait is None else reply.wait  # noqa: S311 -- no secret
    return min(asked, _LONGEST_WAIT)
