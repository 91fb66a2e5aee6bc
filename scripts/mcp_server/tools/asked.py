"""Which session does a model mean, and which calls?"""

from __future__ import annotations

import contextlib
import re
from datetime import datetime, timezone, tzinfo
from typing import Any

from session_monitor.asked import one_session
from session_monitor.asked.one_session import CURRENT, LAST, NotOneSessionError
from session_monitor.base import lazy_regex, periods
from session_monitor.reports.report import Report
from session_monitor.reports.selected import filters
from session_monitor.reports.selected.filters import BadMomentError, Selection

from .answers import ToolMistakeError
from .folder import FolderDesk

_MOST_NAMED = 5


def session_id(desk: FolderDesk, report: Report, text: str) -> str:
    """The id of the session that is meant, also as an answer wrote it.  Raises ``ToolMistakeError``, which names near ones."""
    environment = desk.folder.environment
    try:
        return one_session.meant(report, text, environment)
    except NotOneSessionError as error:
        if error.why == one_session.UNKNOWN and _ESCAPE.search(text):
            with contextlib.suppress(NotOneSessionError):
                return one_session.meant(report, _ESCAPE.sub(_unescaped, text), environment)
        raise _not_one(error) from None


_ESCAPE = lazy_regex.lazy(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})")


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1] or match[2], 16))


def _not_one(error: NotOneSessionError) -> ToolMistakeError:
    near = ", ".join(error.ids[:_MOST_NAMED])
    if error.why == one_session.AMBIGUOUS:
        text = f"{error.wanted} is a part of several ids; name more of the one that is meant: {near}"
        return ToolMistakeError("ambiguous_session", text)
    if error.why == one_session.NOT_YET:
        text = f"nothing is known of the current session {error.wanted} yet: it is there once the log was read"
        return ToolMistakeError("session_not_found", text)
    hint = f"nearest: {near}" if near else "list_sessions shows those that there are"
    return ToolMistakeError("session_not_found", f"no session with the id {error.wanted}; {hint}")


def gone(session: str) -> ToolMistakeError:
    """The session was deleted just now."""
    text = f"the session {session} is there no more; list_sessions shows those that are"
    return ToolMistakeError("session_not_found", text)


def zone(desk: FolderDesk, arguments: dict[str, Any]) -> tzinfo | None:
    """Whose days are meant; None for this machine's own.  Raises ``ToolMistakeError``."""
    name = arguments.get("timezone") or desk.folder.timezone
    try:
        return periods.zone(name)
    except periods.UnknownZoneError:
        text = f"no time zone {name}: name one like Asia/Shanghai, or an offset like +08:00"
        raise ToolMistakeError("bad_timezone", text) from None


def selection(desk: FolderDesk, report: Report, arguments: dict[str, Any]) -> Selection:
    """The sessions and calls that the filters among the arguments mean.  Raises ``ToolMistakeError``."""
    where = zone(desk, arguments)
    since, until = (_moment(arguments[name], where, is_end=name == "until") for name in ("since", "until"))
    if since is not None and until is not None and since >= until:
        raise ToolMistakeError("bad_time", f"since {arguments['since']} is not before until {arguments['until']}")
    return Selection(
        sessions=_sessions(desk, report, arguments["session"]),
        min_cost=_dollars(arguments["min_cost_usd"]),
        status=arguments["status"],
        now=report.now,
        since=since,
        until=until,
        models=_one(arguments["model"]),
        consumers=_one(arguments["consumer"]),
        gateways=_one(arguments["gateway"]),
        outcome=arguments["outcome"],
    )


def _one(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _sessions(desk: FolderDesk, report: Report, text: str | None) -> tuple[str, ...]:
    """Ids or patterns; a word for one session stands for its id."""
    return (filters.literally(session_id(desk, report, text)),) if text in (CURRENT, LAST) else _one(text)


def _moment(text: str | None, where: tzinfo | None, *, is_end: bool) -> int | None:
    if text is None:
        return None
    try:
        return filters.moment(text, datetime.now(timezone.utc), where, is_end=is_end)
    except BadMomentError:
        wrong = f"{text} is no time: write 2026-02-01, 2026-02-01T09:30:00+08:00, today, yesterday, 24h, 7d or 2w"
        raise ToolMistakeError("bad_time", wrong) from None


def _dollars(text: str | None) -> int | None:
    try:
        return None if text is None else filters.dollars(text)
    except ValueError:
        raise ToolMistakeError("bad_arguments", f"min_cost_usd {text} is no amount of dollars, such as 0.50") from None
