"""What has to be told of a round, bit by bit?"""

from __future__ import annotations

import pytest

from session_monitor.index.tables import round_flags, schema


@pytest.mark.parametrize(
    ("told", "flags"),
    [
        ({"outcome": "ok"}, 0),
        ({"outcome": "left"}, schema.LEFT),
        ({"outcome": "failed"}, schema.FAILED),
        ({"response_type": "error"}, schema.FAILED),
        ({"outcome": "of a later version"}, 0),
        ({"outcome": "left", "no_tokens": True, "total_tokens": 0}, schema.LEFT | schema.NO_TOKENS),
        ({"total_tokens": 0}, schema.NO_TOKENS),
        (
            {"outcome": "failed", "response_code": 429, "no_tokens": True},
            schema.FAILED | schema.NO_TOKENS | schema.FREE,
        ),
        ({"outcome": "failed", "response_code": 200, "no_tokens": True}, schema.FAILED | schema.NO_TOKENS),
        ({"outcome": "failed", "response_code": 429}, schema.FAILED),
        ({"outcome": "ok", "answered_by": "cache", "total_tokens": 0}, schema.FREE),
        ({"outcome": "left", "at_least": True}, schema.LEFT | schema.AT_LEAST),
        ({"has_tool_calls": True}, schema.TOOL_CALLS),
        ({"has_tool_calls": None}, schema.TOOLS_UNKNOWN),
    ],
)
def test_flags_of_what_is_stored(told, flags):
    """How a call ended and what is not known of it are bits, also of rounds stored before they told how they ended."""
    stored = {"response_type": "normal", "has_tool_calls": False, "total_tokens": 15, **told}

    assert round_flags.flags_of(stored) == flags
