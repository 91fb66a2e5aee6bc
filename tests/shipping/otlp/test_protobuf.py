"""What is written by hand is what protobuf's own library reads, and writes again byte for byte."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.shipping.otlp import otlp_json, protobuf, wire
from session_monitor.shipping.otlp.telemetry import LARGEST, SMALLEST, HistogramPoint, Metric, NumberPoint, Span
from tests.support.needs import need_module
from tests.support.otlp_receiver import value_of

SCOPE = ("agent-session-monitor", "1.2.3")

texts = st.text(max_size=20)
valid_texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
whole_numbers = st.integers(SMALLEST, LARGEST)
scalars = st.one_of(valid_texts, st.booleans(), whole_numbers, st.floats(allow_nan=False), st.binary(max_size=9))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(valid_texts, inner, max_size=3),
    max_leaves=5,
)
attributes = st.dictionaries(valid_texts, values, max_size=4)
times = st.integers(0, (1 << 64) - 1)
spans = st.builds(
    Span,
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=8, max_size=8),
    st.sampled_from([b"", b"12345678"]),
    valid_texts,
    times,
    times,
    attributes,
    st.none() | valid_texts,
)


@pytest.fixture(scope="module")
def proto():
    """The library's classes for requests with spans and with metrics, and for the answer."""
    traces = need_module("opentelemetry.proto.collector.trace.v1.trace_service_pb2", (3, 9))
    metrics = need_module("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2", (3, 9))
    return traces.ExportTraceServiceRequest, metrics.ExportMetricsServiceRequest, traces.ExportTraceServiceResponse


@given(st.lists(spans, max_size=3), attributes)
def test_spans(proto, some, resource):
    """Every attribute, time, id and status arrives, and the library would have written the same bytes."""
    request = protobuf.traces(resource, SCOPE, map(protobuf.span, some))
    read = proto[0].FromString(request)

    assert read.SerializeToString(deterministic=True) == request
    (of_resource,) = read.resource_spans
    (of_scope,) = of_resource.scope_spans
    assert {each.key: value_of(each.value) for each in of_resource.resource.attributes} == resource
    assert (of_scope.scope.name, of_scope.scope.version) == SCOPE
    assert [
        Span(
            *(each.trace_id, each.span_id, each.parent_span_id, each.name),
            *(each.start_time_unix_nano, each.end_time_unix_nano),
            {pair.key: value_of(pair.value) for pair in each.attributes},
            each.status.message if each.status.code == 2 else None,
        )
        for each in of_scope.spans
    ] == some
    assert {each.kind for each in of_scope.spans} <= {3}


number_points = st.builds(NumberPoint, attributes, times, times, whole_numbers | st.floats(allow_nan=False))
histogram_points = st.builds(
    lambda own, start, time, pairs, total: HistogramPoint(
        own, start, time, [count for count, _ in pairs] + [1], sorted(bound for _, bound in pairs), total
    ),
    attributes,
    times,
    times,
    st.lists(st.tuples(st.integers(0, 1 << 40), st.floats(0, 1e6)), max_size=4),
    st.none() | st.floats(0, 1e9),
)
metrics = st.one_of(
    st.builds(Metric, valid_texts, valid_texts, valid_texts, st.lists(number_points, max_size=3), st.booleans()),
    st.builds(
        Metric,
        *(valid_texts, valid_texts, valid_texts),
        st.lists(histogram_points, min_size=1, max_size=3),
        st.just(False),
    ),
)


@given(st.lists(metrics, max_size=3))
def test_metrics(proto, some):
    """Every number arrives, cumulative, and the library would have written the same bytes."""
    request = protobuf.metrics({}, SCOPE, some)
    read = proto[1].FromString(request)

    assert read.SerializeToString(deterministic=True) == request
    for metric, told in zip(some, read.resource_metrics[0].scope_metrics[0].metrics):
        assert (told.name, told.unit, told.description) == (metric.name, metric.unit, metric.description)
        data = getattr(told, told.WhichOneof("data"))
        for point, each in zip(metric.points, data.data_points):
            assert (each.start_time_unix_nano, each.time_unix_nano) == (point.start, point.time)
            if isinstance(point, HistogramPoint):
                assert (list(each.bucket_counts), list(each.explicit_bounds)) == (point.counts, point.bounds)
                assert each.count == sum(point.counts)
                assert (each.sum if each.HasField("sum") else None) == point.total
            else:
                assert getattr(each, each.WhichOneof("value")) == point.value
        if not metric.is_gauge:
            assert data.aggregation_temporality == 2


@given(texts)
def test_half_a_surrogate_pair(proto, text):
    """Whatever text a client sent, the request can be read."""
    span = Span(b"1" * 16, b"2" * 8, b"", text, 1, 2, {text: text}, text)
    for form in (protobuf, otlp_json):
        form.traces({}, SCOPE, [form.span(span)]).decode("utf-8", "strict" if form is otlp_json else "replace")
    assert proto[0].FromString(protobuf.traces({}, SCOPE, [protobuf.span(span)]))


@pytest.mark.parametrize("number", [LARGEST + 1, SMALLEST - 1, 10**30])
def test_a_number_of_more_than_64_bits(proto, number):
    """It is sent as text: cut off it would be another number."""
    span = Span(b"1" * 16, b"2" * 8, b"", "n", 1, 2, {"n": number})
    read = proto[0].FromString(protobuf.traces({}, SCOPE, [protobuf.span(span)]))
    assert read.resource_spans[0].scope_spans[0].spans[0].attributes[0].value.string_value == str(number)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_numbers_that_are_none(proto, number):
    """They arrive as they are."""
    span = Span(b"1" * 16, b"2" * 8, b"", "n", 1, 2, {"n": number})
    read = proto[0].FromString(protobuf.traces({}, SCOPE, [protobuf.span(span)]))
    (pair,) = read.resource_spans[0].scope_spans[0].spans[0].attributes
    assert repr(pair.value.double_value) == repr(number)


@given(st.integers(0, LARGEST), valid_texts)
def test_what_was_not_taken(proto, count, why):
    """How many spans a receiver did not want, and why, is read from its answer."""
    answer = proto[2]()
    answer.partial_success.rejected_spans, answer.partial_success.error_message = count, why
    assert protobuf.refused(answer.SerializeToString()) == (count, why)


@given(st.binary(max_size=30))
def test_an_answer_that_is_none(answer):
    """Whatever comes back, nothing fails."""
    count, why = protobuf.refused(answer)
    assert (count >= 0, isinstance(why, str)) == (True, True)
    assert otlp_json.refused(answer) == (0, "")


@given(st.integers(-(1 << 63), (1 << 64) - 1))
def test_varints(number):
    """What is written as a varint is read as the same 64 bits."""
    ((field, value),) = wire.fields(wire.number(7, number))
    assert (field, value) == (7, number % (1 << 64))
