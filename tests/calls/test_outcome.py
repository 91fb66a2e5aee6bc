"""A call ended well, was left by its client, or failed, and then the gateway's own words say why."""

from __future__ import annotations

import pytest

from session_monitor.calls import outcome
from session_monitor.calls.outcome import Ending, ended, has_tokens, is_free, outcome_of

WHOLE = Ending(200, None, "via_upstream", 500, has_answer=True, is_empty_stream=False)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (WHOLE, ("ok", None)),
        (WHOLE._replace(has_answer=False), ("ok", None)),
        (WHOLE._replace(has_answer=False, is_empty_stream=True), ("failed", "no response")),
        (WHOLE._replace(code=None), ("ok", None)),
        (WHOLE._replace(code=None, has_answer=False), ("failed", "no response")),
        (WHOLE._replace(code=429, details="rate_limited"), ("failed", "429 rate_limited")),
        (WHOLE._replace(code=503, flags="UF", details=None), ("failed", "503 UF")),
        (WHOLE._replace(code=504, details=None), ("failed", "504")),
        (WHOLE._replace(code=0, flags="DC", details="downstream_remote_disconnect", sent_bytes=0),
         ("failed", "0 downstream_remote_disconnect")),
        (WHOLE._replace(flags="DC"), ("left", None)),
        (WHOLE._replace(flags="DR", has_answer=False), ("left", None)),
        (WHOLE._replace(flags="DC", sent_bytes=None), ("left", None)),
        (WHOLE._replace(flags="DC", sent_bytes=0, details="gone"), ("failed", "gone")),
        (WHOLE._replace(flags="UPE", details="upstream_reset{x}"), ("failed", "upstream_reset{x}")),
        (WHOLE._replace(flags="UT", details=None), ("failed", "UT")),
        (WHOLE._replace(flags="SI"), ("failed", "via_upstream")),
        (WHOLE._replace(flags="DC,UC"), ("failed", "via_upstream")),
        (WHOLE._replace(flags="DI"), ("ok", None)),
        (WHOLE._replace(flags="DC,DI"), ("left", None)),
    ],
)  # fmt: skip
def test_how_calls_end(end, expected):
    """Code, flags and bytes decide; that nothing of the answer stands in the line is no failure where a gateway saw the end."""
    assert ended(end) == expected


def test_rounds_that_do_not_say_it():
    """What was stored before rounds had an outcome has one all the same."""
    assert outcome_of({"response_type": "error"}) == outcome.FAILED
    assert outcome_of({"response_type": "stream"}) == outcome.OK
    assert outcome_of({"response_type": None, "outcome": "left"}) == outcome.LEFT


@pytest.mark.parametrize(
    ("facts", "known"),
    [
        ({"total_tokens": 9}, True),
        ({"total_tokens": 0}, False),
        ({"total_tokens": 0, "no_tokens": True}, False),
        ({"total_tokens": 0, "answered_by": "guard"}, True),
        ({"total_tokens": 9, "at_least": True}, True),
    ],
)
def test_whose_tokens_are_known(facts, known):
    """Nothing counted is nothing known, also of rounds that were stored as if it were 0; the gateway's own answers used none."""
    assert has_tokens(facts) == known


@pytest.mark.parametrize(
    ("facts", "free"),
    [
        ({"response_type": "error", "no_tokens": True, "response_code": 429}, True),
        ({"response_type": "error", "response_code": 429}, False),
        ({"response_type": "error", "no_tokens": True, "response_code": 504}, False),
        ({"response_type": "error", "no_tokens": True, "response_code": 200}, False),
        ({"response_type": "error", "no_tokens": True, "response_code": 0}, False),
        ({"response_type": "error", "no_tokens": True}, False),
        ({"response_type": "normal", "no_tokens": True}, False),
        ({"response_type": "normal", "answered_by": "cache"}, True),
    ],
)
def test_what_costs_nothing(facts, free):
    """Only what was refused before it used anything is free, and what no model answered; what broke off is not."""
    assert is_free({"total_tokens": 9, **facts}) == free
