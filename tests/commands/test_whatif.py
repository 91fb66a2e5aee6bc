"""whatif as a user runs it."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import data_at, done_at, run_at


def test_what_if_is_a_range(four_calls):
    """The same calls on another model: with the cached share and without, labelled as an estimate."""
    answer = data_at(four_calls, "whatif", "s", "--to", "gpt-4o-mini")

    (estimate,) = answer["models"]
    assert answer["estimate"] is True
    assert answer["actual"]["cost_usd"] == "0.002875"
    # 3,010 tokens in, of which 500 cached, and 115 out, at 0.15 (0.075 cached) and 0.6 for a million.
    assert (estimate["low_usd"], estimate["high_usd"]) == ("0.000483", "0.0005205")
    text = done_at(four_calls, "whatif", "s", "--to", "gpt-4o-mini")
    assert text.splitlines()[:2] == [
        "What s cost: $0.00288 + 3 rounds unpriced (my-deployment, 1 without tokens)",
        "What the same tokens would have cost elsewhere, at the prices of the same days; an estimate:",
    ]
    assert "$0.0004830 to $0.0005205" in text
    assert "Left out: 1 call that told no tokens." in text
    assert text.splitlines()[-1].startswith("(Another model counts tokens otherwise")
    assert run_at(four_calls, "whatif", "none", "--to", "gpt-4o-mini").returncode == 3


def test_model_alone_is_what_a_session_is_compared_with(four_calls):
    """Of a named session --model says what to compare with, as long as neither --to nor --price does."""
    old = data_at(four_calls, "whatif", "s", "--model", "gpt-4o-mini")

    assert old == data_at(four_calls, "whatif", "s", "--to", "gpt-4o-mini")
    filtered = data_at(four_calls, "whatif", "s", "--model", "my-dep*", "--to", "gpt-4o-mini")
    assert filtered["actual"]["unpriced_models"] == ["my-deployment"]


def test_without_a_session_all_calls_are_meant(four_calls):
    """A time and filters choose the calls; where they leave none, it is said why."""
    everything = data_at(four_calls, "whatif", "--to", "gpt-4o-mini")
    one = data_at(four_calls, "whatif", "s", "--to", "gpt-4o-mini")
    assert {**everything, "session_id": "s"} == one
    summary = data_at(four_calls, "summary")
    sums = {name: value for name, value in everything["actual"].items() if name != "cost_notes"}
    assert {name: summary[name] for name in sums} == sums

    nothing = data_at(four_calls, "whatif", "--until", "2001-01-01", "--to", "gpt-4o-mini")
    assert (nothing["actual"]["cost_usd"], nothing["models"][0]["low_usd"]) == ("0", "0")
    assert "No calls with --until 2001-01-01" in done_at(
        four_calls, "whatif", "--until", "2001-01-01", "--to", "gpt-4o-mini"
    )


def test_difference_to_what_was_paid(four_calls):
    """What was paid is compared over the calls that have a price both ways: in dollars and in percent."""
    # 1,000 in (500 cached) and 100 out, for $0.002875 on gpt-4o.
    (estimate,) = data_at(four_calls, "whatif", "s", "--to", "gpt-4o-mini")["models"]

    assert estimate["difference"] == {
        "rounds": 1,
        "actual_usd": "0.002875",
        "low_usd": "-0.0027025",
        "high_usd": "-0.002665",
        "low_percent": "-94.0",
        "high_percent": "-92.7",
    }
    text = done_at(four_calls, "whatif", "s", "--to", "gpt-4o-mini", "--to", "gpt-4-turbo")
    assert "-$0.00270 to -$0.00266" in text
    assert "-94.0 to -92.7" in text
    assert "+$" in text
    assert "Differences are over the calls that have a price both here and there: 1 of 3." in text


def test_price_that_is_made_up(four_calls):
    """A price can be asked about under any name, and is written down nowhere."""
    asked = ("whatif", "s", "--price", "our=offer=1:10:0.5", "--price", "flat=2:2")
    offer, flat = data_at(four_calls, *asked)["models"]

    assert (offer["model"], offer["price"]) == ("our=offer", {"input": "1", "output": "10", "cache_read": "0.5"})
    assert (offer["low_usd"], offer["high_usd"]) == ("0.00391", "0.00416")
    assert flat["low_usd"] == flat["high_usd"] == "0.00625"
    assert run_at(four_calls, "pricing", "show", "flat").returncode == 3


@pytest.mark.parametrize(
    "words",
    [
        ["s"],
        [],
        ["--model", "gpt-4o"],
        ["--price", "a=1:2", "--price", "a=1:3"],
        ["--to", "gpt-4o", "--price", "gpt-4o=1:2"],
        ["s", "--session", "s", "--to", "gpt-4o"],
    ],
)
def test_questions_that_cannot_be_meant(four_calls, words):
    """What says nothing to compare with, or two things at once, ends with exit code 2 and what to do."""
    done = run_at(four_calls, "whatif", *words)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("cli.py: ")


def test_a_model_without_a_price_leaves_the_others(four_calls):
    """What is known is answered; the row of a model without a price says why, and stderr which may have been meant."""
    done = run_at(four_calls, "whatif", "s", "--to", "gpt-4o-minj", "--to", "gpt-4o")
    assert done.returncode == 0
    assert "no price is known for this model" in done.stdout
    assert "did you mean\n  gpt-4o-mini" in done.stderr

    done = run_at(four_calls, "whatif", "s", "--to", "ollama/x", "--to", "gpt-4o", "--json")
    models = json.loads(done.stdout)["data"]["models"]
    assert models[0] == {
        "model": "ollama/x",
        "price": None,
        "priced": False,
        "reason": "own_machine",
        "low_usd": None,
        "high_usd": None,
    }
    assert models[1]["priced"] is True
    assert run_at(four_calls, "whatif", "s", "--to", "nothing-1", "--to", "nothing-2").returncode == 3
