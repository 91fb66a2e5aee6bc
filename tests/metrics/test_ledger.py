"""Counters never fall, whatever happens to what is stored, and as long as nothing is taken away they are what is stored."""

from __future__ import annotations

import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.metrics.ledger import CounterLedger, KeptLedger
from session_monitor.metrics.of_calls import FIELDS
from session_monitor.metrics.series import CONSUMER, IDLE, MODEL, OTHER, PAIR, SeriesNames

FEW = {MODEL: 2, CONSUMER: 2, PAIR: 3}
CALLS, COST = FIELDS.index("ok"), FIELDS.index("cost")


def row(calls=1, cost=0):
    """A row of so many calls that cost so much."""
    found = [0] * len(FIELDS)
    found[CALLS], found[COST] = calls, cost
    return found


def told(ledger):
    """Calls and cost as they are shown."""
    return {pair: (values[CALLS], values[COST]) for pair, values in ledger.shown.items()}


def ledger_of(*states, most=FEW, step=1000):
    """A ledger that saw these, one after another."""
    ledger = CounterLedger(SeriesNames(most=most))
    for at, stored in enumerate(states):
        ledger.go_on(stored, at * step, {})
    return ledger


A, B, C, D = ("a", "x"), ("b", "x"), ("c", "x"), ("d", "x")


def test_what_is_stored_is_shown():
    """As long as nothing was taken away."""
    assert told(ledger_of({A: row(1, 5)}, {A: row(3, 7), B: row(2)})) == {A: (3, 7), B: (2, 0)}


def test_deleted_calls_stay_counted():
    """The counter stays where it was, and goes on with what comes."""
    before = {A: row(10, 100)}
    assert told(ledger_of(before, {A: row(4, 40)})) == {A: (10, 100)}
    assert told(ledger_of(before, {A: row(4, 40)}, {A: row(6, 60)})) == {A: (12, 120)}
    assert told(ledger_of(before, {A: row(4, 40)}, {A: row(1, 10)}, {A: row(2, 20)})) == {A: (11, 110)}


def test_a_lower_price_takes_nothing_back():
    """What was shown stays; from then on the new price counts."""
    assert told(ledger_of({A: row(10, 100)}, {A: row(10, 50)}, {A: row(11, 55)})) == {A: (11, 105)}


def test_a_series_ends_with_its_last_call():
    """One that begins again later begins with what there is then."""
    assert told(ledger_of({A: row(9), B: row(1)}, {B: row(1)})) == {B: (1, 0)}
    assert told(ledger_of({A: row(9), B: row(1)}, {B: row(1)}, {A: row(2), B: row(1)})) == {A: (2, 0), B: (1, 0)}


def test_who_gets_room_begins_at_nothing():
    """What came before stays in ``other``: together they are what is stored, and neither jumps."""
    other = (OTHER, "x")
    full = {A: row(9), B: row(8), C: row(5), D: row(3)}
    ledger = ledger_of(full)
    assert told(ledger) == {A: (9, 0), B: (8, 0), other: (8, 0)}

    ledger.go_on({A: row(9), C: row(5), D: row(3)}, 1, {})
    assert told(ledger) == {A: (9, 0), C: (0, 0), other: (8, 0)}

    ledger.go_on({A: row(9), C: row(7), D: row(4)}, 2, {})
    assert told(ledger) == {A: (9, 0), C: (2, 0), other: (9, 0)}


def test_who_gives_up_room_does_not_make_others_jump():
    """After thirty days without a call, where another one waits, the series ends; ``other`` stays where it was."""
    other = (OTHER, "x")
    ledger = ledger_of({A: row(900), B: row(8), C: row(5)})
    ledger.go_on({A: row(900), B: row(9), C: row(6)}, IDLE, {})
    assert told(ledger) == {B: (9, 0), C: (0, 0), other: (6, 0)}

    ledger.go_on({A: row(901), B: row(9), C: row(8)}, IDLE + 1, {})
    assert told(ledger) == {B: (9, 0), C: (2, 0), other: (7, 0)}


NAMES = st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz"))
STATES = st.lists(
    st.tuples(
        st.dictionaries(NAMES, st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=8), st.sampled_from([1, IDLE])
    ),
    max_size=8,
)


