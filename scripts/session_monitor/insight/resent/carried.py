"""What did each message of a session cost, with every call that sent it again?

A log tells the tokens of a prompt, and not of each message.  What a prompt has more than the one that it goes on from is shared
out among the messages that are new in it, by their characters; so much each of them weighs in every later prompt that has it.
What no text accounts for is nobody's: the descriptions of tools, images, what stands between messages.

All messages of a list are sent again together.  So a list holds one running sum of what a unit of weight in it has come to, and a
message what that sum was when it came: a call takes as long as the messages that came or went, however long its list is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Optional

from session_monitor.insight.basis.call import JudgedCall
from session_monitor.insight.basis.content import CameBack, Message
from session_monitor.insight.basis.prompts import Prompt
from session_monitor.sessions import message_history

from . import call_split
from .call_split import CallSplit


class MessageCost(NamedTuple):
    """A message: the round that sent it first, and the last one; its place in that first one's list; and what it came to.

    ``tokens`` is its share of a prompt, ``times`` how many calls sent it that told their tokens, ``sent_tokens`` and ``pico`` what
    it came to in all of them, in pico-dollars, ``again_pico`` that of all but the first.  All of these are shares
    (``finding.ALLOCATED``), rounded down.  ``priced`` is how many of these calls have a price: where none has, what it cost is not known.
    """

    round: int
    last: int
    place: int
    role: str
    tool: Optional[str]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    characters: int
    tokens: int
    times: int
    sent_tokens: int
    pico: int
    again_pico: int
    priced: int


class Copy(NamedTuple):
    """A result of a tool, of so many characters, that came where the very same text stood already.

    ``message`` is the one that has it, ``of`` the round that brought the text first; ``exact`` is the text's mark.
    """

    exact: int
    tool: str
    characters: int
    of: int
    message: MessageCost


class MessageLedger:
    """The messages of one session: its calls are added in order, then all is told."""

    def __init__(self, least_copy: int) -> None:
        """Results of fewer than ``least_copy`` characters are not looked at for copies."""
        self._least_copy = least_copy
        self._lists: list[_List] = []
        self._messages: list[_Sent] = []
        self._copies: list[tuple[CameBack, int, _Sent]] = []
        self._grown = _Grown()

    def add(self, prompt: Prompt) -> CallSplit:
        """Add a call; what of it is for what had been sent before: what came from a cache was, if only by another session."""
        call = prompt.call
        list_, gone = self._list_of(prompt)
        is_whole = not gone and prompt.before is not None
        for sent, is_new in self._sent(prompt, list_.length, gone):
            if is_new:
                self._find_copies(sent, list_)
            list_.append(sent)
        list_.last = call.number
        new = list_.unweighed()
        characters = sum(entry.sent.message.characters for entry in new)
        resent = _resent(prompt, list_, characters)
        parts = call_split.split(call, resent)
        if call.prompt:
            list_.count(parts, call)
        if call.prompt and call.has_size:
            if is_whole and list_.weight and call.model == list_.model:
                self._grown.count(parts.new.tokens, characters)
            list_.weigh(new, characters, parts, call)
        return parts if resent >= call.read else call_split.split(call, call.read)

    def messages(self) -> list[MessageCost]:
        """What each message came to, in the order in which they came."""
        self._count_all()
        return [each.told(self._grown) for each in self._messages]

    def copies(self) -> list[Copy]:
        """The results that stood in a list where they had been, in the order in which they came."""
        self._count_all()
        return [
            Copy(result.exact, result.tool, result.characters, of, sent.told(self._grown))
            for result, of, sent in self._copies
        ]

    def _count_all(self) -> None:
        for each in self._lists:
            each.count_in(each.entries)

    def _list_of(self, prompt: Prompt) -> tuple[_List, list[_Sent]]:
        """The list that a call goes on with, cut to what it kept; and the messages that stood behind that."""
        thread, before = prompt.call.thread, prompt.before
        found = before and next((each for each in self._lists if each.thread == before.call.thread), None)
        if not found:
            list_, gone = _List(thread), []
        elif found.thread == thread:
            list_, gone = found, found.cut(prompt.kept)
        else:
            list_, gone = found.forked(thread, prompt.kept)
        lists = message_history.latest(self._lists, list_)
        for each in self._lists:
            if each not in lists:
                each.count_in(each.entries)
        self._lists = lists
        return list_, gone

    def _sent(self, prompt: Prompt, kept: int, gone: list[_Sent]) -> Iterator[tuple[_Sent, bool]]:
        """The messages behind those that are kept, and whether each is new: what stood elsewhere in the list before is the same."""
        known: dict[str, list[_Sent]] = {}
        for sent in reversed(gone):
            known.setdefault(sent.message.mark, []).append(sent)
        results = _results(prompt, self._least_copy)
        for at, message in enumerate(prompt.fresh if kept == prompt.kept else prompt.messages[kept:], kept):
            same = known.get(message.mark)
            if same:
                yield same.pop(), False
            else:
                sent = _Sent(message, prompt.call.number, at, results.get(at, ()), is_first=not kept)
                self._messages.append(sent)
                yield sent, True

    def _find_copies(self, sent: _Sent, list_: _List) -> None:
        for result in sent.results:
            holders = list_.texts.get(result.exact)
            if holders:
                self._copies.append((result, holders[0].round, sent))


def _results(prompt: Prompt, least: int) -> dict[int, list[CameBack]]:
    """The long results in a call's new messages, by their places in its list; none where not all is logged."""
    content = prompt.call.content
    found: dict[int, list[CameBack]] = {}
    if content and not content.is_partial:
        start = prompt.length - len(content.messages)
        for result in content.came:
            if result.characters >= least:
                found.setdefault(start + result.place, []).append(result)
    return found


