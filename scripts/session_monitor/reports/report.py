"""What do people ask about their sessions?

Answers are plain values from the index; all faces print these and nothing else.  What was said in a session: see
``conversations``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, TypeVar

from session_monitor.index.access import Access
from session_monitor.index.database import Index, Progress
from session_monitor.prices.book import Book

from .selected.filter_sql import SelectionSql
from .selected.filters import ALL, Selection

if TYPE_CHECKING:
    from session_monitor.sessions.rounds import Place
    from session_monitor.totals.usage_totals import Sums
    from session_monitor.totals.what_if import Alternative

    from .selected.errors import Errors
    from .selected.unpriced import UnpricedModel
    from .sessions.kept_orders import KeptOrders
    from .sessions.session_cost import SessionCost
    from .sessions.session_list import SessionList
    from .sessions.session_outline import SessionOutline
    from .sessions.session_previews import ListedFacts, SessionPreview
    from .sessions.session_profile import SessionProfile
    from .sessions.session_rows import Neighbours, SessionRow, Threads
    from .sums.agents import Grouping
    from .sums.breakdown import Breakdown, ToolRow
    from .sums.comparison import Known, Side
    from .sums.dashboard import Dashboard
    from .sums.drivers import Drivers, ToolDriver
    from .sums.elsewhere import Elsewhere
    from .sums.largest import DearRound, LargeToolResult
    from .sums.reliability import Reliability

Answer = TypeVar("Answer")


def moment(timestamp: str | None) -> str:
    """What sorts times in UTC: `15Z` comes before `15.5Z`, and None before all."""
    return (timestamp or "").rstrip("Z")


def silent(_done: int, _total: int) -> None:
    """Tell nobody how far it is."""


class NoSuchFolderError(Exception):
    """The data folder is not there."""


class Overview(NamedTuple):
    """Sessions that have calls that are meant, what these add up to, and the rows of the latest sessions.

    ``oldest`` and ``newest`` are the moments of the first and the last call of all, in milliseconds since 1970.
    """

    sessions: int
    sums: Sums
    latest: list[SessionRow]
    oldest: int | None
    newest: int | None


class Report:
    """The answers about the sessions of one folder.  Methods raise ``NoSuchFolderError``.

    A command asks one question and need not wait for the rooms of the others to be loaded.
    """

    def __init__(
        self, folder: str, book: Book, progress: Progress = silent, now: int = 0, orders: KeptOrders | None = None
    ) -> None:
        """``progress`` hears of an index that has to be made first; ``now`` is in milliseconds since 1970.

        ``orders`` of sessions are kept by who asks for one page after another.
        """
        self.now = now
        self._orders = orders
        self.folder = folder
        self.book = book
        self._access = Access(folder, book, progress)

    def ask(self, question: Callable[[Index], Answer]) -> Answer:
        """The answer that a question finds in an index that is sound and current.

        It is asked once more, of another index, where the first one turns out to be damaged or locked.
        """
        try:
            return self._access.ask(question)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NoSuchFolderError(self.folder) from error

    # -- which sessions ------------------------------------------------------------------------------------------------

    def sessions(
        self,
        selection: Selection = ALL,
        *,
        sort_by: str = "updated",
        reverse: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> SessionList:
        """A row for each session that has calls that are meant, of these alone: the largest first, or last.

        The first ``offset`` are skipped.
        """
        from .sessions import session_list, session_order

        page = session_order.ListPage(sort_by, reverse, limit, offset)
        return self.ask(lambda index: session_list.session_list(index, selection, page, self.now, self._orders))

    def session(self, session_id: str) -> SessionRow | None:
        """The session with this id; None where there is none."""
        from .sessions import session_rows

        return self.ask(lambda index: session_rows.session(index, session_id, self.now))

    def last_prompt(self, session_id: str) -> int | None:
        """How many tokens the prompt of a session's last round had; None where that is not told."""
        from .sessions import session_rows

        return self.ask(lambda index: session_rows.last_prompt(index, session_id))

    def named(self, text: str, limit: int = 20) -> list[str]:
        """The ids of the sessions that somebody means by an id, by ``last``, or by a part of an id, the latest first.

        An id that is there as a whole is the only answer.
        """
        from .sessions import session_rows

        return self.ask(lambda index: session_rows.named(index, text, limit))

    def near_misses(self, session_id: str, limit: int = 5) -> list[str]:
        """Ids that are spelled much alike."""
        import difflib

        from .sessions import session_rows

        # Comparing spellings takes long; those of about the same length are the likely ones.
        by_length = sorted(self.ask(session_rows.all_ids), key=lambda each: abs(len(each) - len(session_id)))
        return difflib.get_close_matches(session_id, by_length[:2000], limit)

    def round_count(self, session_id: str) -> int | None:
        """How many rounds the session with this id has; None where there is none."""
        from .sessions import session_rows

        return self.ask(lambda index: session_rows.round_count(index, session_id))

    def places(self, session_id: str, first: int | None, last: int | None, newest: int | None) -> list[Place]:
        """Where rounds stand: from number ``first`` to ``last``, or the ``newest`` so many; None for no limit."""
        from .sessions import session_rows

        return self.ask(lambda index: session_rows.round_places(index, session_id, first, last, newest))

    def neighbours(self, session_id: str, first: int, last: int) -> list[Neighbours]:
        """Rounds from one number to another, each with those beside it in its conversation."""
        from .sessions import session_rows

        return self.ask(lambda index: session_rows.neighbours(index, session_id, first, last))

    def threads(self, session_id: str) -> Threads:
        """How many conversations a session has, and what its rounds tell of the tools that earlier ones asked for."""
        from .sessions import session_rows

        return self.ask(lambda index: session_rows.threads(index, session_id))

    # -- what calls add up to ------------------------------------------------------------------------------------------

    def overview(self, selection: Selection = ALL, *, latest: int = 0) -> Overview:
        """What the calls add up to, with the ``latest`` of the sessions."""
        return self.ask(lambda index: _overview(index, selection, latest, self.now))

    def active(self, selection: Selection = ALL) -> int:
        """How many of the sessions talked within the last minutes."""
        from .sums import pace

        return self.ask(lambda index: pace.active(SelectionSql(index, selection), self.now))

    def live(self, *, latest: int = 0, minutes: int) -> tuple[Overview, int, Sums]:
        """The same of all calls, how many sessions are active, and what the calls of so many minutes add up to."""
        return self.ask(lambda index: _live(index, latest, self.now, minutes))

    def by_name(self, column: str, selection: Selection = ALL) -> Breakdown:
        """What the calls of each name in one of ``naming.COLUMNS`` add up to, the dearest first."""
        from .sums import breakdown

        return self.ask(lambda index: breakdown.by_name(SelectionSql(index, selection), column))

    def by_name_in_json(self, column: str, selection: Selection = ALL) -> dict[str, Any]:
        """The same for JSON with their total; of models and consumers it tells how long the calls of each took."""
        from .sums import comparison

        rows, latencies = self.ask(lambda index: comparison.timed_by_name(index, selection, column))
        return {f"{column}s": comparison.rows_to_json(rows, latencies, column), "total": rows.total_to_json()}

    def by_time_and_name(self, unit: str, zone: tzinfo | None, column: str, selection: Selection = ALL) -> Breakdown:
        """The same for each hour, day, week or month, the newest last."""
        from .sums import breakdown

        return self.ask(lambda index: breakdown.by_time_and_name(SelectionSql(index, selection), unit, zone, column))

    def by_tool(self, selection: Selection = ALL) -> list[ToolRow]:
        """What was asked of each tool, and what came back."""
        from .sums import breakdown

        return self.ask(lambda index: breakdown.by_tool(SelectionSql(index, selection)))

    def by_agent(self, grouping: Grouping, selection: Selection = ALL) -> Breakdown:
        """What the calls of the sessions of each name add up to, the dearest first."""
        from .sums import agents

        return self.ask(lambda index: agents.by_agent(index, selection, grouping))

    def by_time_and_agent(
        self, unit: str, zone: tzinfo | None, grouping: Grouping, selection: Selection = ALL
    ) -> Breakdown:
        """The same for each hour, day, week or month, the newest last."""
        from .sums import agents

        return self.ask(lambda index: agents.by_time_and_agent(index, selection, unit, zone, grouping))

    def errors(self, selection: Selection = ALL) -> Errors:
        """With which codes the calls of which models failed, those with most failures first."""
        from .selected import errors

        return self.ask(lambda index: errors.errors(index, selection))

    def reliability(self, by: str, zone: tzinfo | None, selection: Selection = ALL) -> Reliability:
        """How quickly and how reliably calls were answered, by one of ``reliability.GROUPS``."""
        from .sums import reliability

        return self.ask(lambda index: reliability.reliability(index, selection, by, zone))

    def by_time(self, unit: str, zone: tzinfo | None, selection: Selection = ALL) -> Breakdown:
        """What the calls of each hour, day, week or month add up to, the newest last."""
        from .sums import breakdown

        return self.ask(lambda index: breakdown.by_time(SelectionSql(index, selection), unit, zone))

    def elsewhere(
        self, selection: Selection, alternatives: Sequence[Alternative], progress: Progress = silent
    ) -> Elsewhere:
        """What the calls would have cost on other models; ``progress`` hears how many of how many are priced."""
        from .sums import elsewhere

        return self.ask(lambda index: elsewhere.elsewhere(index, selection, alternatives, progress))

    def known(self, column: str, limit: int = 10) -> Sequence[str]:
        """Some of the models or consumers that there are."""
        from .sums import breakdown

        return self.ask(lambda index: breakdown.known(index, column, limit))

    # -- what is asked now and then -----------------------------------------------------------------------------------------

    def dashboard(self, selection: Selection, unit: str, zone: tzinfo | None, now: int) -> Dashboard:
        """What goes on, by the unit's spans in a time zone, at a moment in milliseconds."""
        from .sums import dashboard

        return self.ask(lambda index: dashboard.dashboard(index, selection, unit, zone, now))

    def drivers(self, by: str, now: Selection, before: Selection, limit: int = 10) -> Drivers:
        """Why the calls of one time cost more or less than those of another, by a column of ``naming``."""
        from .sums import drivers

        return self.ask(lambda index: drivers.drivers(index, by, now, before, limit))

    def tool_drivers(self, now: Selection, before: Selection, limit: int = 10) -> list[ToolDriver]:
        """Of which tools the results came to add more tokens to the prompts, or fewer."""
        from .sums import drivers

        return self.ask(lambda index: drivers.tool_drivers(index, now, before, limit))

    def choices(self) -> Known:
        """What there is to compare."""
        from .sums import comparison

        return self.ask(comparison.known)

    def compared_by_name(self, column: str, selection: Selection = ALL) -> dict[str | None, Side]:
        """Each model or consumer that has calls that are meant, and how long these took, the dearest first."""
        from .sums import comparison

        return self.ask(lambda index: comparison.by_name(index, selection, column))

    def compared(self, selections: Sequence[Selection]) -> list[Side]:
        """The calls that each of these means, and how long they took."""
        from .sums import comparison

        return self.ask(lambda index: comparison.of_selections(index, selections))

    def compared_sessions(self, session_ids: Sequence[str]) -> list[Side | None]:
        """The calls of each of these sessions, and how long they took; None for one that is not there."""
        from .sums import comparison

        return self.ask(lambda index: comparison.of_sessions(index, session_ids))

    def cost(self, session_id: str) -> SessionCost | None:
        """What the session with this id cost, by kind of token and by model; None where there is none."""
        from .sessions import session_cost

        return self.ask(lambda index: session_cost.session_cost(index, session_id, self.now))

    def profile(self, session_id: str) -> SessionProfile | None:
        """How the session with this id went; None where there is none."""
        from .sessions import session_profile

        return self.ask(lambda index: session_profile.profile(index, session_id))

    def outline(self, session_id: str) -> SessionOutline | None:
        """The whole of the session with this id at a glance; None where there is none."""
        from .sessions import session_outline

        return self.ask(lambda index: session_outline.outline(index, session_id))

    def dearest(self, selection: Selection = ALL, limit: int = 10) -> list[DearRound]:
        """The rounds that cost most, the dearest first."""
        from .sums import largest

        return self.ask(lambda index: largest.dearest(index, selection, limit))

    def largest_results(self, selection: Selection = ALL, limit: int = 10) -> list[LargeToolResult]:
        """The results of tools that made prompts longest, the largest first."""
        from .sums import largest

        return self.ask(lambda index: largest.largest_results(index, selection, limit))

    def unpriced(self) -> list[UnpricedModel]:
        """The models that have no price, and why."""
        from .selected import unpriced

        return self.ask(unpriced.models)

    def previews(self, session_ids: Sequence[str]) -> list[SessionPreview | None]:
        """What else is known of each of these sessions; None for one that is not there (any more)."""
        from .sessions import session_previews

        return self.ask(lambda index: session_previews.previews(index, session_ids))

    def listed(self, session_ids: Sequence[str]) -> dict[str, ListedFacts]:
        """What a list knows of each of these sessions beside its sums; nothing of one that is not there."""
        from .sessions import session_previews

        return self.ask(lambda index: session_previews.listed(index, session_ids))

    def title(self, place: Place | None) -> str | None:
        """What a session began with, whose first round stands there; None where nothing was asked, or is not known."""
        from .sessions import session_previews

        return None if place is None else session_previews.title_at(self.folder, place)

    def title_of(self, row: SessionRow) -> str | None:
        """The same of a row of a list, from its session's file."""
        from session_monitor.sessions import title

        return title.of_file(self.folder, row.file)


def _live(index: Index, latest: int, now: int, minutes: int) -> tuple[Overview, int, Sums]:
    from .sums import pace

    selected = SelectionSql(index, ALL)
    return _overview(index, ALL, latest, now), pace.active(selected, now), pace.recent(selected, now, minutes)


def _overview(index: Index, selection: Selection, latest: int, now: int) -> Overview:
    from .sums import breakdown

    selected = SelectionSql(index, selection)
    sessions, sums = breakdown.everything(selected)
    rows = []
    if latest:
        from .sessions import session_rows

        rows = session_rows.latest(index, selected, latest, now)
    return Overview(sessions, sums, rows, *breakdown.ends(index))
