"""Which model does a name mean?

One model goes by many names: with a provider or a region before it, a date or a version behind it, with dots, hyphens
or capitals.  ``canonical`` folds those that mean the same; ``candidates`` also drops a date or a tag.  Nothing is ever
guessed from a beginning, a part or a likeness of a name: a wrong price is worse than none.  A name that is a path to a
file, as servers have it that one runs oneself, or that begins with such a server's own word (``ollama/``), means that
model on that machine alone, and no vendor's.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from session_monitor.base import lazy_regex

from . import sellers

EXACT = "exact"
UNDATED = "undated"

_OWN_MACHINE = lazy_regex.lazy(
    r"(?:/|\.{1,2}/|~/|file:|[a-z]:[\\/]|\\\\"
    r"|(?:https?://)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?/"
    r"|(?:ollama|ollama_chat|vllm|hosted_vllm|local|localai|lmstudio|lm[-_]studio|llama[-_.]?cpp|sglang|xinference|mlx"
    r"|llamafile|oobabooga|triton|infinity|docker_model_runner|lemonade|tgi|koboldcpp|gpt4all|ramalama|lmdeploy"
    r"|hf\.co|mlx-community)/)."
)
"""A path, or an address of this machine; or what servers that one runs oneself, and the tools that speak to them, put before a model's name."""
_REGION = lazy_regex.lazy(r"(us-gov|us|eu|apac|global|jp|au|ca|sa|me|af|in|regional)\.(?=[a-z0-9]+\.)")
_REGION_IN_PATH = lazy_regex.lazy(
    r"(?:azure(?:_ai)?|bedrock\w*)/(us-gov|us|eu|apac|global(?:-standard)?|[a-z]{2}(?:-gov)?-[a-z]+-\d)/"
    r"|bedrock_(mantle)/"
)
"""``azure/eu/gpt-5``, ``bedrock/us-west-2/deepseek.v3.2``: as litellm writes where a model runs; or by which door."""
ANY_REGION = "regional"
"""As genai-prices names what Bedrock takes in every region of its own."""
_NO_REGION = (ANY_REGION, "global", "global-standard", "mantle")
_COMMITMENT = lazy_regex.lazy(r"bedrock/[^/]+/(\d-month-commitment)/")
"""Bedrock's capacity for months, which is paid by the hour and not by the token."""
_VENDOR = lazy_regex.lazy(
    r"(anthropic|amazon|meta|deepseek|qwen|openai|mistral|cohere|minimax|moonshotai|moonshot|zai|google|ai21|nvidia"
    r"|writer|xai|twelvelabs|stability)\.(?=[a-z])"
)
_ROUTE = lazy_regex.lazy(r":(?:thinking|nitro|floor|online|beta|exacto)$")
"""What a reseller adds to choose a route; the price list stays the same (for `:free`, `:batch` and `:extended` it does not)."""
_BEDROCK_VERSION = lazy_regex.lazy(r"(?<=[a-z0-9])(?:-v?\d+)?:\d+(?::\d+k)?$")
_AMAZON_VERSION = lazy_regex.lazy(r"(?:-v1(?::\d+(?::\d+k)?)?|(?<=-v\d)(?::\d+(?::\d+k)?))$")
"""The first version is the model itself; a second one is another model."""
_COHERE_VERSION = lazy_regex.lazy(r"(?:-v1)?:\d+$")
"""Its models have versions of their own: ``cohere.embed-v4:0``."""
_BEDROCK_SHORT_VERSION = lazy_regex.lazy(r"^(claude-.*\d.*)-v\d+(?::\d+)?(?=-20\d{6}$|$)")
_OLD_CLAUDE = lazy_regex.lazy(r"^claude-v(\d)(?::(\d))?$")
_AZURE_GPT = lazy_regex.lazy(r"^gpt-?35(?=-|$)")
_VERTEX_END = lazy_regex.lazy(r"(?:@(?:default|latest)|-maas)$")
_SEPARATORS = lazy_regex.lazy(r"[\s._]+")

_DATE = lazy_regex.lazy(
    r"-(?:20\d\d-?[01]\d-?[0-3]\d|2[3-9][01]\d[0-3]\d|[01]\d[0-3]\d|[01]\d-[0-3]\d|[01]\d-20\d\d|00[1-9])(?=-|$)"
)
_TAG = lazy_regex.lazy(r"-(?:latest|preview|exp|experimental|beta|stable)(?=-|$)")
_CLAUDE = lazy_regex.lazy(r"^claude-(\d)(?:-(\d))?-(opus|sonnet|haiku)(.*)$")


class Candidate(NamedTuple):
    """A key to look up, and what had to be done to the name for it: nothing (``exact``), or a date or tag dropped."""

    key: str
    kind: str


