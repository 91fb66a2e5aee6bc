"""Session files and an index over them, for the tests of what it holds and what it answers."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from hypothesis import strategies as st

from session_monitor.base import data_folder
from session_monitor.index import opening
from session_monitor.index.tables.schema import ADDITIVE
from session_monitor.index.writer import IndexWriter
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.calls import BOOK

MODELS = ("gpt-4o", "qwen3-max", "no-such-model", None)
SESSIONS = ("a", "b/c", "d\udcff", "会话")
CONSUMERS = (None, "team-1", "团队")
WAYS = (
    (None, None),
    ("chat", "outbound|443||llm-bedrock.internal.dns"),
    ("chat", "llm-openai"),
    (None, "x"),
    ("路", None),
)
TOOLS = (None, None, "read", "exec 'rm'", "会话工具")
HALF_HOUR = 1_800_000


def silent(_done, _total):
    """Say nothing."""


@contextlib.contextmanager
def opened(folder, book=BOOK):
    """An index in memory, empty."""
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        found = IndexWriter(db, str(folder), book)
        found.create()
        yield found


@contextlib.contextmanager
def in_file(folder):
    """A connection to the index's file behind the program's back.

    Somebody else has it open, too, so that what belongs to it stays beside it when the connection is closed.
    """
    path = str(folder / data_folder.INDEX)
    with contextlib.closing(opening.read_only(path)), contextlib.closing(sqlite3.connect(path)) as db:
        db.isolation_level = None
        yield db


def taken_for_the_same(folder):
    """An index in a copy of the folder, or one that was changed in any way, is taken for the one that was made there."""
    path = folder / data_folder.INDEX
    opening.remember(str(path), str(path.stat().st_ino))


def caught_up(found):
    """The index brought up to date."""
    found.catch_up(silent)
    return found


# -- what it holds -----------------------------------------------------------------------------------------------------


_NAMES = {"session": "session", "model": "model", "consumer": "consumer", "way": "way", "tool": "tool_name"}


def contents(found):
    """All that an index holds, in no order, and names in place of their numbers, which tell the order of arrival.

    So does ``change``; and of rows of ``active`` in one half hour, which one stands before which.
    """
    names = {
        column: dict(found.db.execute(f"SELECT * FROM {table}"))
        for column, table in _NAMES.items()
        if column != "session"
    }
    names["session"] = dict(found.db.execute("SELECT id, session_id FROM session"))
    read = {
        table: Counter()
        for table in (
            "session",
            "damaged",
            "round",
            "tool",
            "noted",
            "total",
            "slot",
            "part",
            "active",
            "before",
            "latency",
        )
    }
    for table in read.keys() - {"before"}:
        cursor = found.db.execute(f"SELECT * FROM {table}")
        columns = [column[0] for column in cursor.description]
        for values in cursor:
            row = dict(zip(columns, values))
            if table in ("total", "slot") and not any(row[name] for name in ADDITIVE):
                continue  # a sum that was taken off again
            if table == "session":
                del row["id"], row["change"]
            else:
                row.update(
                    {column: names[column][row[column]] if row[column] else None for column in _NAMES if column in row}
                )
            if table == "active":
                read["before"][row["session"], row["slot"], row.pop("before")] += 1
            read[table][tuple(row.items())] += 1
    return read


# -- calls -------------------------------------------------------------------------------------------------------------


class Step(NamedTuple):
    """A call that an agent makes; ``at`` is in milliseconds since 1970.

    ``tool`` is what its answer asks for, which the line does not tell where it is ``untold``; the next call of the session
    sends what came back, unless it ``forgets`` what was said.  ``ends`` is one of ``_ENDS``.  ``aside`` is another conversation
    in the same session.  ``way`` has the names of a route and of the cluster behind it.
    """

    session: str = "a"
    at: int | None = 0
    model: str | None = "gpt-4o"
    consumer: str | None = None
    tokens: int | None = 100
    cached: int = 0
    failed: bool = False
    tool: str | None = None
    tool_failed: bool = False
    forgets: bool = False
    ends: str = "whole"
    untold: bool = False
    aside: bool = False
    way: tuple[str | None, str | None] = (None, None)


_STREAM, _READ = {"response_type": "stream"}, {"llm_service_duration": 900}
_ENDS = {
    "whole": {},
    "left": {"flags": "DC", **_STREAM, **_READ},
    "cut": {"flags": "DC", **_STREAM},
    "died": {"flags": "UPE", **_STREAM},
    "told in part": {"output_token": None, "total_token": None},
    "a total alone": {"input_token": None, "output_token": None, "total_token": 77},
    "by the gateway": {"model": "from-cache", "input_token": None, "output_token": None, "total_token": None},
}
"""How a call may end, and what its line says then: after "cut" and "died" the tokens are a lower bound, and where they are
told in part no cost is known."""


class Agent:
    """Makes calls, each with what was said before, and stores them as the monitor does."""

    def __init__(self, folder):
        """For the session files of a folder."""
        self.folder = str(folder)
        self._said = {}
        self._end = 0

    def call(self, step):
        """The call of a step."""
        talk = step.session, step.aside
        said, tool = ([], None) if step.forgets else self._said.get(talk, ([], None))
        said = list(said) or ([calls.message("aside")] if step.aside else [])
        if tool:
            said.append({"role": "assistant", "tool_calls": [_tool_call(tool)]})
            text = "Error: no such thing" if step.tool_failed else "a secret result " * 5
            said.append({"role": "tool", "tool_call_id": "call", "content": text})
        said.append(calls.message(f"hello secret {len(said)}"))
        self._said[talk] = said, step.tool
        told = {"input_token": None, "output_token": None, "total_token": None}
        fields = {name: text for name, text in zip(("route_name", "upstream_cluster"), step.way) if text}
        if step.tokens is not None:
            tokens = step.tokens + 20 * len(said)
            fields["duration"] = str(step.tokens * 7919 % 90_001)
            if step.tokens % 4:
                fields["upstream_service_time"] = str(step.tokens * 17 % 5003)
            told = {"input_token": tokens, "output_token": 5, "total_token": tokens + 5}
        known = {
            "start_time": rfc3339(step.at),
            "code": "500" if step.failed else "200",
            "flags": (None, "-", "UF,URX")[(step.tokens or 0) % 3] if step.failed else None,
            "model": step.model,
            "messages": said,
            "cached_tokens": min(step.cached, step.tokens or 0),
            "answer": "" if step.tool else "a secret answer",
            "tool_calls": [_tool_call(step.tool)] if step.tool and not step.untold else [],
            **({"consumer": step.consumer} if step.consumer else {}),
            **({} if step.tokens is None or step.ends != "whole" else _as_it_came(step.tokens)),
            **({"llm_first_token_duration": step.tokens * 31 % 4001} if (step.tokens or 0) % 3 else {}),
            "fields": fields,
        }
        return calls.call(step.session, **{**known, **told, **_ENDS[step.ends]})

    def store(self, steps, found=None, *, is_told=True):
        """Write the calls of some steps to session files, and tell the index of it, or leave it marked."""
        store = Store(self.folder)
        for step in steps:
            assert store.add(self.call(step), ("g", self._end, self._end + 10))
            self._end += 10
        if found:
            found.mark()
        _, written = store.flush()
        if found and is_told:
            found.add(written)
        return written


def _as_it_came(tokens):
    """Whether a call that was seen to its end was a stream, and how long it took."""
    return {"response_type": ("normal", "stream")[tokens % 2], "llm_service_duration": tokens * 7919 % 90_001}


def _tool_call(name):
    return {"id": "call", "type": "function", "function": {"name": name, "arguments": "{}"}}


def rfc3339(at):
    """A time as a gateway writes it; ``-`` for none."""
    if at is None:
        return "-"
    time = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=at)
    return f"{time.year:04}-{time:%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def _moment(text):
    return (datetime.fromisoformat(text + "+00:00") - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(
        milliseconds=1
    )


EDGES = st.builds(
    lambda start, quarters, rest: start + quarters * HALF_HOUR // 2 + rest,
    st.sampled_from(
        [
            _moment("2025-12-31T16:00:00"),  # a year begins in Shanghai
            _moment("2026-03-08T07:00:00"),  # summer begins in New York
            _moment("2026-11-01T06:00:00"),  # and ends
            _moment("2026-02-01T18:15:00"),  # a day begins in Kathmandu
            _moment("1970-01-01T00:00:00"),  # moments begin to be above 0
        ]
    ),
    st.one_of(st.integers(-4, 4), st.integers(-100, 100)),
    st.sampled_from([0, 0, -1, 1, 500, 600_000]),
)
"""Moments about those at which half hours, hours, days, weeks, months and years begin in one zone or another."""

STEPS = st.builds(
    Step,
    st.sampled_from(SESSIONS),
    st.one_of(EDGES, EDGES, EDGES, st.none()),
    st.sampled_from(MODELS),
    st.sampled_from(CONSUMERS),
    st.one_of(st.integers(50, 5000), st.none()),
    st.integers(0, 90),
    st.booleans(),
    st.sampled_from(TOOLS),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
    st.sampled_from(["whole", "whole", *_ENDS]),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
    st.sampled_from(WAYS),
)
"""Any call, at any moment, so that many a call comes later than a newer one."""
BATCHES = st.lists(st.lists(STEPS, max_size=8), max_size=5)
