"""One line that is to be written, and what a correct reader must say of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.tools.access_log.go import go_map, go_marshal

CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"
ANSWER_KEYS = ("answer", "reasoning", "tool_calls")
TOKEN_KEYS = ("reasoning_tokens", "cached_tokens", "input_token_details", "output_token_details")
UNTOLD = dict.fromkeys(("input_tokens", "output_tokens", "total_tokens"))
"""Of a call whose tokens the line does not tell."""


@dataclass
class Written:
    """A line: the attributes of its ``ai_log`` (None: the plugin passed over it) and what else is not as usual.

    ``told`` is what the round must say, by the names of ``show --json``, where this is a call; else ``passed_over``
    is why it is none.  ``beside`` are attributes that stand beside ``ai_log``.
    """

    what: str
    attrs: dict | None
    told: dict | None = None
    passed_over: str | None = None
    outer: dict = field(default_factory=dict)
    beside: dict = field(default_factory=dict)
    session: str | None = None
    """Where the line itself has no id, but a reader must find one."""


class Maker:
    """Makes the attributes of single calls; what is random in them is ``rng``'s."""

    def __init__(self, rng, text):
        self.rng, self.text = rng, text
        self._number = 0

    def session(self, kind):
        """An id of its own for each call of a kind."""
        self._number += 1
        return f"{kind}:{self._number}"

    def question(self):
        """What a person asks: it does not look like anything else."""
        self._number += 1
        return f"question {self._number}: {self.text.make(20, 200).strip()}"

    def answer(self):
        """What a model says."""
        return f"answer: {self.text.make(20, 300).strip()}"

    def tokens(self):
        """Input, cached and output tokens."""
        read = self.rng.randrange(0, 4000, 128)
        return read + self.rng.randint(20, 3000), read, self.rng.randint(5, 900)

    def asked(self, session, messages, **more):
        """The attributes that the plugin takes from the request."""
        return {
            "api": "-",
            "session_id": session,
            "chat_round": sum(message["role"] == "user" for message in messages),
            "messages": messages,
            "question": messages[-1]["content"],
            "system": None,
            **more,
        }

    def used(self, model="gpt-4o", tokens=None):
        """The attributes that the plugin's token counter sets, what they tell, and the details they leave."""
        given, read, output = tokens or self.tokens()
        attrs = {"chat_id": f"chatcmpl-{self.rng.getrandbits(64):016x}", "model": model}
        attrs |= {"input_token": given, "output_token": output, "total_token": given + output}
        told = {"model": model, "input_tokens": given, "output_tokens": output, "cached_tokens": read}
        if not model.startswith("claude"):
            return attrs, told, go_map(audio_tokens=0, cached_tokens=read)
        # Anthropic's own input leaves out what was read from the cache or written to it.
        written = (given - read) // 2
        attrs["input_token"] = given - read - written
        told["cache_write_tokens"] = written
        return attrs, told, go_map(cache_creation_input_tokens=written, cache_read_input_tokens=read)

    def ended(self, *, stream):
        """The attributes of an answer that the plugin saw to its end."""
        duration = self.rng.randint(300, 9000)
        first = {"llm_first_token_duration": duration // 7} if stream else {}
        return {"response_type": "stream" if stream else "normal", "llm_service_duration": duration, **first}

    def answered(self, session, messages, answer, *, stream, tool_calls=None, model="gpt-4o"):
        """A whole call with all attributes, and what is told by them."""
        used, told, details = self.used(model)
        attrs = {**self.asked(session, messages), **used, **self.ended(stream=stream)}
        attrs |= {"answer": answer, "reasoning": None, "tool_calls": tool_calls, "reasoning_tokens": None}
        attrs |= {"cached_tokens": details.get("cached_tokens"), "output_token_details": None}
        attrs["input_token_details"] = go_marshal(details)
        kind = "stream" if stream else "normal"
        return attrs, {"outcome": "ok", "response_type": kind, "answer": answer, **told}


def said(text, role="user"):
    """A message as the plugin logs it."""
    return go_map(role=role, content=text)
