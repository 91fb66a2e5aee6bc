"""A stand-in for a program that collects spans and metrics over OTLP/HTTP: it reads them with protobuf's own library."""

from __future__ import annotations

import base64
import collections
import contextlib
import gzip
import http.server
import json
import threading
import time
from typing import Any, NamedTuple

from tests.support.needs import need_module

SLOW, CUT, LATE = "slow", "cut", "late"
"""What may be played beside a status: no answer in time, none at all, and none though it was taken."""


class Play(NamedTuple):
    """An answer that is played in place of the usual one."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class GotSpan(NamedTuple):
    """A span that came."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start: int
    end: int
    attributes: dict[str, Any]
    error: str | None


class OtlpReceiver:
    """``spans`` are all that were taken, in order; ``requests`` the path, the headers and the body of all that came."""

    def __init__(self):
        self.traces = need_module("opentelemetry.proto.collector.trace.v1.trace_service_pb2", (3, 9))
        self.metrics_of = need_module("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2", (3, 9))
        self.parser = need_module("google.protobuf.json_format", (3, 9))
        self.plays = collections.deque()
        self.refuses = lambda _span: False
        self.requests = []
        self.spans = []
        self.metrics = []
        self.resources = []
        self.slow = 1.0
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                with contextlib.suppress(OSError):  # who asked may be gone
                    receiver.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_):
                pass

        return Handler

    def answer(self, handler, body):
        """Play what is next, or take what came."""
        headers = {name.lower(): value for name, value in handler.headers.items()}
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.requests.append((handler.path, headers, body))
        play = self.plays.popleft() if self.plays else None
        if play in (SLOW, CUT):
            time.sleep(self.slow if play == SLOW else 0)
            handler.close_connection = True
            return
        if isinstance(play, int):
            play = Play(play)
        if play is None or play == LATE or play.status // 100 == 2:
            refused = self._take(handler.path, headers, body)
            if play == LATE:
                handler.close_connection = True
                return
            play = play or (Play(400, b"one of them is wrong") if refused else Play(200))
        handler.send_response(play.status)
        for name, value in (*play.headers, ("Content-Length", str(len(play.body)))):
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(play.body)

    def _take(self, path, headers, body):
        is_metrics = path.endswith("/v1/metrics")
        service = self.metrics_of.ExportMetricsServiceRequest if is_metrics else self.traces.ExportTraceServiceRequest
        if headers["content-type"] == "application/json":
            request = self.parser.ParseDict(_with_base64_ids(json.loads(body)), service())
        else:
            request = service.FromString(body)
        if is_metrics:
            self.metrics += [
                each for of in request.resource_metrics for in_ in of.scope_metrics for each in in_.metrics
            ]
            return False
        came = [_got(each) for of in request.resource_spans for in_ in of.scope_spans for each in in_.spans]
        if any(map(self.refuses, came)):
            return True
        self.spans += came
        self.resources += [
            {pair.key: value_of(pair.value) for pair in of.resource.attributes} for of in request.resource_spans
        ]
        return False

    def once(self):
        """Each span once, as a collector that knows them by their ids keeps them."""
        return {(span.trace_id, span.span_id): span for span in self.spans}


def _got(span):
    return GotSpan(
        *(span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name),
        *(span.start_time_unix_nano, span.end_time_unix_nano),
        {pair.key: value_of(pair.value) for pair in span.attributes},
        span.status.message if span.status.code == 2 else None,
    )


def value_of(told):
    """A value of an attribute as Python has it."""
    kind = told.WhichOneof("value")
    if kind == "array_value":
        return [value_of(each) for each in told.array_value.values]
    if kind == "kvlist_value":
        return {each.key: value_of(each.value) for each in told.kvlist_value.values}
    return getattr(told, kind)


def _with_base64_ids(value):
    if isinstance(value, dict):
        return {
            name: base64.b64encode(bytes.fromhex(each)).decode()
            if name in ("traceId", "spanId", "parentSpanId")
            else _with_base64_ids(each)
            for name, each in value.items()
        }
    return [_with_base64_ids(each) for each in value] if isinstance(value, list) else value
