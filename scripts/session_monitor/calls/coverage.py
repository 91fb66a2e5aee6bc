"""How much of the log do the totals speak for?"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from session_monitor.base import files
from session_monitor.text import humanize

from .outcome import FAILED, LEFT, OK
from .usage import CUT_SHORT

if TYPE_CHECKING:
    from .round import Round
    from .short_lines import ShortCall

_SKIPPED_CALLS = "skipped_calls"
LABELS = {
    "not_llm": "no LLM call",
    _SKIPPED_CALLS: "skipped calls",
    "other_method": "not POST",
    "other_path": "to other paths",
    "model_list": "model lists",
    "health_check": "health checks",
    "count_tokens": "counts of tokens",
    "files": "files",
    "metrics": "metrics",
    "other_api": "of other parts of a provider's API",
    "mcp": "MCP tool calls",
    "other_plugins": "of other plugins",
    "no_ai_log": "without ai_log",
    "cut_off": "cut off",
    "not_json": "broken ai_log",
    "empty": "empty",
    "nul_bytes": "only NUL bytes",
    "too_long": "too long",
    "too_complex": "too complex to be decoded",
    "other_session": "of other sessions",
    "recorded_elsewhere": "calls that were recorded elsewhere already",
}
"""The reasons for which a line is passed over, in words."""
_OF_CALLS = {
    "failed": "failed",
    "left": "left by the client",
    "cut_short": "cut short (their tokens are a lower bound)",
    "by_gateway": "answered by the gateway itself",
    "without_session_id": "without session id",
    "session_from_conversation": "whose session id is inferred from what was said",
    "without_tokens": "without token counts (refused ones too)",
    "undated": "without a time",
    "content_cut": "with cut content",
    "content_left_out": "with content too complex to be kept",
    "torn": "torn, with another line in them",
}
"""What is told of calls where there are such, in words."""


_IN_NO_SUM = (_SKIPPED_CALLS, "lost_bytes", "lost_calls", "unknown_gaps")


class Coverage(SimpleNamespace):
    """What was read: lines, calls among them, why the others were passed over, and what the calls lack.

    ``skipped_answered`` of the calls that the gateway's plugin skipped had an answer; ``cut_short`` calls have tokens that are
    a lower bound, as their stream was cut; ``by_gateway`` were answered by the gateway itself.  ``lost_calls`` had been
    stored, and went with session files that were put back from a backup.
    """

    lines: int
    bytes: int
    calls: int
    passed_over: dict[str, int]
    failed: int
    left: int
    cut_short: int
    by_gateway: int
    skipped_answered: int
    without_session_id: int
    session_from_conversation: int
    without_tokens: int
    undated: int
    content_cut: int
    content_left_out: int
    outer_broken: int
    torn: int
    lost_bytes: int
    lost_calls: int
    unknown_gaps: int

    def __init__(self, **counts: Any) -> None:
        """All that is not given is 0.  Raises ``TypeError`` for a count that there is none of."""
        unknown = counts.keys() - self.__annotations__.keys()
        if unknown:
            raise TypeError(f"no counts: {unknown}")
        zero: dict[str, Any] = {**dict.fromkeys(self.__annotations__, 0), "passed_over": {}}
        super().__init__(**{**zero, **counts})

    def skip(self, reason: str, *, answered: bool = False) -> None:
        """Count a line that is passed over; ``answered`` says that it was a call, and had an answer."""
        self.passed_over[reason] = self.passed_over.get(reason, 0) + 1
        self.skipped_answered += answered

    def count(self, call: Round | ShortCall) -> None:
        """Count a call."""
        self.calls += 1
        if call.outcome != OK:
            self.failed += call.outcome == FAILED
            self.left += call.outcome == LEFT
        if not (call.session_id and call.has_tokens and call.timestamp):
            self.without_session_id += call.session_id is None
            self.without_tokens += not call.has_tokens
            self.undated += call.timestamp is None
        if call.cut or call.left_out or call.outer_broken or call.answered_by or call.session_from or call.usage[-1]:
            self._count_notable(call)

    def _count_notable(self, call: Round | ShortCall) -> None:
        self.cut_short += CUT_SHORT in call.usage[-1]
        self.by_gateway += call.answered_by is not None
        self.session_from_conversation += call.session_from is not None
        self.content_cut += bool(call.cut)
        self.content_left_out += bool(call.left_out)
        self.outer_broken += call.outer_broken
        self.torn += call.torn

    def gist(self) -> dict[str, int]:
        """For JSON, in brief: what was read, and what is in no sum where there is such."""
        counts = {**vars(self), _SKIPPED_CALLS: self.passed_over.get(_SKIPPED_CALLS, 0)}
        return {"lines": self.lines, "calls": self.calls, **{name: counts[name] for name in _IN_NO_SUM if counts[name]}}

    def in_words(self) -> list[str]:
        """How much of the log the totals speak for."""
        parts = [humanize.counted(self.calls, "call")]
        counts = vars(self)
        parts += [f"{humanize.count(counts[name])} {label}" for name, label in _OF_CALLS.items() if counts[name]]
        parts.append(self._passed_over())
        if self.passed_over.get(_SKIPPED_CALLS):
            parts.append(self._skipped_calls())
        if self.lost_bytes:
            parts.append(f"at least {humanize.size(self.lost_bytes)} lost before they were read")
        if self.lost_calls:
            parts.append(f"{humanize.counted(self.lost_calls, 'call')} lost with session files that were put back")
        return parts

    def _passed_over(self) -> str:
        reasons = [f"{humanize.count(number)} {LABELS[reason]}" for reason, number in self.passed_over.items()]
        lines = humanize.counted(sum(self.passed_over.values()), "line")
        return f"{lines} passed over" + (f" ({', '.join(reasons)})" if reasons else "")

    def _skipped_calls(self) -> str:
        calls = humanize.counted(self.passed_over[_SKIPPED_CALLS], "call")
        answered = f", {humanize.count(self.skipped_answered)} of them answered" if self.skipped_answered else ""
        return f"{calls} skipped by the plugin{answered}: add their paths to enable_path_suffixes (see 'doctor')"

    def add(self, other: Coverage) -> None:
        """Count in what another run covered."""
        for name, value in vars(other).items():
            if name == "passed_over":
                for reason, number in value.items():
                    self.passed_over[reason] = self.passed_over.get(reason, 0) + number
            else:
                setattr(self, name, getattr(self, name) + value)

    def copy(self) -> Coverage:
        """Another one with these counts."""
        copied = Coverage.__new__(Coverage)
        vars(copied).update(vars(self), passed_over={**self.passed_over})
        return copied

    def to_json(self) -> dict[str, Any]:
        """As it is shown in JSON; zeros may lack where it is kept."""
        return {**vars(self), "passed_over": dict(self.passed_over)}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Coverage:
        """From ``to_json``; raises ``TypeError`` where it is something else."""
        return cls(**{**found, "passed_over": dict(found.get("passed_over", {}))})


def of_state(path: str) -> Coverage | None:
    """What the unfiltered runs covered, by a monitor's state file; None where none tells."""
    try:
        with files.reading(path) as file:
            view = json.loads(file.read())["views"][""]
        total = Coverage()
        for part in (view["past_coverage"], *(generation["coverage"] for generation in view["generations"])):
            total.add(Coverage.from_json(part))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return total
