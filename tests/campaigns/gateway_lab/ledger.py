"""What was each call really, and does the monitor say so?

A ledger is a list of rows, one a call, written by whoever made the calls (or answered them).  ``judge`` holds what
the monitor stored of a log against it, through the commands that users run.  Whether a value that is not shown
stood in the log at all is read there without any of the project's code.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from json.decoder import scanstring

import cli
import main as monitor

TOKENS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cached": "cached_tokens",
    "reasoning": "reasoning_tokens",
    "write": "cache_write_tokens",
}
"""A ledger's token kinds and the monitor's names for them; both count the cache as input, reasoning as output."""

_TOKEN_KEYS = ("input_token", "output_token", "total_token", "reasoning_tokens", "cached_tokens")
_DETAILS = ("input_token_details", "output_token_details")
_LINE = re.compile(
    r'"request_id":"(?P<name>[^"]*)".*?"response_code":"(?P<code>\d+)","response_flags":"(?P<flags>[^"]*)"'
)


def row(request_id, what, **facts):
    """One call of a ledger; what is not said of it is as with a plain answered call.

    ``ended`` is "whole"; "left" (the client closed before it had all); "broken" (the provider, or a time-out, did);
    "error_inside" (an error, or nothing, under a 200); or "no_call" for a request that asks no model anything.
    ``tokens`` None: not to be told of.  ``messages`` and ``question`` None: not compared.
    """
    plain = {
        "session": None,
        "lines": 1,
        "status": 200,
        "ended": "whole",
        "model": None,
        "tokens": None,
        "answer": None,
        "reasoning": None,
        "tool_calls": [],
        "messages": None,
        "question": None,
    }
    return {"request_id": request_id, "what": what, **plain, **facts}


@dataclass(frozen=True)
class Line:
    """One line as Envoy and the plugin wrote it; ``ai_log`` is None where the plugin passed over the request."""

    ai_log: dict | None
    code: int
    flags: str


@dataclass
class Verdict:
    """What came of the calls.  Everything but ``right``, ``lost`` and the skipped ones has to be empty."""

    calls: int = 0
    right: int = 0
    wrong: list = field(default_factory=list)
    """The log told it, and the monitor says something else."""
    lost: dict = field(default_factory=dict)
    """By call: what the plugin did not write into the line."""
    made_up: list = field(default_factory=list)
    shown_whole: list = field(default_factory=list)
    """Cut short, and nothing says so."""
    unmarked: list = field(default_factory=list)
    """The gateway saw the client close, and nothing says so."""
    guessed: list = field(default_factory=list)
    """What the line does not tell is shown as zero, or as a No."""
    missing: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    """Calls that the plugin passed over."""
    skipped_told: int = 0

    def faults(self):
        """What must not be, in words."""
        told = [f"skipped: {len(self.skipped)}, told: {self.skipped_told}"] * (len(self.skipped) != self.skipped_told)
        named = ("wrong", "made_up", "shown_whole", "unmarked", "guessed", "missing")
        return [*(f"{name}: {each}" for name in named for each in getattr(self, name)), *told]

    def __str__(self):
        """One line of figures."""
        lost = Counter(kind for kinds in self.lost.values() for kind in kinds)
        losses = ", ".join(f"{kind} {times}" for kind, times in sorted(lost.items())) or "nothing"
        return (
            f"{self.calls} calls, {self.right} right, {len(self.wrong)} wrong, {len(self.made_up)} made up, "
            f"{len(self.shown_whole)} cut ones shown whole, {len(self.unmarked)} left ones unmarked, "
            f"{len(self.guessed)} guessed, {len(self.missing)} missing, {self.skipped_told} of {len(self.skipped)} skipped ones told; "
            f"lost by the plugin: {losses}"
        )


def judge(log, ledger, output, *, content=True):
    """Reads the log into the folder and gives the verdict; ``content``: the plugin was told to log what is said."""
    _printed(monitor.main, "--once", "--quiet", "--log-path", log, "--output-dir", output)
    return held(lines_of(log), ledger, *stored(output), content=content)


def held(lines, ledger, rounds, skipped_told, *, content):
    """The verdict on rounds by their request ids."""
    verdict = Verdict(skipped_told=skipped_told)
    for call in ledger:
        _hold(call, lines.get(call["request_id"], []), rounds.get(call["request_id"], []), verdict, content=content)
    known = {call["request_id"] for call in ledger}
    verdict.made_up += [f"{name}: a round of nothing that was sent" for name in rounds.keys() - known]
    return verdict


def lines_of(log):
    """The lines of a log by request id; the project's own reader has no part in it."""
    found = defaultdict(list)
    for raw in log.read_bytes().splitlines():
        text = raw.decode("utf-8", "surrogateescape")
        inner, end = scanstring(text, len('{"ai_log":"'), True)
        rest = _LINE.search(text, end)
        ai_log = None if inner == "-" else json.loads(inner)
        found[rest["name"]].append(Line(ai_log, int(rest["code"]), rest["flags"]))
    return found


