"""What a person pays, stated without editing a file: patterns, second names, parts of a price, discounts."""

from __future__ import annotations

import pytest

from tests.support.command_line import data_at, done_at, run_at
from tests.support.pricing import cost, priced_at

# --- Patterns ---------------------------------------------------------------------------------------------------------


def matched(home, name):
    """By which key and how a name is priced, and its input price."""
    shown = data_at(home, "pricing", "show", name)
    return shown["model"], shown["match"], shown["prices"][-1]["input"]


def test_pattern_holds_for_every_name_that_fits(four_calls):
    """In capitals or not, as logged or by its key, over shipped prices; the very name goes before it, and reset forgets it."""
    before = cost(four_calls)
    told = run_at(four_calls, "pricing", "set", "My-*", "1", "1")
    assert (told.stdout, told.returncode) == ("My-*: input 1, output 1 USD for 1M tokens\n", 0)
    assert cost(four_calls) == ("0.0049", 1) != before
    assert matched(four_calls, "my-deployment") == ("My-*", "pattern", "1")
    text = done_at(four_calls, "pricing", "show", "MY-deployment")
    assert "is priced as My-* (pattern: your own price for every name that this pattern fits)" in text
    assert [row["model"] for row in data_at(four_calls, "pricing", "list", "--search", "my-")] == ["My-*"]

    done_at(four_calls, "pricing", "set", "my-deployment", "2", "2")
    assert matched(four_calls, "my-deployment") == ("my-deployment", "override", "2")
    done_at(four_calls, "pricing", "reset", "my-deployment")
    assert "has no price any more" in done_at(four_calls, "pricing", "reset", "my-*")
    assert cost(four_calls) == before
    assert not (four_calls / "sessions" / ".prices.json").exists()
    assert run_at(four_calls, "pricing", "reset", "my-*").returncode == 3


def test_most_specific_pattern_counts(four_calls):
    """Whichever list it is in; the data folder's before that for all where both are."""
    for pattern, price in (("*", "1"), ("ft:gpt-4o*", "2"), ("ft:gpt-4.1*", "3")):
        run_at(four_calls, "pricing", "set", pattern, price, "9", "--global")
    run_at(four_calls, "pricing", "set", "ft:gpt*", "4", "9")
    run_at(four_calls, "pricing", "set", "ft:gpt-4O*", "5", "9")

    fine_tunes = "ft:gpt-4o-mini:org::id", "openai/FT:GPT-4o", "ft:gpt-4-1-nano:o", "ft:gpt-3.5-turbo:o", "gpt-4o"
    assert [matched(four_calls, name)[::2] for name in fine_tunes] == [
        ("ft:gpt-4O*", "5"),
        ("ft:gpt-4O*", "5"),
        ("ft:gpt-4.1*", "3"),
        ("ft:gpt*", "4"),
        ("*", "1"),
    ]


def test_pattern_says_what_it_hides(four_calls):
    """How many shipped prices, and what of them it does not have."""
    told = run_at(four_calls, "pricing", "set", "gpt-4o-2024-*", "2", "8")

    assert told.returncode == 0
    assert "gpt-4o-2024-* hides 3 shipped prices: cache reads are now priced as input (of 2)" in told.stderr
    assert data_at(four_calls, "pricing", "show", "gpt-4o-2024-05-13")["also_sold_as"] == []
    assert run_at(four_calls, "pricing", "set", "zzz-*", "2", "8").stderr == ""
    dated = run_at(four_calls, "pricing", "set", "yyy-*", "2", "8", "--from", "2026-01-01").stderr
    assert "yyy-* hides shipped prices before 2026-01-01, too" in dated
    assert "is a name as it stands" in run_at(four_calls, "pricing", "set", "m-[ab]", "2", "8").stderr