def _resent(prompt: Prompt, list_: _List, new: int) -> int:
    """How many tokens of a prompt had been sent before, where so many of its characters had not."""
    call = prompt.call
    if not list_.weight or not call.prompt:
        return 0
    if call.model == list_.model and list_.size <= call.prompt:
        return list_.size
    return call.prompt * (prompt.characters - new) // prompt.characters if prompt.characters else call.prompt


# -- lists of messages -------------------------------------------------------------------------------------------------


_FINE = 20
"""Bits behind the point of running sums: what they lose is far below what is printed."""


class _Grown:
    """How many tokens, of how many characters, calls added to the prompts before them."""

    def __init__(self) -> None:
        self.tokens = self.characters = 0

    def count(self, tokens: int, characters: int) -> None:
        self.tokens += tokens
        self.characters += characters

    def most(self, characters: int) -> int:
        """Tokens that a message of so many characters has at most."""
        tokens, of = (self.tokens, self.characters) if self.characters >= _FEWEST else (1, 1)
        return _GENEROUS * tokens * characters // of + _FRAME


_FEWEST = 1_000
_GENEROUS, _FRAME = 2, 16
# A first prompt tells one number for all that stands in it, with the descriptions of tools, which nobody sees.  Its messages get no more
# than twice what text of their length had in later calls, and so many tokens for what stands around each.  Where few characters came
# later a token is taken for one: in no language are they many more.


