"""What is so is told once for each severity and period, over restarts and kills; what is over is told, too, and only then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.alerts import raised
from session_monitor.alerts.condition import Condition
from session_monitor.alerts.of_reading import LogReading
from session_monitor.alerts.raised import AlertState
from session_monitor.delivery.event import CRITICAL, FIRING, INFO, RESOLVED, WARNING

HOST = "here"


def of(rule="budget:all", period="2026-02-01", severity=WARNING, **more):
    """Something that is so."""
    return Condition(rule, period, severity, "budget", f"{rule} is {severity}", "In words.", **more)


def told(state, *conditions, now=1000):
    """The state after these, and what was told: ids and states."""
    state, events = raised.after(state, conditions, now, HOST)
    return state, [(event.id, event.state) for event in events]


def test_each_severity_is_told_once():
    """A warning, then the breach; neither again, also where it is back at the warning."""
    state, events = told(AlertState(), of())
    assert events == [("budget:all/2026-02-01/warning", FIRING)]
    state, events = told(state, of())
    assert events == []
    state, events = told(state, of(severity=CRITICAL))
    assert events == [("budget:all/2026-02-01/critical", FIRING)]
    state, events = told(state, of())
    assert events == []


@pytest.mark.parametrize("near", [WARNING, None])
def test_a_limit_that_was_raised(near):
    """What was told of the old one is over, and the new one is told of as something new."""
    state, _ = told(AlertState(), of(severity=CRITICAL, limit="5"))
    state, events = told(state, of(severity=near, limit="10"))

    new = [("budget:all/2026-02-01#2/warning", FIRING)] if near else []
    assert events == [("budget:all/2026-02-01/critical", RESOLVED), *new]
    _, events = told(state, of(severity=CRITICAL, limit="10"))
    assert events == [("budget:all/2026-02-01#2/critical", FIRING)]


def test_a_limit_below_what_was_told():
    """It is used up as the one before was: nobody has to hear it twice."""
    state, _ = told(AlertState(), of(severity=CRITICAL, limit="5"))
    assert told(state, of(severity=CRITICAL, limit="4")) == (state, [])
    assert told(state, of(severity=None)) == (state, [])


def test_what_is_over_is_told():
    """With the gravest that was told; in a new period it is told anew."""
    state, _ = told(AlertState(), of(severity=CRITICAL))
    state, events = told(state, of(period="2026-02-02"))

    assert events == [("budget:all/2026-02-02/warning", FIRING), ("budget:all/2026-02-01/critical", RESOLVED)]
    assert list(state.firing()) == [("budget:all", "2026-02-02")]


def test_what_comes_back_is_something_new():
    """It has another id: a receiver that drops what it knows hears of it."""
    state, _ = told(AlertState(), of())
    state, _ = told(state)
    state, events = told(state, of())

    assert events == [("budget:all/2026-02-01#2/warning", FIRING)]
    _, events = told(state)
    assert events == [("budget:all/2026-02-01#2/warning", RESOLVED)]


def test_what_is_not_far_from_it_still_holds():
    """And is nothing that is told by itself."""
    state, _ = told(AlertState(), of())
    near = of(severity=None)

    assert told(state, near) == (state, [])
    assert told(AlertState(), near) == (AlertState(), [])


def test_what_happened_is_never_over():
    """It is told once, and that it is over never."""
    lost = of("lost_calls", "512", CRITICAL, happened=True)
    state, events = told(AlertState(), lost)
    assert events == [("lost_calls/512/critical", FIRING)]
    assert told(state, lost) == (state, [])
    assert told(state) == (state, [])
    assert state.firing() == {}


def test_what_was_over_long_before_is_forgotten():
    """Its number of times with it."""
    state, _ = told(AlertState(), of())
    state, _ = told(state, now=2000)
    later, events = told(state, of(), now=2000 + raised.KEPT + 1)

    assert events == [("budget:all/2026-02-01#2/warning", FIRING)]
    state, _ = told(state, now=2000 + raised.KEPT + 1)
    assert state.told == {}
    assert later.firing()


def silently(state, *conditions, now=1000):
    """The same while nothing is to be told."""
    state, events = raised.after(state, conditions, now, HOST, lambda _rule: True)
    assert events == []
    return state


def test_what_was_silent_is_told_once_it_is_not():
    """If it still holds; that it is over only to whoever heard of it, as they did."""
    state = silently(AlertState(), of(), of("lost_calls", "5", CRITICAL, happened=True))
    assert list(state.firing()) == [("budget:all", "2026-02-01")]
    state, events = told(state, of(), of("lost_calls", "5", CRITICAL, happened=True))
    assert events == [("budget:all/2026-02-01/warning", FIRING), ("lost_calls/5/critical", FIRING)]
    assert told(state, of(), of("lost_calls", "5", CRITICAL, happened=True)) == (state, [])

    assert told(silently(AlertState(), of()))[1] == []
    state = silently(state, of(severity=CRITICAL))
    assert told(state)[1] == [("budget:all/2026-02-01/warning", RESOLVED)]
    state, events = told(state, of(severity=CRITICAL))
    assert events == [("budget:all/2026-02-01/critical", FIRING)]
    assert [name for name, _ in told(state)[1]] == ["budget:all/2026-02-01/critical", "budget:all/2026-02-01/warning"]


CONDITIONS = st.lists(
    st.builds(
        of,
        st.sampled_from(["a", "b"]),
        st.sampled_from(["1", "2"]),
        st.sampled_from([None, INFO, WARNING, CRITICAL]),
        value=st.none() | st.just("5"),
        session=st.none() | st.text(max_size=3),
    ),
    max_size=4,
    unique_by=lambda each: each.key,
)


@given(st.lists(CONDITIONS, max_size=6))
def test_no_event_has_an_id_that_was_told(tmp_path_factory, steps):
    """Whatever comes and goes: an id is told once, and over once, after it; and a file gives the state back."""
    folder = str(tmp_path_factory.mktemp("alerts"))
    state, seen, open_ = AlertState(reading=LogReading(7, 5)), set(), {}
    for now, conditions in enumerate(steps, 1):
        raised.write(folder, state)
        assert raised.read(folder) == state
        state, events = raised.after(state, conditions, now, HOST)
        for event in events:
            assert (event.id, event.state) not in seen
            seen.add((event.id, event.state))
            key = event.rule, event.period
            if event.state == FIRING:
                open_.setdefault(key, set()).add(event.id)
            else:
                open_[key].remove(event.id)
        open_ = {key: ids for key, ids in open_.items() if ids}
        assert open_.keys() == state.firing().keys()
        firing = {each.key for each in conditions if each.severity}
        assert firing <= open_.keys()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"told": 5}',
        '{"told": [{}], "reading": {}}',
        "[" * 100_000,
        '{"told": [], "reading": {"lost_bytes": 1e400, "unread_since": null}}',
    ],
)
def test_a_state_that_cannot_be_read_is_none(tmp_path, text):
    """Then all that is so is told once more."""
    (tmp_path / ".alerts").mkdir()
    (tmp_path / ".alerts" / "state.json").write_text(text, encoding="utf-8")

    assert raised.read(str(tmp_path)) == AlertState()
