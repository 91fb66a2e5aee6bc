"""How do metrics read as OpenTelemetry has them: cumulative sums and histograms since the first call, and values of now?

Names stand in ``otlp_names.json``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from session_monitor.base import data_tables
from session_monitor.shipping.otlp.telemetry import HistogramPoint, Metric, NumberPoint

from .families import GAUGE, HISTOGRAM, Labels, MetricFamily, MetricSample

_MILLION = 1_000_000
_BUCKET, _SUM = "_bucket", "_sum"


def metrics(families: Iterable[MetricFamily], since: int, now: int) -> list[Metric]:
    """The same metrics, which count since a moment; moments are milliseconds since 1970."""
    table: Mapping[str, Any] = data_tables.beside(__file__, "otlp_names.json")
    found: list[Metric] = []
    for family in families:
        known = table["metrics"].get(family.name, {"names": [_own_name(family.name)], "unit": ""})
        is_histogram = family.kind == HISTOGRAM
        points = (_histograms if is_histogram else _numbers)(family.samples, table["labels"])
        times = 0 if family.kind == GAUGE else since * _MILLION, now * _MILLION
        placed = [each._replace(start=times[0], time=times[1]) for each in points]
        is_gauge = family.kind == GAUGE
        found += (Metric(name, known["unit"], family.about, placed, is_gauge) for name in known["names"])
    return found


def _own_name(name: str) -> str:
    short = name[len("asm_") :]
    return f"asm.{short.removesuffix('_total')}"


def _numbers(samples: Iterable[MetricSample], names: Mapping[str, str]) -> Iterator[NumberPoint]:
    for sample in samples:
        yield NumberPoint(_attributes(sample.labels, names), 0, 0, _number(sample.value))


def _histograms(samples: Iterable[MetricSample], names: Mapping[str, str]) -> Iterator[HistogramPoint]:
    """A point for the samples that have the same labels but for their limits, which follow each other."""
    for labels, each in itertools.groupby(samples, lambda sample: _without_limit(sample.labels)):
        parts = list(each)
        totals = [(dict(part.labels)["le"], int(part.value)) for part in parts if part.suffix == _BUCKET]
        total = next((float(part.value) for part in parts if part.suffix == _SUM), None)
        counts = [number - before for (_, number), before in zip(totals, (0, *(number for _, number in totals)))]
        bounds = [float(limit) for limit, _ in totals if limit != "+Inf"]
        yield HistogramPoint(_attributes(labels, names), 0, 0, counts, bounds, total)


def _without_limit(labels: Labels) -> Labels:
    return tuple(each for each in labels if each[0] != "le")


def _attributes(labels: Sequence[tuple[str, str]], names: Mapping[str, str]) -> dict[str, str]:
    return {names.get(name, f"asm.{name}"): value for name, value in labels if value}


def _number(value: Any) -> int | float:
    return value if isinstance(value, (int, float)) else float(value)
