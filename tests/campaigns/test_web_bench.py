"""The benchmark of the web server, in short: both servers give the same answers; how fast is not for a test to say."""

from __future__ import annotations

import json
import urllib.request

import pytest

from tests.campaigns import web_bench


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Some sessions."""
    return web_bench.generated(tmp_path_factory.mktemp("generated"), "300K")


def answer(port, path):
    """What a server answers, as JSON."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as found:
        return json.loads(found.read())


def test_the_plain_way_answers_the_same(folder):
    """What is compared is the same work: the same sessions in the same order, and the same sums."""
    listed, summed = web_bench.PLAIN
    with web_bench.ours(folder) as our, web_bench.plain(folder) as other:
        ours, plain = answer(our, listed)["data"]["sessions"], answer(other, listed)
        overview, sums = answer(our, summed)["data"], answer(other, summed)

    assert len(ours) > 2
    assert [row["updated_at"] for row in ours] == [row["updated_at"] for row in plain]
    assert {row["session_id"] for row in ours} == {row["session_id"] for row in plain}
    assert sum(calls for calls, *_ in sums.values()) == overview["cards"]["now"]["calls"]


def test_all_addresses_are_measured(folder):
    """Every address is asked by two clients at a time, and a long session's page has its figures."""
    rows = web_bench.compare(folder, 2, 3, 1)
    long = web_bench.first_data(folder.parent, 60, paints=1)

    assert set(rows) == set(web_bench.PATHS)
    for path, row in rows.items():
        assert 0 < row["median"] <= row["p99"] <= row["slowest"]
        assert row["size"] > 2
        ratio = row["plain_median"] / row["median"] if path in web_bench.PLAIN else None
        assert row["times_as_long"] == ratio
    whole, last = "/api/session?id=long", "/api/session/rounds?id=long&last=50"
    assert long.keys() >= {whole, last}
    assert all(row["first"] > 0 for row in long.values())
    assert long[last]["size"] > 50 * 60 * len("answer ")


def test_the_overview_in_a_browser(folder):
    """It is opened anew and once more, and what it asked is counted; what it is compared with is asked the same."""
    ((_, rows),) = web_bench.compare_pages(folder, 2, []).items()

    assert list(rows) == ["after a start", "somebody new", "once more", "first answer after a start"]
    new, again = rows["somebody new"], rows["once more"]
    assert 0 < new["painted"] <= new["usable"]
    assert new["requests"] <= 19
    assert again["bytes"] < new["bytes"]


def test_the_first_second(folder):
    """Each question is held against a bare start, and a first search is followed until all is looked through."""
    rows = web_bench.first_second(folder, 1)

    assert len([name for name in rows if name.endswith(" / bare start")]) == len(web_bench.FIRST_QUESTIONS) + 1
    assert all(value > 0 for value in rows.values())
    assert rows["first search: first answer, ms"] <= rows["first search: all looked through, ms"]


def test_an_address_that_fails_is_not_measured(folder):
    """A quick refusal is no quick answer."""
    with web_bench.ours(folder) as port, pytest.raises(SystemExit, match="status 404"):
        web_bench._ask(port, "/api/nothing", 1)
