"""One session and what was said in it: held against the command line, and against what was logged."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.support.calls import line
from tests.support.webserving import MAIN, cli, ingest_calls, serving


def test_rounds_are_those_of_the_command_line(running, folder):
    """A session's rounds have the facts and the costs that `show` tells, and its new messages."""
    expected = cli(folder, "show", MAIN, "--messages", "new")["data"]
    found = running.ask("/api/session/rounds", id=MAIN, after=0).data

    assert (found["first"], found["last"], found["total"]) == (1, 7, 7)
    for entry, wanted in zip(found["rounds"], expected["rounds"]):
        calls = [{key: value for key, value in call.items() if key != "result"} for call in entry["tool_calls"]]
        assert {key: entry[key] for key in wanted} == {**wanted, "tool_calls": entry["tool_calls"]}
        assert calls == wanted["tool_calls"]


def test_a_session_adds_up(running):
    """What a session costs by kind and by model is what it costs, and its tokens likewise."""
    found = running.ask("/api/session", id=MAIN).data
    row = found["session"]

    picos = [float(part["cost_usd"]) * 10**12 for part in found["parts"]]
    assert sum(picos) == pytest.approx(float(row["cost_usd"]) * 10**12)
    assert sum(part["tokens"] for part in found["parts"]) == row["total_tokens"]
    assert sum(each["calls"] for each in found["models"]) == found["rounds"] == row["messages_count"]
    assert [point["round"] for point in found["context"]] == list(range(1, 8))
    assert {mark for point in found["context"] for mark in point["marks"]} == {"error", "model"}
    assert found["link"].startswith(f"/session?id={MAIN}&key=")


def test_results_stand_beside_the_calls(running):
    """A tool call has what came back with the next round."""
    first, second = running.ask("/api/session/rounds", id=MAIN, after=0, limit=2).data["rounds"]
    (call,) = first["tool_calls"]
    sent = next(each for each in second["messages"] if each["role"] == "tool")

    assert call["result"] == {"content": sent["content"], "failed": False, "round": 2}
    assert second["tool_calls"] == []


def test_pages_of_rounds(among_agents):
    """Rounds are given from either end, page by page, each once; and what is asked for is bounded."""
    row = max(among_agents.ask("/api/sessions").data["sessions"], key=lambda each: each["messages_count"])
    key, total = {"id": row["session_id"]}, row["messages_count"]
    forward, after = [], 0
    while True:
        page = among_agents.ask("/api/session/rounds", after=after, limit=7, **key).data
        if not page["rounds"]:
            break
        assert page["first"] == after + 1
        forward += page["rounds"]
        after = page["last"]
    backward, before = [], total + 1
    while before > 1:
        page = among_agents.ask("/api/session/rounds", before=before, limit=7, **key).data
        backward[:0] = page["rounds"]
        before = page["first"]

    assert [each["round"] for each in forward] == list(range(1, total + 1))
    assert backward == forward
    last = among_agents.ask("/api/session/rounds", **key)
    assert last.data["last"] == total
    assert len(last.body) < 200_000
    assert among_agents.ask("/api/session/rounds", after=1, before=3, **key).status == 400


