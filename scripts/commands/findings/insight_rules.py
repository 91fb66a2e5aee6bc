"""What is looked for in sessions, from which limits on, and how are these set?"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from commands.shared import failures, fields
from commands.shared.failures import USAGE, Failure
from commands.shared.output import Output
from session_monitor.insight import own_rules
from session_monitor.insight.basis import limits
from session_monitor.insight.own_rules import LEAST, WINDOWS, InsightRuleMistakeError
from session_monitor.prices import money
from session_monitor.text import safe
from session_monitor.text.table import Column
from session_monitor.text.width import cut_end

from . import insight_words


def show(output: Output, folder: str) -> None:
    """Print all kinds of findings with the limits that hold."""
    own = own_rules.read(folder)
    rows = [_rule(kind, own.rules.of(kind)) for kind in limits.kinds()]
    least = {"usd": money.plain(own.rules.least_pico), "tokens": own.rules.least_tokens}
    if output.is_json:
        fields.print_rows(output, {"rules": rows, LEAST: least, "mistakes": list(own.mistakes)})
        return
    insight_words.complain_of_mistakes(output, own.mistakes)
    output.tell("🔎 What Is Looked For")
    output.print_table(_COLUMNS, [[row["kind"], row["group"], _limits(row), row["about"]] for row in rows])
    print()
    output.tell(
        f"A finding is told from ${least['usd']} or {least['tokens']:,} tokens on, an event always. * is set in .insights.json "
        "of the data folder; --set KIND LIMIT=VALUE, --off KIND and --usual KIND change it."
    )


_COLUMNS = (
    Column("Kind", least=12),
    Column("Group", rank=1),
    Column("Limits", least=20, cut=cut_end),
    Column("What", rank=2, least=20, cut=cut_end),
)


def _rule(kind: str, holds: Mapping[str, Any] | None) -> dict[str, Any]:
    usual = limits.own_limits(kind) or {}
    now = usual if holds is None else {name: holds[name] for name in usual}
    return {
        "kind": kind,
        "group": limits.kinds()[kind],
        "about": limits.about(kind),
        "is_on": holds is not None,
        "limits": dict(now),
        "usual": dict(usual),
    }


def _limits(row: Mapping[str, Any]) -> str:
    if not row["is_on"]:
        return "off *"
    told = (
        f"{name}={_value(value)}{'' if value == row['usual'][name] else ' *'}"
        for name, value in row["limits"].items()
        if value != {}
    )
    return safe.cell(", ".join(told)) or "-"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name}:{each}" for name, each in value.items())
    return str(value)


def change(options: argparse.Namespace, output: Output, folder: str) -> None:
    """Set a limit, turn a kind off, or let the usual limits hold again.  Raises ``Failure``."""
    kind = options.set[0] if options.set else options.off or options.usual
    try:
        with failures.of_noting(folder):
            if options.set:
                own_rules.set_limits(folder, kind, _given(options.set[1]))
            elif options.off:
                own_rules.turn_off(folder, kind)
            else:
                own_rules.back_to_usual(folder, kind)
    except InsightRuleMistakeError as mistake:
        raise Failure("bad_rule", f"{safe.cell(kind)}: {safe.clean(str(mistake))}", USAGE) from None
    if output.is_json:
        show(output, folder)
        return
    said = {"set": f"{kind} {options.set[1]}" if options.set else "", "off": f"{kind} is not looked for any more"}
    usual = f"{kind}: the usual limits hold"
    output.tell(
        f"{safe.cell(said['set'] or (said['off'] if options.off else usual))}. Sessions are judged anew when you ask."
    )


def _given(text: str) -> dict[str, Any]:
    """A limit that was typed: ``times=5``, ``usd=0.05``, ``windows.MODEL=128000``.  Raises ``InsightRuleMistakeError``."""
    name, sign, value = text.partition("=")
    if not sign or not value:
        raise InsightRuleMistakeError(f"{text!r} sets nothing: write LIMIT=VALUE, such as times=5")
    given: Any = int(value) if value.isascii() and value.isdecimal() else value
    if name.startswith(f"{WINDOWS}."):
        return {WINDOWS: {name[len(WINDOWS) + 1 :]: given}}
    return {name: value if name.endswith("usd") else given}
