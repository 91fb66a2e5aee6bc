"""Calls of a session as rules see them: stored, with the index over them, and what of their contents matters."""

from __future__ import annotations

from hypothesis import strategies as st

from session_monitor.calls import ai_log
from session_monitor.insight import judged_calls
from session_monitor.insight.basis import content
from session_monitor.insight.basis.call import CallCost, JudgedCall
from session_monitor.prices.cost import CostParts
from session_monitor.sessions import file_names
from session_monitor.sessions.rounds import all_rounds, open_session
from tests.support import indexes, scripted_sessions, stores
from tests.support.calls import in_log


def of_script(folder, script, session_id="s"):
    """The judged calls of a script's session, and what the index says that they cost, in pico-dollars."""
    return of_calls(folder, [ai_log.parse(line) for line in scripted_sessions.lines(script, session_id)])


def of_calls(folder, calls):
    """The same of calls of one session."""
    session_id = calls[0].chat_round if isinstance(calls[0].chat_round, str) else calls[0].session_id
    folder.mkdir(parents=True, exist_ok=True)
    stores.put(folder, in_log(calls))
    with indexes.opened(folder) as index:
        indexes.caught_up(index)
        number = index.session_number(session_id)
        names, contents = {}, {}
        with open_session(str(folder), file_names.file_name(session_id)) as opened:
            for stored in all_rounds(opened):
                contents[stored["round"]] = content.of_round(stored, names)
        found = list(
            judged_calls.calls(
                index.book, judged_calls.rows_of(index, number), {key: each for key, each in contents.items() if each}
            )
        )
        (pico,) = index.db.execute(
            "SELECT coalesce(sum(usd) * 1000000 + sum(pico), 0) FROM round WHERE session = ?", (number,)
        ).fetchone()
    return found, pico


_LONG = "a long text of many words " * 30
_STEPS = st.one_of(
    st.fixed_dictionaries(
        {"ask": st.just([["read", {"path": "{hex}"}]]), "get": st.sampled_from([["{hex}"], [_LONG], ["x " * 900]])}
    ),
    st.fixed_dictionaries(
        {"user": st.sampled_from(["And {hex}?", "Go on."]), "say": st.sampled_from(["Yes {hex}.", _LONG])}
    ),
    st.just({"status": 429}),
    st.fixed_dictionaries({"say": st.just("Done {hex}."), "cached": st.sampled_from([0, 5_000, 12_000])}),
    st.just({"say": "It is here.", "model": "no-such-model"}),
    st.just({"say": "It is there.", "model": "gpt-5-mini"}),
    st.just({"user": "Beside {hex}", "say": "Found {hex}", "thread": "helper"}),
    st.just({"back_to": 2}),
    st.just({"edit": [0, "Otherwise {hex}"]}),
    st.just({"compact": "So far: {hex}", "keep": 2}),
    st.just({"compact": _LONG}),
    st.just({"system": "Another one, {hex}"}),
    st.just({"say": "Gone", "left": True}),
)
SCRIPTS = st.fixed_dictionaries(
    {
        "form": st.sampled_from(["openai", "anthropic", "responses"]),
        "system": st.sampled_from(["Be brief.", None]),
        "unseen": st.sampled_from([0, 12_000]),
        "steps": st.lists(_STEPS, min_size=1, max_size=25).map(lambda steps: [{"user": "Begin", "say": "Yes"}, *steps]),
    }
)
"""Sessions in which all may happen to a history: it is gone on with, cut, edited, gone back in; calls fail, models have no price."""


def plain_call(number, *, pico=None, **more):
    """A judged call that is usual but for these words, a second after the one before it."""
    told = {
        **dict.fromkeys(("model", "way", "consumer", "code", "first_token_ms", "duration_ms")),
        **dict.fromkeys(("fresh", "read", "written", "visible", "reasoning", "flags", "history", "sent"), 0),
        "thread": 1,
        "base": number - 1,
        "at": 1_793_610_000_000 + 1000 * number,
    }
    cost = None if pico is None else CallCost(CostParts(pico), 1, 1, 1)
    return JudgedCall(number, **{**told, "cost": cost, **more})
