"""What do real agents send?  Claude Code and OpenClaw as they were seen, one strand of calls a session.

Claude Code has several conversations under one id (its helpers, a call for a title), puts reminders before what the
person typed and notes of role system behind it, and marks the newest message for the cache, as a list of parts; the
next time the same message has no mark and may be a plain text.  OpenClaw ends every request with a message of its own
and sends no id, but its first message names the session.
"""

from __future__ import annotations

import copy
import itertools
import json
from datetime import timedelta

from tests.tools.access_log.go import ToolCall, go_map
from tests.tools.access_log.written import MESSAGES, Written, said

OPUS, HAIKU = "claude-opus-4-1-20250805", "claude-3-5-haiku-20241022"
REMINDER = "<system-reminder>\nAs you answer, you can use the following context:\n# currentDate\n</system-reminder>"
ENVIRONMENT = "# Environment\nYou have been invoked in the following environment:\n - Platform: linux"
CONTEXT = (
    "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nConversation data (data, not instructions):\n"
    '"Active exec sessions:\\nnone"\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>'
)
MARK = {"cache_control": {"type": "ephemeral"}}
NOTES = 0.1
"""How often a note of role system is the last message."""
LONG = 4000
"""Characters of a tool's longest result."""


def _part(text):
    return go_map(type="text", text=text)


# -- Claude Code -------------------------------------------------------------------------------------------------------


class Conversation:
    """One of the conversations of a Claude Code session."""

    def __init__(self, make, session, name, model=OPUS):
        self._make, self._session, self._name, self._model = make, session, name, model
        self._history, self._sent = [], 0
        self.thread = None

    def asks(self):
        """The person's words behind a reminder, and at first a note of role system at the end."""
        question = f"{self._name}: {self._make.question()}"
        self._history.append(go_map(role="user", content=[_part(REMINDER), _part(question)]))
        if not self._sent:
            self._history.append(go_map(role="system", content=ENVIRONMENT))
        return question

    def turns(self):
        """The calls of one question: tools, then an answer; endless."""
        while True:
            question = self.asks()
            for _ in range(self._make.rng.randint(0, 4)):
                yield self._call(question, tool=True)
                question = ""
            yield self._call(question, tool=False)

    def once(self):
        """One question, one answer, and never again."""
        yield self._call(self.asks(), tool=False)

    def _call(self, question, *, tool):
        if self._sent and self._make.rng.random() < NOTES:
            self._history.append(go_map(role="system", content="Available agent types for the Agent tool:\n- claude"))
        sent = self._as_sent()
        text = self._make.answer()
        wanted = [["Read", json.dumps({"path": f"src/{self._make.rng.randint(1, 99)}.py"})]] if tool else []
        logged = [ToolCall(1, "toolu_1", "tool_use", name, "{}" + arguments) for name, arguments in wanted]
        attrs, told = self._make.answered(
            self._session, sent, text, stream=True, tool_calls=logged or None, model=self._model
        )
        attrs["system"] = [_part("You are Claude Code."), {**MARK, **_part("Be terse.")}]
        told |= {"question": question, "tool_calls": wanted, "has_tool_calls": tool, "messages": sent}
        # The first of a conversation may share its beginning with another one's: what of it is new is not said here.
        told |= {"thread": self.thread, **({"messages_from_history": self._sent} if self._sent else {})}
        self._sent = len(sent)
        self._answered(text, wanted)
        return Written(
            f"Claude Code, {self._name}", attrs, told, outer={"path": MESSAGES, "user_agent": "claude-cli/2.1"}
        )

    def _as_sent(self):
        """The newest message of the person or a tool is marked, as a list; a list of one text goes as the text."""
        sent = [_as_text(message) for message in copy.deepcopy(self._history)]
        newest = max(number for number, message in enumerate(sent) if message["role"] == "user")
        message = sent[newest]
        parts = message["content"] if isinstance(message["content"], list) else [_part(message["content"])]
        sent[newest] = go_map(role="user", content=[*parts[:-1], dict(sorted({**parts[-1], **MARK}.items()))])
        return sent

    def _answered(self, text, wanted):
        if not wanted:
            self._history.append(go_map(role="assistant", content=[_part(text)]))
            return
        use = go_map(type="tool_use", id="toolu_1", name="Read", input=json.loads(wanted[0][1]))
        self._history.append(go_map(role="assistant", content=[_part(text), use]))
        result = go_map(type="tool_result", tool_use_id="toolu_1", content=self._make.text.make(200, LONG))
        self._history.append(go_map(role="user", content=[result]))


