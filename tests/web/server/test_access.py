"""Who may see what: on this machine, from elsewhere, with which key, over real sockets and from another network."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import textwrap
import urllib.parse

import pytest

from tests.support.needs import need_tool
from tests.support.webserving import ELSEWHERE, MAIN, ROOT, serving
from web import site
from web.api import routes

OTHER = "nightly-digest-2026-02-02"
OF_ALL = ("/", "/api/overview", "/api/sessions", "/api/stats", "/api/summary", "/api/search?q=a", "/api/events")
OF_SESSION = ("/session", *site.OF_SESSION)
FORWARDED = [
    {"X-Forwarded-For": "203.0.113.9"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1"},
    {"X-Real-IP": "127.0.0.1"},
    {"Via": "1.1 proxy"},
    {"X-Forwarded-Host": "localhost"},
]


def of(path, session_id=MAIN):
    """The address with what it needs to be answered."""
    more = {"/api/session/text": "&round=1&path=answer", "/api/session/history": "&round=1"}.get(path, "&q=a")
    return f"{path}?id={urllib.parse.quote(session_id)}{more}"


def seen(running, path, headers):
    """The status of an answer; of one that does not end, without its body."""
    method = "HEAD" if "/events" in path else "GET"
    return running.ask(path, headers, method=method).status


# -- on this machine ---------------------------------------------------------------------------------------------------


def test_all_addresses_are_known_here():
    """The addresses that these tests go through are all that answer questions."""
    known = {path.partition("?")[0] for path in (*OF_ALL, *OF_SESSION)}
    assert set(routes.QUESTIONS) - known == {"/api/health"}


@pytest.mark.parametrize("path", [*OF_ALL, *map(of, OF_SESSION), "/static/a.js", "/api/me", "/api/openapi.json"])
def test_this_machine_needs_no_key(running, path):
    """Whoever is on this machine sees everything."""
    assert seen(running, path, {}) == 200


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8888", "127.0.0.1", "127.1.2.3:80", "[::1]:8888", "localhost."]
)
def test_names_of_this_machine(running, host):
    """A browser may call this machine by any of its loopback names."""
    assert running.ask("/api/me", {"Host": host}).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "", "[", "a@b"]
)
def test_other_names_are_refused(running, host):
    """A page of somebody else's whose name leads here (DNS rebinding) sees nothing."""
    for path in ("/", "/api/sessions", "/api/health", "/static/a.js"):
        found = running.ask(path, {"Host": host})
        assert found.status == 403
        assert MAIN.encode() not in found.body


def test_a_name_that_is_allowed(folder):
    """A name of this machine can be given, and counts for that name alone."""
    with serving(folder, allowed_hosts=["Monitor.Example"]) as running:
        assert running.ask("/api/me", {"Host": "monitor.example:80"}).status == 200
        assert running.ask("/api/me", {"Host": "x.monitor.example"}).status == 403


@pytest.mark.parametrize("where", ["cross-site", "same-site"])
def test_other_sites_ask_for_nothing(running, where):
    """A request that a page of another site makes is refused; a link there may be followed."""
    asked = {"Sec-Fetch-Site": where, "Sec-Fetch-Mode": "no-cors"}
    assert running.ask("/api/session/export", asked, id=MAIN).status == 403
    assert running.ask("/session", {**asked, "Sec-Fetch-Mode": "navigate"}, id=MAIN).status == 200


# -- from elsewhere ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", FORWARDED)
def test_what_a_proxy_brings_is_from_elsewhere(running, headers):
    """A request with a proxy's mark counts as somebody else's, whatever it says."""
    assert running.ask("/api/sessions", headers).status == 401


@pytest.mark.parametrize("path", [*OF_ALL, *map(of, OF_SESSION), "/static/a.js", "/api/me", "/api/openapi.json", "/x"])
def test_no_key_no_answer(running, path):
    """Without a key nobody from elsewhere gets anything, not even whether something is there."""
    found = running.ask(path, ELSEWHERE)
    assert found.status == 401
    assert MAIN.encode() not in found.body


def test_the_key_opens_everything(running):
    """With the key, in whichever way it comes, everything is open."""
    key = running.keys().main
    for headers in ({"Authorization": f"Bearer {key}"}, {"Cookie": f"other=1; monitor-key={key}"}):
        for path in (*OF_ALL, *map(of, OF_SESSION), "/static/a.js"):
            assert seen(running, path, {**ELSEWHERE, **headers}) == 200
    assert running.ask("/api/sessions", ELSEWHERE, key=key).status == 200


