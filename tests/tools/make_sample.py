"""Print the sample log: the stories of tests/data/sample/story.json, as a gateway would have logged them.

    python3 -m tests.tools.make_sample > tests/data/sample/access.log

Each turn of a session is one call and one line.  A turn brings a user's text, or the results of the tools that the
turn before called, or nothing (it tries again what has failed); ``pause`` is the time since the turn before, in
seconds.  ``ms`` is how long the call took, or [until the first token, in all] for a stream.  Where a turn gives no
token counts they follow from the length of the texts.  From a turn with a ``system`` on the system prompt is another one.
A text may be a list of lines.
"""

import json
import random
import sys
from datetime import timedelta
from pathlib import Path

from tests.tools.access_log.go import ToolCall, go_map, go_marshal, limit_value
from tests.tools.access_log.outer_line import OUTER_FIELDS, iso_millis
from tests.tools.gen_access_log import iso_time

STORY = Path(__file__).parent.parent / "data" / "sample" / "story.json"

FAILURES = {  # response_code, response_flags, response_code_details
    "rate limit": (429, "-", "via_upstream"),
    "no upstream": (503, "UF,URX", "upstream_reset_before_response_started{connection_failure}"),
    "client gone": (0, "DC", "downstream_remote_disconnect"),
}
REQUEST_TEXTS = ("messages", "question", "system")
RESPONSE_TEXTS = ("answer", "reasoning", "tool_calls")
RESPONSE_COUNTS = ("reasoning_tokens", "cached_tokens", "input_token_details", "output_token_details")


def joined(text):
    return "\n".join(text) if isinstance(text, list) else text


def tokens(*texts):
    return sum(len(text.encode()) for text in texts if text) // 4


