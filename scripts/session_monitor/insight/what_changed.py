"""What is no more the same between the prompts of two rounds: where, which words, and of what kind is it?

That is the text of a conversation: read from the session file when somebody asks, for faces that may show it.  It is never kept, and
stands in no alert.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from session_monitor.base.lazy_regex import lazy
from session_monitor.calls import messages as said
from session_monitor.calls.messages import role_of
from session_monitor.conversations import round_pages
from session_monitor.sessions import message_history
from session_monitor.sessions.message_history import DIGEST
from session_monitor.sessions.rounds import open_session, round_at
from session_monitor.text import humanize

from .basis.content import SYSTEM
from .caching import cache

if TYPE_CHECKING:
    from session_monitor.reports.report import Report
    from session_monitor.reports.sessions.session_rows import SessionRow

    from .basis.finding import Finding

TIME, COUNTER, ID, TEXT = "time", "number", "id", "text"
REMOVED, ADDED, REORDERED = "removed", "added", "reordered"
"""Kinds: other words in a message, or other messages."""


class WhatChanged(NamedTuple):
    """The first thing in a round's prompt that is not as it was in an earlier one's.

    ``before_round`` and ``round`` are the two; ``message`` counts from 0, None for a system prompt with a place of its own, and ``role`` is
    whose it is.  ``line`` counts from 1: there stood ``before``, and stands ``now``, longer texts cut; None where whole messages
    were removed (so many, ``messages``), added or put in another order.
    """

    before_round: int
    round: int
    kind: str
    message: Optional[int]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    role: str
    line: Optional[int] = None  # noqa: UP045
    before: Optional[str] = None  # noqa: UP045
    now: Optional[str] = None  # noqa: UP045
    messages: int = 0

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return self._asdict()


def in_words(change: WhatChanged) -> str:
    """It in a sentence, with the words as they are in the conversation."""
    where = "the system prompt" if change.message is None else f"message {change.message + 1} ({change.role})"
    begins = f"From round {change.before_round} to {change.round}"
    if change.kind == REORDERED:
        return f"{begins}, messages were put in another order from {where} on"
    if change.kind in (REMOVED, ADDED):
        verb = "were" if change.messages != 1 else "was"
        at = "in front of" if change.kind == ADDED else "from"
        return f"{begins}, {humanize.counted(change.messages, 'message')} {verb} {change.kind} {at} {where}"
    kind = "" if change.kind == TEXT else f" (a {change.kind})" if change.kind != ID else " (an id)"
    words = (f'"{each}"' if each else "nothing" for each in (change.before, change.now))
    return f"{begins}, line {change.line} of {where}: {' became '.join(words)}{kind}"


def is_behind(finding: Finding) -> bool:
    """Whether other words than before are what a finding is about."""
    return finding.kind == "system_changed" or finding.details.get("cause") == cache.PREFIX


def of_finding(report: Report, session_id: str, finding: Finding) -> WhatChanged | None:
    """What had changed where a finding begins; None where nothing had, or the session or these rounds are there no more."""
    before = finding.details.get("before_round")
    return of_round(report, session_id, finding.first, before if isinstance(before, int) else None)


def of_round(report: Report, session_id: str, number: int, before: int | None = None) -> WhatChanged | None:
    """What had changed in a round's prompt since the one ``before``, which is by itself the one that it goes on from; None as above."""
    row = report.session(session_id)
    if row is None:
        return None
    if before is None:
        before = next(
            (each.before.number for each in report.neighbours(session_id, number, number) if each.before), number - 1
        )
    systems = [_system(report, row, each) for each in (before, number)]
    if None not in systems and systems[0] != systems[1]:
        return _in_text(before, number, None, SYSTEM, str(systems[0]), str(systems[1]))
    sent, sent_now = (round_pages.messages(report, row, each, 0, _ALL) for each in (before, number))
    return between(before, number, sent, sent_now) if sent and sent_now else None


_ALL = 1 << 40


def _system(report: Report, row: SessionRow, number: int) -> str | None:
    """The system prompt that a round sent in a place of its own; None where it sent none, or is there no more."""
    with open_session(report.folder, row.file) as file:
        for place in report.places(row.fields["session_id"], number, number, None):
            stored = round_at(file, place)
            system: Any = stored and stored.get("system")
            return said.spoken(system) or None
    return None


