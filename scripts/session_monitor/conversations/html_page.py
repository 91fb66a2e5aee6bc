"""How does a session read as one HTML file that needs nothing else?

It has no script, asks no server for anything, and holds the conversation as text alone, never in an attribute.
"""

from __future__ import annotations

import html
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from session_monitor.base import data_tables
from session_monitor.base.timestamps import local_time
from session_monitor.prices.cost import Outcome
from session_monitor.text import humanize, safe
from session_monitor.totals.currency import DOLLARS, DisplayCurrency
from session_monitor.totals.spending import Spending

from . import passages, remarks
from .passages import LABELS, Passage
from .remarks import Conversations

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound

_STYLE = os.path.join(os.path.dirname(__file__), "html_page.css")
_HEAD = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
"""


def pieces(
    row: Mapping[str, Any],
    spent: Spending,
    rounds: Iterable[tuple[StoredRound, Outcome]],
    *,
    messages: bool,
    full: bool,
    currency: DisplayCurrency = DOLLARS,
) -> Iterator[str]:
    """The whole page, a round a piece; long texts are clipped unless ``full``."""
    session_id = html.escape(safe.cell(row["session_id"]))
    style = data_tables.content(_STYLE).decode()
    yield f"{_HEAD}<title>{session_id}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
    yield f'<h1 dir="auto">{session_id}</h1>\n<table>\n'
    for fact in passages.facts(row, spent, currency):
        yield f'<tr><th scope="row">{fact.label}</th><td>{html.escape(fact.text)}</td></tr>\n'
    yield "</table>\n"
    conversations = Conversations()
    for entry, outcome in rounds:
        which, cost = conversations.behind(entry), passages.cost(entry, outcome, currency)
        yield "".join(_round(entry, cost, which, messages=messages, full=full))
    yield "</main>\n</body>\n</html>\n"


def _round(entry: StoredRound, cost: str, which: str, *, messages: bool, full: bool) -> Iterator[str]:
    number = entry["round"]
    model = f" · <bdi>{html.escape(safe.cell(entry['model']))}</bdi>" if entry["model"] else ""
    when = html.escape(local_time(entry["timestamp"]))
    yield f'<article id="r{number}">\n<h2><a href="#r{number}">Round {number}</a>{model} · {when}{html.escape(which)}</h2>\n'
    yield f"<p>{passages.tokens(entry)} · {html.escape(cost)}</p>\n"
    yield from (f"<p>{html.escape(remark)}</p>\n" for remark in remarks.of_round(entry))
    if remarks.is_telling(entry):
        yield f"<p>Tool calls: {html.escape(remarks.tool_calls(entry))}</p>\n"
    if entry.get("cut"):
        yield f"<p>Cut by the gateway: {html.escape(safe.cell(', '.join(entry['cut'])))}</p>\n"
    if passages.is_empty(entry):
        yield f"<p>{passages.NO_CONTENT}</p>\n"
    yield from map(_passage, passages.of_round(entry, messages=messages, full=full))
    yield "</article>\n"


def _passage(passage: Passage) -> str:
    label = LABELS[passage.kind] + (f" · <bdi>{html.escape(passage.who)}</bdi>" if passage.who else "")
    text = f'<div class="text" dir="auto">{html.escape(passage.text)}</div>\n'
    if passage.hidden:
        text += f"<p>… {humanize.counted(passage.hidden, 'more character')} (--full has them)</p>\n"
    if passage.is_folded:
        size = humanize.counted(len(passage.text) + passage.hidden, "character")
        return f'<details class="{passage.kind}">\n<summary>{label} · {size}</summary>\n{text}</details>\n'
    return f'<section class="{passage.kind}">\n<h3>{label}</h3>\n{text}</section>\n'
