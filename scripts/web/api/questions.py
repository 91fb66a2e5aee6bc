"""What is a question to the API, and how does its answer read?"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Callable, NamedTuple

from session_monitor.base import data_folder, timestamps
from session_monitor.calls import coverage
from session_monitor.exports import formats
from session_monitor.reports.report import Report
from web.answers.titles import Titles
from web.server.exchange import SCHEMA_VERSION, Refusal

HOLDS, OF_ALL_HOLDS = 10_000, 60_000
"""Milliseconds for which "now" is one moment, so that answers that depend on it can be remembered; of all sessions."""


Data = Callable[[Report], Any]


class Question(NamedTuple):
    """What is asked: ``data`` gives the answer from a report, ``key`` tells it from others.

    ``has_coverage`` says whether the answer tells how much of the log it speaks for, ``is_of_all`` that it adds up so
    much that it may be a little older than the data.
    """

    key: Hashable
    data: Data
    has_coverage: bool = True
    is_of_all: bool = False
    is_search: bool = False


class Setting(NamedTuple):
    """What answers depend on beside the data.

    ``folder`` is the data folder, ``problem`` says what is wrong with its price list, ``is_there`` whether there is such
    a folder; ``now`` is in milliseconds; ``redacts`` says that texts are not served; ``link`` gives a session's address.
    """

    folder: str
    problem: str
    is_there: bool
    now: int
    redacts: bool
    titles: Titles
    link: Callable[[str], str]


def envelope(data: Any, folder: str | None) -> bytes:
    """The body of an answer; how much of the log it speaks for is told where a folder is given."""
    found: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "data": data}
    if folder is not None:
        covered = coverage.of_state(data_folder.state_file(folder))
        found["coverage"] = covered.to_json() if covered else None
    return formats.to_json(found).encode()


def error(refusal: Refusal) -> bytes:
    """The body of a refusal."""
    told: dict[str, Any] = {"code": refusal.code, "message": str(refusal)}
    if refusal.status == 503:
        told["progress"] = refusal.progress
    return formats.to_json({"schema_version": SCHEMA_VERSION, "error": told}).encode()


def since(setting: Setting, holds: int) -> int:
    """The moment that is taken for now."""
    return setting.now - setting.now % holds


def no_session() -> Refusal:
    """There is no such session."""
    return Refusal(404, "session_not_found", "there is no session with this id")


def time(moment: int | None) -> str | None:
    try:
        return None if moment is None else timestamps.rfc3339(moment)
    except OverflowError:
        return None


ALERT_NAMES = 10