@pytest.mark.parametrize(
    ("somebodys", "key", "theirs"),
    [
        ("openrouter/somebody/gpt-4o", "openrouter/somebody/gpt-4o", "openrouter/openai/gpt-4o"),
        (
            "accounts/acme/models/deepseek-v3",
            "fireworks/acme/deepseek-v3",
            "accounts/fireworks/models/deepseek-v3",
        ),
    ],
)
def test_price_of_what_somebody_publishes_under_the_name_of_a_model(four_calls, somebodys, key, theirs):
    """It stands under who published it, holds for that name alone, and is shown, reset and given by an alias as any other."""
    before = matched(four_calls, theirs)
    assert run_at(four_calls, "pricing", "show", somebodys).returncode == 3
    assert done_at(four_calls, "pricing", "set", somebodys, "1", "2").startswith(f"{key}: input 1, output 2 USD")
    assert matched(four_calls, somebodys) == matched(four_calls, key) == (key, "override", "1")
    assert matched(four_calls, theirs) == before

    done_at(four_calls, "pricing", "alias", "mine", somebodys)
    assert matched(four_calls, "mine") == (key, "alias", "1")
    assert run_at(four_calls, "pricing", "set", theirs, "3", "4").returncode == 0
    assert matched(four_calls, somebodys)[2] == "1"
    done_at(four_calls, "pricing", "reset", theirs)
    done_at(four_calls, "pricing", "reset", "mine")
    assert f"{key} has no price now" in done_at(four_calls, "pricing", "reset", somebodys)
    assert matched(four_calls, theirs) == before

    done_at(four_calls, "pricing", "alias", somebodys, theirs)
    assert matched(four_calls, somebodys)[0] == before[0]
    assert matched(four_calls, theirs) == before


def test_narrower_pattern_of_clusters_is_put_first(over_a_cluster):
    """One that could never count where it was stated comes before the one that fits all that it does, and that is said."""
    done_at(over_a_cluster, "pricing", "seller", "*", "fireworks")
    told = run_at(over_a_cluster, "pricing", "seller", "*inner*", "together")

    assert "*inner* is put before *, which fits all that it does" in told.stderr
    assert [each["pattern"] for each in data_at(over_a_cluster, "pricing", "seller")["patterns"]] == ["*inner*", "*"]
    assert priced_at(over_a_cluster)[0][1][1] == "together"
    told = run_at(over_a_cluster, "pricing", "seller", "gpu", "azure", "--global")
    assert "it does not count in" in told.stderr


# --- Second names -----------------------------------------------------------------------------------------------------


def test_alias_of_an_alias_is_followed(four_calls):
    """Across both lists, to the model at the end; a circle is refused."""
    done_at(four_calls, "pricing", "alias", "inner", "gpt-4o-mini", "--global")
    assert (
        done_at(four_calls, "pricing", "alias", "my-deployment", "inner") == "my-deployment is priced as gpt-4o-mini\n"
    )

    assert cost(four_calls) == ("0.0031855", 1)
    refused = run_at(four_calls, "pricing", "alias", "inner", "my-deployment")
    assert refused.returncode == 2
    assert "inner stands for my-deployment stands for inner" in refused.stderr
    assert run_at(four_calls, "pricing", "alias", "x*", "gpt-4o").returncode == 2


def test_circle_through_both_files_names_its_place(four_calls):
    """Neither list is wrong alone; where they go in a circle together, nothing is priced and the line is told."""
    general = four_calls / "config" / "agent-session-monitor" / "prices.json"
    general.parent.mkdir(parents=True, exist_ok=True)
    general.write_text('{"schema": 1, "aliases": {"b": "A"}}', encoding="utf-8")
    own = four_calls / "sessions" / ".prices.json"
    own.write_text('{"schema": 1,\n"aliases": {\n"A": "b"}}', encoding="utf-8")

    done = run_at(four_calls, "list")

    assert done.returncode == 1
    assert f"{own}, line 3: aliases: a: goes in a circle (a -> b -> A) and ends at no model" in done.stderr


# --- What a stated price has ------------------------------------------------------------------------------------------


def test_dropped_price_is_said(four_calls):
    """Each kind of tokens that the shipped price has and the stated one does not, with the option for it."""
    told = run_at(four_calls, "pricing", "set", "gpt-4o", "2", "8").stderr
    assert told == (
        "cli.py: gpt-4o: cache reads are now priced as input (the shipped price was 1.25; add --cache-read 1.25)\n"
    )
    assert run_at(four_calls, "pricing", "set", "gpt-4o", "2", "8", "--cache-read", "1").stderr == ""
    told = run_at(four_calls, "pricing", "set", "gpt-4o", "2", "8").stderr
    assert "(your own price before was 1; add --cache-read 1)" in told
    assert run_at(four_calls, "pricing", "set", "gpt-4o", "0", "0").stderr == ""
    told = run_at(four_calls, "pricing", "set", "gemini-3.1-pro-preview", "1", "8", "--cache-read", "0.1").stderr
    assert "long prompts" in told
    assert "--tier 200000:4:18:0.4" in told


