"""What is there to read in a session, however it is written down?

All text of the log comes from here as ``safe.clean`` leaves it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from session_monitor.base.timestamps import local_time
from session_monitor.calls.messages import call, results_of, role_of, text_of, tool_names
from session_monitor.calls.outcome import has_tokens, untold_counts
from session_monitor.prices.cost import NO_TOKENS, OTHER_READINGS, UNPRICED, Cost, Outcome, Unpriced
from session_monitor.text import humanize, safe
from session_monitor.totals import wording
from session_monitor.totals.currency import DOLLARS, DisplayCurrency
from session_monitor.totals.spending import Spending

from . import remarks

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound

CLIPPED = 600
"""Characters of a long text that are shown unless all of it is asked for."""
CLIPPED_LINES = 12
SPARED = 80
"""Characters over that which do not make a text long."""
FOLDED = 4000
"""Characters from which on a text is folded, whatever it is."""
_UNTOLD = "–"
NO_CONTENT = "(the log holds no content of this call)"

FAILED, MESSAGE, RESULT, QUESTION = "failed", "message", "result", "question"
REASONING, ANSWER, CALL = "reasoning", "answer", "call"
LABELS = {
    FAILED: "Failed",
    MESSAGE: "Message",
    RESULT: "Tool result",
    QUESTION: "Question",
    REASONING: "Reasoning",
    ANSWER: "Answer",
    CALL: "Tool call",
}
"""The kinds of passages, in words."""
_ASIDE = (MESSAGE, RESULT, REASONING)


class Fact(NamedTuple):
    """Something about a whole session; ``is_ours`` says that no part of the text stands in the log."""

    label: str
    text: str
    is_ours: bool = True


class Passage(NamedTuple):
    """Something that was said in a round.

    ``who`` is the role or the tool, as the log names it, or empty; ``hidden`` so many characters are left out at the
    end; what is folded is not what one reads first.
    """

    kind: str
    who: str
    text: str
    hidden: int
    is_folded: bool


# -- of a session ------------------------------------------------------------------------------------------------------


def facts(row: Mapping[str, Any], spent: Spending, currency: DisplayCurrency = DOLLARS) -> Iterator[Fact]:
    """What a session adds up to and cost."""
    not_well = humanize.bracketed({"failed": row["failed_count"], "left": row["left_count"]})
    yield Fact("Created", local_time(row["created_at"]))
    yield Fact("Updated", local_time(row["updated_at"]))
    yield Fact("Models", ", ".join(map(safe.cell, row["models"])), is_ours=not row["models"])
    yield Fact("Rounds", humanize.count(row["messages_count"]) + not_well)
    cached, written = row["total_cached_tokens"], row["total_cache_write_tokens"]
    yield Fact("Input", _of_which(spent, row["total_input_tokens"], (cached, "cached"), (written, "cache written")))
    output = _of_which(spent, row["total_output_tokens"], (row["total_reasoning_tokens"], "reasoning"))
    yield Fact("Output", remarks.NOT_TOLD if remarks.is_output_untold(spent, row) else output)
    yield Fact("Total", _of_which(spent, row["total_tokens"]))
    unknown = wording.unknown_tokens(spent)
    if unknown:
        yield Fact("Not known", unknown)
    yield Fact("Cost", wording.shown(spent, currency), is_ours=False)
    if not currency.is_dollars:
        yield Fact("Rate", currency.rate)
    if spent.saved_pico:
        verb = "saved" if spent.saved_pico > 0 else "cost more by"
        yield Fact("Caching", f"{verb} {currency.shown(abs(spent.saved_pico))}")
    for verb, text in wording.notes(spent, currency):
        yield Fact(verb.capitalize(), text)
    yield from (Fact(label, safe.cell(text), is_ours=False) for label, text in (*noted(row), *work(row)))


def noted(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What people noted of a session, where the row has it: a label and a text each."""
    if not row.get("noted"):
        return
    from session_monitor.notes import session_notes  # noqa: PLC0415 -- of most sessions nothing is noted
    from session_monitor.notes import wording as note_words  # noqa: PLC0415 -- as above

    own = session_notes.of_json(row["noted"])
    if own.name:
        yield "Name", own.name
    if note_words.marks(own):
        yield "Noted", note_words.marks(own)
    for number, text in note_words.notes(own):
        yield f"Note {number.partition('.')[0]}", f"{number.partition('. ')[2]}  {text}"


