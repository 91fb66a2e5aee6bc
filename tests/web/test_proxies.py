"""Real proxies with the settings that they come with: whoever comes through them needs a key, whatever they send along."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import subprocess
from urllib.parse import urlencode, urlsplit

import pytest

from tests.support import browser
from tests.support.needs import need_tool
from tests.support.proxies import haproxy, nginx
from tests.support.users import STRANGER, program_of
from tests.support.webserving import MAIN, PATIENCE, ROOT, asked, program

BARE = "location / {{ proxy_pass http://127.0.0.1:{port}; }}"
"""What a first example of nginx has."""
BACKEND = "backend monitor\n    mode {mode}\n    server monitor 127.0.0.1:{port}\n"
PATHS = ("/", "/api/sessions", "/api/overview", "/api/search?q=a", f"/api/session/rounds?id={MAIN}", "/api/events")
DEFAULTS = {
    "nginx": lambda port: nginx(BARE.format(port=port)),
    "haproxy": lambda port: haproxy(BACKEND.format(port=port, mode="http")),
    "haproxy, tcp": lambda port: haproxy(BACKEND.format(port=port, mode="tcp"), mode="tcp"),
}
"""Each proxy as it is when nothing is set but where to."""


def example(name, begin):
    """The block of a document that begins so, with the port that it names made a gap."""
    text = (ROOT / name).read_text(encoding="utf-8")
    (found,) = re.findall(rf"^```\n({re.escape(begin)}.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert found.count("8888") == 1
    return lambda port: found.replace("8888", str(port))


DOCUMENTED = {
    "nginx": lambda port: nginx(example("docs/SERVER.md", "location / {")(port)),
    "haproxy": lambda port: haproxy(example("docs/SERVER.md", "backend monitor")(port)),
}
"""Each as it is documented here."""


@contextlib.contextmanager
def visitor(port):
    """Somebody's connection."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        yield lambda path, headers=None, **more: asked(connection, path, headers, **more)


def connected(path):
    """A connection to a socket that has a name among the files."""
    opened = socket.socket(socket.AF_UNIX)
    opened.connect(str(path))
    return opened


def status(ask, path):
    """The status of an answer; of one that does not end, without its body."""
    return ask(path, method="HEAD" if path == "/api/events" else "GET").status


@pytest.mark.parametrize("proxy", DEFAULTS)
def test_a_proxy_in_its_default_settings(folder, proxy):
    """No key, no answer, and no word of a conversation; with the link that was printed, everything."""
    with program(folder, "--quiet") as (process, port, _), DEFAULTS[proxy](port) as front:
        link = process.stdout.readline().strip().partition(f":{port}")[2]
        with visitor(port) as ask:
            assert [status(ask, path) for path in PATHS] == [200] * len(PATHS)
        with visitor(front) as ask:
            assert [status(ask, path) for path in PATHS] == [401] * len(PATHS)
            answers = [ask(path).body.decode() for path in PATHS]
            assert not [each for each in answers if "agent:main" in each or "北京" in each]
            assert "url --all" in answers[0]
            assert "another user of this machine than the server's, or through a proxy" in answers[1]
            found = ask(link)
            cookie = {"Cookie": found.headers["Set-Cookie"].partition(";")[0]}
            assert (found.status, found.headers["Location"]) == (303, "/")
            assert MAIN in ask("/api/sessions", cookie).body.decode()


@pytest.mark.parametrize("proxy", DEFAULTS)
def test_what_it_would_be_without_users(folder, proxy):
    """These proxies send nothing by which their visitors would be known: with --trust-local-users they see everything."""
    options = ("--quiet", "--trust-local-users")
    with program(folder, *options) as (_, port, _), DEFAULTS[proxy](port) as front, visitor(front) as ask:
        assert [status(ask, path) for path in PATHS] == [200] * len(PATHS)


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_a_proxy_that_runs_as_root(mode):
    """Root is nobody special where the server is another user's: much that forwards connections runs as root."""
    with program_of(STRANGER, STRANGER) as port:
        backend = BACKEND.format(port=port, mode=mode)
        with haproxy(backend, mode=mode, keeps_root=True) as front, visitor(front) as ask:
            assert [status(ask, path) for path in PATHS] == [401] * len(PATHS)


@pytest.mark.parametrize("proxy", DOCUMENTED)
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], 401),
        (["--trust-proxy"], 401),
        (["--trust-local-users"], 401),
        (["--trust-proxy", "--trust-local-users"], 200),
    ],
)
def test_a_proxy_as_documented(folder, proxy, options, expected):
    """What it says of a visitor on this machine is believed where the proxy is trusted; the link is taken all the same."""
    with program(folder, "--quiet", *options) as (process, port, _), DOCUMENTED[proxy](port) as front:
        key = process.stdout.readline().strip().rpartition("key=")[2]
        with visitor(front) as ask:
            assert [status(ask, path) for path in PATHS] == [expected] * len(PATHS)
            spoofed = ask("/api/sessions", {"X-Forwarded-For": "203.0.113.9", "Via": "1.1 x"})
            assert spoofed.status == expected
            assert ask("/api/sessions", {"Authorization": f"Bearer {key}"}).status == 200