def canonical(name: str) -> str:
    """The key of a name: that of its model, behind the seller where its form tells one who sells others' models.

    ``own_machine/NAME`` is how a person names what nobody sold, but for names that tell so by themselves.

    >>> canonical("us.anthropic.claude-sonnet-4-5-20250929-v1%3A0")
    'bedrock/claude-sonnet-4-5-20250929'
    """
    seller, key = seller_of(name), model_key(name)
    is_told = seller and (
        sellers.is_reseller(seller) or (seller == sellers.OWN_MACHINE and not is_on_own_machine(name))
    )
    return f"{seller}/{key}" if key and is_told else key


def model_key(name: str) -> str:
    """The name without what does not change the model: sellers, regions, routes, spelling.

    >>> model_key("us.anthropic.claude-sonnet-4-5-20250929-v1%3A0")
    'claude-sonnet-4-5-20250929'
    """
    return _canonical(name)[1]


def seller_of(name: str) -> str | None:
    """The seller whose form a name has; ``sellers.OWN_MACHINE`` for a model on a machine of one's own."""
    text = plain(name)
    return sellers.OWN_MACHINE if _OWN_MACHINE.match(text) else sellers.of_name(text)


def is_on_own_machine(name: str) -> bool:
    """Whether a name means a model on somebody's own machine: a path to a file, or one of a server that one runs oneself."""
    return _OWN_MACHINE.match(plain(name)) is not None


def candidates(name: str) -> Iterator[Candidate]:
    """The keys under which a price for the name's model may stand, best first, without the seller; each once."""
    region, key = _canonical(name)
    exact = [key, *_claude_word_order(key)]
    if region:
        # Some are dearer in a region, or in any; where they are, the price list has them under a key of their own.
        regions = (region,) if region in _NO_REGION else (region, ANY_REGION)
        exact = [*(f"{each}-{key}" for each in regions), *exact]
    seen = {""}
    for key, kind in itertools.chain(((each, EXACT) for each in exact), ((each, UNDATED) for each in _undated(exact))):
        if key not in seen:
            seen.add(key)
            yield Candidate(key, kind)


def _undated(keys: Iterable[str]) -> Iterator[str]:
    """The keys without date or tag, and those that have another tag in their place."""
    for key in keys:
        undated = _DATE.sub("", key)
        yield undated
        yield _TAG.sub("", key)
        bare = _TAG.sub("", undated)
        yield bare
        yield from (bare + end for end in ("-latest", "-0", "-preview") if bare)


def _canonical(name: str) -> tuple[str, str]:
    """The region, or an empty text, and the canonical name."""
    text = plain(name)
    if _OWN_MACHINE.match(text):
        return "", text
    place = _REGION_IN_PATH.match(text) if "/" in text else None
    commitment = _COMMITMENT.match(text) if "commitment/" in text else None
    text = text.rsplit("/", 1)[-1].lstrip("~")  # openrouter/anthropic/x, models/x; behind the last / of an ARN, too
    text = _ROUTE.sub("", text) if ":" in text else text
    text = _VERTEX_END.sub("", text).replace("@", "-")  # Vertex: claude-sonnet-4-5@20250929
    region = _REGION.match(text) if "." in text else None
    text = _plain_bedrock(text[region.end() :] if region else text)
    text = _SEPARATORS.sub("-", _AZURE_GPT.sub("gpt-3-5", text))
    if commitment:
        return "", f"{commitment[1]}-{text}"
    return next((found[found.lastindex or 0] for found in (place, region) if found), ""), text


def plain(name: str) -> str:
    """The name without spaces around it, escapes and capitals."""
    text = name.strip()
    if "%" in text:
        import urllib.parse  # noqa: PLC0415 -- every command would pay for it, and few names need it

        text = urllib.parse.unquote(text).strip()
    return text.lower()


def _plain_bedrock(text: str) -> str:
    """Bedrock's ids without vendor and version: ``anthropic.claude-3-haiku-20240307-v1:0``, ``deepseek.v3-v1:0``."""
    vendor = _VENDOR.match(text) if "." in text else None
    text = text[vendor.end() :] if vendor else text
    old = _OLD_CLAUDE.match(text)
    if old:
        return "-".join(filter(None, ("claude", *old.groups())))
    if vendor:
        versions = {"amazon": _AMAZON_VERSION, "cohere": _COHERE_VERSION}
        text = versions.get(vendor[1], _BEDROCK_VERSION).sub("", text)
        if vendor[1] == "deepseek" and not text.startswith("deepseek"):
            text = f"deepseek-{text}"
    if text.startswith("nova-"):
        text = _AMAZON_VERSION.sub("", text)  # as Amazon's own API has it, without the vendor
    return _BEDROCK_SHORT_VERSION.sub(r"\1", text)  # Vertex has it, too: claude-3-5-sonnet-v2@20241022


def _claude_word_order(key: str) -> list[str]:
    """``claude-4-5-sonnet`` is ``claude-sonnet-4-5``."""
    match = _CLAUDE.match(key)
    if not match:
        return []
    major, minor, family, rest = match.groups()
    return ["-".join(filter(None, ("claude", family, major, minor))) + rest]
