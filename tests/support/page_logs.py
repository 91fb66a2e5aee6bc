"""Logs for the tests of the pages: sessions that attack a page, long ones, ones that go on."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

from tests.support.calls import line, message

SESSION = "agent:main:discord:channel:1465367993012981988"
"""One of the sessions that tests/tools/demo_log makes."""
LONG = "team/red/run 7"
"""A session that goes on for long, with an id that addresses must escape."""
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'><svg onload=alert(3)>"
ANSI = "\x1b[31mred\x1b[0m \x1b]8;;https://example.com\x07link\x1b]8;;\x07 \b\f\x00\x7f\x9b31m"
TURNED = "\u202egnp.exe\u202c \u2066isolated\u2069 \u200f\u061cשלום \ufeff\u200b\u2028\u2029"
PILED = "Z\u0351\u036b\u0343\u036a" + "\u0335" * 400
WORD = "W" * 1_000_000
HOSTILE = f"{MARKUP}\n{ANSI}\n{TURNED}\n{PILED}\njavascript:alert(4)\n{{{{7*7}}}}${{7*7}}%00"
HOSTILE_MODEL = f"model{MARKUP}\u202e"


def at(moment):
    """A time as the log has it."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tool_call(number, name="run", **arguments):
    """A call of a tool, as an answer holds it."""
    return {"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def hostile(now=None):
    """The lines of sessions that are full of markup, escapes, turned text and words of a megabyte."""
    start = (now or datetime.now(timezone.utc)) - timedelta(minutes=10)
    texts = [HOSTILE, WORD, "ok " * 9000]
    call = tool_call(1, MARKUP, path=MARKUP, **{MARKUP: ANSI})
    answers = {"answer": HOSTILE + " " + WORD, "reasoning": WORD, "tool_calls": [call], "consumer": MARKUP}
    yield line(MARKUP, texts, start_time=at(start), model=HOSTILE_MODEL, question=texts[-1], **answers)
    messages = [message(text) for text in texts]
    messages += [{"role": "assistant", "content": HOSTILE, "tool_calls": [call]}]
    messages += [{"role": "tool", "tool_call_id": "c1", "name": MARKUP, "content": f"Error: {HOSTILE}{WORD}"}]
    messages += [
        {"role": MARKUP, "content": [{"type": "image_url", "image_url": {"url": "https://example.com/x.png"}}, 7, None]}
    ]
    messages += [None, 3, "text", {"role": None, "content": {"deep": [[[[]]]]}}]
    more = {"answer": MARKUP, "consumer": "agent\u202e", "question": MARKUP}
    yield line(
        MARKUP, [], start_time=at(start + timedelta(seconds=9)), model="gpt-4o", **{**more, "messages": messages}
    )
    for number, bad in enumerate(
        ("../../etc/passwd", "a\r\nSet-Cookie: x=1", "#r1", "?id=1&key=2", " ", "W" * 3000, TURNED), 1
    ):
        yield line(bad, [MARKUP], start_time=at(start + timedelta(seconds=10 + number)), **{**answers, "answer": bad})
    yield line("failed", [MARKUP], start_time=at(start), code="503", model=None, output_token=None, input_token=None)


def long_session(
    session_id, rounds, now=None, *, kept=40, text="Step {n}: looked at module {n} and found nothing odd. " * 4
):
    """The lines of an agent that works for long, with a history that it cuts to the last messages every now and then."""
    moment = (now or datetime.now(timezone.utc)) - timedelta(seconds=20 * rounds)
    history = []
    for number in range(1, rounds + 1):
        asks = number % 25 == 1
        if len(history) > kept:
            history = history[-4:]
        if asks:
            history.append(message(f"Please go on with part {number // 25 + 1}."))
        call = tool_call(number, "read_file", path=f"src/part{number}.py")
        answer = text.format(n=number)
        size = 1000 + 300 * len(history)
        yield line(
            session_id,
            start_time=at(moment + timedelta(seconds=20 * number)),
            model="gpt-4o" if number % 400 < 390 else "gpt-4o-mini",
            code="429" if number % 97 == 0 else "200",
            messages=list(history),
            question=history[-1]["content"],
            answer=answer,
            tool_calls=[call],
            input_token=size,
            cached_tokens=size // 2,
            output_token=60,
            total_token=size + 60,
            llm_first_token_duration=700,
            llm_service_duration=2500,
            response_type="stream",
        )
        history += [{"role": "assistant", "content": answer, "tool_calls": [call]}]
        history += [{"role": "tool", "tool_call_id": call["id"], "content": f"lines of part {number}"}]


def written(path, lines, mode="wb"):
    """The log with these lines at its end."""
    with open(path, mode) as file:
        file.writelines(each + b"\n" for each in lines)
    return path
