"""How many tokens of each kind did one call use?

Providers differ in whether cache reads, cache writes and reasoning stand inside the input and output counts or
beside them, and the gateway passes on what the client's protocol says.  ``normalise`` makes disjoint kinds of them,
with one meaning for every provider; where the names do not decide, ``total`` does: what it holds beyond input and
output must be a kind that the provider counts outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

LARGEST_COUNT = 10**10
"""No call has more tokens: ten thousand times the largest prompt there is.  Sums of them stay in 64 bits."""

_CACHE_READ = ("cached_content_token_count", "cached_tokens", "cache_read_input_tokens")
_CACHE_WRITE = ("cache_write_tokens", "cache_creation_input_tokens")
_REASONING = ("thoughts_token_count", "reasoning_tokens", "thinking_tokens")
_TOOL_USE = ("tool_use_prompt_token_count",)
_AUDIO = ("audio_tokens",)
_GEMINI = frozenset({"cached_content_token_count", "thoughts_token_count", "tool_use_prompt_token_count"})
_ASKED = ("cache_creation_input_tokens", "cache_type", "cache_creation")

_USUAL_INPUT = frozenset(("cached_tokens", "audio_tokens", "text_tokens", "image_tokens"))
_USUAL_OUTPUT = frozenset(
    (
        *("reasoning_tokens", "audio_tokens", "text_tokens"),
        *("accepted_prediction_tokens", "rejected_prediction_tokens"),
    )
)
"""What OpenAI and those like it tell, and no others."""

TOTAL_DIFFERS = "total_differs"
"""Note: the reported total is not the sum of the kinds that the call reported."""
CACHE_IN_ONE = "cache_in_one"
"""Note: cache reads and writes came as one number, which is taken as reads."""
CONVERTED_CACHE = "converted_cache"
"""Note: an answer in Anthropic's shape was taken as converted by the gateway, with cache reads inside its input."""
UNLISTED_REASONING = "unlisted_reasoning"
"""Note: tokens that only the total shows were taken as reasoning."""
AUDIO = "audio"
"""Note: some of the tokens are audio, which is counted with the text."""
CUT_SHORT = "cut_short"
"""Note: the stream was cut, and these are the tokens that were told until then."""
UNKNOWN_SPLIT = "unknown_split"
"""Note: only a total is told; all of it is counted as input."""
PARTLY_TOLD = "partly_told"
"""Note: one of the counts of input and output is missing, or is no number."""
AT_LEAST = frozenset((CUT_SHORT, PARTLY_TOLD))
"""Notes that say that there may be more tokens than are told."""
IN_PART = frozenset((UNKNOWN_SPLIT, PARTLY_TOLD))
"""Notes that say that too little is told for a cost."""
NO_ANSWER = "no_answer"
"""Note: the call came to its end, and the log holds no answer, though it holds what was said."""


class Reported(NamedTuple):
    """The token counts of one call as its log line gives them; ``None`` where the line has none."""

    input: int | None = None
    output: int | None = None
    total: int | None = None
    reasoning: int | None = None
    cached: int | None = None
    input_details: Mapping[str, Any] = {}
    output_details: Mapping[str, Any] = {}


class Usage(NamedTuple):
    """The tokens of one call in disjoint kinds; their sum is everything that the call used.

    ``explicit_cache`` says that the caller asked for the cache, which some vendors bill otherwise than their own.
    """

    fresh_input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    visible_output: int = 0
    reasoning: int = 0
    explicit_cache: bool = False
    notes: tuple[str, ...] = ()

    @property
    def input_tokens(self) -> int:
        """All of the prompt: fresh, read from a cache, and written to one."""
        return self.fresh_input + self.cache_read + self.cache_write

    @property
    def output_tokens(self) -> int:
        """All that the model wrote, its reasoning included."""
        return self.visible_output + self.reasoning

    @property
    def total_tokens(self) -> int:
        """Input and output."""
        return self.input_tokens + self.output_tokens


Counts = Sequence[Optional[int]]
"""The first five fields of ``Reported``."""
Tokens = tuple[int, int, int, int, int, bool, tuple[str, ...]]
"""The fields of a ``Usage``."""
_NO_TOKENS: Tokens = (0, 0, 0, 0, 0, False, ())


def count(value: object) -> int | None:
    """A token count from a JSON value: ``10``, ``10.0`` and ``"10"`` are 10; what is no count is ``None``."""
    if type(value) is int:  # as nearly always
        return value if 0 <= value <= LARGEST_COUNT else None
    if isinstance(value, str):
        text = value.strip()
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT:
        return value
    return None


def normalise(reported: Reported, model: str | None) -> Usage:
    """The disjoint kinds of what one call reported; all zero where it reported nothing."""
    counts, inputs, outputs = reported[:5], of_input(reported.input_details), of_output(reported.output_details)
    return Usage(*sorted_out(counts, inputs, outputs, model))


