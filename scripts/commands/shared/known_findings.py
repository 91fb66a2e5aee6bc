"""What is known of findings by now, to stand beside another answer?

Nobody is judged for it: that is what ``insights`` is for, and a monitor that is at work.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from session_monitor.base import data_folder
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import Selection
from session_monitor.text import humanize, safe

_MOST = 3


def of_session(report: Report, session_id: str, rounds: int) -> Iterator[str]:
    """Lines of what is known of a session of so many rounds, the gravest first; none where nothing was found."""
    if not _is_kept(report):
        return
    from session_monitor.insight import session_insights, wording  # noqa: PLC0415 -- where nothing is kept nothing more is loaded

    found = session_insights.known(report, session_id)
    if found is None or not found.findings:
        return
    upto = f" up to round {humanize.count(found.rounds)}" if found.rounds < rounds else ""
    yield f"🔎 Found{upto}: {wording.counts(found.by_severity)} ('insights ID' tells all)"
    for each in found.findings[:_MOST]:
        yield f"   {wording.SIGNS[each.severity]} {each.kind}: {safe.cell(wording.words(each))}"


def in_all(report: Report, selection: Selection, sessions: int) -> str:
    """What is known of so many sessions that are meant; empty where nothing is."""
    if not _is_kept(report):
        return ""
    from session_monitor.insight import all_findings, wording  # noqa: PLC0415 -- as above

    found = all_findings.known(report, selection)
    looked_at = found.judged + found.not_judged if found else 0
    if found is None or not looked_at:
        return ""
    of = f", in the {humanize.counted(looked_at, 'session')} looked at so far" if looked_at < sessions else ""
    return f"{wording.counts(found.by_severity) or 'none'}{of} ('insights' tells them)"


def _is_kept(report: Report) -> bool:
    return os.path.lexists(os.path.join(report.folder, data_folder.INSIGHTS))
