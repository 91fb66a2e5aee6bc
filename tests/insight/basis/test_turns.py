"""What a conversation did since a person last spoke is put together from what its calls sent."""

from __future__ import annotations

import pytest

from session_monitor.insight.basis.prompts import prompts
from session_monitor.insight.basis.turns import turns
from tests.support import judged_sessions

READ = {"ask": [["read", {"path": "a"}]], "get": ["A"]}
BOTH = {"ask": [["read", {"path": "a"}], ["list", {}]], "get": ["A", "a b"]}
END = {"say": "Done."}


def turns_of(folder, *steps, **script):
    """Of each turn: the rounds that it has, and the tools of each step with the round that asked for them."""
    calls, _ = judged_sessions.of_script(folder / "sessions", {**script, "steps": list(steps)})
    return [
        (
            [prompt.call.number for prompt in turn.prompts],
            [(step.call.number, [each.tool for each in step.asked], len(step.came)) for step in turn.steps],
        )
        for turn in turns(prompts(calls))
    ]


@pytest.mark.parametrize("form", ["openai", "anthropic", "responses"])
def test_steps_of_each_api(tmp_path, form):
    """All tools of one answer are one step, told with what came back from them, in the messages of each API."""
    found = turns_of(tmp_path, {"user": "Look.", **READ}, BOTH, END, form=form)

    assert found == [([1, 2, 3], [(1, ["read"], 1), (2, ["list", "read"], 2)])]


def test_a_person_speaks(tmp_path):
    """A new question begins a turn; what was asked for before it is of the turn before."""
    found = turns_of(tmp_path, {"user": "Look.", **READ}, END, {"user": "And now?", **READ}, {"user": "Quick!", **END})

    assert [rounds for rounds, _ in found] == [[1, 2], [3], [4]]
    assert [len(steps) for _, steps in found] == [2, 1, 0]
    assert found[1][1] == [(3, ["read"], 1)]


def test_failed_calls_are_of_no_step(tmp_path):
    """Calls that failed and were sent again are in the turn; the step is that of the answer before them."""
    found = turns_of(tmp_path, {"user": "Look.", **READ}, {"status": 429}, {"status": 429}, READ, END)

    assert found == [([1, 2, 3, 4, 5], [(1, ["read"], 1), (4, ["read"], 1)])]


def test_answers_that_are_not_logged(tmp_path):
    """What the log of an answer lacks, the next call's messages tell."""
    found = turns_of(
        tmp_path, {"user": "Look.", **READ, "untold": True}, {**BOTH, "untold": True}, END, form="anthropic"
    )

    assert found[0][1] == [(1, ["read"], 1), (2, ["list", "read"], 2)]


def test_a_compacted_list_goes_on(tmp_path):
    """A list that was cut down takes its conversation's last steps with it, and sends none of them a second time."""
    steps = [{"ask": [["read", {"path": f"{at}"}]], "get": [f"text {at}"]} for at in range(6)]
    cut = {"compact": "So far.", "keep": 2}
    found = turns_of(tmp_path, {"user": "Look.", **steps[0]}, *steps[1:], cut, READ, END, system="Be brief.")

    assert [number for number, tools, _ in found[-1][1] if tools] == [1, 2, 3, 4, 5, 6, 7]
    assert found[-1][0][-2:] == [7, 8]


def test_sub_agents_have_their_own_turns(tmp_path):
    """Conversations side by side are told apart, and take nothing of each other with them."""
    sub = {"thread": "sub"}
    main = [{"user": "Look.", **READ}, BOTH, READ]
    found = turns_of(tmp_path, *main, {**sub, "user": "Part.", **READ}, READ, {**sub, **END}, END, system="Be brief.")

    assert [rounds for rounds, _ in found] == [[1, 2, 3, 5, 7], [4, 6]]
    assert found[1][1] == [(4, ["read"], 1)]