def test_dropped_tiers_of_another_currency_are_no_options(four_calls):
    """Dollars of the shipped tiers are not offered as amounts of the currency that is typed."""
    told = run_at(four_calls, "pricing", "set", "qwen3-max", "6", "24", "--currency", "CNY", "--rate", "0.14").stderr
    assert "the shipped price has others, in USD; add --tier)" in told
    assert "2.4" not in told


@pytest.mark.parametrize("rate", ["0", "-1", "x"])
def test_a_rate_that_is_none_is_not_kept(four_calls, rate):
    """It is refused as a rate; the list stays one that can be read."""
    done = run_at(four_calls, "pricing", "set", "gpt-4o", "1", "2", "--currency", "CNY", "--rate", rate)
    assert done.returncode == 2
    assert f"{rate!r} is no rate" in done.stderr
    assert run_at(four_calls, "pricing", "list").returncode == 0


def test_list_has_what_holds(four_calls):
    """A shipped price that a pattern hides is not among the prices of today; that discounts go off them is said."""
    run_at(four_calls, "pricing", "set", "gpt-4o-mini*", "7", "8")
    listed = [each["model"] for each in data_at(four_calls, "pricing", "list", "--search", "gpt-4o")]
    assert "gpt-4o" in listed
    assert "gpt-4o-mini*" in listed
    assert "gpt-4o-mini" not in listed
    assert "azure/gpt-4o-mini-tts" not in listed

    assert "discounts" not in run_at(four_calls, "pricing", "list").stderr
    done_at(four_calls, "pricing", "discount", "OpenAI", "15")
    assert "the discounts that you stated go off these prices" in run_at(four_calls, "pricing", "list").stderr


def test_price_until_a_day(four_calls):
    """The last day is told, and what held before goes on from the next one; where nothing is known that is refused."""
    command = ["pricing", "set", "gpt-4o", "0", "0", "--from", "2026-05-01", "--until", "2026-05-31"]
    assert "from 2026-05-01 on, until 2026-05-31; then what held before goes on" in done_at(four_calls, *command)

    rows = data_at(four_calls, "pricing", "show", "gpt-4o")["prices"]
    assert [(row["from"], row["input"]) for row in rows] == [(None, "2.5"), ("2026-05-01", "0"), ("2026-06-01", "2.5")]
    assert cost(four_calls) == ("0.002875", 3)
    refused = run_at(four_calls, "pricing", "set", "my-deployment", "1", "1", "--until", "2026-05-31")
    assert refused.returncode == 2
    assert "could hold from 2026-06-01 on" in refused.stderr
    assert run_at(four_calls, *command[:-1], "2026-04-30").returncode == 2


def test_tiers_and_all_kinds_of_tokens(four_calls):
    """Long prompts, cache writes for an hour, audio and images can be stated without editing a file."""
    done = done_at(
        *(four_calls, "pricing", "set", "m-1", "1", "2", "--tier", "200000:3:4", "--tier", "1000:2:3:0.5:1"),
        *("--cache-write-1h", "2", "--audio-input", "4", "--image-output", "5", "--cache-read-explicit", "0.1"),
    )
    (row,) = data_at(four_calls, "pricing", "show", "m-1")["prices"]

    assert "prompts above 1,000 tokens: input 2, output 3, cache read 0.5, cache write 1\n" in done
    assert row["tiers"] == [
        {"above": 1000, "input": "2", "output": "3", "cache_read": "0.5", "cache_write": "1"},
        {"above": 200000, "input": "3", "output": "4"},
    ]
    assert [row[name] for name in ("cache_write_1h", "audio_input", "image_output", "cache_read_explicit")] == [
        *("2", "4", "5", "0.1")
    ]


# --- Discounts --------------------------------------------------------------------------------------------------------


