"""What did a call use, by its line?  Another reading of the shapes, which knows in which protocol a line was written.

Source: each vendor's description of its ``usage``, and what the gateway makes of it.  Nothing of the monitor is used here.
"""

from __future__ import annotations

import json
import re
from collections import Counter

MOST = 10**10
"""A larger number is no count of one call's tokens."""
BAD = object()


def number(value):
    """The count, None where there is none, ``BAD`` for what is none."""
    if value is None or value in ("", "-"):
        return None
    if isinstance(value, str) and re.fullmatch("[0-9]{1,19}", value.strip()):
        value = int(value)
    if isinstance(value, float) and value == value // 1:
        value = int(value)
    fine = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST
    return value if fine else BAD


def details_of(inner, side):
    """The details of the input or the output: names and counts; ``BAD`` where that is no object."""
    told = inner.get(f"{side}_token_details")
    told = json.loads(told) if isinstance(told, str) else told
    return told if isinstance(told, dict) else {} if told is None else BAD


def read(protocol, outer, inner):
    """The kinds of tokens, each disjoint from the others; or one of ``free``, ``no_tokens``, ``partly_told``."""
    given, made, total = (number(inner.get(f"{name}_token")) for name in ("input", "output", "total"))
    counted = [each for each in (given, made, total) if each is not BAD]
    if not any(counted):
        is_refused = outer["response_code"] not in ("200", "408", "499", "504")
        return Counter(free=1) if is_refused else Counter(no_tokens=1)
    inputs, outputs = details_of(inner, "input"), details_of(inner, "output")
    others = [number(inner.get(name)) for name in ("cached_tokens", "reasoning_tokens")]
    if BAD in (given, made, total, inputs, outputs, *others) or BAD in [*_flat(inputs), *_flat(outputs)]:
        return Counter(partly_told=1)
    if protocol == "embeddings":
        return Counter(fresh_input=given or total)
    if given is None or made is None:
        return Counter(partly_told=1)
    kinds = _READ[protocol](given, made, total, inputs, outputs, inner)
    # A prompt may be read from a cache to its end, beside an input of 0; a total that nothing explains is all that is told.
    is_unexplained = not (given or made) and kinds is not None and sum(kinds.values()) != total
    return Counter(partly_told=1) if kinds is None or is_unexplained or min(kinds.values()) < 0 else +kinds


def _flat(details):
    return [number(each) for value in details.values() for each in (value.values() if type(value) is dict else [value])]


def _first(details, *names):
    return next((number(details[name]) for name in names if name in details), None) or 0


def _all_inside(given, made, total, inputs, outputs, inner):
    """Caches inside the input, reasoning inside the output."""
    read_, written = _first(inputs, "prompt_cache_hit_tokens", "cached_tokens"), _first(inputs, "cache_write_tokens")
    if not read_ and "prompt_cache_miss_tokens" in inputs:
        read_ = given - _first(inputs, "prompt_cache_miss_tokens")
    written = written or _first(inputs, "cache_creation_input_tokens")
    reasoning = _first(outputs, "reasoning_tokens")
    kinds = Counter(fresh_input=given - read_ - written, cache_read=read_, cache_write=written, reasoning=reasoning)
    kinds["visible_output"] = made - reasoning
    return _with_media(kinds, given, inputs, outputs)


def _with_media(kinds, given, inputs, outputs):
    """Audio and images apart from text; what came from a cache is taken as text first."""
    audio = _first(inputs, "audio_tokens", "input_audio_tokens")
    image = _first(inputs, "image_tokens", "input_image_tokens") + _first(inputs, "video_tokens")
    heard = _first(outputs, "audio_tokens", "output_audio_tokens")
    drawn = _first(outputs, "image_tokens", "output_image_tokens")
    if audio + image > given or heard + drawn > kinds["visible_output"]:
        return None
    kinds["audio_input"] = min(audio, kinds["fresh_input"])
    kinds["image_input"] = min(image, kinds["fresh_input"] - kinds["audio_input"])
    kinds["fresh_input"] -= kinds["audio_input"] + kinds["image_input"]
    kinds.update(audio_output=heard, image_output=drawn, visible_output=-heard - drawn)
    return kinds


def _xai(given, made, total, inputs, outputs, inner):
    read_, reasoning = _first(inputs, "cached_tokens"), _first(outputs, "reasoning_tokens")
    return Counter(fresh_input=given - read_, cache_read=read_, visible_output=made, reasoning=reasoning)


def _anthropic(given, made, total, inputs, outputs, inner):
    written, reasoning = _first(inputs, "cache_creation_input_tokens"), _first(outputs, "thinking_tokens")
    kinds = Counter(fresh_input=given, cache_read=_first(inputs, "cache_read_input_tokens"), reasoning=reasoning)
    kinds["visible_output"] = made - reasoning
    lasting = inputs["cache_creation"] if type(inputs.get("cache_creation")) is dict else inputs
    five, hour = _first(lasting, "ephemeral_5m_input_tokens"), _first(lasting, "ephemeral_1h_input_tokens")
    if five or hour:
        kinds.update(cache_write_5m=five, cache_write_1h=hour, cache_write=written - five - hour)
        return kinds
    asked = {mark.get("ttl", "5m") for mark in _marks([inner.get("messages"), inner.get("system")])}
    lasts = "" if "1h" not in asked else "_1h" if asked == {"1h"} else "_mixed"
    kinds[f"cache_write{lasts}"] = written
    return kinds


def _marks(node):
    """All marks of a request, wherever they stand."""
    if isinstance(node, dict):
        yield from [node["cache_control"]] if "cache_control" in node else []
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _marks(each)


def _anthropic_converted(given, made, total, inputs, outputs, inner):
    read_ = _first(inputs, "cache_read_input_tokens")
    return Counter(fresh_input=given - read_, cache_read=read_, visible_output=made)


def _gemini(given, made, total, inputs, outputs, inner):
    read_, thoughts = _first(inputs, "cached_content_token_count"), _first(outputs, "thoughts_token_count")
    fresh = given - read_ + _first(inputs, "tool_use_prompt_token_count")
    return Counter(fresh_input=fresh, cache_read=read_, visible_output=made, reasoning=thoughts)


def _gemini_as_openai(given, made, total, inputs, outputs, inner):
    return Counter(fresh_input=given, visible_output=made, reasoning=total - given - made)


def _bedrock_lump(given, made, total, inputs, outputs, inner):
    return Counter(fresh_input=given, cache_read=_first(inputs, "cached_tokens"), visible_output=made)


_READ = {
    **dict.fromkeys(("openai_chat", "openai_responses", "openai_media", "qwen_implicit"), _all_inside),
    **dict.fromkeys(("qwen_explicit", "deepseek", "too_large_part", "bad_counts", "total_only"), _all_inside),
    "xai": _xai,
    "anthropic": _anthropic,
    "anthropic_converted": _anthropic_converted,
    "gemini": _gemini,
    "gemini_as_openai": _gemini_as_openai,
    "bedrock_lump": _bedrock_lump,
}
