"""How does a session read as Markdown, fit for an issue?

What stands in the log is code: in a fence longer than any run of backticks in it, or in code spans.  So nothing in it is
markup, a link, an image, or the mention of somebody.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from session_monitor.base.timestamps import local_time
from session_monitor.prices.book import Outcome
from session_monitor.prices.spending import Spending
from session_monitor.text import humanize, safe

from . import passages
from .passages import LABELS, Passage


def pieces(
    row: Mapping[str, Any],
    spent: Spending,
    rounds: Iterable[tuple[Mapping[str, Any], Outcome]],
    *,
    messages: bool = True,
    full: bool = False,
) -> Iterator[str]:
    """The whole session, a round a piece; long texts are clipped unless ``full``."""
    yield f"# Session {code(row['session_id'])}\n\n"
    facts = [[fact.label, fact.text if fact.is_ours else cell(fact.text)] for fact in passages.facts(row, spent)]
    yield from table(["", ""], facts)
    for entry, outcome in rounds:
        yield "\n" + "\n".join(_round(entry, outcome, messages=messages, full=full))


def _round(entry: Mapping[str, Any], outcome: Outcome, *, messages: bool, full: bool) -> Iterator[str]:
    model = f" · {code(entry['model'])}" if entry["model"] else ""
    yield f"### Round {entry['round']}{model} · {local_time(entry['timestamp'])}\n"
    yield f"{passages.tokens(entry)} · {code(passages.cost(outcome))}\n"
    if entry.get("cut"):
        yield f"Cut by the gateway: {code(', '.join(entry['cut']))}\n"
    if passages.is_empty(entry):
        yield f"{passages.NO_CONTENT}\n"
    yield from map(_passage, passages.of_round(entry, messages=messages, full=full))


def _passage(passage: Passage) -> str:
    label = LABELS[passage.kind]
    more = f"\n… {humanize.counted(passage.hidden, 'more character')} (`--full` has them)\n" if passage.hidden else ""
    if passage.is_folded:
        who = f" · <code>{html.escape(passage.who)}</code>" if passage.who else ""
        return f"<details><summary>{label}{who}</summary>\n\n{fence(passage.text)}{more}\n</details>\n"
    who = f" · {code(passage.who)}" if passage.who else ""
    return f"**{label}**{who}\n\n{fence(passage.text)}{more}"


# -- text that strangers wrote -----------------------------------------------------------------------------------------


_TICKS = re.compile("`+")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def fence(text: str) -> str:
    """The clean text as a block of code, which no line of it can end."""
    ticks = _longer(text, 3)
    return f"{ticks}text\n{text}\n{ticks}\n"


def code(text: str) -> str:
    """The text on one line, as code."""
    text = safe.cell(text) or "-"
    ticks = _longer(text, 1)
    # A space at both ends is taken off again.
    space = " " if text.strip("` ") != text else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def cell(text: str) -> str:
    """The same for a table, where a bar ends the cell, even in code and with a backslash before its backslash."""
    if "|" not in text:
        return code(text)
    escaped = _PUNCTUATION.sub(lambda found: f"&#{ord(found[0])};", safe.cell(text))
    return f"<code>{escaped}</code>"


def _longer(text: str, least: int) -> str:
    """More backticks than stand in a row in the text."""
    return "`" * max([least, *(len(run) + 1 for run in _TICKS.findall(text))])


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> Iterator[str]:
    """A table, a line a piece; its cells are Markdown already.  The columns of ``numbers`` stand at the right."""
    at_right = set(numbers)
    yield _line(headings)
    yield _line("---:" if index in at_right else "---" for index in range(len(headings)))
    yield from map(_line, rows)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
