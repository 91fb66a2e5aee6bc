"""Which situations leave what in a line?  One function each, a list of lines in the order in which they were written.

The situations and their lines are those that the real plugin was seen to write.  ``ok`` and ``left`` are no failures;
what a line does not tell is None.
"""

from __future__ import annotations

import json

from tests.tools.access_log.go import ToolCall, go_map, go_marshal
from tests.tools.access_log.written import (
    ANSWER_KEYS,
    CHAT,
    MESSAGES,
    RESPONSES,
    TOKEN_KEYS,
    UNTOLD,
    Written,
    said,
)

LEFT = {"response_flags": "DC", "response_code_details": "downstream_remote_disconnect"}
BROKEN = {"response_flags": "UPE", "response_code_details": "upstream_reset_after_response_started{protocol_error}"}
TIMED_OUT = {"response_flags": "UT", "response_code_details": "response_timeout"}
REFUSED = {
    "response_flags": "UF",
    "response_code_details": "upstream_reset_before_response_started{connection_refused}",
}
CUT = {"at_least": True, "token_notes": ["cut_short"], "has_tool_calls": None, "answer": None}
UNSEEN = {**UNTOLD, "no_tokens": True, "answer": None, "has_tool_calls": None, "model": None}
NULLS = dict.fromkeys((*ANSWER_KEYS, *TOKEN_KEYS))
CLAUDE = "claude-sonnet-4-5-20250929"


def _asked(make, kind, **more):
    """One question in a session of its own: what the plugin takes from it, and what it tells."""
    question = make.question()
    return make.asked(make.session(kind), [said(question)], **more), {"question": question}


# -- answered ----------------------------------------------------------------------------------------------------------


def whole_answers(make):
    """Normal and streamed, text and a tool."""
    for stream in (False, True):
        question = make.question()
        attrs, told = make.answered(make.session("whole"), [said(question)], make.answer(), stream=stream)
        yield Written("answer", attrs, {**told, "question": question, "has_tool_calls": False})
        call = ToolCall(0, "call_1", "function", "exec", '{"cmd":"ls <dir>"}')
        calls = [call if stream else call.to_json()]
        attrs, told = make.answered(make.session("tool"), [said(question)], None, stream=stream, tool_calls=calls)
        yield Written(
            "tool call", attrs, {**told, "has_tool_calls": True, "tool_calls": [["exec", '{"cmd":"ls <dir>"}']]}
        )


def tool_rounds(make):
    """A call that answers a tool's result has no question of its own."""
    session, question = make.session("tool round"), make.question()
    call = ToolCall(0, "call_1", "function", "exec", "{}")
    messages = [said(question)]
    attrs, told = make.answered(session, messages, None, stream=True, tool_calls=[call])
    yield Written("asks for a tool", attrs, {**told, "question": question, "has_tool_calls": True})
    made = go_map(role="assistant", content=None, tool_calls=[call.to_json()])
    messages = [*messages, made, go_map(role="tool", content="done", tool_call_id="call_1")]
    attrs, told = make.answered(session, messages, "It is done.", stream=True)
    yield Written("answers its result", attrs, {**told, "question": "", "has_tool_calls": False})


def untold_usage(make):
    """Streams without a usage, usage null or torn, ``disable_openai_usage``: three zeros are no tokens."""
    for what, model, zeros in (("no usage", None, False), ("torn", "unknown", True), ("null", CLAUDE, True)):
        attrs, told = _asked(make, what)
        attrs |= {"chat_id": "c1", **make.ended(stream=True), **NULLS, "answer": make.answer()}
        if zeros:
            attrs |= {"input_token": 0, "output_token": 0, "total_token": 0, "model": model}
        untold = {"outcome": "ok", **UNTOLD, "no_tokens": True, "model": None if model == "unknown" else model}
        yield Written(what, attrs, {**told, **untold, "answer": attrs["answer"], "has_tool_calls": False})


def unread_answers(make):
    """A compressed answer, an empty body, a content type that is not enabled: answered, and nothing is known of it."""
    attrs, told = _asked(make, "unread")
    yield Written("unread", attrs, {**told, **UNSEEN, "outcome": "ok", "response_type": None})


def compressed_requests(make):
    """A request that the plugin cannot read: nothing of what was asked, all of what was answered."""
    attrs, told = make.answered(make.session("compressed"), [said("?")], make.answer(), stream=False)
    for key in ("chat_round", "messages", "question", "system"):
        del attrs[key]
    yield Written("compressed request", attrs, {**told, "has_tool_calls": False})


