"""A stand-in for a model: it asks for one tool as soon as it is offered, and then tells what came back."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Model:
    """What was offered to it, and what came back from the tool."""

    def __init__(self, tool: str, arguments: dict[str, str]) -> None:
        """``tool`` is the end of the name by which a host offers it."""
        self.tool = tool
        self.arguments = arguments
        self.offered: set[str] = set()
        self.results: list[str] = []
        self.url = ""


@contextlib.contextmanager
def serving(model: Model) -> Iterator[Model]:
    """Answer as a model does, on loopback, by Anthropic's and by OpenAI's protocol."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
            is_responses = self.path.split("?")[0].endswith("/responses")
            events = _responses(model, body) if is_responses else _messages(model, body)
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            for event in events:
                self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    model.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()


def _asked(model: Model, names: list[str], results: list[Any]) -> str | None:
    """The tool to be asked for now, by the host's name; None where it is not offered, or has answered."""
    model.offered.update(names)
    model.results += [json.dumps(result, ensure_ascii=False) for result in results]
    wanted = [name for name in names if name.endswith(model.tool)]
    return wanted[0] if wanted and not model.results else None


# -- Anthropic's protocol ----------------------------------------------------------------------------------------------


def _messages(model: Model, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    names = [tool.get("name", "") for tool in body.get("tools", ())]
    parts = [
        part
        for message in body.get("messages", ())
        if isinstance(message["content"], list)
        for part in message["content"]
    ]
    name = _asked(model, names, [part.get("content") for part in parts if part.get("type") == "tool_result"])
    usage = {"input_tokens": 10, "output_tokens": 5}
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": [],
        "usage": usage,
    }
    yield {"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None}}
    if name:
        block: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(model.arguments)}
    else:
        block, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": "done"}
    yield {"type": "content_block_start", "index": 0, "content_block": block}
    yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    stopped = {"stop_reason": "tool_use" if name else "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": stopped, "usage": usage}
    yield {"type": "message_stop"}


# -- OpenAI's protocol -------------------------------------------------------------------------------------------------


def _responses(model: Model, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Codex offers the tools of a server in a namespace, or each by a long name."""
    names, spaces = [], {}
    for tool in body.get("tools", ()):
        for inner in tool.get("tools", ()) if tool.get("type") == "namespace" else [tool]:
            names.append(inner.get("name", ""))
            spaces[inner.get("name", "")] = tool.get("name") if tool.get("type") == "namespace" else None
    results = [item.get("output") for item in body.get("input", ()) if item.get("type") == "function_call_output"]
    name = _asked(model, names, results)
    if name:
        item: dict[str, Any] = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": name}
        item["arguments"] = json.dumps(model.arguments)
        if spaces[name]:
            item["namespace"] = spaces[name]
    else:
        content = [{"type": "output_text", "text": "done", "annotations": []}]
        item = {"type": "message", "id": "msg_1", "role": "assistant", "content": content}
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    yield {"type": "response.created", "response": {"id": "resp_1"}}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": "response.completed", "response": {"id": "resp_1", "output": [item], "usage": usage}}
