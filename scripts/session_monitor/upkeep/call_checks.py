"""What do the calls at the end of a log lack, and what has to be set in the gateway for it?

The settings named here are those of Higress' ai-statistics plugin.
"""

from __future__ import annotations

from collections.abc import Iterator

from session_monitor.base import timestamps
from session_monitor.calls import access_line, requests
from session_monitor.calls.coverage import Coverage
from session_monitor.prices import cost
from session_monitor.text import humanize

from . import session_id_checks
from .checks import FAIL, FEW, OK, WARN, Check, of_calls, some
from .sample import Sample

_CLOCK_MAY_DIFFER = 60_000


def checks(sample: Sample, now: float) -> Iterator[Check]:
    """What the sample says; ``now`` is the time in seconds since 1970."""
    yield _calls(sample.coverage)
    if sample.coverage.calls or sample.skipped_paths:
        yield _skipped(sample)
    if not sample.coverage.calls:
        return
    yield from session_id_checks.checks(sample)
    yield _share(sample, "content", sample.without_content, "hold what was said", WARN, _CONTENT)
    yield _cut(sample)
    yield _tokens(sample)
    yield _left(sample)
    yield _cut_short(sample)
    yield _failed(sample)
    yield _share(sample, "times", sample.coverage.undated, "have a time", FAIL, _TIME)
    yield _prices(sample)
    yield _clock(sample, now)


_FORMAT = (
    "the gateway's access-log format must hold "
    '"ai_log":"%FILTER_STATE(wasm.ai_log:PLAIN)%" (Higress\' own does). What a container engine or a shipper wraps round a line '
    "is taken away where it is one of those that LOG_ROTATION.md names"
)
_PLUGIN = (
    "switch the ai-statistics plugin on for the AI routes; if enable_path_suffixes is set there, the paths that the "
    "agents call must be among them"
)
_SKIPPED = (
    "in the ai-statistics plugin set enable_path_suffixes: {suffixes}. Without it use_default_attributes and "
    "use_default_response_attributes cover paths that end in /completions and /messages alone"
)
_BY_DEFAULT = ("/completions", "/messages")
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
_NO_USAGE = (
    "take disable_openai_usage: true out of the ai-statistics plugin: with it no line tells tokens or model; it is meant for "
    "providers whose answers the plugin cannot read"
)
_LEFT = (
    "have the usage sent before the end: stream_options: {include_usage: true} (ai-proxy adds it). The official OpenAI Python SDK "
    "closes a stream at its last event, so the gateway does not see the end of it: that is no failure"
)
_CUT_SHORT = (
    "their streams ended before the end, and their tokens are a lower bound. Where response_flags says UT, raise the route's "
    "time-out; where UPE, UR or UC, see to the provider; where DC, the client went away"
)
_TIME = 'the gateway\'s access-log format must hold "start_time":"%START_TIME%"'
_MODEL = "list model under attributes in the ai-statistics plugin; a call without one has no price"


def _calls(covered: Coverage) -> Check:
    found = f"the last {humanize.counted(covered.lines, 'line')} of the log: {'; '.join(covered.in_words())}"
    passed = covered.passed_over
    broken = sum(passed.get(reason, 0) for reason in (access_line.NOT_JSON, access_line.CUT_OFF))
    if not covered.lines:
        return Check("calls", WARN, "the log has no whole line yet", "call a model through the gateway, and look again")
    if covered.calls:
        if broken > FEW * covered.lines:
            return Check("calls", WARN, found, "see that the gateway's disk is not full, and that only it writes there")
        return Check("calls", OK, found)
    if passed.keys() <= _IN_NO_SHAPE:
        return Check("calls", FAIL, found, _FORMAT)
    return Check("calls", WARN, found, _PLUGIN)


_IN_NO_SHAPE = frozenset(
    (access_line.NO_AI_LOG, access_line.NOT_JSON, access_line.CUT_OFF, access_line.EMPTY, access_line.NUL_BYTES)
)


