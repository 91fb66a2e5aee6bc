"""What is a call's cost, and what is known of how it came about?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Union

from session_monitor.calls.outcome import has_tokens, is_free
from session_monitor.calls.usage import TokenParts, Usage, open_cache_of, parts_of

from . import money

NO_MODEL, UNKNOWN_MODEL, NO_PRICE_THEN, NO_TOKENS = "no_model", "unknown_model", "no_price_then", "no_tokens"
PARTLY_TOLD, OWN_MACHINE, OTHER_SELLER = "partly_told", "own_machine", "other_seller"

UNPRICED = {
    NO_MODEL: "the log names no model",
    UNKNOWN_MODEL: "no price is known for this model",
    NO_PRICE_THEN: "no price is known for that day",
    OTHER_SELLER: "it was not its maker who sold it, and no price of that seller is known for this model",
    OWN_MACHINE: "the model runs on a machine of one's own, and nobody has said what that costs",
    NO_TOKENS: "the log tells no tokens",
    PARTLY_TOLD: "the log tells only a part of the tokens",
}
"""Why a cost is not known, in words."""

CACHE_READ_AS_INPUT = "cache_read_as_input"
CACHE_READ_BY_VENDOR = "cache_read_by_vendor"
CACHE_WRITE_AS_INPUT = "cache_write_as_input"
CACHE_WRITE_BY_VENDOR = "cache_write_by_vendor"
CACHE_WRITE_5M = "cache_write_5m"
CACHE_WRITE_1H_AS_5M = "cache_write_1h_as_5m"
CACHE_WRITE_MIXED = "cache_write_mixed"
AUDIO_AS_TEXT = "audio_as_text"
IMAGE_AS_TEXT = "image_as_text"
CACHED_MEDIA = "cached_media"
THIRD_PARTY_PRICE = "third_party_price"
UNDATED = "undated"
NO_TIME = "no_time"
CONVERTED = "converted"
SELLER_UNKNOWN = "seller_unknown"
PRICE_MAY_HAVE_CHANGED = "price_may_have_changed"
CACHE_INSIDE = "cache_inside"
CACHE_IN_ONE = "cache_in_one"
DISCOUNTED = "discounted"
AS_STATED = "as_stated"

NOTES = {
    CACHE_READ_AS_INPUT: "no price for cache reads is known; they are priced as input",
    CACHE_READ_BY_VENDOR: "cache reads are priced by the vendor's general rule",
    CACHE_WRITE_AS_INPUT: "no price for cache writes is known; they are priced as input",
    CACHE_WRITE_BY_VENDOR: "cache writes are priced by the vendor's general rule",
    CACHE_WRITE_5M: "the log does not tell cache writes for an hour from those for five minutes; priced as the latter",
    CACHE_WRITE_1H_AS_5M: "no price for cache writes for an hour is known; they are priced as those for five minutes",
    CACHE_WRITE_MIXED: "the call asked for caches of five minutes and of an hour; all that it wrote is priced as the latter",
    AUDIO_AS_TEXT: "no price for audio is known; it is priced as text",
    IMAGE_AS_TEXT: "no price for images is known; they are priced as text",
    CACHED_MEDIA: "the log does not tell how much of the audio or the images came from the cache: taken as little as can be",
    THIRD_PARTY_PRICE: "the price is a reseller's; the maker publishes none",
    UNDATED: "the price of the model without the date or tag in its name",
    NO_TIME: "the call has no time; priced at the latest price",
    SELLER_UNKNOWN: "the log does not tell who sold it; priced as the maker does",
    CONVERTED: "converted from another currency at a rate that you stated",
    PRICE_MAY_HAVE_CHANGED: "the price had changed when it was looked at next, nobody states when; priced as before",
    CACHE_INSIDE: "the log does not tell whether the cache lies inside the input or beside it; taken as inside",
    CACHE_IN_ONE: "cache reads and writes came as one number; taken as reads",
    DISCOUNTED: "with a discount that you stated",
    AS_STATED: "priced as you said with 'pricing assume'",
}
"""What may have been assumed, or was stated, in words.  The index keeps them by their places: a new one comes last."""

STATED = frozenset((CONVERTED, DISCOUNTED, AS_STATED))
"""Notes of what a person stated; all others are of what had to be assumed."""

OTHER_READINGS = {
    CACHE_WRITE_5M: "if what was written to the cache is kept for an hour",
    CACHE_INSIDE: "if the cache lies beside the input",
    CACHE_IN_ONE: "if all of the cache was written",
}
"""When a call with these notes would have cost something else."""

_BITS = {note: 1 << bit for bit, note in enumerate(NOTES)}


def bits_of(notes: Iterable[str]) -> int:
    """Notes as a number, in which each has its bit."""
    return sum(_BITS[note] for note in notes)


def notes_of(bits: int) -> list[str]:
    """The notes whose bits a number has."""
    return [note for note, bit in _BITS.items() if bits & bit]


class Call(NamedTuple):
    """What a price depends on.  ``at`` is RFC 3339 in UTC, or None; ``has_tokens``: it is known what it used.

    ``is_free``: it costs nothing, whatever its model; ``partly_told``: too little is known of what it used for a cost;
    ``at_least``: it may have used more than is known.  The names of the route and the cluster that it went over may tell
    who sold it; what a person states of caches may depend on the consumer.
    """

    model: str | None
    at: str | None
    usage: Usage
    has_tokens: bool = True
    is_free: bool = False
    partly_told: bool = False
    at_least: bool = False
    route: str | None = None
    cluster: str | None = None
    consumer: str | None = None


def call_of(entry: Mapping[str, Any]) -> Call:
    """A stored round as a call."""
    read, written, reasoning = entry["cached_tokens"], entry.get("cache_write_tokens", 0), entry["reasoning_tokens"]
    fresh, visible = entry["input_tokens"] - read - written, entry["output_tokens"] - reasoning
    usage = Usage(
        fresh, read, written, visible, reasoning, "explicit_cache" in entry, parts_of(entry), open_cache_of(entry)
    )
    return Call(
        *(entry["model"], entry["timestamp"], usage),
        has_tokens=has_tokens(entry),
        is_free=is_free(entry),
        partly_told="partly_told" in entry,
        at_least="at_least" in entry,
        route=entry.get("route_name"),
        cluster=entry.get("upstream_cluster"),
        consumer=entry.get("consumer"),
    )


class Traits(NamedTuple):
    """What is so of few calls, as in ``Call`` and its ``Usage``; ``open_cache`` are those of its notes that a price depends on."""

    explicit_cache: bool = False
    open_cache: tuple[str, ...] = ()
    has_tokens: bool = True
    is_free: bool = False
    partly_told: bool = False


USUAL = Traits()
"""What is so of all others."""


class CallColumns(NamedTuple):
    """Many calls, column by column: a call each would take as long as pricing it.

    They are as in ``Call`` and its ``Usage``, but for the models, which are named as ``Book.priced_as`` does; ``traits`` are None
    for a call of which nothing is so.
    """

    models: Iterable[str | None]
    times: Iterable[str | None]
    fresh_input: Iterable[int]
    cache_read: Iterable[int]
    cache_write: Iterable[int]
    visible_output: Iterable[int]
    reasoning: Iterable[int]
    parts: Iterable[TokenParts | None]
    traits: Iterable[Traits | None]


EXACT, UNDATED_NAME, OVERRIDE, ALIAS, THIRD = "exact", "undated", "override", "alias", "third-party"
PATTERN = "pattern"
"""How a name was matched; the first two are ``model_names``'."""


