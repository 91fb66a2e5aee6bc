"""Calls as an agent makes them, for the tests of what is stored."""

from __future__ import annotations

import json

from session_monitor.calls import ai_log
from session_monitor.calls.round import Round
from session_monitor.prices import price_list
from session_monitor.prices.book import Book

BOOK = Book([price_list.shipped()])
"""The prices that the monitor comes with."""


def message(text, role="user"):
    """One message of a conversation."""
    return {"role": role, "content": text}


def line(
    session_id,
    texts=(),
    *,
    start_time="2026-02-01T09:30:15Z",
    code="200",
    flags=None,
    model="gpt-4",
    fields=None,
    **attributes,
):
    """The access-log line of a call, without its newline; ``texts`` are the messages that it sent, ``fields`` more of the line."""
    inner = {
        "session_id": session_id,
        "model": model,
        "input_token": 10,
        "output_token": 5,
        "total_token": 15,
        "messages": [message(text) for text in texts],
        **attributes,
    }
    outer = {"ai_log": json.dumps(inner, separators=(",", ":")), "start_time": start_time, "response_code": code}
    outer.update({"response_flags": flags} if flags else {}, **(fields or {}))
    return json.dumps(outer, separators=(",", ":")).encode()


def call(session_id, texts=(), **more):
    """The call itself."""
    found = ai_log.parse(line(session_id, texts, **more))
    assert isinstance(found, Round)
    return found


def conversation(session_id, rounds):
    """An agent's calls, each with the whole history; models, times and lengths differ."""
    texts = []
    for number in range(rounds):
        texts.append(f'Frage {number} “]}}” \U0001f50d \\ "')
        start_time = f"2026-02-01T09:30:{15 + number}{'.5' if number % 2 else ''}Z"
        yield call(session_id, texts, start_time=start_time, model=f"model-{number % 2}", answer="a" * number * 7)
        texts.append(f"Antwort {number}")


def in_log(calls, generation="g1", start=0, length=100):
    """Each call with the place where its line stands in the log."""
    return [(each, (generation, start + n * length, start + (n + 1) * length)) for n, each in enumerate(calls)]