def asked(command, *words):
    """What a command answers as JSON."""
    return json.loads(_printed(cli.main, command, "--json", *words))


def _printed(program, *words):
    """What a program prints that ends well, run in this process: hundreds of sessions are asked for."""
    printed = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(printed):
        status = program([*map(str, words)])
        printed.flush()
    if status:
        raise RuntimeError(f"{words} ended with {status}")
    return printed.buffer.getvalue()


def stored(output):
    """All rounds by request id, each with its session's id, and how many skipped calls the summary tells of."""
    found = defaultdict(list)
    for session in asked("list", "--limit", "all", "--data-dir", output)["data"]:
        name = session["session_id"]
        for each in asked("show", "--data-dir", output, "--", name)["data"]["rounds"]:
            found[each["request_id"]].append((name, each))
    told = asked("summary", "--data-dir", output)["coverage"]["passed_over"]
    return found, told.get("skipped_calls", 0)


# -- one call ----------------------------------------------------------------------------------------------------------


def _hold(call, lines, rounds, verdict, *, content):
    name = f"{call['request_id']} ({call['what']})"
    if call["ended"] == "no_call":
        verdict.made_up += [f"{name}: {found['outcome']}" for _, found in rounds]
        return
    verdict.calls += call["lines"]
    read = [line for line in lines if line.ai_log is not None]
    verdict.skipped += [name] * (len(lines) - len(read))
    if len(lines) != call["lines"] or len(read) != len(rounds):
        verdict.missing.append(f"{name}: sent {call['lines']} times, {len(lines)} lines, {len(rounds)} rounds")
        return
    if not read:
        return
    # A client that tried again sent one id twice: its last line is the one that the ledger's values are of.
    _hold_one(call, name, read[-1], rounds[-1], verdict, content=content)


def _hold_one(call, name, line, stored_round, verdict, *, content):
    session, found = stored_round
    if line.flags == "DC" and found["outcome"] == "ok":
        verdict.unmarked.append(name)
    differing = [*_looks(call, line, found), *_differing(call, line, session, found, content=content)]
    if call["ended"] != "whole" and not _is_marked(found) and not _ended_well(line):
        verdict.shown_whole.append(f"{name}: {found['outcome']}, {found.get('token_notes')}")
    verdict.guessed += [f"{name}: {each}" for each in _guessed(call, line, found)]
    lost = sorted(kind for kind, _, _, told in differing if not told)
    if lost:
        verdict.lost[call["request_id"]] = lost
    wrong = [f"{name}: {kind} is {have!r}, not {want!r}" for kind, want, have, told in differing if told]
    verdict.wrong += wrong
    verdict.right += not differing


def _is_marked(found):
    unsure = {"cut_short", "no_answer"} & set(found.get("token_notes") or ())
    return found["outcome"] != "ok" or bool(unsure) or bool(found.get("no_tokens"))


def _ended_well(line):
    """Whether the plugin wrote all that it writes of an answer that it saw to its end: an error inside is not told."""
    return bool(line.ai_log.get("response_type") and line.ai_log.get("llm_service_duration") is not None)