class ModelPrices(NamedTuple):
    """The prices that a name stands for: how it was matched (``kind``), and the model's entry in its list.

    ``origin`` is the list's file; ``undated`` says that a date or tag in the name was left out; ``seller`` is who sold it,
    None where that is not known.
    """

    name: str
    key: str
    kind: str
    entry: Mapping[str, Any]
    origin: str
    undated: bool = False
    seller: str | None = None

    @property
    def vendor(self) -> str | None:
        """Who sells it at these prices."""
        return self.entry.get("vendor")


class CostParts(NamedTuple):
    """Pico-dollars for each kind of tokens."""

    fresh_input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    visible_output: int = 0
    reasoning: int = 0


class Cost(NamedTuple):
    """What a call cost, in pico-dollars: all of it, and by kind.

    ``saved`` is what the cache spared against the input price (less than 0 where writing to it cost more), None where
    that is not known.  ``row`` and ``above`` say which row and tier were in force; a call that cost nothing whatever
    its model has no ``prices``.  ``at_stake`` is how much more it would be if what the log leaves open (``OTHER_READINGS``)
    were the other way round, None where nothing is open.
    """

    pico: int
    parts: CostParts
    saved: int | None
    notes: tuple[str, ...]
    prices: ModelPrices | None = None
    row: Mapping[str, Any] | None = None
    above: int = 0
    at_stake: int | None = None


class Unpriced(NamedTuple):
    """Why a call's cost is not known."""

    reason: str


Outcome = Union[Cost, Unpriced]

FREE = Cost(0, CostParts(), None, ())
"""What a call cost that used nothing."""

Amount = tuple[Union[int, None], Union[int, None], tuple[str, ...], Union[int, None]]
"""Less of a cost, to be unpacked at once: pico-dollars and what the cache spared, None where that is not known; notes; at stake."""


NAMES = "cost_usd", "unpriced", "cost_parts_usd", "cache_savings_usd", "price", "cost_notes", "other_reading_usd"
"""What ``to_json`` may tell of a call."""


def to_json(outcome: Outcome) -> dict[str, Any]:
    """What a call cost, for JSON: ``cost_usd`` is None where that is not known, ``unpriced`` then says why."""
    if isinstance(outcome, Unpriced):
        return {"cost_usd": None, "unpriced": outcome.reason}
    document: dict[str, Any] = {"cost_usd": money.plain(outcome.pico)}
    if outcome.prices and outcome.row:
        document["cost_parts_usd"] = {name: money.plain(pico) for name, pico in outcome.parts._asdict().items() if pico}
        if outcome.saved is not None:
            document["cache_savings_usd"] = money.plain(outcome.saved)
        document["price"] = {
            "model": outcome.prices.key,
            "match": outcome.prices.kind,
            "vendor": outcome.prices.vendor,
            "seller": outcome.prices.seller,
            "from": outcome.row.get("from"),
            "tier_above": outcome.above,
            "source": outcome.row.get("source"),
        }
    if outcome.notes:
        document["cost_notes"] = list(outcome.notes)
    if outcome.at_stake is not None:
        document["other_reading_usd"] = money.plain(outcome.pico + outcome.at_stake)
    return document
