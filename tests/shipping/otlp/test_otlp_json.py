"""JSON follows OTLP's own rules, and says the same as protobuf."""

from __future__ import annotations

import base64
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.shipping.otlp import otlp_json, protobuf
from session_monitor.shipping.otlp.telemetry import HistogramPoint, Metric, NumberPoint, Span
from tests.shipping.otlp.test_protobuf import SCOPE, attributes, metrics, spans
from tests.support.needs import need_module

IDS = ("traceId", "spanId", "parentSpanId")


def with_base64_ids(value):
    """As protobuf's own JSON has it: ids in base64."""
    if isinstance(value, dict):
        return {
            name: base64.b64encode(bytes.fromhex(each)).decode() if name in IDS else with_base64_ids(each)
            for name, each in value.items()
        }
    return [with_base64_ids(each) for each in value] if isinstance(value, list) else value


def read(request, message):
    """What protobuf's library makes of it."""
    parser = need_module("google.protobuf.json_format", (3, 9))
    return parser.ParseDict(with_base64_ids(json.loads(request)), message())


@given(st.lists(spans, max_size=3), attributes)
def test_spans_are_the_same_in_both(some, resource):
    """Protobuf's library reads the same request from either."""
    traces = need_module("opentelemetry.proto.collector.trace.v1.trace_service_pb2", (3, 9))
    message = traces.ExportTraceServiceRequest

    as_json = read(otlp_json.traces(resource, SCOPE, map(otlp_json.span, some)), message)
    assert as_json == message.FromString(protobuf.traces(resource, SCOPE, map(protobuf.span, some)))


@given(st.lists(metrics, max_size=3))
def test_metrics_are_the_same_in_both(some):
    """Protobuf's library reads the same request from either."""
    service = need_module("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2", (3, 9))
    message = service.ExportMetricsServiceRequest

    as_json = read(otlp_json.metrics({}, SCOPE, some), message)
    assert as_json == message.FromString(protobuf.metrics({}, SCOPE, some))


def test_as_the_specification_writes_it():
    """Ids are hexadecimal, 64 bits are text, constants are numbers, and names are in camel case."""
    told = {"a": 1, "b": 0.5, "c": True, "d": b"\xff", "e": ["x"], "f": {"g": "h"}}
    span = Span(b"\xab" * 16, b"\xcd" * 8, b"\xef" * 8, "chat m", 10**18, 10**18 + 1, told, "429 too many")

    assert json.loads(otlp_json.traces({"service.name": "s"}, SCOPE, [otlp_json.span(span)])) == {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "s"}}]},
                "scopeSpans": [
                    {
                        "scope": {"name": "agent-session-monitor", "version": "1.2.3"},
                        "spans": [
                            {
                                "traceId": "ab" * 16,
                                "spanId": "cd" * 8,
                                "parentSpanId": "ef" * 8,
                                "name": "chat m",
                                "kind": 3,
                                "startTimeUnixNano": "1000000000000000000",
                                "endTimeUnixNano": "1000000000000000001",
                                "attributes": [
                                    {"key": "a", "value": {"intValue": "1"}},
                                    {"key": "b", "value": {"doubleValue": 0.5}},
                                    {"key": "c", "value": {"boolValue": True}},
                                    {"key": "d", "value": {"bytesValue": "/w=="}},
                                    {"key": "e", "value": {"arrayValue": {"values": [{"stringValue": "x"}]}}},
                                    {
                                        "key": "f",
                                        "value": {
                                            "kvlistValue": {"values": [{"key": "g", "value": {"stringValue": "h"}}]}
                                        },
                                    },
                                ],
                                "status": {"message": "429 too many", "code": 2},
                            }
                        ],
                    }
                ],
            }
        ]
    }


def test_metrics_as_the_specification_writes_them():
    """Sums are cumulative and grow, histograms are cumulative, and what is of now is a gauge."""
    some = [
        Metric("sums", "{token}", "d", [NumberPoint({}, 1, 2, 3)]),
        Metric("times", "s", "", [HistogramPoint({}, 1, 2, [1, 2], [0.5], 4.0)]),
        Metric("now", "1", "", [NumberPoint({}, 0, 2, 0.5)], is_gauge=True),
    ]
    request = json.loads(otlp_json.metrics({}, SCOPE, some))
    sums, times, now = request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]

    assert (sums["sum"]["aggregationTemporality"], sums["sum"]["isMonotonic"]) == (2, True)
    assert sums["sum"]["dataPoints"][0]["asInt"] == "3"
    point = times["histogram"]["dataPoints"][0]
    assert (point["count"], point["sum"], point["bucketCounts"], point["explicitBounds"]) == (
        "3",
        4.0,
        ["1", "2"],
        [0.5],
    )
    assert now["gauge"]["dataPoints"][0]["asDouble"] == 0.5


@pytest.mark.parametrize(("number", "word"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_numbers_that_json_has_not(number, word):
    """They are words, as protobuf's JSON has them."""
    span = json.loads(otlp_json.span(Span(b"", b"", b"", "n", 1, 2, {"n": number})))
    assert span["attributes"] == [{"key": "n", "value": {"doubleValue": word}}]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"{}", (0, "")),
        (b'{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}', (3, "too old")),
        (b'{"partialSuccess":{"rejectedDataPoints":2}}', (2, "")),
        (b'{"partialSuccess":null}', (0, "")),
        (b"{", (0, "")),
    ],
)
def test_what_was_not_taken(answer, told):
    """How many a receiver did not want, and why, is read from its answer."""
    assert otlp_json.refused(answer) == told
