"""What is held of an agent, each against the ledger of the stand-in that it asked: every function gives in words what it saw."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Callable

from session_monitor.calls.usage import Usage
from tests.support import npm, price_oracle
from tests.support.standin import StandIn
from tests.support.standin_tools import running

from .agents import RealAgent
from .place import Place

_PRICES = npm.ROOT / "scripts" / "session_monitor" / "prices" / "prices.json"
_COMMAND = "echo made > made.txt && git add made.txt && git commit -q -m made"
_AT_ONCE = 60
"""Seconds within which an agent has to stop that is refused further calls."""
Row = Mapping[str, Any]


def tried(agent: RealAgent, folder: Path) -> list[str]:
    """All of it; what was seen, line by line."""
    saw = []
    for number, trial in enumerate(TRIALS):
        numbers = iter(lambda: uuid.uuid4().hex, None)
        with StandIn(tool=running(_COMMAND), numbers=numbers) as standin:
            saw.append(trial(Place(agent, folder / str(number), standin), standin))
    return saw


def a_run(place: Place, standin: StandIn) -> str:
    """Its calls are recorded as they were, once, also where its own files are imported then; and no key is."""
    done, told = place.recorded("Make a file", *place.agent.command)
    assert done.code == told["exit_code"] == 0, f"exit code {done.code}: {done.err[-3000:]}"
    answered = _answered(standin)
    assert len(answered) > 1, f"it asked for {len(answered)} answers: {done.out[-1000:]}{done.err[-1000:]}"
    assert (told["files_count"], told["commits_count"]) == (1, 1), told
    rounds = place.rounds()
    assert Counter((each.chat_id, each.model, each.usage) for each in rounds) == Counter(
        (row["call_id"], _model(row), row["tokens"]) for row in answered
    )
    tokens, cost = sum(row["tokens"].total_tokens for row in answered), _cost(answered)
    (session,) = place.cli("list")
    assert {each.session_id for each in rounds} == {session["session_id"]} == {told["session_id"]}
    assert session["noted"]["name"] == "Make a file", session["noted"]
    for count, each in (("messages_count", session), ("rounds", told)):
        assert (each[count], each["total_tokens"]) == (len(answered), tokens), each
        assert Fraction(each["cost_usd"]) == cost, (each["cost_usd"], float(cost))
    assert place.files_with_key() == []
    again = _imported(place, len(answered))
    return f"{len(answered)} calls, {tokens:,} tokens, ${float(cost):.6f}, a commit, in {done.seconds:.1f} s; {again}"


def _imported(place: Place, calls: int) -> str:
    """What an import of the agent's own files adds: nothing, whether they tell ids or not."""
    told = place.import_again()
    told_twice = told["repeated"] + told["logged"]
    assert told["calls"] == 0, told
    assert 0 < told_twice <= calls, told
    assert [each["messages_count"] for each in place.cli("list")] == [calls]
    return f"its files tell {told_twice} of them, and none is counted twice"


def an_exit_code(place: Place, _standin: StandIn) -> str:
    """It fails in a run as it fails alone."""
    words = (place.agent.command[0], "--no-such-option-of-it", "no-such-command-of-it")
    alone = place.run(*words)
    done, told = place.recorded("Fail", *words)
    assert done.code == told["exit_code"] == alone.code, (alone.code, done.code, done.err[-500:])
    return f"exit code {done.code}, as alone"


def a_budget(place: Place, standin: StandIn) -> str:
    """Refused further calls, it stops, and does not try again and again."""
    options = ("--budget", "0.000001", "--enforce")
    done, told = place.recorded("Spend little", *place.agent.command, options=options)
    answered, rounds = _answered(standin), place.rounds()
    refused = [each for each in rounds if each.response_code in (402, 403)]
    assert told["budget_spent"] is True, told
    assert told["exit_code"] == done.code
    assert Fraction(told["cost_usd"]) == _cost(answered), told
    assert done.seconds < _AT_ONCE, f"{done.seconds:.0f} s, {len(refused)} refused"
    _imported(place, len(rounds))
    said = "the budget of" in done.out + done.err.partition("calls are refused")[2]
    how = "says why" if said else "does not say why"
    return f"{len(answered)} answered, {len(refused)} refused on record, ends after {done.seconds:.1f} s with {done.code}, {how}"


TRIALS: tuple[Callable[[Place, StandIn], str], ...] = (a_run, an_exit_code, a_budget)


# -- the ledger --------------------------------------------------------------------------------------------------------


def _answered(standin: StandIn) -> list[Row]:
    return [row for row in standin.calls() if row["tokens"] is not None]


def _model(row: Row) -> str:
    in_path = re.search(r"/models/([^:/]+):", row["path"])
    return in_path[1] if in_path else str(json.loads(row["body"])["model"])


def _cost(rows: Iterable[Row]) -> Fraction:
    """What the calls cost, worked out from the text of the price list."""
    known = json.loads(_PRICES.read_bytes())
    costs = (
        price_oracle.cost_of(
            known, known["models"][_model(row).replace(".", "-")], None, _kinds(row["tokens"]), explicit=False
        )
        for row in rows
    )
    return sum(costs, Fraction())


def _kinds(used: Usage) -> dict[str, int]:
    kinds = {name: getattr(used, name) for name in ("fresh_input", "cache_read", "visible_output", "reasoning")}
    if used.cache_write and used.parts:
        kinds.update(cache_write_5m=used.parts.cache_write_5m, cache_write_1h=used.parts.cache_write_1h)
    return kinds
