"""whatif as a user runs it."""

from __future__ import annotations

from tests.support.command_line import data_at, done_at, run_at


def test_what_if_is_a_range(four_calls):
    """The same calls on another model: with the cached share and without, labelled as an estimate."""
    answer = data_at(four_calls, "whatif", "s", "--model", "gpt-4o-mini")

    (estimate,) = answer["models"]
    assert answer["estimate"] is True
    assert answer["actual"]["cost_usd"] == "0.002875"
    # 3,010 tokens in, of which 500 cached, and 115 out, at 0.15 (0.075 cached) and 0.6 for a million.
    assert (estimate["low_usd"], estimate["high_usd"]) == ("0.000483", "0.0005205")
    text = done_at(four_calls, "whatif", "s", "--model", "gpt-4o-mini")
    assert text.splitlines()[:2] == [
        "What s cost: $0.00288 + 3 rounds unpriced (my-deployment, 1 without tokens)",
        "What the same tokens would have cost elsewhere, at the prices of the same days; an estimate:",
    ]
    assert "$0.000483 to $0.000520" in text
    assert text.splitlines()[-1].startswith("(Another model counts tokens otherwise")
    assert run_at(four_calls, "whatif", "none", "--model", "gpt-4o-mini").returncode == 3
