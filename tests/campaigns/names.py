"""How many of the names that others know have a price, and how many of these the right one?

python3 -m tests.campaigns.names [--litellm-wheel FILE --genai-wheel FILE] [--write]

All names of the newest litellm and genai-prices whose seller the name shows are priced by the shipped list, and the
prices of today held against what the two say, read here once more and not by the refresh.  Of each channel (the makers,
and each of those who sell others' models) it prints the names of chat and embedding models, how many are priced, and how
many of these are equal in input, output, cache and tiers to what one of the sources says of that model at that seller,
or have a row that names a page.  All others stand with a reason in data/names_apart.txt, which --write brings up to date.
data/traps.txt holds names that no price in the list is made for: each must be without a price, or have one with a note.
It ends with 1 where fewer than 85 in a hundred are priced, fewer than 97 of these are equal, one has no reason, or a
trap is priced in silence.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

from price_sources import genai, litellm, wheels
from price_sources.rows import is_own
from session_monitor.calls.usage import Usage
from session_monitor.prices import model_names, price_list, sellers
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Call, Cost
from session_monitor.text import table
from session_monitor.text.table import Column

APART = Path(__file__).parent / "data" / "names_apart.txt"
TRAPS = Path(__file__).parent / "data" / "traps.txt"
MAKERS = "makers"
EQUALS = ("equal", "page", "apart")
PRICED_AT_LEAST, EQUAL_AT_LEAST = Decimal(85), Decimal(97)
KINDS = ("input", "output", "cache_read", "cache_write")

_MODES = ("chat", "completion", "responses", "embedding")
_PER_TOKEN = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
}
_PER_MILLION = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
}
_NEITHER_CHAT_NOR_EMBEDDING = re.compile(
    r"rerank|whisper|transcri|[-/]tts|tts-|speech|voxtral-mini-tts|orpheus|dall-e|sora|veo-|imagen|image-|-image|flux|lyria"
    r"|moderation|realtime|-live|audio|-ocr|ocr-|sonic|guard|safety|indictrans|m2m100|aura|melotts|stable-diffusion|nano-banana"
    r"|detr|resnet|translate|music|clef|decider|jev-|distilbert|evaluat|lora$"
)
_EMBEDDING = re.compile(r"embed|bge-|gte-|e5-")


# -- what the sources say ------------------------------------------------------------------------------------------------


def of_litellm(document):
    """(channel, name, (prices by size of the prompt, …)) of each name that shows its seller."""
    resold = _sellers_by_provider("litellm")
    for name, entry in document.items():
        if entry.get("mode") not in _MODES:
            continue
        provider = entry["litellm_provider"]
        seller = resold.get(provider)
        if seller and model_names.seller_of(name) == seller:
            yield seller, name, (_of_entry(entry),)
        elif provider in litellm.VENDORS and litellm.VENDORS[provider] not in resold.values():
            yield MAKERS, name, (_of_entry(entry),)


def of_genai(source, today):
    """The same of genai-prices; a name without its seller's form has the seller's word before it."""
    resold = _sellers_by_provider("genai")
    for provider in genai.providers(source):
        seller = resold.get(provider["id"])
        vendor = genai.VENDORS.get(provider["id"])
        for model in provider["models"]:
            name = model["id"]
            if name.startswith("regional.") or _NEITHER_CHAT_NOR_EMBEDDING.search(name.lower()):
                continue
            said = tuple(_of_model(model["prices"], today))
            others = genai.equal_names(model["match"]) if provider["id"] != "openrouter" else ()
            for each in {name, *others}:
                if seller and not (vendor and vendor != seller and is_own(vendor, model_names.model_key(each))):
                    yield seller, each if model_names.seller_of(each) == seller else f"{seller}/{each}", said
                elif vendor:
                    yield MAKERS, each, said


def _sellers_by_provider(source):
    resellers = sellers.table_of_sellers()["resellers"]
    return {provider: word for word, row in resellers.items() for provider in row[source]}


def _of_entry(entry):
    by_size = defaultdict(dict)
    for field, value in entry.items():
        for kind, known in _PER_TOKEN.items():
            match = re.fullmatch(rf"{known}(?:_above_(\d+)k_tokens)?", field)
            if match and value is not None:
                by_size[int(match[1] or 0) * 1000][kind] = Decimal(str(value)) * 10**6
    for tier in entry.get("tiered_pricing") or ():
        if "range" in tier:
            told = {kind: tier.get(known) for kind, known in _PER_TOKEN.items()}
            by_size[int(tier["range"][0])].update(
                {kind: Decimal(str(value)) * 10**6 for kind, value in told.items() if value is not None}
            )
    return plain(by_size)


def _of_model(stated, today):
    """What is said for any hour of today."""
    rows = stated if isinstance(stated, list) else [{"prices": stated}]
    dated = [row for row in rows if (row.get("constraint") or {}).get("_") != "TimeOfDateConstraint"]
    begun = [row for row in dated if (row.get("constraint") or {}).get("start_date", "") <= today]
    for row in [*begun[-1:], *(row for row in rows if row not in dated)]:
        by_size = defaultdict(dict)
        for kind, known in _PER_MILLION.items():
            value = row["prices"].get(known)
            if isinstance(value, dict):
                by_size[0][kind] = Decimal(value["base"])
                for tier in value["tiers"]:
                    by_size[int(tier["start"])][kind] = Decimal(tier["price"])
            elif value is not None:
                by_size[0][kind] = Decimal(value)
        yield plain(by_size)


def plain(by_size):
    """What tokens cost, by the least size of a prompt: a cache price that is 0 or the input's is none; sizes in thousands.

    A limit of 199,999 tokens means the same as one of 200,000.
    """
    held, found = {}, {}
    for size in sorted(by_size):
        held = {**held, **by_size[size]}
        told = {kind: round(price, 6) for kind, price in held.items()}
        told.setdefault("output", Decimal(0))
        for kind in KINDS[2:]:
            if told.get(kind) in (None, 0, told.get("input")):
                told.pop(kind, None)
        if told not in found.values():
            found[round(size, -3)] = told
    return found


# -- what we say ---------------------------------------------------------------------------------------------------------


def of_row(row):
    """A row of our list in the same form."""
    tiers = [(0, row), *((tier["above"], tier) for tier in row.get("tiers", ()))]
    return plain({above: {kind: Decimal(tier[kind]) for kind in KINDS if kind in tier} for above, tier in tiers})


def in_force(prices, today):
    """The row of today."""
    return next(row for row in reversed(prices.entry["prices"]) if (row["from"] or "") <= today)


def without_storage(by_size, name):
    """Without what Google takes for the hours that a cache is kept, which the sources have in the place of its writing."""
    if "gemini" not in name.lower():
        return by_size
    return {
        size: {kind: price for kind, price in told.items() if kind != "cache_write"} for size, told in by_size.items()
    }


def is_said(told, name):
    """Whether a source states what a model's tokens cost: those that come in, and for all but embeddings those that go out."""
    base = told.get(0, {})
    return bool(base.get("input") and (base.get("output") or _EMBEDDING.search(name.lower())))


