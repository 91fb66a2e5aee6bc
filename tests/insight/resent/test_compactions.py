"""Where was a conversation's history cut down, what did that save, and what did it cost?"""

from __future__ import annotations

import pytest

from session_monitor.insight.basis import limits
from session_monitor.insight.basis.prompts import prompts
from session_monitor.insight.resent import compactions
from tests.support import judged_sessions

STORY = "What matters of all that was said before is this. " * 10
GROW = {
    "times": 5,
    "steps": [{"ask": [["read", {"at": "{hex}"}]], "get": [{"text": "{n} words of a file ", "times": 500}]}],
}
BEGIN = [{"user": "Mend it.", "ask": [["list", {}]], "get": ["src"]}, GROW]
SUMMARY = [{"user": "Sum up.", "say": STORY}, {"compact": "So far: " + STORY}]


def found(folder, steps, **script):
    """The cuts of a session."""
    calls, _ = judged_sessions.of_script(folder, {"system": "Be brief.", "steps": steps, **script})
    return list(compactions.compaction(list(prompts(calls)), limits.usual().of("compaction"))), calls


@pytest.mark.parametrize("form", ["openai", "anthropic", "responses"])
def test_a_summary(tmp_path, form):
    """What a cut saved is what each later prompt was shorter by; it cost the summary, and what was not in the cache any more."""
    ((cut,), calls) = found(
        tmp_path, [*BEGIN, *SUMMARY, {"say": "Mended."}, {"user": "Thanks.", "say": "Yes."}], form=form
    )

    assert (cut.first, cut.rounds, cut.details["saved_rounds"]) == (8, (7, 8), 2)
    assert cut.tokens == calls[6].prompt - calls[7].prompt == cut.details["from_tokens"] - cut.details["to_tokens"]
    assert cut.details["saved_tokens"] == 2 * cut.tokens
    assert cut.details["summary_pico"] == calls[6].pico
    assert cut.pico == calls[6].pico + cut.details["rewrite_pico"] <= calls[6].pico + calls[7].pico


@pytest.mark.parametrize("form", ["openai", "anthropic", "responses"])
def test_a_shorter_system_prompt(tmp_path, form):
    """All that was said is sent still, so nothing was cut down."""
    steps = [
        *SUMMARY[:1],
        {"user": "Mend it.", "say": STORY},
        {"system": "Be brief."},
        {"user": "And now?", "say": "Yes."},
    ]
    (cuts, calls) = found(tmp_path, steps, system="Take care of this and of that. " * 900, unseen=0, form=form)

    assert calls[2].prompt * 2 < calls[1].prompt
    assert cuts == []


def test_one_cut_behind_another(tmp_path):
    """Each cut saves until the next one."""
    again = [{"user": "Sum up.", "say": STORY}, {"compact": "And so far: " + STORY}]
    (cuts, _) = found(tmp_path, [*BEGIN, *SUMMARY, *BEGIN, *again, {"say": "Mended."}])

    assert [(cut.first, cut.details["saved_rounds"]) for cut in cuts] == [(8, 7), (15, 1)]


@pytest.mark.parametrize("form", ["openai", "anthropic", "responses"])
def test_the_last_answer_goes_along(tmp_path, form):
    """Where the newest answer stands behind a sentence of what was before, with what its tools said or alone, the history was cut."""
    with_result = [*BEGIN, {"compact": "It was begun.", "keep": 2}, {"say": "Mended."}]
    alone = [
        *BEGIN,
        {"user": "How far?", "say": "Nearly there."},
        {"compact": "It was begun.", "keep": 1},
        {"user": "So?", "say": "Mended."},
    ]

    for name, steps, first in (("a", with_result, 7), ("b", alone, 8)):
        (cuts, _) = found(tmp_path / name, steps, form=form)
        assert [(cut.first, cut.details["summary_round"]) for cut in cuts] == [(first, None)]


def test_a_model_without_a_price(tmp_path):
    """Tokens are told, and no money."""
    ((cut,), _) = found(tmp_path, [*BEGIN, *SUMMARY, {"say": "Mended."}], model="no-such-model")

    assert (cut.pico, cut.details["saved_pico"], cut.details["summary_pico"]) == (None, None, None)
    assert cut.tokens > 4_000


def test_a_failed_call_between(tmp_path):
    """A call that failed tells no length, and hides no cut."""
    (cuts, _) = found(tmp_path, [*BEGIN, *SUMMARY, {"status": 429}, {"say": "Mended."}])

    assert [cut.first for cut in cuts] == [9]


@pytest.mark.parametrize(
    "steps",
    [
        [*BEGIN, {"thread": "helper", "user": STORY, "say": "Done."}],  # the agent has not gone on yet
        [*BEGIN, {"say": STORY}, {"back_to": 0}, {"user": "Another one.", "say": "Yes."}],
        [*BEGIN, {"say": STORY}, {"back_to": 2}, {"user": STORY * 2, "say": "Yes."}],
        [{"user": "Mend it.", "say": STORY}, {"compact": STORY}, {"say": "Mended."}],  # nothing was saved
        [*BEGIN, {"thread": "helper", "user": STORY, "say": STORY}, {"user": "And now?", "say": "Done."}],
    ],
    ids=["helper", "begun anew", "back", "short", "helper between"],
)
def test_what_is_no_cut(tmp_path, steps):
    """A helper's first prompt is short, and so is one that goes back, or that begins anew."""
    assert found(tmp_path, steps)[0] == []
