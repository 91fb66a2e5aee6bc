"""What the monitor says of each call, each model, each seller and all, held against what this calculator says.

The log goes through ``main.py``, and what it cost is asked by the commands.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from tests.support import prepared, price_oracle

from . import lines, reading, selling

ROOT = Path(__file__).resolve().parents[3]
_PRICES = ROOT / "scripts" / "session_monitor" / "prices"


class Judged(NamedTuple):
    """A call: how it came, and its cost or why it has none, as it should be."""

    protocol: str
    seller: str | None
    model: str | None
    listed: str | None
    """The model whose prices hold, as the list writes its name."""
    kinds: Counter
    cost: Fraction | None
    unpriced: str | None
    is_meant: bool
    """Whether the line was read here as it was meant when it was made."""


class Compared(NamedTuple):
    """All calls, and where the monitor differs from them, as lines to be read."""

    judged: list[Judged]
    differences: list[str]


def document():
    """The shipped list and what is known of sellers, from their files' text."""
    texts = [(_PRICES / name).read_text(encoding="utf-8") for name in ("prices.json", "sellers.json")]
    prices, sellers = map(json.loads, texts)
    return {**prices, **sellers}


def write(folder, known, number, seed):
    """A log of so many calls in this folder, and what each is and costs, in the log's order."""
    judged = []
    with open(folder / "access.log", "w", encoding="utf-8") as log:
        for made in lines.calls(random.Random(seed), known, number):
            log.write(made.line + "\n")
            judged.append(judge(made, known))
    return judged


def judge(made, known):
    """What a call is, by its line."""
    outer = json.loads(made.line)
    inner = json.loads(outer["ai_log"])
    kinds = reading.read(made.protocol, outer, inner)
    name = inner["model"] if inner["model"] not in ("", "-", "UNKNOWN") else None
    named = selling.read(name or "")
    seller = selling.seller_of(known, named, outer["upstream_cluster"], outer["route_name"])
    model = selling.entry_of(known, seller, named) if name else "no_model"
    cost, why = _cost(known, model, kinds, outer["start_time"], made.protocol)
    listed = None if isinstance(model, str) else model["names"][0]
    is_meant = kinds == +Counter(made.kinds)
    return Judged(made.protocol, seller, name, listed, kinds, cost, why, is_meant)


def _cost(known, model, kinds, start, protocol):
    if "free" in kinds:
        return Fraction(), None
    why = next((each for each in ("no_tokens", "partly_told") if each in kinds), None)
    if why or isinstance(model, str):
        return None, why or model
    moment = None if start == "-" else datetime.fromisoformat(start.replace("Z", "+00:00"))
    at = moment and moment.astimezone(timezone.utc).isoformat()
    cost = price_oracle.cost_of(known, model, at, kinds, explicit=protocol == "qwen_explicit")
    return cost, "no_price_then" if cost is None else None


# -- the monitor's side --------------------------------------------------------------------------------------------------


def ingest(folder):
    """The log through the whole monitor, into the folder's ``sessions``."""
    prepared.ingest(folder / "access.log", folder / "sessions")


def ask(program, folder, *words):
    """The data of a command's answer."""
    told = _run(program / "scripts" / "cli.py", *words, "--json", "--data-dir", folder / "sessions")
    return json.loads(told)["data"]


def _run(*command):
    done = prepared.run(*command)
    assert done.returncode == 0, done.stderr
    return done.stdout


def compare(folder, judged, program=ROOT):
    """Where the commands of a program say something else of a call, of a model's or a seller's calls, or of all."""
    differences = [
        f"line {n}: {each.protocol}, read as {dict(each.kinds)}"
        for n, each in enumerate(judged, 1)
        if not each.is_meant
    ]
    differences += _calls(program, folder, judged)
    differences += _by(program, folder, judged, "model")
    differences += _by(program, folder, judged, "seller")
    whole = ask(program, folder, "summary")
    differences += _sums("all calls", judged, whole["calls"], whole)
    return differences


def _calls(program, folder, judged):
    _run(
        *(program / "scripts" / "cli.py", "export", "--what", "rounds", "--format", "jsonl"),
        *("--data-dir", folder / "sessions", folder / "rounds.jsonl"),
    )
    with open(folder / "rounds.jsonl", encoding="utf-8") as rows:
        told = [json.loads(row) for row in rows]
    if len(told) != len(judged):
        yield f"{len(told)} calls, and not {len(judged)}"
    for number, (row, each) in enumerate(zip(told, judged), 1):
        cost = None if row["cost_usd"] is None else Fraction(row["cost_usd"])
        if (cost, row["unpriced"], row["seller"]) != (each.cost, each.unpriced, each.seller):
            should = each.unpriced or f"${float(each.cost):.12f}"
            said = f"{row['unpriced'] or '$' + row['cost_usd']} of {row['seller']}"
            yield f"line {number}: {each.model} of {each.seller}, {each.protocol}: {said}, not {should}"


def _by(program, folder, judged, what):
    """The sums of each model, or of each seller."""
    by_name = defaultdict(list)
    for each in judged:
        by_name[getattr(each, what)].append(each)
    told = {row[what]: row for row in ask(program, folder, f"stats-{what}")[f"{what}s"]}
    for name in sorted({*told, *by_name}, key=str):
        if name not in told or name not in by_name:
            yield f"{what} {name}: {'not told of' if name in by_name else 'told of'}"
        else:
            yield from _sums(f"{what} {name}", by_name[name], told[name]["calls"], told[name])


def _sums(what, judged, number, told):
    priced = [each.cost for each in judged if each.cost is not None]
    should = (len(judged), len(judged) - len(priced), sum(priced, Fraction()) if priced else None)
    cost = None if told["cost_usd"] is None else Fraction(told["cost_usd"])
    if (number, told["unpriced_rounds"], cost) != should:
        yield f"{what}: calls, without price, dollars: {number, told['unpriced_rounds'], told['cost_usd']}, not {should}"


def compared(folder, number, seed):
    """So many lines, through the monitor and beside it."""
    judged = write(folder, document(), number, seed)
    ingest(folder)
    return Compared(judged, compare(folder, judged))
