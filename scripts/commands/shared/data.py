"""Which data folder, prices and session are meant?"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from session_monitor.base.timestamps import now
from session_monitor.own_prices import own_lists
from session_monitor.prices.book import Book
from session_monitor.prices.price_list import BadPriceListError
from session_monitor.reports.report import Report
from session_monitor.text import humanize, safe

from .failures import NOT_FOUND, USAGE, Failure, bad_prices, no_folder
from .output import Output

if TYPE_CHECKING:
    from session_monitor.calls.coverage import Coverage


class Data:
    """One Data is the folder that a command asks about: its sessions, their prices, and how much of the log it holds."""

    def __init__(self, folder: str, origins: Mapping[str, str] | None = None) -> None:
        """``origins`` tells of each option that was not given where its value is from, as ``settings.settle`` does."""
        self.folder = folder
        self.origins = origins or {}

    @property
    def state_file(self) -> str:
        """Where the monitor keeps its read positions, as its last run said."""
        from session_monitor.base import last_run  # noqa: PLC0415 -- most answers for people tell no coverage

        return last_run.state_file(self.folder)

    def book(self) -> Book:
        """The prices for this folder, as they are now.  Raises ``Failure``."""
        try:
            return own_lists.book(self.folder, os.environ)
        except BadPriceListError as error:
            raise bad_prices(error) from None

    def report(self, book: Book | None = None) -> Report:
        """The answers about this folder, with its own prices unless there are others.  Raises ``Failure``."""
        return Report(self.folder, book or self.book(), functools.partial(Output.progress, "making the index"), now())

    def coverage(self) -> Coverage | None:
        """How much of the log was read, where a monitor's state file tells."""
        from session_monitor.calls import coverage  # noqa: PLC0415 -- as above

        return coverage.of_state(self.state_file)

    def coverage_in_words(self) -> str:
        """The same for people."""
        covered = self.coverage()
        if covered is None:
            return "not known: there is no state file of the monitor beside the sessions"
        return f"{humanize.counted(covered.lines, 'line')} read; {'; '.join(covered.in_words())}"

    def check_is_there(self) -> None:
        """Raises ``Failure`` where the folder is not there."""
        if not os.path.isdir(self.folder):
            raise no_folder(self.folder)


LAST, CURRENT = "last", "current"
"""The session that talked last; and the one that whoever asks is in."""
OWN_SESSION = ("AGENT_SESSION_ID", "OPENCLAW_SESSION_ID", "CLAWDBOT_SESSION_ID")
"""Where an agent's runtime may say which session it is in; the first that is set counts."""


def own_session(environment: Mapping[str, str]) -> str | None:
    """The session that the environment says one is in; None where it says nothing."""
    return next((environment[name] for name in OWN_SESSION if environment.get(name)), None)


def meant(report: Report, text: str) -> str:
    """The id of the one session that somebody means.  Raises ``Failure``.

    An id, a part of one, a link, ``last``, or ``current``, which is the last one where the environment names none.
    """
    wanted = id_of(text)
    if wanted == CURRENT and report.session(wanted) is None:
        wanted = own_session(os.environ) or LAST
        if wanted != LAST and report.session(wanted) is None:
            text = (
                f"nothing is known of the current session {safe.clean(wanted)} yet: it is there once the log was read"
            )
            raise Failure("session_not_found", text, NOT_FOUND)
    session_ids = report.named(wanted)
    if len(session_ids) == 1 or (wanted == LAST and session_ids):
        return session_ids[0]
    if not session_ids:
        raise unknown_session(report, wanted)
    listed = "\n".join(f"  {safe.clean(each)}" for each in session_ids[:10])
    more = "" if len(session_ids) <= 10 else "\n  …"
    text = f"{safe.clean(wanted)} is a part of several ids; name more of the one that is meant:\n{listed}{more}"
    raise Failure("ambiguous_session", text, USAGE)


def id_of(text: str) -> str:
    """The id in a link to a session's page, ``http://localhost:8888/session?id=…``; what is no link is an id itself."""
    if not text.startswith(("http://", "https://")):
        return text
    import urllib.parse  # noqa: PLC0415 -- most name an id

    link = urllib.parse.urlsplit(text)
    session_ids = urllib.parse.parse_qs(link.query).get("id")
    return session_ids[0] if session_ids and link.path.rstrip("/").endswith("/session") else text


def unknown_session(report: Report, session_id: str) -> Failure:
    """There is no such session; some may have been meant."""
    hint = _did_you_mean(map(safe.clean, report.near_misses(session_id))) or "'list' shows those that there are"
    return Failure("session_not_found", f"no session {safe.clean(session_id)} in {report.folder}; {hint}", NOT_FOUND)


def unknown_model(book: Book, name: str) -> Failure:
    """There is no price for this model; some may have been meant."""
    import difflib  # noqa: PLC0415 -- only a mistake needs it

    near = difflib.get_close_matches(name.lower(), [model.key for model in book.models()], 5)
    hint = _did_you_mean(near) or "'pricing list' shows those known"
    return Failure("model_not_found", f"no price is known for {safe.clean(name)}; {hint}", NOT_FOUND)


def _did_you_mean(names: Iterable[str]) -> str:
    """A line for each of these; empty where there are none."""
    lines = [f"  {name}" for name in names]
    return "\n".join(["did you mean", *lines]) if lines else ""
