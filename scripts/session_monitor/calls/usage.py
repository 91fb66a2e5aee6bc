"""How many tokens of each kind did one call use?

Providers differ in whether cache reads, cache writes and reasoning stand inside the input and output counts or
beside them, and the gateway passes on what the client's protocol says.  ``normalise`` makes disjoint kinds of them,
with one meaning for every provider; where the names do not decide, ``total`` does: what it holds beyond input and
output must be a kind that the provider counts outside.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Optional

LARGEST_COUNT = 10**10
"""No call has more tokens: ten thousand times the largest prompt there is.  Sums of them stay in 64 bits."""

_CACHE_READ = ("cached_content_token_count", "cached_tokens", "cache_read_input_tokens", "prompt_cache_hit_tokens")
_CACHE_MISSED = "prompt_cache_miss_tokens"
_CACHE_WRITE = ("cache_write_tokens", "cache_creation_input_tokens")
_WRITE_5M, _WRITE_1H = "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"
_REASONING = ("thoughts_token_count", "reasoning_tokens", "thinking_tokens")
_TOOL_USE = ("tool_use_prompt_token_count",)
_AUDIO_IN, _AUDIO_OUT = ("audio_tokens", "input_audio_tokens"), ("audio_tokens", "output_audio_tokens")
_IMAGE_IN, _IMAGE_OUT = ("image_tokens", "input_image_tokens"), ("image_tokens", "output_image_tokens")
_VIDEO = ("video_tokens",)
_GEMINI = frozenset({"cached_content_token_count", "thoughts_token_count", "tool_use_prompt_token_count"})
_ASKED = ("cache_creation_input_tokens", "cache_type", "cache_creation")
_OF_WRITES = ("cache_creation_input_tokens", _WRITE_5M, _WRITE_1H)
CACHE_NAMES = frozenset((*_CACHE_READ, _CACHE_MISSED, *_CACHE_WRITE, *_OF_WRITES, *_ASKED, *_GEMINI))
"""What stands in the details of an input where a cache is told of; Gemini leaves out a count that is 0."""

_INPUT = frozenset(
    (*_CACHE_READ, _CACHE_MISSED, *_CACHE_WRITE, _WRITE_5M, _WRITE_1H, *_TOOL_USE, *_AUDIO_IN, *_IMAGE_IN, *_VIDEO)
)
_OUTPUT = frozenset((*_REASONING, *_AUDIO_OUT, *_IMAGE_OUT, *_VIDEO))
"""The names of counts that are read."""
_USUAL_INPUT = frozenset(("cached_tokens", "audio_tokens", "text_tokens"))
_USUAL_OUTPUT = frozenset(
    (
        *("reasoning_tokens", "audio_tokens", "text_tokens"),
        *("accepted_prediction_tokens", "rejected_prediction_tokens"),
    )
)
"""What OpenAI and those like it tell, and no others."""
_UNTOLD = (None, "", "-")
"""How it is written that there is no count."""
HOUR, FIVE_MINUTES = "1h", "5m"
"""For how long a cache keeps what is written to it, in the words of Anthropic's ``ttl``."""

TOTAL_DIFFERS = "total_differs"
"""Note: the reported total is not the sum of the kinds that the call reported."""
CACHE_IN_ONE = "cache_in_one"
"""Note: cache reads and writes came as one number, which is taken as reads."""
CONVERTED_CACHE = "converted_cache"
"""Note: an answer in Anthropic's shape was taken as converted by the gateway, with cache reads inside its input."""
OPEN_CACHE = (CONVERTED_CACHE, CACHE_IN_ONE)
"""Notes of calls whose cache can be read in another way as well; the price depends on which."""
UNLISTED_REASONING = "unlisted_reasoning"
"""Note: tokens that only the total shows were taken as reasoning."""
CUT_SHORT = "cut_short"
"""Note: the stream was cut, and these are the tokens that were told until then."""
UNKNOWN_SPLIT = "unknown_split"
"""Note: only a total is told; all of it is counted as input."""
PARTLY_TOLD = "partly_told"
"""Note: one of the counts of input and output is missing, or is no number."""
AT_LEAST = frozenset((CUT_SHORT, PARTLY_TOLD))
"""Notes that say that there may be more tokens than are told."""
UNCLEAR_COUNTS = "unclear_counts"
"""Note: the total or a count of a part is no number, or a part is larger than what it is a part of."""
IN_PART = frozenset((UNKNOWN_SPLIT, PARTLY_TOLD, UNCLEAR_COUNTS))
"""Notes that say that too little is told for a cost."""
NO_ANSWER = "no_answer"
"""Note: the call came to its end, and the log holds no answer, though it holds what was said."""


