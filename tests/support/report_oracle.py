"""What must a report say?  Plain Python over the rounds of all session files: no index, no SQL, no half hours."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from hypothesis import strategies as st

from session_monitor.base.periods import DAY, HOUR, MONTH, WEEK
from session_monitor.calls.outcome import OUTCOMES
from session_monitor.prices import cost
from session_monitor.prices.cost import Cost
from session_monitor.reports.selected.filters import ACTIVE_FOR, STATES, Selection
from session_monitor.sessions import message_history, session_file
from tests.support.indexes import CONSUMERS, EDGES, MODELS, SESSIONS

QUARTER = 15 * 60_000


class Call(NamedTuple):
    """A stored round; ``at`` is in milliseconds since 1970, ``tools`` has (calls, results, failed, tokens) by name."""

    session: str
    at: int | None
    model: str | None
    consumer: str | None
    route: str | None
    seller: str | None
    vendor: str | None
    entry: dict[str, Any]
    outcome: Any
    tools: dict[str, tuple[int, int, int, int | None]]
    gateway: None = None
    """A folder tells no gateway: whoever has one has the calls of that alone."""


def calls_of(folder, book):
    """All rounds of all session files."""
    found = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".json") and not name.startswith("."):
            with open(os.path.join(folder, name), "rb") as file:
                session = session_file.read_header(file)
                full = list(message_history.with_full_messages(session_file.rounds(file)))
                entries = {entry["round"]: entry for entry, _ in full}
                told = dict(entry["told_tools"] for entry in entries.values() if "told_tools" in entry)
                for number, (entry, messages) in enumerate(full, 1):
                    before = entries.get(entry.get("history_of", number - 1))
                    at = _milliseconds(entry["timestamp"])
                    outcome = book.price(cost.call_of(entry))
                    tools = _tools(entry, messages, before, dict(told.get(number, ())))
                    names = entry["model"], entry.get("consumer"), entry.get("route_name"), *_sold(entry, book)
                    found.append(Call(session, at, *names, entry, outcome, tools))
    return found


def _sold(entry, book):
    """Who sold it, and who makes the model."""
    way = entry.get("route_name"), entry.get("upstream_cluster")
    return book.seller_of(entry["model"], *way), book.vendor_of(entry["model"]) if entry["model"] else None


def _milliseconds(timestamp):
    if timestamp is None:
        return None
    time = datetime.fromisoformat(timestamp.rstrip("Z") + "+00:00")
    return (time - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)


def _tools(entry, messages, before, told):
    """From the messages themselves: what is new in them since the model's last answer; ``told`` is what a later round tells."""
    called = Counter(call["function"]["name"] for call in entry["tool_calls"]) + Counter(told)
    shared = entry.get("messages_from_history", 0)
    last = max((n for n, message in enumerate(messages) if message["role"] == "assistant"), default=-1)
    fresh = messages[max(shared, last + 1) :]
    results = [message["content"] for message in fresh if message["role"] == "tool"]
    name = messages[last]["tool_calls"][0]["function"]["name"] if results else None
    tokens = None
    if results and before and shared == before.get("messages_total", 0) and _is_counted(before) and _is_counted(entry):
        answer = before["output_tokens"] - before["reasoning_tokens"]
        share = sum(map(len, results)) / sum(len(message["content"]) for message in fresh)
        tokens = round(max(0, entry["input_tokens"] - before["input_tokens"] - answer) * share)
    failed = sum(text.startswith("Error") for text in results)
    return {
        each: (called[each], len(results) * (each == name), failed * (each == name), tokens if each == name else None)
        for each in {*called, *([name] if name else [])}
    }


def _is_counted(entry):
    return entry["total_tokens"] > 0 and not {"no_tokens", "at_least", "partly_told"} & entry.keys()


# -- which are meant ---------------------------------------------------------------------------------------------------