class OfInput(NamedTuple):
    """What the details of a call's input say: counts, 0 where there are none, and whose names these are."""

    read: int
    written: int
    tool_use: int
    has_audio: bool
    is_anthropic: bool
    is_converted: bool
    is_gemini: bool
    explicit_cache: bool


class OfOutput(NamedTuple):
    """The same of its output."""

    reasoning: int
    has_audio: bool
    is_gemini: bool


def of_input(details: Mapping[str, Any]) -> OfInput:
    """What these details of an input say; unless the model is Claude, where they look converted they are."""
    if details.keys() <= _USUAL_INPUT:
        read, spoken = count(details.get("cached_tokens")), count(details.get("audio_tokens"))
        return OfInput(read or 0, 0, 0, bool(spoken), False, False, False, False)  # noqa: FBT003 -- of very many calls
    is_anthropic = _is_anthropic(details)
    return OfInput(
        read=_first(details, _CACHE_READ),
        written=_first(details, _CACHE_WRITE),
        tool_use=_first(details, _TOOL_USE),
        has_audio=_first(details, _AUDIO) > 0,
        is_anthropic=is_anthropic,
        is_converted=is_anthropic and _looks_converted(details),
        is_gemini=not _GEMINI.isdisjoint(details),
        explicit_cache=not is_anthropic and is_explicit_cache(details),
    )


def of_output(details: Mapping[str, Any]) -> OfOutput:
    """What these details of an output say."""
    if details.keys() <= _USUAL_OUTPUT:
        reasoning, spoken = count(details.get("reasoning_tokens")), count(details.get("audio_tokens"))
        return OfOutput(reasoning or 0, bool(spoken), False)  # noqa: FBT003 -- as above
    return OfOutput(_first(details, _REASONING), _first(details, _AUDIO) > 0, not _GEMINI.isdisjoint(details))


def sorted_out(counts: Counts, inputs: OfInput, outputs: OfOutput, model: str | None) -> Tokens:
    """The fields of the ``Usage`` of a call that reported these counts and details."""
    reported_in, reported_out, total, reasoned, cached = counts
    if reported_in is reported_out is total is None:
        return _NO_TOKENS
    read, written, tool_use, has_audio, anthropic, converted, is_gemini, is_explicit = inputs
    reasoning, is_spoken, is_geminis = outputs
    whole_in, whole_out = reported_in or 0, reported_out or 0
    read, reasoning = read or cached or 0, reasoning or reasoned or 0
    rest = 0 if total is None else total - whole_in - whole_out

    # A part cannot be larger than its whole, whatever the names say.
    notes: tuple[str, ...] = ()
    converted = converted and "claude" not in (model or "").lower()
    cache_outside = read + written > whole_in or (anthropic and not converted)
    reasoning_outside = is_gemini or is_geminis or reasoning > whole_out
    if rest > 0 and not (anthropic or cache_outside or reasoning_outside):
        reasoning_outside = rest in (reasoning, reasoning + read + written)
        cache_outside = rest != reasoning and rest in (read + written, reasoning + read + written)
        if not (reasoning_outside or cache_outside) and "gemini" in (model or "").lower() and not reasoning:
            # Converted to the OpenAI shape, thoughts are left out of everything but the total.
            reasoning, reasoning_outside = rest, True
            notes = (UNLISTED_REASONING,)

    fresh = whole_in + tool_use - (0 if cache_outside else read + written)
    visible = whole_out - (0 if reasoning_outside else reasoning)
    if total is not None and total != fresh + read + written + visible + reasoning:
        notes += (TOTAL_DIFFERS,)
    if cache_outside and not anthropic and read and not written:
        notes += (CACHE_IN_ONE,)  # Bedrock, converted to the OpenAI shape
    if converted and read and not cache_outside:
        notes += (CONVERTED_CACHE,)
    if has_audio or is_spoken:
        notes += (AUDIO,)
    return fresh, read, written, visible, reasoning, is_explicit, notes


def is_explicit_cache(inputs: Mapping[str, Any]) -> bool:
    """Whether the caller asked for the cache: Alibaba names what was written to it, if only as 0, or its type.

    Source: Alibaba Cloud Model Studio's page on context cache.
    """
    return any(name in inputs for name in _ASKED)


def _first(details: Mapping[str, Any], names: tuple[str, ...]) -> int:
    """The first count above zero under one of these names, or 0."""
    for name in names:
        if name in details:
            number = count(details[name])
            if number:
                return number
    return 0


def _is_anthropic(inputs: Mapping[str, Any]) -> bool:
    """Anthropic's shape counts cache reads and writes beside the input; the gateway makes its total of all of them."""
    return "cache_read_input_tokens" in inputs or (
        "cache_creation_input_tokens" in inputs and "cached_tokens" not in inputs
    )


def _looks_converted(inputs: Mapping[str, Any]) -> bool:
    """The gateway's own conversion of an OpenAI answer to Anthropic's shape keeps cache reads inside the input.

    It sends no ``cache_creation_input_tokens``, which is what tells the two apart.
    """
    return "cache_creation_input_tokens" not in inputs
