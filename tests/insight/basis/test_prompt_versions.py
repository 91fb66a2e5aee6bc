"""Under which system prompt calls were made."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.insight.basis.call import JudgedCall
from session_monitor.insight.basis.content import Content
from session_monitor.insight.basis.prompt_versions import NO_PROMPT, PromptRun, prompt_runs

NOT_LOGGED = "not logged"


def calls(*each):
    """Calls with these numbers from 1 on: each a content's frame or ``NOT_LOGGED``, the round that it goes on from, and whether it is partial."""
    return [_call(number, *one) for number, one in enumerate(each, 1)]


def _call(number, frame, base=0, *, is_partial=False, sent=1):
    content = None if frame == NOT_LOGGED else Content(frame=frame, is_partial=is_partial)
    zeros = dict.fromkeys(("fresh", "read", "written", "visible", "reasoning", "flags"), 0)
    names = dict.fromkeys(("at", "model", "way", "consumer", "code", "first_token_ms", "duration_ms"))
    return JudgedCall(
        number=number, history=int(base > 0), sent=sent, thread=1, base=base, content=content, **zeros, **names
    )


def test_calls_that_go_on_have_the_prompt_that_was_sent():
    """Where a list goes on, its system prompt was sent with an earlier round, which is where it can be read."""
    assert prompt_runs(calls((7,), (None, 1), (None, 2))) == [PromptRun(1, 3, 7, 1)]


def test_one_that_comes_with_each_call_is_one():
    """A system prompt with a place of its own comes with each call: the same is one, and another one begins anew."""
    assert prompt_runs(calls((7,), (7, 1), (8, 2), (8, 3))) == [PromptRun(1, 2, 7, 1), PromptRun(3, 4, 8, 3)]


def test_conversations_beside_each_other():
    """Each goes on with its own, however they take turns."""
    assert prompt_runs(calls((7,), (9,), (None, 1), (None, 2))) == [
        PromptRun(1, 1, 7, 1),
        PromptRun(2, 2, 9, 2),
        PromptRun(3, 3, 7, 1),
        PromptRun(4, 4, 9, 2),
    ]


def test_none_and_not_known_are_two():
    """What was sent whole without any has none; of what is not logged, or not whole, it is not known."""
    runs = prompt_runs([*calls((None,), (NOT_LOGGED,)), _call(3, None, is_partial=True), _call(4, None, sent=0)])

    assert [(run.first, run.last, run.mark) for run in runs] == [(1, 1, NO_PROMPT), (2, 4, None)]


@given(
    st.lists(st.tuples(st.sampled_from([None, 1, 2, NOT_LOGGED]), st.integers(0, 5), st.booleans()), max_size=12).map(
        lambda rows: [
            _call(number, frame, max(0, number - back) if back else 0, is_partial=is_partial)
            for number, (frame, back, is_partial) in enumerate(rows, 1)
        ]
    )
)
def test_every_call_is_in_one_run(some):
    """Runs have all calls, in order and each once; what a run stands in is no later than it."""
    runs = prompt_runs(some)

    assert [number for run in runs for number in range(run.first, run.last + 1)] == [call.number for call in some]
    assert all(run.stands_in <= run.first for run in runs)
