"""What is a metric, and which are there?

Names, kinds and words stand in ``families.json``.  A value is text where a number of Python's would round it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Union

from session_monitor.base import data_tables

Labels = tuple[tuple[str, str], ...]
"""Names with their values; an empty value is the same as no label."""
Value = Union[int, float, str]
COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"


class MetricSample(NamedTuple):
    """One number: ``suffix`` stands behind the metric's name, as ``_bucket`` of a histogram."""

    labels: Labels
    value: Value
    suffix: str = ""


class MetricFamily(NamedTuple):
    """One metric with all that there is of it; ``kind`` is ``COUNTER``, ``GAUGE`` or ``HISTOGRAM``."""

    name: str
    kind: str
    about: str
    samples: Sequence[MetricSample]

    def to_json(self) -> dict[str, Any]:
        """For JSON; values are text, since 0.1 dollars are not a float's 0.1."""
        samples = [
            {"name": self.name + each.suffix, "labels": dict(each.labels), "value": str(each.value)}
            for each in self.samples
        ]
        return {"name": self.name, "type": self.kind, "help": self.about, "samples": samples}


def known() -> dict[str, tuple[str, str]]:
    """Each metric that there can be, with its kind and what it tells."""
    table: dict[str, list[str]] = data_tables.beside(__file__, "families.json")
    return {name: (kind, about) for name, (kind, about) in table.items()}


def made(samples: Iterable[tuple[str, MetricSample]]) -> list[MetricFamily]:
    """The metrics that have samples, which come with their names in any order, in the table's order."""
    by_name: dict[str, list[MetricSample]] = {}
    for name, sample in samples:
        by_name.setdefault(name, []).append(sample)
    return [
        MetricFamily(name, kind, about, by_name.pop(name)) for name, (kind, about) in known().items() if name in by_name
    ]
