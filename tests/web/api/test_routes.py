"""Every address of the API: held against its description, whatever it is asked."""

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
from tests.support.webserving import MAIN, ROOT, SAMPLE, ingest, ingest_calls, serving
from web import site
from web.api import routes

OPENAPI = json.loads((ROOT / "scripts" / "web" / "openapi.json").read_text(encoding="utf-8"))
ZONE = "Asia/Shanghai"


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
    values = {"id": session_id, "round": 1, "path": "answer", "q": "a", "file": "a"}
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
    here = {*routes.QUESTIONS, *site.OF_SESSION, "/api/me", "/api/key", "/api/events", "/api/openapi.json", "/metrics"}
    assert set(OPENAPI["paths"]) == here


def test_which_answers_may_be_older_than_the_data():
    """Those for which the calls of all sessions are added up; never a list, and nothing that is told of one session."""
    of_all = {path for path, question in routes.QUESTIONS.items() if question.is_of_all}
    sums = {
        "/api/budgets",
        "/api/overview",
        "/api/stats",
        "/api/summary",
        "/api/prices",
        "/api/coverage",
        "/api/compare",
        "/api/latency",
        "/api/drivers",
        "/api/prompts",
        "/api/insights",
    }
    assert of_all == {*sums, "/api/colours"}


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
    with serving(ingest_calls(tmp_path, [line(wrong, ["\ud83d said"], answer="\udc00", model="m\ud800")])) as running:
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


def test_json_of_any_text_is_ascii_where_it_steers():
    """What the answers are written with leaves no control character."""
    assert to_json("\x1b\u202e\ud800") == '"\\u001b\\u202e\\ud800"'
