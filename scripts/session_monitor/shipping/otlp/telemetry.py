"""What is a span, and what is a metric?  As OpenTelemetry has them, without how they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional, Union

Attributes = Mapping[str, Any]
"""Names, and texts, flags, numbers, bytes, or lists and mappings of these."""
SMALLEST, LARGEST = -(1 << 63), (1 << 63) - 1
"""The numbers that have 64 bits: others are sent as text."""


class Span(NamedTuple):
    """One call.  Times are nanoseconds since 1970; ``parent_id`` is empty for the first call of a trace, ``error`` None without one."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    name: str
    start: int
    end: int
    attributes: Attributes
    error: Optional[str] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too


class NumberPoint(NamedTuple):
    """A sum since ``start``, or a value, at a time."""

    attributes: Attributes
    start: int
    time: int
    value: Union[int, float]  # noqa: UP007 -- as above


class HistogramPoint(NamedTuple):
    """How many values since ``start`` were up to each of the ``bounds``, and beyond the last; ``total`` is their sum."""

    attributes: Attributes
    start: int
    time: int
    counts: Sequence[int]
    bounds: Sequence[float]
    total: Optional[float] = None  # noqa: UP045 -- as above


class Metric(NamedTuple):
    """Numbers under one name: sums that only grow, or histograms, both since the first call; or values of now (``is_gauge``)."""

    name: str
    unit: str
    description: str
    points: Sequence[Union[NumberPoint, HistogramPoint]]  # noqa: UP007 -- as above
    is_gauge: bool = False


def sent_text(text: str) -> str:
    """A text that has UTF-8: half a surrogate pair becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
