"""What do the calls at the end of a log lack, and what has to be set in the gateway for it?

The settings named here are those of Higress' ai-statistics plugin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from session_monitor.base import timestamps
from session_monitor.calls import access_line, ai_log, requests
from session_monitor.calls.coverage import Coverage
from session_monitor.calls.joined_lines import Joining
from session_monitor.log import log_file
from session_monitor.log.log_file import LogFile
from session_monitor.prices import cost
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Call, Unpriced
from session_monitor.text import humanize

from .checks import FAIL, OK, WARN, Check

LOOK_BYTES = 8 << 20
LOOK_LINES = 5000
"""So much of the end of the logs is looked at, and not more."""

FEW = 0.05
"""A share of the calls that may lack something without a word: other clients than agents call, too."""
_NAMED = 5
_CLOCK_MAY_DIFFER = 60_000


@dataclass
class Sample:
    """The calls at the end of the logs, as far as they were counted; ``newest`` is the latest of their times.

    ``unpriced`` has how often each model has no price, and why it has none.
    """

    coverage: Coverage = field(default_factory=Coverage)
    answered: int = 0
    answered_without_tokens: int = 0
    without_content: int = 0
    without_time: int = 0
    unpriced: dict[tuple[str, str], int] = field(default_factory=dict)
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
            covered.skip("nul_bytes" if line and not stripped else call.reason)
            continue
        covered.count(call)
        sample.answered += call.error is None
        sample.answered_without_tokens += call.error is None and not call.has_tokens
        sample.without_content += not call.content_logged
        sample.without_time += call.timestamp is None
        at = timestamps.milliseconds(call.timestamp)
        if at is not None:
            sample.newest = max(at, sample.newest or at)
        if book:
            priced = book.price(Call(call.model, call.timestamp, call.usage, call.has_tokens))
            if isinstance(priced, Unpriced) and priced.reason != cost.NO_TOKENS:
                key = call.model or "", priced.reason
                sample.unpriced[key] = sample.unpriced.get(key, 0) + 1


def _joined(lines: Iterable[bytes]) -> Iterator[bytes]:
    """What the gateway wrote of these lines, also of those that came in pieces, as far as these are all there."""
    joining = Joining(LOOK_BYTES)
    for number, line in enumerate(lines):
        yield from (each.payload or b"" for each in joining.add(number, number + 1, line))


def checks(sample: Sample, now: float) -> Iterator[Check]:
    """What the sample says; ``now`` is the time in seconds since 1970."""
    yield _calls(sample.coverage)
    if not sample.coverage.calls:
        return
    yield _share(sample, "session ids", sample.coverage.without_session_id, "carry a session id", FAIL, _SESSION_ID)
    yield _share(sample, "content", sample.without_content, "hold what was said", WARN, _CONTENT)
    yield _cut(sample)
    yield _tokens(sample)
    yield _failed(sample)
    yield _share(sample, "times", sample.without_time, "have a time", FAIL, _TIME)
    yield _prices(sample)
    yield _clock(sample, now)


_FORMAT = (
    "the gateway's access-log format must hold "
    '"ai_log":"%FILTER_STATE(wasm.ai_log:PLAIN)%" (Higress\' own does), and the log must be a file: lines that a '
    "container engine wrapped in its own JSON are none of the gateway's"
)
_PLUGIN = (
    "switch the ai-statistics plugin on for the AI routes; if enable_path_suffixes is set there, the paths that the "
    "agents call must be among them"
)
_SESSION_ID = (
    "let the agent send its session id as x-openclaw-session-key, x-clawdbot-session-key, x-moltbot-session-key or "
    "x-agent-session, or name the header that it does send with session_id_header in the ai-statistics plugin. Calls "
    "without one are kept by consumer and day"
)
_CONTENT = (
    "to see conversations set use_default_attributes: true in the ai-statistics plugin in place of "
    "use_default_response_attributes: true (the light mode, in which attributes are ignored too), or list messages, "
    "question, answer, reasoning and tool_calls under attributes, each with apply_to_log: true. Tokens and costs need "
    "none of it"
)
_CUT = (
    "raise value_length_limit in the ai-statistics plugin (use_default_attributes: true makes it 10 MB by itself); an "
    "agent's messages are its whole history, and outgrow small limits"
)
_TOKENS = (
    "a stream tells its tokens only where it was asked with stream_options: {include_usage: true}; for a provider "
    "with a protocol of its own list model, input_token and output_token under attributes in the ai-statistics plugin"
)
_TIME = 'the gateway\'s access-log format must hold "start_time":"%START_TIME%"'
_MODEL = "list model under attributes in the ai-statistics plugin; a call without one has no price"


def _calls(covered: Coverage) -> Check:
    found = f"the last {humanize.counted(covered.lines, 'line')} of the log: {'; '.join(covered.in_words())}"
    skipped = covered.passed_over
    broken = sum(skipped.get(reason, 0) for reason in (access_line.NOT_JSON, access_line.CUT_OFF))
    if not covered.lines:
        return Check("calls", WARN, "the log has no whole line yet", "call a model through the gateway, and look again")
    if covered.calls:
        if broken > FEW * covered.lines:
            return Check("calls", WARN, found, "see that the gateway's disk is not full, and that only it writes there")
        return Check("calls", OK, found)
    if skipped.get(requests.NOT_LLM):
        return Check("calls", WARN, found, _PLUGIN)
    return Check("calls", FAIL, found, _FORMAT)


def _share(sample: Sample, name: str, lacking: int, have: str, worst: str, todo: str) -> Check:
    calls = sample.coverage.calls
    found = f"{_of(calls - lacking, calls)} {have}"
    if lacking <= FEW * calls:
        return Check(name, OK, found)
    return Check(name, worst if lacking == calls else WARN, found, todo)


def _of(number: int, calls: int) -> str:
    return f"{humanize.count(number) if number else 'none'} of {humanize.counted(calls, 'call')}"


def _cut(sample: Sample) -> Check:
    cut = sample.coverage.content_cut
    found = f"{_of(cut, sample.coverage.calls)} had a value cut in its middle by the gateway"
    return Check("cut values", WARN if cut else OK, found, _CUT if cut else "")


def _tokens(sample: Sample) -> Check:
    lacking, answered = sample.answered_without_tokens, sample.answered
    found = f"{_of(answered - lacking, answered)} that did not fail tell their tokens"
    if lacking <= FEW * answered:
        return Check("tokens", OK, found)
    return Check("tokens", FAIL if lacking == answered else WARN, found, _TOKENS)


def _failed(sample: Sample) -> Check:
    failed, calls = sample.coverage.failed, sample.coverage.calls
    found = f"{_of(failed, calls)} failed"
    if 2 * failed <= calls:
        return Check("failures", OK, found)
    return Check(
        "failures", WARN, found, "'show SESSION_ID' tells the error of each call; see to the provider behind it"
    )


def _prices(sample: Sample) -> Check:
    total = sum(sample.unpriced.values())
    found = f"{_of(total, sample.coverage.calls)} are without a price"
    if not total:
        return Check("prices", OK, found)
    named = sorted(sample.unpriced, key=lambda key: -sample.unpriced[key])
    models = _some([model for model, _ in named if model])
    advice = []
    if models:
        advice.append("state it with 'pricing set MODEL INPUT OUTPUT', or 'pricing alias NAME MODEL' for another name")
    if any(reason == cost.NO_MODEL for _, reason in named):
        advice.append(_MODEL)
    return Check("prices", WARN, f"{found}: {models or 'the log names no model'}", ". ".join(advice))


def _some(names: Sequence[str]) -> str:
    names = list(dict.fromkeys(names))
    more = f" and {humanize.count(len(names) - _NAMED)} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _clock(sample: Sample, now: float) -> Check:
    if sample.newest is None:
        return Check("clock", OK, "no call has a time to hold against this machine's")
    ahead = sample.newest - int(now * 1000)
    if ahead > _CLOCK_MAY_DIFFER:
        found = f"the newest call is {humanize.duration(ahead / 1000)} in the future, at {timestamps.rfc3339(sample.newest)}"
        return Check("clock", WARN, found, "set the clock of this machine, or the gateway's (chronyd or ntpd)")
    return Check("clock", OK, f"the newest call was {humanize.ago(-ahead / 1000)}")
