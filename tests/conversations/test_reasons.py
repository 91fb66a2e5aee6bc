"""Why rounds cost what they did, and why the cache missed, over plain rounds."""

from __future__ import annotations

import pytest

from session_monitor.conversations import reasons
from session_monitor.prices import cost
from session_monitor.prices.cost import FREE, Cost, CostParts, Unpriced
from tests.support.calls import BOOK
from tests.support.stored_rounds import round_of

READ = {"model": "claude-sonnet-4-5", "input_tokens": 50_000, "cached_tokens": 48_000, "total_tokens": 50_020}


def after(number=2, **words):
    """A round a second behind the one before, with all of that one's messages and the cache it left."""
    return round_of(number, **{**READ, "messages_from_history": 1, **words})


def codes(entry, before):
    """The codes of what is told of a round's cost."""
    return [each["code"] for each in reasons.of_round(entry, before, BOOK.price(cost.call_of(entry)))]


BEFORE = round_of(1, **READ)
THREE = [{"role": "user", "content": text} for text in ("notes", "a question " * 9, "and more " * 9)]
COLD = {"cached_tokens": 0}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, ["not_told"]),
        ({"model": "claude-opus-4-5"}, ["model_changed"]),
        ({"timestamp": "2026-02-01T09:40:00Z"}, ["pause"]),
        ({"timestamp": "2026-02-01T09:34:00Z"}, ["not_told"]),
        ({"timestamp": None}, ["not_told"]),
        (
            {"model": "claude-opus-4-5", "timestamp": "2026-02-02T09:30:00Z"},
            ["model_changed"],
        ),
    ],
)
def test_why_the_cache_missed(changed, why):
    """The first thing that explains a miss is told, and nothing else: where nothing does, that no reason is told."""
    assert codes(after(**COLD, **changed), BEFORE) == ["cache_missed", *why]
    assert "cache_missed" not in codes(after(**changed), BEFORE)


def test_a_history_that_changed_is_told_with_the_message():
    """The first message that is another one is told; a history that has nothing of the one before begins anew, and missed nothing."""
    before = round_of(1, **READ, messages=THREE)
    edited = [{"role": "user", "content": "other notes"}, *THREE[1:], {"role": "user", "content": "and then?"}]
    entry = after(**COLD, messages=edited, messages_from_history=0)
    told = reasons.of_round(entry, before, BOOK.price(cost.call_of(entry)))

    assert told[1] == {"code": "history_changed", "messages": 0}
    assert 45_000 < told[0]["tokens"] <= 50_000
    assert codes(after(**COLD, messages_from_history=0, messages_total=1), BEFORE) == ["not_cached"]


def test_a_history_that_is_not_stored_whole_is_held_against_what_was_in_the_cache():
    """Of messages that stand in earlier rounds no more is expected than what the round before had in the cache."""
    before = round_of(2, **READ, messages_from_history=3)
    entry = round_of(3, **{**READ, **COLD}, messages_from_history=2)
    told = reasons.of_round(entry, before, BOOK.price(cost.call_of(entry)))

    assert told == [{"code": "cache_missed", "tokens": 48_000}, {"code": "history_changed", "messages": 2}]


def test_a_call_beside_another_and_one_without_marks():
    """A call that began before the one before was answered, and one of a client that marks nothing for the cache, tell so."""
    slow = round_of(1, **READ, duration_ms=5000, first_token_ms=3000)
    nothing = round_of(1, **{**READ, **COLD})

    assert codes(after(**COLD), slow) == ["cache_missed", "parallel"]
    assert codes(after(**COLD), nothing) == ["cache_missed", "unmarked"]


def test_what_both_rounds_tell_is_held_against_each_other():
    """Instructions and routes that changed are told where both rounds have them; one that lacks them tells nothing."""
    for name, code in (
        ("system", "system_changed"),
        ("route_name", "route_changed"),
        ("upstream_cluster", "route_changed"),
    ):
        before = round_of(1, **READ, **{name: "one"})
        assert codes(after(**COLD, **{name: "other"}), before) == ["cache_missed", code]
        assert codes(after(**COLD, **{name: "one"}), before) == ["cache_missed", "not_told"]
        assert codes(after(**COLD), before) == ["cache_missed", "not_told"]


@pytest.mark.parametrize(
    ("kind", "kept"), [("cache_write_5m_tokens", 300), ("cache_write_1h_tokens", 3600), (None, 300)]
)
def test_a_pause_is_held_against_how_long_the_cache_was_kept(kind, kept):
    """Where the log tells that, a shorter pause is no reason; where it does not, what the provider promises counts."""
    written = {kind: 1000, "cache_write_tokens": 1000} if kind else {}
    before = round_of(1, **READ, **written)
    for seconds in (200, 301, 3601):
        minutes, rest = divmod(31 * 60 + 1 + seconds, 60)
        entry = after(**COLD, timestamp=f"2026-02-01T{9 + minutes // 60:02}:{minutes % 60:02}:{rest:02}Z")
        before["timestamp"] = "2026-02-01T09:31:01Z"
        told = reasons.of_round(entry, before, BOOK.price(cost.call_of(entry)))[1]
        if seconds > kept:
            assert told == {"code": "pause", "seconds": seconds, "kept_seconds": kept}
        else:
            assert told == {"code": "not_told"}


def test_what_is_not_told_was_not_missed():
    """Where a log tells nothing of a cache, it does not tell that anything was missed, or was not there."""
    untold = after(**COLD, cache_untold=True)

    assert codes(untold, BEFORE) == codes(untold, round_of(1, **{**READ, **COLD})) == ["new_input"]


def test_nothing_is_missed_that_was_not_there():
    """A round that begins a conversation, and one behind a round that had nothing in the cache, missed none."""
    assert codes(after(**COLD), None) == ["first"]
    assert codes(after(**COLD), round_of(1, **READ, no_tokens=True)) == ["not_cached"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"output_tokens": 9000}, "long_output"),
        ({"output_tokens": 10}, "long_prompt"),
        ({"input_tokens": 90_000, "output_tokens": 10}, "new_input"),
        (
            {"input_tokens": 90_000, "tool_results": [["read", 1, 0, 900], ["ls", 1, 0, 9]], "fresh_characters": 1000},
            "big_result",
        ),
        ({"input_tokens": 90_000, "tool_results": [["read", 1, 0, 90]], "fresh_characters": 1000}, "new_input"),
    ],
)
def test_what_most_of_a_cost_is_for(words, code):
    """The kind of tokens that cost most tells it; of new input that is most of it one tool's result, the tool."""
    told = reasons.of_round(after(**words), BEFORE, BOOK.price(cost.call_of(after(**words))))

    assert [each["code"] for each in told] == [code]
    assert told[0].get("tool") == ("read" if code == "big_result" else None)


@pytest.mark.parametrize("outcome", [Unpriced("no_model"), FREE, Cost(0, CostParts(), None, ())])
def test_what_has_no_cost_has_no_reasons(outcome):
    """Nor has what tells no tokens."""
    assert reasons.of_round(after(), BEFORE, outcome) == []
    assert reasons.of_round(round_of(2, no_tokens=True), BEFORE, Cost(5, CostParts(5), None, ())) == []