class Reported(NamedTuple):
    """The token counts of one call as its log line gives them; ``None`` where the line has none.

    Details are ``None`` where what stands there is none.
    """

    input: int | None = None
    output: int | None = None
    total: int | None = None
    reasoning: int | None = None
    cached: int | None = None
    input_details: Mapping[str, Any] | None = {}
    output_details: Mapping[str, Any] | None = {}


class TokenParts(NamedTuple):
    """Tokens of a call that some vendors bill otherwise than the kind that they are a part of, which few calls have.

    Audio and images (videos with them: who bills either apart from text bills both alike) are a part of the fresh input
    and of the visible output, the others of the cache writes.  ``cache_write_mixed`` is kept for five minutes or for an
    hour: the call asked for both.  Of what is written beyond these three it is not told for how long.
    """

    audio_input: int = 0
    image_input: int = 0
    audio_output: int = 0
    image_output: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_write_mixed: int = 0

    @property
    def written(self) -> int:
        """Cache writes of which it is told for how long."""
        return self.cache_write_5m + self.cache_write_1h + self.cache_write_mixed

    def stored(self) -> dict[str, int]:
        """Those that are there, as they stand in a round."""
        return {word: number for word, number in zip(PART_WORDS, self) if number}


PART_WORDS = tuple(f"{name}_tokens" for name in TokenParts._fields)
"""The words of a stored round for ``TokenParts``."""
_PART_WORDS = frozenset(PART_WORDS)


def parts_of(stored: Mapping[str, Any]) -> TokenParts | None:
    """The parts among what is stored of a call."""
    if _PART_WORDS.isdisjoint(stored):  # as of nearly all
        return None
    return TokenParts(*(stored.get(word, 0) for word in PART_WORDS))


