"""Each call is in the turn that a question began, whichever of a session's calls are asked about, and from where on."""

from __future__ import annotations

import io
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.sessions import session_file
from session_monitor.sessions.rounds import before
from session_monitor.shipping import turns
from session_monitor.shipping.turns import Turns
from tests.support.stored_rounds import round_of

QUESTIONS = st.sampled_from(["Hi?", "", "", "", None])
ROUNDS = st.lists(st.tuples(QUESTIONS, st.sampled_from([1, 1, 2])), min_size=1, max_size=12)


def written(rounds):
    """A session file of these questions and threads, its rounds, and where each of them stands."""
    told = [
        round_of(
            number, log=["g", 10 * number, 10 * number + 9], question=question, **({"thread": 2} if thread == 2 else {})
        )
        for number, (question, thread) in enumerate(rounds, 1)
    ]
    lines = [session_file.header("s")]
    for each in told:
        facts = {name: value for name, value in each.items() if name not in ("messages", "question", "log", "crc32")}
        rest = {"question": each["question"], "log": each["log"]}
        lines.append(session_file.round_line(facts, (), rest))
    starts = list(itertools.accumulate(map(len, lines)))
    return io.BytesIO(b"".join(lines)), told, starts


def plain(told, number, longest):
    """Where the turn of a round began, worked out from all rounds."""
    thread = told[number - 1].get("thread", 1)
    own = [each for each in told[:number] if each.get("thread", 1) == thread]
    began = next((each for each in reversed(own) if each["question"] != ""), None)
    distance = number - (began["round"] if began else 1)
    return (began or own[0])["log"] if distance <= longest else None


@given(ROUNDS, st.data(), st.sampled_from([2, 500]))
def test_whichever_are_asked_about(rounds, data, longest):
    """What is told of a round depends on its session's file alone, and is what all rounds together tell."""
    file, told, starts = written(rounds)
    asked = sorted(data.draw(st.sets(st.integers(1, len(told)))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns, "LONGEST", longest)
        found = Turns(file)
        for number in asked:
            assert found.began(told[number - 1], starts[number - 1]) == plain(told, number, longest)


@pytest.mark.parametrize("block", [1, 50, 1 << 16])
def test_rounds_are_read_backwards(monkeypatch, block):
    """All of them, the last first, whatever is read at once."""
    monkeypatch.setattr("session_monitor.sessions.rounds._LOOK_BACK", block)
    file, _, starts = written([("Hi?", 1)] * 5)
    assert [each["round"] for each in before(file, starts[4])] == [4, 3, 2, 1]
    assert list(before(file, starts[0])) == []
