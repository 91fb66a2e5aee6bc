#!/usr/bin/env python3
"""Generate a deterministic Higress gateway access log with LLM calls in it.

The bytes follow the real producers, not a guess at them:

* The outer line is Envoy's ``accessLogFormat`` of the Higress helm chart (``helm/core/templates/configmap.yaml``)
  with ``accessLogEncoding: TEXT``.  It *looks* like JSON, but it is a text template: request headers such as
  ``user-agent`` and ``path`` are pasted in unescaped, so a double quote in one of them makes the outer line invalid
  JSON.  Every value is a string, an absent value is ``-``, and the time is in ``start_time`` (the start of the
  request; the line is written when it *ends*, so ``start_time`` is not monotonic in the file).
* ``ai_log`` is what the ``ai-statistics`` plugin writes: a Go ``map[string]interface{}`` through ``json.Marshal``
  (sorted keys, ``< > &`` as ``\\u003c \\u003e \\u0026``), marshalled a second time as a JSON string.
  ``gjson`` values inside it (``messages``) are Go maps too, so their keys are sorted as well; the tool calls of a
  *streamed* answer are a Go struct (fields in declaration order, ``index`` 0 left out).
* A configured attribute that could not be extracted is written as ``null`` (not left out).
* A value whose ``fmt.Sprint`` is longer than the plugin's ``value_length_limit`` becomes a *string*: the first half
  of the limit + `` [truncated] `` + the last half, cut at byte positions (so a cut character turns into ``\\ufffd``).
* A failed call has the request's attributes only: no model, no tokens.  A client that went away leaves even less.

Examples::

    gen_access_log.py --profile agent --bytes 100M --seed 1 --out access.log --truth truth.json
    gen_access_log.py --profile mixed --lines 10000 --noise 0.3 --rate 50 --out access.log
    gen_access_log.py --style skill --lines 20 --out -

``--clean`` leaves out everything that is legal but awkward (nulls, numbers in strings, missing session ids, odd
session ids, broken lines, failed calls): a log that a naive reader can follow.
"""

import argparse
import contextlib
import dataclasses
import json
import random
import re
import sys
from datetime import datetime, timedelta, timezone

# The fields of helm's accessLogFormat after "ai_log", in order.
OUTER_FIELDS = (
    "authority",
    "bytes_received",
    "bytes_sent",
    "downstream_local_address",
    "downstream_remote_address",
    "duration",
    "istio_policy_status",
    "method",
    "path",
    "protocol",
    "request_id",
    "requested_server_name",
    "response_code",
    "response_flags",
    "route_name",
    "start_time",
    "trace_id",
    "upstream_cluster",
    "upstream_host",
    "upstream_local_address",
    "upstream_service_time",
    "upstream_transport_failure_reason",
    "user_agent",
    "x_forwarded_for",
    "response_code_details",
)

NUMERIC_KEYS = (
    "input_token",
    "output_token",
    "total_token",
    "reasoning_tokens",
    "cached_tokens",
    "llm_first_token_duration",
    "llm_service_duration",
)


# ---------------------------------------------------------------------------------------------------------------------
# Go's way of writing values
# ---------------------------------------------------------------------------------------------------------------------

_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_GO_ESCAPES = re.compile("[<>&\u2028\u2029\udc80-\udcff]")


def _go_escape(match):
    # A lone surrogate stands for a byte that is not UTF-8: Go writes the six characters \ufffd for it.
    return _HTML.get(match.group(), "\\ufffd")


def go_marshal(value):
    """``json.Marshal`` of Go >= 1.22 (maps must already be in sorted order)."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=lambda call: call.to_json())
    return _GO_ESCAPES.sub(_go_escape, text)


def go_map(**items):
    """A Go map: Go marshals and prints maps in key order."""
    return dict(sorted(items.items()))


def go_sprint(value):
    """``fmt.Sprint`` of the kinds of value that can get into an attribute."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + " ".join(map(go_sprint, value)) + "]"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_sprint(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, ToolCall):
        return f"{{{value.index} {value.id} {value.type} {{{value.name} {value.arguments}}}}}"
    raise TypeError(f"no Go form for {type(value).__name__}")