def test_a_sessions_key_opens_that_session_alone(running):
    """It opens the page and the data of its session, and neither those of others nor the overview."""
    key = running.keys().of_session(MAIN)
    headers = {**ELSEWHERE, "Cookie": f"monitor-key-{key[:8]}={key}"}

    assert {path: seen(running, of(path), headers) for path in OF_SESSION} == dict.fromkeys(OF_SESSION, 200)
    closed = [*OF_ALL, *(of(path, OTHER) for path in OF_SESSION), *OF_SESSION, "/api/session/other?id=" + MAIN]
    assert {path: seen(running, path, headers) for path in closed} == dict.fromkeys(closed, 403)
    assert seen(running, "/static/a.js", headers) == 200
    assert running.ask("/api/health", headers).data == {"status": "ok"}


def test_two_ids_in_one_request(running):
    """Where an id is given twice, what is checked is what is answered."""
    key = running.keys().of_session(MAIN)
    headers = {**ELSEWHERE, "Cookie": f"monitor-key={key}"}

    assert running.ask("/api/session", headers, id=[MAIN, OTHER]).status == 403
    assert running.ask("/api/session", headers, id=[OTHER, MAIN]).data["session"]["session_id"] == MAIN


@pytest.mark.parametrize("scope", ["all", "session"])
def test_a_key_in_a_link_becomes_a_cookie(running, scope):
    """A link's key is put where scripts and other sites cannot reach it, and taken out of the address."""
    key = running.keys().main if scope == "all" else running.keys().of_session(MAIN)
    found = running.ask("/session", ELSEWHERE, id=MAIN, key=key, view="a b")

    name, _, rest = found.headers["Set-Cookie"].partition("=")
    assert (found.status, found.headers["Location"]) == (303, f"/session?id={urllib.parse.quote(MAIN)}&view=a+b")
    assert rest.startswith(f"{key}; HttpOnly; SameSite=Strict; Path=/; Max-Age=")
    cookie = {**ELSEWHERE, "Cookie": f"{name}={key}"}
    assert running.ask("/session", cookie, id=MAIN).status == 200
    assert running.ask("/", cookie).status == (200 if scope == "all" else 403)


def test_links_to_two_sessions(running):
    """The link to a second session does not lock the first one out."""
    jar = []
    for session_id in (MAIN, OTHER):
        key = running.keys().of_session(session_id)
        found = running.ask("/session", {**ELSEWHERE, "Cookie": "; ".join(jar)}, id=session_id, key=key)
        jar.append(found.headers["Set-Cookie"].partition(";")[0])

    cookies = {**ELSEWHERE, "Cookie": "; ".join(jar)}
    assert [running.ask("/api/session", cookies, id=each).status for each in (MAIN, OTHER)] == [200, 200]


def test_a_link_is_stripped_here_too(running):
    """On this machine a link with a key works, and loses it; a wrong one does no harm."""
    for key in (running.keys().main, "wrong"):
        found = running.ask("/", key=key, since="7d")
        assert (found.status, found.headers["Location"], found.headers["Set-Cookie"]) == (303, "/?since=7d", None)


def test_a_wrong_key_takes_a_while(folder):
    """Who tries keys waits for each answer; so many at a time wait, and all others are answered meanwhile."""
    waited = []
    with serving(folder, wait=waited.append) as running:
        for headers in ({"Authorization": "Bearer wrong"}, {"Cookie": "monitor-key=wrong"}):
            assert running.ask("/api/sessions", {**ELSEWHERE, **headers}).code == "wrong_key"
        other = {**ELSEWHERE, "Cookie": f"monitor-key={running.keys().of_session(OTHER)}"}
        assert running.ask("/session", other, id=MAIN, key="wrong").status == 401
        assert running.ask("/session", ELSEWHERE, id=MAIN, key=running.keys().of_session(OTHER)).status == 403
        assert running.ask("/api/sessions", ELSEWHERE).code == "key_needed"
    assert waited == [1.0] * 3


def test_many_wrong_keys_at_a_time(folder):
    """While as many wait as may, the next one is sent away at once, and who has the key is answered."""
    from web.server import access  # noqa: PLC0415

    with serving(folder) as running:
        for _ in range(access._MOST_WAITING):
            running.site.door._waiting.acquire()
        wrong = {**ELSEWHERE, "Authorization": "Bearer wrong"}
        assert running.ask("/api/me", wrong).status == 429
        assert running.ask("/api/me", {**ELSEWHERE, "Authorization": f"Bearer {running.keys().main}"}).status == 200


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Forwarded-For": "127.0.0.1"}, 200),
        ({"X-Forwarded-For": "203.0.113.9, 127.0.0.1"}, 200),
        ({"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}, 401),
        ({"X-Forwarded-For": "[::1]:443"}, 200),
        ({"X-Forwarded-For": "203.0.113.9:80"}, 401),
        ({"X-Forwarded-For": ""}, 401),
        ({"X-Forwarded-For": "unknown"}, 401),
        ({"X-Real-IP": "127.0.0.1"}, 401),
        ({}, 200),
    ],
)
def test_a_trusted_proxy(folder, headers, expected):
    """With --trust-proxy the last address that the proxy on this machine wrote is whose request it is."""
    with serving(folder, trusts_proxy=True) as running:
        assert running.ask("/api/me", headers).status == expected


