"""How do metrics read as Prometheus takes them: text format 0.0.4?

All lines of a metric together, what it is first; every line ends with a line feed.  No time stands behind a value: then
Prometheus would not notice that a series ended.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from .families import Labels, MetricFamily

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus 3 takes no answer whose type it does not know."""

_IN_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})
_IN_LABEL = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def text(families: Iterable[MetricFamily]) -> str:
    """All of them; nothing for none."""
    return "".join(line for family in families for line in _lines(family))


def _lines(family: MetricFamily) -> Iterator[str]:
    yield f"# HELP {family.name} {family.about.translate(_IN_HELP)}\n"
    yield f"# TYPE {family.name} {family.kind}\n"
    written: dict[Labels, str] = {}
    for labels, value, suffix in family.samples:
        if labels not in written:
            written[labels] = _labels(labels)
        yield f"{family.name}{suffix}{written[labels]} {value}\n"


def _labels(labels: Labels) -> str:
    there = ",".join([_label(*each) for each in labels if each[1]])
    return f"{{{there}}}" if there else ""


@functools.lru_cache(4096)
def _label(name: str, value: str) -> str:
    return f'{name}="{value.translate(_IN_LABEL)}"'
