"""Which calls are worth trying?  Groups of them, each a list of calls, or of lists that one client makes in order."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

from tests.campaigns.gateway_lab.clients import Call, answers
from tests.campaigns.gateway_lab.gateway import DEAD, SHORT
from tests.campaigns.gateway_lab.provider import MODELS, Reply
from tests.campaigns.gateway_lab.wire import Answer, Usage

CHAT = "gpt-4o-2024-08-06"
CLAUDE = "claude-sonnet-5"
ASKED = {"stream": True, "stream_options": {"include_usage": True}}
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in ("get_weather", "exec")
]
_FEW = Usage(111, 12)
ODD_SESSIONS = (
    "../../etc/passwd",
    '<img src=x onerror="alert(1)">',
    "x" * 300,
    ".hidden",
    "-rf",
    "a/b c%2F",
    'quo"te\\back',
    "Straße-é-会话-🚀",
)


def said(text, role="user"):
    """A message."""
    return {"role": role, "content": text}


def asks(question, **more):
    """The body of a question to OpenAI's API."""
    return {"model": "gpt-4o", "messages": [said(question)], **more}


def asks_claude(question, **more):
    """The same to Anthropic's."""
    return {"model": CLAUDE, "max_tokens": 1024, "messages": [said(question)], **more}


def _answer(text="fine", usage=_FEW, **more):
    return Answer(text=text, usage=usage, **more)


def _claude(text="fine", usage=_FEW, **more):
    return Answer(api="anthropic", id="msg_1", model=CLAUDE, text=text, usage=usage, **more)


# -- agents ------------------------------------------------------------------------------------------------------------


def openai_agent():
    """Text and two tools at once, a tool alone, an answer, a new question; Chinese, emoji, what has to be escaped."""
    session = "agent:main:discord:channel:1465367993012981988"
    question = "查询北京天气 ☀️🌡️ 👨‍👩‍👧 a\\b\t<b>&amp;</b>\u2028end"
    history = [said('你是小云 <assistant> & "friend"。', "system"), said(question)]
    first = [("call_1", "get_weather", '{"city":"北京"}'), ("call_2", "exec", '{"cmd":"echo \\"hi\\" && ls <dir>"}')]
    second = [("call_3", "exec", '{"cmd":"date"}')]
    turns = [
        ("two tools", history, _answer("正在为您查询……", Usage(412, 58), tools=tuple(first)), question),
        (
            "a tool alone",
            _results(first, "-2 °C", "\x1b[31mred\x1b[0m"),
            _answer(None, Usage(520, 22, 384), tools=tuple(second)),
            "",
        ),
        ("an answer", _results(second, "Sat Nov 28"), _answer('晴 “引号” \\ "q"\n下一行', Usage(580, 41, 512)), ""),
        (
            "a new question",
            [said("北京现在晴", "assistant"), said("谢谢!")],
            _answer("不客气 😊", Usage(640, 9, 512)),
            "谢谢!",
        ),
    ]
    calls, messages = [], []
    for what, more, answer, asked in turns:
        messages = [*messages, *more]
        body = {"model": "gpt-4o", "tools": TOOLS, "messages": messages, **ASKED}
        reply = answers(replace(answer, stream=True, usage_null=True))
        headers = {"x-mse-consumer": "alice"}
        calls.append(
            Call(f"OpenAI agent: {what}", body, reply, session=session, headers=headers, facts={"question": asked})
        )
    return [calls]


def _results(tools, *texts):
    """The assistant's tool calls and what came of them."""
    made = [
        {"id": call, "type": "function", "function": {"name": name, "arguments": said_}} for call, name, said_ in tools
    ]
    results = [{"role": "tool", "tool_call_id": tool[0], "content": text} for tool, text in zip(tools, texts)]
    return [{"role": "assistant", "content": None, "tool_calls": made}, *results]


def claude_agent():
    """Cache written and read, thinking, text, tools; whole and streamed."""
    return [_claude_turns(stream=stream) for stream in (False, True)]


