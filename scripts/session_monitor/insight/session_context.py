"""What did a session's prompts cost, call by call and message by message: what was sent again, what was new?"""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from session_monitor.index.database import Index
from session_monitor.prices import money
from session_monitor.reports.report import Report

from . import answers, judged_calls
from .basis.finding import ALLOCATED
from .basis.prompts import prompts
from .kept import contents, kept_sessions
from .own_rules import OwnRules
from .resent import context
from .resent.call_split import Amount, CallSplit
from .resent.carried import MessageCost
from .resent.context import PARTS, ContextSums, DearMessages

MOST = 20
"""Messages that are told."""


class SessionContext(NamedTuple):
    """What a session's prompts cost: of all of them, of each call, of the messages that cost most with the rest in one.

    Of calls without content the prompt is a part of its own, ``unjudged``.
    """

    session_id: str
    sums: ContextSums
    calls: list[CallSplit]
    dearest: DearMessages

    def to_json(self) -> dict[str, Any]:
        """For JSON; no money where nothing has a price."""
        sums, is_priced = self.sums, self.sums.is_priced
        return {
            "session_id": self.session_id,
            "rounds": sums.rounds,
            "unjudged_rounds": sums.unjudged_rounds,
            "unpriced_rounds": sums.unpriced,
            "resent_percent": sums.resent_percent,
            "resent_full_price_usd": money.plain(sums.full_price) if is_priced else None,
            "parts": {name: _amount(getattr(sums, name), is_priced=is_priced) for name in PARTS},
            "calls": [_call(each) for each in self.calls],
            "basis": ALLOCATED,
            "messages": [_message(each) for each in self.dearest.messages],
            "other_messages": {"messages": self.dearest.others, **_amount(self.dearest.rest, is_priced=is_priced)},
        }


def _amount(amount: Amount, *, is_priced: bool) -> dict[str, Any]:
    return {"tokens": amount.tokens, "cost_usd": money.plain(amount.pico) if is_priced else None}


def _call(split: CallSplit) -> dict[str, Any]:
    return {"round": split.round, **{f"{name}_tokens": getattr(split, name).tokens for name in PARTS}}


def _message(message: MessageCost) -> dict[str, Any]:
    document = message._asdict()
    is_priced = document.pop("priced") > 0
    for name in ("pico", "again_pico"):
        pico = document.pop(name)
        document[name.replace("pico", "cost_usd")] = money.plain(pico) if is_priced else None
    return {"first_round": document.pop("round"), "last_round": document.pop("last"), **document}


def of_session(report: Report, session_id: str, most: int = MOST) -> SessionContext | None:
    """What the prompts of the session with this id cost, with so many messages; None where there is none.

    Raises ``NoSuchFolderError``.
    """

    def meant(_db: sqlite3.Connection, index: Index, _own: OwnRules) -> str:
        number = index.session_number(session_id)
        return "false" if number is None else f"id = {number}"

    def question(db: sqlite3.Connection, index: Index, _own: OwnRules) -> SessionContext | None:
        number = index.session_number(session_id)
        if number is None:
            return None
        known = contents.unpacked(kept_sessions.chunks(db, number))
        calls = list(judged_calls.calls(index.book, judged_calls.rows_of(index, number), known))
        found = context.of_session(calls, prompts(calls))
        return SessionContext(session_id, found.sums, found.splits, found.dearest(most))

    return answers.ask(report, meant, question)
