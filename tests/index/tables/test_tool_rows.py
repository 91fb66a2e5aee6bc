"""What had rounds to do with tools, and what did that add to their prompts?"""

from __future__ import annotations

import pytest

from session_monitor.index.tables import rows as index_rows
from session_monitor.index.tables import tool_rows
from session_monitor.index.tables.tool_rows import ToolUseRow
from tests.support import calls
from tests.support.indexes import Agent, Step


def read(folder, file):
    """One session file, as if just written."""
    state = (folder / file).stat()
    return index_rows.read(str(folder), file, state.st_size, state.st_mtime_ns)


def rows(tmp_path, *steps):
    """The tools' rows of a session of these steps."""
    Agent(tmp_path).store(steps)
    return list(tool_rows.of_written([read(tmp_path, "a.json")]))


def test_a_results_tokens(tmp_path):
    """A result has the tokens by which its prompt is longer than the one before and its answer, by its characters' part."""
    found = rows(tmp_path, Step(tool="read", tokens=100), Step(tokens=1000, tool_failed=True))

    # The prompts have 100 + 20 and 1,000 + 80 tokens; the answer between them 5; of what is new, the result has 20
    # characters and the user's message 14.
    assert found == [
        ToolUseRow(0, 1, "read", 1, 0, 0, None),
        ToolUseRow(0, 2, "read", 0, 1, 1, round((1080 - 120 - 5) * 20 / 34)),
    ]


@pytest.mark.parametrize(
    "steps",
    [
        [Step(tool="read", tokens=None), Step()],
        [Step(tool="read"), Step(tokens=None)],
        [Step(tool="read", ends="cut"), Step()],
        [Step(tool="read"), Step(ends="died")],
        [Step(tool="read", ends="by the gateway"), Step()],
        [Step(tool="read"), Step(ends="by the gateway")],
    ],
)
def test_results_whose_tokens_are_not_known(tmp_path, steps):
    """Where one of the two calls told no tokens, the result's are not known; it is counted all the same."""
    assert rows(tmp_path, *steps)[1:] == [ToolUseRow(0, 2, "read", 0, 1, 0, None)]


@pytest.mark.parametrize("part", [{"text": 5}, {"text": "x"}, {"text": None}, {"text": ["y"]}])
def test_a_result_that_is_no_plain_part(tmp_path, part):
    """A result in a shape that no protocol has counts like any other, and never has more than all that came with it."""
    agent, history = Agent(tmp_path), [calls.message("hello")]
    first = calls.call("a", messages=history, input_token=100)
    result = {"type": "tool_result", "tool_use_id": "1", "content": "four", **part}
    second = calls.call("a", messages=[*history, {"role": "user", "content": [result]}], input_token=200)
    agent.call = lambda call: call
    agent.store([first, second])

    (row,) = tool_rows.of_written([read(tmp_path, "a.json")])

    assert (row.results, row.failed) == (1, 0)
    assert 0 < row.tokens <= 95


def test_a_prompt_that_became_shorter(tmp_path):
    """A result never has less than no tokens."""
    assert rows(tmp_path, Step(tool="read", tokens=5000), Step(tokens=50))[1].tokens == 0


def test_a_history_that_was_forgotten(tmp_path):
    """A call that begins anew brings no result, and has nothing to do with the tool that was asked for."""
    assert rows(tmp_path, Step(tool="read"), Step(forgets=True)) == [ToolUseRow(0, 1, "read", 1, 0, 0, None)]


def test_what_a_later_round_tells(tmp_path):
    """What a line does not tell is told by the next round's messages: in one batch, or as a row to be added later."""
    steps = [Step(tool="read"), Step(tool="read", untold=True), Step()]

    assert [row[1:4] for row in rows(tmp_path, *steps)] == [(1, "read", 1), (2, "read", 1), (3, "read", 0)]
    written = read(tmp_path, "a.json")
    later = written._replace(rounds=written.rounds[2:])
    assert [row[1:4] for row in tool_rows.of_written([later])] == [(3, "read", 0), (2, "read", 1)]


def test_growth_is_that_of_the_conversation(tmp_path):
    """A prompt is held against the one that it goes on from, whatever was called in between."""
    alone = rows(tmp_path, Step(tool="read", tokens=100), Step(tokens=1000))[1].tokens
    other = tmp_path / "other"
    other.mkdir()
    found = rows(other, Step(tool="read", tokens=100), Step(aside=True, tokens=4000), Step(tokens=1000))

    assert [row.tokens for row in found if row.results] == [alone]
