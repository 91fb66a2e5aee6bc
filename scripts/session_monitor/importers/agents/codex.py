"""Which calls do the files of Codex tell of?

There are two counters.  Newer versions write a record for each answer, with its id; older ones the sum of all so far,
again and again, whether it has changed or not.  A fork or a sub-agent's file begins with a copy of its parent's, written
in one burst, and counts on from there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from session_monitor.calls.usage import Usage
from session_monitor.recording import known_calls
from session_monitor.recording.recorded_call import RecordedCall

from . import rollouts
from .found import SOURCE, FileReading, FoundCall, found, inside
from .rollouts import CountedCall, Rollout, Tokens

AGENT = "codex"
_PATH = "/v1/responses"
_BURST = 1000
"""Milliseconds between two events of one burst, at most."""


def calls(path: str, reading: FileReading) -> Iterator[FoundCall]:
    """The calls of one file, in their order.  Raises ``OSError``."""
    rollout = rollouts.read(path, reading)
    if not (rollout.records or rollout.counted):
        reading.passed_over["no_counts"] += rollout.has_turns
        return
    session = rollout.session_id or os.path.splitext(os.path.basename(path))[0]
    seen: dict[Tokens, int] = {}
    for each in _own(rollout, reading):
        again = seen[each.total] = seen.get(each.total, 0) + 1
        native = f"{session}:{':'.join(map(str, each.total))}" + (f"#{again}" if again > 1 else "")
        yield found(AGENT, native, _call(rollout, session, each))
    for each in _own_records(rollout):
        yield found(AGENT, "", _call(rollout, session, each)._replace(call_id=each.call_id))


def _call(rollout: Rollout, session: str, each: CountedCall) -> RecordedCall:
    return RecordedCall(
        session_id=f"{AGENT}:{session}",
        moment=each.at,
        path=_PATH,
        source=SOURCE,
        agent=AGENT,
        model=each.model,
        usage=_usage(each.tokens),
        said=each.said,
        more={"parent": f"{AGENT}:{rollout.parent}"} if rollout.parent else {},
    )


def _usage(tokens: Tokens) -> Usage:
    return inside(tokens.input, tokens.cached, tokens.written, tokens.output, tokens.reasoning)


def _own(rollout: Rollout, reading: FileReading) -> Sequence[CountedCall]:
    """What was counted in this file, without what its parent had counted."""
    if rollout.parent is None:
        return rollout.counted
    parent = _file_of(rollout.parent, reading.files)
    before = _totals(parent, reading) if parent is not None and parent != rollout.path else None
    copied, last = 0, rollout.began
    for each in rollout.counted:
        if last is None or each.at - last > _BURST:
            break
        if before is not None and (copied == len(before) or before[copied] != each.total):
            break
        copied, last = copied + 1, max(last, each.at)
    return rollout.counted[copied:]


def _own_records(rollout: Rollout) -> Sequence[CountedCall]:
    """The records, but for copies of a parent's whose ids do not tell that they are."""
    copied, last = 0, rollout.began if rollout.parent else None
    for each in rollout.records:
        if last is None or each.at - last > _BURST or known_calls.is_unique(str(each.call_id)):
            break
        copied, last = copied + 1, max(last, each.at)
    return rollout.records[copied:]


def _totals(path: str, reading: FileReading) -> Sequence[Tokens]:
    """What a file counted, step by step.  Raises ``OSError``."""
    if path not in reading.shared:
        reading.shared[path] = [each.total for each in rollouts.read(path, FileReading()).counted]
    totals: Sequence[Tokens] = reading.shared[path]
    return totals


def _file_of(session: str, files: Sequence[str]) -> str | None:
    """The file of the session of this id, which its name ends with."""
    return next((path for path in files if path.endswith(f"{session}.jsonl")), None)
