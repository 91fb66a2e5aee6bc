"""What the API answers: held against its description, against the command line, and against what was logged."""

from __future__ import annotations

import json
import re
import urllib.parse

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_monitor.exports.formats import to_json
from tests.support.calls import line, message
from tests.support.needs import need_module
from tests.support.webserving import MAIN, NOW, ROOT, SAMPLE, cli, generate, ingest, serving
from web import site
from web.api import routes

OPENAPI = json.loads((ROOT / "scripts" / "web" / "openapi.json").read_text(encoding="utf-8"))
ZONE = "Asia/Shanghai"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sessions of the sample."""
    return ingest(SAMPLE, tmp_path_factory.mktemp("sample") / "sessions")


@pytest.fixture(scope="module")
def running(folder):
    """A server over them."""
    with serving(folder) as found:
        yield found


@pytest.fixture(scope="module")
def agents(tmp_path_factory):
    """Agents with tools and long conversations, and ids that attack pages and file systems."""
    folder = tmp_path_factory.mktemp("agents")
    size = ("--bytes", "4M", "--sessions", "30", "--concurrency", "30")
    log = generate(folder / "access.log", "--profile", "agent", *size, "--hostile-ids", "--seed", "7")
    return ingest(log, folder / "sessions")


@pytest.fixture(scope="module")
def among_agents(agents):
    """A server over those."""
    with serving(agents) as found:
        yield found


@pytest.fixture(scope="module")
def redacted(agents):
    """A server over those that serves no texts."""
    with serving(agents, redacts=True) as found:
        yield found


def log_of(folder, calls):
    """The sessions of a log with these calls' lines."""
    (folder / "access.log").write_bytes(b"".join(each + b"\n" for each in calls))
    return ingest(folder / "access.log", folder / "sessions")


# -- as it is described ------------------------------------------------------------------------------------------------


def check(path, found):
    """Hold an answer against the description of its address."""
    responses = OPENAPI["paths"][path]["get"]["responses"]
    assert str(found.status) in responses, (path, found.status, found.body[:300])
    response = responses[str(found.status)]
    if "$ref" in response:
        response = OPENAPI["components"]["responses"][response["$ref"].rpartition("/")[2]]
    kind = found.headers["Content-Type"].partition(";")[0]
    assert kind in response["content"]
    if kind == "application/json" and path != "/api/session/export":
        schema = {**response["content"][kind]["schema"], "components": OPENAPI["components"]}
        jsonschema = need_module("jsonschema", (3, 9))
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        wrong = [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(found.json)]
        assert wrong == []


def asked_of(path, session_id):
    """What an address needs, to be answered."""
    given = {each["$ref"].rpartition("/")[2] if "$ref" in each else each["name"] for each in parameters(path)}
    values = {"id": session_id, "round": 1, "path": "answer", "q": "a"}
    needed = {each["name"] for each in map(resolved, parameters(path)) if each.get("required")}
    assert needed <= values.keys() & given
    return {name: values[name] for name in needed}


def parameters(path):
    """The parameters of an address."""
    return OPENAPI["paths"][path]["get"].get("parameters", [])