def other_content_types(make):
    """Events under a content type of their own: read for tokens alone."""
    attrs, told = make.answered(make.session("type"), [said(make.question())], None, stream=False)
    yield Written("events called JSON", attrs, {**told, "answer": None, "token_notes": ["no_answer"]})


def other_apis(make):
    """Responses API and Gemini: tokens, and no text."""
    for what, path, rounds in (("responses", RESPONSES, 0), ("gemini", "/v1beta/models/g:generateContent", 1)):
        attrs, told = make.answered(make.session(what), [said("?")], None, stream=True)
        attrs |= {"chat_round": rounds, "messages": None, "question": None}
        yield Written(what, attrs, {**told, "has_tool_calls": None}, outer={"path": path})


def less_attributes(make):
    """No attributes, and the light mode: what was said is not logged at all."""
    for light in (False, True):
        used, told, details = make.used()
        attrs = {"api": "-", "session_id": make.session("light"), "chat_round": 1, **used, **make.ended(stream=True)}
        if light:
            attrs |= {"cached_tokens": details["cached_tokens"], "reasoning_tokens": None, "output_token_details": None}
        attrs["input_token_details"] = go_marshal(details) if light else details
        yield Written("light" if light else "empty", attrs, {**told, "outcome": "ok", "has_tool_calls": None})


def totals_alone(make):
    """Rerankers and embeddings report a total: all input there, of unknown split elsewhere."""
    for model, split in (("text-embedding-3-small", True), ("gte-rerank-v2", True), ("qwen-max", False)):
        total = make.rng.randint(50, 9000)
        attrs = {"api": "-", "session_id": make.session("total"), "chat_id": "r1", **make.ended(stream=False)}
        attrs |= {"model": model, "input_token": 0, "output_token": 0, "total_token": total}
        told = {"outcome": "ok", "model": model, "input_tokens": total, "total_tokens": total}
        notes = {} if split else {"partly_told": True, "cost_usd": None, "token_notes": ["unknown_split"]}
        path = "/v1/embeddings" if "embedding" in model else "/v1/rerank" if split else CHAT
        yield Written("total alone", attrs, {**told, **notes}, outer={"path": path})


def unreadable_counts(make):
    """A count that is no number, or cannot be one, is none."""
    for odd in ("1,000", -5, 9_007_199_254_740_993_000):
        attrs, told = make.answered(make.session("odd count"), [said(make.question())], make.answer(), stream=False)
        attrs |= {"input_token": odd, "output_token": odd, "total_token": odd, "cached_tokens": None}
        attrs["input_token_details"] = None
        yield Written(f"count {odd}", attrs, {**UNTOLD, "outcome": "ok", "no_tokens": True, "answer": told["answer"]})


def gateway_answers(make):
    """The gateway's own answers cost nothing, and no model gave them."""
    for model, by, key, value in (
        ("from-cache", "cache", "cache_status", "hit"),
        ("from-security-guard", "guard", "safecheck_status", "request deny"),
    ):
        session, question = make.session("own answer"), make.question()
        attrs, told = make.answered(session, [said(question)], make.answer(), stream=False)
        yield Written("before", attrs, told)
        attrs = {**make.asked(session, [said(question)]), **make.ended(stream=False), "answer": "kept", key: value}
        attrs |= {"chat_id": model, "model": model, "input_token": 0, "output_token": 0, "total_token": 0}
        told = {"outcome": "ok", "answered_by": by, "model": None, "input_tokens": 0, "output_tokens": 0}
        yield Written(by, attrs, {**told, "no_tokens": None, "answer": "kept", "question": question})


def undated(make):
    """A line without a time has none: nobody's clock stands in for it."""
    question = make.question()
    attrs, told = make.answered(make.session("undated"), [said(question)], make.answer(), stream=False)
    yield Written("undated", attrs, {**told, "question": question}, outer={"start_time": "-"})


# -- tool calls --------------------------------------------------------------------------------------------------------


