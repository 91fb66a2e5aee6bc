"""Which sessions are there, what does a list say of each, and where do its rounds stand?"""

from __future__ import annotations

import pytest

from session_monitor.prices import cost
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import Selection
from session_monitor.sessions import session_file
from session_monitor.totals.spending import NO_NAME, Noted
from tests.support.calls import BOOK
from tests.support.indexes import Agent, Step
from tests.support.stored_rounds import keep, round_of


def ids(answer):
    """The rows' ids, in their order."""
    return [row.fields["session_id"] for row in answer.rows]


def test_sessions_are_rows(folder):
    """A row has the session's times, status, counts, tokens and models, and not its rounds."""
    (row,) = (row for row in Report(folder, BOOK).sessions().rows if row.fields["session_id"] == "a")

    assert row.fields == {
        "session_id": "a",
        "created_at": "2026-02-01T08:00:00Z",
        "updated_at": "2026-02-01T09:00:00Z",
        "status": "active",
        "messages_count": 2,
        "failed_count": 0,
        "left_count": 0,
        "total_input_tokens": 5,
        "total_output_tokens": 2,
        "total_reasoning_tokens": 0,
        "total_cached_tokens": 2,
        "total_cache_write_tokens": 0,
        "cache_untold_tokens": 0,
        "cached_share": 0.4,
        "total_tokens": 7,
        "model": "m",
        "models": ["m"],
        "first_failed": None,
    }


@pytest.mark.parametrize(
    ("sort_by", "order"),
    [
        ("updated", ["b", "c", "a"]),
        ("created", ["b", "c", "a"]),
        ("tokens", ["c", "a", "b"]),
        ("rounds", ["a", "c", "b"]),
    ],
)
def test_sessions_are_sorted_and_limited(folder, sort_by, order):
    """The largest comes first, half a second counts, reversed it is the other way round, a limit leaves the total."""
    found = Report(folder, BOOK)

    assert ids(found.sessions(sort_by=sort_by)) == order
    assert ids(found.sessions(sort_by=sort_by, reverse=True)) == order[::-1]
    assert ids(found.sessions(sort_by=sort_by, limit=2)) == order[:2]
    assert (found.sessions(limit=1).meant, found.sessions(limit=1).total) == (3, 3)
    assert (found.sessions(Selection(sessions=("a",))).meant, found.sessions(Selection(sessions=("a",))).total) == (
        1,
        3,
    )


def test_the_dearest_first(tmp_path):
    """By cost, a millionth of a cent counts; what has no price comes last."""
    models = [("a", "gpt-4o-mini"), ("b", "gpt-4o"), ("c", "no-such-model"), ("d", "gpt-4o")]
    Agent(tmp_path).store([Step(name, 0, model, tokens=100 + (name == "d")) for name, model in models])

    assert ids(Report(str(tmp_path), BOOK).sessions(sort_by="cost")) == ["d", "b", "a", "c"]


def test_files_that_are_no_sessions(folder, tmp_path):
    """What is no session file is named apart and not counted; hidden files and other names are nobody's business."""
    for name in ("broken.json", ".hidden.json", "notes.txt"):
        (tmp_path / "sessions" / name).write_text("{}", encoding="utf-8")
    (tmp_path / "sessions" / "folder.json").mkdir()

    answer = Report(folder, BOOK).sessions()

    assert sorted(answer.damaged) == ["broken.json", "folder.json"]
    assert answer.total == 3


def test_the_sums_of_a_session_whose_file_is_damaged(tmp_path):
    """All of them are of the rounds that can be read; the file's own total, of more rounds, is not among them."""
    folder = keep(tmp_path / "sessions", "s", round_of(1), round_of(2), round_of(3))
    path = folder / "s.json"
    path.write_bytes(path.read_bytes().replace(b'{"round":2,', b'{"round":!,'))

    fields = Report(str(folder), BOOK).session("s").fields

    assert fields["messages_count"] == 1
    assert (fields["total_input_tokens"], fields["total_output_tokens"], fields["total_tokens"]) == (100, 20, 120)


def test_one_session(folder):
    """A session is its row, with what had to be assumed for its cost."""
    Agent(folder).store([Step("mine", 0, "gpt-4o-2099-01-01"), Step("mine", 0, None)])

    row = Report(folder, BOOK).session("mine")

    assert row.file == "mine.json"
    assert row.fields["messages_count"] == 2
    noted = Noted(1, row.spending.pico)
    assert row.spending.noted == {cost.UNDATED: noted, cost.SELLER_UNKNOWN: noted}
    assert row.spending.assumed == noted
    assert row.spending.unpriced_models == {NO_NAME: 1}


