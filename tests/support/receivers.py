"""Stand-ins for the receivers, on this machine: they check as the vendors do, and answer what they are told to play."""

from __future__ import annotations

import collections
import contextlib
import http.server
import json
import threading
import time

from tests.support import vendors
from tests.support.vendors import Answer, Posted, Setup

OK, TOO_FAST, ERROR_IN_BODY, SLOW, CUT, CUT_BODY, REDIRECT, DRIP = (
    *("ok", "too fast", "error in the body", "slow", "cut", "cut body"),
    *("redirect", "drip"),
)
"""What may be played beside a status, which is a number."""
_FAST = {
    "slack": Answer(429, b"rate_limited", headers=(("Retry-After", "7"),)),
    "discord": Answer(429, b'{"message": "You are being rate limited.", "retry_after": 7.5, "global": false}'),
    "dingtalk": Answer(200, b'{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}'),
    "feishu": Answer(400, b'{"code":11232,"msg":"frequency limited"}'),
    "wecom": Answer(200, b'{"errcode":45009,"errmsg":"api freq out of limit"}'),
    "telegram": Answer(429, b'{"ok":false,"error_code":429,"description":"Too Many","parameters":{"retry_after":7}}'),
}
_TOO_FAST = Answer(429, b"too many requests", headers=(("Retry-After", "7"),))
_ERRORS = {
    "slack": Answer(200, b"invalid_payload"),
    "dingtalk": Answer(200, b'{"errcode":310000,"errmsg":"sign not match"}'),
    "feishu": Answer(200, b'{"code":19021,"msg":"sign match fail"}'),
    "wecom": Answer(200, b'{"errcode":93000,"errmsg":"invalid webhook url"}'),
    "telegram": Answer(200, b'{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}'),
}
IN_BODY = tuple(_ERRORS)
"""Those whose 200 may hold an error."""


class StandIn:
    """One receiver of a kind: ``posts`` are all that came, ``taken`` those that it took."""

    def __init__(self, kind, setup=Setup(), context=None):  # noqa: B008 -- nobody changes it
        self.kind = kind
        self.setup = setup
        self.plays = collections.deque()
        self.posts = []
        self.taken = []
        self.slow = 1.0
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def row(self, name="one", **more):
        """The row of .alerts.json that reaches it."""
        return {"name": name, "kind": self.kind, **vendors.options(self.kind, self.url), **more}

    def _handler(self):
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with contextlib.suppress(OSError):  # who asked may be gone
                    stand_in.answer(self, Posted(self.path, headers, body))

            def log_message(self, *_):
                pass

        return Handler

    def answer(self, handler, posted):
        """Play what is next, or else do as the vendor does."""
        with self._lock:
            self.posts.append(posted)
            play = self.plays.popleft() if self.plays else OK
        answer = self._played(play, posted)
        if play in (SLOW, CUT):
            time.sleep(self.slow if play == SLOW else 0)
            handler.close_connection = True
            return
        handler.send_response(answer.status)
        for name, value in answer.headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body) + (100 if play in (CUT_BODY, DRIP) else 0)))
        handler.end_headers()
        for place in range(100 if play == DRIP else 0):
            handler.wfile.write(b"x")
            time.sleep(self.slow / 10 + place * 0)
        handler.wfile.write(answer.body)

    def _played(self, play, posted):
        if isinstance(play, int):
            return Answer(play, b"a secret: " + self.url.encode() + posted.path.encode())
        if play == REDIRECT:
            return Answer(307, headers=(("Location", self.url + posted.path),))
        if play == TOO_FAST:
            return _FAST.get(self.kind, _TOO_FAST)
        if play == ERROR_IN_BODY:
            return _ERRORS[self.kind]
        if play in (SLOW, CUT):
            return Answer(0)
        answer = play if isinstance(play, Answer) else vendors.ALL[self.kind](posted, self.setup)
        if answer.status // 100 == 2:
            self.taken.append((posted, answer))
        return answer

    def told(self):
        """Which deliveries of a webhook it took, by their keys, in order."""
        return [posted.headers["idempotency-key"] for posted, _ in self.taken]

    def titles(self):
        """What a webhook was told, in order."""
        return [json.loads(posted.body)["title"] for posted, _ in self.taken]
