"""What do the web servers of both sides answer to a request?"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import time
from collections.abc import Sequence
from typing import NamedTuple

from tests.campaigns.same_answers.masks import OF_WEB, UNLIKE_HEADERS, masked
from tests.campaigns.same_answers.programs import PATIENCE, SERVER, ended, started

_NOT_YET = (b"making_index", b"making_search_index", b"not_yet")
"""Codes of answers that ask to come again."""


class Reply(NamedTuple):
    """What a server answered; status 0 where it did not."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def told(self, unlike=UNLIKE_HEADERS):
        """All of it as one text, but for some headers."""
        kept = [f"{name}: {value}" for name, value in self.headers if name.lower() not in unlike]
        return b"%d\n%s\n%s" % (self.status, self.body, "\n".join(kept).encode())


@contextlib.contextmanager
def serving(campaign, data, *options):
    """Both sides' web servers over a data folder; gives their ports.  What they printed is compared at the end."""
    words = ["--data-dir", data, "--host", "127.0.0.1", "--port", "0", *options]
    with contextlib.ExitStack() as stack:
        processes = []
        for side in campaign.sides:
            lines = stack.enter_context(open(side.home / "access-lines", "wb"))
            processes.append(started(side, SERVER, words, stderr=lines))
        try:
            heads = [process.stdout.readline() for process in processes]
            addresses = [re.search(rb":(\d+)/", head) for head in heads]
            if not addresses[0]:
                raise SystemExit(f"the web server of BEFORE does not start over {data}")
            yield tuple(int(address[1]) if address else 0 for address in addresses)  # nobody answers at port 0
        finally:
            for process in processes:
                process.terminate()
            outcomes = [ended(process) for process in processes]
    kind = "outputs of servers"
    printed = [masked(OF_WEB, "stdout", head + outcome.stdout) for head, outcome in zip(heads, outcomes)]
    campaign.verdict.compare(kind, f"{data}, stdout", *printed)
    campaign.verdict.compare(kind, f"{data}, exit code", *(outcome.code for outcome in outcomes))
    campaign.verdict.compare(kind, f"{data}, access lines", *campaign.both(_access_lines))


def _access_lines(side):
    """The server's access lines, in no order, since each request is told by a thread of its own.

    How long somebody listened to events, and how often an answer was "not yet", is a matter of time.
    """
    lines = (side.home / "access-lines").read_bytes().splitlines()
    kept = [line for line in lines if b"/events " not in line and not re.search(rb" 503 \d+ [\d.]+ms$", line)]
    return b"\n".join(sorted(masked(OF_WEB, "stderr", line) for line in kept))


def fetch(port, path, method="GET", headers=None):
    """The answer to a request, waited for where the server asks for that."""
    end = time.monotonic() + PATIENCE
    while True:
        reply = _fetched(port, path, method, headers or {}, lambda response: response.read())
        is_final = reply.status != 503 or not any(code in reply.body for code in _NOT_YET)
        if is_final or time.monotonic() > end:
            return reply
        time.sleep(0.2)


def first_event(port, path):
    """The answer to a request for events, up to the first of them."""
    return _fetched(port, path, "GET", {}, _up_to_an_event)


def _up_to_an_event(response):
    if response.status != 200:
        return response.read()
    lines = []
    while not (lines and not lines[-1].strip() and any(line.startswith(b"event:") for line in lines)):
        lines.append(response.readline())
        if not lines[-1]:
            break
    return b"".join(lines)


def _fetched(port, path, method, headers, read):
    sent = {"Host": "localhost", **headers}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            return Reply(response.status, response.getheaders(), read(response))
        except (OSError, http.client.HTTPException) as error:
            return Reply(0, (), repr(error).encode())


def sent_raw(port, request):
    """All that comes back for some bytes, until the server closes."""
    answer = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        while more := connection.recv(65_536):
            answer += more
    return re.sub(rb"(?m)^Date: .*\r$", b"Date: *\r", answer)
