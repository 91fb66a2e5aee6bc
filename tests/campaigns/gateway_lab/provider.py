"""Who answers in the providers' stead?  A server on loopback that says what was planned for each request id."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
import time
from dataclasses import dataclass, field, replace

from tests.campaigns.gateway_lab import wire
from tests.campaigns.gateway_lab.wire import Answer

MODELS = {"object": "list", "data": [{"id": "gpt-4o", "object": "model"}]}
"""What whoever is not planned for gets."""


@dataclass(frozen=True)
class Reply:
    """An answer and how it reaches the client; ``body`` (or ``parts`` of a stream) instead of one that a model made."""

    answer: Answer | None = None
    status: int = 200
    body: object = None
    parts: tuple = ()
    content_type: str | None = None
    wait: float = 0.0
    pause: float = 0.001
    """Seconds between the events of a stream."""
    tail: float | None = None
    """Seconds between its last event and its end; None: both leave in one packet."""
    packet: int | None = None
    """The network cuts the stream into packets of this many bytes, wherever that is."""
    dies_after: int | None = None
    """The connection breaks after so many events."""
    crlf: bool = False
    zipped: bool = False
    headers: dict = field(default_factory=dict)

    def is_stream(self):
        return bool(self.parts) or (self.answer is not None and self.answer.stream and self.body is None)

    def as_asked(self, path, body):
        """The same from a provider that was asked at this path: in its API's words, whole or streamed."""
        if self.answer is None or self.body is not None or self.parts:
            return self
        api = "anthropic" if "/messages" in path else "openai"
        asked = json.loads(body)
        stream = bool(asked.get("stream"))
        told = not stream or api == "anthropic" or (asked.get("stream_options") or {}).get("include_usage")
        usage = self.answer.usage if told else None
        return replace(self, answer=replace(self.answer, api=api, stream=stream, usage=usage))

    def data(self):
        """The body of what is not streamed."""
        body = wire.whole(self.answer) if self.body is None else self.body
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return gzip.compress(data) if self.zipped else data

    def packets(self):
        """The stream in the pieces that leave on their own."""
        parts = list(self.parts or wire.events(self.answer))
        if self.crlf:
            parts = [part.replace(b"\n", b"\r\n") for part in parts]
        if self.packet is None:
            return parts
        stream = b"".join(parts)
        return [stream[start : start + self.packet] for start in range(0, len(stream), self.packet)]


class Provider:
    """The stand-in; a context manager.  ``planned`` has the replies of each request id, the last one for good.

    ``by_path``: it speaks the API at whose path it is asked, whatever was planned, as one behind ai-proxy has to.
    """

    def __init__(self, *, by_path=False):
        self.planned = {}
        self._by_path = by_path
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._next))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # clients that leave are part of the plan
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exc):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, request_id, path, body):
        replies = self.planned.get(request_id) or [Reply(body=MODELS)]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return reply.as_asked(path, body) if self._by_path else reply


def _handler(next_reply):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

        def log_message(self, *_):
            """Nobody wants to know."""

        def do_POST(self):
            reply = next_reply(self.headers.get("x-request-id", ""), self.path, self._read())
            time.sleep(reply.wait)
            try:
                _send_stream(self, reply) if reply.is_stream() else _send(self, reply)
            except OSError:  # the gateway is gone: its client was
                self.close_connection = True

        do_GET = do_DELETE = do_HEAD = do_OPTIONS = do_POST

        def _read(self):
            if not self.headers.get("transfer-encoding"):
                return self.rfile.read(int(self.headers.get("content-length") or 0))
            body = b""
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

    return Handler


def _send(handler, reply):
    data = reply.data()
    handler.send_response(reply.status)
    handler.send_header("content-type", reply.content_type or "application/json")
    handler.send_header("content-length", str(len(data)))
    if reply.zipped:
        handler.send_header("content-encoding", "gzip")
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(data)


def _send_stream(handler, reply):
    packets = reply.packets()
    handler.send_response(reply.status)
    handler.send_header("content-type", reply.content_type or "text/event-stream; charset=utf-8")
    handler.send_header("transfer-encoding", "chunked")
    handler.end_headers()
    end = b"0\r\n\r\n"
    for number, packet in enumerate(packets, 1):
        last = number == len(packets)
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(packet), packet) + (end if last and reply.tail is None else b""))
        if number == reply.dies_after:
            handler.close_connection = True
            return
        time.sleep((reply.tail or 0) if last else reply.pause)
    if reply.tail is not None:
        handler.wfile.write(end)