def limit_value(value, limit):
    """setAttributeBySource: a value longer than ``limit`` bytes becomes a string with its middle cut out."""
    if limit >= 1 << 20 and not isinstance(value, str):
        # No generated history comes near this limit, and printing it each round would be slow.
        return value
    raw = go_sprint(value).encode("utf-8")
    if len(raw) <= limit:
        return value
    half = limit // 2
    return (raw[:half] + b" [truncated] " + raw[-half:]).decode("utf-8", "surrogateescape")


@dataclasses.dataclass
class ToolCall:
    """The plugin's ToolCall struct (streamed answers only)."""

    index: int
    id: str
    type: str
    name: str
    arguments: str

    def to_json(self):
        """The struct as ``json.Marshal`` sees it: declaration order, zero values left out."""
        fields = {"index": self.index, "id": self.id, "type": self.type}
        function = {"name": self.name, "arguments": self.arguments}
        out = {key: value for key, value in fields.items() if value}
        out["function"] = {key: value for key, value in function.items() if value}
        return out


# ---------------------------------------------------------------------------------------------------------------------
# What is being imitated: models, plugin configurations, profiles
# ---------------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Model:
    """A model as the gateway sees it."""

    name: str
    protocol: str  # openai | anthropic | gemini
    thinks: bool = False


MODELS = (
    Model("gpt-4o", "openai"),
    Model("gpt-4o-mini", "openai"),
    Model("gpt-4.1", "openai"),
    Model("gpt-5", "openai", True),
    Model("o3-mini", "openai", True),
    Model("claude-sonnet-4-20250514", "anthropic"),
    Model("claude-opus-4-1-20250805", "anthropic"),
    Model("claude-3-5-haiku-20241022", "anthropic"),
    Model("gemini-2.5-pro", "gemini", True),
    Model("gemini-2.5-flash", "gemini", True),
    Model("qwen-max", "openai"),
    Model("qwen-plus", "openai"),
    Model("qwen-turbo", "openai"),
    Model("qwen3-coder-plus", "openai"),
    Model("qwen3-235b-a22b-thinking-2507", "openai", True),
    Model("deepseek-chat", "openai"),
    Model("deepseek-reasoner", "openai", True),
)


@dataclasses.dataclass(frozen=True)
class PluginConfig:
    """One configuration of ai-statistics (they differ by route)."""

    request_attributes: bool  # messages, question, system
    response_attributes: bool  # answer, reasoning, tool_calls
    token_attributes: bool  # reasoning_tokens, cached_tokens, *_token_details
    value_length_limit: int
    consumer: bool = False


FULL = PluginConfig(True, True, True, 10_485_760)  # use_default_attributes: true
LIGHT = PluginConfig(False, False, True, 4_000)  # use_default_response_attributes: true
EMPTY = PluginConfig(False, False, False, 32_000)  # no attributes at all
CUSTOM = PluginConfig(True, True, True, 32_000, consumer=True)  # own attribute list, the code's default limit
CUSTOM_SHORT = PluginConfig(True, True, True, 4_000, consumer=True)  # own attribute list, the README's limit


@dataclasses.dataclass(frozen=True)
class Profile:
    """The shape of the sessions."""

    configs: tuple
    rounds: int  # lines per session where --sessions does not decide it
    system_bytes: int
    user_bytes: tuple  # smallest and largest size of a text
    answer_bytes: tuple
    tool_bytes: tuple  # size of a tool result
    tools: float  # how often an answer is a tool call


PROFILES = {
    "chat": Profile((CUSTOM, FULL), 8, 300, (20, 400), (100, 1500), (0, 0), 0.0),
    "agent": Profile((FULL,), 25, 6000, (40, 600), (60, 900), (200, 5000), 0.8),
    "lite": Profile((LIGHT,), 10, 300, (20, 400), (100, 1500), (0, 0), 0.0),
    "mixed": Profile((FULL, LIGHT, EMPTY, CUSTOM, CUSTOM_SHORT), 12, 1500, (20, 500), (60, 1200), (200, 3000), 0.5),
}

