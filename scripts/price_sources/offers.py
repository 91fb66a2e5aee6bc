"""What do the sources say of each model?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .rows import LITELLM, Findings, Offer, base, rank

_MOVING = "-latest"


class Offers(NamedTuple):
    """What the sources say of one vendor's model."""

    vendor: str
    litellm: Offer | None
    genai: Offer | None

    @property
    def each(self) -> Iterable[Offer]:
        """Those that there are."""
        return (offer for offer in (self.litellm, self.genai) if offer)

    @property
    def beside(self) -> str | None:
        """The key of the model beside which these need not be told."""
        return next((offer.beside for offer in self.each if offer.beside), None)

    @property
    def is_resold(self) -> bool:
        """Whether they are of one who sells others' models, under a key of its own."""
        return any("/" in offer.key for offer in self.each)

    @property
    def is_agreed(self) -> bool:
        """Whether both sources state one price, for a name that means one model; neither knows of another one before."""
        if not self.litellm or not self.genai or self.litellm.key.endswith(_MOVING):
            return False
        one, other = self.litellm.rows, self.genai.rows
        return len(other) == 1 and base(one[0]) == base(other[0])


def by_key(by_source: Mapping[str, Findings]) -> dict[str, Offers]:
    """The offers of the vendor that counts, for each key."""
    offers: dict[str, Offers] = {}
    for source, findings in by_source.items():
        for offer in findings.offers:
            other = offers.get(offer.key)
            if other is None or rank(offer.vendor) < rank(other.vendor):
                other = Offers(offer.vendor, None, None)
            if offer.vendor == other.vendor:
                other = other._replace(litellm=offer) if source == LITELLM else other._replace(genai=offer)
            offers[offer.key] = other
    return offers


def place(key: str, offers: Offers) -> tuple[bool, bool, str]:
    """Makers' models first, then those of others in no region; the rest stands beside these."""
    in_region = offers.beside is not None and ("/" in offers.beside or not offers.is_resold)
    return offers.is_resold, in_region, key