@pytest.mark.parametrize("size", [10, 10_000, 100_000])
def test_rounds_around_a_number(tmp_path, size):
    """Whatever the size of rounds, an answer holds the one that was asked for, and as many beside it as it has room for."""
    texts = [f"{number} " + "word " * min(size // 5, 3000) for number in range(max(1, size // 15_000))]
    calls = [line("s", [f"{number}", *texts], answer="done") for number in range(60)]
    with serving(ingest_calls(tmp_path, calls)) as running:
        for number in (1, 2, 7, 30, 59, 60):
            answer = running.ask("/api/session/rounds", id="s", around=number)
            found = answer.data
            assert [each["round"] for each in found["rounds"]] == list(range(found["first"], found["last"] + 1))
            assert found["first"] <= number <= found["last"]
            assert len(answer.body) < 200_000
            behind, before = found["last"] - number, number - found["first"]
            assert abs(behind - before) <= 1 or found["first"] == 1 or found["last"] == 60
        beyond = running.ask("/api/session/rounds", id="s", around=61).data
        assert (beyond["rounds"], beyond["first"], beyond["total"]) == ([], None, 60)
        assert running.ask("/api/session/rounds", id="s", around=1, last=3).status == 400


def test_rounds_by_their_numbers(running):
    """Those that are named come, in order and once; of numbers that no round has none; what is no number is refused."""
    got = running.ask("/api/session/rounds", id=MAIN, numbers="3,1,3,99999").data
    assert [each["round"] for each in got["rounds"]] == [1, 3]
    assert (got["first"], got["last"]) == (1, 3)
    plain = {each["round"]: each for each in running.ask("/api/session/rounds", id=MAIN, after=0).data["rounds"]}
    assert got["rounds"] == [plain[1], plain[3]]
    for wrong in ("", "0", "1,", "a", "1 2", ",".join(["1"] * 101)):
        assert running.ask("/api/session/rounds", id=MAIN, numbers=wrong).status == 400
    assert running.ask("/api/session/rounds", id=MAIN, numbers="1", last=3).status == 400


@pytest.mark.parametrize(("name", "least"), [("after", 0), ("before", 1), ("around", 1), ("last", 1)])
def test_which_rounds_may_be_asked_for(among_agents, name, least):
    """From the first of them on, and none before it."""
    key = {"id": next(each["session_id"] for each in among_agents.ask("/api/sessions").data["sessions"])}
    for number, status in ((least, 200), (least - 1, 400)):
        assert among_agents.ask("/api/session/rounds", **{name: number}, **key).status == status


def test_history_is_what_was_sent(among_agents, agents):
    """The messages that a round sent again are given page by page, as `show --messages full` has them."""
    row = max(among_agents.ask("/api/sessions").data["sessions"], key=lambda each: each["messages_count"])
    session_id, number = row["session_id"], row["messages_count"]
    expected = cli(agents, "show", session_id, "--rounds", str(number), "--messages", "full")
    expected = expected["data"]["rounds"][0]["messages"]
    (entry,) = among_agents.ask("/api/session/rounds", id=session_id, last=1).data["rounds"]
    found, before = [], entry["messages_total"]
    while before:
        page = among_agents.ask("/api/session/history", id=session_id, round=number, before=before, limit=20).data
        assert page["last"] == before - 1
        found[:0] = page["messages"]
        before = page["first"]

    assert found == expected
    assert found[entry["messages_start"] :] == entry["messages"]
    page = among_agents.ask("/api/session/history", id=session_id, round=number).data
    assert page["last"] == entry["messages_from_history"] - 1
    page = among_agents.ask("/api/session/history", id=session_id, round=number, before=0).data
    assert (page["messages"], page["first"], page["last"]) == ([], None, None)
    assert among_agents.ask("/api/session/history", id=session_id, round=number, before=-1).status == 400


def test_long_texts_are_clipped_and_fetched(tmp_path):
    """A long text comes with its first part, and in full when it is asked for, wherever it stands."""
    long = "长" * 25_000
    parts = {"role": "user", "content": [{"type": "text", "text": "x" * 1_000_000}]}
    call = {"id": "c", "type": "function", "function": {"name": "read", "arguments": "y" * 30_000}}
    back = {"role": "tool", "tool_call_id": "c", "content": "z" * 40_000}
    asked = {"role": "assistant", "content": None, "tool_calls": [call]}
    calls = [
        line("s", answer=long, messages=[parts], tool_calls=[call]),
        line("s", messages=[parts, asked, back], start_time="2026-02-01T09:31:15Z"),
    ]
    with serving(ingest_calls(tmp_path, calls)) as running:
        found = running.ask("/api/session/rounds", id="s", after=0).data["rounds"]
        history = running.ask("/api/session/history", id="s", round=2).data
        texts = {
            (number, clip["path"]): running.ask("/api/session/text", id="s", round=number, path=clip["path"]).data[
                "text"
            ]
            for number, clips in ((1, found[0]["clipped"]), (2, found[1]["clipped"]), (2, history["clipped"]))
            for clip in clips
        }
        lengths = {clip["path"]: clip["characters"] for clip in found[0]["clipped"]}
        assert running.ask("/api/session/text", id="s", round=1, path="messages/0/content/0/no").status == 404
        assert running.ask("/api/session/text", id="s", round=9, path="answer").status == 404

    assert texts == {
        (1, "question"): "x" * 1_000_000,
        (1, "answer"): long,
        (1, "messages/0/content/0/text"): "x" * 1_000_000,
        (1, "tool_calls/0/function/arguments"): "y" * 30_000,
        (1, "tool_calls/0/result/content"): "z" * 40_000,
        (2, "messages/1/tool_calls/0/function/arguments"): "y" * 30_000,
        (2, "messages/2/content"): "z" * 40_000,
        (2, "messages/0/content/0/text"): "x" * 1_000_000,
    }
    assert lengths["answer"] == 25_000
    assert found[0]["answer"] == long[:4000]


def test_a_round_with_very_many_messages(tmp_path):
    """Where a round brings thousands of messages the last ones come with it, cut short, and the others are history."""
    calls = [line("s", [f"{number} " + "w" * 3000 for number in range(2000)], answer="done")]
    with serving(ingest_calls(tmp_path, calls)) as running:
        answer = running.ask("/api/session/rounds", id="s")
        (entry,) = answer.data["rounds"]
        earlier = running.ask("/api/session/history", id="s", round=1, before=entry["messages_start"], limit=10).data

    assert len(answer.body) < 300_000
    assert (entry["messages_from_history"], entry["messages_start"], entry["messages_total"]) == (0, 1900, 2000)
    assert len(entry["clipped"]) - 1 == len(entry["messages"]) == 100  # the question, too
    assert entry["messages"][-1]["content"].startswith("1999 ")
    assert [each["content"].split()[0] for each in earlier["messages"]] == [str(n) for n in range(1890, 1900)]


def test_the_outline_is_all_of_the_session(running, among_agents):
    """What each round cost adds up to the session; what failed is what failed; questions are those that were asked."""
    session, outline = (running.ask(f"/api/session{part}", id=MAIN).data for part in ("", "/outline"))
    rounds = running.ask("/api/session/rounds", id=MAIN, after=0).data["rounds"]
    assert [each["cost_usd"] for each in rounds] == outline["costs_usd"]
    assert [each["added_tokens"] for each in rounds] == outline["added_tokens"]
    assert outline["rounds"] == session["rounds"]
    assert outline["failed"] == [each["round"] for each in rounds if each["outcome"] == "failed"]
    answers = [
        each["round"] for each in rounds if not each["tool_calls"] and each["outcome"] != "failed" and each["answer"]
    ]
    assert outline["answers"] == answers
    dearest = sorted((Decimal(usd), -number) for number, usd in enumerate(outline["costs_usd"], 1) if usd)[::-1][:5]
    assert [each["round"] for each in outline["dearest"]] == [-number for _, number in dearest]
    for each in outline["dearest"]:
        assert each["reasons"] == rounds[each["round"] - 1]["cost_reasons"] != []
    assert outline["questions"][0] == {"round": 1, "title": session["session"]["title"]}

    for row in among_agents.ask("/api/sessions").data["sessions"][:6]:
        outline = among_agents.ask("/api/session/outline", id=row["session_id"]).data
        assert len(outline["costs_usd"]) == len(outline["added_tokens"]) == outline["rounds"] == row["messages_count"]
        assert len(outline["failed"]) == row["failed_count"]
        asked = [each["round"] for each in outline["questions"]]
        assert asked == sorted(set(asked))
        tokens = [each["tokens"] for each in outline["largest_results"]]
        assert tokens == sorted(tokens, reverse=True)
        for each in outline["largest_results"]:
            assert each["round"] < each["brought_by"] <= outline["rounds"]
            assert json.loads(each["arguments"])
            assert 0 <= each["resent"] <= outline["rounds"] - each["brought_by"]
    assert running.ask("/api/session/outline", id="none").status == 404


def test_find_in_a_session(running):
    """Rounds that hold a text are found with what stands around it, whatever case it is in."""
    found = running.ask("/api/session/find", id=MAIN, q="天气").data["rounds"]
    assert found[0]["round"] == 1
    for each in found:
        assert [each["excerpt"][start:end] for start, end in each["matches"]] == ["天气"] * len(each["matches"])
    assert running.ask("/api/session/find", id=MAIN, q="GET_WEATHER").data["rounds"]
    assert running.ask("/api/session/find", id=MAIN, q="no such text").data == {"rounds": [], "more": False}
