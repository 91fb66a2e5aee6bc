"""What do calls add up to, by model and consumer, in counts that can be added and compared one by one?

One row of whole numbers (``FIELDS``) for each pair of names: what is a histogram in the end is here a count for each of its
spans.  Times come from the index's own histograms, whose buckets are less than 1 % wide (``index.tables.latencies``).
"""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from session_monitor.index.database import Index
from session_monitor.index.tables import latencies
from session_monitor.index.tables.schema import SLOT
from session_monitor.prices import money
from session_monitor.text import safe

from .families import Labels, MetricSample

Pair = tuple[str, str]
"""The label of a model and of a consumer, empty where the log names none."""
Row = list[int]
Rows = dict[Pair, Row]

LONGEST_LABEL = 100
"""Characters of a name; longer ones that begin alike count together."""
LIMITS = ("0.1", "0.25", "0.5", "1", "2.5", "5", "10", "20", "40", "80", "160", "320")
"""The upper ends of the spans of time, in seconds, always written like this; behind the last one comes another span."""

_SPANS = len(LIMITS) + 1
_ENDS = [1000 * float(limit) for limit in LIMITS]
OUTCOMES = ("ok", "failed", "left")
_TOKENS = ("input", "cached_input", "cache_untold_input", "output", "reasoning_output")
_UNPRICED = ("no_price", "no_tokens", "partly_told")
_TIMES = ("first_token", "request_duration")
_COUNTS = (*OUTCOMES, *_TOKENS, "lower_bound", "cost", *_UNPRICED)
FIELDS = (*_COUNTS, *(f"{name}_{at}" for name in _TIMES for at in (*range(_SPANS), "half_ms")))
"""The numbers of a row: cost in pico-dollars; of times a count for each span, and their sum in half milliseconds."""
_AT = {name: at for at, name in enumerate(FIELDS)}
_FIRST_TIME = len(_COUNTS)
_OF_TIME = _SPANS + 1

_SUMS = (
    "SELECT model, consumer, sum(calls - failed - left_calls), sum(failed), sum(left_calls), sum(fresh + read + written), "
    "sum(read), sum(cache_untold), sum(visible + reasoning), sum(reasoning), sum(at_least), sum(usd), sum(pico), "
    "sum(unpriced - without_tokens - partly_told), sum(without_tokens), sum(partly_told) "
    "FROM total GROUP BY model, consumer HAVING sum(calls)"
)
_LATENCIES = "SELECT model, consumer, first_token, duration FROM latency WHERE level = ? AND ended = 0"


# -- from the index ----------------------------------------------------------------------------------------------------


def rows(index: Index) -> Rows:
    """A row for each pair of labels that has calls."""
    models, consumers = _labels_of(index, _MODELS), _labels_of(index, _CONSUMERS)
    found: Rows = {}
    empty = [0] * (len(FIELDS) - _FIRST_TIME)
    by_numbers: dict[tuple[int, int], Row] = {}
    for model, consumer, *sums in index.db.execute(_SUMS):
        *counts, usd, pico, no_price, no_tokens, partly_told = sums
        row = [*counts, usd * money.MICRO + pico, no_price, no_tokens, partly_told, *empty]
        by_numbers[model, consumer] = row
    for model, consumer, *kept in index.db.execute(_LATENCIES, (latencies.ALL,)):
        by_numbers[model, consumer][_FIRST_TIME:] = [number for each in kept for number in _spans(each)]
    for (model, consumer), row in by_numbers.items():
        add(found, (models.get(model, ""), consumers.get(consumer, "")), row)
    return found


def recent(index: Index, since: int) -> dict[Pair, int]:
    """How many calls each pair of labels has since a moment in milliseconds, or the half hour in which that is."""
    models, consumers = _labels_of(index, _MODELS), _labels_of(index, _CONSUMERS)
    sql = "SELECT model, consumer, sum(calls) FROM slot WHERE slot >= ? GROUP BY model, consumer"
    found: dict[Pair, int] = {}
    for model, consumer, calls in index.db.execute(sql, (since // SLOT,)):
        pair = models.get(model, ""), consumers.get(consumer, "")
        found[pair] = found.get(pair, 0) + calls
    return found


def add(into: Rows, pair: Pair, row: Sequence[int]) -> None:
    """Count a row in."""
    known = into.get(pair)
    into[pair] = [*row] if known is None else [one + other for one, other in zip(known, row)]


def calls_of(row: Sequence[int]) -> int:
    """How many calls a row counts."""
    return sum(row[: len(OUTCOMES)])


_MODELS, _CONSUMERS = "SELECT id, name FROM model", "SELECT id, name FROM consumer"


def _labels_of(index: Index, names: str) -> dict[int, str]:
    """The labels of names by their numbers, for which this SQL asks: nothing in them steers a terminal, and they are not long."""
    found = {}
    for number, name in index.db.execute(names):
        label = safe.cell(name or "")
        found[number] = label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
    return found


@functools.lru_cache(32_768)
def _spans(kept: bytes | None) -> tuple[int, ...]:
    """One of the index's histograms as counts by ``LIMITS``, and the sum.  Most are as they were at the last scrape."""
    counts = [0] * _OF_TIME
    for bucket, number in latencies.entries(kept):
        value = latencies.value_of(bucket)
        counts[bisect_left(_ENDS, value)] += number
        counts[_SPANS] += round(2 * value) * number
    return tuple(counts)


# -- as samples --------------------------------------------------------------------------------------------------------


def samples(shown: Rows) -> Iterator[tuple[str, MetricSample]]:
    """The metrics of rows: what is told of none of a row's calls is left out, since it is not known to be 0."""
    for (model, consumer), row in sorted(shown.items()):
        labels = ("model", model), ("consumer", consumer)
        calls, no_tokens = calls_of(row), row[_AT["no_tokens"]]
        for outcome in OUTCOMES:
            yield "asm_rounds_total", MetricSample((*labels, ("outcome", outcome)), row[_AT[outcome]])
        for kind in _TOKENS if calls > no_tokens else ():
            if kind != "cached_input" or _is_cache_told(row):
                yield f"asm_{kind}_tokens_total", MetricSample(labels, row[_AT[kind]])
        yield "asm_lower_bound_rounds_total", MetricSample(labels, row[_AT["lower_bound"]])
        if calls > sum(row[_AT[reason]] for reason in _UNPRICED):
            yield "asm_cost_usd_total", MetricSample(labels, money.plain(row[_AT["cost"]]))
        for reason in _UNPRICED:
            yield "asm_unpriced_rounds_total", MetricSample((*labels, ("reason", reason)), row[_AT[reason]])
        for name in reversed(_TIMES):
            start = _FIRST_TIME + _TIMES.index(name) * _OF_TIME
            for sample in _histogram(labels, row[start : start + _OF_TIME]):
                yield f"asm_{name}_seconds", sample


def _is_cache_told(row: Sequence[int]) -> bool:
    """Whether it is told of any prompt how much of it came from a cache."""
    return not 0 < row[_AT["input"]] == row[_AT["cache_untold_input"]]


def _histogram(labels: Labels, counts: Sequence[int]) -> Iterable[MetricSample]:
    """What Prometheus makes quantiles of: how many took no longer than each limit.  Nothing of no calls."""
    *spans, half_milliseconds = counts
    total = 0
    if not any(spans):
        return
    for limit, number in zip((*LIMITS, "+Inf"), spans):
        total += number
        yield MetricSample((*labels, ("le", limit)), total, "_bucket")
    yield MetricSample(labels, f"{half_milliseconds / 2000:.4f}", "_sum")
    yield MetricSample(labels, total, "_count")
