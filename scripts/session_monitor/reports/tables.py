"""How do sums of calls read as rows of JSON, and which days are meant where nobody said?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from .breakdown import Breakdown, ToolRow


def total(answer: Breakdown) -> dict[str, Any]:
    """All rows together."""
    return {"sessions": answer.sessions, **answer.sums.to_json()}


def by_name(column: str, answer: Breakdown) -> list[dict[str, Any]]:
    """A row for each ``model`` or ``consumer``."""
    return [{column: row.name, "sessions": row.sessions, **row.sums.to_json()} for row in answer.rows]


def by_tool(rows: Iterable[ToolRow]) -> list[dict[str, Any]]:
    """A row a tool; ``tokens`` is None where none could be measured."""
    return [{**row._asdict(), "tokens": row.tokens if row.measured else None} for row in rows]


def by_date(answer: Breakdown, where: tzinfo | None) -> list[dict[str, Any]]:
    """A row for each hour, day, week or month of a time zone."""
    return [
        {
            "date": row.span.name,
            "start": _rfc3339(row.span.start, where),
            "sessions": row.sessions,
            "models": row.models,
            **row.sums.to_json(),
        }
        for row in answer.rows
    ]


def _rfc3339(moment: int, where: tzinfo | None) -> str | None:
    try:
        return datetime.fromtimestamp(moment / 1000, where).astimezone(where).isoformat()
    except (OverflowError, ValueError, OSError):
        return None
