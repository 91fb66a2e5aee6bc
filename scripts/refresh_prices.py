#!/usr/bin/env python3
"""Bring the prices that come with the monitor up to date: for its maintainers.

The table was made by running this over wheels of litellm in the order of their dates (1.55.2 of 2024-12-13, 1.63.11 of
2025-03-15, 1.72.6 of 2025-06-14, 1.77.1 of 2025-09-13, 1.80.10 of 2025-12-14, 1.82.2 of 2026-03-13, 1.88.2 of
2026-06-14, 1.96.2 of 2026-08-11, 1.103.1 of 2026-09-29 with --accept gemini-flash-lite-latest), each with
``--litellm-wheel`` and ``--observed``, then over 1.109.1 and genai-prices 0.2.3 of 2026-11-12, and at last over 1.110.2
and the same of 2026-11-30, which alone tell of those who sell others' models.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

from price_sources import changes, genai, litellm, merge, wheels
from price_sources.rows import GENAI, LITELLM, Findings
from session_monitor.base import files
from session_monitor.own_prices import price_check
from session_monitor.prices import price_list

MANUAL = os.path.join(os.path.dirname(os.path.abspath(litellm.__file__)), "manual.json")
EXAMPLES = """\
examples:
  refresh_prices.py --dry-run                  what would change with the newest wheels
  refresh_prices.py                            change it; then read the diff, run the tests, commit
  refresh_prices.py --accept o9-mini           with a price that was refused, once its vendor's page confirms it
  refresh_prices.py --litellm 1.103.1 --genai-prices 0.2.3
  refresh_prices.py --litellm-wheel litellm-1.103.1-py3-none-any.whl --observed 2026-09-29

Where the sources are wrong or disagree, settle the model in scripts/price_sources/manual.json and run this again:
what stands there is put over what they say. Nothing else in the table is edited by hand.

exit status: 0 done (or nothing to do), 1 some changes were refused; the others were made, 2 nothing was done
"""


def main() -> int:
    """Read the sources, merge, say what is new, write."""
    options = _options()
    try:
        by_source, versions = _findings(options)
        old = _json(options.output) if os.path.exists(options.output) else {}
        merged = merge.merge(old, by_source, versions, _json(MANUAL), options.observed, options.accept)
    except (wheels.WheelError, OSError, ValueError) as error:
        print(f"refresh_prices.py: {error}", file=sys.stderr)
        return 2
    for line in _report(by_source, merged.changes):
        print(line)
    try:
        price_check.check({**merged.document, "models": merged.models})
    except price_check.PriceMistakeError as mistake:
        print(f"refresh_prices.py: the new table would be wrong, nothing is written: {mistake}", file=sys.stderr)
        return 2
    text = price_list.dumped(merged.document, merged.models)
    if old and text == price_list.dumped({name: old[name] for name in old if name != "models"}, old["models"]):
        print("nothing changed")
    elif options.dry_run:
        print(f"not written (--dry-run): {len(merged.models)} models, {len(text):,} bytes")
    else:
        files.replace(options.output, text, 0o644)
        print(f"written: {len(merged.models)} models, {len(text):,} bytes, {options.output}")
    return 1 if merged.refused else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="refresh_prices.py",
        description="Bring scripts/session_monitor/prices/prices.json up to date with what the packages litellm and\n"
        "genai-prices say of vendors' list prices. Models are added and never removed, and prices that\n"
        "held once stay; what a source took back or no longer has is told. Needs pip; downloads about 45 MB.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--litellm", metavar="VERSION", help="this version instead of the newest")
    parser.add_argument("--genai-prices", metavar="VERSION", help="this version instead of the newest")
    parser.add_argument("--litellm-wheel", metavar="FILE", help="a wheel that is at hand; then nothing is downloaded")
    parser.add_argument("--genai-wheel", metavar="FILE", help="the same; without the other, that source is left out")
    parser.add_argument(
        "--observed",
        metavar="DATE",
        type=_date,
        default=datetime.now(timezone.utc).date().isoformat(),
        help="the day of which the wheels tell, from which changed prices hold (default: today, UTC)",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would change")
    parser.add_argument(
        "--accept", metavar="MODEL", nargs="+", default=[], help="make a change that was refused; `all` makes any"
    )
    parser.add_argument(
        "--output", metavar="FILE", default=price_list.SHIPPED, help="another table than the shipped one"
    )
    return parser.parse_args()


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2026-05-01") from None


def _json(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        try:
            document = json.load(file)
        except ValueError as error:
            raise ValueError(f"{path}: not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ValueError(f"{path}: must be a JSON object")  # noqa: TRY004 - a mistake in a file, not in a call
    return document


def _findings(options: argparse.Namespace) -> tuple[dict[str, Findings], dict[str, str]]:
    """What each source says, and its version."""
    by_source, versions = {}, {}
    at_hand = {LITELLM: options.litellm_wheel, GENAI: options.genai_wheel}
    wanted = {LITELLM: options.litellm, GENAI: options.genai_prices}
    with tempfile.TemporaryDirectory() as folder:
        for source, wheel in at_hand.items():
            if not wheel and any(at_hand.values()):
                continue
            if not wheel:
                print(f"downloading {source} {wanted[source] or '(newest)'}", file=sys.stderr)
                wheel = wheels.download(source, wanted[source], folder)  # noqa: PLW2901 - the one to read, from here on
            versions[source] = wheels.version_of(wheel)
            print(f"reading {source} {versions[source]}", file=sys.stderr)
            if source == LITELLM:
                by_source[source] = litellm.parse(json.loads(wheels.read(wheel, litellm.MEMBER), parse_float=Decimal))
            else:
                by_source[source] = genai.parse(wheels.read(wheel, genai.MEMBER))
    return by_source, versions


def _report(by_source: dict[str, Findings], made: list[changes.Change]) -> list[str]:
    """The diff to be read, by kinds; what is refused comes last, where it is seen."""
    lines = []
    for source, findings in by_source.items():
        lines += _section(f"left out of {source}", sorted(findings.left_out))
    for kind in (changes.GONE, changes.DIFFERING, *changes.APPLIED, changes.REFUSED):
        lines += _section(kind, sorted(f"{change.key}: {change.text}" for change in made if change.kind == kind))
    if any(change.kind == changes.REFUSED for change in made):
        lines.append("Refused changes were not made. Look the prices up; then --accept MODEL, or settle them by hand.")
    return lines


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"{title} ({len(lines)}):", *(f"  {line}" for line in lines), ""] if lines else []


if __name__ == "__main__":
    sys.exit(main())
