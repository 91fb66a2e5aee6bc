"""How do spans and metrics get there: together, and where the receiver says that something is wrong with them, in ever smaller parts?"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Callable, NamedTuple, TypeVar

from session_monitor import __version__
from session_monitor.base import timestamps
from session_monitor.outgoing import posting, secrets
from session_monitor.outgoing.posting import HttpPost, Outcome

from . import replies
from .destination import JSON, METRICS, TRACES, Destination
from .otlp import otlp_json, protobuf
from .otlp.telemetry import Metric, Span
from .replies import AGAIN, REFUSED, STUCK, TAKEN, Reply

MOST_SPANS = 1000
MOST_BYTES = 1 << 20
"""Of one request, before it is compressed; a span that is larger goes alone."""
MOST_REFUSED = 20
"""Spans that are refused one after the other, with none taken between: then it is not they that are wrong."""
_SCOPE = ("agent-session-monitor", __version__)
_FORMS: Mapping[str, Any] = {JSON: otlp_json}

Post = Callable[..., Outcome]
Item = TypeVar("Item")


def batches(encoded: Iterable[tuple[Item, bytes | None]]) -> Iterator[list[tuple[Item, bytes | None]]]:
    """Things beside their spans, as they are encoded, in parts that fit into one request each; None is nothing to send."""
    batch: list[tuple[Item, bytes | None]] = []
    spans = size = 0
    for item, each in encoded:
        length = len(each or b"")
        if batch and (spans >= MOST_SPANS or size + length > MOST_BYTES or len(batch) >= 10 * MOST_SPANS):
            yield batch
            batch, spans, size = [], 0, 0
        batch.append((item, each))
        spans, size = spans + (each is not None), size + length
    if batch:
        yield batch


class Delivered(NamedTuple):
    """What became of some spans: the first ``done`` of them are over, among them those set aside as ``refused``, each with why.

    ``reply`` says why the others are not; ``rejected`` are those that were taken by a receiver which then did not want them.
    """

    done: int
    refused: Sequence[tuple[Span, str]]
    rejected: int
    reply: Reply


class SpanSender:
    """One SpanSender sends spans and metrics to one destination."""

    def __init__(
        self, destination: Destination, *, post: Post = posting.post, now: Callable[[], int] = timestamps.now
    ) -> None:
        self.destination = destination
        self._form = _FORMS.get(destination.encoding, protobuf)
        self._post = post
        self._now = now
        self.refused_in_row = 0
        """Spans that were refused one after the other until now, perhaps by who sent before."""

    def encoded(self, span: Span) -> bytes:
        """A span as it will be sent."""
        written: bytes = self._form.span(span)
        return written

    def send(self, spans: Sequence[tuple[Span, bytes]]) -> Delivered:
        """Send spans, each beside how it is ``encoded``, that fit into one request."""
        done, rejected, why = 0, 0, ""
        refused: list[tuple[Span, str]] = []
        parts = [spans]
        while parts:
            part = parts.pop()
            reply = self._sent(TRACES, self._form.traces(self.destination.resource, _SCOPE, [each for _, each in part]))
            if reply.what == REFUSED and len(part) > 1:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
                continue
            if reply.what == REFUSED:
                reply = self._set_aside(reply)
                refused += [(part[0][0], reply.reason)] if reply.what == REFUSED else []
            elif reply.what == TAKEN:
                self.refused_in_row = 0
            if reply.what in (AGAIN, STUCK):
                return Delivered(done, refused, rejected, reply)
            done += len(part)
            rejected += max(0, min(reply.refused, len(part)))  # a receiver may say anything
            why = reply.reason if reply.what == TAKEN and reply.reason else why
        return Delivered(done, refused, rejected, Reply(TAKEN, why))

    def _set_aside(self, reply: Reply) -> Reply:
        """What the refusal of a single span means: after many it is not the spans."""
        self.refused_in_row += 1
        if self.refused_in_row <= MOST_REFUSED:
            return reply
        return Reply(STUCK, f"{reply.reason} (so it says of every span: see that the address is exact)")

    def send_metrics(self, metrics: Sequence[Metric]) -> Reply:
        """Send metrics, in one request."""
        return self._sent(METRICS, self._form.metrics(self.destination.resource, _SCOPE, metrics))

    def _sent(self, signal: str, body: bytes) -> Reply:
        destination = self.destination
        url = destination.traces if signal == TRACES else destination.metrics
        if url is None:
            return Reply(STUCK, f"nobody says where {signal} go: set OTEL_EXPORTER_OTLP_ENDPOINT")
        try:
            own = destination.headers_of(signal)
        except secrets.NoSecretError as lacking:
            return Reply(STUCK, str(lacking))
        headers = {**own, **self._usual_headers()}
        outcome = self._post(
            HttpPost(url, gzip.compress(body, 5, mtime=0) if destination.is_gzipped else body, headers),
            destination.environment,
            is_http_allowed=destination.is_http_allowed,
            time_out=destination.time_out,
        )
        return replies.judged(outcome, self._now(), (url, *own.values()))

    def _usual_headers(self) -> Mapping[str, str]:
        compressed = {"Content-Encoding": "gzip"} if self.destination.is_gzipped else {}
        return {
            "Content-Type": self._form.CONTENT_TYPE,
            "User-Agent": f"agent-session-monitor/{__version__}",
            **compressed,
        }
