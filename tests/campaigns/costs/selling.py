"""Whose price holds for a call?  Another reading of names, clusters and routes, and of the price list's text.

Which words of clusters are whose is read from ``sellers.json``; what names look like at each seller is written down here
once more, from the sellers' own documentation.  Nothing of the monitor is used here.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

OWN = ("ollama", "ollama_chat", "vllm", "hosted_vllm", "local", "localai", "lmstudio", "lm-studio", "lm_studio")
OWN = (*OWN, "llamacpp", "llama.cpp", "llama-cpp", "llama_cpp", "sglang", "xinference", "mlx")
FIRST_WORDS = {
    **dict.fromkeys(("azure", "azure_ai", "azure_text"), "azure"),
    **dict.fromkeys(("bedrock", "bedrock_converse", "bedrock_mantle"), "bedrock"),
    **dict.fromkeys(("vertex_ai", "vertex", "vertexai"), "vertex"),
    **dict.fromkeys(("fireworks_ai", "fireworks"), "fireworks"),
    **dict.fromkeys(("together_ai", "together", "togethercomputer"), "together"),
    **dict.fromkeys(("novita", "novita-ai"), "novita"),
    **dict.fromkeys(("@cf", "@hf", "cloudflare", "workers-ai"), "cloudflare"),
    **dict.fromkeys(("github", "github_copilot"), "github"),
    **dict.fromkeys(("tencent", "tencent_cloud"), "tencent"),
    **dict.fromkeys(("gemini", "models"), "google"),
    **dict.fromkeys(("zhipu", "bigmodel"), "zhipu"),
    **dict.fromkeys(("mistral", "codestral"), "mistral"),
    "nvidia_nim": "nvidia",
    "xiaomi_mimo": "xiaomi",
    "jina_ai": "jina",
    **{
        each: each
        for each in (
            *("openrouter", "deepinfra", "groq", "cerebras", "siliconflow", "nebius", "sambanova", "hyperbolic"),
            *("databricks", "huggingface", "replicate", "dashscope", "volcengine", "perplexity", "moonshot", "zai"),
            *("xai", "ai21", "voyage", "inception", "gigachat"),
        )
    },
}
"""What stands before a name's first slash, and whose it is."""
REGIONS = ("us-gov", "us", "eu", "apac", "global", "jp", "au", "ca", "sa", "me", "af", "in", "regional")
BEDROCK = (
    *("anthropic", "amazon", "meta", "deepseek", "qwen", "openai", "mistral", "cohere", "minimax", "moonshotai"),
    *("moonshot", "zai", "google", "ai21", "nvidia", "writer", "xai", "twelvelabs", "stability"),
)
SAME_EVERYWHERE = ("regional", "global", "global-standard", "mantle")


class Name(NamedTuple):
    """The seller whose form a name has, the region that stands in it, the model's own name, and what stands before that."""

    seller: str | None
    region: str
    key: str
    before: tuple[str, ...] = ()


def read(name):
    """A model's name."""
    text = unquote(name.strip()).strip().lower()
    first, *others = text.split("/")
    if re.match(r"\.{0,2}/|~/|file:", text) or (others and first in OWN):
        return Name("own_machine", "", text)
    last = others[-1] if others else text
    dotted = last.split(".")
    region = dotted.pop(0) if dotted[0] in REGIONS and len(dotted) > 2 else ""
    is_bedrocks = dotted[0] in BEDROCK and dotted[1:2] and dotted[1][:1].isalpha()
    seller = FIRST_WORDS.get(first) if others else None
    if first == "accounts" and len(others) > 2 and others[1] in ("models", "routers", "deployments"):
        seller = "fireworks"
    if first in ("pro", "lora") and len(others) > 1:
        seller = "siliconflow"
    if seller is None and first in ("projects", "publishers") and "/models/" in text:
        seller = "vertex"
    if seller is None and ((is_bedrocks and not others) or text.startswith("arn:aws:bedrock:")):
        seller = "bedrock"
    if seller is None and text.startswith("databricks-"):
        seller = "databricks"
    if seller is None and (last.endswith("-maas") or re.search(r"@(default|latest|20\d{6}|\d{3,4})$", last)):
        seller = "vertex"
    place = others[0] if (len(others) > 1 and first in ("azure", "azure_ai")) or first.startswith("bedrock") else ""
    if first == "bedrock_mantle" and len(others) == 1:
        place = "mantle"
    if re.fullmatch(r"\d-month-commitment", others[1] if len(others) > 2 else ""):
        return Name(seller, "", f"{others[1]}-{_model(last, region, is_bedrocks)}")
    is_place = place in REGIONS[:5] or place in SAME_EVERYWHERE or re.fullmatch(r"[a-z]{2}(-gov)?-[a-z]+-\d", place)
    before = (first, *others)[:-1]
    return Name(seller, place if is_place else region, _model(last, region, is_bedrocks), before)


def _model(last, region, is_bedrocks):
    last = re.sub(r":(thinking|nitro|floor|online|beta|exacto)$", "", last.lstrip("~"))
    last = re.sub(r"(@default|@latest|-maas)$", "", last).replace("@", "-")
    vendor, last = last[len(region) + bool(region) :].split(".", 1) if is_bedrocks else ("", last[len(region) :])
    last = _unversioned(vendor, last)
    return re.sub(r"[\s._]+", "-", re.sub(r"^gpt-?35(?=-|$)", "gpt-3.5", last))


