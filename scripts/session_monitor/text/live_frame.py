"""What does the live view show?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import humanize, safe, table, width
from .table import Column

_COLUMNS = (
    Column("Session ID", least=20),
    Column("Msgs", ">", rank=5),
    Column("Input", ">", rank=6),
    Column("Cached", ">", rank=2),
    Column("Output", ">", rank=7),
    Column("Cost", ">"),
    Column("Found", rank=8),
    Column("Last call", ">", rank=4),
    Column("Model", rank=3, least=10),
    Column("About", rank=1, least=20, cut=width.cut_end),
)
_FILL = ("Session ID", "About")
ACTIVE = "a call within 15 minutes"
"""What makes a session an active one."""
_BOXED_FROM_COLUMNS = 60
_FULL_FROM_ROWS = 20
_ROWS_PER_NOTE = 8


@dataclass(frozen=True)
class SessionLine:
    """One session as a row of the live table; `updated_at` is RFC 3339 in UTC, or None when no call told a time."""

    session_id: str
    updated_at: str | None
    messages: int
    input_tokens: int
    output_tokens: int
    model: str | None
    cached_tokens: int | None = 0
    cost: str | None = None
    title: str = ""
    findings: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, Any], *, cost: str | None = None, title: str = "") -> SessionLine:
        """The row of a session with these fields; ``cost`` is text ready to print, ``title`` what it is about."""
        return cls(
            fields["session_id"],
            fields["updated_at"],
            fields["messages_count"],
            fields["total_input_tokens"],
            fields["total_output_tokens"],
            fields["model"],
            fields["total_cached_tokens"],
            cost,
            title,
        )


@dataclass(frozen=True)
class FrameTotals:
    """Tokens over all sessions: cached is part of input, reasoning part of output.

    `cost` is text ready to print; so are `burn`, what an hour costs, and `unknown`, which says of how many calls the tokens
    are not, or not all, in them.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost: str | None = None
    unknown: str = ""
    burn: str | None = None


@dataclass(frozen=True)
class FrameData:
    """Everything the live view tells at the moment `now` (RFC 3339 in UTC), the latest session first.

    Of the `known` sessions so many are `active`, which is None where nobody knows.
    `lines` is None where nobody knows what was read; of the calls in them some failed and some were left by their clients
    before the gateway saw the end; `at_work` tells whether a monitor is reading. `findings` says how many grave ones there are, if any.
    """

    sessions: Sequence[SessionLine]
    known: int
    active: int | None
    totals: FrameTotals
    lines: int | None
    calls: int
    passed_over: int
    behind_bytes: int
    lines_per_second: float
    bytes_per_second: float
    seconds_left: float | None
    logs: Sequence[str]
    notes: Sequence[str]
    now: str
    at_work: bool = True
    failed: int = 0
    left: int = 0
    findings: str = ""


def frame(view: FrameData, columns: int, rows: int) -> list[str]:
    """The view as at most `rows` lines, none wider than `columns`: in full, or shortened where rows are few."""
    lines = _full(view, columns, rows) if rows >= _FULL_FROM_ROWS else _short(view, columns, rows)
    return [width.cut_end(line, columns) for line in lines][: max(rows, 0)]


def plain(view: FrameData) -> str:
    """The view as one line without decoration, for a journal or a pipe."""
    active = "" if view.active is None else f" ({humanize.count(view.active)} active)"
    parts = [f"{humanize.counted(view.known, 'session')}{active}, {_tokens(view.totals)}", ", ".join(_read(view))]
    if view.findings:
        parts.append(f"findings: {view.findings}")
    if view.behind_bytes:
        parts.append(f"catching up: {', '.join(_behind(view))}")
    return "; ".join(filter(None, [*parts, *map(safe.cell, view.notes)]))


def _title(view: FrameData) -> str:
    return f"🔍 Session Monitor - {'Active' if view.at_work else 'Not running'}"


def _active(view: FrameData) -> str:
    told = "not known" if view.active is None else humanize.count(view.active)
    return f"📊 Active Sessions: {told} of {humanize.count(view.known)} ({ACTIVE})"


def _found(view: FrameData) -> list[str]:
    return [f"🔎 Findings: {view.findings}"] if view.findings else []


def _full(view: FrameData, columns: int, rows: int) -> list[str]:
    rule = "━" * columns
    head = [_title(view), rule, "", _active(view), *_found(view), ""]
    foot = ["", "📈 Token Statistics", *_statistics(view.totals), rule]
    foot += filter(None, [_fitting("", _read(view), columns)])
    foot += [*_catching_up(view, columns), *_notes(view, columns, rows)]
    if rows - len(head) - len(foot) < len(view.sessions) + 4:
        head, foot = [list(filter(None, part)) for part in (head, foot)]
    style = table.BOXED if columns >= _BOXED_FROM_COLUMNS else table.RULED
    return head + _sessions(view, columns, rows - len(head) - len(foot), style) + foot


def _short(view: FrameData, columns: int, rows: int) -> list[str]:
    head = [_title(view), _active(view), *_found(view)]
    foot = [_statistics_line(view.totals, columns), *_catching_up(view, columns), *_notes(view, columns, rows)]
    return head + _sessions(view, columns, rows - len(head) - len(foot), table.PLAIN) + foot


