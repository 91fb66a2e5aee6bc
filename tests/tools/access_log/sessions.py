"""What does a session of a profile send, and what does the plugin make of it?"""

import json

from tests.tools.access_log.go import ToolCall, go_map, go_marshal, go_sprint, limit_value
from tests.tools.access_log.imitated import (
    CUSTOM_SHORT,
    EMPTY,
    FAILURES,
    LIGHT,
    MODELS,
    PROFILES,
    SENTENCES,
    TOOLS,
    USER_AGENTS,
)


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
        rng = self.rng
        prompt, output = prompt_chars // 3 + 8, answer_chars // 3 + 4
        read = min(self.cached_before, prompt) if rng.random() < 0.8 else 0
        self.cached_before = prompt // 128 * 128
        thought = rng.randint(20, 900) if self.model.thinks else 0
        fields, details, created = _REPORTED[self.model.protocol](self.model, prompt, output, read, thought)
        truth = {
            "input_tokens": fields[0],
            "output_tokens": fields[1],
            "total_tokens": fields[2],
            "cached_tokens": read,
            "reasoning_tokens": thought,
            "cache_creation_tokens": created,
        }
        return fields, *details, truth

    def call(self):
        """One LLM call: (attributes of ai_log, outer fields, truth of its usage or {} where it failed)."""
        rng = self.rng
        if not self.args.clean and rng.random() < 0.03:  # the agent switches models in the middle of a session
            self.model = rng.choice([m for m in MODELS if m.protocol == self.model.protocol])
        if rng.random() < 0.1:
            self.stream = not self.stream
        self._ask()
        prompt_chars = self.size + (len(self.system) if self.model.protocol == "anthropic" else 0)
        attrs, duration = self._asked(), rng.randint(300, 30_000)
        outer = self._outer(duration)
        if not self.args.clean and rng.random() < self.args.failures:
            attrs |= self._failed(outer, duration)
            truth = {}
        else:
            answered, truth = self._answered(prompt_chars, duration)
            attrs |= answered
        return self._limited(attrs), outer, truth

    def _asked(self):
        """The attributes that tell of the request."""
        protocol, config = self.model.protocol, self.config
        attrs = {
            "api": "llm@default@v1" if config is CUSTOM_SHORT else "-",
            "session_id": self.id,
            "chat_round": sum(message["role"] == "user" for message in self.messages),
        }
        if config.consumer:
            attrs["consumer"] = self.consumer
        if config.request_attributes:
            is_read = protocol != "gemini"
            attrs["messages"] = list(self.messages) if is_read else None
            attrs["question"] = self.messages[-1]["content"] if is_read else None
            attrs["system"] = self.system if protocol == "anthropic" else None
        return attrs

    def _failed(self, outer, duration):
        """The attributes that tell of a failure, which the outer fields are told of; what was asked is taken back."""
        code, flags, details, seen = self.rng.choice(FAILURES)
        outer.update(response_code=str(code), response_flags=flags, response_code_details=details)
        self.messages.pop()
        if not seen:
            return {}
        return {"response_type": "normal", "llm_service_duration": duration, **dict.fromkeys(self._response_keys())}

    def _answered(self, prompt_chars, duration):
        """The attributes that tell of an answer, and the truth of its usage."""
        answer, reasoning, tool_calls = self._answer()
        answer_chars = len(answer or "") + len(reasoning or "") + (120 if tool_calls else 0)
        (input_token, output_token, total), details_in, details_out, truth = self._usage(prompt_chars, answer_chars)
        attrs = {
            "chat_id": self._chat_id(),
            "model": self.model.name,
            "input_token": input_token,
            "output_token": output_token,
            "total_token": total,
            "response_type": "stream" if self.stream else "normal",
            "llm_service_duration": duration,
            **({"llm_first_token_duration": duration // 7 + 40} if self.stream else {}),
        }
        if self.config.response_attributes:
            text = None if self.model.protocol == "gemini" else answer
            attrs |= {"answer": text, "reasoning": reasoning, "tool_calls": tool_calls}
        attrs |= self._details(details_in, details_out)
        truth["reasoning_tokens_field"] = attrs.get("reasoning_tokens") or 0
        truth["cached_tokens_field"] = attrs.get("cached_tokens") or 0
        return attrs, truth

    def _details(self, details_in, details_out):
        """The attributes that tell of kinds of tokens."""
        if not self.config.token_attributes:  # set by the plugin's token counter itself: objects
            return {"input_token_details": details_in, "output_token_details": details_out}
        return {
            "reasoning_tokens": details_out.get("reasoning_tokens"),
            "cached_tokens": details_in.get("cached_tokens"),
            # Attributes: maps as JSON strings, or null where they are empty.
            "input_token_details": go_marshal(details_in) if details_in else None,
            "output_token_details": go_marshal(details_out) if details_out else None,
        }

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


# -- what providers report of tokens: input, output and total; details of both; what was written to a cache ------------


def _by_anthropic(_model, prompt, output, read, _thought):
    """Its input leaves out what was read from the cache or written to it."""
    created = (prompt - read) // 2
    details = go_map(cache_creation_input_tokens=created, cache_read_input_tokens=read)
    return (prompt - read - created, output, prompt + output), (details, {}), created


def _by_gemini(_model, prompt, output, read, thought):
    """Its answer's tokens leave out the thoughts."""
    details = go_map(cached_content_token_count=read) if read else {}
    return (prompt, output, prompt + output + thought), (details, go_map(thoughts_token_count=thought)), 0


def _by_openai(model, prompt, output, read, thought):
    """Its answer's tokens hold the reasoning; its own models tell more kinds than those that are like it."""
    output += thought
    details = go_map(cached_tokens=read), go_map(reasoning_tokens=thought) if thought else {}
    if model.name.startswith(("gpt", "o3")):
        predicted = {"accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}
        details = (
            go_map(audio_tokens=0, cached_tokens=read),
            go_map(audio_tokens=0, reasoning_tokens=thought, **predicted),
        )
    return (prompt, output, prompt + output), details, 0


_REPORTED = {"anthropic": _by_anthropic, "gemini": _by_gemini, "openai": _by_openai}
