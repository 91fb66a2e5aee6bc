"""What Prometheus reads is what OpenTelemetry is sent: the same numbers, under its names."""

from __future__ import annotations

import pytest

from session_monitor.metrics import otlp_form, scrape
from session_monitor.reports.report import Report
from tests.support.calls import BOOK
from tests.support.webserving import SAMPLE, ingest

SINCE, NOW = 1_769_938_000_000, 1_796_000_000_000


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The sessions of the sample."""
    return ingest(SAMPLE, tmp_path_factory.mktemp("sample") / "sessions")


def test_the_same_numbers(sample):
    """Every metric is there, every number of it, and counts begin with the first call."""
    families = scrape.Scrapes(str(sample)).families(Report(str(sample), BOOK, now=NOW), NOW)
    metrics = {metric.name: metric for metric in otlp_form.metrics(families, SINCE, NOW)}
    by_family = {family.name: family for family in families}

    tokens = metrics["gen_ai.client.inference.usage.input_tokens"]
    plain = by_family["asm_input_tokens_total"].samples
    assert [point.value for point in tokens.points] == [each.value for each in plain]
    assert {point.attributes["gen_ai.request.model"] for point in tokens.points if point.attributes} == {
        dict(each.labels)["model"] for each in plain if dict(each.labels)["model"]
    }
    assert {(point.start, point.time) for point in tokens.points} == {(SINCE * 10**6, NOW * 10**6)}
    assert (tokens.unit, tokens.is_gauge, metrics["asm.sessions"].is_gauge) == ("{token}", False, True)
    assert sum(point.value for point in metrics["asm.rounds"].points) == 35
    cost = sum(float(each.value) for each in by_family["asm_cost_usd_total"].samples)
    assert sum(point.value for point in metrics["asm.cost_usd"].points) == cost


def test_histograms(sample):
    """Counts are by span there, and up to each limit in Prometheus; older and newer names have the same."""
    families = scrape.Scrapes(str(sample)).families(Report(str(sample), BOOK, now=NOW), NOW)
    metrics = {metric.name: metric for metric in otlp_form.metrics(families, SINCE, NOW)}
    (plain,) = (family for family in families if family.name == "asm_request_duration_seconds")
    points = metrics["gen_ai.client.inference.duration"].points

    counts = [int(each.value) for each in plain.samples if each.suffix == "_count"]
    assert [sum(point.counts) for point in points] == counts
    assert all(len(point.counts) == len(point.bounds) + 1 for point in points)
    sums = [float(each.value) for each in plain.samples if each.suffix == "_sum"]
    assert [point.total for point in points] == sums
    assert metrics["gen_ai.client.operation.duration"].points == points
