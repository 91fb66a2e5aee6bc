"""Who calls?  The official SDKs, a plain client and an impatient one; each call is written into a ledger."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.campaigns.gateway_lab import ledger
from tests.campaigns.gateway_lab.provider import Reply

PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages", "responses": "/v1/responses"}
PATIENCE = 10
ID = "x-request-id"


@dataclass(frozen=True)
class Call:
    """One call: what is asked, how, and what is answered."""

    what: str
    body: object
    replies: tuple
    """More than one: the client tries again."""
    api: str = "openai"
    how: str = "sdk"
    """"sdk", "plain" (what no SDK would send), or "leaves" (after ``patience`` seconds, or once it got something)."""
    session: object = None
    """The id as text, or as bytes of a header that is no text."""
    header: str = "x-agent-session"
    headers: dict = field(default_factory=dict)
    path: str | None = None
    method: str = "POST"
    patience: float | None = None
    facts: dict = field(default_factory=dict)
    """Of the ledger's row, what does not follow from the above."""


class Clients:
    """They talk to one gateway; ``ledger`` has what they did. A context manager."""

    def __init__(self, name, port, provider):
        self._name, self._port, self._provider = name, port, provider
        self.ledger = []

    def __enter__(self):
        import anthropic  # noqa: PLC0415 - only where it is installed
        import openai  # noqa: PLC0415 - as above

        base = f"http://127.0.0.1:{self._port}"
        self._openai = openai.OpenAI(base_url=f"{base}/v1", api_key="sk-lab", max_retries=0, timeout=PATIENCE)
        self._anthropic = anthropic.Anthropic(base_url=base, api_key="sk-lab", max_retries=0, timeout=PATIENCE)
        self._failures = (openai.APIError, anthropic.APIError)
        return self

    def __exit__(self, *_exc):
        self._openai.close()
        self._anthropic.close()

    def make(self, calls, at_once=1):
        """Make these calls, so many at once; a list among them is made in its order by one client."""
        numbers = itertools.count(len(self.ledger) + 1)
        jobs = [
            [(f"{self._name}-{next(numbers):04}", call) for call in (each if isinstance(each, list) else [each])]
            for each in calls
        ]
        with ThreadPoolExecutor(at_once) as pool:
            for rows in pool.map(self._make, jobs):
                self.ledger += rows

    def _make(self, job):
        for request_id, call in job:
            self._provider.planned[request_id] = list(call.replies)
            headers = {ID: request_id, **call.headers}
            if call.session is not None:
                headers[call.header] = call.session
            with contextlib.suppress(*self._failures):
                _HOW[call.how](self, call, headers)
        return [_row(request_id, call) for request_id, call in job]


def _row(request_id, call):
    last = call.replies[-1]
    facts = {"status": last.status, "lines": len(call.replies), "session": call.session or None}
    if call.how == "leaves":
        facts["ended"] = "left"
    elif last.dies_after is not None:
        facts["ended"] = "broken"
    if isinstance(call.body, dict) and isinstance(call.body.get("messages"), list):
        facts["messages"] = len(call.body["messages"])
    if last.answer and last.body is None and last.status == 200:
        facts.update(_answered(last.answer))
    return ledger.row(request_id, call.what, **{**facts, **call.facts})


def _answered(answer):
    return {
        "model": answer.model,
        "tokens": answer.usage and answer.usage.tokens(),
        "answer": answer.text,
        "reasoning": answer.reasoning,
        "tool_calls": [[name, arguments] for _, name, arguments in answer.tools],
    }


# -- how a call is made ------------------------------------------------------------------------------------------------


def _by_sdk(clients, call, headers):
    body = dict(call.body)
    if call.api == "anthropic":
        client = clients._anthropic.with_options(max_retries=len(call.replies) - 1)
        return _read_anthropic(client, body, headers)
    client = clients._openai.with_options(max_retries=len(call.replies) - 1)
    create = client.responses.create if call.api == "responses" else client.chat.completions.create
    answer = create(**body, extra_headers=headers)
    return list(answer) if body.get("stream") else answer


def _read_anthropic(client, body, headers):
    if not body.pop("stream", False):
        return client.messages.create(**body, extra_headers=headers)
    with client.messages.stream(**body, extra_headers=headers) as stream:
        return stream.get_final_message()


def _plainly(clients, call, headers):
    connection = http.client.HTTPConnection("127.0.0.1", clients._port, timeout=PATIENCE)
    try:
        _send(connection, call, headers)
        with contextlib.suppress(http.client.IncompleteRead):  # the provider broke off, as planned
            connection.getresponse().read()
    finally:
        connection.close()


def _impatiently(clients, call, headers):
    connection = http.client.HTTPConnection("127.0.0.1", clients._port, timeout=call.patience or PATIENCE)
    try:
        _send(connection, call, headers)
        with contextlib.suppress(socket.timeout):
            connection.getresponse().read1(64)
    finally:
        connection.close()


def _send(connection, call, headers):
    body = call.body
    if not isinstance(body, bytes) and body is not None:
        body = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    encoded = {name: value if isinstance(value, bytes) else value.encode() for name, value in headers.items()}
    path = call.path or PATHS[call.api]
    connection.request(call.method, path, body, {"content-type": "application/json", **encoded})


_HOW = {"sdk": _by_sdk, "plain": _plainly, "leaves": _impatiently}


def answers(*replies):
    """Replies as a call has them: each an Answer, or a Reply."""
    return tuple(each if isinstance(each, Reply) else Reply(each) for each in replies)
