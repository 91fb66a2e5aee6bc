"""Names that others know, and names that are traps."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from tests.campaigns import names

TODAY = "2026-11-30"
PROVIDERS = """
providers: list[Provider] = [
    Provider(
        id='aws',
        models=[
            ModelInfo(
                id='amazon.nova-pro-v1:0',
                match=ClauseEquals(equals='amazon.nova-pro-v1:0'),
                prices=ModelPrice(input_mtok=Decimal('0.8'), cache_read_mtok=Decimal('0.2'), output_mtok=Decimal('3.2')),
            ),
            ModelInfo(
                id='regional.anthropic.claude-opus-5',
                match=ClauseContains(contains='claude-opus-5'),
                prices=ModelPrice(input_mtok=Decimal('5.5'), output_mtok=Decimal('27.5')),
            ),
        ],
    ),
    Provider(
        id='openai',
        models=[
            ModelInfo(
                id='o3',
                match=ClauseEquals(equals='o3'),
                prices=[
                    ConditionalPrice(prices=ModelPrice(input_mtok=Decimal('10'), output_mtok=Decimal('40'))),
                    ConditionalPrice(
                        constraint=StartDateConstraint(start_date=date(2025, 6, 10)),
                        prices=ModelPrice(input_mtok=Decimal('2'), cache_read_mtok=Decimal('0.5'), output_mtok=Decimal('8')),
                    ),
                ],
            ),
        ],
    ),
]
"""
TITAN = {
    "litellm_provider": "bedrock",
    "mode": "embedding",
    "input_cost_per_token": 2e-08,
    "output_cost_per_token": 0.0,
}


def test_what_the_sources_say_is_read_once_more():
    """A name has its seller's channel, today's prices, and none for what is no chat and no embedding."""
    entries = {
        "amazon.titan-embed-text-v2:0": TITAN,
        "dall-e-3": {"litellm_provider": "openai", "mode": "image_generation"},
    }
    told = [*names.of_litellm(entries), *names.of_genai(PROVIDERS, TODAY)]

    assert [(channel, name) for channel, name, _ in told] == [
        ("bedrock", "amazon.titan-embed-text-v2:0"),
        ("bedrock", "amazon.nova-pro-v1:0"),
        (names.MAKERS, "o3"),
    ]
    assert told[2][2] == ({0: {"input": Decimal(2), "cache_read": Decimal("0.5"), "output": Decimal(8)}},)


def test_shipped_prices_are_those_of_the_sources():
    """A name is equal to what a source says of it, or apart from that, or has no price, with a reason."""
    wrong = {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1.0, "output_cost_per_token": 1.0}
    tuned = {"ft:gpt-4o-2024-08-06": wrong, "gpt-4.1-nano": wrong}
    told = [*names.of_litellm({"amazon.titan-embed-text-v2:0": TITAN, **tuned}), *names.of_genai(PROVIDERS, TODAY)]
    judged = {name: (what, bool(why)) for _, name, what, why in names.judged(told, TODAY)}

    assert judged == {
        "amazon.titan-embed-text-v2:0": ("equal", False),
        "amazon.nova-pro-v1:0": ("equal", False),
        "o3": ("equal", False),
        "ft:gpt-4o-2024-08-06": ("unpriced", True),
        "gpt-4.1-nano": ("apart", False),
    }


@pytest.mark.parametrize(
    ("equal", "page", "apart", "unpriced", "is_enough"),
    [(97, 0, 3, 0, True), (96, 1, 3, 17, True), (96, 0, 4, 0, False), (97, 0, 3, 18, False), (0, 0, 0, 0, False)],
)
def test_how_many_are_enough(equal, page, apart, unpriced, is_enough):
    """85 in a hundred have a price, and 97 in a hundred of these the right one."""
    count = Counter(equal=equal, page=page, apart=apart, unpriced=unpriced)

    assert names.is_enough(count) == is_enough


def test_every_name_apart_has_a_reason():
    """The kept list is as the campaign writes it, and tells why for each."""
    kept = names.reasons()

    assert names.APART.read_text(encoding="utf-8") == names.written(kept)
    assert [name for name, (_, why) in kept.items() if why in {"", "?"}] == []


def test_no_trap_is_priced_in_silence():
    """At least 150 fine-tunes, look-alikes, models of one's own and names in other languages: no price, or a note with it."""
    listed = names.traps()

    assert len(set(listed)) == len(listed) >= 150
    assert names.in_silence(listed, TODAY) == []
