"""Was it taken, and if not: shall it be tried again, and when?"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple, Optional

from session_monitor.outgoing import retrying, secrets
from session_monitor.outgoing.posting import Outcome

from .receivers import Receiver

TAKEN, AGAIN, STOP = "taken", "again", "stop"
"""It was; it was not, and may be later; it was not, and never will be as it is."""
_PASSING = (408, 425, 429)


class Verdict(NamedTuple):
    """What that means: ``wait`` are seconds that the receiver asks for; nobody knows whether one that is ``unanswered`` was taken."""

    what: str
    reason: str = ""
    wait: Optional[float] = None  # noqa: UP045
    unanswered: bool = False
    moved: Optional[str] = None  # noqa: UP045
    """By which name the receiver wants to be told from now on."""


def judge(receiver: Receiver, outcome: Outcome, now: int, known: Iterable[str] = ()) -> Verdict:
    """What an outcome means for this kind of receiver; the reason holds none of the known secrets."""
    if outcome.status is None:
        verdict = Verdict(STOP if outcome.is_final else AGAIN, outcome.trouble, unanswered=outcome.was_sent)
    else:
        verdict = _FORMS[receiver.answer["form"]](receiver, outcome)
    wait = retrying.asked_wait(outcome.retry_after, now)
    if verdict.what == AGAIN and (wait is not None or verdict.wait is not None):
        verdict = verdict._replace(wait=min(wait if wait is not None else verdict.wait or 0, retrying.LONGEST_WAIT))
    return verdict._replace(reason=secrets.without(verdict.reason, known))


# -- by the status -----------------------------------------------------------------------------------------------------


def _of_status(receiver: Receiver, outcome: Outcome) -> Verdict:
    document = _document(outcome)
    wait = _number(_within(document, receiver.answer.get("retry_after", ())))
    return _by_status(receiver, outcome.status or 0, _words(outcome), wait)


def _by_status(receiver: Receiver, status: int, told: str, wait: float | None = None) -> Verdict:
    if is_success(receiver, status):
        return Verdict(TAKEN)
    reason = f"{_named(status)}{': ' if told else ''}{told}"
    if 300 <= status < 400:
        return Verdict(STOP, f"{_named(status)}: it is elsewhere, where nothing is sent; see that the address is exact")
    if status in _PASSING or not 400 <= status < 500:
        return Verdict(AGAIN, reason, wait)
    return Verdict(STOP, reason)


def is_success(receiver: Receiver, status: int) -> bool:
    """Whether this is a status that such a receiver has for what it takes."""
    return 200 <= status < 300 if receiver.success == "2xx" else status in receiver.success


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _words(outcome: Outcome) -> str:
    return outcome.body.decode("utf-8", "replace").strip()


# -- by the body -------------------------------------------------------------------------------------------------------


def _of_text(receiver: Receiver, outcome: Outcome) -> Verdict:
    answer, told = receiver.answer, _words(outcome)
    if not is_success(receiver, outcome.status or 0):
        return _by_status(receiver, outcome.status or 0, told)
    if told == answer["ok"]:
        return Verdict(TAKEN)
    if told in answer["permanent"]:
        return Verdict(STOP, told)
    return Verdict(AGAIN, f"it answered no {answer['ok']}: {told}", unanswered=True)


def _of_code(receiver: Receiver, outcome: Outcome) -> Verdict:
    answer, document = receiver.answer, _document(outcome)
    code, message = document.get(answer["field"]), str(document.get(answer["message"], ""))
    if isinstance(code, bool) or not isinstance(code, int):
        if not is_success(receiver, outcome.status or 0):
            return _by_status(receiver, outcome.status or 0, _words(outcome))
        return Verdict(AGAIN, f"it answered without {answer['field']}: {_words(outcome)}", unanswered=True)
    advice = answer["advice"].get(str(code))
    reason = f"{code}{': ' if message else ''}{message}{f' ({advice})' if advice else ''}"
    if code in answer["too_fast"]:
        return Verdict(AGAIN, f"too fast: {reason}", answer["wait"])
    if code in answer["permanent"]:
        return Verdict(STOP, reason)
    if is_success(receiver, outcome.status or 0):
        return Verdict(TAKEN) if code == answer["ok"] else Verdict(AGAIN, reason)
    return _by_status(receiver, outcome.status or 0, reason)


def _of_flag(receiver: Receiver, outcome: Outcome) -> Verdict:
    answer, document = receiver.answer, _document(outcome)
    status = outcome.status or 0
    flag, message = document.get(answer["field"]), str(document.get(answer["message"], ""))
    if is_success(receiver, status):
        if flag is True:
            return Verdict(TAKEN)
        if flag is None:
            return Verdict(AGAIN, f"it answered without {answer['field']}: {_words(outcome)}", unanswered=True)
        status = document["error_code"] if isinstance(document.get("error_code"), int) else 500
    moved = _within(document, answer["moved"])
    if isinstance(moved, (int, str)) and not isinstance(moved, bool):
        return Verdict(AGAIN, f"the chat is called {moved} now: change it there", 0, moved=str(moved))
    wait = _number(_within(document, answer["retry_after"]))
    return _by_status(receiver, status, message or _words(outcome), wait)


def _document(outcome: Outcome) -> dict[str, Any]:
    try:
        document = json.loads(outcome.body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _within(document: Any, path: Sequence[str]) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document if path else None


def _number(value: Any) -> float | None:
    is_one = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return max(float(value), 0.0) if is_one else None


# -- programs and mail -------------------------------------------------------------------------------------------------


def _of_exit(receiver: Receiver, outcome: Outcome) -> Verdict:
    status, told = outcome.status or 0, _words(outcome)
    if is_success(receiver, status):
        return Verdict(TAKEN)
    how = f"ended with exit code {status}" if status > 0 else f"was ended by signal {-status}"
    reason = f"{how}{': ' if told else ''}{told}"
    return Verdict(STOP if status in receiver.answer["permanent"] else AGAIN, reason)


def _of_mail(receiver: Receiver, outcome: Outcome) -> Verdict:
    """A mail server's 4xx may pass, its 5xx does not: the other way round than HTTP's."""
    status, told = outcome.status or 0, _words(outcome)
    if is_success(receiver, status):
        return Verdict(TAKEN, told)
    return Verdict(STOP if status >= 500 else AGAIN, f"{status}{': ' if told else ''}{told}")


_FORMS = {
    "status": _of_status,
    "text": _of_text,
    "code": _of_code,
    "flag": _of_flag,
    "exit": _of_exit,
    "mail": _of_mail,
}