def _looks(call, line, found):
    """What the line does not tell, because it looks like that of another call."""
    if call["ended"] == "error_inside" and not _is_marked(found) and _ended_well(line):
        yield "ended", "error_inside", "whole", False
    if _asked_for_tools(call) and found["has_tool_calls"] is False and line.ai_log.get("answer"):
        # Claude, not streamed: the text that came before the tool is there, and nothing of the tool.
        yield "has_tool_calls", True, False, False


def _guessed(call, line, found):
    if not any(_numbers(line.ai_log)) and found["outcome"] != "failed" and found["input_tokens"] is not None:
        yield f"{found['input_tokens']} input tokens"
    if _asked_for_tools(call) and found["has_tool_calls"] is False and not line.ai_log.get("answer"):
        yield "no tool calls"


def _asked_for_tools(call):
    return call["tool_calls"] and call["status"] == 200


def _differing(call, line, session, found, *, content):
    """What is shown otherwise than it was: (kind, what it was, what is shown, whether the line told it)."""
    if call["session"] or not session.startswith("no-session:"):
        yield from _unequal({"session": call["session"]}, {"session": session}, line)
    yield from _unequal({"outcome": _outcome(call, line)}, found, line)
    if call["ended"] == "whole" and call["status"] == 200:
        yield from _unequal_tokens(call, line, found)
        if call["model"]:
            yield from _unequal({"model": call["model"]}, found, line)
        if content:
            yield from _unequal_content(call, line, found)


def _unequal(expected, found, line):
    for kind, want in expected.items():
        if found.get(kind) != want:
            told = kind == "outcome" or line.ai_log.get("session_id" if kind == "session" else kind) == want
            yield kind, want, found.get(kind), told


def _outcome(call, line):
    if call["status"] != 200 or line.code == 0 or call["ended"] == "broken":
        return "failed"
    return "left" if line.flags == "DC" else "ok"


def _unequal_tokens(call, line, found):
    told = _numbers(line.ai_log)
    if call["tokens"] is None:
        return
    read, write = call["tokens"]["cached"] or 0, call["tokens"]["write"] or 0
    for kind, name in TOKENS.items():
        want = call["tokens"][kind]
        if want is not None and (found.get(name) or 0) != want:
            # Anthropic's input leaves out the cache: then the line tells the sum where it tells all parts.
            parts = {want} if want in told or kind != "input" else {want - read - write, read, write} - {0}
            yield name, want, found.get(name), parts <= told


def _numbers(ai_log):
    """All token counts of a line, also those within details, which may be JSON in a string.

    None where the three are zeros: the plugin read a usage that was torn, and what stands beside it may be its rest.
    """
    if not any(ai_log.get(key) for key in ("input_token", "output_token", "total_token")):
        return set()
    found = [ai_log.get(key) for key in _TOKEN_KEYS]
    for key in _DETAILS:
        details = ai_log.get(key) or {}
        found += (json.loads(details) if isinstance(details, str) else details).values()
    return {int(each) for each in found if each is not None and str(each).lstrip("-").isdigit()}


def _unequal_content(call, line, found):
    for kind in ("answer", "reasoning"):
        if (found.get(kind) or None) != (call[kind] or None):
            yield kind, call[kind], found.get(kind), (line.ai_log.get(kind) or None) == (call[kind] or None)
    shown = [
        [tool["function"].get("name"), tool["function"].get("arguments")] for tool in found.get("tool_calls") or ()
    ]
    if shown != call["tool_calls"]:
        yield "tool_calls", call["tool_calls"], shown, _tells_tools(call, line)
    if call["messages"] is not None and found.get("messages_total") != call["messages"]:
        yield "messages", call["messages"], found.get("messages_total"), True
    if call["question"] is not None and found.get("question") != call["question"]:
        yield "question", call["question"], found.get("question"), True


def _tells_tools(call, line):
    """Whether each call has its name in the line: the plugin joins two that came under one index into one."""
    logged = Counter(re.findall(r'"name": "([^"]*)"', json.dumps(line.ai_log.get("tool_calls"), ensure_ascii=False)))
    return not Counter(name for name, _ in call["tool_calls"]) - logged
