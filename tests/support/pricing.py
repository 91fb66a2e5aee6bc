"""What a session costs by ``cli.py``, as a person sees it who changes prices."""

from __future__ import annotations

from tests.support.command_line import data_at


def cost(home):
    """The session's cost, and the rounds that are not in it."""
    (row,) = data_at(home, "list")
    return row["cost_usd"], row["unpriced_rounds"]


def priced_at(home):
    """Of each round the cost, the key of its price with its seller or why there is none, and the notes."""
    rounds = data_at(home, "show", "s")["rounds"]
    prices = [
        (each["price"]["model"], each["price"]["seller"]) if "price" in each else each["unpriced"] for each in rounds
    ]
    return [(each["cost_usd"], price, each.get("cost_notes")) for each, price in zip(rounds, prices)]
