"""How are requests written as JSON, and what does an answer in it say?

As protobuf's own JSON, but ids are hexadecimal and constants are numbers; numbers of 64 bits are texts.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from .telemetry import LARGEST, SMALLEST, Attributes, HistogramPoint, Metric, NumberPoint, Span, sent_text

CONTENT_TYPE = "application/json"
_CLIENT = 3
_ERROR = 2
_CUMULATIVE = 2


def span(each: Span) -> bytes:
    """One span."""
    told: dict[str, Any] = {"traceId": each.trace_id.hex(), "spanId": each.span_id.hex()}
    if each.parent_id:
        told["parentSpanId"] = each.parent_id.hex()
    told.update(
        name=sent_text(each.name),
        kind=_CLIENT,
        startTimeUnixNano=str(each.start),
        endTimeUnixNano=str(each.end),
        attributes=_attributes(each.attributes),
    )
    if each.error is not None:
        told["status"] = {"message": sent_text(each.error), "code": _ERROR}
    return _encoded(told)


def traces(resource: Attributes, scope: tuple[str, str], spans: Iterable[bytes]) -> bytes:
    """A request with these spans, each as ``span`` writes it."""
    about = _encoded({"attributes": _attributes(resource)}), _encoded(dict(zip(("name", "version"), scope)))
    return b'{"resourceSpans":[{"resource":%b,"scopeSpans":[{"scope":%b,"spans":[%b]}]}]}' % (*about, b",".join(spans))


def metrics(resource: Attributes, scope: tuple[str, str], each: Iterable[Metric]) -> bytes:
    """A request with these metrics."""
    of_scope = {"scope": dict(zip(("name", "version"), scope)), "metrics": list(map(_metric, each))}
    about = {"attributes": _attributes(resource)}
    return _encoded({"resourceMetrics": [{"resource": about, "scopeMetrics": [of_scope]}]})


def _metric(metric: Metric) -> dict[str, Any]:
    points: dict[str, Any] = {"dataPoints": list(map(_point, metric.points))}
    told = {"name": metric.name, "description": metric.description, "unit": metric.unit}
    if metric.is_gauge:
        return {**told, "gauge": points}
    points["aggregationTemporality"] = _CUMULATIVE
    if any(isinstance(point, HistogramPoint) for point in metric.points):
        return {**told, "histogram": points}
    return {**told, "sum": {**points, "isMonotonic": True}}


def _point(point: NumberPoint | HistogramPoint) -> dict[str, Any]:
    told: dict[str, Any] = {
        "attributes": _attributes(point.attributes),
        "startTimeUnixNano": str(point.start),
        "timeUnixNano": str(point.time),
    }
    if isinstance(point, NumberPoint):
        is_whole = isinstance(point.value, int)
        return {**told, **({"asInt": str(point.value)} if is_whole else {"asDouble": _double(point.value)})}
    told["count"] = str(sum(point.counts))
    if point.total is not None:
        told["sum"] = _double(point.total)
    return {**told, "bucketCounts": list(map(str, point.counts)), "explicitBounds": list(map(_double, point.bounds))}


def _attributes(attributes: Attributes) -> list[dict[str, Any]]:
    return [{"key": sent_text(name), "value": _value(value)} for name, value in attributes.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": sent_text(value)}
    if isinstance(value, bytes):
        return {"bytesValue": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {"kvlistValue": {"values": _attributes(value)}}
    return _number(value) if isinstance(value, (int, float)) else {"arrayValue": {"values": list(map(_value, value))}}


def _number(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, float):
        return {"doubleValue": _double(value)}
    return {"intValue" if SMALLEST <= value <= LARGEST else "stringValue": str(value)}


def _double(value: float) -> float | str:
    """A number as JSON has it: those that it has not are words."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def refused(answer: bytes) -> tuple[int, str]:
    """How many of what came the receiver says that it did not take, and why; 0 where it says nothing of the kind."""
    try:
        told = json.loads(answer)["partialSuccess"]
        counts = [told[name] for name in ("rejectedSpans", "rejectedDataPoints") if name in told]
        return int(counts[0]) if counts else 0, str(told.get("errorMessage", ""))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return 0, ""
