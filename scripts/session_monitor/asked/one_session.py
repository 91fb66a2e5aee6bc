"""Which session does somebody mean?"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from session_monitor.base import data_folder
from session_monitor.reports.report import Report

LAST, CURRENT = "last", "current"
"""The session that talked last; and the one that whoever asks is in."""
OWN_SESSION = ("AGENT_SESSION_ID", "OPENCLAW_SESSION_ID", "CLAWDBOT_SESSION_ID")
"""Where an agent's runtime may say which session it is in; the first that is set counts."""
UNKNOWN, AMBIGUOUS, NOT_YET = "unknown", "ambiguous", "not_yet"
"""Why it is not one: there is none, there are several, or the log does not tell of the one in the environment yet."""


class NotOneSessionError(LookupError):
    """No one session is meant: ``wanted`` is what was, ``why`` one of these, ``ids`` those that may have been meant."""

    def __init__(self, wanted: str, why: str, ids: Sequence[str] = ()) -> None:
        """``ids`` are spelled much alike where there is none, and have it as a part where there are several."""
        super().__init__(wanted)
        self.wanted = wanted
        self.why = why
        self.ids = ids


def own_session(environment: Mapping[str, str]) -> str | None:
    """The session that the environment says one is in; None where it says nothing."""
    return next((environment[name] for name in OWN_SESSION if environment.get(name)), None)


def meant(report: Report, text: str, environment: Mapping[str, str]) -> str:
    """The id of the one session that somebody means.  Raises ``NotOneSessionError``.

    An id, a part of one, a link, ``last``, or ``current``: where the environment names none, that of the work that is under
    way in this process's folder, else the last one.
    """
    wanted = id_of(text)
    if wanted == CURRENT and report.session(wanted) is None:
        wanted = own_session(environment) or of_work(report.folder) or LAST
        if wanted != LAST and report.session(wanted) is None:
            raise NotOneSessionError(wanted, NOT_YET)
    session_ids = report.named(wanted)
    if len(session_ids) == 1 or (wanted == LAST and session_ids):
        return session_ids[0]
    if not session_ids:
        raise NotOneSessionError(wanted, UNKNOWN, report.near_misses(wanted))
    raise NotOneSessionError(wanted, AMBIGUOUS, session_ids)


def of_work(folder: str) -> str | None:
    """The session of the work that began last of what is under way in this process's folder; None where none is."""
    if not os.path.lexists(os.path.join(folder, data_folder.WORK)):  # as in most: nothing more is loaded for it
        return None
    from session_monitor.work import life, work_file  # noqa: PLC0415 -- as above

    here = life.at_work_in(work_file.read(folder), os.getcwd())
    return here[-1].session_id if here else None


def id_of(text: str) -> str:
    """The id in a link to a session's page, ``http://localhost:8888/session?id=…``; what is no link is an id itself."""
    if not text.startswith(("http://", "https://")):
        return text
    import urllib.parse  # noqa: PLC0415 -- most name an id

    try:
        link = urllib.parse.urlsplit(text)
    except ValueError:
        return text
    session_ids = urllib.parse.parse_qs(link.query).get("id")
    return session_ids[0] if session_ids and link.path.rstrip("/").endswith("/session") else text