def streamed_claude_tools(make):
    """The empty ``input`` that begins each call stands before its arguments; twice, where it has none."""
    question, wanted = make.question(), [["Read", '{"path": "a.md"}'], ["get_time", "{}"]]
    logged = [
        ToolCall(number, f"toolu_{number}", "tool_use", name, "{}" + arguments)
        for number, (name, arguments) in enumerate(wanted, 1)
    ]
    attrs, told = make.answered(
        make.session("claude"), [said(question)], "I look.", stream=True, tool_calls=logged, model=CLAUDE
    )
    told |= {"has_tool_calls": True, "tool_calls": wanted}
    yield Written("streamed Claude tools", attrs, told, outer={"path": MESSAGES})


def appended_tools(make):
    """With an attribute of one's own that appends: one array a piece, side by side in a text."""
    question, arguments = make.question(), '{"city":"北京"}'
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": ""}}
    second = {"index": 1, "id": "call_2", "type": "function", "function": {"name": "exec", "arguments": "{}"}}
    pieces = [{"index": 0, "function": {"arguments": arguments[start : start + 4]}} for start in range(0, 13, 4)]
    text = "".join(json.dumps([piece], ensure_ascii=False) for piece in (first, *pieces, second))
    attrs, told = make.answered(make.session("appended"), [said(question)], "", stream=True, tool_calls=text)
    wanted = [["get_weather", arguments], ["exec", "{}"]]
    told |= {"answer": None, "has_tool_calls": True, "tool_calls": wanted, "cut": None}
    yield Written("appended tools", attrs, told)


def claude_tools_in_history(make):
    """Not streamed, Claude's tool calls are not in the line: the next round's history names them."""
    session, question = make.session("claude whole"), make.question()
    messages = [said(question)]
    attrs, told = make.answered(session, messages, "I look.", stream=False, model=CLAUDE)
    yield Written("tools named later", attrs, {**told, "has_tool_calls": True}, outer={"path": MESSAGES})
    use = go_map(type="tool_use", id="toolu_1", name="Read", input=go_map(path="a.md"))
    result = go_map(type="tool_result", tool_use_id="toolu_1", content="text")
    messages = [*messages, go_map(role="assistant", content=[go_map(type="text", text="I look."), use])]
    messages = [*messages, go_map(role="user", content=[result])]
    attrs, told = make.answered(session, messages, "It says text.", stream=False, model=CLAUDE)
    told |= {"question": "", "has_tool_calls": False}
    yield Written("none named later", attrs, told, outer={"path": MESSAGES})
    messages = [*messages, said("It says text.", "assistant"), said(make.question())]
    attrs, told = make.answered(session, messages, "Nothing more.", stream=False, model=CLAUDE)
    # Text, and maybe a tool behind it: the line is the same, so nothing is said here of whether there was one.
    yield Written("nothing named yet", attrs, told, outer={"path": MESSAGES})


# -- cut short ---------------------------------------------------------------------------------------------------------


def cut_after_a_usage(make):
    """Tokens so far, their details an object though the attribute is on, and nothing of the answer."""
    for what, outer, outcome in (("left", LEFT, "left"), ("broken", BROKEN, "failed"), ("late", TIMED_OUT, "failed")):
        attrs, told = _asked(make, f"cut {what}")
        used, counted, _ = make.used(tokens=(make.rng.randint(20, 900), 0, make.rng.randint(1, 8)))
        attrs |= {**used, "response_type": "stream", "llm_first_token_duration": 12}
        attrs |= {"input_token_details": {}, "output_token_details": {}}
        error = outer["response_code_details"] if outcome == "failed" else None
        kind = "error" if error else "stream"
        told |= {**counted, **CUT, "outcome": outcome, "error": error, "response_type": kind}
        yield Written(f"cut after a usage: {what}", attrs, told, outer={"path": MESSAGES, **outer})


def cut_before_a_usage(make):
    """The request's attributes alone."""
    for what, outer, outcome in (("left", LEFT, "left"), ("broken", BROKEN, "failed"), ("late", TIMED_OUT, "failed")):
        attrs, told = _asked(make, f"cut early {what}")
        error = outer["response_code_details"] if outcome == "failed" else None
        told |= {**UNSEEN, "outcome": outcome, "error": error, "response_type": "error" if error else None}
        yield Written(f"cut before a usage: {what}", attrs, told, outer=outer)


def left_before_the_head(make):
    """Code 0: there was no answer yet."""
    attrs, told = _asked(make, "left early")
    outer = {"response_code": "0", "bytes_sent": "0", **LEFT}
    yield Written("left before the head", attrs, {**told, **UNSEEN, "outcome": "failed"}, outer=outer)


