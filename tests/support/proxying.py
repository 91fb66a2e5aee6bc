"""The recording proxy before a stand-in for the providers, and what it recorded."""

from __future__ import annotations

import contextlib
import http.client
import json
from pathlib import Path

from session_monitor.base import data_folder
from session_monitor.calls import ai_log
from session_monitor.proxy import routes
from session_monitor.proxy.call import Recorder
from session_monitor.proxy.server import ProxyOptions, RecordingProxy
from tests.support.standin import StandIn
from tests.support.waiting import until

PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
    "gemini": "/v1beta/models/gemini-3.1-pro:generateContent",
}
STREAM_OF_GEMINI = "/v1beta/models/gemini-3.1-pro:streamGenerateContent?alt=sse"
KEY = "sk-a-key-that-nobody-may-see"


class Recorded:
    """A proxy, the stand-in behind it, and the data folder."""

    def __init__(self, standin, proxy, folder):
        self.standin = standin
        self.proxy = proxy
        self.folder = Path(folder)

    def rounds(self, count=None):
        """The calls in the log, in their order; waits until there are so many."""
        if count is not None:
            until(lambda: len(self.lines()) >= count, f"{count} calls are recorded")
        rounds = [ai_log.parse(line) for line in self.lines()]
        assert count is None or len(rounds) == count
        return rounds

    def lines(self):
        """The lines of the log."""
        log = Path(data_folder.recorded_log(str(self.folder)))
        return log.read_bytes().splitlines(keepends=True) if log.exists() else []

    def ask(self, protocol, how="", *, stream=True, through=True, prefix="", headers=(), **body):
        """One call, through the proxy or without it; its answer, and the answer's body."""
        asked = {"model": f"model-of-{protocol}", "messages": [{"role": "user", "content": "hi"}], **body}
        path = PATHS[protocol]
        if protocol == "gemini":
            asked = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}], **body}
            path = STREAM_OF_GEMINI if stream else path
        elif stream:
            asked["stream"] = True
        data = json.dumps(asked).encode()
        more = {"content-type": "application/json", "authorization": f"Bearer {KEY}", "x-standin": how, **dict(headers)}
        return request(self.proxy.port if through else self.standin.port, "POST", prefix + path, data, more)


def request(port, method, path, body=None, headers=()):
    """One request on a connection of its own; its answer, and the answer's body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return response, response.read()


@contextlib.contextmanager
def recorded(folder, *, upstreams=(), environment=(), with_texts=False, on_line=lambda _: None, tls=None, **options):
    """A proxy at work; with ``tls`` in its context, the stand-in is reached under other names alone."""
    with StandIn(tls) as standin:
        urls = [f"openai={standin.url}/v1", f"anthropic={standin.url}", f"gemini={standin.url}", *upstreams]
        recorder = Recorder(str(folder), with_texts=with_texts, on_line=on_line)
        chosen = ProxyOptions(routes.upstreams(urls), dict(environment), **{"port": 0, **options})
        proxy = RecordingProxy(chosen, recorder)
        try:
            yield Recorded(standin, proxy, folder)
        finally:
            proxy.close(patience=0)
