"""Which model has which colour?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.calls import line
from tests.support.webserving import ELSEWHERE, ingest_calls, serving
from web.api.colours import COLOURS, assigned

NAMES = st.lists(st.text(max_size=12), unique=True, max_size=20)


def colours(models):
    """The colour and the stripes of each of these that has some."""
    return {model: (colour, striped) for model, colour, striped in assigned(models)}


@given(NAMES)
def test_no_two_have_one_while_there_are_others(models):
    """The first seven have all colours, the next seven have them in stripes, and the others have none."""
    found = assigned(models)

    assert [each.model for each in found] == models[: 2 * COLOURS]
    assert len({(each.colour, each.striped) for each in found}) == len(found)
    assert [each.striped for each in found] == [at >= COLOURS for at in range(len(found))]
    assert {each.colour for each in found} <= set(range(1, COLOURS + 1))


@given(NAMES, st.integers(0, 20))
def test_a_new_model_takes_nothing_from_those_that_were_there(models, at):
    """Whatever comes later, each keeps the colour that it had."""
    before = colours(models[:at])
    assert {model: found for model, found in colours(models).items() if model in before} == before


def test_in_the_order_of_their_first_calls(tmp_path):
    """It is the first call that counts: not the name, not the session's order, also within one half of an hour.

    One whose calls have no time comes last.
    """
    times = {"z": "09:00:00", "c": "09:01:00", "b": "09:29:59", "a": "09:31:00"}
    calls = [
        line("late", ["x"], model="a", start_time="2026-02-01T08:00:00Z"),
        line("none", ["x"], model="0", start_time=None),
    ]
    calls += [
        line(f"{100 - at}", ["x"], model=model, start_time=f"2026-02-01T{time}Z")
        for at, (model, time) in enumerate(reversed(times.items()))
    ]
    calls.append(line("late", ["x"], model="c", start_time="2026-02-01T09:01:30Z"))
    with serving(ingest_calls(tmp_path, calls)) as running:
        found = running.ask("/api/colours").data["models"]
    assert [each["model"] for each in found] == ["a", "z", "c", "b", "0"]


def test_the_key_of_a_session_tells_no_other_models(tmp_path):
    """Whoever has the key of one session sees its models in the colours that all see, and hears of no other model."""
    names = [f"model-{number}" for number in range(9)]
    calls = [
        line(f"s{number}", ["x"], model=name, start_time=f"2026-02-01T09:0{number}:00Z")
        for number, name in enumerate(names)
    ]
    with serving(ingest_calls(tmp_path, calls)) as running:
        everything = running.ask("/api/colours").data["models"]
        key = running.keys().of_session("s8")
        own = running.ask("/api/session/colours", ELSEWHERE, id="s8", key=key)
        refused = running.ask("/api/colours", ELSEWHERE, key=key)

    assert own.data["models"] == everything[8:9]
    assert refused.status == 403
