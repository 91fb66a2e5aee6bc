"""How many tokens of each kind did one call use?

data/usage.json holds calls as providers report them, with the disjoint kinds that they mean; kinds of 0 are left out.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls import usage
from session_monitor.calls.usage import LARGEST_COUNT, TOTAL_DIFFERS, UNCLEAR_COUNTS, Reported, TokenParts, Usage

CALLS = json.loads((Path(__file__).parent / "data" / "usage.json").read_text(encoding="utf-8"))

NUMBERS = st.integers(0, 3) | st.integers(0, 10**6)  # small ones are often equal, and then only names tell them apart
DETAIL_NAMES = sorted(
    {name for call in CALLS for key in ("input_details", "output_details") for name in call["reported"].get(key) or ()}
)
DETAILS = st.dictionaries(st.sampled_from(DETAIL_NAMES), NUMBERS | st.none() | st.text(max_size=3) | st.floats())
MODELS = st.sampled_from([None, "gpt-4o", "claude-sonnet-4-5", "gemini-2.5-pro", "grok-4", "qwen-max"])
COUNTS = st.none() | NUMBERS | st.integers(0, LARGEST_COUNT)
ANY = st.builds(
    Reported,
    input=COUNTS,
    output=COUNTS,
    total=COUNTS,
    cached=COUNTS,
    reasoning=COUNTS,
    input_details=DETAILS,
    output_details=DETAILS,
)

# --- Worked calls -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call["name"])
def test_reported_counts_become_disjoint_kinds(call):
    """What a provider reports comes out as the kinds that it means."""
    found = usage.normalise(Reported(**call["reported"]), call["model"])

    assert call["usage"] == {kind: json.loads(json.dumps(value)) for kind, value in told(found).items() if value}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call["name"])
def test_whether_a_cache_is_told(call):
    """A count of 0 tells that nothing came from a cache; where there is none, nothing is told of it."""
    reported = Reported(**call["reported"])

    assert usage.tells_cache(reported.cached, reported.input_details) is not call.get("cache_untold", False)


def told(found):
    """The kinds of tokens, their parts by name."""
    return {**found._asdict(), "parts": {name: n for name, n in (found.parts or TokenParts())._asdict().items() if n}}


@pytest.mark.parametrize("others", [{}, {"audio_seconds": 1}], ids=["usual keys", "others"])
@pytest.mark.parametrize("spoken", [0, 1, 7])
@pytest.mark.parametrize(("side", "part"), [("input_details", "audio_input"), ("output_details", "audio_output")])
def test_audio_is_a_part_of_what_it_was_counted_in(side, part, spoken, others):
    """Whichever side has some of it, and in whatever company; none of it is counted a second time."""
    details = {"audio_tokens": spoken, **others}
    found = usage.normalise(Reported(input=10, output=8, total=18, **{side: details}), "gpt-4o-audio-preview")

    assert (found.fresh_input, found.visible_output, found.total_tokens) == (10, 8, 18)
    assert found.parts == (TokenParts(**{part: spoken}) if spoken else None)


@pytest.mark.parametrize(
    ("lifetimes", "part"),
    [((), None), (("5m",), None), (("1h",), "cache_write_1h"), (("1h", "5m"), "cache_write_mixed"), (("2h",), None)],
)
def test_what_a_call_asks_for_tells_how_long_its_writes_are_kept(lifetimes, part):
    """All of them, where it asks for an hour alone; nothing is said of a call that asks for nothing, or for less."""
    found = usage.with_lifetimes(Usage(1, cache_write=20), frozenset(lifetimes))

    assert found == Usage(1, cache_write=20, parts=TokenParts(**{part: 20}) if part else None)


@pytest.mark.parametrize("used", [Usage(1), Usage(1, cache_write=20, parts=TokenParts(cache_write_5m=20))])
def test_counts_tell_it_better(used):
    """Where the counts tell how long writes are kept, or nothing was written, what was asked for changes nothing."""
    assert usage.with_lifetimes(used, {"1h"}) == used


@given(st.builds(TokenParts, *[st.integers(0, 3)] * 7))
def test_parts_come_back_from_a_stored_round(parts):
    """Those that are there have a word; without any there are no parts."""
    assert usage.parts_of({"round": 1, **parts.stored()}) == (parts if any(parts) else None)
    assert all(parts.stored().values())


def test_sums_hold_their_parts():
    """Input holds what the cache gave and took, output the reasoning, and the total both."""
    kinds = Usage(fresh_input=1, cache_read=20, cache_write=300, visible_output=4000, reasoning=50000)

    assert (kinds.input_tokens, kinds.output_tokens, kinds.total_tokens) == (321, 54000, 54321)


# --- What is a count? -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0),
        (10, 10),
        (10.0, 10),
        (-0.0, 0),
        ("10", 10),
        (" 10 ", 10),
        ("0010", 10),
        (LARGEST_COUNT, LARGEST_COUNT),
        (str(LARGEST_COUNT), LARGEST_COUNT),
    ],
)
def test_number_or_its_text_is_a_count(value, number):
    """Whole numbers from 0 on are counts, as numbers or as text."""
    assert number == usage.count(value)
    assert type(usage.count(value)) is int


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, "", "-", "ten", "1.5", "1e3", "+1", "-1", "1_000", "0x10", "１０", "²", "9" * 5000),
        *(-1, 1.5, -1.0, 1e300, float("inf"), float("nan"), LARGEST_COUNT + 1, 10**5000, [], [1], {"1": 1}),
    ],
    ids=lambda value: f"{type(value).__name__}-{str(value)[:9] if type(value) is not int else value.bit_length()}",
)
def test_anything_else_is_no_count(value):
    """What is no whole number from 0 on, or larger than every reader can keep, is no count."""
    assert usage.count(value) is None


@given(st.integers(0, LARGEST_COUNT))
def test_count_is_the_same_from_every_form(number):
    """A count comes out the same as a number, as text and as a float."""
    assert number == usage.count(number) == usage.count(str(number)) == usage.count(float(number))


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.lists(st.integers()))
def test_count_is_in_its_range_or_none(value):
    """Nothing gives a negative count, or one that is too large."""
    number = usage.count(value)

    assert number is None or 0 <= number <= LARGEST_COUNT


# --- Whatever is reported ---------------------------------------------------------------------------------------------


@given(ANY, MODELS)
def test_kinds_are_never_negative(reported, model):
    """No report, however contradictory, makes a kind of less than nothing."""
    found = usage.normalise(reported, model)

    assert min(found.fresh_input, found.cache_read, found.cache_write, found.visible_output, found.reasoning) >= 0


@given(ANY, MODELS)
def test_nothing_that_was_reported_is_lost(reported, model):
    """Input and output are never less than reported: what stands beside a count is added, what is in it only split."""
    found = usage.normalise(reported, model)

    assert found.input_tokens >= (reported.input or 0)
    assert found.output_tokens >= (reported.output or 0)


@given(ANY, MODELS)
def test_no_part_is_larger_than_its_kind_in_silence(reported, model):
    """TokenParts are within what they are a part of, or the call has the note that makes it unpriced."""
    found = usage.normalise(reported, model)
    parts = found.parts or TokenParts()

    assert parts.audio_input + parts.image_input <= found.fresh_input
    is_within = parts.written <= found.cache_write and parts.audio_output + parts.image_output <= found.visible_output
    assert is_within or UNCLEAR_COUNTS in found.notes


@given(ANY, MODELS)
def test_total_that_is_not_the_sum_is_noted(reported, model):
    """A call has the note exactly where it reported a total that its kinds do not add up to."""
    found = usage.normalise(reported, model)

    assert (TOTAL_DIFFERS in found.notes) == (reported.total not in (None, found.total_tokens))


# --- Each provider's way of reporting ---------------------------------------------------------------------------------

# Name, model, the kinds that it tells apart, and how it reports them.
WAYS = [
    (
        "OpenAI",
        "gpt-4o",
        ("fresh_input", "cache_read", "cache_write", "visible_output", "reasoning"),
        lambda kinds: Reported(
            input=kinds.input_tokens,
            output=kinds.output_tokens,
            total=kinds.total_tokens,
            input_details={"cached_tokens": kinds.cache_read, "cache_write_tokens": kinds.cache_write},
            output_details={"reasoning_tokens": kinds.reasoning},
        ),
    ),
    (
        "OpenAI, counts without details",
        "deepseek-reasoner",
        ("fresh_input", "cache_read", "visible_output", "reasoning"),
        lambda kinds: Reported(
            input=kinds.input_tokens,
            output=kinds.output_tokens,
            total=kinds.total_tokens,
            cached=kinds.cache_read,
            reasoning=kinds.reasoning,
        ),
    ),
    (
        "Qwen, explicit cache",
        "qwen-plus",
        ("fresh_input", "cache_read", "cache_write", "visible_output"),
        lambda kinds: Reported(
            input=kinds.input_tokens,
            output=kinds.output_tokens,
            total=kinds.total_tokens,
            input_details={"cached_tokens": kinds.cache_read, "cache_creation_input_tokens": kinds.cache_write},
        ),
    ),
    (
        "xAI",
        "grok-4",
        ("fresh_input", "cache_read", "visible_output", "reasoning"),
        lambda kinds: Reported(
            input=kinds.input_tokens,
            output=kinds.visible_output,
            total=kinds.total_tokens,
            cached=kinds.cache_read,
            input_details={"cached_tokens": kinds.cache_read},
            output_details={"reasoning_tokens": kinds.reasoning},
        ),
    ),
    (
        "Anthropic",
        "claude-sonnet-4-5",
        ("fresh_input", "cache_read", "cache_write", "visible_output", "reasoning"),
        lambda kinds: Reported(
            input=kinds.fresh_input,
            output=kinds.output_tokens,
            total=kinds.total_tokens,
            input_details={
                "cache_read_input_tokens": kinds.cache_read,
                "cache_creation_input_tokens": kinds.cache_write,
            },
            output_details={"thinking_tokens": kinds.reasoning},
        ),
    ),
    (
        "Gemini",
        "gemini-2.5-pro",
        ("fresh_input", "cache_read", "visible_output", "reasoning"),
        lambda kinds: Reported(
            input=kinds.input_tokens,
            output=kinds.visible_output,
            total=kinds.total_tokens,
            input_details={"cached_content_token_count": kinds.cache_read},
            output_details={"thoughts_token_count": kinds.reasoning},
        ),
    ),
    (
        "Gemini in OpenAI's shape",
        "gemini-2.5-flash",
        ("fresh_input", "visible_output", "reasoning"),
        lambda kinds: Reported(input=kinds.fresh_input, output=kinds.visible_output, total=kinds.total_tokens),
    ),
    (
        "Bedrock in OpenAI's shape",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ("fresh_input", "cache_read", "visible_output"),
        lambda kinds: Reported(
            input=kinds.fresh_input,
            output=kinds.visible_output,
            total=kinds.total_tokens,
            cached=kinds.cache_read,
            input_details={"cached_tokens": kinds.cache_read},
        ),
    ),
]


@pytest.mark.parametrize(("model", "names", "report"), [way[1:] for way in WAYS], ids=[way[0] for way in WAYS])
@given(data=st.data())
def test_kinds_come_back_from_each_way_of_reporting(model, names, report, data):
    """Whatever the numbers, the kinds that went into a provider's report come out of it, and add up to its total."""
    kinds = Usage(**{name: data.draw(NUMBERS, label=name) for name in names})

    found = usage.normalise(report(kinds), model)

    assert kinds == found._replace(notes=(), explicit_cache=False)
    assert TOTAL_DIFFERS not in found.notes


@given(NUMBERS, NUMBERS, NUMBERS)
def test_converted_answer_holds_the_cache_inside(fresh, read, output):
    """An OpenAI answer in Anthropic's shape has its cache reads inside the input, whatever the gateway's total says."""
    reported = Reported(
        input=fresh + read,
        output=output,
        total=fresh + read + output + read,
        input_details={"cache_read_input_tokens": read},
    )
    found = usage.normalise(reported, "gpt-4o")

    assert (fresh, read, output) == (found.fresh_input, found.cache_read, found.visible_output)
