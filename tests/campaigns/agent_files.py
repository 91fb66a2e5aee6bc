"""Does an import count what ccusage counts?  Random files of Claude Code and Codex, read by both.

Answers in several lines that grow, forks that begin with a copy, errors, counters that are told again, and forks of forks whose
parent is there or not; each history is held against what went into it, too.  Half of them are odd in ways that ccusage counts
otherwise, and are held against that alone: answers without the id of their request, which it counts in each fork; counters that
are told again within a second, of which it takes the first ones of a fork for a copy; and forks of a fork whose own parent is gone.

ccusage is npm's, in the version that tests are held to; ``--install`` brings it into .venv/.

python3 -m tests.campaigns.agent_files --histories 300 --install
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from session_monitor.importers import places
from session_monitor.importers.importing import Importing, WantedAgent
from tests.campaigns import ccusage

ROOT = Path(__file__).resolve().parent.parent.parent
VARIABLES = {"claude-code": "CLAUDE_CONFIG_DIR", "codex": "CODEX_HOME"}
WORDS = {"claude-code": "claude", "codex": "codex"}
LONG_AGO = 1_700_000_000
USED = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens")


def at(seconds):
    """A time so many seconds after noon."""
    return f"2026-05-01T{12 + int(seconds) // 3600:02d}:{int(seconds) // 60 % 60:02d}:{seconds % 60:06.3f}Z"


# --- Claude Code -------------------------------------------------------------------------------------------------------


def answer(rng, name, seconds, *, is_odd):
    """The lines of an answer, as they are written: its parts, of which the last tells all that was used."""
    usage = {
        "input_tokens": rng.randint(1, 2000),
        "cache_creation_input_tokens": rng.choice((0, 300)),
        "cache_read_input_tokens": rng.choice((0, 9000)),
    }
    final, has_id, is_growing = rng.randint(1, 900), not is_odd or rng.random() < 0.5, rng.random() < 0.5
    parts = rng.randint(1, 4)
    for part in range(parts):
        output = final if part == parts - 1 or not is_growing else rng.randint(1, final)
        message = {
            "id": name,
            "model": rng.choice(("claude-opus-4-6", "kimi-k2.5")) if not part else "claude-opus-4-6",
            "role": "assistant",
            "content": [],
        }
        message["usage"] = {**usage, "output_tokens": output}
        line = {"type": "assistant", "timestamp": at(seconds + part / 10), "uuid": f"{name}-{part}", "message": message}
        yield {**line, **({"requestId": f"req_{name}"} if has_id else {})}


def claude_files(rng, folder, *, is_odd):
    """Sessions of one project, some of which are forks of earlier ones; gives what was used."""
    sessions = {}
    for number in range(rng.randint(1, 4)):
        name = f"{number:08d}-1111-4111-8111-111111111111"
        earlier = rng.choice([None, *sessions.values()])
        lines = list(earlier[: rng.randint(0, len(earlier))]) if earlier else []
        for step in range(rng.randint(0, 6)):
            lines += answer(
                rng,
                f"msg_{number}_{step}{'' if is_odd else '_0123456789abcdef'}",
                number * 600 + step * 20,
                is_odd=is_odd,
            )
        if rng.random() < 0.3:
            lines.append(
                {
                    "type": "assistant",
                    "timestamp": at(number * 600 + 500),
                    "isApiErrorMessage": True,
                    "message": {
                        "id": f"e{number}",
                        "model": "<synthetic>",
                        "usage": dict.fromkeys(("input_tokens", "output_tokens"), 0),
                    },
                }
            )
        sessions[name] = lines
        write(folder / "projects" / "-srv" / f"{name}.jsonl", [{**line, "sessionId": name} for line in lines])
    return used_by(line["message"] for lines in sessions.values() for line in lines)


def used_by(messages):
    """What these used, each id once: the most that was written of it."""
    most = {}
    for message in messages:
        before = most.get(message["id"])
        if not before or message["usage"]["output_tokens"] >= before["output_tokens"]:
            most[message["id"]] = message["usage"]
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    return tuple(sum(usage.get(name, 0) for usage in most.values()) for name in names)


# --- Codex -------------------------------------------------------------------------------------------------------------


def codex_files(rng, folder, *, is_odd):
    """Sessions, some of which are forks of earlier ones, by the older counter, told again and again; gives what was used."""
    known, lost, used = {}, is_odd and rng.random() < 0.3, []
    for number in range(rng.randint(1, 4)):
        name, clock = f"019f0000-0000-7000-8000-{number:012d}", number * 600
        parent = rng.choice([None, *known])
        copied = known[parent][: rng.randint(0, len(known[parent]))] if parent else []
        told = {"forked_from_id": parent} if parent else {}
        lines = [event(clock, "session_meta", {"id": name, "timestamp": at(clock), **told})]
        lines.append(event(clock + 0.001, "turn_context", {"model": "gpt-5.2"}))
        lines += [counted(clock + 0.01 + step / 100, *each) for step, each in enumerate(copied)]
        pause = 0.9 if is_odd else 2
        own, total = list(copied), copied[-1][0] if copied else (0, 0, 0, 0)
        for step in range(rng.randint(0, 6)):
            fresh, output = rng.randint(1, 3000), rng.randint(1, 400)
            last = (fresh, rng.randint(0, fresh), output, rng.randint(0, output))
            total = tuple(map(sum, zip(total, last)))
            own.append((total, last))
            lines += [
                counted(clock + 10 + step * 20 + again * pause, total, last) for again in range(rng.randint(1, 3))
            ]
        known[name] = own
        if not (lost and number == 0):
            write(folder / "sessions" / "2026" / "05" / "01" / f"rollout-2026-05-01T12-00-00-{name}.jsonl", lines)
            used += [last for _, last in own[len(copied) :]]
    sums = [sum(each[at] for each in used) for at in range(3)]
    return sums[0] - sums[1], sums[1], 0, sums[2]


def event(seconds, kind, payload):
    """A line of Codex."""
    return {"timestamp": at(seconds), "type": kind, "payload": payload}


def counted(seconds, total, last):
    """What the older counter tells."""
    counts = {
        name: {**dict(zip(USED, each)), "total_tokens": each[0] + each[2]}
        for name, each in (("total_token_usage", total), ("last_token_usage", last))
    }
    return event(seconds, "event_msg", {"type": "token_count", "info": counts})


def write(path, lines):
    """A file of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines), encoding="utf-8")
    os.utime(path, (LONG_AGO, LONG_AGO))


