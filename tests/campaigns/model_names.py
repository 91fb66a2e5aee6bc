"""How well are real names matched?  Prints each of prices/data/model-names.txt with its match, and how many have one.

python3 -m tests.campaigns.model_names
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from session_monitor.prices import price_list
from session_monitor.prices.book import Book
from session_monitor.text import table
from session_monitor.text.table import Column

NAMES = Path(__file__).parent.parent / "prices" / "data" / "model-names.txt"
UNKNOWN = "unknown"


def names():
    """The names in the file, and those that must stay unknown (marked by a `!`)."""
    lines = [line.strip() for line in NAMES.read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    return [line for line in lines if line[0] != "!"], [line[1:] for line in lines if line[0] == "!"]


def matches(book, listed):
    """What each name is priced as: (name, kind of match, key, vendor)."""
    found = [(name, book.find(name)) for name in listed]
    return [(name, each.kind, each.key, each.vendor) if each else (name, UNKNOWN, "-", "-") for name, each in found]


def main():
    """Print the table."""
    book = Book([price_list.shipped()])
    known, unknown = (matches(book, listed) for listed in names())
    columns = (Column("Name"), Column("Match"), Column("Priced as"), Column("Vendor"))
    marked = [("! " + name, *rest) for name, *rest in unknown]
    print("\n".join(table.table(columns, [*known, *marked]).lines))
    kinds = Counter(kind for _, kind, *_ in known)
    matched = len(known) - kinds[UNKNOWN]
    print(f"{matched} of {len(known)} matched: " + ", ".join(f"{kind} {n}" for kind, n in kinds.most_common()))
    print(f"{sum(kind != UNKNOWN for _, kind, *_ in unknown)} of {len(unknown)} matched that must stay unknown (!)")


if __name__ == "__main__":
    main()