def resolved(parameter):
    """A parameter, wherever it is written down."""
    return (
        OPENAPI["components"]["parameters"][parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter
    )


ENDLESS = ("/api/events", "/api/session/events")
PATHS = [path for path in OPENAPI["paths"] if path not in ENDLESS]


def test_every_address_is_described():
    """The description has the addresses that there are, and no others."""
    here = {*routes.QUESTIONS, *site.OF_SESSION, "/api/me", "/api/events", "/api/openapi.json"}
    assert set(OPENAPI["paths"]) == here


def test_the_description_is_one():
    """It is OpenAPI 3.1: every reference leads somewhere, and every schema is a JSON schema."""
    text = json.dumps(OPENAPI)
    for place in set(re.findall(r'"\$ref": "#/([^"]+)"', text)):
        found = OPENAPI
        for name in place.split("/"):
            found = found[name]
    jsonschema = need_module("jsonschema", (3, 9))
    for schema in OPENAPI["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert OPENAPI["openapi"].startswith("3.1")


@pytest.mark.parametrize("path", PATHS)
def test_answers_are_as_described(running, among_agents, redacted, path):
    """Each address answers as its description says, for every session and every server."""
    for each in (running, among_agents, redacted):
        rows = each.ask("/api/sessions", limit=500).data["sessions"]
        assert rows
        for row in rows if "id" in asked_of(path, "") else rows[:1]:
            check(path, each.ask(path, **asked_of(path, row["session_id"])))


@pytest.mark.parametrize("path", PATHS)
def test_refusals_are_as_described(running, path):
    """What lacks, is unknown or has no key is refused as the description says."""
    needed = asked_of(path, MAIN)
    for name in needed:
        found = running.ask(path, **{key: value for key, value in needed.items() if key != name})
        assert (found.status, found.code) == (400, "bad_parameter")
        check(path, found)
    if "id" in needed:
        found = running.ask(path, **{**needed, "id": "no such session"})
        assert (found.status, found.code) == (404, "session_not_found")
        check(path, found)
    check(path, running.ask(path, {"X-Forwarded-For": "203.0.113.9"}, **needed))


def values(schema):
    """Values for a parameter: right ones, wrong ones, and hostile ones."""
    schema = OPENAPI["components"]["schemas"]["Status"] if "$ref" in schema else schema
    right = st.sampled_from(schema["enum"]) if "enum" in schema else st.integers(-5, 600).map(str)
    times = st.sampled_from(
        ["2026-02-01", "7d", "24h", "today", "2026-02-01T09:30:00+08:00", "0001-01-01", "9999-12-31"]
    )
    zones = st.sampled_from(["UTC", ZONE, "local", "America/New_York", "../etc/passwd", "Asia/Kathmandu"])
    hostile = st.sampled_from(
        ["'; DROP TABLE session; --", "%", "*", "[", "\x00", "🙂", "\ud800", "9" * 30, "-1", "1e3", ""]
    )
    return (
        right | times | zones | hostile | st.text(max_size=10) | st.sampled_from([MAIN, "0.001", "gpt-*", "qwen3-max"])
    )


@pytest.mark.parametrize("path", PATHS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_asked_is_answered_as_described(running, path, data):
    """No value of any parameter makes the server fail, nor answer what is not described."""
    query = asked_of(path, MAIN)
    for parameter in map(resolved, parameters(path)):
        if data.draw(st.booleans()):
            query[parameter["name"]] = data.draw(values(parameter["schema"]))

    check(path, running.ask(path, **query))
    assert not [each for each in running.log if "Error" in each]


# -- as the command line says ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "filters", [{}, {"since": "2026-02-02"}, {"model": ["qwen*", "gpt-4o"]}, {"status": "error"}, {"min_cost": "0.001"}]
)
@pytest.mark.parametrize("by", ["model", "consumer", "tool", "hour", "day", "week", "month", ""])
def test_sums_are_those_of_the_command_line(running, folder, by, filters):
    """Statistics and the summary are the same in both, with the same filters."""
    options = [
        f"--{name.replace('_', '-')}={each}"
        for name, value in filters.items()
        for each in ([value] if isinstance(value, str) else value)
    ]
    options.append(f"--timezone={ZONE}")
    if by in ("model", "consumer", "tool"):
        words = [f"stats-{by}"]
    elif by:
        words = ["stats-date", f"--by={by}", "--days=3000"]
    else:
        words = ["summary"]
    expected = cli(folder, *words, *options)
    days = {"days": 3000} if words[0] == "stats-date" else {}
    found = running.ask(
        "/api/stats" if by else "/api/summary", timezone=ZONE, **({"by": by} if by else {}), **days, **filters
    )

    assert found.json == expected


@pytest.mark.parametrize("sort_by", ["updated", "created", "cost", "tokens", "rounds"])
@pytest.mark.parametrize("reverse", [False, True])
def test_sessions_are_those_of_the_command_line(running, folder, sort_by, reverse):
    """The list has the same rows in the same order, and more of each; page by page it is the same list."""
    expected = cli(folder, "list", "--sort-by", sort_by, *(["--reverse"] if reverse else []), "--limit", "all")["data"]
    asked = {"sort_by": sort_by, "reverse": int(reverse)}
    found = running.ask("/api/sessions", limit=500, **asked).data
    pages = [
        running.ask("/api/sessions", limit=2, offset=at, **asked).data["sessions"] for at in range(0, len(expected), 2)
    ]

    rows = [{key: row[key] for key in expected[0]} for row in found["sessions"]]
    for row, wanted in zip(rows, expected):  # here it is some hours after the last call; there it is today
        wanted["status"] = row["status"] if wanted["status"] != "error" else "error"
    assert rows == expected
    assert [row for page in pages for row in page] == found["sessions"]
    assert (found["meant"], found["total"]) == (len(expected), len(expected))


def test_rounds_are_those_of_the_command_line(running, folder):
    """A session's rounds have the facts and the costs that `show` tells, and its new messages."""
    expected = cli(folder, "show", MAIN, "--messages", "new")["data"]
    found = running.ask("/api/session/rounds", id=MAIN, after=0).data

    assert (found["first"], found["last"], found["total"]) == (1, 7, 7)
    for entry, wanted in zip(found["rounds"], expected["rounds"]):
        calls = [{key: value for key, value in call.items() if key != "result"} for call in entry["tool_calls"]]
        assert {key: entry[key] for key in wanted} == {**wanted, "tool_calls": entry["tool_calls"]}
        assert calls == wanted["tool_calls"]


@pytest.mark.parametrize("words", ["天气", "weather", "北京 天气", '"connection refused"', "no-such-word"])
def test_a_search_is_that_of_the_command_line(running, folder, words):
    """The same rounds are found, with the same text around."""
    assert running.ask("/api/search", q=words, limit=50).json == cli(folder, "search", words, "--limit", "50")


def test_an_export_is_the_session(running, folder):
    """As JSON the download is what `show` tells; as Markdown and HTML what that prints."""
    expected = cli(folder, "show", MAIN, "--messages", "new")["data"]
    found = running.ask("/api/session/export", id=MAIN).json
    page = running.ask("/api/session/export", id=MAIN, format="html")
    text = running.ask("/api/session/export", id=MAIN, format="md").body.decode()

    expected["status"] = found["status"]
    assert found == {"schema_version": 1, **expected}
    assert page.body.startswith(b"<!doctype html>")
    assert "attachment" in page.headers["Content-Disposition"]
    assert text.startswith("# Session")
    assert "查询北京天气" in text


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_a_list_tells_what_sessions_began_with(running):
    """A session has its first question for a title, who called, its tools, and how its prompts grew."""
    row = next(row for row in running.ask("/api/sessions").data["sessions"] if row["session_id"] == MAIN)
    rounds = running.ask("/api/session/rounds", id=MAIN, after=0).data["rounds"]

    assert row["title"] == "查询北京天气"
    assert row["tool_calls"] == sum(len(each["tool_calls"]) for each in rounds)
    assert row["context"] == [each["input_tokens"] for each in rounds]
    assert row["cached_share"] == round(row["total_cached_tokens"] / row["total_input_tokens"], 6)


@pytest.mark.parametrize("part", ["1465367993012981988", "DISCORD", "agent:MAIN", "调研"])
def test_sessions_by_a_part_of_their_id(running, part):
    """Sessions whose id holds a text are found, whatever case it is in; marks of patterns are plain text."""
    found = running.ask("/api/sessions", q=part).data
    assert found["sessions"]
    assert [row for row in found["sessions"] if part.lower() not in row["session_id"].lower()] == []
    assert found["meant"] == len(found["sessions"]) < found["total"]
    assert running.ask("/api/sessions", q="*").data["meant"] == 0


def test_status_is_that_of_the_moment(folder):
    """Whether a session talks just now is told by the server's clock."""
    (last,) = (row["updated_at"] for row in _rows(folder, NOW)[:1])
    shortly = 1_770_021_557_115 + 60_000
    assert last == "2026-02-02T08:39:17.115Z"
    assert [row["status"] for row in _rows(folder, shortly)][:1] == ["active"]
    assert [row["status"] for row in _rows(folder, NOW)][:1] == ["idle"]


def _rows(folder, now):
    with serving(folder, now=now) as running:
        return running.ask("/api/sessions").data["sessions"]


# -- one session -------------------------------------------------------------------------------------------------------


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


def test_history_is_what_was_sent(among_agents, agents):
    """The messages that a round sent again are given page by page, as `show --messages full` has them."""
    row = max(among_agents.ask("/api/sessions").data["sessions"], key=lambda each: each["messages_count"])
    session_id, number = row["session_id"], row["messages_count"]
    expected = cli(agents, "show", session_id, "--rounds", str(number))["data"]["rounds"][0]["messages"]
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
    with serving(log_of(tmp_path, calls)) as running:
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
    with serving(log_of(tmp_path, calls)) as running:
        answer = running.ask("/api/session/rounds", id="s")
        (entry,) = answer.data["rounds"]
        earlier = running.ask("/api/session/history", id="s", round=1, before=entry["messages_start"], limit=10).data

    assert len(answer.body) < 300_000
    assert (entry["messages_from_history"], entry["messages_start"], entry["messages_total"]) == (0, 1900, 2000)
    assert len(entry["clipped"]) == len(entry["messages"]) == 100
    assert entry["messages"][-1]["content"].startswith("1999 ")
    assert [each["content"].split()[0] for each in earlier["messages"]] == [str(n) for n in range(1890, 1900)]


def test_find_in_a_session(running):
    """Rounds that hold a text are found with what stands around it, whatever case it is in."""
    found = running.ask("/api/session/find", id=MAIN, q="天气").data["rounds"]
    assert found[0]["round"] == 1
    for each in found:
        assert [each["excerpt"][start:end] for start, end in each["matches"]] == ["天气"] * len(each["matches"])
    assert running.ask("/api/session/find", id=MAIN, q="GET_WEATHER").data["rounds"]
    assert running.ask("/api/session/find", id=MAIN, q="no such text").data == {"rounds": [], "more": False}


# -- nothing that was said ---------------------------------------------------------------------------------------------


def test_redacted(redacted, among_agents):
    """With --redact tokens and costs are served, and not one word of any conversation."""
    words = set()
    for row in among_agents.ask("/api/sessions", limit=500).data["sessions"]:
        for entry in among_agents.ask("/api/session/export", id=row["session_id"]).json["rounds"]:
            for text in _texts([entry[key] for key in ("messages", "question", "answer", "reasoning")]):
                words.update(each for each in re.findall(r"[\w ]{16,}", text) if "call_" not in each)
    assert len(words) > 50
    rows = redacted.ask("/api/sessions").data["sessions"]
    served = [
        json.dumps(redacted.ask(path).data, ensure_ascii=False)
        for path in ("/api/overview", "/api/stats", "/api/sessions")
    ]
    for row in rows:
        own = ("/api/session", "/api/session/rounds", "/api/session/export")
        answers = [redacted.ask(path, id=row["session_id"]) for path in own]
        served += [json.dumps(found.json, ensure_ascii=False) for found in answers]
        for path in ("/api/session/text", "/api/session/history", "/api/session/find"):
            refused = redacted.ask(path, id=row["session_id"], round=1, path="answer", q="a")
            assert (refused.status, refused.code) == (403, "redacted")
    names = " ".join(row["session_id"] for row in rows)
    everything = "\n".join(served)
    told = [word for word in words if word not in names and word in everything]

    assert told == []
    assert redacted.ask("/api/search", q="a").status == 403
    assert redacted.ask("/api/session/export", id=rows[0]["session_id"], format="md").status == 403
    assert redacted.ask("/api/me").data["redacted"] is True
    assert [row["cost_usd"] for row in rows] == [
        row["cost_usd"] for row in among_agents.ask("/api/sessions").data["sessions"]
    ]


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            if not isinstance(value, dict) or each not in (value.get("id"), value.get("name"), value.get("role")):
                yield from _texts(each)


# -- hostile and empty -------------------------------------------------------------------------------------------------


def test_hostile_ids(among_agents):
    """Sessions with any id are listed, and opened by it, as they are; nothing in an answer is markup or steers anything."""
    rows = among_agents.ask("/api/sessions", limit=500).data["sessions"]
    ids = [row["session_id"] for row in rows]

    assert len(ids) == len(set(ids)) > 10
    assert [each for each in ids if "/" in each or "<" in each]
    for session_id in ids:
        found = among_agents.ask("/api/session", id=session_id)
        assert found.data["session"]["session_id"] == session_id
        assert found.headers["Content-Type"] == "application/json"
        assert not re.search(rb"[\x00-\x09\x0b-\x1f]", found.body)
        assert among_agents.ask("/api/session/rounds", id=session_id, last=2).data["rounds"]
        link = urllib.parse.urlsplit(found.data["link"])
        assert urllib.parse.parse_qs(link.query, errors="surrogatepass")["id"] == [session_id]


def test_half_a_character(tmp_path):
    """An id and texts that no encoding holds are answered as JSON's own escapes, and asked for as such."""
    wrong = "a\udcffb"
    with serving(log_of(tmp_path, [line(wrong, ["\ud83d said"], answer="\udc00", model="m\ud800")])) as running:
        (row,) = running.ask("/api/sessions").data["sessions"]
        found = running.ask("/api/session", id=wrong)
        overview = running.ask("/api/overview")
        (entry,) = running.ask("/api/session/rounds", id=wrong).data["rounds"]

    assert row["session_id"] == wrong
    assert found.data["session"]["title"] == "\ud83d said"
    assert (entry["answer"], entry["messages"]) == ("\udc00", [message("\ud83d said")])
    assert overview.data["by_model"][0]["model"] == "m\ud800"


@pytest.mark.parametrize("is_there", [False, True])
def test_nothing_to_show_yet(tmp_path, is_there):
    """Without sessions, or without their folder, every address answers as described; and what lacks is told."""
    folder = tmp_path / "sessions"
    if is_there:
        folder.mkdir()
    with serving(folder) as running:
        for path in PATHS:
            check(path, running.ask(path, **asked_of(path, "none")))
        alerts = {each["code"] for each in running.ask("/api/overview").data["alerts"]}
        ingest(SAMPLE, folder)
        found = running.ask("/api/health")
    assert alerts == (set() if is_there else {"no_folder"})
    assert not [each for each in running.log if "Error" in each]
    assert found.status == 200


def test_what_is_wrong_is_told(tmp_path):
    """Damaged files, models without a price and a mistake in a price list are among the alerts."""
    folder = log_of(tmp_path, [line("s", ["hi"], model="no-such-model")])
    (folder / "broken.json").write_text("{")
    with serving(folder) as running:
        (folder / ".prices.json").write_text('{"schema_version": 1, "models": 7}')
        alerts = {}
        for _ in range(200):
            alerts = {each["code"]: each for each in running.ask("/api/overview", limit=1 + len(alerts)).data["alerts"]}
            if "prices" in alerts:
                break
            running.site.desk.folder.state(fresh=True)
    assert alerts["unpriced"] == {"code": "unpriced", "count": 1, "names": ["no-such-model"]}
    assert alerts["damaged"]["names"] == ["broken.json"]
    assert ".prices.json" in alerts["prices"]["names"][0]


def test_json_of_any_text_is_ascii_where_it_steers():
    """What the answers are written with leaves no control character."""
    assert to_json("\x1b\u202e\ud800") == '"\\u001b\\u202e\\ud800"'
