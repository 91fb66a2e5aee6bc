"""How long may a model's prompt be, and which prompts came near that?"""

from __future__ import annotations

import pytest

from session_monitor.base import data_tables
from session_monitor.index.tables.schema import AT_LEAST
from session_monitor.insight.basis import limits
from session_monitor.insight.basis.call import JudgedCall
from session_monitor.insight.resent import windows

LIMITS = {**limits.usual().of("near_window"), "windows": {"mine": 1000}}


def calls(*prompts, model="mine", flags=0, thread=1):
    """Calls with so many tokens in their prompts."""
    return [
        JudgedCall(*(number, None, model, None, None, tokens, 0, 0, 0, 0, flags), *(200, None, None, 0, 1, thread, 0))
        for number, tokens in enumerate(prompts, 1)
    ]


@pytest.mark.parametrize(
    ("model", "window"),
    [
        ("claude-haiku-4-5", 200_000),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", 200_000),
        ("openai/gpt-4o", 128_000),
        ("mine", 1000),
        ("ollama/gpt-4o", None),
        ("text-embedding-3-small", None),
        ("no-such-model", None),
        (None, None),
    ],
)
def test_windows_are_known_by_name(model, window):
    """A window is its model's under all names that mean it; a machine of one's own has the model as it was set up there."""
    assert windows.window_of(model, LIMITS) == window


def test_the_table():
    """Each row is a number of tokens."""
    table = data_tables.beside(windows.__file__, "windows.json")["windows"]

    assert len(table) > 300
    assert all(isinstance(window, int) and 1_000 < window <= 10_000_000 for window in table.values())


def test_one_finding_until_prompts_are_clearly_shorter():
    """Prompts that go up and down around the limit are one finding; behind much shorter ones there is another."""
    found = list(windows.near_window(calls(700, 810, 790, 820, 500, 960, 100, 100), LIMITS))

    assert [(each.first, each.last, each.severity, each.tokens) for each in found] == [
        (2, 4, "warning", 820),
        (6, 6, "critical", 960),
    ]
    assert found[0].details == {"model": "mine", "window": 1000, "percent": 82, "longest": 4}


def test_conversations_side_by_side():
    """A helper's short prompts do not end what was found of the agent's."""
    agent, helper = calls(810, 0, 830), calls(0, 100, thread=2)

    (found,) = windows.near_window([agent[0], helper[1], agent[2]], LIMITS)

    assert found.rounds == (1, 3)


@pytest.mark.parametrize(
    "found",
    [
        calls(810, 1200, 820),  # it took more than it is said to take
        calls(900, model="no-such-model"),
        calls(900, model=None),
        calls(900, flags=AT_LEAST),
        calls(800),
    ],
)
def test_what_is_not_known_is_not_judged(found):
    """Without a window that may be true, or the length of a prompt, nothing is found."""
    assert list(windows.near_window(found, LIMITS)) == []


def test_what_a_prompt_cost_is_not_known():
    """Of a model without a price no money is told: not $0."""
    (found,) = windows.near_window(calls(500, 900), LIMITS)

    assert (found.pico, found.tokens) == (None, 900)
