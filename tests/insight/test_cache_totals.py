"""What the caching of prompts comes to."""

from __future__ import annotations

from session_monitor.insight import cache_totals

SUMS = {
    "told": 4,
    "untold": 1,
    "input": 4000,
    "read": 1500,
    "first_input": 1000,
    "first_read": 0,
    "judged": 3,
    "expected": 2500,
    "missed": 1000,
    "missed_pico": 30,
    "unpriced": 1,
    "saved_pico": 70,
    "written_pico": 5,
    "expired": 1,
    "expired_tokens": 400,
    "expired_pico": 10,
    "provider": 2,
    "provider_tokens": 600,
    "provider_pico": 20,
}


def test_totals():
    """Rates are of the prompts of which it is told, the later ones without each session's first; the dearest cause comes first."""
    found = cache_totals.of_sums(SUMS)

    assert (found.hit_percent, found.later_hit_percent) == (37.5, 50.0)
    assert (found.told, found.untold, found.judged, found.expected, found.missed) == (4, 1, 3, 2500, 1000)
    assert [tuple(each) for each in found.causes] == [("provider", 2, 600, 20), ("expired", 1, 400, 10)]
    assert sum(each.tokens for each in found.causes) == found.missed
    assert sum(each.pico for each in found.causes) == found.missed_pico


def test_nothing_is_told():
    """Where no call tells what came from a cache there is no rate: that is no 0 %."""
    found = cache_totals.of_sums({"untold": 3, "untold_input": 900})

    assert (found.hit_percent, found.later_hit_percent, found.causes) == (None, None, ())
    assert found.to_json()["hit_percent"] is None


def test_as_json():
    """Money is exact text, rates have one decimal."""
    told = cache_totals.of_sums({**SUMS, "read": 1333}).to_json()

    assert (told["hit_percent"], told["missed_usd"], told["saved_usd"]) == (33.3, "0.00000000003", "0.00000000007")
    assert told["causes"][0] == {
        "cause": "provider",
        "calls": 2,
        "missed_tokens": 600,
        "missed_usd": "0.00000000002",
    }


def test_what_was_missed_has_no_price():
    """Where none of what was missed has a price no money is told for JSON: not $0; where some has, it is theirs."""
    some, none = (cache_totals.of_sums({**SUMS, "unpriced": number}).to_json() for number in (1, 3))

    assert (some["missed_usd"], none["missed_usd"]) == ("0.00000000003", None)
    assert [each["missed_usd"] for each in none["causes"]] == [None, None]
