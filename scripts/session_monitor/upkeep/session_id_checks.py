"""Do the calls say of which session they are, and if not, what is to be set for the agents that make them?

Which agent sends what, as tried with each, stands in ``agents.json``.
"""

from __future__ import annotations

import fnmatch
import functools
from collections import Counter
from collections.abc import Iterator
from typing import Any

from session_monitor.base import data_tables
from session_monitor.text import humanize

from .checks import FAIL, FEW, OK, WARN, Check, of_calls, some
from .sample import Sample

_OTHERS = (
    "let them send a session id as x-openclaw-session-key, x-clawdbot-session-key, x-moltbot-session-key or x-agent-session, or "
    "name the header that they do send with session_id_header in the ai-statistics plugin"
)
_WITHOUT = "Calls without one are kept by consumer and day"
_NO_VALUE = (
    "what sets the session header puts a variable into it that has no value, so calls of many conversations are one session: see "
    "to the agent's configuration, or to what stands between it and the gateway"
)


def checks(sample: Sample) -> Iterator[Check]:
    """What the sample says of its sessions' ids."""
    yield _ids(sample)
    yield _names(sample)


def _ids(sample: Sample) -> Check:
    covered = sample.coverage
    lacking, calls = covered.without_session_id, covered.calls
    found = f"{of_calls(calls - lacking, calls)} carry a session id"
    if covered.session_from_conversation:
        found += f", {humanize.count(covered.session_from_conversation)} of them one from the conversation itself"
    if lacking <= FEW * calls:
        return Check("session ids", OK, found)
    agents, others = by_agent(sample.clients)
    who = some([name for name, _ in agents.most_common()] + [name for name, _ in others.most_common() if name])
    advice = [f"{name}: {todo_for(name)}" for name, _ in agents.most_common()]
    advice += [f"{'Others' if agents else 'For these'}: {_OTHERS}"] if others else []
    todo = ". ".join([*advice, f"{_WITHOUT}; docs/SESSION_IDS.md says more"])
    return Check(
        "session ids", FAIL if lacking == calls else WARN, f"{found}; without one: {who}" if who else found, todo
    )


def _names(sample: Sample) -> Check:
    odd = Counter({name: number for name, number in sample.session_ids.items() if is_no_value(name)})
    if not odd:
        return Check("session names", OK, "no session has the name of a variable without a value")
    named = some([f"{name} ({humanize.counted(number, 'call')})" for name, number in odd.most_common()])
    return Check("session names", WARN, f"sessions are called {named}", _NO_VALUE)


def by_agent(clients: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    """The calls of the agents that are known, by name; and those of other programs, by what these call themselves."""
    agents: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for client, number in clients.items():
        name = agent_of(client)
        (agents if name else others)[name or client] += number
    return agents, others


@functools.lru_cache(1024)
def agent_of(client: str) -> str | None:
    """The name of the agent that calls itself so, None for another program."""
    return next(
        (str(row["name"]) for row in _table()["agents"] if client.lower().startswith(tuple(row["user_agents"]))), None
    )


def todo_for(agent: str) -> str:
    """What is to be set so that the calls of this agent carry a session id."""
    return next(str(row["todo"]) for row in _table()["agents"] if row["name"] == agent)


def is_no_value(session_id: str) -> bool:
    """Whether an id is what programs write where a variable has no value, or was not put in."""
    text = session_id.strip().lower()
    return any(fnmatch.fnmatchcase(text, each.replace("[", "[[]")) for each in _table()["no_values"])


@functools.lru_cache(1)
def _table() -> dict[str, Any]:
    return data_tables.beside(__file__, "agents.json")  # type: ignore[no-any-return]
