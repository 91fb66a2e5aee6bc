"""How does each protocol write the tokens of a call into a line of the log?

What a call used is made up first, in disjoint kinds; a shape then writes it as the vendor reports it and as the gateway
passes that on.  ``reading`` goes the other way, and must find what was made up.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

CHAT, RESPONSES, MESSAGES, EMBEDDINGS = "/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings"
GEMINI = "/v1beta/models/x:generateContent"


class Shaped(NamedTuple):
    """The attributes of a line that count tokens, what they mean, and how the request stood."""

    attributes: dict[str, Any]
    kinds: Counter
    path: str = CHAT
    marks: tuple[str, ...] = ()
    """For how long the request asks caches to last: ``5m``, ``1h``; written into its messages or its ``system``."""
    explicit: bool = False


def split(rng, whole, parts):
    """A number in so many parts, each of which may be 0."""
    cuts = sorted(rng.randint(0, whole) if rng.random() < 0.8 else 0 for _ in range(parts - 1))
    return [end - start for start, end in zip([0, *cuts], [*cuts, whole])]


def _written(rng, shown):
    """A count as it may stand there: a number, a text of one, or one with a point."""
    return rng.choice([shown] * 8 + [str(shown), float(shown)])


def _attributes(rng, given, made, total, inputs, outputs):
    told = {"input_token": given, "output_token": made, "total_token": total}
    told = {name: _written(rng, value) if value is not None else None for name, value in told.items()}
    # Two that the gateway copies out of the details, where they have these very names.
    told["cached_tokens"] = (inputs or {}).get("cached_tokens")
    told["reasoning_tokens"] = (outputs or {}).get("reasoning_tokens")
    return {**told, "input_token_details": inputs or None, "output_token_details": outputs or None}


def _sizes(rng, prompt):
    return prompt, rng.choice([0, 1, 7, rng.randint(1, 30_000)])


def openai_chat(rng, prompt):
    """Caches lie inside the input, reasoning inside the output; audio is a part of either."""
    given, made = _sizes(rng, prompt)
    read, written, fresh = split(rng, given, 3)
    reasoning, visible = split(rng, made, 2)
    inputs, outputs = {"cached_tokens": read}, {"reasoning_tokens": reasoning}
    if written:
        inputs["cache_write_tokens"] = written
    if rng.random() < 0.5:
        inputs["audio_tokens"], outputs["audio_tokens"] = 0, 0
        outputs.update(accepted_prediction_tokens=0, rejected_prediction_tokens=3)
    kinds = Counter(
        fresh_input=fresh, cache_read=read, cache_write=written, visible_output=visible, reasoning=reasoning
    )
    return Shaped(_attributes(rng, given, made, given + made, inputs, outputs), kinds)


def openai_responses(rng, prompt):
    """The same counts, at another path; the audio of a chat is not there."""
    return openai_chat(rng, prompt)._replace(path=RESPONSES)


def openai_media(rng, prompt):
    """Audio and images are a part of the prompt and of the answer; what came from a cache was text as far as it can."""
    given, made = _sizes(rng, prompt)
    read, fresh = split(rng, given, 2)
    audio, image, _ = split(rng, given, 3)
    reasoning, visible = split(rng, made, 2)
    heard, drawn, said = split(rng, visible, 3)
    names = rng.choice([("audio_tokens", "image_tokens"), ("input_audio_tokens", "input_image_tokens")])
    inputs = {"cached_tokens": read, names[0]: audio, names[1]: image, "text_tokens": given - audio - image}
    if rng.random() < 0.2:  # a video counts as images do
        film = rng.randint(0, image)
        inputs.update({names[1]: image - film, "video_tokens": film})
    outputs = {"reasoning_tokens": reasoning, names[0].replace("input", "output"): heard}
    outputs[names[1].replace("input", "output")] = drawn
    audio = min(audio, fresh)
    image = min(image, fresh - audio)
    kinds = Counter(audio_input=audio, image_input=image, fresh_input=fresh - audio - image, cache_read=read)
    kinds.update(audio_output=heard, image_output=drawn, visible_output=said, reasoning=reasoning)
    return Shaped(_attributes(rng, given, made, given + made, inputs, outputs), kinds)


def qwen_implicit(rng, prompt):
    """Alibaba's own cache: what was read lies inside the input."""
    given, made = _sizes(rng, prompt)
    read, fresh = split(rng, given, 2)
    reasoning, visible = split(rng, made, 2)
    kinds = Counter(fresh_input=fresh, cache_read=read, visible_output=visible, reasoning=reasoning)
    outputs = {"reasoning_tokens": reasoning} if reasoning else None
    return Shaped(_attributes(rng, given, made, given + made, {"cached_tokens": read}, outputs), kinds)


