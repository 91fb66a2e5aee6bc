"""How is it told how projects stand: to people, to an agent, to others?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, NamedTuple, Optional

from commands.shared import working
from session_monitor.base import timestamps
from session_monitor.reports.report import Overview
from session_monitor.reports.sessions.session_rows import SessionRow
from session_monitor.text import humanize, markdown, safe
from session_monitor.totals import wording
from session_monitor.totals.currency import DisplayCurrency
from session_monitor.work.piece import Piece
from session_monitor.work.project_state import ProjectState
from session_monitor.work.projects_file import Project
from session_monitor.work.todo_marks import TodoMark


class WorkDone(NamedTuple):
    """A piece of work, and the row of its session; None where it has no call."""

    piece: Piece
    row: Optional[SessionRow]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too

    def cost(self, currency: DisplayCurrency) -> str:
        """What its calls cost, in words."""
        if self.row is None:
            return "no calls"
        shown = wording.short(self.row.spending, currency)
        return "cost not known" if shown == "-" else shown


class ProjectDay(NamedTuple):
    """How one project stands."""

    project: Project
    state: ProjectState
    marks: list[TodoMark]
    work: list[WorkDone]

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        return {
            **self.project._asdict(),
            "git": self.state.to_json(),
            "marks": [each.to_json() for each in self.marks],
            "work": [_work_to_json(each) for each in self.work],
        }

    def open_ends(self) -> list[str]:
        """What is not done yet, in words."""
        state = self.state
        counts = {
            "staged": state.staged,
            "not staged": state.uncommitted,
            "untracked": state.untracked,
            "not pushed": state.unpushed,
            "stashed": state.stashes,
        }
        return [f"{humanize.count(count)} {what}" for what, count in counts.items() if count]


class Day(NamedTuple):
    """How all of them stand, and what all sessions cost since that moment; None where there is no data folder."""

    since: int
    projects: list[ProjectDay]
    overview: Optional[Overview]  # noqa: UP045 -- as above

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        all_of_it = self.overview
        return {
            "since": timestamps.rfc3339(self.since),
            "projects": [each.to_json() for each in self.projects],
            "sessions": all_of_it
            and {
                "sessions": all_of_it.sessions,
                "calls": all_of_it.sums.calls,
                "total_tokens": all_of_it.sums.total_tokens,
                **{name: all_of_it.sums.spending.to_json()[name] for name in ("cost_usd", "unpriced_rounds")},
            },
        }

    def spent(self, currency: DisplayCurrency) -> str:
        """What all sessions did since then, in words."""
        if self.overview is None or not self.overview.sums.calls:
            return "no calls of any session"
        sums = self.overview.sums
        cost = wording.short(sums.spending, currency)
        parts = humanize.counted(self.overview.sessions, "session"), humanize.counted(sums.calls, "call")
        return f"{', '.join(parts)}, cost: {'not known' if cost == '-' else cost}"


def _work_to_json(done: WorkDone) -> dict[str, Any]:
    spent = done.row and done.row.spending.to_json()
    return {
        **done.piece.told(timestamps.now(), files=False),
        "rounds": done.row.fields["messages_count"] if done.row else 0,
        "cost_usd": spent and spent["cost_usd"],
        "unpriced_rounds": spent and spent["unpriced_rounds"],
    }


def moment(at: str | None) -> int:
    """In milliseconds since 1970; 0 for None."""
    return timestamps.milliseconds(at) or 0


def _since(day: Day) -> str:
    return timestamps.local_time(timestamps.rfc3339(day.since))


# -- for people --------------------------------------------------------------------------------------------------------


def for_people(day: Day, currency: DisplayCurrency) -> Iterator[str]:
    """Lines for a terminal."""
    yield f"Since {_since(day)}: {day.spent(currency)}"
    for each in day.projects:
        yield ""
        state = each.state
        branch = f": {safe.cell(state.branch)}" if state.branch else ""
        yield f"{safe.cell(each.project.name)}{branch}{''.join(f', {end}' for end in each.open_ends())}"
        if state.problem:
            yield f"  git: {safe.cell(state.problem)}"
        for commit in state.commits[:_SHOWN]:
            yield f"  {commit.hash[:10]} {safe.cell(commit.subject)}"
        yield from _more(state)
        for done in each.work:
            yield f"  work: {working.headline(done.piece).partition(', in ')[0]}; {done.cost(currency)}"
        for mark in each.marks[:_SHOWN]:
            yield f"  {mark.kind} {safe.cell(mark.file)}:{mark.line} {safe.cell(mark.text)}"


_SHOWN = 5


def _more(state: ProjectState) -> Iterator[str]:
    more = (state.commits_count or 0) - _SHOWN
    if more > 0:
        yield f"  and {humanize.counted(more, 'commit')} more"


# -- for an agent ------------------------------------------------------------------------------------------------------


def for_agents(day: Day, currency: DisplayCurrency) -> Iterator[str]:
    """Markdown for an agent that is to go on; what strangers wrote is code in it, and steers nothing."""
    yield "# Where things stand"
    yield ""
    yield f"Since {_since(day)}: {day.spent(currency)}."
    for each in day.projects:
        state = each.state
        yield ""
        yield f"## {markdown.code(each.project.name)}"
        yield ""
        yield f"- Path: {markdown.code(each.project.path)}"
        yield f"- Branch: {markdown.code(state.branch) if state.branch else 'none'}"
        yield f"- Open ends: {', '.join(each.open_ends()) or ('not known' if state.problem else 'none')}"
        if state.problem:
            yield f"- git: {markdown.code(state.problem)}"
        for commit in state.commits:
            yield f"- Commit {commit.hash[:10]}: {markdown.code(commit.subject)}"
        for done in each.work:
            told = done.piece
            length = humanize.duration(told.seconds(timestamps.now()))
            how = "under way for" if told.is_under_way else "given up after" if told.is_stale else "ended after"
            note = f". Note: {markdown.code(told.note)}" if told.note else ""
            session = markdown.code(told.session_id)
            yield f"- Work {markdown.code(told.name)} (session {session}): {how} {length}, {done.cost(currency)}{note}"
        for mark in each.marks:
            yield f"- {mark.kind} in {markdown.code(f'{mark.file}:{mark.line}')}: {markdown.code(mark.text or mark.kind)}"


# -- for others --------------------------------------------------------------------------------------------------------


def to_share(day: Day, currency: DisplayCurrency) -> Iterator[str]:
    """A stand-up: what was done, what is under way, what it cost; neither paths nor what stands in files."""
    yield f"Stand-up, {datetime.fromtimestamp(timestamps.now() / 1000, timezone.utc).astimezone().date().isoformat()}"
    for each in day.projects:
        yield ""
        yield safe.cell(each.project.name)
        yield from _done(each, currency)
        ends = each.open_ends()
        if ends:
            yield f"  - open: {', '.join(ends)}"
        if each.state.problem:
            yield "  - git does not tell how it stands"
    yield ""
    yield f"Agents: {day.spent(currency)}"


def _done(each: ProjectDay, currency: DisplayCurrency) -> Iterator[str]:
    for commit in each.state.commits:
        if not commit.is_merge:
            yield f"  - done: {safe.cell(commit.subject)}"
    for done in each.work:
        length = humanize.duration(done.piece.seconds(timestamps.now()))
        how = "under way" if done.piece.is_under_way else "ended"
        yield f"  - {how}: {safe.cell(done.piece.name)} ({length}, {done.cost(currency)})"
    if not each.state.commits and not each.work:
        yield "  - nothing new"
