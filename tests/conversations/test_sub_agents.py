"""Which conversations of a session are those of sub-agents: those that begin with what an earlier round asked of a tool."""

from __future__ import annotations

import json

import pytest

from session_monitor.conversations import sub_agents
from session_monitor.reports.report import Report
from tests.support.calls import BOOK
from tests.support.page_logs import tool_call
from tests.support.stored_rounds import keep, round_of

TASK = "Find every place that reads the wall clock."


def first_of(text, **words):
    """The first round of a conversation that begins with this text."""
    return round_of(
        9, messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}], **words
    )


def caller(number=5, **arguments):
    """A round that called a tool with these arguments."""
    return round_of(number, tool_calls=[tool_call(1, "Task", **arguments)])


@pytest.mark.parametrize(
    ("text", "arguments", "is_told"),
    [
        (TASK, {"prompt": TASK}, True),
        (TASK, {"description": "Explore", "prompt": f"  {TASK}\n"}, True),
        (f"<reminder>Be kind.</reminder>\n{TASK}", {"prompt": TASK}, True),
        (TASK, {"prompt": "Find the clock."}, False),
        (TASK, {"prompt": TASK + " And more."}, False),
        (TASK, {"prompt": "clock"}, False),
        ("Go on.", {"prompt": "Go on."}, False),
        (TASK, {"prompt": [TASK]}, False),
        (TASK, {}, False),
    ],
)
def test_a_task_tells_who_handed_it_on(text, arguments, is_told):
    """The whole of an argument stands in the conversation's first message; what is short or only alike tells nothing."""
    assert sub_agents.began_by(first_of(text), [caller(**arguments)]) == (5 if is_told else None)


@pytest.mark.parametrize(
    "call", [None, 3, {"function": {"name": "Task", "arguments": "{"}}, {"function": {"name": "Task"}}]
)
def test_calls_that_cannot_be_read_tell_nothing(call):
    """They are passed over."""
    callers = [round_of(6, tool_calls=[call]), caller(prompt=TASK)]
    assert sub_agents.began_by(first_of(TASK), callers) == 5
    assert sub_agents.began_by(round_of(9, messages=[None, 3]), callers) is None


def test_sub_agents_of_a_session(tmp_path):
    """Of two that work at once each is told by the round that called both; a conversation that nobody began is none."""
    tasks = [TASK, "Count the tests that are slow."]
    calls = [tool_call(at, "Task", prompt=task) for at, task in enumerate(tasks)]

    def of(thread, number, text):
        start = [{"role": "user", "content": text}]
        return round_of(number, messages=start, thread=thread, history_of=0)

    rounds = [
        round_of(1, answer="no call"),
        round_of(2, messages_from_history=1, tool_calls=calls),
        of(2, 3, tasks[0]),
        of(3, 4, tasks[1]),
        of(4, 5, "Something else of a person."),
    ]
    keep(tmp_path, "s", *rounds)
    report = Report(str(tmp_path), BOOK)
    outline = report.outline("s")

    assert [(each.number, each.rounds) for each in outline.threads] == [(1, [1, 2]), (2, [3]), (3, [4]), (4, [5])]
    assert sub_agents.of_session(report, report.session("s"), outline.threads) == {2: 2, 3: 2}
    assert json.dumps(outline.to_json())