def _unversioned(vendor, last):
    """Without Bedrock's version, which is not the model's."""
    old = re.fullmatch(r"claude-v(\d)(:(\d))?", last)
    if old:
        return f"claude-{old[1]}" + (f"-{old[3]}" if old[3] else "")
    if vendor == "amazon" or last.startswith("nova-"):
        last = re.sub(r"-v1$", "", re.sub(r"(?<=-v\d)(:\d+(:\d+k)?)$", "", last))
    elif vendor == "cohere":
        last = re.sub(r"(-v1)?:\d+$", "", last)
    elif vendor:
        last = re.sub(r"(-v?\d+)?:\d+(:\d+k)?$", "", last)
    if vendor == "deepseek" and not last.startswith("deepseek"):
        last = f"deepseek-{last}"
    return re.sub(r"^(claude-.*\d.*)-v\d+(:\d+)?(?=(-20\d{6})?$)", r"\1", last)


def seller_of(document, named, cluster, route):
    """Who sold a call: as the name tells, else as the cluster does, else as the route does."""
    if named.seller:
        return named.seller
    table = {"own_machine": document["own_machine"], **document["resellers"], **document["makers"]}
    for way in (re.sub(r"outbound\|\d*\|[^|]*\|", "", cluster.lower()), route.lower()):
        words = re.split("[^a-z0-9]+", way)
        found = next((word for word, each in table.items() if set(words) & set(each["words"])), None)
        if found:
            return found
    return None


def entry_of(document, seller, named):
    """The model of the price list whose prices hold, as the list has it; or why none does."""
    models, shared = document["models"], document["at_makers_price"].get(seller, ())
    if seller == "own_machine":
        return seller
    is_known = False
    for key in _keys(named):
        if not _is_its_publishers(document, seller, named, key):
            continue
        if f"{seller}/{key}" in models:
            return models[f"{seller}/{key}"]
        if key in models and (seller is None or models[key]["vendor"] == seller or key in shared):
            return models[key]
        is_known = is_known or key in models
    return "other_seller" if seller and is_known else "unknown_model"


def _publisher(document, seller, before):
    """Who published a model, where the seller writes that before its name."""
    words = [word.lstrip("~") for word in before]
    if not document["resellers"].get(seller, {}).get("by_publisher"):
        return None
    if "accounts" in words[:-2]:
        account = words[words.index("accounts") + 1]
        return None if account == "fireworks" else account
    if words[-1:] == ["models"] and words[-3:-2] == ["publishers"]:
        return words[-2]
    if words and words[0] in FIRST_WORDS:
        words = words[1:]
    if words and FIRST_WORDS.get(words[-1]) == seller:
        return None
    return words[-1] if words and words[-1] not in ("models", "routers", "@cf", "@hf", "pro", "lora") else None


def _is_its_publishers(document, seller, named, key):
    """Whether a model is not somebody else's of the same name, as far as the list has both names."""
    models, publisher = document["models"], _publisher(document, seller, named.before)
    makers = document["publishers"]
    known = set()
    for entry in (models[each] for each in (f"{seller}/{key}", key) if each in models):
        listed = entry["names"][0].lower().split("/")[:-1]
        known |= {_publisher(document, entry["vendor"], listed), *makers.get(entry["vendor"], ())} - {None}
    same = {publisher}.union(*(names for names in makers.values() if publisher in names))
    return publisher is None or not known or bool(known & same)


def _keys(named):
    """The keys to look under, best first."""
    keys = [named.key]
    claude = re.fullmatch(r"claude-(\d)(?:-(\d))?-(opus|sonnet|haiku)(.*)", named.key)
    if claude:
        keys.append("-".join(filter(None, ("claude", claude[3], claude[1], claude[2]))) + claude[4])
    if named.region:
        regions = [named.region] if named.region in SAME_EVERYWHERE else [named.region, "regional"]
        keys = [*(f"{region}-{named.key}" for region in regions), *keys]
    others = []
    for key in keys:
        undated, untagged = _without_date(key), _without_tag(key)
        bare = _without_tag(undated)
        others += [undated, untagged, bare, *(bare + end for end in ("-latest", "-0", "-preview") if bare)]
    return [key for key in dict.fromkeys([*keys, *others]) if key]


def _without_tag(key):
    words = key.split("-")
    kept = [word for word in words[1:] if word not in ("latest", "preview", "exp", "experimental", "beta", "stable")]
    return "-".join([words[0], *kept])


def _without_date(key):
    """Without each date behind a hyphen: a day or month of 20.., a short one of four or six digits, or a version 001."""
    words, kept = key.split("-")[1:], [key.split("-")[0]]
    while words:
        length = next((n for n in (3, 2, 1) if len(words) >= n and _is_date("-".join(words[:n]))), 0)
        kept += [] if length else words[:1]
        words = words[length or 1 :]
    return "-".join(kept)


def _is_date(text):
    day, month, year = r"[0-3]\d", r"[01]\d", r"20\d\d"
    short = rf"2[3-9]{month}{day}|{month}{day}|{month}-{day}|{month}-{year}|00[1-9]"
    return re.fullmatch(rf"{year}-?{month}-?{day}|{short}", text) is not None