def open_cache_of(stored: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of ``OPEN_CACHE`` that are told of a stored round; earlier versions told them among its notes alone."""
    noted = stored.get("token_notes", ())
    return tuple([note for note in OPEN_CACHE if note in stored or note in noted])


def is_cache_untold(stored: Mapping[str, Any]) -> bool:
    """Whether a stored round tells a prompt, and not what of it came from a cache; earlier versions kept the counts alone."""
    if "cache_untold" in stored or stored["cached_tokens"] or not stored["input_tokens"]:
        return "cache_untold" in stored
    return not tells_cache(stored["reported"].get("cached_tokens"), stored["input_token_details"])


class Usage(NamedTuple):
    """The tokens of one call in disjoint kinds; their sum is everything that the call used.

    ``explicit_cache`` says that the caller asked for the cache, which some vendors bill otherwise than their own;
    ``parts`` is None where there are none.
    """

    fresh_input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    visible_output: int = 0
    reasoning: int = 0
    explicit_cache: bool = False
    parts: TokenParts | None = None
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
Tokens = tuple[int, int, int, int, int, bool, Optional[TokenParts], tuple[str, ...]]
"""The fields of a ``Usage``."""
_NO_TOKENS: Tokens = (0, 0, 0, 0, 0, False, None, ())


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


def tells_cache(cached: int | None, inputs: Mapping[str, Any] | None) -> bool:
    """Whether it is told how much of a prompt came from a cache, by its count or by the details of the input."""
    told = (name for name, value in (inputs or {}).items() if value not in _UNTOLD)
    return cached is not None or not CACHE_NAMES.isdisjoint(told)


def is_bad(value: object) -> bool:
    """Whether this stands where a count should, and is none."""
    return not (isinstance(value, str) and value in _UNTOLD) and value is not None and count(value) is None


def normalise(reported: Reported, model: str | None) -> Usage:
    """The disjoint kinds of what one call reported; all zero where it reported nothing."""
    counts, inputs, outputs = reported[:5], of_input(reported.input_details), of_output(reported.output_details)
    return Usage(*sorted_out(counts, inputs, outputs, model))


class OddDetails(NamedTuple):
    """What few details say: parts, how much was not in the cache, and whether one of the counts is none."""

    parts: TokenParts = TokenParts()
    missed: int | None = None
    is_bad: bool = False


class OfInput(NamedTuple):
    """What the details of a call's input say: counts, 0 where there are none, and whose names these are."""

    read: int
    written: int
    tool_use: int
    odd: OddDetails | None
    is_anthropic: bool
    is_converted: bool
    is_gemini: bool
    explicit_cache: bool


class OfOutput(NamedTuple):
    """The same of its output."""

    reasoning: int
    odd: OddDetails | None
    is_gemini: bool


_NOTHING_ODD = OddDetails()
_UNREADABLE = OddDetails(is_bad=True)


def of_input(details: Mapping[str, Any] | None) -> OfInput:
    """What these details of an input say, which are None where they are none."""
    if details is None:
        return OfInput(0, 0, 0, _UNREADABLE, False, False, False, False)  # noqa: FBT003 -- as of very many calls
    if details.keys() <= _USUAL_INPUT and not details.get("audio_tokens"):
        read = count(details.get("cached_tokens", 0))
        if read is not None:
            return OfInput(read, 0, 0, None, False, False, False, False)  # noqa: FBT003 -- of very many calls
    is_anthropic = _is_anthropic(details)
    nested = details.get("cache_creation")
    lasting = nested if isinstance(nested, dict) else details
    five, hour = _first(lasting, (_WRITE_5M,)), _first(lasting, (_WRITE_1H,))
    audio, image = _first(details, _AUDIO_IN), _first(details, _IMAGE_IN) + _first(details, _VIDEO)
    odd = OddDetails(
        parts=TokenParts(audio_input=audio, image_input=image, cache_write_5m=five, cache_write_1h=hour),
        missed=None if any(name in details for name in _CACHE_READ) else count(details.get(_CACHE_MISSED)),
        is_bad=_has_bad(details, _INPUT) or _has_bad(lasting, _INPUT),
    )
    return OfInput(
        read=_first(details, _CACHE_READ),
        written=_first(details, _CACHE_WRITE) or five + hour,
        tool_use=_first(details, _TOOL_USE),
        odd=None if odd == _NOTHING_ODD else odd,
        is_anthropic=is_anthropic,
        is_converted=is_anthropic and _looks_converted(details),
        is_gemini=not _GEMINI.isdisjoint(details),
        explicit_cache=not is_anthropic and is_explicit_cache(details),
    )


def of_output(details: Mapping[str, Any] | None) -> OfOutput:
    """What these details of an output say, which are None where they are none."""
    if details is None:
        return OfOutput(0, _UNREADABLE, False)  # noqa: FBT003 -- as above
    if details.keys() <= _USUAL_OUTPUT and not details.get("audio_tokens"):
        reasoning = count(details.get("reasoning_tokens", 0))
        if reasoning is not None:
            return OfOutput(reasoning, None, False)  # noqa: FBT003 -- as above
    audio, image = _first(details, _AUDIO_OUT), _first(details, _IMAGE_OUT) + _first(details, _VIDEO)
    odd = OddDetails(TokenParts(audio_output=audio, image_output=image), is_bad=_has_bad(details, _OUTPUT))
    return OfOutput(
        reasoning=_first(details, _REASONING),
        odd=None if odd == _NOTHING_ODD else odd,
        is_gemini=not _GEMINI.isdisjoint(details),
    )


def _has_bad(details: Mapping[str, Any], names: frozenset[str]) -> bool:
    return any(name in names and is_bad(value) for name, value in details.items())


def sorted_out(counts: Counts, inputs: OfInput, outputs: OfOutput, model: str | None) -> Tokens:
    """The fields of the ``Usage`` of a call that reported these counts and details."""
    reported_in, reported_out, total, reasoned, cached = counts
    if reported_in is reported_out is total is None:
        return _NO_TOKENS
    read, written, tool_use, odd, anthropic, converted, is_gemini, is_explicit = inputs
    reasoning, odd_output, is_geminis = outputs
    whole_in, whole_out = reported_in or 0, reported_out or 0
    read, reasoning = read or cached or 0, reasoning or reasoned or 0
    if odd and odd.missed is not None and not read:
        read = max(0, whole_in - odd.missed)
    rest = 0 if total is None else total - whole_in - whole_out

    # A part cannot be larger than its whole, whatever the names say.
    notes: tuple[str, ...] = ()
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
    is_unclear = False
    if total is not None and total != fresh + read + written + visible + reasoning:
        notes += (TOTAL_DIFFERS,)
        is_unclear = read + written > whole_in and not anthropic  # neither inside nor, by the total, beside it
    if cache_outside and not anthropic and read and not written:
        notes += (CACHE_IN_ONE,)  # Bedrock, converted to the OpenAI shape
    if converted and read and not cache_outside:
        notes += (CONVERTED_CACHE,)
    parts = None
    if odd or odd_output:
        odd, odd_output = odd or _NOTHING_ODD, odd_output or _NOTHING_ODD
        parts = _joined(odd.parts, odd_output.parts, fresh)
        are_clear = _are_parts(odd.parts, odd_output.parts, (fresh + read + written, written, visible))
        is_unclear = is_unclear or odd.is_bad or odd_output.is_bad or not are_clear
    if is_unclear:
        notes += (UNCLEAR_COUNTS,)
    return fresh, read, written, visible, reasoning, is_explicit, parts, notes


_NO_PARTS = TokenParts()


def _joined(inputs: TokenParts, outputs: TokenParts, fresh: int) -> TokenParts | None:
    """The parts of both sides; where some of the prompt came from a cache, as if that were its text first."""
    audio = min(inputs.audio_input, fresh)
    image = min(inputs.image_input, fresh - audio)
    of_output = {"audio_output": outputs.audio_output, "image_output": outputs.image_output}
    parts = inputs._replace(audio_input=audio, image_input=image, **of_output)
    return parts if any(parts) else None


def _are_parts(inputs: TokenParts, outputs: TokenParts, wholes: tuple[int, int, int]) -> bool:
    """Whether none is larger than what it is a part of: the prompt, the cache writes, and the visible output."""
    prompt, written, visible = wholes
    is_in_prompt = inputs.audio_input + inputs.image_input <= prompt and inputs.written <= written
    return is_in_prompt and outputs.audio_output + outputs.image_output <= visible


def with_lifetimes(used: Usage, lifetimes: Collection[str]) -> Usage:
    """The same of a call that asked for caches of these lifetimes, where its counts do not tell of which."""
    parts = used.parts or _NO_PARTS
    if HOUR not in lifetimes or not used.cache_write or parts.written:
        return used
    kept = "cache_write_1h" if len(lifetimes) == 1 else "cache_write_mixed"
    return used._replace(parts=parts._replace(**{kept: used.cache_write}))


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
        "cached_tokens" not in inputs and any(name in inputs for name in _OF_WRITES)
    )


def _looks_converted(inputs: Mapping[str, Any]) -> bool:
    """The gateway's own conversion of an OpenAI answer to Anthropic's shape keeps cache reads inside the input.

    It sends no ``cache_creation_input_tokens``, which is what tells the two apart.
    """
    return not any(name in inputs for name in (*_OF_WRITES, "cache_creation"))
