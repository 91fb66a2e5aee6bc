"""A log of calls by all protocols, to all sellers, with all kinds of tokens, at the days and hours where prices change.

The models are those of the price list; what is at stake is made often: sizes at the limits of tiers, times at the edges
of rows and windows, names in the form of one seller that went over another's cluster.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from . import shapes

ROUNDS = 40
"""Calls of a session, which come one behind the other."""

_PLAIN = ("gateway-a", "x", "prod-7")
_NAMES = {
    "azure": ("azure/{}", "azure_ai/{}", "azure/eu/{}"),
    "vertex": ("vertex_ai/{}", "{}@default", "{}-maas", "projects/p/locations/l/publishers/google/models/{}"),
    "bedrock": ("bedrock/{}", "bedrock/eu-west-1/{}", "bedrock_converse/{}"),
    "fireworks": ("accounts/fireworks/models/{}", "fireworks_ai/{}", "accounts/{publisher}/models/{}"),
    "openrouter": ("openrouter/{publisher}/{}", "openrouter/~{publisher}/{}", "{publisher}/{}"),
    "cloudflare": ("@cf/{publisher}/{}", "cloudflare/{}"),
    "siliconflow": ("Pro/{publisher}/{}", "siliconflow/{publisher}/{}"),
    "together": ("together_ai/{publisher}/{}", "together/{publisher}/{}"),
    **{word: (word + "/{}",) for word in ("groq", "cerebras", "deepinfra", "novita", "nebius", "sambanova")},
    **{
        word: (word + "/{}",)
        for word in ("dashscope", "volcengine", "perplexity", "tencent", "replicate", "hyperbolic")
    },
    **{word: (word + "/{}",) for word in ("github", "huggingface", "databricks", "moonshot", "xai", "zai", "gemini")},
    "own_machine": ("ollama/{}", "/models/{}", "./{}", "vllm/{}", "file:{}", "~/{}", "LocalAI/{}"),
    "plain": ("{}", "models/{}", "{}-20291231", "{}-latest", "{}-preview", "{}:thinking", " {} "),
}
"""How a model's name looks at a seller, or where one calls it by its own name."""


class Made(NamedTuple):
    """A call of the log: its line, the protocol that it is written in, and what was meant by its counts."""

    line: str
    protocol: str
    kinds: dict[str, int]


def calls(rng, document, number):
    """So many calls, the first half without content and in one form, as most gateways write them."""
    models, words = _by_vendor(document["models"]), _words(document)
    for n in range(number):
        model = rng.choice(models[rng.choice(list(models))])
        name, cluster, route = _way(rng, model, words, document["publishers"])
        shape = _shape(rng, name)
        shaped = shape(rng, _prompt(rng, model))
        if shape is not shapes.embeddings and rng.random() < 0.01:
            name = rng.choice(["", "UNKNOWN", "-"])
        is_plain = n < number // 2 and rng.random() < 0.7 and shape not in shapes.UNTOLD
        inner = {
            "session_id": f"s{n // ROUNDS:05}",
            "model": name,
            **(_plain(shaped.attributes) if is_plain else shaped.attributes),
            "response_type": rng.choice(["normal", "stream"]),
            "llm_service_duration": rng.randint(1, 9999),
        }
        if n >= number // 2 or shaped.marks:
            inner.update(_content(rng, shaped.marks))
        outer = {
            "method": "POST",
            "path": shaped.path,
            "start_time": _time(rng, model),
            "response_code": rng.choice(["401", "429", "503"]) if shape is shapes.refused else "200",
            "response_flags": "-",
            "route_name": route or "-",
            "upstream_cluster": cluster or "-",
        }
        yield Made(_line(inner, outer, is_text=is_plain or rng.random() < 0.8), shape.__name__, shaped.kinds)


def _by_vendor(models):
    """The models of each vendor, those under a seller's key apart: each gets as many calls as the others."""
    found = defaultdict(list)
    for key, entry in models.items():
        found[entry["vendor"], "/" in key].append(entry)
    # What is seldom, but prices depend on more for them, comes as often as a vendor's whole list.
    for what in ("windows", "tiers", "audio_input", "image_output", "reasoning", "from"):
        found[what] = [each for each in models.values() if any(row.get(what) for row in each["prices"])]
    return found


def _words(document):
    """The words of each seller."""
    table = {"own_machine": document["own_machine"], **document["resellers"], **document["makers"]}
    return [each["words"] for each in table.values()]