def judged(names, today):
    """For each channel and name: what becomes of it (priced as one says, on a page, apart, unpriced), and why."""
    book = Book([price_list.shipped()])
    said = defaultdict(list)
    by_name = {}
    for channel, name, told in names:
        place = channel, next(model_names.candidates(name)).key
        said[place] += [without_storage(each, name) for each in told if each]
        by_name[channel, name] = by_name.get((channel, name), ()) + told
    for (channel, name), told in by_name.items():
        place = channel, next(model_names.candidates(name)).key
        prices = book.find(name)
        if prices is None:
            yield channel, name, "unpriced", _why_unpriced(name, told)
            continue
        row = in_force(prices, today)
        ours = without_storage(of_row(row), name)
        if ours in said[place] or (row["input"] == "0" and not any(is_said(each, name) for each in told)):
            yield channel, name, "equal", ""
        elif "url" in row:
            yield channel, name, "page", row["url"]
        else:
            yield channel, name, "apart", _why_apart(prices, [each for each in told if is_said(each, name)])


def _why_unpriced(name, told):
    if not any(is_said(each, name) for each in told):
        return "the source has no price by the token for it"
    if re.match("ft:", name) or re.search("[-:.]ft-", name):
        return "a fine-tuned model: its price is the customer's"
    key = model_names.model_key(name)
    if "-" not in key and not any(map(str.isdigit, key)):
        return "a family's name, which means no certain model"
    return ""


def _why_apart(prices, said):
    if prices.entry.get("note"):
        return prices.entry["note"]
    if not said:
        return f"the source has no price by the token for it; as {prices.key}"
    return ""