class _Sent:
    """A message that was sent: what it weighs, and what it came to as far as it is counted in."""

    __slots__ = (
        *("message", "round", "place", "results", "is_first", "is_weighed", "weight"),
        *("tokens", "first_pico", "last", "times", "sent_tokens", "again_pico", "priced"),
    )

    def __init__(
        self, message: Message, round_: int, place: int, results: Iterable[CameBack], *, is_first: bool
    ) -> None:
        self.message, self.round, self.place, self.results = message, round_, place, results
        self.is_first, self.is_weighed = is_first, False
        self.weight = self.tokens = self.first_pico = self.times = 0
        self.sent_tokens = self.again_pico = self.priced = 0
        self.last = round_

    def told(self, grown: _Grown) -> MessageCost:
        tokens, sent_tokens, first, again = (
            self.tokens,
            self.tokens + self.sent_tokens,
            self.first_pico,
            self.again_pico,
        )
        most = grown.most(self.message.characters) if self.is_first else tokens
        if tokens > most:
            sent_tokens, first, again = (each * most // tokens for each in (sent_tokens, first, again))
            tokens = most
        role, characters, _, tool = self.message
        return MessageCost(
            *(self.round, self.last, self.place, role, tool, characters),
            *(tokens, self.times, sent_tokens, first + again, again, self.priced),
        )


class _Entry:
    """A message in a list, whether the list's weight has its own, and what the running sums were when it was counted in last."""

    __slots__ = ("is_counted", "pico", "priced", "sent", "times", "tokens")

    def __init__(self, sent: _Sent, *, is_counted: bool) -> None:
        self.sent, self.is_counted = sent, is_counted
        self.pico = self.tokens = self.times = self.priced = 0

    def begin(self, list_: _List) -> None:
        """What comes now is not counted in yet."""
        self.pico, self.tokens, self.times, self.priced = list_.pico, list_.tokens, list_.times, list_.priced


class _List:
    """The messages of a conversation's last call.

    ``weight`` is that of all of them, with what is nobody's; ``size`` how many tokens of ``model`` that is.  ``pico``, ``tokens``,
    ``times`` and ``priced`` are the running sums, the first two by weight; ``texts`` has the messages with long results by the marks of these.
    """

    def __init__(self, thread: int) -> None:
        self.thread, self.last = thread, 0
        self.entries: list[_Entry] = []
        self.texts: dict[int, list[_Sent]] = {}
        self.model: str | None = None
        self.weight = self.size = 0
        self.pico = self.tokens = self.times = self.priced = 0
        self._weighed = 0  # so many entries at the beginning are

    @property
    def length(self) -> int:
        """How many messages there are."""
        return len(self.entries)

    def append(self, sent: _Sent) -> None:
        self.entries.append(entry := _Entry(sent, is_counted=False))
        entry.begin(self)
        if sent.is_weighed:
            self._take(entry)
        for result in sent.results:
            self.texts.setdefault(result.exact, []).append(sent)

    def _take(self, entry: _Entry) -> None:
        """Count in what a message weighs."""
        sent = entry.sent
        self.size += sent.weight * self.size // self.weight if self.weight else sent.tokens
        self.weight += sent.weight
        entry.is_counted = True
        entry.begin(self)

    def cut(self, kept: int) -> list[_Sent]:
        """Keep only so many; the others."""
        gone = self.entries[kept:]
        if not gone:
            return []
        self.count_in(gone)
        del self.entries[kept:]
        self._weighed = min(self._weighed, kept)
        for entry in gone:
            for result in entry.sent.results:
                self.texts[result.exact].remove(entry.sent)
        self._lighten(gone)
        return [entry.sent for entry in gone]

    def forked(self, thread: int, kept: int) -> tuple[_List, list[_Sent]]:
        """Another list that begins with so many of these messages; and the others."""
        other = _List(thread)
        other.model, other.weight, other.size, other.last = self.model, self.weight, self.size, self.last
        other.entries = [_Entry(entry.sent, is_counted=entry.is_counted) for entry in self.entries[:kept]]
        other._weighed = min(self._weighed, kept)
        for entry in other.entries:
            for result in entry.sent.results:
                other.texts.setdefault(result.exact, []).append(entry.sent)
        other._lighten(self.entries[kept:])
        return other, [entry.sent for entry in self.entries[kept:]]

    def _lighten(self, gone: Iterable[_Entry]) -> None:
        before = self.weight
        self.weight -= sum(entry.sent.weight for entry in gone if entry.is_counted)
        self.size = self.size * self.weight // before if before else 0

    def unweighed(self) -> list[_Entry]:
        """The messages of which it is not known yet what they weigh."""
        found = []
        for entry in self.entries[self._weighed :]:
            if not entry.sent.is_weighed:
                found.append(entry)
            elif not entry.is_counted:  # another list, which began with it as well, has told it
                self._take(entry)
        return found

    def count(self, parts: CallSplit, call: JudgedCall) -> None:
        """Add a call to the running sums."""
        self.times += call.has_size
        self.priced += call.has_size and call.cost is not None
        if self.weight:
            tokens, pico = parts.resent
            self.pico += (pico << _FINE) // self.weight
            self.tokens += (tokens << _FINE) // self.weight

    def weigh(self, new: Iterable[_Entry], characters: int, parts: CallSplit, call: JudgedCall) -> None:
        """Share out what a call had new; ``characters`` is how many these messages have."""
        tokens, pico = parts.new
        resent = parts.resent.tokens
        weight = tokens * self.weight // resent if resent and self.weight else tokens
        for entry in new:
            sent = entry.sent
            sent.is_weighed = entry.is_counted = True
            if characters:
                sent.weight, sent.tokens, sent.first_pico = (
                    each * sent.message.characters // characters for each in (weight, tokens, pico)
                )
            sent.times += 1
            sent.priced += call.cost is not None
            entry.begin(self)
        self.weight += weight
        self.size, self.model, self._weighed = call.prompt, call.model, len(self.entries)

    def count_in(self, entries: Iterable[_Entry]) -> None:
        """Tell messages what they came to since they were counted in last."""
        for entry in entries:
            sent = entry.sent
            if entry.is_counted:
                sent.again_pico += sent.weight * (self.pico - entry.pico) >> _FINE
                sent.sent_tokens += sent.weight * (self.tokens - entry.tokens) >> _FINE
                sent.times += self.times - entry.times
                sent.priced += self.priced - entry.priced
            sent.last = max(sent.last, self.last)
            entry.begin(self)
