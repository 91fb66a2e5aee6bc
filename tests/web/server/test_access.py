"""Who may see what: on this machine, from elsewhere, with which key, over real sockets and from another network."""

from __future__ import annotations

import contextlib
import html
import http.client
import json
import os
import re
import stat
import subprocess
import sys
import textwrap
import urllib.parse

import pytest

from session_monitor.links.keys import Keys
from tests.support.needs import need_tool
from tests.support.users import OWNER, STRANGER, acting_as, need_users, program_of
from tests.support.webserving import ELSEWHERE, MAIN, PATIENCE, ROOT, asked, serving
from web import site
from web.api import routes
from web.server import access, peers
from web.server.exchange import Request

OTHER = "nightly-digest-2026-02-02"
OF_ALL = (
    "/api/prices",
    "/api/coverage",
    "/",
    "/api/overview",
    "/api/sessions",
    "/api/stats",
    "/api/summary",
    "/api/names",
    "/api/colours",
    "/api/compare",
    "/api/latency",
    "/api/drivers",
    "/api/prompts",
    "/api/insights",
    "/api/budgets",
    "/api/alerts",
    f"/api/work?id={MAIN}",
    f"/api/work/diff?id={MAIN}&file=a",
    "/api/search?q=a",
    "/api/events",
    "/metrics",
)
OF_SESSION = ("/session", *site.OF_SESSION)
FORWARDED = [
    {"X-Forwarded-For": "203.0.113.9"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1"},
    {"X-Real-IP": "127.0.0.1"},
    {"Via": "1.1 proxy"},
    {"X-Forwarded-Host": "localhost"},
    {"X-Forwarded-Server": "front"},
    {"X-Forwarded": "for=127.0.0.1"},
    {"X_Forwarded_For": "127.0.0.1"},
    {"Forwarded-For": "127.0.0.1"},
    {"X-Client-IP": "127.0.0.1"},
    {"X-Cluster-Client-IP": "127.0.0.1"},
    {"X-Original-Forwarded-For": "127.0.0.1"},
    {"X-Envoy-External-Address": "127.0.0.1"},
    {"True-Client-IP": "127.0.0.1"},
    {"CF-Connecting-IP": "127.0.0.1"},
    {"Fastly-Client-IP": "127.0.0.1"},
    {"CDN-Loop": "cloudflare"},
]


def of(path, session_id=MAIN):
    """The address with what it needs to be answered."""
    needed = {"text": "&round=1&path=answer", "history": "&round=1", "find": "&q=a", "changed": "&round=1"}
    more = needed.get(path.rpartition("/")[2], "")
    return f"{path}?id={urllib.parse.quote(session_id)}{more}"


def seen(running, path, headers):
    """The status of an answer; of one that does not end, without its body."""
    method = "HEAD" if "/events" in path else "GET"
    return running.ask(path, headers, method=method).status


# -- other users of this machine ---------------------------------------------------------------------------------------


def test_another_user_of_this_machine(running):
    """Without a key they get nothing at all, at no address, by no name; with one, what it opens."""
    need_users()
    with acting_as(STRANGER):
        for path in (*OF_ALL, *map(of, OF_SESSION), "/static/a.js", "/api/me", "/api/openapi.json", "/x"):
            found = running.ask(path)
            assert (found.status, MAIN.encode() in found.body) == (401, False)
        assert running.ask("/api/health").data == {"status": "ok"}
        assert running.ask("/api/me", {"Host": "evil.example"}).status == 401
        assert running.ask("/api/me", {"Authorization": f"Bearer {running.keys().main}"}).data["local"] is False
        link = running.ask("/", key=running.keys().main)
        cookie = {"Cookie": link.headers["Set-Cookie"].partition(";")[0]}
        assert [running.ask(path, cookie).status for path in ("/", "/api/sessions")] == [200, 200]
    assert running.ask("/api/me").data["local"] is True


def test_other_users_are_told_what_to_do(running):
    """The page, and the answer for programs, say why they need a key here and how it is had."""
    need_users()
    with acting_as(STRANGER):
        answers = [running.ask("/").body.decode(), running.ask("/api/sessions").json["error"]["message"]]
    for each in map(html.unescape, answers):
        assert "another user of this machine than the server's, or through a proxy" in each
        assert "the link that the server printed when it started" in each
        assert "python3 scripts/cli.py url --all --data-dir DIR" in each
    assert "another user" not in running.ask("/", ELSEWHERE).body.decode()


def test_a_user_who_is_not_known(folder):
    """Where it is not told whose a connection is, it is nobody's who may do without a key; and that is said."""
    with serving(folder, user_of=peers.unknown) as running:
        found = running.ask("/api/sessions")
    assert (found.status, found.code) == (401, "key_needed")
    assert "it is not known which user of this machine this comes from" in found.json["error"]["message"]


def test_all_users_may_be_trusted(folder):
    """Where it was asked for, any user of this machine is one of its own."""
    need_users()
    with serving(folder, trusts=access.anybody) as running, acting_as(STRANGER):
        assert running.ask("/api/sessions").status == 200
        assert running.ask("/api/sessions", ELSEWHERE).status == 401


def test_who_owns_the_connection_is_asked_once(folder):
    """The user is that of the connection's beginning, for all of its requests, and asked for no other ones."""
    asked_of = []
    real = peers.teller()

    def user_of(opened):
        asked_of.append(opened.getpeername()[1])
        return real(opened)

    with serving(folder, user_of=user_of) as running, running.connect() as kept:
        found = [asked(kept, path).status for path in ("/api/me", "/api/sessions", "/", "/api/me")]
        assert (found, len(asked_of)) == ([200] * 4, 1)


@pytest.mark.parametrize(
    ("server", "owner", "trusted"),
    [
        (4711, 4711, {4711}),
        (4711, 4712, {4711, 4712}),
        (4711, 0, {4711}),
        (4711, None, {4711}),
        (0, 4712, {0, 4712}),
        (0, None, {0}),
    ],
)
def test_who_needs_no_key(tmp_path, monkeypatch, server, owner, trusted):
    """Who runs the server and who owns the folder, now or later; root only where it runs the server."""
    folder = tmp_path / "sessions"
    trusts = access.own_users(str(folder))
    assert not trusts(owner) or owner == os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: server)
    if owner is not None:
        folder.mkdir()
        real = os.stat
        fields = [*real(folder)]
        fields[stat.ST_UID] = owner
        told = os.stat_result(fields)
        monkeypatch.setattr(os, "stat", lambda path, **more: told if path == str(folder) else real(path, **more))
    assert {user for user in (None, 0, 4711, 4712, 4713, 65_534) if trusts(user)} == trusted