# --- Both --------------------------------------------------------------------------------------------------------------


def ours(agent, folder):
    """What an import adds up to: fresh input, read from a cache, written to one, output."""
    importing = Importing(str(folder / "nowhere"), is_dry=True)
    with importing.held():
        tally = importing.run([WantedAgent(places.AGENTS[agent], [str(folder)])])[agent]
    fresh = tally.input_tokens - tally.cached_tokens - tally.cache_write_tokens
    return fresh, tally.cached_tokens, tally.cache_write_tokens, tally.output_tokens


def theirs(agent, folder):
    """The same by ccusage."""
    command = [ccusage.PROGRAM, WORDS[agent], "session", "--json", "--offline"]
    environment = {**os.environ, "TZ": "UTC", VARIABLES[agent]: str(folder)}
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    told = json.loads(done.stdout).get("totals") or {}
    names = ("inputTokens", "cacheReadTokens", "cacheCreationTokens", "outputTokens")
    return tuple(told.get(name, 0) for name in names)


def main():
    """Compare; the exit code says whether all were equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=200, help="of each agent (default: 200)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--install", action="store_true", help="bring ccusage where it lacks")
    options = parser.parse_args()
    ccusage.install(is_wanted=options.install)
    others = sum(
        compared(agent, seed, is_odd=is_odd)
        for agent in MAKERS
        for is_odd in (False, True)
        for seed in range(options.seed, options.seed + options.histories // 2)
    )
    print(f"{options.histories} histories of each of {', '.join(MAKERS)}: {others} are counted otherwise")
    sys.exit(1 if others else 0)


MAKERS = {"claude-code": claude_files, "codex": codex_files}


def compared(agent, seed, *, is_odd):
    """Whether one history is counted otherwise than it was made, or than ccusage does."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / places.AGENTS[agent].folders[0]).mkdir()
        truth = MAKERS[agent](random.Random(seed), folder, is_odd=is_odd)
        counted = {"ours": ours(agent, folder), **({} if is_odd else {"ccusage": theirs(agent, folder)})}
    for who, each in counted.items():
        if each != truth:
            print(f"{agent}, seed {seed}, {'odd' if is_odd else 'plain'}: {truth}; {who}: {each}")
    return any(each != truth for each in counted.values())


if __name__ == "__main__":
    main()
