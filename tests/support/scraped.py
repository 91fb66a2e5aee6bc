"""What a scrape says, by a parser of somebody else's, for the tests of metrics."""

from __future__ import annotations

from typing import NamedTuple

from tests.support.needs import need_module


class Series(NamedTuple):
    """One series: its name, and its labels in their order."""

    name: str
    labels: tuple[tuple[str, str], ...]


def parsed(text):
    """Each series of a scrape with its value; none stands there twice."""
    parser = need_module("prometheus_client.parser", (3, 9))
    found = {}
    for family in parser.text_string_to_metric_families(text):
        for sample in family.samples:
            series = Series(sample.name, tuple(sorted(sample.labels.items())))
            assert series not in found, series
            found[series] = sample.value
    return found


def total(found, name, **labels):
    """What the series of this name with these labels add up to."""
    wanted = set(labels.items())
    return sum(value for series, value in found.items() if series.name == name and wanted <= set(series.labels))


def names(found):
    """The names of the series."""
    return {series.name for series in found}