@pytest.mark.parametrize("server", [STRANGER, 0])
def test_the_program_run_by_a_user(server):
    """The real program, run by a user over a folder of another one: both need no key, and nobody else does without."""
    with program_of(server, OWNER) as port:
        found = {user: status_for(user, port) for user in (0, STRANGER, OWNER, OWNER + 1)}
    assert {user for user, each in found.items() if each == 200} == {server, OWNER}
    assert set(found.values()) == {200, 401}


def test_the_program_in_a_container():
    """Where the users outside have one number for all of them, that is nobody's, and the folder's owner is nobody."""
    need_users()
    inside = [need_tool("unshare"), "--user", "--map-root-user"]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs to make user namespaces, which cannot be done here")
    with program_of(0, OWNER, *inside) as port:
        found = {user: status_for(user, port) for user in (0, STRANGER, OWNER)}
    assert found == {0: 200, STRANGER: 401, OWNER: 401}


def status_for(user, port):
    """What a user of this machine is answered."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        with acting_as(user):
            connection.connect()
        return asked(connection, "/api/me").status


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
    for headers in ({"Authorization": f"Bearer {key}"}, {"Cookie": f"other=1; {running.cookie}={key}"}):
        for path in (*OF_ALL, *map(of, OF_SESSION), "/static/a.js"):
            assert seen(running, path, {**ELSEWHERE, **headers}) == 200
    assert running.ask("/api/sessions", ELSEWHERE, key=key).status == 200


def test_a_sessions_key_opens_that_session_alone(running):
    """It opens the page and the data of its session, and neither those of others nor the overview."""
    key = running.keys().of_session(MAIN)
    headers = {**ELSEWHERE, "Cookie": f"{running.cookie}-{key[:8]}={key}"}

    assert {path: seen(running, of(path), headers) for path in OF_SESSION} == dict.fromkeys(OF_SESSION, 200)
    closed = [*OF_ALL, *(of(path, OTHER) for path in OF_SESSION), *OF_SESSION, "/api/session/other?id=" + MAIN]
    assert {path: seen(running, path, headers) for path in closed} == dict.fromkeys(closed, 403)
    assert seen(running, "/static/a.js", headers) == 200
    assert running.ask("/api/health", headers).data == {"status": "ok"}


def test_two_ids_in_one_request(running):
    """Where an id is given twice, what is checked is what is answered."""
    key = running.keys().of_session(MAIN)
    headers = {**ELSEWHERE, "Cookie": f"{running.cookie}={key}"}

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


def test_two_servers_of_one_machine(folder, tmp_path):
    """A browser has the keys of both in its cookies, which know no port: neither takes the place of the other one's."""
    jar, waited = {}, []
    with serving(folder, wait=waited.append) as one, serving(tmp_path, wait=waited.append) as other:
        servers = (one, other, one)
        for running in servers:
            for query in ({"key": running.keys().main}, {"key": running.keys().of_session(MAIN), "id": MAIN}):
                sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}
                found = running.ask("/session", {**ELSEWHERE, **sent}, **query)
                name, _, value = found.headers["Set-Cookie"].partition(";")[0].partition("=")
                jar[name] = value
        cookies = {**ELSEWHERE, "Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}
        assert [running.ask("/api/stats", cookies).status for running in servers] == [200] * 3
        # The other one's alone is no key that somebody tries here.
        theirs = "; ".join(f"{name}={value}" for name, value in jar.items() if not name.startswith(one.cookie))
        assert one.ask("/api/stats", {**ELSEWHERE, "Cookie": theirs}).code == "key_needed"
    assert (len(jar), waited) == (4, [])


def test_a_link_takes_no_key_away(running):
    """Who can see everything still can after a link to one session, or one with a key that is none."""
    kept = f"{running.cookie}={running.keys().main}"
    key = running.keys().of_session(MAIN)
    found = [running.ask("/session", {**ELSEWHERE, "Cookie": kept}, id=MAIN, key=each) for each in (key, "wrong")]
    assert [each.status for each in found] == [303, 303]
    assert found[0].headers["Set-Cookie"].startswith(f"{running.cookie}-{key[:8]}={key};")
    assert found[1].headers["Set-Cookie"] is None


def test_a_folder_that_is_served_twice(folder):
    """Its key is the same at both, and so is the cookie."""
    with serving(folder) as one, serving(folder) as other:
        found = one.ask("/", ELSEWHERE, key=one.keys().main)
        cookie = {**ELSEWHERE, "Cookie": found.headers["Set-Cookie"].partition(";")[0]}
        assert other.ask("/api/stats", cookie).status == 200


def test_the_cookies_name_gives_no_key_away():
    """It says of which key it is, and nothing of what that reads."""
    names = {access.cookie_name(Keys(secret * 43)) for secret in "abc"}
    assert len(names) == 3
    assert all(re.fullmatch(r"monitor-key-[0-9a-f]{12}", each) for each in names)


@pytest.mark.parametrize("is_tls", [True, False])
@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, False),
        ({"X-Forwarded-Proto": "http"}, False),
        ({"X-Forwarded-Proto": "httpsx"}, False),
        ({"X-Forwarded-Proto": "https"}, True),
        ({"X-Forwarded-Proto": "HTTPS"}, True),
        ({"X-Forwarded-Proto": "https, http"}, True),
        ({"X-Forwarded-Proto": "http,https"}, True),
    ],
)
@pytest.mark.parametrize("scope", ["all", "session"])
def test_a_cookie_of_tls_stays_in_tls(is_tls, headers, told, scope):
    """Where the browser spoke TLS, with the server or with a proxy, the key is never sent without."""
    keys = Keys("k" * 43)
    key = keys.main if scope == "all" else keys.of_session(MAIN)
    sent = {name.lower(): value for name, value in {**ELSEWHERE, **headers}.items()}
    request = Request("GET", "/session", {"key": [key], "id": [MAIN]}, sent, "127.0.0.1", is_tls)
    door = access.Door(lambda: keys, access.anybody)

    ((name, cookie),) = door.cookie_for(request, door.visitor(request))
    first, *flags = cookie.split("; ")
    assert (name, first.partition("=")[2]) == ("Set-Cookie", key)
    expected = ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"]
    assert flags == [*expected, "Secure"] if is_tls or told else flags == expected


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
        for headers in ({"Authorization": "Bearer wrong"}, {"Cookie": f"{running.cookie}=wrong"}):
            assert running.ask("/api/sessions", {**ELSEWHERE, **headers}).code == "wrong_key"
        other = {**ELSEWHERE, "Cookie": f"{running.cookie}={running.keys().of_session(OTHER)}"}
        assert running.ask("/session", other, id=MAIN, key="wrong").status == 401
        assert running.ask("/session", ELSEWHERE, id=MAIN, key=running.keys().of_session(OTHER)).status == 403
        assert running.ask("/api/sessions", ELSEWHERE).code == "key_needed"
    assert waited == [1.0] * 3


def test_many_wrong_keys_at_a_time(folder):
    """While as many wait as may, the next one is sent away at once, and who has the key is answered."""
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
        ({"X-Forwarded-For": "::1"}, 200),
        ({"X-Forwarded-For": "127.0.0.1:4711"}, 200),
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


def test_a_proxy_of_another_user(folder):
    """Of another user no such word is believed: anybody on this machine may write it."""
    need_users()
    with serving(folder, trusts_proxy=True) as running, acting_as(STRANGER):
        assert running.ask("/api/me", {"X-Forwarded-For": "127.0.0.1"}).status == 401
    with serving(folder, trusts_proxy=True, trusts=access.anybody) as running, acting_as(STRANGER):
        assert running.ask("/api/me", {"X-Forwarded-For": "127.0.0.1"}).status == 200


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
        cookie = {"Cookie": f"{access.cookie_name(Keys(main))}-{key[:8]}={key}"}
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
