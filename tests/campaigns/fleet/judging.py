"""Does a store say what the logs of all gateways are the truth of: each call once, and sums to the last digit?"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from .gateways import Call

COUNTS = ("fresh", "cached", "cache_written", "visible", "reasoning")
COLUMNS = ("gateway", "duration_ms", "model", *COUNTS, "usd", "pico")
_MONEY = ("usd", "pico")
_SHOWN = 10


def rows_of(engine):
    """The rows that hold, as an engine tells them."""
    found = engine.ask(f"SELECT {', '.join(COLUMNS)} FROM rounds FINAL WHERE is_deleted = 0")
    for row in found:
        yield dict(zip(COLUMNS, (None if each == "\\N" else each for each in row)))


def sums_of(engine):
    """The sums that an engine works out itself: by gateway, and of all by the name None; calls, tokens, and dollars."""
    sums = ", ".join(f"sum({name})" for name in (*COUNTS, *_MONEY))
    where = f"count(), {sums} FROM rounds FINAL WHERE is_deleted = 0"
    told = [*engine.ask(f"SELECT gateway, {where} GROUP BY gateway"), [None, *engine.ask(f"SELECT {where}")[0]]]
    return {name: (*map(int, sums[:-2]), _dollars(*map(int, sums[-2:]))) for name, *sums in told}


def differences(gateways, rows):
    """Calls that are lost, there twice, made up, or told otherwise than their logs have them."""
    rows = list(rows)
    truth = {(each.name, at): call for each in gateways for at, call in each.truth.items()}
    times = Counter(_key(row) for row in rows)
    told = [f"{name}, call {at}: lost" for name, at in truth.keys() - times.keys()]
    told += [f"{name}, call {at}: nobody's" for name, at in times.keys() - truth.keys()]
    told += [f"{name}, call {at}: {count} times" for (name, at), count in times.items() if count > 1]
    for row in rows:
        key = _key(row)
        if key in truth and _call(row) != truth[key]:
            told.append(f"{key[0]}, call {key[1]}: {_call(row)}, not {truth[key]}")
    return told


def sums_meant(gateways):
    """The same sums by the logs."""
    found = {each.name: _summed(each.truth.values()) for each in gateways}
    found[None] = _summed(call for each in gateways for call in each.truth.values())
    return found


def _summed(calls):
    calls = list(calls)
    counts = (sum(getattr(each, name) for each in calls) for name in COUNTS)
    return (len(calls), *counts, sum((each.cost for each in calls if each.cost is not None), Fraction()))


def _key(row):
    return row["gateway"], int(row["duration_ms"])


def _call(row):
    cost = None if row["usd"] is None else _dollars(int(row["usd"]), int(row["pico"]))
    return Call(row["model"], *(int(row[name]) for name in COUNTS), cost)


def _dollars(usd, pico):
    return Fraction(usd, 10**6) + Fraction(pico, 10**12)


def shown(told):
    """The first of some differences, a line each."""
    return [*told[:_SHOWN], *([f"and {len(told) - _SHOWN} more"] if len(told) > _SHOWN else [])]
