"""Which messages are too heavy to be sent again with every call, and which stand twice in one list?"""

from __future__ import annotations

from session_monitor.insight.basis import limits
from session_monitor.insight.basis.prompts import prompts
from session_monitor.insight.resent import context, heavy_messages
from tests.support import judged_sessions

TEXT = {"text": "some words of a file ", "times": 400}
READ = {"ask": [["read", {}]], "get": [TEXT]}
LIST = {"ask": [["list", {"at": "{hex}"}]], "get": ["nothing"]}


def found(rule, folder, steps, without=(), **own):
    """What a rule finds in a session of these steps, with some limits of one's own; the results of some rounds are cut."""
    calls, _ = judged_sessions.of_script(folder, {"steps": steps})
    calls = [
        call._replace(content=call.content._replace(is_partial=True)) if call.number in without else call
        for call in calls
    ]
    of_kind = {**limits.usual().of(rule.__name__), **own}
    return list(rule(context.of_session(calls, list(prompts(calls))), of_kind))


def test_a_part_of_a_small_window(tmp_path):
    """What is no long message for most models is one where it takes a fifth of all that the model can take."""
    steps = [{"user": "Where?"} | READ, *[LIST] * 12]

    assert found(heavy_messages.big_result, tmp_path / "usual", steps) == []
    (big,) = found(heavy_messages.big_result, tmp_path / "small", steps, windows={"gpt-5": 10_000})
    assert (big.first, big.details["whose"], big.details["times"]) == (2, "read", 11)


def test_what_a_person_pasted(tmp_path):
    """A long text that a person pasted is told as theirs."""
    steps = [{"user": "Hello", "say": "Yes?"}, {"user": "some words of a file " * 2_000, **LIST}, *[LIST] * 12]

    (big,) = found(heavy_messages.big_result, tmp_path, steps)

    assert (big.first, big.details["whose"]) == (2, "the person")
    assert big.tokens == 12 * big.details["message_tokens"]


def test_severity_is_by_money(tmp_path):
    """What costs much is a warning, and what costs very much is critical."""
    steps = [{"user": "Where?"} | READ, *[LIST] * 12]
    low = {"tokens": 1000, "warning_usd": "0.001"}

    severities = [
        found(heavy_messages.big_result, tmp_path / name, steps, **low, critical_usd=critical)[0].severity
        for name, critical in (("a", "9"), ("b", "0.002"))
    ]

    assert severities == ["warning", "critical"]


def test_copies_are_counted_by_their_text(tmp_path):
    """The same text three times is one finding, which is worth the second and the third."""
    steps = [{"user": "Where?"} | READ, READ, LIST, READ, LIST]

    (copies,) = found(heavy_messages.duplicate_result, tmp_path, steps)

    assert (copies.first, copies.rounds, copies.details["times"]) == (3, (2, 3, 5), 3)
    assert copies.details["characters"] == len(TEXT["text"]) * TEXT["times"]


def test_several_results_in_one_message(tmp_path):
    """Of a message with several results only the copied one counts."""
    both = {"ask": [["read", {}], ["list", {}]], "get": [TEXT, {"text": "{hex} ", "times": 4_000}]}
    script = {"form": "anthropic", "steps": [{"user": "Where?"} | both, both, LIST]}
    calls, _ = judged_sessions.of_script(tmp_path, script)
    of_session = context.of_session(calls, list(prompts(calls)))

    (copies,) = heavy_messages.duplicate_result(of_session, limits.usual().of("duplicate_result"))

    (message,) = [each for each in of_session.messages if each.round == 3 and each.role == "result"]
    assert copies.tokens < message.sent_tokens / 3


def test_what_is_no_copy(tmp_path):
    """Texts that are cut in the log may differ behind that, another conversation reads for itself, and a cut history is rid of it."""
    steps = [{"user": "Where?"} | READ, READ, LIST]
    helper = {"thread": "helper"}
    apart = [{"user": "Where?"} | READ, LIST, {"user": "You?"} | READ | helper, LIST | helper]
    cut = [{"user": "Where?"} | READ, LIST, {"compact": "So far."}, READ, LIST]

    assert found(heavy_messages.duplicate_result, tmp_path / "cut", steps, without={3}) == []
    assert found(heavy_messages.duplicate_result, tmp_path / "apart", apart) == []
    assert found(heavy_messages.duplicate_result, tmp_path / "compacted", cut) == []


def test_what_it_cost_is_not_known(tmp_path):
    """Of a model without a price the tokens are told, and no money: not $0."""
    calls, _ = judged_sessions.of_script(
        tmp_path, {"model": "no-such-model", "steps": [{"user": "Where?"} | READ, READ, *[LIST] * 12]}
    )
    in_context = context.of_session(calls, list(prompts(calls)))

    (big, *_), (copy,) = (
        list(rule(in_context, {**limits.usual().of(rule.__name__), "tokens": 1000}))
        for rule in (heavy_messages.big_result, heavy_messages.duplicate_result)
    )

    assert [(each.pico, each.tokens > 0) for each in (big, copy)] == [(None, True)] * 2