@pytest.mark.parametrize("proxy", DOCUMENTED)
def test_events_through_a_proxy(folder, proxy):
    """As documented, what happens is told at once, not when a buffer is full."""
    with program(folder, "--quiet") as (process, port, _), DOCUMENTED[proxy](port) as front:
        key = process.stdout.readline().strip().rpartition("key=")[2]
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", front, timeout=PATIENCE)) as connection:
            connection.request("GET", "/api/events", headers={"Authorization": f"Bearer {key}"})
            found = connection.getresponse()
            lines = [found.readline() for _ in range(4)]
    assert (lines[0], lines[3]) == (b"retry: 3000\n", b"event: change\n")


def test_the_cookie_behind_tls(folder, tmp_path):
    """As documented, the browser that speaks TLS with the proxy never sends the key without."""
    made = ["-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem", "-days", "2", "-subj", "/CN=localhost"]
    command = [need_tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made]
    subprocess.run([*command, "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    files = [f"ssl_certificate {tmp_path}/cert.pem;", f"ssl_certificate_key {tmp_path}/key.pem;"]
    socket_of_tls = tmp_path / "tls.sock"
    with program(folder, "--quiet") as (process, port, _):
        key = process.stdout.readline().strip().rpartition("key=")[2]
        location = example("docs/SERVER.md", "location / {")(port)
        with nginx(location, f"listen unix:{socket_of_tls} ssl;", *files) as plain:
            with visitor(plain) as ask:
                bare = ask("/", key=key).headers["Set-Cookie"]
            trusting = ssl.create_default_context(cafile=tmp_path / "cert.pem")
            connection = http.client.HTTPSConnection("localhost", context=trusting, timeout=PATIENCE)
            connection.sock = trusting.wrap_socket(connected(socket_of_tls), server_hostname="localhost")
            kept = asked(connection, "/", key=key).headers["Set-Cookie"]
            connection.close()
    assert (bare.endswith("; Secure"), kept.endswith("; Secure")) == (False, True)
    assert kept.startswith(bare)


BELOW = {
    "leaves the path": lambda port: nginx(example("docs/SERVER.md", "location /monitor/ {")(port)),
    "takes it away": lambda port: nginx(
        example("docs/SERVER.md", "location /monitor/ {")(port).replace(f":{port};", f":{port}/;")
    ),
}
"""A proxy that shows the pages below a path, both ways that are documented."""


@pytest.mark.parametrize("proxy", BELOW)
def test_below_a_path(folder, proxy):
    """What the pages load, where they lead and what they keep is below it, and the printed link is, too."""
    with (
        program(folder, "--quiet", "--base-path", "/monitor/") as (process, port, greeting),
        BELOW[proxy](port) as front,
    ):
        link = process.stdout.readline().strip().partition(f":{port}")[2]
        assert f":{port}/monitor/\n" in greeting
        assert link.startswith("/monitor/?key=")
        with visitor(front) as ask:
            assert [ask(f"/monitor{path}").status for path in PATHS[:5]] == [401] * 5
            found = ask(link)
            pair, *kept = found.headers["Set-Cookie"].split("; ")
            assert (found.status, found.headers["Location"]) == (303, "/monitor/")
            assert "Path=/monitor" in kept
            page = ask("/monitor/", {"Cookie": pair}).body.decode()
            for asset in re.findall(r'(?:href|src)="(static/[^"]+)"', page):
                assert ask(f"/monitor/{asset}", {"Cookie": pair}).status == 200
            shown = ask("/monitor/api/session", {"Cookie": pair}, id=MAIN).data
            assert shown["link"].startswith("/monitor/session?id=agent:main")
            again = ask(shown["link"])
            assert (again.status, again.headers["Location"]) == (303, f"/monitor/session?{urlencode({'id': MAIN})}")
            bare = ask("/monitor", {"Cookie": pair})
            assert (bare.status, urlsplit(bare.headers["Location"]).path) == (301, "/monitor/")
            assert ask("/session", {"Cookie": pair}).status == 404  # nginx's own: it shows nothing else
        with visitor(port) as ask:
            assert [ask(path).status for path in ("/", "/monitor/", "/api/me", "/monitor/api/me")] == [200] * 4
            assert ask("/monitor").headers["Location"] == "/monitor/"
            assert ask("/monitors/").status == 404


@pytest.mark.parametrize("proxy", BELOW)
def test_the_pages_below_a_path(folder, proxy):
    """A browser asks for nothing outside it, hears of what happens, and goes from page to page and back."""
    with contextlib.ExitStack() as opened:
        process, port, _ = opened.enter_context(program(folder, "--quiet", "--base-path", "/monitor"))
        front, chromium = opened.enter_context(BELOW[proxy](port)), opened.enter_context(browser.chromium())
        link = process.stdout.readline().strip().partition("/monitor")[2]
        watched = browser.Watched(chromium, f"http://127.0.0.1:{front}/monitor")
        page = watched.open(link)
        page.locator("a.session-link").first.click()
        page.locator(".round header:visible").first.wait_for()
        assert page.url.startswith(f"{watched.base}/session?id=")
        page.locator(".brand").click()
        page.locator("a.session-link").first.wait_for()
        assert page.url.startswith(f"{watched.base}/")
        assert any(each.startswith(f"{watched.base}/api/events") for each in watched.asked)
        assert watched.faults == browser.NO_FAULTS
        watched.close()
