"""Do the calls say of which session they are, and if not, what is to be set for the agents that make them?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from session_monitor.calls.coverage import Coverage
from session_monitor.upkeep import session_id_checks
from session_monitor.upkeep.checks import FAIL, OK, WARN
from session_monitor.upkeep.sample import Sample
from session_monitor.upkeep.session_id_checks import agent_of, is_no_value, todo_for

ROOT = Path(__file__).resolve().parent.parent.parent
AGENTS = session_id_checks._table()["agents"]


def checked(clients, *, calls=20, session_ids=()):
    """The checks of so many calls, of which some have no id, by the program that made them."""
    lacking = sum(clients.values())
    sample = Sample(Coverage(calls=calls, without_session_id=lacking), clients=Counter(clients))
    sample.session_ids.update(session_ids)
    return list(session_id_checks.checks(sample))


@pytest.mark.parametrize(
    ("client", "name"),
    [
        ("claude-cli/2.1.332 (external, cli)", "Claude Code"),
        ("codex_cli_rs/0.171.0 (Debian 12; x86_64) dumb", "Codex"),
        ("codex_exec/0.171.0", "Codex"),
        ("opencode/1.0.1 ai-sdk/provider-utils", "opencode"),
        ("OpenClaw/2026.9.6", "OpenClaw"),
        ("QwenCode/0.24.4 (linux; x64)", "Qwen Code"),
        ("OpenAI/Python 3.57.0", None),
        ("mycodex/1", None),
        ("", None),
    ],
)
def test_agents_by_what_they_call_themselves(client, name):
    """An agent is known by the beginning of its user agent, whatever its version."""
    assert agent_of(client) == name


def test_what_to_set_is_named_for_each_agent():
    """The advice is for the agents whose calls lack an id, the most frequent first; other programs have their own."""
    ids, names = checked({"claude-cli/2.1": 3, "codex_cli_rs/0.1": 4, "OpenAI/Python 3": 1, "": 1})

    assert (ids.level, names.level) == (WARN, OK)
    assert ids.found == "11 of 20 calls carry a session id; without one: Codex, Claude Code, OpenAI/Python 3"
    assert ids.todo.startswith(
        f"Codex: {todo_for('Codex')}. Claude Code: {todo_for('Claude Code')}. Others: let them send"
    )
    assert ids.todo.endswith("docs/SESSION_IDS.md says more")


def test_where_no_call_has_an_id():
    """That fails, and an agent that sends none has another way."""
    ids, _ = checked({"QwenCode/0.24.4": 20})

    assert ids.level == FAIL
    assert "--chain" in ids.todo
    assert "Others" not in ids.todo


def test_a_few_calls_without_an_id_are_fine():
    """Other clients than agents call, too."""
    ids, _ = checked({"curl/8": 1})
    assert (ids.level, ids.todo) == (OK, "")


def test_ids_from_the_conversation_are_told():
    """How many ids the gateway did not write is said, also where none lacks."""
    sample = Sample(Coverage(calls=3, session_from_conversation=2))
    assert next(session_id_checks.checks(sample)).found.endswith(
        "session id, 2 of them one from the conversation itself"
    )


@pytest.mark.parametrize(
    "name",
    [
        *("undefined", "null", "None", "nan", "NaN", "nil", "[object Object]", "[object Promise]", " undefined "),
        *("${SESSION_ID}", "{{session_id}}", "{session}", "%s", "<session-id>"),
    ],
)
def test_names_of_variables_without_a_value(name):
    """What programs write in the place of a value is no session's id, in whatever language they are written."""
    assert is_no_value(name)


@pytest.mark.parametrize("name", ["s", "nobody", "agent:main:null", "undefined-1", "[x] y", "none of these", "o", ""])
def test_names_that_are_some(name):
    """An id that merely holds such a word is one."""
    assert not is_no_value(name)


def test_sessions_without_a_name_of_their_own():
    """They are named, with how many calls each took in."""
    _, names = checked({}, session_ids=["undefined"] * 3 + ["[object Object]", "s"])

    assert names.level == WARN
    assert names.found == "sessions are called undefined (3 calls), [object Object] (1 call)"


def test_the_documents_say_the_same():
    """What doctor says of an agent stands in docs/SESSION_IDS.md, word by word."""
    text = " ".join((ROOT / "docs" / "SESSION_IDS.md").read_text(encoding="utf-8").split())
    for row in AGENTS:
        assert f"| {row['name']} | `{row['user_agents'][0]}" in text
        assert row["todo"] in text.replace("`", "")