SENTENCES = (
    "Please summarise the incident and list the next steps.",
    "The build fails on line 42 of src/app.py:\n",
    "查询北京天气，并给出未来三天的预报。",
    "好的，我来帮你检查日志文件。",
    "用户想知道订单 #8841 为什么延迟。",
    "请把下面的表格转换成 JSON 🙂\n",
    'if (a < b && c > d) { return "ok"; }\n',
    "<div class=\"row\"><script>alert('x')</script></div>\n",
    "SELECT id, name FROM users WHERE age >= 18 AND city = 'Zürich';\n",
    "C:\\Users\\dev\\project\\main.go\n",
    'Traceback (most recent call last):\n  File "run.py", line 7, in <module>\n    main()\n',
    "🚀 deployed ✅ done 👩‍💻\n",
    "| column a | column b |\n|---|---|\n| 1 | 2 |\n",
    "curl -s 'http://example.com/?a=1&b=2' | jq '.items[] | .id'\n",
    "Спасибо, это помогло.",
    "ありがとうございます。",
    '{"temperature": 15, "weather": "晴", "ok": true}\n',
    "for i in range(10):\n\tprint(i)\r\n",
    "The quick brown fox jumps over the lazy dog.\u2028",
    "\x1b[32mPASS\x1b[0m tests/test_io.py\b\f\n",
)

TOOLS = ("read_file", "run_command", "web_search", "get_weather", "apply_patch", "list_dir")

USER_AGENTS = (
    "OpenAI/Python 1.97.0",
    "openclaw/2026.1.30 node/22.12.0",
    "Anthropic/JS 0.54.0",
    "curl/8.5.0",
    "python-httpx/0.28.1",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",
    "-",
)
BREAKING_USER_AGENTS = ('my "agent"/1.0', 'bot/2.0 "; drop', "agent\\x/1.0 (C:\\temp)")

NOISE = (
    ("GET", "/healthz", 200),
    ("GET", "/api/v1/users?page=2&size=50", 200),
    ("POST", "/api/v1/orders", 201),
    ("GET", "/static/js/app.3f2a.js", 304),
    ("GET", "/favicon.ico", 404),
    ("OPTIONS", "/api/v1/orders", 204),
)

FAILURES = (  # response_code, response_flags, response_code_details, has the plugin seen a response?
    (429, "-", "via_upstream", True),
    (429, "-", "via_upstream", True),
    (503, "UF,URX", "upstream_reset_before_response_started{connection_failure}", True),
    (503, "UH", "no_healthy_upstream", True),
    (0, "DC", "downstream_remote_disconnect", False),
)


# ---------------------------------------------------------------------------------------------------------------------
# Ground truth
# ---------------------------------------------------------------------------------------------------------------------


def _new_totals():
    return {
        "rounds": 0,
        "failed": 0,
        "input_tokens": 0,
        "output_tokens": 0,
        "total_tokens": 0,
        "reasoning_tokens": 0,
        "cached_tokens": 0,
        "cache_creation_tokens": 0,
        "reasoning_tokens_field": 0,
        "cached_tokens_field": 0,
    }


class Truth:
    """What a correct reader must find.

    ``rounds`` counts every line with an ``ai_log`` object, failed calls included.  ``reasoning_tokens`` and
    ``cached_tokens`` come from whatever the provider reported (also ``thoughts_token_count``,
    ``cache_read_input_tokens``, ``cached_content_token_count`` in the details); the ``*_field`` sums hold only what
    the plain ``ai_log.reasoning_tokens`` / ``ai_log.cached_tokens`` fields say.  A failed call has the model
    "unknown".  Lines that are cut off (``lost``) are in no total; lines whose outer JSON alone is broken are in all.
    """

    def __init__(self):
        self.sessions, self.models, self.dates = {}, {}, {}
        self.no_session = self._record()
        self.counts = {
            "lines": 0,
            "ai_lines": 0,
            "noise": 0,
            "outer_json_broken": 0,
            "lost": 0,
            "no_session": 0,
            "failed": 0,
            "string_numbers": 0,
            "truncated_values": 0,
        }

    @staticmethod
    def _record():
        return {**_new_totals(), "models": [], "first_start_time": None, "last_start_time": None}

    def add(self, session_id, model, usage, start_time):
        """Count one call."""
        record = self.no_session if session_id is None else self.sessions.setdefault(session_id, self._record())
        by_model = self.models.setdefault(model, _new_totals())
        by_date = self.dates.setdefault(start_time[:10], _new_totals())
        for totals in (record, by_model, by_date):
            totals["rounds"] += 1
            totals["failed"] += not usage
            for key, value in usage.items():
                totals[key] += value
        if model not in record["models"]:
            record["models"].append(model)
        record["first_start_time"] = min(record["first_start_time"] or start_time, start_time)
        record["last_start_time"] = max(record["last_start_time"] or start_time, start_time)

    def as_dict(self):
        """The JSON form."""
        return {
            "counts": self.counts,
            "no_session": self.no_session,
            "models": self.models,
            "dates": self.dates,
            "sessions": self.sessions,
        }


