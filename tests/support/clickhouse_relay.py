"""A relay between who ships and a ClickHouse server, which plays what a network may do, and kills who ships at that moment."""

from __future__ import annotations

import collections
import contextlib
import gzip
import http.client
import http.server
import re
import threading

PASS, DOWN, CUT, PARTS, BEFORE, BEHIND = "pass", "down", "cut", "too many parts", "killed before", "killed behind"
"""Passed on; or nothing listens, the answer is cut, too many parts, and who ships is killed before the server has the rows, or
behind that, when nobody knows that it has them."""
_GATEWAY = re.compile(rb'"gateway":"([^"]*)"')


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Who is killed leaves connections open."""


class Relay:
    """``play`` is what it does with the next request that puts rows in, and ``victim`` the process that it kills."""

    def __init__(self, port):
        self.server_port = port
        self.play = PASS
        self.victim = None
        self.played = collections.Counter()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                with contextlib.suppress(OSError):
                    relay.passed(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_):
                pass

        return Handler

    def next_play(self, _body):
        """What is played with rows that come, and whom it kills."""
        play, self.play = self.play, PASS
        return play, self.victim

    def passed(self, handler, body):
        """Pass a request on, unless something is played."""
        play, victim = PASS, None
        if "INSERT+INTO+rounds" in handler.path:
            play, victim = self.next_play(body)
            self.played[play] += 1
        if play in (DOWN, BEFORE):
            _kill(play, victim)
            handler.close_connection = True
            return
        if play == PARTS:
            _answer(handler, 500, b"Code: 252. DB::Exception: Too many parts (3000). (TOO_MANY_PARTS)")
            return
        server = http.client.HTTPConnection("127.0.0.1", self.server_port, timeout=300)
        with contextlib.closing(server):
            headers = {name: value for name, value in handler.headers.items() if name.lower() != "host"}
            server.request("POST", handler.path, body, headers)
            answer = server.getresponse()
            status, said = answer.status, answer.read()
        if play in (CUT, BEHIND):
            _kill(play, victim)
            handler.close_connection = True
            return
        _answer(handler, status, said)


class FleetRelay(Relay):
    """The same for many who ship: ``plays`` has what is played next with a gateway's rows, and ``victims`` its process."""

    def __init__(self, port):
        super().__init__(port)
        self.plays = {}
        self.victims = {}

    def next_play(self, body):
        """As of one, by the gateway that the rows name."""
        text = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
        gateway = _GATEWAY.search(text)[1].decode()
        return self.plays.pop(gateway, PASS), self.victims.get(gateway)


def _kill(play, victim):
    if play in (BEFORE, BEHIND) and victim is not None:
        victim.kill()
        victim.wait()


def _answer(handler, status, said):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(said)))
    handler.end_headers()
    handler.wfile.write(said)