def traps():
    """The names in the file."""
    lines = TRAPS.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def in_silence(listed, today):
    """Those that are priced without a note."""
    book = Book([price_list.shipped()])
    tokens = Usage(1000, 0, 0, 100, 0)
    outcomes = [(name, book.price(Call(name, f"{today}T12:00:00Z", tokens))) for name in listed]
    return [name for name, outcome in outcomes if isinstance(outcome, Cost) and not outcome.notes]


# -- the program -----------------------------------------------------------------------------------------------------------


def reasons():
    """The kept list: (channel, name) to (what became of it, why)."""
    lines = APART.read_text(encoding="utf-8").splitlines() if APART.exists() else []
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {(channel, name): (what, why) for channel, name, what, why in rows}


def written(apart):
    """The list's text."""
    head = (
        "# Names of litellm and genai-prices that have no price, or another one than both say, and why;\n"
        "# written by python3 -m tests.campaigns.names --write\n"
    )
    return head + "".join(
        f"{channel}\t{name}\t{what}\t{why}\n" for (channel, name), (what, why) in sorted(apart.items())
    )


def named(litellm_wheel, genai_wheel, today):
    """All that both wheels say."""
    document = json.loads(wheels.read(litellm_wheel, litellm.MEMBER), parse_float=Decimal)
    return [*of_litellm(document), *of_genai(wheels.read(genai_wheel, genai.MEMBER), today)]


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.campaigns.names", description=__doc__)
    parser.add_argument("--litellm-wheel", metavar="FILE", help="a wheel that is at hand, instead of the newest")
    parser.add_argument("--genai-wheel", metavar="FILE", help="the same")
    parser.add_argument("--write", action="store_true", help="write the list of names with their reasons")
    options = parser.parse_args()
    today = datetime.now(timezone.utc).date().isoformat()
    with tempfile.TemporaryDirectory() as folder:
        names = named(
            options.litellm_wheel or wheels.download("litellm", None, folder),
            options.genai_wheel or wheels.download("genai-prices", None, folder),
            today,
        )
    known, apart, counts = reasons(), {}, defaultdict(Counter)
    for channel, name, what, why in judged(names, today):
        counts[channel][what] += 1
        if what in {"apart", "unpriced"}:
            kept = known.get((channel, name), ("", ""))
            apart[channel, name] = what, why or (kept[1] if kept[0] == what else "") or "?"
    if options.write:
        APART.write_text(written(apart), encoding="utf-8")
    print("\n".join(lines_of(counts)))
    unknown = [place for place, (_, why) in apart.items() if why == "?"]
    missing = [place for place in apart if not options.write and place not in known]
    print(f"{len(apart)} names apart, {len(unknown)} of them without a reason, {len(missing)} not in {APART.name}")
    silent = in_silence(traps(), today)
    print(f"{len(silent)} of {len(traps())} traps are priced in silence" + "".join(f"\n  {name}" for name in silent))
    total = sum(counts.values(), Counter())
    return int(bool(unknown or missing or silent) or not is_enough(total))


def shares(count):
    """Of a hundred names the priced ones, and of a hundred of these the equal ones."""
    priced = sum(count.values()) - count["unpriced"]
    equal = count["equal"] + count["page"]
    return Decimal(100) * priced / max(1, sum(count.values())), Decimal(100) * equal / max(1, priced)


def is_enough(count):
    """Whether enough are priced, and enough of these are equal."""
    priced, equal = shares(count)
    return priced >= PRICED_AT_LEAST and equal >= EQUAL_AT_LEAST


def lines_of(counts):
    """The table, the channels with most names first."""
    columns = (
        Column("Channel"),
        *(Column(title) for title in ("Names", "Priced", "%", "Equal", "Page", "Apart", "Equal %")),
    )
    rows = []
    channels = sorted(counts, key=lambda channel: -sum(counts[channel].values()))
    for channel, count in [*((each, counts[each]) for each in channels), ("all", sum(counts.values(), Counter()))]:
        priced, equal = shares(count)
        number = sum(count.values())
        numbers = (number, number - count["unpriced"], f"{priced:.1f}")
        rows.append((channel, *map(str, (*numbers, *(count[each] for each in EQUALS), f"{equal:.1f}"))))
    return table.table(columns, rows).lines


if __name__ == "__main__":
    sys.exit(main())
