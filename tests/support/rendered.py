"""What several tests render: a round with everything in it, its session's row, and what it cost."""

from __future__ import annotations

from hypothesis import strategies as st

from session_monitor.prices.cost import Cost, CostParts
from session_monitor.totals.spending import Spending

ROW = {
    "session_id": "s",
    "created_at": "2026-02-01T09:30:00Z",
    "updated_at": None,
    "models": [],
    "messages_count": 1,
    "failed_count": 0,
    "left_count": 0,
    "total_input_tokens": 1250,
    "total_cached_tokens": 0,
    "total_cache_write_tokens": 0,
    "total_output_tokens": 800,
    "total_reasoning_tokens": 150,
    "total_tokens": 2050,
}


ROUND = {
    "round": 1,
    "timestamp": "2026-02-01T09:30:15.123456789Z",
    "input_tokens": 250,
    "output_tokens": 160,
    "cached_tokens": 0,
    "reasoning_tokens": 0,
    "total_tokens": 410,
    "model": None,
    "has_tool_calls": False,
    "response_type": "normal",
    "messages": [],
    "question": None,
    "answer": None,
    "reasoning": None,
    "tool_calls": [],
    "input_token_details": {},
    "reported": {"cached_tokens": 0},
}


COST = Cost(10**9, CostParts(10**9), None, ())


SPENT = Spending(pico=10**9, rounds=1)


def partly_known(**other):
    """A sum of which everything has to be said that can be: a part of it is not in it, saved, assumed, a lower bound."""
    known = {"pico": 5 * 10**11, "rounds": 5, "unpriced_rounds": 2, "unpriced_tokens": 1500, "without_tokens": 1}
    return Spending(**{**known, "unpriced_models": {"qwen-long": 1}, "saved_pico": 10**10, "at_least": 1, **other})


TEXT = st.text(st.characters(exclude_categories=[]), max_size=300)