# ---------------------------------------------------------------------------------------------------------------------
# Sessions
# ---------------------------------------------------------------------------------------------------------------------


class Text:
    """Cheap pseudo-random text, sized in characters."""

    def __init__(self, rng):
        self.rng = rng
        self.pool = [" ".join(rng.choices(SENTENCES, k=rng.randint(8, 20))) for _ in range(200)]

    def make(self, low, high):
        """Some text of about low..high characters."""
        size = self.rng.randint(low, high)
        parts = []
        while size > 0:
            parts.append(self.rng.choice(self.pool)[:size])
            size -= len(parts[-1])
        return "".join(parts)


def make_session_id(rng, number, args):
    """Session ids as agents send them; unique through ``number``."""
    snowflake = 1465367993012981988 + number * 4099
    kinds = [
        f"agent:main:discord:channel:{snowflake}",
        f"agent:main:discord:{snowflake}",
        f"agent:ops:telegram:group:-100{snowflake % 10**10}",
        f"sess_{snowflake:x}",
        f"{rng.getrandbits(32):08x}-{number:04x}-4000-8000-{rng.getrandbits(48):012x}",
    ]
    if not args.clean:
        kinds += [f"team/blue/run-{number}", f"会话-{number}-🙂", f"user {number} / my chat"]
    if args.hostile_ids:
        kinds = [
            f"../../outside-{number}",
            f"/etc/absolute-{number}",
            f"<img src=x onerror=alert({number})>",
            f"long-{number}-" + "x" * 300,
            "会" * 100 + str(number),
            f"{number}%2e%2e%2f",
            f".hidden-{number}",
            f"-rf {number}",
        ]
    return kinds[number % len(kinds)] if args.hostile_ids else rng.choice(kinds)