def _skipped(sample: Sample) -> Check:
    skipped = sum(sample.skipped_paths.values())
    total = sample.coverage.calls + skipped
    found = f"{of_calls(skipped, total)} were skipped by the plugin"
    if not skipped:
        return Check("skipped calls", OK, found)
    agents, _ = session_id_checks.by_agent(sample.skipped_clients)
    where = some([f"{path} ({humanize.count(number)})" for path, number in sample.skipped_paths.most_common()])
    by = f", by {some(list(agents))}" if agents else ""
    suffixes = [*_BY_DEFAULT, *sorted({suffix_of(path) for path in sample.skipped_paths} - {*_BY_DEFAULT})]
    todo = _SKIPPED.format(suffixes=f"[{', '.join(suffixes)}]")
    return Check("skipped calls", FAIL if not sample.coverage.calls else WARN, f"{found}: {where}{by}", todo)


def suffix_of(path: str) -> str:
    """What to enable so that the plugin looks at calls to this path."""
    path = requests.without_query(path)
    last = "/" + path.rstrip("/").rpartition("/")[2] + ("/" if path.endswith("/") else "")
    method = last.rpartition(":")
    return f":{method[2]}" if method[1] else last


def _share(sample: Sample, name: str, lacking: int, have: str, worst: str, todo: str) -> Check:
    calls = sample.coverage.calls
    found = f"{of_calls(calls - lacking, calls)} {have}"
    if lacking <= FEW * calls:
        return Check(name, OK, found)
    return Check(name, worst if lacking == calls else WARN, found, todo)


def _cut(sample: Sample) -> Check:
    cut = sample.coverage.content_cut
    found = f"{of_calls(cut, sample.coverage.calls)} had a value cut in its middle by the gateway"
    return Check("cut values", WARN if cut else OK, found, _CUT if cut else "")


def _tokens(sample: Sample) -> Check:
    lacking, answered = sample.answered_without_tokens, sample.answered
    found = f"{of_calls(answered - lacking, answered)} that were answered tell their tokens"
    if lacking <= FEW * answered:
        return Check("tokens", OK, found)
    todo = _NO_USAGE if sample.id_alone == answered else _TOKENS
    return Check("tokens", FAIL if lacking == answered else WARN, found, todo)


def _left(sample: Sample) -> Check:
    left, calls, lacking = sample.coverage.left, sample.coverage.calls, sample.left_without_tokens
    found = f"{of_calls(left, calls)} were left by their clients"
    found += f", {humanize.count(lacking)} of them without tokens" if lacking else ""
    return Check("left calls", WARN, found, _LEFT) if lacking > FEW * calls else Check("left calls", OK, found)


def _cut_short(sample: Sample) -> Check:
    cut, calls = sample.coverage.cut_short, sample.coverage.calls
    found = f"{of_calls(cut, calls)} were cut short"
    return Check("cut streams", WARN, found, _CUT_SHORT) if cut > FEW * calls else Check("cut streams", OK, found)


def _failed(sample: Sample) -> Check:
    failed, calls = sample.coverage.failed, sample.coverage.calls
    found = f"{of_calls(failed, calls)} failed"
    if 2 * failed <= calls:
        return Check("failures", OK, found)
    return Check(
        "failures", WARN, found, "'show SESSION_ID' tells the error of each call; see to the provider behind it"
    )


def _prices(sample: Sample) -> Check:
    total = sum(sample.unpriced.values())
    found = f"{of_calls(total, sample.coverage.calls)} are without a price"
    if not total:
        return Check("prices", OK, found)
    named = sorted(sample.unpriced, key=lambda key: -sample.unpriced[key])
    models = some([model for model, _ in named if model])
    advice = []
    if models:
        advice.append("state it with 'pricing set MODEL INPUT OUTPUT', or 'pricing alias NAME MODEL' for another name")
    if any(reason == cost.NO_MODEL for _, reason in named):
        advice.append(_MODEL)
    return Check("prices", WARN, f"{found}: {models or 'the log names no model'}", ". ".join(advice))


def _clock(sample: Sample, now: float) -> Check:
    if sample.newest is None:
        return Check("clock", OK, "no call has a time to hold against this machine's")
    ahead = sample.newest - int(now * 1000)
    if ahead > _CLOCK_MAY_DIFFER:
        found = f"the newest call is {humanize.duration(ahead / 1000)} in the future, at {timestamps.rfc3339(sample.newest)}"
        return Check("clock", WARN, found, "set the clock of this machine, or the gateway's (chronyd or ntpd)")
    return Check("clock", OK, f"the newest call was {humanize.ago(-ahead / 1000)}")