def _way(rng, model, words, publishers):
    """A name of the model, and the cluster and the route that its call goes over."""
    name = model["names"][0]
    if rng.random() < 0.4:
        bare = name.rsplit("/", 1)[-1] if rng.random() < 0.8 else name
        publisher = rng.choice([*publishers.get(model["vendor"], ()), rng.choice(list(publishers)), "somebody"])
        name = rng.choice(rng.choice(list(_NAMES.values()))).format(bare, publisher=publisher)
    name = rng.choice([name, name, name, name.upper(), name.replace("/", "%2F")])
    if rng.random() < 0.01:
        name = f"no-such-model-{rng.randint(1, 9)}"
    word, other = rng.choice([model["vendor"]] * 3 + [rng.choice(rng.choice(words))]), rng.choice(rng.choice(words))
    clusters = [None, rng.choice(_PLAIN), rng.choice(_PLAIN), word, word, f"{word}-prod", f"my.{word}_{other}"]
    cluster = rng.choice(clusters)
    route = rng.choice([None, None, f"ai-route-{rng.choice(_PLAIN)}", f"ai-route-{word}", f"{other}-v2"])
    return name, cluster and f"outbound|443||llm-{cluster}.internal.dns", route


def _shape(rng, name):
    chosen = rng.choice(rng.choices([shapes.ORDINARY, shapes.CONVERTED, shapes.UNTOLD], [12, 7, 2])[0])
    if chosen is shapes.gemini_as_openai and "gemini" not in name.lower():
        return shapes.openai_chat
    if "gemini" in name.lower() and rng.random() < 0.1:
        return shapes.gemini_as_openai
    has_input_alone = "embed" in name.lower() or "rerank" in name.lower()
    return shapes.embeddings if chosen is shapes.total_only and has_input_alone else chosen


def _prompt(rng, model):
    limits = [tier["above"] for row in model["prices"] for tier in row.get("tiers", [])]
    if limits and rng.random() < 0.7:
        return max(1, rng.choice(limits) + rng.choice([-1, 0, 1, rng.randint(-999, 99_999)]))
    return int(10 ** rng.uniform(0, 5.6))


def _time(rng, model):
    """A moment where the model's price may be another than just before, in any zone's words; or none."""
    if rng.random() < 0.02:
        return "-"
    row = rng.choice(model["prices"])
    day = row["from"] or f"{rng.randint(2024, 2026)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    moment = datetime.fromisoformat(day + "T00:00:00+00:00") + timedelta(days=rng.choice([-1, 0, 0, 1, 2, 3, 9]))
    edges = [time for window in row.get("windows", []) for time in window["utc"]] or [f"{rng.randint(0, 23):02}:00"]
    hours, minutes = map(int, rng.choice(edges).split(":"))
    moment += timedelta(hours=hours, minutes=minutes, milliseconds=rng.choice([-1, 0, 1, rng.randint(0, 10**7)]))
    zone = timezone(timedelta(hours=rng.choice([0, 0, 0, 8, -7])))
    return moment.astimezone(zone).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _content(rng, marks):
    """What was said, with the marks of caches in it or in ``system``; each message another, so that none is left out."""
    parts: list[Any] = [{"type": "text", "text": f"q{rng.random()}"} for _ in range(len(marks) + 1)]
    holders = [{"type": "text", "text": "You are helpful."} for _ in marks]
    for place, ttl in enumerate(marks):
        mark = {"type": "ephemeral", **({"ttl": ttl} if ttl == "1h" or rng.random() < 0.5 else {})}
        rng.choice([parts, holders])[place]["cache_control"] = mark
    content = {"messages": [{"role": "user", "content": parts}], "answer": "a"}
    return {**content, "system": holders} if holders else content


def _plain(attributes):
    """Counts as the gateway's plugin mostly writes them, as numbers: lines of that form are read without being decoded."""
    return {name: int(each) if isinstance(each, (str, float)) else each for name, each in attributes.items()}


def _line(inner, outer, *, is_text):
    for side in ("input_token_details", "output_token_details"):
        if is_text and isinstance(inner.get(side), dict):
            inner[side] = json.dumps(inner[side], separators=(",", ":"))
    text = json.dumps(dict(sorted(inner.items())), separators=(",", ":"))
    return json.dumps({"ai_log": text, **outer}, separators=(",", ":"))