class Session:
    """One conversation; the agent resends its whole history with each call."""

    def __init__(self, number, session):
        self.rng = random.Random(number)
        self.session = session
        self.model = session["model"]
        self.messages = []
        self.open_calls = []  # ids of the tool calls without a result yet
        self.rounds = 0
        self.cached = {}  # model -> tokens of the prompt that its provider remembers
        self.address = f"10.42.{number}.{self.rng.randint(1, 254)}"

    @property
    def shape(self):
        return {"claude": "anthropic", "gemini": "gemini"}.get(self.model.partition("-")[0], "openai")

    def lines(self):
        """Yield (end of the call, its line)."""
        moment = iso_time(self.session["start"])
        if "system" in self.session and self.shape != "anthropic":
            self.messages.append(go_map(role="system", content=self.session["system"]))
        for turn in self.session["turns"]:
            start = moment + timedelta(seconds=turn.get("pause", 0))
            duration = turn["ms"][-1] if isinstance(turn["ms"], list) else turn["ms"]
            moment = start + timedelta(milliseconds=duration)
            line = self._line(turn, iso_millis(start), duration)
            yield moment, line[: turn.get("cut_after")].rstrip(b"\n") + b"\n"

    def _line(self, turn, start, duration):
        self.model = turn.get("model", self.model)
        self._ask(turn)
        attributes = self._request()
        prompt = turn.get("input", self._prompt_tokens())
        sent = 0
        if "failure" not in turn:
            attributes.update(self._response(turn, prompt), llm_service_duration=duration)
            sent = attributes["output_token"] * (190 if "llm_first_token_duration" in attributes else 4) + 500
        elif turn["failure"] != "client gone":
            sent = 180
            attributes.update(dict.fromkeys(RESPONSE_TEXTS + RESPONSE_COUNTS))
            attributes.update(response_type="normal", llm_service_duration=duration)
        if self.session.get("tokens_only"):
            for key in REQUEST_TEXTS + RESPONSE_TEXTS:
                attributes.pop(key, None)
        for key in REQUEST_TEXTS + RESPONSE_TEXTS:
            if attributes.get(key) is not None:
                attributes[key] = limit_value(attributes[key], self.session.get("longest_value", 1 << 20))
        ai_log = go_marshal(go_marshal(go_map(**attributes)))[1:-1]
        return render(ai_log, start, duration, self.rng, **self._outer(turn, duration, prompt * 4 + 400, sent))

    # -- what the client sends

    def _ask(self, turn):
        if "system" in turn and self.shape == "anthropic":
            self.session["system"] = turn["system"]
        elif "system" in turn:
            self.messages[0] = go_map(role="system", content=turn["system"])
        if "user" in turn:
            self.rounds += 1
            self.messages.append(go_map(role="user", content=turn["user"]))
        results = list(zip(self.open_calls, map(joined, turn.get("results", ()))))
        if results and self.shape == "anthropic":
            self.rounds += 1
            parts = [go_map(type="tool_result", tool_use_id=call, content=text) for call, text in results]
            self.messages.append(go_map(role="user", content=parts))
        elif results:
            self.messages += [go_map(role="tool", tool_call_id=call, content=text) for call, text in results]

    def _request(self):
        session = self.session
        attributes = {"api": session.get("api", "-"), "chat_round": self.rounds}
        attributes.update({key: session[key] for key in ("session_id", "consumer") if session.get(key)})
        attributes.update(dict.fromkeys(REQUEST_TEXTS))  # the plugin finds none of them in a native Gemini request
        if self.shape != "gemini":
            attributes.update(messages=list(self.messages), question=self.messages[-1]["content"])
        if self.shape == "anthropic":
            attributes["system"] = session["system"]
        return attributes

    def _prompt_tokens(self):
        count = self.session.get("tool_definitions", 0) + tokens(go_marshal(self.messages))
        return count + (tokens(self.session["system"]) if self.shape == "anthropic" else 0)

    # -- what the model answers

    def _response(self, turn, prompt):
        streamed = isinstance(turn["ms"], list)
        calls = [
            (self._id("toolu_01" if self.shape == "anthropic" else "call_"), call["name"], arguments(call))
            for call in turn.get("calls", ())
        ]
        self._push_answer(turn, calls)
        attributes = {
            "chat_id": self._id({"anthropic": "msg_01", "gemini": ""}.get(self.shape, "chatcmpl-")),
            "model": self.model,
            "response_type": "stream" if streamed else "normal",
            "answer": turn.get("answer"),
            "reasoning": turn.get("reasoning"),
            "tool_calls": self._logged_calls(turn, calls, streamed=streamed) or None,
            **dict.fromkeys(RESPONSE_COUNTS),
        }
        if streamed:
            attributes["llm_first_token_duration"] = turn["ms"][0]
        written = tokens(turn.get("answer"), turn.get("reasoning"), *(text for _, *call in calls for text in call))
        attributes.update(self._usage(turn, prompt, turn.get("output", written + 8)))
        return attributes

    def _push_answer(self, turn, calls):
        self.open_calls = [call_id for call_id, _, _ in calls]
        if not calls:
            self.messages.append(go_map(role="assistant", content=turn.get("answer")))
        elif self.shape == "anthropic":
            used = [go_map(type="tool_use", id=i, name=name, input=go_map(**json.loads(a))) for i, name, a in calls]
            self.messages.append(go_map(role="assistant", content=[go_map(type="text", text=turn["answer"]), *used]))
        else:
            made = [go_map(id=i, type="function", function=go_map(name=name, arguments=a)) for i, name, a in calls]
            self.messages.append(go_map(role="assistant", content=turn.get("answer"), tool_calls=made))

    def _logged_calls(self, turn, calls, *, streamed):
        if self.shape == "anthropic":  # the text is block 0
            return [ToolCall(number, i, "tool_use", name, a) for number, (i, name, a) in enumerate(calls, 1)]
        if streamed:
            return [ToolCall(number, i, "function", name, a) for number, (i, name, a) in enumerate(calls)]
        return self.messages[-1].get("tool_calls")

    def _usage(self, turn, prompt, output):
        """The counts, and their details, as the model's provider gives them."""
        before = turn.get("cached", self.cached.get(self.model, 0))
        self.cached[self.model] = prompt
        thought = turn.get("reasoning_tokens", tokens(turn.get("reasoning")))
        if self.shape == "anthropic":  # input_tokens is what was neither read from the cache nor written to it
            fresh = 4
            details = go_map(cache_creation_input_tokens=prompt - fresh - before, cache_read_input_tokens=before)
            self.cached[self.model] = prompt - fresh
            return counts(fresh, output, prompt + output, details, {})
        if self.shape == "gemini":  # candidatesTokenCount leaves out the thoughts
            thought, read = turn["thoughts"], turn.get("cached", 0)
            details = go_map(cached_content_token_count=read) if read else {}
            return counts(prompt, output, prompt + output + thought, details, go_map(thoughts_token_count=thought))
        output += turn.get("reasoning_tokens", 0)  # hidden reasoning; what is in the log was counted with the texts
        if self.model.startswith("gpt"):
            read = turn.get("cached", before // 128 * 128 if before >= 1024 else 0)
            inputs = go_map(audio_tokens=0, cached_tokens=read)
            names = ("accepted_prediction_tokens", "audio_tokens", "rejected_prediction_tokens")
            outputs = go_map(**dict.fromkeys(names, 0), reasoning_tokens=thought)
        else:
            read = before // 64 * 64
            inputs, outputs = go_map(cached_tokens=read), go_map(reasoning_tokens=thought) if thought else {}
        fields = {"cached_tokens": read, "reasoning_tokens": outputs.get("reasoning_tokens")}
        return {**counts(prompt, output, prompt + output, inputs, outputs), **fields}

    def _id(self, prefix):
        return f"{prefix}{self.rng.getrandbits(96):024x}"

    def _outer(self, turn, duration, received, sent):
        code, flags, details = FAILURES.get(turn.get("failure"), (200, "-", "via_upstream"))
        verb = "streamGenerateContent?alt=sse" if isinstance(turn["ms"], list) else "generateContent"
        paths = {"anthropic": "/v1/messages", "gemini": f"/v1beta/models/{self.model}:{verb}"}
        vendor = self.model.partition("-")[0]
        return {
            "authority": "ai.example.com",
            "method": "POST",
            "path": paths.get(self.shape, "/v1/chat/completions"),
            "response_code": code,
            "response_flags": flags,
            "response_code_details": details,
            "route_name": self.session["api"] + "@r" if "api" in self.session else f"ai-route-{vendor}.internal",
            "upstream_cluster": f"outbound|443||llm-{vendor}.internal.dns",
            "upstream_service_time": duration if details == "via_upstream" else "-",
            "user_agent": self.session["user_agent"],
            "bytes_received": received,
            "bytes_sent": sent,
            "x_forwarded_for": self.address,
        }


def arguments(call):
    """A tool's arguments, as the text that the model wrote."""
    values = {key: joined(value) for key, value in call["arguments"].items()}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def counts(fresh, output, total, input_details, output_details):
    return {
        "input_token": fresh,
        "output_token": output,
        "total_token": total,
        "input_token_details": go_marshal(input_details) if input_details else None,
        "output_token_details": go_marshal(output_details) if output_details else None,
    }


def other_request(number, request):
    """(End, line) of a request that is no LLM call."""
    start = iso_time(request["start"])
    outer = {
        "authority": "www.example.com",
        "method": request["method"],
        "path": request["path"],
        "response_code": request["code"],
        "response_code_details": "via_upstream",
        "route_name": "www-route",
        "upstream_cluster": "outbound|8080||web.default.svc.cluster.local",
        "upstream_service_time": request["ms"],
        "user_agent": request["user_agent"],
        "bytes_received": 0,
        "bytes_sent": request["bytes"],
        "x_forwarded_for": f"10.42.200.{number + 1}",
    }
    line = render("-", iso_millis(start), request["ms"], random.Random(1000 + number), **outer)
    return start + timedelta(milliseconds=request["ms"]), line


def render(ai_log, start, duration, rng, **outer):
    """The line, by the gateway's template: values are pasted in as they are."""
    digits = f"{rng.getrandbits(128):032x}"
    values = {
        "downstream_local_address": "10.0.1.7:80",
        "downstream_remote_address": f"{outer['x_forwarded_for']}:{rng.randint(32768, 60999)}",
        "duration": duration,
        "protocol": "HTTP/1.1",
        "request_id": f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-9{digits[17:20]}-{digits[20:]}",
        "start_time": start,
        "upstream_host": f"47.98.{rng.randint(0, 255)}.{rng.randint(1, 254)}:443",
        "upstream_local_address": f"10.0.1.7:{rng.randint(32768, 60999)}",
        **outer,
    }
    rest = ",".join(f'"{name}":"{values.get(name, "-")}"' for name in OUTER_FIELDS)
    return f'{{"ai_log":"{ai_log}",{rest}}}\n'.encode()


def sample():
    """The log's bytes: a line is written when its request ends."""
    story = json.loads(STORY.read_text(encoding="utf-8"))
    lines = [other_request(*each) for each in enumerate(story["other_requests"])]
    for number, session in enumerate(story["sessions"]):
        lines += Session(number, session).lines()
    return b"".join(line for _, line in sorted(lines))


if __name__ == "__main__":
    sys.stdout.buffer.write(sample())