def meant_calls(calls, meant):
    """The calls that a selection means."""
    sessions = _meant_sessions(calls, meant)
    return [
        call for call in calls if call.session in sessions and _is_meant(call, meant) and _is_within(call.at, meant)
    ]


def having_such(calls, meant):
    """The ids of the sessions that have a call that is meant, whenever that was."""
    return _meant_sessions(calls, meant) & {call.session for call in calls if _is_meant(call, meant)}


def _meant_sessions(calls, meant):
    by_session = {}
    for call in calls:
        by_session.setdefault(call.session, []).append(call)
    return {session for session, its in by_session.items() if _is_meant_session(session, its, meant)}


def _is_meant_session(session, calls, meant):
    if meant.sessions and not any(session == each or fnmatchcase(session, each) for each in meant.sessions):
        return False
    if meant.min_cost is not None and _pico(calls) < meant.min_cost:
        return False
    if not meant.status:
        return True
    latest = max((call.at for call in calls if call.at is not None), default=None)
    status = "active" if latest is not None and latest >= meant.now - ACTIVE_FOR else "idle"
    return meant.status == ("error" if _outcome(calls[-1].entry) == "failed" else status)


def _outcome(entry):
    """How a call ended, also of rounds that do not tell it."""
    return entry.get("outcome") or ("failed" if entry["response_type"] == "error" else "ok")


def _is_meant(call, meant):
    if meant.outcome and _outcome(call.entry) != meant.outcome:
        return False
    return all(
        not patterns or (name is not None and any(fnmatchcase(name.lower(), each.lower()) for each in patterns))
        for name, patterns in ((call.model, meant.models), (call.consumer, meant.consumers))
    )


def _is_within(at, meant):
    if meant.since is None and meant.until is None:
        return True
    return at is not None and (meant.since is None or at >= meant.since) and (meant.until is None or at < meant.until)


# -- what they add up to -----------------------------------------------------------------------------------------------


def sums(calls):
    """What calls add up to, as ``plain`` has it."""
    unpriced = [call for call in calls if not isinstance(call.outcome, Cost)]
    known = [call for call in unpriced if call.outcome.reason not in (cost.NO_TOKENS, cost.PARTLY_TOLD)]
    entries = [call.entry for call in calls]
    return {
        "sessions": len({call.session for call in calls}),
        "calls": len(calls),
        **{key: sum(_outcome(entry) == end for entry in entries) for key, end in _ENDS.items()},
        "at least": sum("at_least" in entry for entry in entries),
        **{key: sum(entry.get(key, 0) for entry in entries) for key in _TOKENS},
        "pico": _pico(calls),
        "saved": sum(call.outcome.saved or 0 for call in calls if isinstance(call.outcome, Cost)),
        "unpriced": (len(unpriced), sum(call.entry["total_tokens"] for call in unpriced)),
        **{why: sum(call.outcome.reason == why for call in unpriced) for why in (cost.NO_TOKENS, cost.PARTLY_TOLD)},
        "unpriced models": dict(Counter(call.model or "no model" for call in known)),
        "notes": {note: _noted(calls, {note}) for note in cost.NOTES if _noted(calls, {note})[0]},
        "assumed": _noted(calls, cost.NOTES.keys() - cost.STATED),
    }


def _noted(calls, notes):
    """How many calls have one of the notes, and what they cost."""
    outcomes = [call.outcome for call in calls if isinstance(call.outcome, Cost)]
    having = [outcome for outcome in outcomes if notes & set(outcome.notes)]
    is_open = len(notes) > 1 or notes & cost.OTHER_READINGS.keys()
    return len(having), sum(each.pico for each in having), sum(each.at_stake or 0 for each in having if is_open)


_ENDS = {"failed": "failed", "left": "left"}
_TOKENS = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens")