def _sessions(view: FrameData, columns: int, room: int, style: table.Style) -> list[str]:
    """The table in at most `room` lines; sessions that find no place in it are counted below it."""
    if not view.sessions:
        return [_waiting(view, columns)]
    known = max(view.known, len(view.sessions))
    places = room - len(table.table(_COLUMNS, [], style=style).lines)
    shown = view.sessions[: places if known <= places else max(places - 1, 0)]
    wanted = [i for i, column in enumerate(_COLUMNS) if _is_told(column.heading, shown)]
    rows = [[row[i] for i in wanted] for row in (_row(line, view.now) for line in shown)]
    kept = [_COLUMNS[i] for i in wanted]
    if style is table.BOXED:
        kept = [column._replace(fills=column.heading in _FILL) for column in kept]
    lines = table.table(kept, rows, columns, style=style).lines
    hidden = known - len(shown)
    return [*lines, f"… and {humanize.count(hidden)} more"] if hidden else lines


def _is_told(heading: str, shown: Sequence[SessionLine]) -> bool:
    """Whether a column has its place: costs where any were worked out, titles where some were looked for."""
    if heading == "Cost":
        return any(line.cost is not None for line in shown)
    if heading == "Found":
        return any(line.findings for line in shown)
    return heading != "About" or any(line.title for line in shown)


def _row(line: SessionLine, now: str) -> list[str]:
    tokens = line.input_tokens, line.cached_tokens, line.output_tokens
    told = ["-" if number is None or not any(tokens) else humanize.count(number) for number in tokens]
    cost, ago = "…" if line.cost is None else line.cost, _ago(line.updated_at, now)
    return [
        line.session_id,
        humanize.count(line.messages),
        *told,
        cost,
        line.findings or "-",
        ago,
        line.model or "-",
        line.title or "-",
    ]


def _ago(then: str | None, now: str) -> str:
    if then is None:
        return "-"
    try:
        return humanize.ago((_moment(now) - _moment(then)).total_seconds())
    except ValueError:
        return "-"


def _moment(text: str) -> datetime:
    # Before 3.11 fromisoformat takes neither the `Z` nor a free number of digits after the second.
    return datetime.fromisoformat(text[:19])


def _waiting(view: FrameData, columns: int) -> str:
    logs = safe.cell(", ".join(view.logs))
    start = "Waiting for calls in "
    return start + width.cut_middle(logs, columns - len(start)) if logs else "Waiting for calls"


def _statistics(totals: FrameTotals) -> list[str]:
    numbers = {
        "Total Input:": totals.input_tokens,
        "  of which cached:": totals.cached_tokens,
        "Total Output:": totals.output_tokens,
        "  of which reasoning:": totals.reasoning_tokens,
    }
    places = max(len(humanize.count(number)) for number in numbers.values())
    lines = [f"  {label:21} {humanize.count(number):>{places}} tokens" for label, number in numbers.items()]
    lines += [] if totals.cost is None else [f"  {'Total Cost:':21} {safe.cell(totals.cost)}"]
    lines += [] if totals.burn is None else [f"  {'Burn Rate:':21} {safe.cell(totals.burn)}"]
    return [*lines, f"  ({totals.unknown})"] if totals.unknown else lines


def _statistics_line(totals: FrameTotals, columns: int) -> str:
    line = f"📈 {_tokens(totals)}"
    if width.width(line) <= columns:
        return line
    cost = [] if totals.cost is None else [safe.cell(totals.cost)]
    return ", ".join(
        [f"📈 {humanize.count(totals.input_tokens)} in", f"{humanize.count(totals.output_tokens)} out", *cost]
    )


def _tokens(totals: FrameTotals) -> str:
    text = (
        f"{humanize.count(totals.input_tokens)} input tokens (of which cached {humanize.count(totals.cached_tokens)}), "
        f"{humanize.count(totals.output_tokens)} output tokens "
        f"(of which reasoning {humanize.count(totals.reasoning_tokens)})"
        f"{f' ({totals.unknown})' if totals.unknown else ''}"
    )
    return text if totals.cost is None else f"{text}, cost {safe.cell(totals.cost)}"


def _read(view: FrameData) -> list[str]:
    """What was read, in parts; none where nobody knows."""
    if view.lines is None:
        return []
    return [
        f"{humanize.counted(view.lines, 'line')} read",
        f"{humanize.counted(view.calls, 'call')}{humanize.bracketed({'failed': view.failed, 'left': view.left})}",
        f"{humanize.count(view.passed_over)} passed over",
    ]


def _behind(view: FrameData) -> list[str]:
    speed = f"{humanize.count(round(view.lines_per_second))} lines/s"
    left = [] if view.seconds_left is None else [f"{humanize.duration(view.seconds_left)} left"]
    return [f"{humanize.size(view.behind_bytes)} left", f"{humanize.size(view.bytes_per_second)}/s", speed, *left]


def _catching_up(view: FrameData, columns: int) -> list[str]:
    return [_fitting("Catching up: ", _behind(view), columns)] if view.behind_bytes else []


def _fitting(start: str, parts: Sequence[str], columns: int) -> str:
    """The parts with commas between them, those left out at the end for which there is no room."""
    while len(parts) > 1 and width.width(start + ", ".join(parts)) > columns:
        parts = parts[:-1]
    return start + ", ".join(parts)


def _notes(view: FrameData, columns: int, rows: int) -> list[str]:
    """The notes, as many as leave room for the rest; the last one shown says how many are not."""
    # What matters in a note stands at its end, behind a path.
    notes = [width.cut_middle(safe.cell(note), columns) for note in view.notes]
    places = max(1, rows // _ROWS_PER_NOTE)
    if len(notes) <= places:
        return notes
    return [*notes[: places - 1], f"(and {len(notes) - places} more) {notes[places - 1]}"]