def qwen_explicit(rng, prompt):
    """A cache that the caller asked for: reads and writes lie inside; its names say so, if only with 0."""
    given, made = _sizes(rng, prompt)
    read, written, fresh = split(rng, given, 3)
    inputs = {"cached_tokens": read, "cache_creation_input_tokens": written, "cache_type": 0, "cache_creation": 0}
    if not written and rng.random() < 0.5:
        inputs = {"cached_tokens": read, "cache_type": 0}
    kinds = Counter(fresh_input=fresh, cache_read=read, cache_write=written, visible_output=made)
    return Shaped(_attributes(rng, given, made, given + made, inputs, None), kinds, explicit=True)


def deepseek(rng, prompt):
    """Its own names, beside or instead of OpenAI's; or only what the cache did not have."""
    given, made = _sizes(rng, prompt)
    read, fresh = split(rng, given, 2)
    reasoning, visible = split(rng, made, 2)
    inputs = {"prompt_cache_hit_tokens": read, "prompt_cache_miss_tokens": fresh}
    inputs = rng.choice([inputs, {**inputs, "cached_tokens": read}, {"prompt_cache_miss_tokens": fresh}])
    kinds = Counter(fresh_input=fresh, cache_read=read, visible_output=visible, reasoning=reasoning)
    outputs = {"reasoning_tokens": reasoning}
    return Shaped(_attributes(rng, given, made, given + made, inputs, outputs), kinds)


def xai(rng, prompt):
    """Reasoning lies beside the output, and the total holds it."""
    given, made = _sizes(rng, prompt)
    read, fresh = split(rng, given, 2)
    reasoning = rng.randint(0, 20_000)
    kinds = Counter(fresh_input=fresh, cache_read=read, visible_output=made, reasoning=reasoning)
    outputs = {"reasoning_tokens": reasoning}
    return Shaped(_attributes(rng, given, made, given + made + reasoning, {"cached_tokens": read}, outputs), kinds)


def anthropic(rng, prompt):
    """Reads and writes lie beside the input; how long a write lasts is told by counts, by the request, or by nothing."""
    _, made = _sizes(rng, prompt)
    read, written, fresh = split(rng, prompt, 3)
    reasoning, visible = split(rng, made, 2)
    inputs = {"cache_read_input_tokens": read, "cache_creation_input_tokens": written}
    told, marks = rng.choice(["counts", "nested", "request", "nothing"]), ()
    lasting = Counter(cache_write=written)
    if told in ("counts", "nested"):
        five, hour = split(rng, written, 2)
        counts = {"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": hour}
        inputs.update(counts if told == "counts" else {"cache_creation": counts})
        lasting = Counter(cache_write_5m=five, cache_write_1h=hour)
    elif told == "request":
        marks = rng.choice([("1h",), ("5m",), ("5m", "1h")])
        if "1h" in marks:
            lasting = Counter({"cache_write_1h" if marks == ("1h",) else "cache_write_mixed": written})
    outputs = {"thinking_tokens": reasoning} if reasoning else None
    kinds = lasting + Counter(fresh_input=fresh, cache_read=read, visible_output=visible, reasoning=reasoning)
    told_counts = _attributes(rng, fresh, made, prompt + made, inputs, outputs)
    return Shaped(told_counts, kinds, MESSAGES, marks)


def anthropic_converted(rng, prompt):
    """Made of an answer in OpenAI's shape by the gateway: the cache lies inside, and nothing is said of writes."""
    given, made = _sizes(rng, prompt)
    read, fresh = split(rng, given, 2)
    kinds = Counter(fresh_input=fresh, cache_read=read, visible_output=made)
    inputs, total = {"cache_read_input_tokens": read}, given + made + rng.choice([0, read])
    return Shaped(_attributes(rng, given, made, total, inputs, None), kinds, MESSAGES)


