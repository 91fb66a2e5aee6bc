"""How does what was said in a round read as a row?

The whole round is there as its session file has it: of the history that an agent sends again with each call, what came with
this one first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from session_monitor.clickhouse import row_text
from session_monitor.sessions.rounds import Place, open_session, round_at

from .round_rows import TextPlace, month_of, yyyymm

_APART = ("request_id", "question", "answer", "reasoning")
"""What stands in columns of its own, null where the log tells nothing; all of it is in ``stored`` as well."""


def of_rounds(folder: str, session_id: str, file: str, places: Iterable[TextPlace]) -> Iterator[tuple[int, bytes]]:
    """The numbers of a session's rounds beside their texts, as the inside of a JSON object; without those that stand there no more."""
    try:
        opened = open_session(folder, file)
    except OSError:  # it was deleted meanwhile
        return
    with opened:
        for number, start, length, at in places:
            try:
                stored: Any = round_at(opened, Place(file, number, start, length))
            except OSError:
                continue
            if stored is not None:
                yield number, _body(session_id, number, month_of(at), stored)


def _body(session_id: str, number: int, month: int, stored: Mapping[str, Any]) -> bytes:
    told: dict[str, object] = {"session": row_text.written(session_id), "number": number, "month": yyyymm(month)}
    for name in _APART:
        value = stored.get(name)
        told[name] = value if value is None else row_text.written(str(value))
    told["stored"] = row_text.written(json.dumps(stored, ensure_ascii=False, separators=(",", ":")))
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))[1:-1].encode()
