"""Sessions that are written down as scripts: what is said and asked for, step by step, becomes the lines of a log.

A script is a dict as JSON has it: ``form`` of its messages (``openai``, ``anthropic``, ``responses``), ``model``, ``system``
(the system prompt), ``unseen`` (tokens of every prompt that no log shows, such as those of tools), ``cache`` (how the
provider caches: ``prefix``, ``marks``, ``untold``), ``life`` of what is cached in seconds, ``start``, and ``steps``.

A step is one call, and has of these words:

    user          what a person says before it; as a list, several messages
    ask           tools that its answer asks for: ``[name, arguments]`` each
    get           what these say, in the same order: a text, or ``{"text": …, "is_error": true, "times": 400}``, the text so many times,
                  with ``image`` a picture of this data behind it
    say           the text of its answer
    wait          seconds since the call before ended (3; 20 where a person speaks)
    thread        which conversation it is of, where there are several; ``beside``: it begins while the call before goes on
    model, way, consumer    where they are others from here on
    status, flags, left     how it failed (429, "UPE"), or that its client went away
    untold        its answer is not logged, as with Anthropic's calls that are no stream
    cached        tokens that came from the cache, as the provider says, whatever ``cache`` would give
    out           tokens of the answer
    line          more attributes of its line

or it is no call, but something that happens to the conversation:

    system        its system prompt is another from here on
    compact       its history is replaced by this text, and by its last ``keep`` messages
    back_to       it goes on from its first so many messages
    edit          ``[message, text]``: a message says something else
    times         its ``steps``, so many times

In all texts ``{n}`` is how often the innermost ``times`` went round (outside of any which call of the session it is), ``{N}`` the one around that, ``{time}`` and ``{epoch}`` the time of the call,
``{uuid}`` and ``{hex}`` are others each time.
"""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta, timezone

from session_monitor.proxy.protocols import asked
from session_monitor.proxy.protocols.apis import RESPONSES
from tests.support.calls import line

START = "2026-11-02T09:00:00Z"
_MODELS = {"openai": "gpt-5", "anthropic": "claude-sonnet-4-5", "responses": "gpt-5-codex"}
_CACHES = {"openai": "prefix", "anthropic": "marks", "responses": "prefix"}
_PREFIX_STEP, _LEAST_CACHED = 128, 1024
_CHARACTERS = 4  # of a token


def lines(script, session_id, seed=0):
    """The lines of a script's calls, in the order in which they ended up in the log."""
    return list(_Play(script, session_id, seed).lines(script["steps"]))


class _Talk:
    """One conversation: its messages, each ``(role, …)`` in a form of their own, and its system prompt."""

    def __init__(self, system):
        self.system = system
        self.messages = []