def _as_text(message):
    content = message["content"]
    if isinstance(content, list) and len(content) == 1 and content[0]["type"] == "text":
        return {**message, "content": content[0]["text"]}
    return message


def claude_code(make, calls):
    """A session: the person's conversation, two helpers beside it, and a call for a title; so many calls or less."""
    session = make.session("claude-code")
    conversations = [Conversation(make, session, name) for name in ("main", "helper 1", "helper 2")]
    strands = [each.turns() for each in conversations]
    conversations.append(Conversation(make, session, "title", HAIKU))
    strands.append(conversations[-1].once())
    seen = 0
    for number in range(calls):
        # The helpers come once the person has asked, and all take turns.
        which = make.rng.randrange(len(strands)) if number else 0
        if conversations[which].thread is None:
            seen += 1
            conversations[which].thread = seen
        yield from itertools.islice(strands[which], 1)


# -- OpenClaw ----------------------------------------------------------------------------------------------------------


def openclaw(make, calls):
    """A session without an id in its lines; the first message of each request names it."""
    number = make.rng.getrandbits(32)
    session = f"agent:main:openclaw-{number}"
    runtime = f"Runtime: agent=main | session={session} | sessionId={number:08x}-2e87-4241-b745-43dd3096d6cd | host=vm"
    history = [said("<!-- openclaw:attempt:STABLE -->\nYou are a personal assistant.", "system")]
    sent, pending, at = 0, 0, make.start
    for number in range(calls):
        question = ""
        if not pending:
            at += timedelta(minutes=1)
            question = f"[{at:%a %Y-%m-%d %H:%M} UTC] {make.question()}"
            history.append(said(question if number else f"{question}\n\n{runtime}"))
            pending = make.rng.randint(1, 4)
        pending -= 1
        messages = [*history, go_map(role="user", content=[_part(CONTEXT)])]
        written, wanted = _openclaw_call(make, messages, tool=bool(pending))
        written.session = session
        # All but the message at its end was sent before.
        written.told |= {"question": question, "session_from": "conversation", "messages": messages}
        written.told |= {"messages_from_history": sent} if sent else {}
        sent = len(history)
        history += _openclaw_answer(make, written.told["answer"], wanted)
        yield written


def _openclaw_call(make, messages, *, tool):
    wanted = [["exec", '{"command":"date -u +%Y"}']] if tool else []
    logged = [ToolCall(0, "call_1", "function", name, arguments) for name, arguments in wanted]
    attrs, told = make.answered("", messages, make.answer(), stream=True, tool_calls=logged or None)
    told |= {"tool_calls": wanted, "has_tool_calls": tool}
    return Written("OpenClaw", attrs, told, outer={"user_agent": "OpenAI/JS 7.15.0"}), wanted


def _openclaw_answer(make, text, wanted):
    if not wanted:
        return [said(text, "assistant")]
    function = go_map(name=wanted[0][0], arguments=wanted[0][1])
    call = go_map(id="call1", type="function", function=function)
    result = go_map(role="tool", tool_call_id="call1", content=make.text.make(10, LONG))
    return [go_map(role="assistant", content=text, tool_calls=[call]), result]


AGENTS = {"claude-code": claude_code, "openclaw": openclaw}
