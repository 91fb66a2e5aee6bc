"""What the query of a request asks for: what is taken, at its very limits, and what is refused in words."""

from __future__ import annotations

import re

import pytest

from web.asking import parameters
from web.server.exchange import Refusal, Request

NOW = 1_769_938_215_000
"""2026-02-01T09:30:15Z."""


def request(**query):
    """A request with these parameters, each with its values."""
    lists = {name: [value] if isinstance(value, str) else value for name, value in query.items()}
    return Request("GET", "/api/sessions", lists, {}, "127.0.0.1")


def refused(text):
    """Whoever asks so is told this."""
    return pytest.raises(Refusal, match=f"^{re.escape(text)}$")


def selection(**query):
    """What the filters mean."""
    return parameters.filters(request(timezone="UTC", **query), NOW).selection


def test_a_text():
    """It may be long; an empty one is none, and of several the last one counts."""
    assert parameters.text(request(a="x" * 4000), "a") == "x" * 4000
    assert [parameters.text(request(a=value), "a") for value in ("", ["b", "c"])] == [None, "c"]
    with refused("a is longer than 4000 characters"):
        parameters.text(request(a="x" * 4001), "a")
    with refused("the parameter b lacks"):
        parameters.needed(request(a="x"), "b")
    with refused("the parameter id lacks"):
        parameters.session_id(request(id=""))


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("500", 500), ("007", 7), (None, 20)])
def test_a_number(text, number):
    """It is one from the least to the most; without one the default counts."""
    asked = request(**({} if text is None else {"limit": text}))
    assert parameters.limit(asked, 20) == number


@pytest.mark.parametrize("text", ["0", "501", "", "-1", "+1", " 1", "1.0", "1e2", "x", "\u0663", "0" * 12 + "1"])
def test_what_is_no_number(text):
    """Whatever else stands there, also what Python would take for one, is refused."""
    with refused("limit is a whole number from 1 to 500"):
        parameters.limit(request(limit=text), 20)


def test_a_choice():
    """One of the words, or the default; whoever writes another one is told which there are."""
    assert [parameters.choice(request(by=text), "by", ("a", "b"), "b") for text in ("a", "")] == ["a", "b"]
    with refused("by is one of a, b"):
        parameters.choice(request(by="c"), "by", ("a", "b"), "b")


def test_names():
    """Of models and consumers several may be meant, but no more than fifty, none of them endless; empty ones are none."""
    many = [f"m{number}" for number in range(50)]
    assert selection(model=["", *many]).models == tuple(many)
    assert selection(consumer="x" * 4000).consumers == ("x" * 4000,)
    for names in ([*many, "m"], ["a", "x" * 4001]):
        with refused("there are too many of model, or too long ones"):
            selection(model=names)


@pytest.mark.parametrize(
    ("part", "patterns"),
    [("aB-1", ("*[aA][bB]-1*",)), ("[*?]", ("*[[][*][?]]*",)), ("é", ("*é*",)), (" ", ()), ("", ())],
)
def test_a_part_of_an_id(part, patterns):
    """Letters of either case, and nothing in it is a pattern."""
    assert selection(q=part).sessions == patterns


def test_a_long_part_of_an_id():
    """It is as long as somebody may type."""
    assert selection(q="-" * 200).sessions == (f"*{'-' * 200}*",)
    with refused("q is longer than 200 characters"):
        selection(q="-" * 201)


def test_times():
    """A day is meant to its end; nothing lies between a time and itself."""
    day = selection(since="2026-02-01", until="2026-02-01")
    assert day.until - day.since == 86_400_000
    with refused("since is not before until"):
        selection(since="2026-02-01T09:30:00Z", until="2026-02-01T09:30:00Z")
    with refused("since is a time: 2026-02-01, 2026-02-01T09:30:00+08:00, today, yesterday, 24h, 7d or 2w"):
        selection(since="soon")
    with refused("timezone is a name like Asia/Shanghai, an offset like +08:00, UTC, or local"):
        parameters.filters(request(timezone="Nowhere"), NOW)


def test_states_outcomes_and_costs():
    """Only who asks for a status asks about now; the answer to others does not grow old."""
    assert [selection(**query).now for query in ({"status": "active"}, {})] == [NOW, 0]
    assert (selection(outcome="failed").outcome, selection(min_cost="0.50").min_cost) == ("failed", 5 * 10**11)
    with refused("status is one of active, idle, error, failed, stale, ended"):
        selection(status="mad")
    with refused("outcome is one of ok, left, failed"):
        selection(outcome="mad")
    with refused("min_cost is an amount of dollars, such as 0.50"):
        selection(min_cost="much")
