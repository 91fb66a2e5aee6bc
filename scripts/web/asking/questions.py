"""What is a question to the API, and how does its answer read?"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, Callable, ClassVar, NamedTuple

from session_monitor.base import last_run
from session_monitor.calls import coverage
from session_monitor.exports import formats
from session_monitor.reports.report import Report
from web.answers.desk import Unfinished
from web.answers.titles import Titles
from web.server.exchange import SCHEMA_VERSION, Refusal, Request

HOLDS, OF_ALL_HOLDS = 10_000, 60_000
"""Milliseconds for which "now" is one moment, so that answers that depend on it can be remembered; of all sessions."""
MOST_NAMES = 10
"""Files or models that are named, where there is something wrong with many."""


class Setting(NamedTuple):
    """What answers depend on beside the data.

    ``folder`` is the data folder, ``problem`` says what is wrong with its price list, ``is_there`` whether there is such
    a folder; ``now`` is in milliseconds; ``redacts`` says that texts are not served; ``link`` gives a session's address;
    ``sees_all`` says whether who asks may see all sessions.
    """

    folder: str
    problem: str
    is_there: bool
    now: int
    redacts: bool
    titles: Titles
    link: Callable[[str], str]
    sees_all: bool = True

    def since(self, holds: int) -> int:
        """The moment that is taken for now, for so many milliseconds."""
        return self.now - self.now % holds


@dataclass(frozen=True)
class Question(abc.ABC):
    """What is asked at one of the addresses, as a value: equal ones have the same answer until the data change.

    ``has_coverage`` says whether the answer tells how much of the log it speaks for, ``is_of_all`` that it adds up so
    much that it may be a little older than the data, ``is_search`` that texts are looked through for it.
    """

    has_coverage: ClassVar[bool] = True
    is_of_all: ClassVar[bool] = False
    is_search: ClassVar[bool] = False

    @classmethod
    @abc.abstractmethod
    def of(cls, request: Request, setting: Setting) -> Question:
        """What a request asks.  Raises ``Refusal``."""

    @abc.abstractmethod
    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """What a report says to it, for JSON; ``complete`` is False where there is more to tell to who asks again.

        Raises ``Refusal``, and what the report raises.
        """

    def not_yet(self) -> dict[str, Any] | None:
        """What is told where there is no answer yet, for JSON; None where that is refused."""
        return None


def answer_body(question: Question, setting: Setting, report: Report) -> bytes:
    """The body of the answer to a question."""
    return _body(question, setting, question.answer(report, setting))


def body_of_not_yet(question: Question, setting: Setting) -> bytes | None:
    """The body of what is told where there is no answer yet; None where that is refused."""
    told = question.not_yet()
    return None if told is None else _body(question, setting, told)


def _body(question: Question, setting: Setting, told: dict[str, Any]) -> bytes:
    body = envelope(told, setting.folder if question.has_coverage else None)
    return body if told.get("complete", True) else Unfinished(body)


def envelope(data: Any, folder: str | None) -> bytes:
    """The body of an answer; how much of the log it speaks for is told where a folder is given."""
    body: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "data": data}
    if folder is not None:
        covered = coverage.of_state(last_run.state_file(folder))
        body["coverage"] = covered.to_json() if covered else None
    return formats.to_json(body).encode()


def error(refusal: Refusal) -> bytes:
    """The body of a refusal."""
    told: dict[str, Any] = {"code": refusal.code, "message": str(refusal)}
    if refusal.status == 503:
        told["progress"] = refusal.progress
    return formats.to_json({"schema_version": SCHEMA_VERSION, "error": told}).encode()


def no_session() -> Refusal:
    """There is no such session."""
    return Refusal(404, "session_not_found", "there is no session with this id")