class _Play:
    def __init__(self, script, session_id, seed):
        self.script = script
        self.session_id = session_id
        self.random = random.Random(seed)
        self.form = script.get("form", "openai")
        self.caching = script.get("cache", _CACHES[self.form])
        self.unseen = script.get("unseen", 12_000)
        self.model = script.get("model", _MODELS[self.form])
        self.way, self.consumer = script.get("way"), script.get("consumer")
        self.now = datetime.fromisoformat(script.get("start", START).replace("Z", "+00:00"))
        self.began = self.now
        self.talks = {}
        self.cache = _Cache(script.get("life", 300))
        self.pieces = {}
        self.calls = 0

    def lines(self, steps, rounds=(0, 0)):
        for step in steps:
            if "times" in step:
                for number in range(1, step["times"] + 1):
                    yield from self.lines(step["steps"], (number, rounds[0]))
            else:
                self._wait(step)
                found = self._step(self._filled(step, rounds))
                if found:
                    yield found

    def _wait(self, step):
        if "beside" in step:
            self.now = self.began + timedelta(milliseconds=50)
        else:
            self.now += timedelta(seconds=step.get("wait", 20 if "user" in step else 3))

    def _filled(self, step, rounds):
        """The step with what stands for something in its texts."""
        text = json.dumps(step, ensure_ascii=False)
        for name, value in (
            ("n", rounds[0] or self.calls + 1),
            ("N", rounds[1]),
            ("time", _rfc3339(self.now)),
            ("epoch", int(self.now.timestamp())),
        ):
            text = text.replace(f"{{{name}}}", str(value))
        while "{uuid}" in text:
            text = text.replace("{uuid}", _uuid(self.random), 1)
        while "{hex}" in text:
            text = text.replace("{hex}", f"{self.random.getrandbits(48):012x}", 1)
        return json.loads(text)

    def _step(self, step):
        talk = self.talks.setdefault(step.get("thread", ""), _Talk(self.script.get("system")))
        for name in ("model", "way", "consumer"):
            if name in step:
                setattr(self, name, step[name])
        if "system" in step:
            talk.system = step["system"]
        elif "compact" in step:
            kept = talk.messages[len(talk.messages) - step.get("keep", 0) :]
            talk.messages = [("user", step["compact"]), *kept]
        elif "back_to" in step:
            del talk.messages[step["back_to"] :]
        elif "edit" in step:
            at, text = step["edit"]
            talk.messages[at] = _said_otherwise(talk.messages[at], text)
        else:
            return self._call(step, talk)
        return None

    def _call(self, step, talk):
        self.calls += 1
        said = step.get("user", [])
        talk.messages += [("user", text) for text in ([said] if isinstance(said, str) else said)]
        is_answered = not ("status" in step or "flags" in step)
        asked_for = [
            (f"call_{self.calls}_{at}", name, arguments) for at, (name, arguments) in enumerate(step.get("ask", ()))
        ]
        answer = step.get("say")
        tokens = self._tokens(step, talk, answer, asked_for) if is_answered or "out" in step else {}
        took = step.get("ms", 2000 + 10 * tokens.get("output_token", 0))
        found = self._line(step, talk, (answer, asked_for) if is_answered else (None, []), {**tokens, "took": took})
        self.began = self.now
        self.now += timedelta(milliseconds=took)
        if is_answered and "left" not in step and (answer or asked_for):
            talk.messages.append(("assistant", answer, asked_for))
            if asked_for:
                got = [_result(each) for each in step["get"]]
                talk.messages.append(("results", [(each[0], result) for each, result in zip(asked_for, got)]))
        return found

    # -- tokens --------------------------------------------------------------------------------------------------------

    def _tokens(self, step, talk, answer, asked_for):
        pieces = [(repr(talk.system), self.unseen + len(talk.system or "") // _CHARACTERS)]
        pieces += [self._piece(each) for each in talk.messages]
        total = sum(size for _, size in pieces)
        shown = (answer or "") + "".join(json.dumps(each) for each in asked_for)
        out = step.get("out", max(1 if shown else 0, len(shown) // _CHARACTERS))
        read = self.cache.read((self.model, self.way), pieces, self.now)
        if self.caching == "marks":
            read = step.get("cached", read)
            written = step.get("written", total - read if total >= _LEAST_CACHED else 0)
            counts = {"cache_read_input_tokens": read, "cache_creation_input_tokens": written}
            return {
                "input_token": total - read - written,
                "output_token": out,
                "total_token": total + out,
                "input_token_details": counts,
            }
        if self.caching == "untold":
            return {"input_token": total, "output_token": out, "total_token": total + out}
        read -= read % _PREFIX_STEP
        read = step.get("cached", read if read >= _LEAST_CACHED else 0)
        return {"input_token": total, "output_token": out, "total_token": total + out, "cached_tokens": read}

    def _piece(self, message):
        """A message's text and tokens, which are asked for with each call that sends it."""
        if id(message) not in self.pieces:
            text = repr(message)
            self.pieces[id(message)] = message, (text, 4 + len(text) // _CHARACTERS)
        return self.pieces[id(message)][1]

    # -- lines ---------------------------------------------------------------------------------------------------------

    def _line(self, step, talk, answered, told):
        answer, asked_for = answered
        took = told.pop("took")
        system, messages = _FORMS[self.form](talk)
        attributes = {"messages": messages, "answer": answer, "reasoning": None, "response_type": "stream"}
        attributes["tool_calls"] = [_openai_call(*each) for each in asked_for] or None
        attributes["llm_service_duration"] = took
        attributes["llm_first_token_duration"] = min(took, 700)
        if system:
            attributes["system"] = system
        if self.consumer:
            attributes["consumer"] = self.consumer
        if "untold" in step:
            attributes.update(answer=None, tool_calls=None, response_type="normal")
        nothing = dict.fromkeys(("input_token", "output_token", "total_token"))
        flags = "DC" if "left" in step else step.get("flags")
        attributes.update({**nothing, **told, **step.get("line", {})})
        fields = {"upstream_cluster": self.way} if self.way else {}
        return line(
            self.session_id,
            start_time=_rfc3339(self.now),
            code=str(step.get("status", 200 if "flags" not in step else 503)),
            flags=flags,
            model=self.model,
            fields=fields,
            **attributes,
        )


def _result(told):
    result = told if isinstance(told, dict) else {"text": told}
    return {**result, "text": result["text"] * result.get("times", 1)}


class _Cache:
    """What a provider holds of prompts that it saw, by their beginnings."""

    def __init__(self, life):
        self.life = life
        self.seen = {}

    def read(self, place, pieces, now):
        """The tokens of the longest beginning that is still held; the whole is held from now on."""
        key, tokens, longest = place, 0, 0
        for text, size in pieces:
            key, tokens = hash((key, text)), tokens + size
            last = self.seen.get(key)
            if last is not None and (now - last).total_seconds() <= self.life:
                longest = tokens
            self.seen[key] = now
        return longest


def _said_otherwise(message, text):
    if message[0] == "results":
        return "results", [(call_id, {**result, "text": text}) for call_id, result in message[1]]
    return (message[0], text, *message[2:])


# -- forms of messages -------------------------------------------------------------------------------------------------


def _openai(talk):
    messages = [{"role": "system", "content": talk.system}] if talk.system else []
    for role, *said in talk.messages:
        if role == "results":
            messages += [
                {"role": "tool", "tool_call_id": call_id, "content": _openai_content(result)}
                for call_id, result in said[0]
            ]
        elif role == "user":
            messages.append({"role": "user", "content": said[0]})
        else:
            calls = {"tool_calls": [_openai_call(*each) for each in said[1]]} if said[1] else {}
            messages.append({"role": "assistant", "content": said[0], **calls})
    return None, messages


def _openai_content(result):
    if "image" not in result:
        return result["text"]
    url = f"data:image/png;base64,{result['image']}"
    return [{"type": "text", "text": result["text"]}, {"type": "image_url", "image_url": {"url": url}}]


def _anthropic_image(result):
    if "image" in result:
        yield {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": result["image"]}}


def _openai_call(call_id, name, arguments):
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": text}}


def _anthropic(talk):
    messages = []
    for role, *said in talk.messages:
        if role == "results":
            parts = [
                {
                    "type": "tool_result",
                    "tool_use_id": call_id,
                    "content": [{"type": "text", "text": result["text"]}, *_anthropic_image(result)],
                    **({"is_error": True} if result.get("is_error") else {}),
                }
                for call_id, result in said[0]
            ]
            messages.append({"role": "user", "content": parts})
        elif role == "user":
            messages.append({"role": "user", "content": [{"type": "text", "text": said[0]}]})
        else:
            parts = [{"type": "text", "text": said[0]}] if said[0] else []
            parts += [{"type": "tool_use", "id": each[0], "name": each[1], "input": each[2]} for each in said[1]]
            messages.append({"role": "assistant", "content": parts})
    if messages:  # where the cache is to end: another message with each call
        messages[-1]["content"][-1]["cache_control"] = {"type": "ephemeral"}
    return talk.system, messages


def _responses(talk):
    items = []
    for role, *said in talk.messages:
        if role == "results":
            items += [
                {"type": "function_call_output", "call_id": call_id, "output": result["text"]}
                for call_id, result in said[0]
            ]
        elif role == "user":
            items.append({"type": "message", "role": "user", "content": [{"type": "input_text", "text": said[0]}]})
        else:
            if said[0]:
                content = [{"type": "output_text", "text": said[0]}]
                items.append({"type": "message", "role": "assistant", "content": content})
            items += [
                {"type": "function_call", "call_id": each[0], "name": each[1], "arguments": json.dumps(each[2])}
                for each in said[1]
            ]
    body = json.dumps({"instructions": talk.system, "input": items}).encode()
    return asked.messages_of(RESPONSES, asked.Asked(RESPONSES, "/v1/responses", body, ""))


_FORMS = {"openai": _openai, "anthropic": _anthropic, "responses": _responses}


def _rfc3339(moment):
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _uuid(seeded):
    digits = f"{seeded.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
