"""What do the calls at the end of the logs hold, and what do they lack?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from session_monitor.base import timestamps
from session_monitor.calls import access_line, ai_log, requests
from session_monitor.calls.coverage import Coverage
from session_monitor.calls.outcome import LEFT, OK
from session_monitor.calls.round import Round
from session_monitor.log import log_file
from session_monitor.log.joined_lines import Joining
from session_monitor.log.log_file import LogFile
from session_monitor.prices import cost
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Call, Unpriced

LOOK_BYTES = 8 << 20
LOOK_LINES = 5000
"""So much of the end of the logs is looked at, and not more."""


@dataclass
class Sample:
    """The calls at the end of the logs, as far as they were counted; ``newest`` is the latest of their times.

    Of the calls that a model answered to the end, ``id_alone`` tell neither tokens nor model, and have an id of the provider's.
    ``clients`` has how many calls without a session id each program made, ``skipped_paths`` where calls went, without their query, that the plugin
    skipped, ``skipped_clients`` who made them, and ``unpriced`` how often each model has no price, and why it has none.
    """

    coverage: Coverage = field(default_factory=Coverage)
    answered: int = 0
    answered_without_tokens: int = 0
    id_alone: int = 0
    left_without_tokens: int = 0
    without_content: int = 0
    session_ids: Counter[str] = field(default_factory=Counter)
    clients: Counter[str] = field(default_factory=Counter)
    skipped_paths: Counter[str] = field(default_factory=Counter)
    skipped_clients: Counter[str] = field(default_factory=Counter)
    unpriced: Counter[tuple[str, str]] = field(default_factory=Counter)
    newest: int | None = None


def last_lines(file: LogFile, most_bytes: int, most_lines: int) -> list[bytes]:
    """The last whole lines of a file, of so many bytes at most."""
    start = max(0, file.size - most_bytes)
    end = start + (file.read(file.size - start, start).rfind(b"\n") + 1)
    lines = [data for _, _, data in log_file.lines(file, start, end) if data is not None]
    if start and lines and file.read(1, start - 1) != b"\n":
        del lines[0]  # its beginning was not read
    return lines[-most_lines:]


def take(sample: Sample, lines: Iterable[bytes], book: Book | None) -> None:
    """Count lines in; without a book no prices are looked for."""
    covered = sample.coverage
    for line in _joined(lines):
        covered.lines += 1
        stripped = line.strip(b"\0")
        call = ai_log.parse(stripped)
        if isinstance(call, access_line.Skipped):
            covered.skip(access_line.NUL_BYTES if line and not stripped else call.reason, answered=call.answered)
            if call.path:
                sample.skipped_paths[requests.without_query(call.path)] += 1
                sample.skipped_clients[_client(stripped)] += 1
            continue
        covered.count(call)
        _take_call(sample, call)
        if call.session_id is None:
            sample.clients[_client(stripped)] += 1
        if book:
            _take_price(sample, call, book)


def _joined(lines: Iterable[bytes]) -> Iterator[bytes]:
    """What the gateway wrote of these lines, also of those that came in pieces, as far as these are all there."""
    joining = Joining(LOOK_BYTES)
    for number, line in enumerate(lines):
        yield from (each.payload or b"" for each in joining.add(number, number + 1, line))


def _take_call(sample: Sample, call: Round) -> None:
    if call.outcome == OK and call.answered_by is None:
        sample.answered += 1
        sample.answered_without_tokens += not call.has_tokens
        sample.id_alone += bool(call.chat_id) and not call.has_tokens and call.model is None
    sample.left_without_tokens += call.outcome == LEFT and not call.has_tokens
    sample.without_content += not call.content_logged
    if call.session_id is not None:
        sample.session_ids[call.session_id] += 1
    at = timestamps.milliseconds(call.timestamp)
    if at is not None:
        sample.newest = max(at, sample.newest or at)


def _take_price(sample: Sample, call: Round, book: Book) -> None:
    priced = book.price(
        Call(
            call.model,
            call.timestamp,
            call.usage,
            call.has_tokens,
            route=call.route_name,
            cluster=call.upstream_cluster,
        )
    )
    if isinstance(priced, Unpriced) and priced.reason not in (cost.NO_TOKENS, cost.PARTLY_TOLD):
        sample.unpriced[call.model or "", priced.reason] += 1


def _client(line: bytes) -> str:
    """The program that made the call of a line, as it calls itself; empty where the line does not tell."""
    parts = access_line.split(line)
    name = None if isinstance(parts, access_line.Skipped) else parts.outer.get("user_agent")
    return name if isinstance(name, str) and name != "-" else ""
