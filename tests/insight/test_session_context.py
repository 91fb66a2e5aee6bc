"""What did a session's prompts cost, call by call and message by message?"""

from __future__ import annotations

from session_monitor.base import timestamps
from session_monitor.calls import ai_log
from session_monitor.insight import session_context
from session_monitor.reports.report import Report
from tests.support import scripted_sessions, stores
from tests.support.calls import BOOK, in_log

STEPS = [
    {"user": "Where?", "ask": [["read", {}]], "get": [{"text": "words of a file ", "times": 500}]},
    {"say": "Here."},
]


def of_session(folder, session_id, model="gpt-5", **more):
    """What a session of these steps cost."""
    lines = scripted_sessions.lines({"steps": STEPS, "system": "Be brief.", "model": model}, "s")
    stores.put(folder, in_log([ai_log.parse(line) for line in lines]))
    return session_context.of_session(Report(str(folder), BOOK, now=timestamps.now()), session_id, **more)


def test_a_session(tmp_path):
    """All parts and all messages are told for JSON, and add up to what the session cost; money is text, whole and exact."""
    found = of_session(tmp_path, "s")
    told = found.to_json()

    assert told["rounds"] == len(told["calls"]) == 2
    assert set(told["calls"][1]) == {"round", *(f"{name}_tokens" for name in told["parts"])}
    assert told["messages"][0]["role"] == "result"
    assert told["messages"][0]["first_round"] == told["messages"][0]["last_round"] == 2
    of_prompts = sum(told["parts"][name]["tokens"] for name in ("resent_read", "resent_paid", "new"))
    of_messages = sum(each["sent_tokens"] for each in told["messages"])
    assert of_prompts == of_messages + told["other_messages"]["tokens"]
    assert float(told["messages"][0]["cost_usd"]) > 0


def test_nothing_has_a_price(tmp_path):
    """Where no call has a price no money is told, of no part and no message: not $0."""
    told = of_session(tmp_path, "s", model="no-such-model").to_json()

    assert told["parts"]["new"]["tokens"] > 0
    assert told["resent_full_price_usd"] is told["other_messages"]["cost_usd"] is None
    assert {each["cost_usd"] for each in (*told["parts"].values(), *told["messages"])} == {None}
    assert told["messages"][0]["again_cost_usd"] is None


def test_only_the_dearest(tmp_path):
    """Of the messages so many are told, and how many there are besides."""
    dearest = of_session(tmp_path, "s", most=1).dearest

    assert (len(dearest.messages), dearest.others) == (1, 3)


def test_no_such_session(tmp_path):
    """There is nothing to tell of a session that is not there."""
    assert of_session(tmp_path, "t") is None