def _claude_turns(*, stream):
    session = f"claude-agent-{'streamed' if stream else 'whole'}"
    read = ("toolu_1", "Read", '{"path": "README.md"}')
    use = {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"path": "README.md"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "# 内容"}]}
    marked = {"type": "text", "text": "读 README", "cache_control": {"type": "ephemeral"}}
    history = [{"role": "user", "content": [marked]}]
    later = [*history, {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    system = [{"type": "text", "text": "Be terse. 简洁", "cache_control": {"type": "ephemeral"}}]
    tool = _claude("I'll read it.", Usage(2060, 95, 0, 2048), reasoning="I should read it.", tools=(read,))
    turns = [
        ("a tool", history, tool, "读 README"),
        ("an answer", later, _claude("It says: 内容 ✅", Usage(2367, 33, 2358)), ""),
        ("no cache", [said("hi")], _claude("no cache"), "hi"),
        ("all from the cache", [said("hi")], _claude("all cached", Usage(5000, 10, 5000)), "hi"),
    ]
    return [
        Call(
            f"Claude agent, {'streamed' if stream else 'whole'}: {what}",
            {**asks_claude(""), "system": system, "messages": messages, "stream": stream},
            answers(replace(answer, stream=stream)),
            api="anthropic",
            session=session,
            facts={"question": asked},
        )
        for what, messages, answer, asked in turns
    ]


def many_at_once():
    """Five agents in three sessions."""
    return [_parallel(agent) for agent in range(1, 6)]


def _parallel(agent):
    history, calls = [], []
    for turn in range(4):
        history = [*history, said(f"agent {agent} turn {turn}")]
        stream = turn % 2 == 0
        reply = Reply(_answer(f"p{agent}t{turn}", Usage(100 * agent + turn, 5 + turn), stream=stream), pause=0.01)
        body = {"model": "gpt-4o", "messages": history, **(ASKED if stream else {})}
        calls.append(Call("agents at once", body, (reply,), session=f"parallel-{agent % 3}"))
        history = [*history, said(f"p{agent}t{turn}", "assistant")]
    return calls


# -- other APIs --------------------------------------------------------------------------------------------------------


def other_apis():
    """Responses, Gemini, embeddings, rerankers, completions of old, paths that vendors add to."""
    gemini = {"contents": [{"role": "user", "parts": [{"text": "hallo"}]}]}
    embedded = {"object": "list", "data": [], "model": "embed", "usage": {"prompt_tokens": 8, "total_tokens": 8}}
    ranked = {"results": [], "model": "rerank", "usage": {"total_tokens": 77}}
    calls = [
        *(_responses(stream=stream) for stream in (False, True)),
        *(_gemini(gemini, stream=stream) for stream in (False, True)),
        _plain("embeddings", "/v1/embeddings", {"input": "hello"}, embedded, "embed", Usage(8, 0)),
        _plain("a reranker", "/v1/rerank", {"query": "q", "documents": ["d"]}, ranked, "rerank", Usage(77, 0)),
    ]
    body = {"model": "gpt-4o", "messages": [said("where?")]}
    paths = ("/v1/chat/completions/", "/api/v1/chat/completions", "/openai/deployments/d/chat/completions?v=1")
    named = {"how": "plain", "session": "paths"}
    return [*calls, *(Call(f"path {path}", body, answers(_answer()), path=path, **named) for path in paths)]


def _responses(*, stream):
    answer = Answer("responses", stream, "resp_1", "gpt-5-2025-08-07", "你好", usage=Usage(210, 150, 128, 0, 96))
    body = {"model": "gpt-5", "input": [said("你好")], "stream": stream}
    return Call("Responses API", body, answers(answer), api="responses", session="responses")


def _gemini(body, *, stream):
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    answer = Answer("gemini", stream, "g1", "gemini-2.5-pro", "Hallo, guten Tag", usage=Usage(500, 160, 400, 0, 120))
    path = f"/v1beta/models/gemini-2.5-pro:{verb}"
    return Call("Gemini", body, answers(answer), how="plain", session="gemini", path=path)


def _plain(what, path, body, answer, model, usage):
    facts = {"model": model, "tokens": usage.tokens()}
    body = {"model": model, **body}
    return Call(what, body, (Reply(body=answer),), how="plain", session="others", path=path, facts=facts)


# -- failures ----------------------------------------------------------------------------------------------------------


def errors():
    """What providers refuse, what never reaches one, and a client that tries again."""
    session = "errors"
    calls = [
        Call(f"error {code}", asks("will it?", stream=stream), (_error(code),), session=session)
        for code in (400, 401, 403, 404, 408, 413, 429, 499, 500, 503)
        for stream in (False, True)
    ]
    overloaded = Reply(
        status=529, body={"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    )
    page = Reply(status=502, body=b"<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
    priced = Reply(status=429, body={"error": {"message": "quota"}, "usage": {"prompt_tokens": 0, "total_tokens": 0}})
    nothing = Reply(status=503)
    late = Reply(_answer(stream=True), status=504, wait=2)
    calls += [
        Call("Anthropic 529", asks_claude("will it?"), (overloaded,), api="anthropic", session=session),
        Call("a page for an error", asks("will it?"), (page,), session=session),
        Call("an error with usage", asks("will it?"), (priced,), session=session),
        Call("nobody there", asks("will it?"), (nothing,), session=session, headers={DEAD: "1"}),
        Call("too slow", asks("will it?", **ASKED), (late,), session=session, headers={SHORT: "1"}),
        Call("again after a 500", asks("will it?"), (_error(500), *answers(_answer("second try"))), session=session),
    ]
    return calls


def _error(code):
    return Reply(
        status=code, body={"error": {"message": f"error {code}", "type": "error", "code": None, "param": None}}
    )


# -- streams that end oddly --------------------------------------------------------------------------------------------


def odd_streams():
    """Clients that leave, providers that break off, errors inside, no usage, odd packets, other content types."""
    return [*_cut_streams(), *_errors_inside(), *_without_usage(), *_other_wires()]


def _cut_streams():
    long = "a long slow answer that nobody waits for, on and on"
    chat = _answer(long, Usage(70, 80), stream=True)
    claude = _claude(long, Usage(1075, 80, 1000, 5), stream=True)
    slow = Reply(chat, pause=0.15)
    to_chat = {"body": asks("cut?", **ASKED), "session": "cut"}
    to_claude = {"body": asks_claude("cut?", stream=True), "session": "cut", "api": "anthropic"}
    broken = {"facts": {"ended": "broken"}}
    timed = {"how": "plain", "headers": {SHORT: "1"}, **broken}
    return [
        Call("client leaves before the head", replies=(Reply(chat, wait=1),), how="leaves", patience=0.3, **to_chat),
        Call("client leaves in the stream", replies=(slow,), how="leaves", **to_chat),
        Call("client leaves Claude's stream", replies=(Reply(claude, pause=0.15),), how="leaves", **to_claude),
        Call("provider breaks off", replies=(Reply(chat, dies_after=4),), how="plain", **to_chat),
        Call("provider breaks Claude off", replies=(Reply(claude, dies_after=4),), how="plain", **to_claude),
        Call("a second's time for a stream", replies=(slow,), **timed, **to_chat),
        Call("a second's time for Claude's", replies=(Reply(claude, pause=0.15),), **timed, **to_claude),
    ]


def _errors_inside():
    start, *_ = [event for event in Reply(_claude("x", stream=True)).packets() if b"message_start" in event]
    overloaded = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    inside = {"facts": {"ended": "error_inside"}, "session": "inside", "how": "plain"}
    refused = Reply(body={"error": {"message": "quota", "type": "error"}})
    return [
        Call(
            "an error event",
            asks_claude("odd?", stream=True),
            (Reply(parts=(start, overloaded)),),
            api="anthropic",
            **inside,
        ),
        Call("an error under 200", asks("odd?"), (refused,), **inside),
        Call("an empty 200", asks("odd?"), (Reply(body=b""),), **inside),
    ]


def _without_usage():
    named = {"session": "usage"}
    untold = _answer("no usage asked for", None, stream=True)
    each = tuple(_vllm_event(number, text) for number, text in enumerate("abcd", 1))
    vllm = Reply(_answer("abcd", Usage(20, 4), model="qwen3-32b", stream=True), parts=(*each, b"data: [DONE]\n\n"))
    zeros = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    calls = [
        Call("no usage asked for", asks("how much?", stream=True), answers(untold), **named),
        Call("usage null", asks("how much?", stream=True), answers(replace(untold, usage_null=True)), **named),
        Call("no usage in a whole answer", asks("how much?"), answers(_answer("none", None)), **named),
        Call("usage in each event", asks("how much?", **ASKED), (vllm,), how="plain", **named),
        Call("usage on the last event", asks("how much?", **ASKED), answers(_deepseek()), **named),
        Call("usage of zeros", asks("how much?"), (Reply(body=_with_usage(zeros)),), facts={"answer": "odd"}, **named),
    ]
    for what, usage in (("texts", {"prompt_tokens": "1,000"}), ("negative", {"prompt_tokens": -5, "total_tokens": -5})):
        calls.append(
            Call(
                f"usage: {what}",
                asks("how much?"),
                (Reply(body=_with_usage(usage)),),
                how="plain",
                facts={"answer": "odd"},
                **named,
            )
        )
    return calls


def _vllm_event(number, text):
    usage = {
        "prompt_tokens": 20,
        "completion_tokens": number,
        "total_tokens": 20 + number,
        "prompt_tokens_details": None,
    }
    event = {"id": "v1", "model": "qwen3-32b", "choices": [{"index": 0, "delta": {"content": text}}], "usage": usage}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def _with_usage(usage):
    message = {"role": "assistant", "content": "odd"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "u1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


def _deepseek():
    thought = "用户想知道……Let me think <hard>."
    usage = Usage(800, 300, 640, 0, 250)
    return Answer("openai", True, "d1", "deepseek-reasoner", "答案是 7。", thought, (), usage, True, True)


def _other_wires():
    ls = ("call_7", "exec", '{"cmd":"ls -la"}')
    chat = _answer("chunked oddly 分块", Usage(71, 8, 64), tools=(ls,), stream=True)
    claude = _claude("chunked oddly 分块", Usage(612, 9, 500, 40), stream=True)
    to_chat = {"body": asks("odd?", **ASKED), "session": "wires"}
    to_claude = {"body": asks_claude("odd?", stream=True), "session": "wires", "api": "anthropic"}
    calls = [
        Call("the client closes at [DONE]", replies=(Reply(_answer("complete", stream=True), tail=0.03),), **to_chat),
        Call("the same without usage", replies=(Reply(_answer("complete", None, stream=True), tail=0.03),), **to_chat),
        Call("Claude's end comes late", replies=(Reply(_claude("complete", stream=True), tail=0.03),), **to_claude),
        Call("CRLF", replies=(Reply(chat, crlf=True),), **to_chat),
        Call("a stream called JSON", replies=(Reply(chat, content_type="application/json"),), how="plain", **to_chat),
        Call("compressed answer", asks("odd?"), (Reply(_answer("zipped"), zipped=True),), session="wires"),
    ]
    for size in (97, 1 << 20):
        calls.append(Call(f"packets of {size} bytes", replies=(Reply(chat, packet=size),), **to_chat))
        calls.append(Call(f"Claude in packets of {size}", replies=(Reply(claude, packet=size),), **to_claude))
    return calls


def closing_at_done():
    """The official OpenAI SDK closes at [DONE], before the stream's end has come; Anthropic's does not."""
    calls = []
    for tail in (None, 0, 0.0005, 0.002, 0.02):
        chat = Reply(_answer("hello there", stream=True), tail=tail)
        claude = Reply(_claude("hello there", stream=True), tail=tail)
        calls += [Call(f"end after {tail}", asks("x", **ASKED), (chat,), session="race")] * 8
        to_claude = {"api": "anthropic", "session": "race"}
        calls += [Call(f"Claude's end after {tail}", asks_claude("x", stream=True), (claude,), **to_claude)] * 8
    return calls


# -- who, and what they sent -------------------------------------------------------------------------------------------


def identities():
    """Session ids of all kinds and none, consumers, what breaks the line around ``ai_log``."""
    named = answers(_answer())
    calls = [Call("an odd session id", asks("who?"), named, how="plain", session=each) for each in ODD_SESSIONS]
    latin = {"session": b"bytes-\xff\xfe-latin", "facts": {"session": "bytes-\ufffd\ufffd-latin"}}
    agent = {"user-agent": 'my "agent" \\ {"ai_log":"{}"}'}
    path = '/v1/chat/completions?x="ai_log":"{\\"input_token\\":999}"'
    calls += [
        Call("a session id that is no text", asks("who?"), named, how="plain", **latin),
        Call("no session, a consumer", asks("who?"), named, headers={"x-mse-consumer": "carol"}),
        Call("no session, no consumer", asks("who?"), named),
        Call("an empty session id", asks("who?"), named, session=""),
        Call("a user agent with quotes", asks("who?"), named, how="plain", session="quotes", headers=agent),
        Call("a path with quotes", asks("who?"), named, how="plain", session="quotes", path=path),
    ]
    return calls


def bodies():
    """Requests that are long, deep, compressed, no JSON, or full of what has to be escaped."""
    named = {"how": "plain", "session": "bodies"}
    deep = "x"
    for _ in range(300):
        deep = [deep]
    texts = {"controls": "nul \0 and \x7f \x1b[2J", "half a pair": "lone \ud83d surrogate", "deep": deep}
    calls = [Call(f"body: {what}", asks(text), answers(_answer()), **named) for what, text in texts.items()]
    calls[-1].facts["messages"] = None  # what nobody can have meant is kept as text, not taken apart
    zipped = gzip.compress(json.dumps(asks("zipped")).encode())
    picture = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    ]
    calls += [
        Call("body: no JSON", b"{not json", answers(_answer()), **named),
        Call("body: compressed", zipped, answers(_answer()), headers={"content-encoding": "gzip"}, **named),
        Call(
            "body: a picture",
            asks(picture),
            answers(_answer()),
            facts={"question": "What is it?\n[image_url]"},
            **named,
        ),
    ]
    return [*calls, _long_history()]


def _long_history():
    turns = [said(f"turn {turn} " + "历史 history " * 25, ["user", "assistant"][turn % 2]) for turn in range(61)]
    history = [said("s" * 2000, "system"), *turns]
    return [
        Call("a long history", {"model": "gpt-4o", "messages": history[:length]}, answers(_answer()), session="long")
        for length in (42, 52, 62)
    ]


def no_calls():
    """Requests that pass the gateway and ask no model anything."""
    facts = {"ended": "no_call"}
    asked = [
        ("GET", "/v1/models"),
        ("GET", "/healthz"),
        ("GET", "/metrics"),
        ("GET", "/v1/responses/resp_1"),
        ("DELETE", "/v1/responses/resp_1"),
        ("GET", "/v1/chat/completions"),
        ("HEAD", "/v1/chat/completions"),
        ("OPTIONS", "/v1/chat/completions"),
        ("POST", "/v1/messages/count_tokens"),
        ("POST", "/v1/files"),
    ]
    counted = Reply(body={"input_tokens": 14})
    return [
        Call(
            f"{method} {path}",
            asks_claude("count") if method == "POST" else None,
            (counted if "count" in path else Reply(body=MODELS),),
            how="plain",
            method=method,
            path=path,
            session="no-calls",
            facts=facts,
        )
        for method, path in asked
    ]


GROUPS = (
    openai_agent,
    claude_agent,
    other_apis,
    errors,
    odd_streams,
    closing_at_done,
    identities,
    bodies,
    many_at_once,
    no_calls,
)


def short():
    """A dozen calls with one of each kind in it."""
    cut = {call.what: call for call in odd_streams()}
    chosen = (
        "client leaves before the head",
        "client leaves Claude's stream",
        "provider breaks off",
        "an error event",
        "no usage asked for",
        "the client closes at [DONE]",
        "compressed answer",
    )
    failed = [call for call in errors() if call.what in ("error 429", "nobody there", "again after a 500")]
    return [*openai_agent(), *claude_agent(), *(cut[what] for what in chosen), *failed, *identities()[-4:], *no_calls()]
