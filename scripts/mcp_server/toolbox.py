"""Which room answers which tool, and what is said where there is no answer?

A tool's room is loaded when it is called first: a client that only asks which tools there are need not wait for any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from .catalog import WRITING, Catalog
from .protocol import schemas
from .protocol.messages import INVALID_PARAMS, RefusedError
from .tools.folder import FolderDesk

if TYPE_CHECKING:
    from session_monitor.asked.problems import Problem

Answering = Callable[[FolderDesk, dict[str, Any]], dict[str, Any]]


def call(desk: FolderDesk, catalog: Catalog, params: dict[str, Any]) -> dict[str, Any]:
    """The result of ``tools/call``.  Raises ``RefusedError`` for what is no such call; what a model can mend is a result."""
    name, arguments = params.get("name"), params.get("arguments")
    if name == WRITING and name not in catalog.tools:
        text = "this server adds no notes: whoever set it up can add --allow-notes to its command"
        return _mistake("not_allowed", text)
    tool = catalog.tools.get(name) if isinstance(name, str) else None
    if tool is None or not isinstance(name, str):
        raise RefusedError(INVALID_PARAMS, f"Unknown tool: {str(name)[:100]}")
    schema, given = tool["inputSchema"], _given(arguments)
    wrong = list(schemas.mistakes(schema, given))
    if wrong:
        return _mistake("bad_arguments", "; ".join(wrong[:5]))
    return guarded(desk, lambda: _result(room(name)(desk, schemas.filled(schema, given))))


def _given(arguments: object) -> Any:
    """The arguments without those that are null: many models write that for what they leave out."""
    if isinstance(arguments, dict):
        return {name: value for name, value in arguments.items() if value is not None}
    return {} if arguments is None else arguments


def guarded(desk: FolderDesk, answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The result of a tool, which says what is wrong where there is no answer."""
    try:
        return answer()
    except Exception as error:
        problem = problem_of(desk, error)
        if problem is None:
            raise
        return _mistake(*problem)


def room(name: str) -> Answering:  # noqa: PLR0911 -- a table, whose rooms are loaded where they are asked
    """What answers the tool of this name."""
    if name in ("session_status", "list_sessions", "get_session"):
        from .tools import sessions

        answering: Answering = getattr(sessions, name)
        return answering
    if name == "get_rounds":
        from .tools.rounds import get_rounds

        return get_rounds
    if name == "search":
        from .tools.search import search

        return search
    if name == "get_stats":
        from .tools.stats import get_stats

        return get_stats
    if name == "get_cost":
        from .tools.cost import get_cost

        return get_cost
    if name == "get_insights":
        from .tools.insights import get_insights

        return get_insights
    if name == "check_budget":
        from .tools.budgets import check_budget

        return check_budget
    if name == "pricing":
        from .tools.pricing import pricing

        return pricing
    from .tools.notes import add_note

    return add_note


# -- results -----------------------------------------------------------------------------------------------------------


def _result(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer as a value, and as the same JSON for clients that know no values."""
    from .tools import answers

    clean = answers.cleaned(answer)
    return {
        "content": [{"type": "text", "text": answers.as_text(clean)}],
        "structuredContent": clean,
        "isError": False,
    }


def _mistake(code: str, text: str) -> dict[str, Any]:
    from session_monitor.text import own_names, safe

    told = own_names.as_typed(f"{code}: {safe.clean(text, newlines=True)}")
    return {"content": [{"type": "text", "text": told[:_LONGEST]}], "isError": True}


_LONGEST = 1500
"""Characters of what is said where there is no answer: ids may be long."""


def problem_of(desk: FolderDesk, error: Exception) -> Problem | None:
    """Why there is no answer; None for an error of this program."""
    from session_monitor.asked import problems
    from session_monitor.asked.problems import Problem
    from session_monitor.base import files, mounts
    from session_monitor.base.periods import UnknownZoneError
    from session_monitor.budgets.budget_file import BadBudgetsError
    from session_monitor.prices.price_list import BadPriceListError
    from session_monitor.reports.report import NoSuchFolderError
    from session_monitor.sessions.session_file import NotASessionFileError

    from .tools.answers import ToolMistakeError

    def unreadable(error: OSError) -> Problem:
        return problems.unreadable(str(error.filename or desk.folder.path), error)

    known: list[tuple[type[Exception], Callable[[Any], Problem]]] = [
        (ToolMistakeError, lambda mistake: Problem(mistake.code, mistake.text)),
        (NoSuchFolderError, lambda _: problems.no_folder(desk.folder.path)),
        (mounts.UnreachableDataError, lambda why: Problem(why.code, str(why))),
        (BadPriceListError, problems.bad_prices),
        (BadBudgetsError, problems.bad_budgets),
        (UnknownZoneError, problems.zone_of_budget),
        (files.MistakeInFileError, lambda mistake: Problem(mistake.code, str(mistake))),
        (FileNotFoundError, lambda _: Problem("session_not_found", _GONE)),
        (NotASessionFileError, lambda _: Problem("session_not_found", _GONE)),
        (OSError, unreadable),
    ]
    return next((told(error) for kind, told in known if isinstance(error, kind)), None)


_GONE = "the session's file is there no more, or is damaged; list_sessions shows those that are"
