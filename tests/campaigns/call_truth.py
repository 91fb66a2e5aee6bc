"""Does the monitor say of each single call what its line tells, and do all sums hold just these?

``differences`` holds an output folder against the truth of a log of situations and agents, through the commands that
users run.  The truth names what must be said by the names of ``show --json``.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from session_monitor.base import timestamps
from tests.campaigns.gateway_lab.ledger import asked

FLAGS = ("at_least", "no_tokens", "cut")
"""What is only there where it is so."""
SUMS = ("input_tokens", "output_tokens", "cached_tokens")


def differences(truth, output):
    """Where the folder differs from the truth, as readable lines; none where all is right."""
    sessions = asked("list", "--limit", "all", "--data-dir", output)["data"]
    rounds = defaultdict(list)
    for session in sessions:
        name = session["session_id"]
        for each in asked("show", "--messages", "full", "--data-dir", output, "--", name)["data"]["rounds"]:
            rounds[each["request_id"]].append((name, each))
    summary = asked("summary", "--data-dir", output)
    return [
        *_rounds(truth["calls"], rounds),
        *_sessions(truth["calls"], sessions),
        *_summary(truth, summary["data"], summary["coverage"]),
    ]


def _rounds(calls, rounds):
    for name, call in calls.items():
        where = f"{name} ({call['what']})"
        found = rounds.pop(name, [])
        if len(found) != 1:
            yield f"{where}: {len(found)} rounds"
            continue
        session, stored = found[0]
        if session != call["session"]:
            yield f"{where}: session is {session!r}, not {call['session']!r}"
        for key, wanted in call["told"].items():
            shown = _shown(key, stored)
            if shown != _wanted(key, wanted):
                yield f"{where}: {key} is {shown!r:.200}, not {wanted!r:.200}"
    yield from (f"{name}: a round of what is no call" for name in rounds)


def _wanted(key, wanted):
    if key in FLAGS:
        return bool(wanted)
    return timestamps.milliseconds(wanted) if key == "timestamp" else wanted


def _shown(key, stored):
    if key in FLAGS:
        return bool(stored.get(key))
    if key == "thread":
        return stored.get(key, 1)
    if key in ("answer", "timestamp"):
        return (stored.get(key) or None) if key == "answer" else timestamps.milliseconds(stored[key])
    if key == "tool_calls":
        functions = (call["function"] for call in stored.get(key) or ())
        return [[function.get("name"), function.get("arguments")] for function in functions]
    return _counted(stored[key]) if key == "cached_tokens" else stored.get(key)


def _sums(calls):
    """What adds up of these calls: tokens that are told, and how many are of each kind."""
    told = [call["told"] for call in calls]
    sums = {name: sum(each.get(name) or 0 for each in told) for name in SUMS}
    ended = Counter(each["outcome"] for each in told)
    at_least = sum(bool(each.get("at_least")) for each in told)
    return {"calls": len(told), "failed": ended["failed"], "left": ended["left"], "at_least": at_least, **sums}


def _counted(shown):
    """A sum as the truth has it, which counts nothing for what no line tells."""
    return 0 if shown is None else shown


def _sessions(calls, rows):
    by_session = defaultdict(list)
    for call in calls.values():
        by_session[call["session"]].append(call)
    names = {"calls": "messages_count", "failed": "failed_count", "left": "left_count", "at_least": "at_least"}
    names |= {name: f"total_{name}" for name in SUMS}
    shown = {row["session_id"]: row for row in rows}
    yield from (f"session {name} is not there" for name in by_session.keys() - shown.keys())
    yield from (f"session {name}: nobody's" for name in shown.keys() - by_session.keys())
    for session in by_session.keys() & shown.keys():
        for name, wanted in _sums(by_session[session]).items():
            if _counted(shown[session][names[name]]) != wanted:
                yield f"session {session}: {names[name]} is {shown[session][names[name]]}, not {wanted}"


def _summary(truth, summary, coverage):
    told = [call["told"] for call in truth["calls"].values()]
    expected = {name: truth[name] for name in ("passed_over", "skipped_answered")}
    expected |= {
        "cut_short": sum("cut_short" in (each.get("token_notes") or ()) for each in told),
        "by_gateway": sum("answered_by" in each for each in told),
        "session_from_conversation": sum("session_from" in each for each in told),
        "without_tokens": sum(bool(each.get("no_tokens")) for each in told),
        "undated": sum(each["timestamp"] is None for each in told),
    }
    sums = _sums(truth["calls"].values())
    expected |= {name: sums[name] for name in ("calls", "failed", "left")}
    for where, wanted, shown in (("coverage", expected, coverage), ("summary", sums, summary)):
        for name, value in wanted.items():
            if _counted(shown[name]) != value:
                yield f"{where}: {name} is {shown[name]}, not {value}"