def test_discount_holds_for_what_a_seller_sold(four_calls):
    """By its name in any capitals, at once and exactly, with a note; taken back, all is as before."""
    before = cost(four_calls)
    told = done_at(four_calls, "pricing", "discount", "openAI", "15")

    assert told == "OpenAI: 15 % less than the shipped prices, since ever\n"
    assert cost(four_calls) == ("0.00244375", 3)
    assert "discounted" in data_at(four_calls, "show", "s")["rounds"][0]["cost_notes"]
    assert "Discount: 15 % of these, as you stated for OpenAI" in done_at(four_calls, "pricing", "show", "gpt-4o")
    assert "OpenAI" in done_at(four_calls, "pricing", "discount")
    own = str(four_calls / "sessions" / ".prices.json")
    stated = {"seller": "openai", "percent": "15", "from": None, "until": None, "model": None, "origin": own}
    assert data_at(four_calls, "pricing", "discount") == [stated]

    assert done_at(four_calls, "pricing", "discount", "OPENAI", "--remove") == "OpenAI: 1 forgotten\n"
    assert cost(four_calls) == before
    assert done_at(four_calls, "pricing", "discount").startswith("No discount is stated")
    assert run_at(four_calls, "pricing", "discount", "OpenAI", "--remove").returncode == 3


def test_discount_is_dated_and_of_some_models(four_calls):
    """From and until a day, for names that fit; below 0 it is a surcharge; not on a price that one set."""
    say = ("pricing", "discount", "OpenAI")
    told = done_at(four_calls, *say, "-10", "--model", "GPT-4o*", "--from", "2026-01-01", "--until", "2026-12-31")
    assert told == "OpenAI for GPT-4o*: 10 % more than the shipped prices, from 2026-01-01 on, until 2026-12-31\n"
    assert cost(four_calls) == ("0.0031625", 3)
    done_at(four_calls, *say, "50")
    assert cost(four_calls) == ("0.0031625", 3)
    done_at(four_calls, "pricing", "set", "gpt-4o", "2.5", "10", "--cache-read", "1.25")
    assert cost(four_calls) == ("0.002875", 3)


@pytest.mark.parametrize(
    "arguments",
    [
        ["discount", "OpenAI"],
        ["discount", "OpenAI", "101"],
        ["discount", "OpenAI", "much"],
        ["discount", "nobody", "5"],
        ["discount", "own_machine", "5"],
        ["discount", "OpenAI", "5", "--model", " "],
        ["discount", "OpenAI", "5", "--from", "2026-02-01", "--until", "2026-01-01"],
        ["discount", "--remove"],
        ["discount", "OpenAI", "5", "--remove"],
        ["set", "m", "1", "2", "--currency", "USD", "--rate", "0.14"],
        ["set", "m", "1", "2", "--rate", "0.14"],
        ["set", "m", "1", "2", "--tier", "5:1"],
        ["set", "m", "1", "2", "--tier", "x:1:2"],
        ["set", "m", "1", "2", "--tier", f"{10**20}:1:2"],
        ["set", "m", "1", "2", "--tier", "5:1:2", "--tier", "5:2:3"],
    ],
)
def test_what_cannot_be_stated_is_refused(four_calls, arguments):
    """With exit code 2, words that say what to do, and no file."""
    result = run_at(four_calls, "pricing", *arguments)

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr
    assert not (four_calls / "sessions" / ".prices.json").exists()


def test_unpriced_says_why(over_a_cluster):
    """A model that went over a machine of one's own has a command that prices it there alone."""
    sold = cost(over_a_cluster)[0]
    done_at(over_a_cluster, "pricing", "seller", "gpu", "own_machine")
    assert data_at(over_a_cluster, "pricing", "list", "--unpriced") == [
        {"model": "deepseek-v3", "rounds": 1, "reasons": {"own_machine": 1}}
    ]
    text = done_at(over_a_cluster, "pricing", "list", "--unpriced")
    assert "own_machine: the model runs on a machine of one's own" in text
    assert "deepseek-v3 went over a machine of your own, as its cluster or route tells" in text
    assert "pricing set own_machine/deepseek-v3 0 0" in text

    one = cost(over_a_cluster)[0]
    done_at(over_a_cluster, "pricing", "set", "own_machine/deepseek-v3", "0", "0")
    assert cost(over_a_cluster) == (one, 0)
    assert one != sold
    done_at(over_a_cluster, "pricing", "seller", "*llm-inner*", "cerebras")
    assert "other_seller" in done_at(over_a_cluster, "pricing", "list", "--unpriced")