class Session:
    """One conversation: it resends its whole history with each call."""

    def __init__(self, number, rng, text, args):
        self.rng, self.text, self.args = rng, text, args
        self.profile = PROFILES[args.profile]
        self.id = make_session_id(rng, number, args)
        self.config = rng.choice(self.profile.configs)
        self.model = self._pick_model()
        self.tools = rng.random() < self.profile.tools if args.profile == "mixed" else self.profile.tools > 0
        self.consumer = rng.choice(("clawdbot", "team-a", "ci-bot", ""))
        self.user_agent = rng.choice(USER_AGENTS)
        self.system = text.make(self.profile.system_bytes // 2, self.profile.system_bytes)
        self.stream = rng.random() < 0.7
        self.cached_before = 0
        self.pending_tool = None
        self._reset()

    def _pick_model(self):
        native_ok = self.config in (LIGHT, EMPTY) or self.args.profile == "mixed"
        return self.rng.choice([model for model in MODELS if native_ok or model.protocol != "gemini"])

    def _reset(self):
        self.messages, self.size, self.pending_tool = [], 0, None
        if self.model.protocol != "anthropic":
            self._push(go_map(role="system", content=self.system))

    def _push(self, message):
        self.messages.append(message)
        content = message["content"]
        self.size += len(content if isinstance(content, str) else go_sprint(content))

    def _ask(self):
        """Add the message the client sends now: a tool result, or a new question."""
        profile, rng = self.profile, self.rng
        if self.pending_tool:
            result, call_id = self.text.make(*profile.tool_bytes), self.pending_tool
            self.pending_tool = None
            if self.model.protocol == "anthropic":
                block = go_map(type="tool_result", tool_use_id=call_id, content=result)
                self._push(go_map(role="user", content=[block]))
            else:
                self._push(go_map(role="tool", tool_call_id=call_id, content=result))
            return
        if self.size > self.args.max_context:
            self._reset()
        question = self.text.make(*profile.user_bytes)
        if not self.args.clean and rng.random() < 0.1:  # content as a list of parts, sometimes with a picture
            parts = [go_map(type="text", text=question)]
            if rng.random() < 0.5 and self.model.protocol == "openai":
                picture = go_map(url="data:image/png;base64," + "iVBORw0KGgo" * 20)
                parts.append(go_map(type="image_url", image_url=picture))
            question = parts
        self._push(go_map(role="user", content=question))

    def _answer(self):
        """The model's turn: returns (answer, reasoning, tool_calls) as the plugin extracts them."""
        rng, anthropic = self.rng, self.model.protocol == "anthropic"
        reasoning = self.text.make(80, 800) if self.model.thinks and self.model.protocol == "openai" else None
        if not (self.tools and rng.random() < self.profile.tools):
            answer = self.text.make(*self.profile.answer_bytes)
            self._push(go_map(role="assistant", content=answer))
            return answer, reasoning, None

        name, call_id = rng.choice(TOOLS), f"{'toolu' if anthropic else 'call'}_{rng.getrandbits(64):016x}"
        arguments = {"path": f"src/<m{rng.randint(1, 99)}>.py", "note": self.text.make(5, 60)}
        arguments = json.dumps(arguments, ensure_ascii=False)
        self.pending_tool = call_id
        if anthropic:
            remark = self.text.make(20, 120)
            used = go_map(type="tool_use", id=call_id, name=name, input=go_map(**json.loads(arguments)))
            self._push(go_map(role="assistant", content=[go_map(type="text", text=remark), used]))
            # Not streamed: the plugin looks for OpenAI's choices.0.message.tool_calls only, and finds nothing.
            return remark, reasoning, [ToolCall(1, call_id, "tool_use", name, arguments)] if self.stream else None
        function = go_map(name=name, arguments=arguments)
        call = go_map(id=call_id, type="function", function=function)
        self._push(go_map(role="assistant", content="", tool_calls=[call]))
        if self.stream:
            return None, reasoning, [ToolCall(0, call_id, "function", name, arguments)]
        return None, reasoning, [go_map(index=0, **call)]

    def _usage(self, prompt_chars, answer_chars):
        """Token counts as the provider reports them: (fields, input details, output details, truth)."""
        rng, protocol = self.rng, self.model.protocol
        prompt, output = prompt_chars // 3 + 8, answer_chars // 3 + 4
        read = min(self.cached_before, prompt) if rng.random() < 0.8 else 0
        self.cached_before = prompt // 128 * 128
        thought = rng.randint(20, 900) if self.model.thinks else 0
        created = 0
        if protocol == "anthropic":  # input_tokens excludes what was read from or written to the cache
            created = (prompt - read) // 2
            fresh = prompt - read - created
            details = [go_map(cache_creation_input_tokens=created, cache_read_input_tokens=read), {}]
            total = prompt + output
            fields = (fresh, output, total)
        elif protocol == "gemini":  # candidatesTokenCount excludes the thoughts
            details = [go_map(cached_content_token_count=read) if read else {}, go_map(thoughts_token_count=thought)]
            total = prompt + output + thought
            fields = (prompt, output, total)
        else:  # completion_tokens includes the reasoning tokens
            output += thought
            details = [go_map(cached_tokens=read), go_map(reasoning_tokens=thought) if thought else {}]
            if self.model.name.startswith(("gpt", "o3")):
                details = [
                    go_map(audio_tokens=0, cached_tokens=read),
                    go_map(
                        accepted_prediction_tokens=0,
                        audio_tokens=0,
                        reasoning_tokens=thought,
                        rejected_prediction_tokens=0,
                    ),
                ]
            total = prompt + output
            fields = (prompt, output, total)
        truth = {
            "input_tokens": fields[0],
            "output_tokens": fields[1],
            "total_tokens": total,
            "cached_tokens": read,
            "reasoning_tokens": thought,
            "cache_creation_tokens": created,
        }
        return fields, details[0], details[1], truth

    def call(self):
        """One LLM call: (attributes of ai_log, outer fields, truth of its usage or {} where it failed)."""
        rng, config = self.rng, self.config
        if not self.args.clean and rng.random() < 0.03:  # the agent switches models in the middle of a session
            self.model = rng.choice([m for m in MODELS if m.protocol == self.model.protocol])
        if rng.random() < 0.1:
            self.stream = not self.stream
        self._ask()
        gemini = self.model.protocol == "gemini"
        prompt_chars = self.size + (len(self.system) if self.model.protocol == "anthropic" else 0)
        attrs = {
            "api": "-",
            "session_id": self.id,
            "chat_round": sum(message["role"] == "user" for message in self.messages),
        }
        if self.config is CUSTOM_SHORT:
            attrs["api"] = "llm@default@v1"
        if config.consumer:
            attrs["consumer"] = self.consumer
        if config.request_attributes:
            attrs["messages"] = None if gemini else list(self.messages)
            attrs["question"] = None if gemini else self.messages[-1]["content"]
            attrs["system"] = self.system if self.model.protocol == "anthropic" else None
        duration = rng.randint(300, 30_000)
        outer = self._outer(duration)

        if not self.args.clean and rng.random() < self.args.failures:
            code, flags, details, seen = rng.choice(FAILURES)
            outer.update(response_code=str(code), response_flags=flags, response_code_details=details)
            if seen:
                attrs.update(response_type="normal", llm_service_duration=duration)
                attrs.update(dict.fromkeys(self._response_keys()))
            self.messages.pop()
            return self._limited(attrs), outer, {}

        answer, reasoning, tool_calls = self._answer()
        answer_chars = len(answer or "") + len(reasoning or "") + (120 if tool_calls else 0)
        (input_token, output_token, total), details_in, details_out, truth = self._usage(prompt_chars, answer_chars)
        attrs.update(
            chat_id=self._chat_id(),
            model=self.model.name,
            input_token=input_token,
            output_token=output_token,
            total_token=total,
            response_type="stream" if self.stream else "normal",
            llm_service_duration=duration,
        )
        if self.stream:
            attrs["llm_first_token_duration"] = duration // 7 + 40
        if config.response_attributes:
            attrs.update(answer=None if gemini else answer, reasoning=reasoning, tool_calls=tool_calls)
        if config.token_attributes:
            attrs["reasoning_tokens"] = details_out.get("reasoning_tokens")
            attrs["cached_tokens"] = details_in.get("cached_tokens")
            # An attribute: the map as a JSON string, or null where it is empty.
            attrs["input_token_details"] = go_marshal(details_in) if details_in else None
            attrs["output_token_details"] = go_marshal(details_out) if details_out else None
        else:  # set by the plugin's token counter itself: an object
            attrs["input_token_details"], attrs["output_token_details"] = details_in, details_out
        truth["reasoning_tokens_field"] = attrs.get("reasoning_tokens") or 0
        truth["cached_tokens_field"] = attrs.get("cached_tokens") or 0
        return self._limited(attrs), outer, truth

    def _response_keys(self):
        keys = ["answer", "reasoning", "tool_calls"] if self.config.response_attributes else []
        if self.config.token_attributes:
            keys += ["reasoning_tokens", "cached_tokens", "input_token_details", "output_token_details"]
        return keys

    def _limited(self, attrs):
        for key in ("messages", "question", "system", "answer", "reasoning", "tool_calls"):
            if attrs.get(key) is not None:
                attrs[key] = limit_value(attrs[key], self.config.value_length_limit)
        return attrs

    def _chat_id(self):
        prefix = {"openai": "chatcmpl-", "anthropic": "msg_01", "gemini": ""}[self.model.protocol]
        return f"{prefix}{self.rng.getrandbits(96):024x}"

    def _outer(self, duration):
        model = self.model
        verb = "streamGenerateContent?alt=sse" if self.stream else "generateContent"
        path = {
            "openai": "/v1/chat/completions",
            "anthropic": "/v1/messages",
            "gemini": f"/v1beta/models/{model.name}:{verb}",
        }
        vendor = model.name.partition("-")[0]
        return {
            "authority": "ai.example.com",
            "method": "POST",
            "path": path[model.protocol],
            "duration": str(duration),
            "response_code": "200",
            "response_flags": "-",
            "response_code_details": "via_upstream",
            "route_name": "llm@default@v1@r" if self.config is CUSTOM_SHORT else f"ai-route-{vendor}.internal",
            "upstream_cluster": f"outbound|443||llm-{vendor}.internal.dns",
            "user_agent": self.user_agent,
            "bytes_received": str(self.size + 400),
            "bytes_sent": str(self.rng.randint(400, 9000)),
        }


# ---------------------------------------------------------------------------------------------------------------------
# Lines
# ---------------------------------------------------------------------------------------------------------------------


def iso_millis(moment):
    """Envoy's %START_TIME%: UTC with milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Generator:
    """Writes the lines and keeps the ground truth."""

    def __init__(self, args):
        self.args = args
        self.rng = random.Random(args.seed)
        self.text = Text(self.rng)
        self.truth = Truth()
        self.window = []  # the sessions that are talking now
        self.opened = 0
        self.ai_lines = 0

    def _pick_session(self, progress):
        """Open sessions evenly over the log; otherwise continue one of those that are open."""
        wanted = self.args.sessions
        due = wanted * progress if wanted else self.ai_lines / PROFILES[self.args.profile].rounds
        if not self.window or (self.opened <= due and (not wanted or self.opened < wanted)):
            self.window.append(Session(self.opened, self.rng, self.text, self.args))
            self.opened += 1
            del self.window[: -self.args.concurrency]
            return self.window[-1]
        return self.rng.choice(self.window)

    def lines(self):
        """Yield the log, line by line, as bytes, until --lines or --bytes is reached."""
        args, rng, counts = self.args, self.rng, self.truth.counts
        written = number = 0
        while number < args.lines if args.lines is not None else written < args.bytes:
            progress = number / args.lines if args.lines is not None else written / args.bytes
            moment = args.start + timedelta(seconds=number / args.rate)
            if rng.random() < args.noise:
                line = self._noise_line(moment)
                counts["noise"] += 1
            else:
                line = self._ai_line(self._pick_session(progress), moment, written)
                self.ai_lines += 1
            counts["lines"] += 1
            number += 1
            written += len(line)
            yield line

    def _ai_line(self, session, moment, offset):
        rng, args, counts = self.rng, self.args, self.truth.counts
        attrs, outer, usage = session.call()
        start_time = iso_millis(moment - timedelta(milliseconds=int(outer["duration"])))
        if args.style == "skill":  # that shape has whole seconds only
            start_time = start_time[:19] + "Z"
        counts["truncated_values"] += sum(
            isinstance(value, str) and " [truncated] " in value for value in attrs.values()
        )
        if args.clean:
            attrs = {key: value for key, value in attrs.items() if value is not None}
        elif rng.random() < args.no_session:
            del attrs["session_id"]
        if not args.clean and rng.random() < args.string_numbers:
            attrs.update({key: str(attrs[key]) for key in NUMERIC_KEYS if isinstance(attrs.get(key), int)})
            counts["string_numbers"] += 1
        if not args.clean and rng.random() < args.broken_outer:
            outer["user_agent"] = rng.choice(BREAKING_USER_AGENTS)
            counts["outer_json_broken"] += args.style == "real"

        line = self._render(go_marshal(go_marshal(go_map(**attrs)))[1:-1], outer, start_time, offset)
        if not args.clean and rng.random() < args.cut:  # e.g. the disk was full: the rest of the line is missing
            counts["lost"] += 1
            return line[: rng.randint(12, min(len(line), 400) - 2)].decode("utf-8", "ignore").encode() + b"\n"
        counts["ai_lines"] += 1
        counts["no_session"] += "session_id" not in attrs
        counts["failed"] += not usage
        self.truth.add(attrs.get("session_id"), attrs.get("model", "unknown"), usage, start_time)
        return line

    def _noise_line(self, moment):
        method, path, code = self.rng.choice(NOISE)
        outer = {
            "authority": "www.example.com",
            "method": method,
            "path": path,
            "response_code": str(code),
            "duration": str(self.rng.randint(1, 80)),
            "response_flags": "-",
            "response_code_details": "via_upstream",
            "route_name": "www-route",
            "upstream_cluster": "outbound|8080||web.default.svc.cluster.local",
            "user_agent": self.rng.choice(USER_AGENTS),
            "bytes_received": "0",
            "bytes_sent": str(self.rng.randint(0, 60000)),
        }
        start_time = iso_millis(moment)
        return self._render("-", outer, start_time[:19] + "Z" if self.args.style == "skill" else start_time, 0)

    def _render(self, ai_log, outer, start_time, offset):
        rng = self.rng
        if self.args.style == "skill":
            return f'{{"__file_offset__":"{offset}","timestamp":"{start_time}","ai_log":"{ai_log}"}}\n'.encode()
        address = f"10.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"
        upstream = f"47.98.{rng.randint(0, 255)}.{rng.randint(1, 254)}:443"
        digits = f"{rng.getrandbits(128):032x}"
        request_id = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-9{digits[17:20]}-{digits[20:]}"
        values = {
            "downstream_local_address": "10.0.1.7:80",
            "downstream_remote_address": f"{address}:{rng.randint(1024, 65535)}",
            "protocol": "HTTP/1.1",
            "request_id": request_id,
            "start_time": start_time,
            "upstream_host": upstream,
            "upstream_local_address": f"10.0.1.7:{rng.randint(1024, 65535)}",
            "x_forwarded_for": address,
            "upstream_service_time": outer["duration"],
            **outer,
        }
        rest = ",".join(f'"{name}":"{values.get(name, "-")}"' for name in OUTER_FIELDS)
        return f'{{"ai_log":"{ai_log}",{rest}}}\n'.encode()


# ---------------------------------------------------------------------------------------------------------------------
# Command line
# ---------------------------------------------------------------------------------------------------------------------


def size(text):
    """argparse type: 500, 10k, 100M, 1G (powers of 1000)."""
    factor = {"k": 1000, "m": 1000**2, "g": 1000**3}.get(text[-1:].lower())
    return int(float(text[:-1]) * factor) if factor else int(text)


def iso_time(text):
    """argparse type: an ISO time; UTC where it has no zone."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


def parse_args(argv=None):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0], allow_abbrev=False)
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--lines", type=int, help="number of lines (default 1000)")
    amount.add_argument("--bytes", type=size, help="stop at this size, e.g. 100M")
    parser.add_argument("--out", default="-", help="the log; - is standard output (default)")
    parser.add_argument("--truth", help="write what a correct reader must find, as JSON")
    parser.add_argument("--sessions", type=int, help="number of sessions (default: as many as the profile needs)")
    parser.add_argument("--concurrency", type=int, default=32, help="sessions that talk at the same time")
    parser.add_argument("--profile", choices=PROFILES, default="chat")
    parser.add_argument("--style", choices=("real", "skill"), default="real", help="the outer line's shape")
    parser.add_argument("--noise", type=float, default=0.0, help="fraction of lines that are no LLM call")
    parser.add_argument(
        "--start", type=iso_time, default=iso_time("2026-02-01T09:30:00Z"), help="time of the first line"
    )
    parser.add_argument("--rate", type=float, default=1.0, help="lines per second, for the timestamps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--max-context", type=size, default=250_000, help="an agent compacts a history longer than this"
    )
    parser.add_argument("--clean", action="store_true", help="nothing awkward (see above)")
    parser.add_argument(
        "--hostile-ids", action="store_true", help="session ids that attack paths, pages and file systems"
    )
    parser.add_argument("--failures", type=float, default=0.02, help="fraction of calls that fail")
    parser.add_argument("--no-session", type=float, default=0.01, help="fraction of calls without a session id")
    parser.add_argument("--string-numbers", type=float, default=0.01, help='fraction of calls with "10" for 10')
    parser.add_argument(
        "--broken-outer", type=float, default=0.005, help="fraction with a user agent that breaks the outer JSON"
    )
    parser.add_argument("--cut", type=float, default=0.001, help="fraction of lines that are cut off")
    args = parser.parse_args(argv)
    if args.lines is None and args.bytes is None:
        args.lines = 1000
    if args.style == "skill":
        args.broken_outer = 0.0
    return args


def main(argv=None):
    """Write the log and the truth."""
    args = parse_args(argv)
    generator = Generator(args)
    with contextlib.ExitStack() as stack:
        out = sys.stdout.buffer if args.out == "-" else stack.enter_context(open(args.out, "wb"))
        out.writelines(generator.lines())
    if args.truth:
        with open(args.truth, "w", encoding="utf-8") as file:
            json.dump(generator.truth.as_dict(), file, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
