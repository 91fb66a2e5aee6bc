"""Is each text of a conversation counted once, in the round in which it was first said, and with who said it?"""

from __future__ import annotations

import pytest

from session_monitor.search.texts import said
from session_monitor.sessions import session_file
from session_monitor.sessions.rounds import each_with_the_one_before
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.calls import message

CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"city":"\\u5317\\u4eac"}'},
}
ASKED = [message("You help.", "system"), message("Check the weather")]
ANSWERED = [*ASKED, {**message("", "assistant"), "tool_calls": [CALL]}]
RESULT = {**message("15 degrees", "tool"), "tool_call_id": "call_1"}


def texts(folder, *rounds, full=False):
    """What is new in each round of a session with these calls, by column, without empty ones."""
    store = Store(str(folder), full_messages=full)
    for place, (each, log) in enumerate(calls.in_log([calls.call("a", **attributes) for attributes in rounds])):
        assert store.add(each, log), place
    store.flush()
    with open(folder / "a.json", "rb") as file:
        session_file.read_header(file)
        entries = each_with_the_one_before(session_file.rounds(file))
        found = [said(entry, before)._asdict() for entry, before in entries]
    return [{column: text for column, text in each.items() if text} for each in found]


@pytest.mark.parametrize("full", [False, True])
def test_a_conversation_with_a_tool(tmp_path, full):
    """The question once, the call with its arguments readable, the result with the round that sent it, the answer."""
    found = texts(
        tmp_path,
        {"messages": ASKED, "question": "Check the weather", "answer": "One moment", "tool_calls": [CALL]},
        {"messages": [*ANSWERED, RESULT], "answer": "Mild.", "reasoning": "15 is mild."},
        {"messages": [*ANSWERED, RESULT, message("Mild.", "assistant"), message("Thanks")], "question": "Thanks"},
        full=full,
    )
    assert found == [
        {"question": "Check the weather\nYou help.", "answer": "One moment", "tools": "get_weather\ncity 北京"},
        {"tools": "15 degrees", "answer": "Mild.", "reasoning": "15 is mild."},
        {"question": "Thanks"},
    ]


def test_a_log_without_answers(tmp_path):
    """Where the log has no answers they are found in the round that sends them."""
    found = texts(tmp_path, {"messages": ASKED}, {"messages": [*ANSWERED, message("Well, 15", "assistant"), RESULT]})
    assert found[1] == {"answer": "Well, 15", "tools": "get_weather\ncity 北京\n15 degrees"}


def test_a_history_from_elsewhere(tmp_path):
    """What a session's first call brings along was not found anywhere before."""
    (found,) = texts(tmp_path, {"messages": [*ANSWERED, RESULT, message("So mild", "assistant"), message("Thanks")]})
    assert found["answer"] == "So mild"
    assert "15 degrees" in found["tools"]


def test_messages_of_anthropic(tmp_path):
    """Parts of a message go where they belong: texts to who said them, tools' calls and results to tools."""
    used = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "a.py", "lines": [1, None]}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "import this"}]}
    image = {"type": "image", "source": {"data": "aGVsbG8="}}
    (found,) = texts(
        tmp_path,
        {
            "system": "Be brief.",
            "messages": [
                {"role": "assistant", "content": [{"type": "text", "text": "Reading"}, used]},
                {"role": "user", "content": [result, {"type": "text", "text": "Go on"}, image, "plainly"]},
            ],
        },
    )
    assert found["question"] == "Be brief.\nGo on\nplainly"
    assert found["answer"] == "Reading"
    assert found["tools"] == "read_file\npath a.py lines 1\nimport this"


def test_the_system_prompt_that_every_call_sends(tmp_path):
    """It counts in the first round."""
    found = texts(tmp_path, {"system": "Be brief.", "texts": ["a"]}, {"system": "Be brief.", "texts": ["a", "b"]})
    assert [each["question"] for each in found] == ["a\nBe brief.", "b"]


def test_json_that_a_tool_said_is_read(tmp_path):
    """Escapes are no letters: a line of a file does not begin with an n."""
    result = {**message('{"file": "one\\ntwo", "size": 3, "ok": true}', "tool")}
    (found,) = texts(tmp_path, {"messages": [result]})
    assert found["tools"] == "file one\ntwo size 3 ok true"


def test_what_the_gateway_cut(tmp_path):
    """Text that is no structure any more counts, too."""
    cut = '[{"role":"user","content":"first\\nline ' + "x" * 40 + " [truncated] " + 'end \\u5317"}]'
    (found,) = texts(tmp_path, {"messages": cut, "answer": "fine"})
    assert "first line" in found["question"]
    assert "end 北" in found["question"]


def test_strange_messages(tmp_path):
    """Messages of any shape are put up with."""
    strange = ["text", 5, None, {}, {"role": 3, "content": {"a": 1}}, {"content": [1, None, {"type": []}, [2]]}]
    (found,) = texts(tmp_path, {"messages": strange, "tool_calls": [1, "named", {"function": "f"}, {"x": ["deep"]}]})
    assert "text" in found["question"].split("\n")
    assert "named" in found["tools"]
    assert "deep" in found["tools"]


def test_each_conversation_of_a_session_by_itself(tmp_path):
    """A helper's system prompt counts once; what it sends is new, and the model's words in it were not heard before."""
    helper = [message("task"), message("done", "assistant")]
    found = texts(
        tmp_path,
        {"system": "Be brief.", "texts": ["a"], "answer": "x"},
        {"system": "You help.", "messages": helper, "answer": "y"},
        {"system": "Be brief.", "messages": [message("a"), message("x", "assistant"), message("b")], "answer": "z"},
        {"system": "You help.", "messages": [*helper, message("y", "assistant"), message("more")], "answer": "w"},
    )

    assert [each["answer"] for each in found] == ["x", "y\ndone", "z", "w"]
    assert ["You help." in each["question"] for each in found] == [False, True, False, False]
    assert ["Be brief." in each["question"] for each in found] == [True, False, False, False]


def test_what_a_round_asked_for_without_telling(tmp_path):
    """Calls of tools that stand in the next call's messages alone are found there."""
    use = {"type": "tool_use", "id": "c", "name": "Read", "input": {"path": "README.md"}}
    answer = {"role": "assistant", "content": [{"type": "text", "text": "I look."}, use]}
    found = texts(tmp_path, {"texts": ["a"], "answer": "I look."}, {"messages": [message("a"), answer, message("b")]})

    assert "README.md" in found[1]["tools"]
    assert "answer" not in found[1]
