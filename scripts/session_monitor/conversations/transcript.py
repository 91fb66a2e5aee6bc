"""How does a session read as text?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from session_monitor.base.timestamps import local_time
from session_monitor.calls import messages as call_messages
from session_monitor.prices.cost import Outcome
from session_monitor.text import humanize, safe, table, width
from session_monitor.totals import wording
from session_monitor.totals.currency import DOLLARS, DisplayCurrency
from session_monitor.totals.spending import Spending

from . import passages, remarks
from .remarks import Conversations

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound

_WIDEST = 100


class Transcript:
    """Prints sessions for people.  All text of the log goes through ``safe.clean``."""

    def __init__(
        self,
        columns: int | None,
        *,
        messages: bool = True,
        full: bool = False,
        paint: table.Paint = table.NO_PAINT,
        conversations: Conversations | None = None,
        currency: DisplayCurrency = DOLLARS,
    ) -> None:
        """Lines are wrapped to ``columns`` (not at all for None); long texts are clipped unless ``full``.

        ``conversations`` are those that were seen already, where another one has shown rounds of the session.
        """
        self._paint = paint
        self._columns = columns
        self._rule = min(columns or _WIDEST, _WIDEST)
        self._messages = messages
        self._full = full
        self._conversations = conversations or Conversations()
        self._currency = currency

    def lines(
        self, row: Mapping[str, Any], spent: Spending, rounds: Iterable[tuple[StoredRound, Outcome]] | None
    ) -> Iterator[str]:
        """The whole session: what it adds up to and cost, then its rounds, unless they are None."""
        yield from self._head(row, spent)
        yield from self._spending(spent)
        if rounds is None:
            return
        yield self._paint(table.BOLD, f"📝 Conversation Rounds ({humanize.count(row['messages_count'])}):")
        yield "─" * self._rule
        is_empty = True
        for entry, outcome in rounds:
            is_empty = False
            yield ""
            yield from self.round(entry, outcome)
        if is_empty and row["messages_count"]:
            yield f"(none of those asked for: the last is round {humanize.count(row['messages_count'])})"
        yield "=" * self._rule

    def _head(self, row: Mapping[str, Any], spent: Spending) -> Iterator[str]:
        yield "=" * self._rule
        heading = self._text("📊 Session Detail: ", row["session_id"], clip=False)
        yield from (self._paint(table.BOLD, line) for line in heading)
        yield "=" * self._rule
        yield ""
        yield f"🕐 Created:  {local_time(row['created_at'])}"
        yield f"🕑 Updated:  {local_time(row['updated_at'])}"
        models = ", ".join(safe.cell(model) for model in row["models"]) or "-"
        yield from self._text("🤖 Model:    ", models, clip=False)
        not_well = humanize.bracketed({"failed": row["failed_count"], "left": row["left_count"]})
        yield f"💬 Messages: {humanize.count(row['messages_count'])}{not_well}"
        for label, text in (*passages.noted(row), *passages.work(row)):
            yield from self._text(f"📌 {label + ':':9} ", text)
        yield ""
        yield "📈 Token Statistics:"
        for label, key in _STATISTICS:
            if row[key] or not label.startswith("  of which cache written"):
                is_untold = key in _OF_OUTPUT and remarks.is_output_untold(spent, row)
                yield f"   {label:26}{f'{remarks.NOT_TOLD:>10}' if is_untold else _tokens(spent, row[key])}"
        unknown = wording.unknown_tokens(spent)
        if unknown:
            yield from self._wrapped(f"   ({unknown})", "     ")
        yield ""

    def _spending(self, spent: Spending) -> Iterator[str]:
        is_known = not spent.rounds or spent.unpriced_rounds < spent.rounds
        yield f"💰 Estimated Cost: {self._known(spent) if is_known else 'not known'}"
        if spent.unpriced_rounds:
            yield from self._wrapped(f"   not in it: {wording.not_in_it(spent)}", "   ")
        if spent.saved_pico:
            verb = "saved" if spent.saved_pico > 0 else "cost more by"
            yield f"   caching {verb} {self._currency.shown(abs(spent.saved_pico))}"
        for line in wording.noted(spent, self._currency):
            yield from self._wrapped(f"   {line}", "     ")
        yield ""

    def _known(self, spent: Spending) -> str:
        known = wording.known(spent, self._currency)
        return f"{known} USD" if self._currency.is_dollars else f"{known} ({self._currency.rate})"

    def round(self, entry: StoredRound, outcome: Outcome) -> Iterator[str]:
        """One round."""
        head = f"  Round {entry['round']} @ {local_time(entry['timestamp'])}{_of_model(entry)}"
        head += self._conversations.behind(entry)
        yield from (self._paint(table.BOLD, line) for line in self._wrapped(head, "    "))
        yield f"    Tokens: {passages.tokens(entry)}"
        yield from self._wrapped(f"    Cost: {passages.cost(entry, outcome, self._currency)}", "      ")
        for remark in remarks.of_round(entry):
            yield from self._wrapped(f"    {remark}", "      ")
        if entry.get("error"):
            failed = self._text("    ❌ Failed: ", entry["error"])
            yield from (self._paint(table.RED, line) for line in failed)
        if entry.get("cut"):
            yield f"    ✂️  Cut by the gateway: {', '.join(entry['cut'])}"
        yield from self._wrapped(f"    🔧 Tool calls: {remarks.tool_calls(entry)}", "      ")
        if self._messages:
            yield from self._messages_of(entry)
        if passages.is_empty(entry):
            yield f"    {passages.NO_CONTENT}"
        for label, key in _TEXTS:
            text = entry[key]
            if text:
                yield from self._text(label, text)
        yield from self._tool_calls(entry)

    def _messages_of(self, entry: StoredRound) -> Iterator[str]:
        if (
            not entry.get("messages_from_history")
            and not entry["messages"]
            and "messages" not in entry.get("undecoded", {})
        ):
            return
        yield f"    Messages ({_messages_count(entry)}):"
        for message in entry["messages"]:
            role = message.get("role") if isinstance(message, dict) else None
            yield from self._text(f"      [{safe.cell(str(role or '?'))}] ", call_messages.text_of(message))
        if "messages" in entry.get("undecoded", {}):
            yield from self._text("      [cut] ", entry["undecoded"]["messages"])

    def _tool_calls(self, entry: StoredRound) -> Iterator[str]:
        if not (entry["tool_calls"] or "tool_calls" in entry.get("undecoded", {})):
            return
        yield "    🛠️  Tool Calls:"
        for call in entry["tool_calls"]:
            yield from self._text("       - ", call_messages.call_in_words(call))
        if "tool_calls" in entry.get("undecoded", {}):
            yield from self._text("       - [cut] ", entry["undecoded"]["tool_calls"])

    def _text(self, label: str, text: str, *, clip: bool = True) -> Iterator[str]:
        """Text under a label, its further lines indented below its first."""
        clean = safe.clean(text, newlines=True)
        shown, hidden = (clean, 0) if self._full or not clip else passages.clipped(clean)
        indent = " " * (len(label) - len(label.lstrip()) + 2)
        lines = shown.split("\n")
        yield from self._wrapped(label + lines[0], indent)
        for line in lines[1:]:
            yield from self._wrapped(indent + line, indent)
        if hidden:
            yield f"{indent}… {humanize.counted(hidden, 'more character')} (--full shows them)"

    def _wrapped(self, line: str, indent: str) -> Iterator[str]:
        if self._columns is None or width.width(line) <= self._columns:
            yield line.rstrip(" ")
            return
        yield from width.wrap(line, self._columns, indent)


_STATISTICS = (
    ("Input:", "total_input_tokens"),
    ("  of which cached:", "total_cached_tokens"),
    ("  of which cache written:", "total_cache_write_tokens"),
    ("Output:", "total_output_tokens"),
    ("  of which reasoning:", "total_reasoning_tokens"),
    ("Total:", "total_tokens"),
)
_OF_OUTPUT = ("total_output_tokens", "total_reasoning_tokens")
_TEXTS: tuple[tuple[str, Literal["question", "answer", "reasoning"]], ...] = (
    ("    ❓ Question: ", "question"),
    ("    ✅ Answer: ", "answer"),
    ("    🧠 Reasoning: ", "reasoning"),
)


def _tokens(spent: Spending, number: int | None) -> str:
    return (
        f"{remarks.NOT_TOLD:>10}"
        if number is None or remarks.are_untold(spent)
        else f"{humanize.count(number):>10} tokens"
    )


def _messages_count(entry: Mapping[str, Any]) -> str:
    before, new = entry.get("messages_from_history", 0), len(entry["messages"])
    if new == entry.get("messages_total"):  # all that were sent
        before = 0
    if "messages" in entry.get("undecoded", {}):
        return "cut"
    if not before:
        return str(new)
    told = f"{humanize.count(new) if new else 'none'} new, after {humanize.count(before)} sent before"
    return told + (f", goes on from round {entry['history_of']}" if entry.get("history_of") else "")


def _of_model(entry: StoredRound) -> str:
    return f" · {safe.cell(entry['model'])}" if entry["model"] else ""