def between(before: int, number: int, sent: Sequence[Any], now: Sequence[Any]) -> WhatChanged | None:
    """What changed from the messages of round ``before`` to those of round ``number``; None where these only go on."""
    then_marks, marks = _marks(sent), _marks(now)
    at = next((at for at, (then, here) in enumerate(zip(then_marks, marks)) if then != here), min(len(sent), len(now)))
    if at == len(sent):
        return None
    if at == len(now):
        return WhatChanged(before, number, REMOVED, at, _role(sent[at]), messages=len(sent) - at)
    rest, rest_now = then_marks[at:], marks[at:]
    if rest_now[0] in rest and rest[0] in rest_now:
        return WhatChanged(before, number, REORDERED, at, _role(now[at]))
    if rest_now[0] in rest:
        return WhatChanged(before, number, REMOVED, at, _role(sent[at]), messages=rest.index(rest_now[0]))
    if rest[0] in rest_now:
        return WhatChanged(before, number, ADDED, at, _role(now[at]), messages=rest_now.index(rest[0]))
    return _in_text(before, number, at, _role(now[at]), said.text_of(sent[at]), said.text_of(now[at]))


def _role(message: Any) -> str:
    return str(role_of(message) or "")


def _marks(sent: Sequence[Any]) -> list[str]:
    marks = message_history.digests(sent)
    return [marks[at : at + DIGEST] for at in range(0, len(marks), DIGEST)]


# -- in a text ---------------------------------------------------------------------------------------------------------


def _in_text(before: int, number: int, message: int | None, role: str, then: str, now: str) -> WhatChanged:
    lines, lines_now = then.splitlines() or [""], now.splitlines() or [""]
    at = next((at for at, (one, other) in enumerate(zip(lines, lines_now)) if one != other), None)
    if at is None:  # one of them goes on
        at = min(len(lines), len(lines_now))
    line, line_now = (each[at] if at < len(each) else "" for each in (lines, lines_now))
    word, word_now = changed_words(line, line_now)
    kind = kind_of(word, word_now)
    return WhatChanged(before, number, kind, message, role, at + 1, _clipped(word), _clipped(word_now))


def changed_words(before: str, now: str) -> tuple[str, str]:
    """The words in which two lines differ, from the first to the last, without those around them that they share."""
    words, words_now = _WORD.findall(before), _WORD.findall(now)
    start = _common(words, words_now)
    end = _common(words[start:][::-1], words_now[start:][::-1])
    return _joined(words[start : len(words) - end]), _joined(words_now[start : len(words_now) - end])


def _joined(words: Sequence[str]) -> str:
    return "".join(words).strip()


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    return next((at for at, (here, there) in enumerate(zip(one, other)) if here != there), min(len(one), len(other)))


def kind_of(before: str, now: str) -> str:
    """Of what kind words are that stand where others stood: a time, an id, a number or any text."""
    for kind, pattern in ((TIME, _TIME), (ID, _ID), (COUNTER, _COUNTER)):
        if pattern.search(before[:_LOOKED_AT]) and pattern.search(now[:_LOOKED_AT]):
            frame, frame_now = (pattern.sub("~", each[:_LOOKED_AT]) for each in (before, now))
            if difflib.SequenceMatcher(None, frame, frame_now, autojunk=False).ratio() >= _LIKE:
                return kind
    return TEXT


_LOOKED_AT, _LIKE = 300, 0.8
_SHOWN = 200
_WORD = lazy(r"\s+|\S+")
_TIME = lazy(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?|\b\d{1,2}:\d\d(?::\d\d)?(?:\s?[AaPp][Mm])?"
    r"|\b1[5-9]\d{8}(?:\d{3})?\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
    r"|\b(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\b,?"
    r"|\b(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?\b(?:,? \d{4})?"
)
_ID = lazy(
    r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}\b|\b(?=\w*\d)(?=\w*[A-Za-z])\w{12,}\b"
)
_COUNTER = lazy(r"\d+(?:[.,]\d+)*")


def _clipped(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
