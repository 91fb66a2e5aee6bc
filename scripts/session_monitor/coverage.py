"""How much of the log do the totals speak for?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import figures

LABELS = {
    "not_llm": "no LLM call",
    "no_ai_log": "without ai_log",
    "cut_off": "cut off",
    "not_json": "broken ai_log",
    "empty": "empty",
    "nul_bytes": "only NUL bytes",
    "too_long": "too long",
    "other_session": "of other sessions",
}
"""The reasons for which a line is passed over, in words."""


@dataclass
class Coverage:
    """What was read: lines, calls among them, why the others were passed over, and what the calls lack."""

    lines: int = 0
    bytes: int = 0
    calls: int = 0
    passed_over: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    without_session_id: int = 0
    without_tokens: int = 0
    content_cut: int = 0
    outer_broken: int = 0
    torn: int = 0
    lost_bytes: int = 0
    unknown_gaps: int = 0

    def skip(self, reason: str) -> None:
        """Count a line that is passed over."""
        self.passed_over[reason] = self.passed_over.get(reason, 0) + 1

    def in_words(self) -> list[str]:
        """How much of the log the totals speak for."""
        parts = [figures.counted(self.calls, "call")]
        parts += [
            f"{figures.count(number)} {label}"
            for number, label in (
                (self.failed, "failed"),
                (self.without_session_id, "without session id"),
                (self.without_tokens, "without tokens"),
                (self.content_cut, "with cut content"),
                (self.torn, "torn, with another line in them"),
            )
            if number
        ]
        skipped = [f"{figures.count(number)} {LABELS[reason]}" for reason, number in self.passed_over.items()]
        parts.append(f"{figures.counted(sum(self.passed_over.values()), 'line')} passed over")
        if skipped:
            parts[-1] += f" ({', '.join(skipped)})"
        if self.lost_bytes:
            parts.append(f"at least {figures.size(self.lost_bytes)} lost before they were read")
        return parts

    def add(self, other: Coverage) -> None:
        """Count in what another run covered."""
        for name, value in vars(other).items():
            if name == "passed_over":
                for reason, number in value.items():
                    self.passed_over[reason] = self.passed_over.get(reason, 0) + number
            else:
                setattr(self, name, getattr(self, name) + value)

    def to_json(self) -> dict[str, Any]:
        """As it is kept and shown in JSON."""
        return {**vars(self), "passed_over": dict(self.passed_over)}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Coverage:
        """From ``to_json``; raises ``TypeError`` where it is something else."""
        return cls(**{**found, "passed_over": dict(found.get("passed_over", {}))})