def work(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What came of the work that a session was begun for, where the row has it: a label and a text each."""
    told = row.get("work")
    if not told:
        return
    state = {"under_way": "under way for", "ended": "ended after", "stale": "given up after"}[told["state"]]
    branch = f", on branch {told['branch']}" if told["branch"] else ""
    yield "Work", f"{told['name']}: {state} {humanize.duration(told['duration_seconds'])}{branch}"
    if told["files_count"] is not None:
        files = "; ".join(f"{file['path']} {file['change']}" for file in told["files"][:_MOST_OF_WORK])
        yield "Files", f"{humanize.count(told['files_count'])} changed{f': {files}' if files else ''}"
    if told["commits_count"]:
        commits = "; ".join(f"{each['hash'][:10]} {each['subject']}" for each in told["commits"][:_MOST_OF_WORK])
        yield "Commits", f"{humanize.count(told['commits_count'])}: {commits}"
    if told["git_problem"]:
        yield "Git", told["git_problem"]


_MOST_OF_WORK = 20  # files and commits: all that are kept are in JSON


def _of_which(spent: Spending, tokens: int, *parts: tuple[int | None, str]) -> str:
    if remarks.are_untold(spent):
        return remarks.NOT_TOLD
    told = humanize.bracketed({label: number for number, label in parts if number is not None})
    return humanize.counted(tokens, "token") + told


# -- of a round --------------------------------------------------------------------------------------------------------


def tokens(entry: StoredRound) -> str:
    """The tokens of a round; that they are a lower bound, or that the log does not tell them."""
    if not has_tokens(entry):
        return remarks.NOT_TOLD
    cached, reasoning = entry["cached_tokens"], entry["reasoning_tokens"]
    no_input, no_output = untold_counts(entry)
    return (
        (f"{humanize.count(entry['total_tokens'])} in all: " if no_input and no_output else _bound(entry))
        + f"{_UNTOLD if no_input else humanize.count(entry['input_tokens'])} in"
        + (f" ({humanize.count(cached)} cached)" if cached else "")
        + f" → {_UNTOLD if no_output else humanize.count(entry['output_tokens'])} out"
        + (f" ({humanize.count(reasoning)} reasoning)" if reasoning else "")
    )


def cost(entry: StoredRound, outcome: Outcome, currency: DisplayCurrency = DOLLARS) -> str:
    """The cost of a round with its parts, or why there is none, or why it is not known."""
    free = remarks.why_free(entry)
    if free:
        return f"none ({free})"
    if isinstance(outcome, Unpriced):
        not_known = remarks.NOT_TOLD if outcome.reason == NO_TOKENS else "not known"
        return f"{not_known} ({UNPRICED[outcome.reason]})"
    parts = [f"{label} {currency.shown(pico)}" for label, pico in zip(_PARTS, outcome.parts) if pico]
    shown = _bound(entry) + currency.shown(outcome.pico) + (f" ({', '.join(parts)})" if len(parts) > 1 else "")
    return shown + _other_reading(outcome, currency)


def _other_reading(outcome: Cost, currency: DisplayCurrency) -> str:
    """What a round would have cost if what the log leaves open were the other way round."""
    if not outcome.at_stake:
        return ""
    when = " and ".join(OTHER_READINGS[note] for note in outcome.notes if note in OTHER_READINGS)
    return f"; {currency.shown(outcome.pico + outcome.at_stake)} {when}"


def _bound(entry: StoredRound) -> str:
    return "at least " if "at_least" in entry else ""


_PARTS = ("input", "cached", "cache written", "output", "reasoning")


def of_round(entry: StoredRound, *, messages: bool, full: bool) -> Iterator[Passage]:
    """What was said in a round, in the order in which it was; long texts are clipped unless ``full``.

    A question that stands among the messages comes once.
    """
    sent = list(_sent(entry)) if messages else []
    yield from (_passage(FAILED, "", text, full=full) for text in [entry.get("error")] if text)
    question = entry["question"]
    results = [text for kind, _, text in sent if kind == RESULT]
    for kind, who, text in sent:
        if kind == RESULT or text != question:
            yield _passage(kind, who, text, full=full)
    # The gateway takes the last message for the question, whoever sent it.
    asked = None if question in results else question
    for kind, said in ((QUESTION, asked), (REASONING, entry["reasoning"]), (ANSWER, entry["answer"])):
        if said:
            yield _passage(kind, "", said, full=full)
    for each in entry["tool_calls"]:
        yield _passage(CALL, *call(each), full=full)
    cut = entry.get("undecoded", {}).get("tool_calls")
    if cut:
        yield _passage(CALL, _CUT, cut, full=full)


_CUT = "cut by the gateway"


def is_empty(entry: StoredRound) -> bool:
    """Whether the log has nothing of what was said in a round, or of how it failed."""
    return not any(entry.get(key) for key in _CONTENT)


_CONTENT = (
    *("messages", "messages_from_history", "question", "answer", "reasoning", "tool_calls", "undecoded", "error"),
    "left_out",
)


def _sent(entry: StoredRound) -> Iterator[tuple[str, str, str]]:
    """The messages of a round: kind, who sent it, and what it says."""
    tools = tool_names(entry["messages"])
    for message in entry["messages"]:
        answered = [result.call_id for result in results_of(message)]
        if answered:
            given = message.get("name")
            names = [tools[each] for each in answered if isinstance(each, str) and each in tools]
            yield RESULT, ", ".join(names) or (given if isinstance(given, str) else ""), text_of(message)
        else:
            yield MESSAGE, str(role_of(message) or "?"), text_of(message)
    cut = entry.get("undecoded", {}).get("messages")
    if cut:
        yield MESSAGE, _CUT, cut


def _passage(kind: str, who: str, text: str, *, full: bool) -> Passage:
    clean = safe.clean(text, newlines=True)
    shown, hidden = (clean, 0) if full else clipped(clean)
    return Passage(kind, safe.cell(who), shown, hidden, kind in _ASIDE or len(shown) > FOLDED)


# -- texts -------------------------------------------------------------------------------------------------------------


def clipped(text: str) -> tuple[str, int]:
    """The first part of a long text, and how many characters are left out."""
    lines = text[:CLIPPED].split("\n")
    shown = "\n".join(lines[:CLIPPED_LINES])
    hidden = len(text) - len(shown)
    return (shown, hidden) if hidden > SPARED else (text, 0)
