"""What is known of a call that passes, and how is it recorded?"""

from __future__ import annotations

import re
import sys
import threading
import time
from email.message import Message
from typing import Callable

from session_monitor.base import timestamps
from session_monitor.calls import usage
from session_monitor.recording import log_line, recorded_log
from session_monitor.recording.recorded_call import CallTexts, RecordedCall

from .protocols import asked as requests
from .protocols.asked import Asked
from .protocols.reading import AnswerReader
from .routes import Route

SOURCE = "proxy"
CLIENT_GONE, PROVIDER_BROKE, PROVIDER_ERRED = "DC", "UC", "UPE"
"""What broke off, in the gateway's words."""
_ERROR = 400
_NO_ID = re.compile(r"[^\w.:/+=-]")


class PassingCall:
    """One call to a model, from when its request is there.  What is not known stays None."""

    def __init__(self, route: Route, asked: Asked, session_id: str | None, agent: str | None) -> None:
        self.route = route
        self.asked = asked
        self.status = 0
        self.flags: str | None = None
        self.error: str | None = None
        self.reader: AnswerReader | None = None
        self.request_id: str | None = None
        self.is_recorded_elsewhere = False
        self._session_id = session_id
        self._agent = agent
        self._moment = timestamps.now()
        self._start = time.monotonic()
        self._first_ms: int | None = None
        self._end_ms: int | None = None

    def _passed_ms(self) -> int:
        return round(1000 * (time.monotonic() - self._start))

    def answers(self, status: int, headers: Message, reader: AnswerReader) -> None:
        """An answer begins."""
        self.status, self.reader = status, reader
        told = str(headers.get("request-id") or headers.get("x-request-id") or "")
        self.request_id = _NO_ID.sub("", told)[:100] or None

    def has_first(self) -> None:
        """The first bytes of the answer are there."""
        if self._first_ms is None:
            self._first_ms = self._passed_ms()

    def has_ended(self) -> None:
        """The answer is there to its end."""
        if self.reader is not None:
            self.reader.end()
        self._end_ms = self._passed_ms()

    def breaks(self, flags: str, error: str | None = None) -> None:
        """It broke off, unless it was over by then."""
        if self._end_ms is None and self.reader is not None and self.reader.answer.has_ended:
            self._end_ms = self._passed_ms()
        if self._end_ms is None and self.flags is None:
            self.flags, self.error = flags, error

    # -- as it is recorded ---------------------------------------------------------------------------------------------

    def recorded(self, *, with_texts: bool) -> RecordedCall:
        """All that is known of it by now."""
        answer = self.reader.answer if self.reader else None
        is_stream = self.reader.is_stream if self.reader else None
        model = (answer.model if answer else None) or self.asked.model
        used, told = _tokens(answer.reported if answer else None, model)
        error = self.error or (answer.error if answer else None)
        is_erred = error is not None and self.flags is None and 0 < self.status < _ERROR
        return RecordedCall(
            session_id=self._session_id,
            moment=self._moment,
            path=self.route.path,
            source=SOURCE,
            agent=self._agent,
            model=model,
            host=self.route.upstream.authority,
            call_id=answer.call_id if answer else None,
            request_id=self.request_id,
            usage=used,
            is_streamed=is_stream,
            status=self.status,
            flags=PROVIDER_ERRED if is_erred else self.flags,
            error=error,
            first_token_ms=self._first_ms if is_stream else None,
            answered_ms=self._end_ms,
            duration_ms=self._passed_ms(),
            said=self._said() if with_texts else None,
            more={**told, "api": f"{self.route.upstream.name}/{self.route.protocol}"},
        )

    def _said(self) -> CallTexts:
        system, sent = requests.messages_of(self.route.protocol or "", self.asked)
        answer = self.reader.answer if self.reader else None
        return CallTexts(
            answer=(answer.text or None) if answer else None,
            reasoning=(answer.reasoning or None) if answer else None,
            system=system,
            messages=sent or None,
            tool_calls=(answer.tool_calls or None) if answer else None,
        )


def _tokens(told: usage.Reported | None, model: str | None) -> tuple[usage.Usage | None, dict[str, int]]:
    """The tokens of a call; where one of the two counts lacks, the other as it was told."""
    if told is None:
        return None, {}
    if told.input is None or told.output is None:
        counts = {"input_token": told.input, "output_token": told.output, "total_token": told.total}
        return None, {name: number for name, number in counts.items() if number is not None}
    return usage.normalise(told, model), {}


class Recorder:
    """Writes calls into the log of a data folder as they end."""

    def __init__(self, folder: str, *, with_texts: bool, on_line: Callable[[bytes], None] = lambda _: None) -> None:
        """``on_line`` hears of each line, from several threads."""
        self.with_texts = with_texts
        self.folder = folder
        self._on_line = on_line
        self._lock = threading.Lock()
        self._trouble = ""
        self.recorded = self.unrecorded = self.elsewhere = 0

    def record(self, call: PassingCall) -> None:
        """Write it down, unless another proxy does.  Where that cannot be done the call goes on, and a person is told once."""
        try:
            line = log_line.line(call.recorded(with_texts=self.with_texts))
        except (ValueError, RecursionError):  # what was said is no text, or is nested too deep: the rest is known
            line = log_line.line(call.recorded(with_texts=False))
        with self._lock:
            if call.is_recorded_elsewhere:
                self.elsewhere += 1
            else:
                self._append(line)
        self._on_line(line)

    def _append(self, line: bytes) -> None:
        try:
            recorded_log.append(self.folder, [line])
            self.recorded += 1
        except OSError as error:
            self.unrecorded += 1
            self._complain(error)

    def _complain(self, error: OSError) -> None:
        told = f"{error.strerror or error}: {error.filename or self.folder}"
        if told != self._trouble:
            self._trouble = told
            print(f"proxy: calls cannot be recorded: {told}", file=sys.stderr, flush=True)  # noqa: T201 -- as it runs
