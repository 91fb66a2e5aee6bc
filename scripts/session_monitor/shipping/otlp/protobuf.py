"""How are requests written as protobuf, and what does an answer in it say?

The numbers are those of opentelemetry-proto (https://github.com/open-telemetry/opentelemetry-proto).  Fields stand in the
order of their numbers, and those that have their default are left out, as every protobuf library writes them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import wire
from .telemetry import LARGEST, SMALLEST, Attributes, HistogramPoint, Metric, NumberPoint, Span, sent_text
from .wire import delimited, double, fixed, number, packed_doubles, packed_fixed, signed, text

CONTENT_TYPE = "application/x-protobuf"
_CLIENT = 3
_ERROR = 2
_CUMULATIVE = 2


def span(each: Span) -> bytes:
    """One span."""
    parts = [delimited(1, each.trace_id), delimited(2, each.span_id)]
    if each.parent_id:
        parts.append(delimited(4, each.parent_id))
    if each.name:
        parts.append(text(5, sent_text(each.name)))
    parts += (number(6, _CLIENT), _time(7, each.start), _time(8, each.end), _attributes(9, each.attributes))
    if each.error is not None:
        parts.append(delimited(15, (text(2, sent_text(each.error)) if each.error else b"") + number(3, _ERROR)))
    return b"".join(parts)


def traces(resource: Attributes, scope: tuple[str, str], spans: Iterable[bytes]) -> bytes:
    """A request with these spans, each as ``span`` writes it."""
    return _request(resource, scope, (delimited(2, each) for each in spans))


def metrics(resource: Attributes, scope: tuple[str, str], each: Iterable[Metric]) -> bytes:
    """A request with these metrics."""
    return _request(resource, scope, (delimited(2, _metric(metric)) for metric in each))


def _request(resource: Attributes, scope: tuple[str, str], rest: Iterable[bytes]) -> bytes:
    """One resource with one scope: what is told, by whom, in which version."""
    told = delimited(1, b"".join(text(field, word) for field, word in enumerate(scope, 1) if word))
    of_scope = b"".join((told, *rest))
    return delimited(1, delimited(1, _attributes(1, resource)) + delimited(2, of_scope))


def _metric(metric: Metric) -> bytes:
    words = (metric.name, metric.description, metric.unit)
    parts = [text(field, word) for field, word in enumerate(words, 1) if word]
    points = b"".join(delimited(1, _point(point)) for point in metric.points)
    if metric.is_gauge:
        return b"".join((*parts, delimited(5, points)))
    if any(isinstance(point, HistogramPoint) for point in metric.points):
        return b"".join((*parts, delimited(9, points + number(2, _CUMULATIVE))))
    return b"".join((*parts, delimited(7, points + number(2, _CUMULATIVE) + number(3, 1))))


def _point(point: NumberPoint | HistogramPoint) -> bytes:
    times = _time(2, point.start) + _time(3, point.time)
    if isinstance(point, NumberPoint):
        is_whole = isinstance(point.value, int)
        value = signed(6, int(point.value)) if is_whole else double(4, point.value)
        return times + value + _attributes(7, point.attributes)
    count = sum(point.counts)
    parts = [times, fixed(4, count) if count else b""]
    if point.total is not None:
        parts.append(double(5, point.total))
    if point.counts:
        parts.append(packed_fixed(6, point.counts))
    if point.bounds:
        parts.append(packed_doubles(7, point.bounds))
    return b"".join((*parts, _attributes(9, point.attributes)))


def _time(field: int, nanoseconds: int) -> bytes:
    return fixed(field, nanoseconds) if nanoseconds else b""


def _attributes(field: int, attributes: Attributes) -> bytes:
    return b"".join(delimited(field, _pair(name, value)) for name, value in attributes.items())


def _pair(name: str, value: Any) -> bytes:
    if isinstance(value, (str, int)) and (isinstance(value, int) or len(value) <= _SHORT):
        return _known_pair(name, value)
    return _key(name) + delimited(2, _value(value))


_SHORT = 100


@functools.lru_cache(1 << 14, typed=True)
def _known_pair(name: str, value: str | int) -> bytes:
    """A pair that many spans have."""
    return _key(name) + delimited(2, _value(value))


@functools.lru_cache(1 << 10)
def _key(name: str) -> bytes:
    return text(1, sent_text(name)) if name else b""


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        return text(1, sent_text(value))
    if isinstance(value, bytes):
        return delimited(7, value)
    if isinstance(value, Mapping):
        return delimited(6, _attributes(1, value))
    return _number(value) if isinstance(value, (int, float)) else delimited(5, _values(value))


def _number(value: Any) -> bytes:
    if isinstance(value, bool):
        return number(2, int(value))
    if isinstance(value, float):
        return double(4, value)
    return number(3, value) if SMALLEST <= value <= LARGEST else text(1, str(value))


def _values(values: Sequence[Any]) -> bytes:
    return b"".join(delimited(1, _value(each)) for each in values)


def refused(answer: bytes) -> tuple[int, str]:
    """How many of what came the receiver says that it did not take, and why; 0 where it says nothing of the kind."""
    try:
        partial = next((value for field, value in wire.fields(answer) if field == 1), b"")
        told = dict(wire.fields(partial)) if isinstance(partial, bytes) else {}
    except wire.BadMessageError:
        return 0, ""
    count, why = told.get(1, 0), told.get(2, b"")
    return (
        count if isinstance(count, int) and count <= LARGEST else 0,
        why.decode("utf-8", "replace") if isinstance(why, bytes) else "",
    )
