"""How does a server go from the lines of a client to the answers on lines?

Requests that need the data folder are done in lanes, so that pings and cancellations get through meanwhile; all others are
answered at once.  Nothing but messages is written, one after the other.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterable
from typing import Any, Callable

from .methods import SLOW, Methods
from .protocol import messages
from .protocol.lanes import CancelledCallError, Lane, PendingCall, PendingCalls
from .protocol.messages import INTERNAL_ERROR, McpMessage, Mistake, RefusedError
from .tools.folder import DataFolder, FolderDesk

GRACE = 1.0
"""Seconds that calls have to be answered in which are not yet when the client has ended its input."""
_SEARCH = "search"


class McpServer:
    """One client's server, until its lines end."""

    def __init__(self, folder: DataFolder, methods: Methods, write: Callable[[bytes], None]) -> None:
        """``write`` takes a line at a time, by any thread."""
        self._methods = methods
        self._write = write
        self._calls = PendingCalls()
        # Searching may have to make its own index first, which takes longest.
        self._lanes = {name: (Lane(name), FolderDesk(folder)) for name in ("ask", _SEARCH)}
        self._here = FolderDesk(folder)

    def serve(self, lines: Iterable[bytes | None]) -> bool:
        """Answer until there are no more lines; whether all was answered by then, or soon after."""
        for line in lines:
            message = messages.message(line)
            if isinstance(message, Mistake):
                self._write(messages.error(message.id, message.code, message.text))
            elif message is not None:
                self._take(message)
        return self._calls.wait(GRACE)

    def _take(self, message: McpMessage) -> None:
        if message.id is None:
            if message.method == "notifications/cancelled":
                self._calls.cancel(message.params.get("requestId"))
        elif message.method in SLOW:
            is_search = message.params.get("name") == _SEARCH
            lane, desk = self._lanes[_SEARCH if is_search else "ask"]
            call = self._calls.begin(message.id, self._teller(message))
            lane.put(lambda: self._work(message, call, desk))
        else:
            self._write(self._answered(message, self._here))

    def _teller(self, message: McpMessage) -> Callable[[int, int], None] | None:
        """What tells the client how far a request is; None where it did not ask for that."""
        meta = message.params.get("_meta")
        token = meta.get("progressToken") if isinstance(meta, dict) else None
        if not isinstance(token, (str, int)) or isinstance(token, bool):
            return None

        def tell(done: int, total: int) -> None:
            params = {"progressToken": token, "progress": done, "total": total}
            self._write(messages.notification("notifications/progress", params))

        return tell

    def _work(self, message: McpMessage, call: PendingCall, desk: FolderDesk) -> None:
        try:
            if call.is_cancelled:
                return
            desk.hear = call.hear
            line = self._answered(message, desk)
            if not call.is_cancelled:
                self._write(line)
        except CancelledCallError:
            pass
        finally:
            self._calls.end(call)

    def _answered(self, message: McpMessage, desk: FolderDesk) -> bytes:
        """The line that answers a request.  Raises ``CancelledCallError``."""
        assert message.id is not None  # noqa: S101 -- who calls this knows; for the type checker
        try:
            return messages.result(message.id, self._methods.answer(message, desk))
        except RefusedError as refused:
            return messages.error(message.id, refused.code, refused.text, refused.data)
        except CancelledCallError:
            raise
        except Exception as error:  # noqa: BLE001 -- one answer fails, and the server goes on
            _log(message.method, error)
            return messages.error(message.id, INTERNAL_ERROR, f"Internal error: {type(error).__name__}")


def _log(method: str, error: Exception) -> None:
    """Say on stderr where an error is from, without its words: these may be of a conversation."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = "" if at is None else f" at {os.path.basename(at.tb_frame.f_code.co_filename)}:{at.tb_lineno}"
    known = method if len(method) < 40 and method.isprintable() else "a method"
    with contextlib.suppress(OSError):  # a full disk there is no reason to answer nobody
        sys.stderr.write(f"mcpserver.py: {known}: {type(error).__name__}{where}\n")
        sys.stderr.flush()


def writer(descriptor: int, leave: Callable[[], Any]) -> Callable[[bytes], None]:
    """What writes lines there, one after the other, by any thread; ``leave`` is called where nobody reads them."""
    lock = threading.Lock()

    def write(line: bytes) -> None:
        with lock:
            rest = memoryview(line)
            try:
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
            except OSError:
                leave()

    return write
