"""What did a maintainer settle?

manual.json beside this file holds what the sources do not have, or have wrong; it is put over what they say::

    "vendor_defaults": {"dashscope": {"cache_read": "0.2x", …}},   as in the table
    "vendor_notes": {"zai": "international list price; …"},        for each of a vendor's models without a note
    "models": {
      "o3": {"vendor": "openai", "note": "why", "prices": [rows]}, the whole model; more than the note is never merged
      "o3-2025-04-16": {"as": "o3"},                               another name for the same
      "mistral-large-4": {"note": "why"},                          only a note: the rows are the sources'
      "nova-2-pro": {"never": [["2.2", "17.5"]], "note": "why"}    input and output that were a source's slip: no history
      "us-claude-3-5-haiku-20241022": {"drop": "why"}              not to be in the table
    }

Models are written as their vendors do, those of one who sells others' models as ``SELLER/MODEL``.  A row without a ``source`` is a maintainer's own and has a ``url``.  A date
whose origin is not told (``dated``) is the vendor's in such a row; litellm's are only seen, those of genai-prices its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from session_monitor.prices.model_names import canonical

from .rows import GENAI, LITELLM, MANUAL, SEEN, SOURCE, START, VENDOR, Row, base, ordered

Entry = dict[str, Any]
_ORIGINS = {MANUAL: VENDOR, GENAI: SOURCE, LITELLM: SEEN}


def settled(manual: Mapping[str, Any]) -> dict[str, Entry]:
    """The models of manual.json by key, each with all that holds for it.  Raises ValueError for an ``as`` to nowhere."""
    spelled: Mapping[str, Entry] = manual.get("models", {})
    by_key = {}
    for name, entry in spelled.items():
        if entry.get("as", name) not in spelled:
            raise ValueError(f"manual.json: {name} is to be as {entry['as']}, which is not there")
        whole = {**spelled[entry.get("as", name)], **entry}
        whole.pop("as", None)
        if "prices" in whole:
            whole["names"] = [name]
            whole["prices"] = [_row(row) for row in whole["prices"]]
        by_key[canonical(name)] = whole
    return by_key


def _row(written: Row) -> Row:
    whole = {"from": None, "source": MANUAL, **written}
    if whole["from"]:
        whole = {"dated": _ORIGINS[whole["source"]], **whole}
    return ordered(whole)


def without(rows: list[Row], never: list[list[str]]) -> list[Row]:
    """The rows without those of these prices for input and output; the first that is left holds since ever."""
    left = [row for row in rows if list(base(row)) not in never] or rows
    first = {name: value for name, value in left[0].items() if name not in START}
    return [ordered({"from": None, **first}), *left[1:]]


def entry_of(models: Mapping[str, Entry], key: str, own: Mapping[str, Any], notes: Mapping[str, str]) -> Entry:
    """A model's entry in the table: what is settled over what was merged, and its vendor's note where it has none."""
    entry = {**models.get(key, {}), **own}
    note = entry.get("note") or notes.get(entry["vendor"])
    whole = {"vendor": entry["vendor"], "names": entry["names"], "note": note, "prices": entry["prices"]}
    return {name: value for name, value in whole.items() if value is not None}
