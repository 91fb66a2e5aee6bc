"""What a call took besides the wait for its upstream."""

from __future__ import annotations

import pytest

from session_monitor.index.tables import latencies

WHOLE = {"response_type": "normal", "duration_ms": 449, "upstream_ms": 400}
STREAM = {"response_type": "stream", "first_token_ms": 411, "duration_ms": 610, "upstream_ms": 407}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (STREAM, 4),
        (WHOLE, 49),
        ({**STREAM, "upstream_ms": 0}, 411),
        ({**WHOLE, "upstream_ms": 450}, 0),
        ({**STREAM, "first_token_ms": None}, None),
        ({**WHOLE, "duration_ms": None}, None),
        ({**WHOLE, "upstream_ms": None}, None),
        ({**WHOLE, "response_type": "error"}, None),
        ({**STREAM, "response_type": None}, None),
    ],
    ids=[
        "a stream until its first token",
        "another answer until its end",
        "an upstream that began at once",
        "two clocks, each rounded",
        "no first token told",
        "no end told",
        "no upstream told",
        "failed",
        "not known whether it is a stream",
    ],
)
def test_besides_the_wait(facts, expected):
    """What is left of the time is never below 0, and not known where the line lacks either side; these are times of a real Envoy."""
    known = {name: value for name, value in facts.items() if value is not None or name == "response_type"}

    assert latencies.gateway_ms(known) == expected
