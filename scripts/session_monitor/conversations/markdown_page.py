"""How does a session read as Markdown, fit for an issue?

What stands in the log is code: in a fence longer than any run of backticks in it, or in code spans.  So nothing in it is
markup, a link, an image, or the mention of somebody.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from session_monitor.base.timestamps import local_time
from session_monitor.prices.cost import Outcome
from session_monitor.text import humanize
from session_monitor.text.markdown import cell, code, fence, table
from session_monitor.totals.currency import DOLLARS, DisplayCurrency
from session_monitor.totals.spending import Spending

from . import passages, remarks
from .passages import LABELS, Passage
from .remarks import Conversations

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound


def pieces(
    row: Mapping[str, Any],
    spent: Spending,
    rounds: Iterable[tuple[StoredRound, Outcome]],
    *,
    messages: bool,
    full: bool,
    currency: DisplayCurrency = DOLLARS,
) -> Iterator[str]:
    """The whole session, a round a piece; long texts are clipped unless ``full``."""
    yield f"# Session {code(row['session_id'])}\n\n"
    facts = [
        [fact.label, fact.text if fact.is_ours else cell(fact.text)] for fact in passages.facts(row, spent, currency)
    ]
    yield from table(["", ""], facts)
    conversations = Conversations()
    for entry, outcome in rounds:
        which, cost = conversations.behind(entry), passages.cost(entry, outcome, currency)
        yield "\n" + "\n".join(_round(entry, cost, which, messages=messages, full=full))


def _round(entry: StoredRound, cost: str, which: str, *, messages: bool, full: bool) -> Iterator[str]:
    model = f" · {code(entry['model'])}" if entry["model"] else ""
    yield f"### Round {entry['round']}{model} · {local_time(entry['timestamp'])}{which}\n"
    yield f"{passages.tokens(entry)} · {code(cost)}\n"
    yield from (f"{remark}\n" for remark in remarks.of_round(entry))
    if remarks.is_telling(entry):
        yield f"Tool calls: {code(remarks.tool_calls(entry))}\n"
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