# -- failed ------------------------------------------------------------------------------------------------------------


def errors(make):
    """Errors with a body, whole or as an event stream, one with a usage, one that never left the gateway."""
    failed = {"outcome": "failed", "response_type": "error", "answer": None}
    for code, outer in (("400", {}), ("429", {}), ("500", {}), ("504", TIMED_OUT), ("503", REFUSED)):
        attrs, told = _asked(make, f"error {code}")
        attrs |= {**make.ended(stream=code == "500"), **NULLS}
        told |= {**failed, **UNTOLD, "no_tokens": True, "response_code": int(code)}
        yield Written(f"error {code}", attrs, told, outer={"response_code": code, **outer})
    attrs, told = _asked(make, "priced error")
    used, counted, _ = make.used(tokens=(11, 0, 2))
    yield Written(
        "error with usage",
        {**attrs, **NULLS, **make.ended(stream=False), **used},
        {**told, **counted, **failed},
        outer={"response_code": "429"},
    )
    attrs = {"api": "-", "session_id": make.session("refused"), **make.ended(stream=False), **NULLS}
    yield Written(
        "refused at once", attrs, {**failed, **UNTOLD, "no_tokens": True}, outer={"response_code": "503", **REFUSED}
    )


def errors_inside(make):
    """An error event right after the first: an end, tokens, and no answer at all though content is logged."""
    attrs, told = make.answered(make.session("inside"), [said(make.question())], None, stream=True, model=CLAUDE)
    yield Written("error event", attrs, {**told, "token_notes": ["no_answer"]}, outer={"path": MESSAGES})


# -- no calls ----------------------------------------------------------------------------------------------------------


def no_calls(make):
    """What a plugin wrote into lines that are no call to a model, each under its reason."""
    asked = {"api": "-", "session_id": make.session("no call"), **make.ended(stream=False), **NULLS}
    posted = {**asked, "chat_round": 0, "messages": None, "question": None, "system": None}
    tool = {"jsonrpc_id": "3", "jsonrpc_method": "tools/call", "mcp_tool_name": "get_weather", "mcp_tool_error": ""}
    lines = [
        ("GET", CHAT, asked, "other_method"),
        ("DELETE", f"{RESPONSES}/resp_1", asked, "other_method"),
        ("GET", "/v1/models", asked, "model_list"),
        ("GET", "/healthz", asked, "health_check"),
        ("POST", f"{MESSAGES}/count_tokens?beta=true", {**posted, "chat_round": 1}, "count_tokens"),
        ("POST", "/v1/files", posted, "files"),
        ("GET", "/metrics", asked, "metrics"),
        ("POST", "/mcp-servers/travel", {**posted, **tool}, "mcp"),
        ("POST", CHAT, {"cache_status": "miss"}, "other_plugins"),
        ("POST", CHAT, {"safecheck_request_rt": 12, "safecheck_status": "request pass"}, "other_plugins"),
        ("OPTIONS", CHAT, None, "not_llm"),
        ("HEAD", CHAT, None, "not_llm"),
        ("POST", "/api/orders", None, "not_llm"),
    ]
    for method, path, attrs, reason in lines:
        yield Written(f"{method} {path}", attrs, passed_over=reason, outer={"method": method, "path": path})


def skipped(make):
    """Calls to known APIs that the plugin passed over."""
    gemini = "/v1beta/models/gemini-2.5-pro:generateContent"
    for path in (MESSAGES, RESPONSES, gemini, "/v1/embeddings", f"{CHAT}/", "/v1/rerank", "/v1/images/generations"):
        yield Written(f"skipped {path}", None, passed_over="skipped_calls", outer={"path": path})
    refused = {"path": RESPONSES, "response_code": "429"}
    yield Written("skipped and refused", None, passed_over="skipped_calls", outer=refused)


SITUATIONS = (
    whole_answers,
    tool_rounds,
    untold_usage,
    unread_answers,
    compressed_requests,
    other_content_types,
    other_apis,
    less_attributes,
    totals_alone,
    unreadable_counts,
    gateway_answers,
    undated,
    streamed_claude_tools,
    appended_tools,
    claude_tools_in_history,
    cut_after_a_usage,
    cut_before_a_usage,
    left_before_the_head,
    errors,
    errors_inside,
    no_calls,
    skipped,
)