def plain(sessions, found):
    """A report's number of sessions and its sums, to hold against ``sums``."""
    spent = found.spending
    assert spent.rounds == found.calls
    return {
        "sessions": sessions,
        "calls": found.calls,
        "failed": found.failed,
        "left": found.left,
        "at least": found.at_least,
        **{key: getattr(found, key) for key in _TOKENS},
        "pico": spent.pico,
        "saved": spent.saved_pico,
        "unpriced": (spent.unpriced_rounds, spent.unpriced_tokens),
        cost.NO_TOKENS: spent.without_tokens,
        cost.PARTLY_TOLD: spent.partly_told,
        "unpriced models": spent.unpriced_models,
        "notes": spent.noted,
        "assumed": spent.assumed,
    }


def _pico(calls):
    return sum(call.outcome.pico for call in calls if isinstance(call.outcome, Cost))


def grouped(calls, key):
    """The sums of the calls that have the same key."""
    return {name: sums(of_name) for name, of_name in _groups(calls, key).items()}


def _groups(calls, key):
    found = {}
    for call in calls:
        found.setdefault(key(call), []).append(call)
    return found


FORMATS = {HOUR: "%Y-%m-%d %H:00", DAY: "%Y-%m-%d", WEEK: "%G-W%V", MONTH: "%Y-%m"}


def by_time(calls, unit, where):
    """Name, sums and models of each span in its order; an hour that comes twice where clocks are put back is two."""
    local = {
        call.at: (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=call.at)).astimezone(where)
        for call in calls
        if call.at is not None
    }
    offset = {at: -time.utcoffset() if unit == HOUR else timedelta() for at, time in local.items()}
    timed = [call for call in calls if call.at is not None]
    groups = _groups(timed, lambda call: (local[call.at].strftime(FORMATS[unit]), offset[call.at]))
    return [
        (name, sums(its), sorted({call.model for call in its if call.model}))
        for (name, _), its in sorted(groups.items())
    ]


def by_tool(calls):
    """(sessions, calls, results, failed, tokens, measured) of each tool."""
    found = {}
    for call in calls:
        for tool, row in call.tools.items():
            found.setdefault(tool, []).append((call.session, *row))
    return {
        tool: (
            len({session for session, *_ in rows}),
            *(sum(row[column] for row in rows) for column in (1, 2, 3)),
            sum(row[4] or 0 for row in rows),
            sum(row[4] is not None for row in rows),
        )
        for tool, rows in found.items()
    }


# -- what may be asked -------------------------------------------------------------------------------------------------


_LIMITS = st.tuples(st.one_of(st.none(), EDGES), st.one_of(st.none(), EDGES)).map(
    lambda both: tuple(sorted(both)) if None not in both and both[0] != both[1] else (both[0], None)
)
SELECTIONS = st.builds(
    lambda sessions, min_cost, status, now, limits, models, consumers, outcome: Selection(
        tuple(sessions), min_cost, status, now, *limits, tuple(models), tuple(consumers), outcome=outcome
    ),
    st.one_of(st.just([]), st.lists(st.sampled_from([*SESSIONS, "*", "?", "[a-c]*", "zzz"]), max_size=2)),
    st.one_of(st.none(), st.sampled_from([0, 1, 10**8, 3 * 10**8, 10**9, 10**10])),
    st.one_of(st.none(), st.sampled_from(STATES)),
    st.builds(int.__add__, EDGES.filter(lambda at: at > QUARTER * 10**4), st.sampled_from([0, QUARTER])),
    st.one_of(_LIMITS, _LIMITS, EDGES.map(lambda since: (since, since + QUARTER // 3))),
    st.one_of(st.just([]), st.lists(st.sampled_from([*MODELS[:3], "GPT-*", "*", "q?en*", "none"]), max_size=2)),
    st.one_of(st.just([]), st.lists(st.sampled_from([*CONSUMERS[1:], "TEAM-?", "*", "none"]), max_size=2)),
    st.one_of(st.none(), st.none(), st.sampled_from(OUTCOMES)),
)
"""Selections of which many mean something, and some nothing."""