@given(STATES)
def test_no_counter_ever_falls(states):
    """Whatever comes, goes, or is priced anew, in any order; and what is kept on disk tells all that it needs to go on."""
    ledger, now, before = CounterLedger(SeriesNames(most=FEW)), 0, {}
    for state, later in states:
        now += later
        ledger.go_on({pair: row(*values) for pair, values in state.items()}, now, {})
        shown = ledger.shown
        for pair in shown.keys() & before.keys():
            assert all(old <= new for old, new in zip(before[pair], shown[pair])), pair
        assert all(min(values) >= 0 for values in shown.values())
        before = shown
        again = CounterLedger.from_json(json.loads(json.dumps(ledger.to_json())))
        again.names.most = FEW
        assert (again.shown, again.to_json()) == (shown, ledger.to_json())
        ledger = again


@given(st.lists(st.dictionaries(NAMES, st.integers(1, 9), min_size=1, max_size=8), min_size=1, max_size=8))
def test_all_series_together_are_what_is_stored(growths):
    """As long as calls only come, whoever has series of their own."""
    ledger, stored = CounterLedger(SeriesNames(most=FEW)), {}
    for at, growth in enumerate(growths):
        for pair, calls in growth.items():
            stored[pair] = row(stored.get(pair, row(0))[CALLS] + calls)
        ledger.go_on(stored, at, {})
        assert sum(values[CALLS] for values in ledger.shown.values()) == sum(each[CALLS] for each in stored.values())


# -- on disk -----------------------------------------------------------------------------------------------------------


def test_it_goes_on_whoever_is_asked(tmp_path):
    """Two programs that are asked in turn show the same, and one that starts later goes on."""
    one, other = KeptLedger(str(tmp_path)), KeptLedger(str(tmp_path))
    for kept, stored in ((one, 10), (other, 4), (one, 5), (other, 6)):
        kept.current().go_on({A: row(stored)}, 0, {})
        kept.keep()

    assert [told(each.current()) for each in (one, other, KeptLedger(str(tmp_path)))] == [{A: (12, 0)}] * 3


def test_it_is_private_and_changes_no_name_beside_the_sessions(tmp_path):
    """The index looks for new sessions where a name comes or goes in the data folder."""
    kept = KeptLedger(str(tmp_path))
    kept.keep()
    before = os.stat(tmp_path).st_mtime_ns
    kept.current().go_on({A: row()}, 0, {})
    kept.keep()

    assert os.stat(tmp_path).st_mtime_ns == before
    (folder,) = tmp_path.iterdir()
    (file,) = folder.iterdir()
    assert [stat.S_IMODE(each.stat().st_mode) for each in (folder, file)] == [0o700, 0o600]


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"schema_version": 2}', "[" * 100_000, '{"schema_version":1,"fields":[],"rows":[]}']
)
def test_a_file_that_cannot_be_used(tmp_path, text):
    """Counters begin anew with what is stored, as if nothing had been shown; the next scrape writes it anew."""
    path = tmp_path / ".metrics" / "shown.json"
    path.parent.mkdir()
    path.write_text(text)
    kept = KeptLedger(str(tmp_path))
    kept.current().go_on({A: row(3)}, 0, {})
    kept.keep()

    assert told(KeptLedger(str(tmp_path)).current()) == {A: (3, 0)}


@pytest.mark.parametrize("wrong", [[1], [0.5] * len(FIELDS), ["1"] * len(FIELDS), None])
def test_a_row_that_cannot_be_used(tmp_path, wrong):
    """None of the others is believed then."""
    kept = KeptLedger(str(tmp_path))
    kept.current().go_on({A: row(3), B: row(4)}, 0, {})
    document = kept.current().to_json()
    for at in (2, 3):
        broken = [*document["rows"][0]]
        broken[at] = wrong
        path = tmp_path / ".metrics" / "shown.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({**document, "rows": [document["rows"][1], broken]}))
        expected = {} if at == 2 or wrong is not None else {A: (3, 0), B: (4, 0)}
        assert told(KeptLedger(str(tmp_path)).current()) == expected


def test_a_folder_that_nothing_can_be_kept_in(tmp_path):
    """It is remembered for as long as the program runs."""
    kept = KeptLedger(str(tmp_path / "gone"))
    for stored in (10, 4):
        kept.current().go_on({A: row(stored)}, 0, {})
        kept.keep()

    assert told(kept.current()) == {A: (10, 0)}