def gemini(rng, prompt):
    """Thoughts lie beside the output, what tools brought beside the input, the cache inside it."""
    _, made = _sizes(rng, prompt)
    tools, given = split(rng, prompt, 2)
    read, fresh = split(rng, given, 2)
    thoughts = rng.choice([0, rng.randint(1, 20_000)])
    inputs = {"cached_content_token_count": read, "tool_use_prompt_token_count": tools}
    outputs = {"thoughts_token_count": thoughts}
    kinds = Counter(fresh_input=fresh + tools, cache_read=read, visible_output=made, reasoning=thoughts)
    return Shaped(_attributes(rng, given, made, prompt + made + thoughts, inputs, outputs), kinds, GEMINI)


def gemini_as_openai(rng, prompt):
    """Converted by the gateway, which leaves thoughts out of everything but the total."""
    given, made = _sizes(rng, prompt)
    thoughts = rng.randint(1, 20_000)
    kinds = Counter(fresh_input=given, visible_output=made, reasoning=thoughts)
    return Shaped(_attributes(rng, given, made, given + made + thoughts, None, None), kinds)


def bedrock_lump(rng, prompt):
    """Converted by the gateway: reads and writes are one number, beside the input; all of it is taken as read."""
    given, made = _sizes(rng, prompt)
    lump, fresh = split(rng, given, 2)
    kinds = Counter(fresh_input=fresh, cache_read=lump, visible_output=made)
    return Shaped(_attributes(rng, fresh, made, given + made, {"cached_tokens": lump}, None), kinds)


def embeddings(rng, prompt):
    """All tokens are input; the output is 0, null, or not there, and the input may stand in the total alone."""
    counts = rng.choice([(prompt, 0, prompt), (prompt, None, prompt), (None, None, prompt)])
    told = {key: value for key, value in _attributes(rng, *counts, None, None).items() if value is not None}
    return Shaped(told, Counter(fresh_input=prompt), EMBEDDINGS)


_BAD = ("1,000", "many", -5, 10.5, 10**11, True, [1])


def bad_counts(rng, prompt):
    """Something stands where a count should: too little is known for a cost."""
    given, made = max(prompt, 1), rng.randint(1, 900)
    told = _attributes(rng, given, made, given + made, {"cached_tokens": 1}, {"reasoning_tokens": 1})
    place, bad = rng.choice([*told]), rng.choice(_BAD)
    if place.endswith("details"):
        bad = rng.choice([dict.fromkeys(told[place], bad), [1], "[1]", 7])
    elif place in ("input_token", "output_token") and rng.random() < 0.4:
        bad = None
    told[place] = bad
    return Shaped(told, Counter(partly_told=1))


def total_only(rng, prompt):
    """A total alone says nothing of what was written."""
    total = rng.choice([None, 0])
    told = _attributes(rng, total, total, max(prompt, 1), None, None)
    return Shaped(told, Counter(partly_told=1))


def too_large_part(rng, prompt):
    """A part that is larger than its whole, and that no total explains."""
    given, made = max(prompt, 1), rng.randint(1, 900)
    told = _attributes(rng, given, made, given + made, {"cached_tokens": given + rng.randint(1, 99)}, None)
    if rng.random() < 0.5:
        told = _attributes(rng, given, made, given + made, {"audio_tokens": given + 5}, None)
    elif rng.random() < 0.5:
        told = _attributes(rng, given, made, given + made, None, {"audio_tokens": made + 5})
    return Shaped(told, Counter(partly_told=1))


def nothing(rng, prompt):
    """Zeros are how the gateway writes that nobody told it; nulls say the same."""
    counts = rng.choice([(0, 0, 0), (None, None, None), (0, 0, None)])
    return Shaped(_attributes(rng, *counts, None, None), Counter(no_tokens=1))


def refused(rng, prompt):
    """Refused before it used anything: it costs nothing."""
    return nothing(rng, prompt)._replace(kinds=Counter(free=1))


ORDINARY = (openai_chat, openai_responses, openai_media, qwen_implicit, deepseek, xai, anthropic, gemini)
CONVERTED = (qwen_explicit, anthropic_converted, bedrock_lump, embeddings, gemini_as_openai)
UNTOLD = (bad_counts, total_only, too_large_part, nothing, refused)