@pytest.mark.parametrize("session_id", ["", "A", "../sessions/a", ".", "x" * 5000, "a\0", "\udcff", "last"])
def test_no_such_session(folder, session_id):
    """An id that is not there gives None, however it is spelled."""
    assert Report(folder, BOOK).session(session_id) is None


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """The answers about sessions of many names; those later in the list talked later."""
    folder = tmp_path_factory.mktemp("names")
    ids = ["agent:main", "agent:main/x", "agent:mian/x", "other", "100%", "d\udcff", *(f"many-{n}" for n in range(30))]
    Agent(folder).store([Step(name, 1000 * n) for n, name in enumerate(ids)])
    return Report(str(folder), BOOK)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("agent:main", ["agent:main"]),
        ("MAIN", ["agent:main/x", "agent:main"]),
        ("main/", ["agent:main/x"]),
        ("%", ["100%"]),
        ("\udcff", ["d\udcff"]),
        ("_", []),
        ("quite different", []),
        ("", None),
    ],
)
def test_named(named, text, ids):
    """An id that is there as a whole is the only one meant; a part of ids in any case means all of them."""
    found = named.named(text, 100)

    assert found == ids if ids is not None else len(found) == 36


def test_named_last(named):
    """`last` is the session that talked last; the number of answers has its limit."""
    assert named.named("last")[0] == "many-29"
    assert named.named("many", 3) == ["many-29", "many-28", "many-27"]


def test_a_session_that_is_called_last(tmp_path):
    """A session with the id `last` is the one that `last` means."""
    Agent(tmp_path).store([Step("last", 0), Step("b", 1)])

    assert Report(str(tmp_path), BOOK).named("last") == ["last"]


def test_near_misses(named):
    """Ids that are spelled alike are told with their true spelling, and not too many."""
    assert set(named.near_misses("agent:mani/x")) >= {"agent:main/x", "agent:mian/x"}
    assert len(named.near_misses("many-")) == 5
    assert named.near_misses("quite different") == []


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ((None, None, None), [1, 2, 3, 4, 5]),
        ((2, 4, None), [2, 3, 4]),
        ((4, None, None), [4, 5]),
        ((None, 2, None), [1, 2]),
        ((None, None, 2), [4, 5]),
        ((None, None, 9), [1, 2, 3, 4, 5]),
        ((6, None, None), []),
        ((4, 2, None), []),
        ((0, 0, None), []),
    ],
)
def test_places(tmp_path, wanted, numbers):
    """The rounds that are wanted, in their order, each with the bytes of its line and what it shares with the one before."""
    Agent(tmp_path).store([Step("other"), *(Step("a", n, forgets=n == 2) for n in range(5))])
    data = (tmp_path / "a.json").read_bytes()

    found = Report(str(tmp_path), BOOK).places("a", *wanted)

    assert [place.number for place in found] == numbers
    for place in found:
        entry = session_file.round_in(data[place.start : place.start + place.length])
        assert (entry["round"], entry.get("messages_from_history", 0)) == (place.number, place.history)
    assert Report(str(tmp_path), BOOK).places("b", *wanted) == []


def test_status(tmp_path):
    """A session whose last call failed is in error; else it is active for a quarter of an hour, and idle afterwards."""
    last = 10**12
    agent = Agent(tmp_path)
    agent.store([Step("talks", last), Step("silent", last - 1), Step("never", None), Step("broken", last, failed=True)])
    agent.store([Step("mended", 0, failed=True), Step("mended", last)])
    agent.store([Step("left", last, ends="left"), Step("cut", last, ends="cut"), Step("died", last, ends="died")])

    rows = Report(str(tmp_path), BOOK, now=last + 15 * 60_000).sessions().rows

    assert {row.fields["session_id"]: row.fields["status"] for row in rows} == {
        "talks": "active",
        "mended": "active",
        "silent": "idle",
        "never": "idle",
        "broken": "error",
        "left": "active",
        "cut": "active",
        "died": "error",
    }


def test_sessions_that_have_failed_calls(tmp_path):
    """They are found however they stand now; those whose last call failed are some of them."""
    agent = Agent(tmp_path)
    agent.store([Step("mended", 0, failed=True), Step("mended", 1), Step("broken", 1, failed=True), Step("fine", 1)])

    def found(status):
        rows = Report(str(tmp_path), BOOK, now=2).sessions(Selection(status=status, now=2)).rows
        return sorted(row.fields["session_id"] for row in rows)

    assert (found("failed"), found("error")) == (["broken", "mended"], ["broken"])


def test_what_did_not_end_well_is_counted(tmp_path):
    """A session counts the calls that failed, those that were left, and those that used at least so much."""
    ends = ("whole", "left", "left", "cut", "died", "by the gateway")
    Agent(tmp_path).store([Step("a", n, ends=end) for n, end in enumerate(ends)])

    (row,) = Report(str(tmp_path), BOOK).sessions().rows

    assert {name: row.fields[f"{name}_count"] for name in ("messages", "failed", "left")} == {
        "messages": 6,
        "failed": 1,
        "left": 3,
    }
    assert (row.to_json()["at_least"], row.to_json()["unpriced_rounds"]) == (2, 0)
    assert row.fields["models"] == ["gpt-4o"]


def test_round_count(folder):
    """A session has as many rounds as it has calls; one that is not there has no number of them."""
    assert Report(folder, BOOK).round_count("a") == 2
    assert Report(folder, BOOK).round_count("none") is None