def test_two_headers_of_a_proxy(folder):
    """Where the header comes twice, the last address of all counts."""
    with serving(folder, trusts_proxy=True) as running, running.connect() as connection:
        connection.putrequest("GET", "/api/me")
        for address in ("127.0.0.1", "203.0.113.9"):
            connection.putheader("X-Forwarded-For", address)
        connection.endheaders()
        assert connection.getresponse().status == 401


# -- from another network ----------------------------------------------------------------------------------------------


_ASK = """
import http.client, json, sys
host, port = sys.argv[1], int(sys.argv[2])
for path, headers in json.loads(sys.argv[3]):
    connection = http.client.HTTPConnection(host, port, timeout=30)
    connection.request("GET", path, headers=headers)
    found = connection.getresponse()
    print(json.dumps([found.status, dict(found.headers), found.read().decode("utf-8", "replace")]))
"""


@pytest.fixture
def networks():
    """Two networks beside this machine's own, each as the words that run a command in it; and the first one's address."""
    if not sys.platform.startswith("linux"):
        pytest.skip("needs network namespaces, which are Linux'")
    ip = need_tool("ip")
    names = [f"asm{os.getpid()}{end}" for end in "ab"]
    devices = [f"{name}v" for name in names]

    def run(*words):
        return subprocess.run([ip, *words], capture_output=True, text=True, check=False)

    with contextlib.ExitStack() as undo:
        for name in names:
            undo.callback(run, "netns", "del", name)
            made = run("netns", "add", name)
            if made.returncode:
                pytest.skip(f"needs to make network namespaces, which cannot be done here: {made.stderr.strip()}")
        steps = [f"-n {names[0]} link add {devices[0]} type veth peer name {devices[1]} netns {names[1]}"]
        for name, device, address in zip(names, devices, ("198.51.100.1/30", "198.51.100.2/30")):
            steps += [f"-n {name} addr add {address} dev {device}", f"-n {name} link set {device} up"]
            steps += [f"-n {name} link set lo up"]
        for words in steps:
            done = run(*words.split())
            if done.returncode:
                pytest.skip(f"needs a pair of network devices, which cannot be made here: {done.stderr.strip()}")
        here, there = ([ip, "netns", "exec", name] for name in names)
        yield here, there, "198.51.100.1"


def test_another_network(folder, networks):
    """From another network: no key, no answer; with a session's key, that session and no other."""
    here, there, address = networks
    command = [*here, sys.executable, ROOT / "scripts" / "webserver.py", "--data-dir", folder, "--port", "0", "--quiet"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = server.stdout.readline().rpartition(":")[2].strip(" /\n")
        link = server.stdout.readline()
        main = link.rpartition("key=")[2].strip()
        words = [sys.executable, ROOT / "scripts" / "cli.py", "url", MAIN, "--base", f"http://{address}:{port}"]
        url = subprocess.run([*words, "--data-dir", folder], capture_output=True, text=True, check=True).stdout.strip()
        key = url.rpartition("key=")[2]
        cookie = {"Cookie": f"monitor-key-0-{key[:8]}={key}"}
        asked = [
            ("/api/sessions", {}),
            ("/", {}),
            (of("/api/session"), {"Host": "localhost"}),
            (url.partition(port)[2], {}),
            (of("/api/session"), cookie),
            (of("/api/session", OTHER), cookie),
            ("/api/overview", cookie),
            ("/api/sessions", {"Authorization": f"Bearer {main}"}),
        ]
        ask = [*there, sys.executable, "-c", textwrap.dedent(_ASK)]
        done = subprocess.run([*ask, address, port, json.dumps(asked)], capture_output=True, text=True, check=False)
    finally:
        server.terminate()
        server.communicate(timeout=60)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]

    assert [found[0] for found in answers] == [401, 401, 401, 303, 200, 403, 403, 200]
    assert answers[3][1]["Set-Cookie"].startswith(cookie["Cookie"])
    assert json.loads(answers[4][2])["data"]["session"]["session_id"] == MAIN
    assert not [found for found in answers[:3] if MAIN in found[2]]
