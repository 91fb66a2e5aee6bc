"""Does the web server answer every question the same?"""

from __future__ import annotations

import contextlib
import json
import urllib.parse

from session_monitor.links.keys import Keys
from tests.campaigns.same_answers.masks import OF_WEB, UNLIKE_HEADERS, masked
from tests.campaigns.same_answers.names import names_in
from tests.campaigns.same_answers.pages import ELSEWHERE, compare_page
from tests.campaigns.same_answers.programs import CLI, run
from tests.campaigns.same_answers.servers import fetch, first_event, sent_raw, serving
from tests.campaigns.same_answers.written import KEY
from web.server import access

COOKIE = access.cookie_name(Keys(KEY))
"""The cookie's name since it tells the server; before, it told the port."""
_WAYS = (
    ("GET", {}),
    ("GET", {"Accept-Encoding": "gzip"}),
    ("HEAD", {}),
    ("GET", {"If-None-Match": "*"}),
)
"""The ways in which each address is asked for."""
_STRANGERS = (
    {"Host": "evil.example"},
    {"Host": "monitor.test:80"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    {"X-Forwarded-For": "203.0.113.9, 127.0.0.1"},
    {**ELSEWHERE, "Authorization": "Bearer wrong"},
    {**ELSEWHERE, "X-Forwarded-Proto": "https", "Cookie": f"monitor-key-0={KEY}; {COOKIE}={KEY}"},
)
"""Headers of requests that are treated in their own ways."""
_RAW = (
    b"POST /api/summary HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /api/summary HTTP/1.0\r\n\r\n",
    b"GET /api/summary HTTP/1.1\r\n\r\n",
    b"GET /api/summary HTTP/2.0\r\nHost: localhost\r\n\r\n",
    b"GET /api/summary HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    b"GET /api/summary HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
    b"GET /api/session/export?id=no-such HTTP/1.0\r\n\r\n",
    b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /api/sessions?" + b"&".join(b"a%d=1" % number for number in range(100)) + b" HTTP/1.0\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"GET //[ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
)
"""Requests as no client of ours sends them."""


def web_names(campaign, log):
    """What the addresses name, quoted for them."""
    names = names_in(campaign.sides[0].home / "sessions" / log)
    link = run(campaign.sides[0], CLI, ["url", names["largest"], "--data-dir", f"sessions/{log}"]).stdout.decode()
    names.update(key=KEY, session_key=link.strip().rpartition("&key=")[2])
    return {name: urllib.parse.quote(str(value), safe="", errors="surrogatepass") for name, value in names.items()}


def ask_server(campaign, log, kind, *options):
    """Ask the servers over a log's sessions for every address."""
    names = web_names(campaign, log)
    with serving(campaign, f"sessions/{log}", *options) as ports:
        for line in campaign.questions("addresses"):
            for method, headers in _WAYS:
                _compare_replies(campaign, kind, ports, line.format(**names), method, headers)
        for path in campaign.some(_clipped(campaign, ports, names)):
            _compare_replies(campaign, kind, ports, path)
        for path in campaign.questions("addresses_recent"):
            _compare_replies(campaign, kind, ports, path, masks="recent", unlike=(*UNLIKE_HEADERS, "etag"))
        for line in campaign.questions("addresses_events"):
            path = line.format(**names)
            replies = campaign.pool.map(lambda port, path=path: first_event(port, path), ports)
            campaign.verdict.compare(kind, path, *(reply.told() for reply in replies))


def _compare_replies(campaign, kind, ports, path, method="GET", headers=None, *, masks="", unlike=UNLIKE_HEADERS):
    """Ask both servers the same, and compare status, headers and body."""
    replies = campaign.pool.map(lambda port: fetch(port, path, method, headers), ports)
    told = [masked(OF_WEB, masks, reply.told(unlike)) for reply in replies]
    campaign.verdict.compare(kind, f"{method} {path} {headers or ''}", *told)


def _clipped(campaign, ports, names):
    """Addresses of the first texts that are too long to be given with their round, as BEFORE has them."""
    path = "/api/session/rounds?id={largest}&last=50".format(**names)
    before, _ = campaign.pool.map(lambda port: fetch(port, path), ports)
    with contextlib.suppress(ValueError, KeyError):
        for entry in json.loads(before.body)["data"]["rounds"]:
            for clip in entry["clipped"][:2]:
                path = urllib.parse.quote(clip["path"], safe="", errors="surrogatepass")
                yield f"/api/session/text?id={names['largest']}&round={entry['round']}&path={path}"


def ask_as_visitors(campaign, log, kind):
    """Ask from elsewhere with every kind of key, in wrong ways, and servers with other options."""
    names = web_names(campaign, log)
    credentials = [{}, *({"Authorization": f"Bearer {names[name]}"} for name in ("key", "session_key"))]
    credentials += [{"Cookie": f"a=b; monitor-key-0={names['key']}; {COOKIE}={names['key']}"}]
    of_session = names["session_key"]
    credentials += [{"Cookie": f"monitor-key-0-12345678={of_session}; {COOKIE}-12345678={of_session}"}]
    for options in ([], ["--redact", "--trust-proxy", "--allow-host", "monitor.test"]):
        with serving(campaign, f"sessions/{log}", *options) as ports:
            for line in campaign.questions("addresses_visitors"):
                for credential in credentials:
                    compare_page(campaign, kind, ports, line.format(**names), {**ELSEWHERE, **credential})
            _ask_as_strangers(campaign, kind, ports)
    with serving(campaign, "sessions/nowhere", "--quiet") as ports:
        for path in campaign.questions("addresses_no_folder"):
            _compare_replies(campaign, kind, ports, path)


def _ask_as_strangers(campaign, kind, ports):
    for headers in campaign.some(_STRANGERS):
        compare_page(campaign, kind, ports, "/api/summary", headers)
        compare_page(campaign, kind, ports, "/session", headers)
    for request in campaign.some(_RAW):
        answers = campaign.pool.map(lambda port, request=request: sent_raw(port, request), ports)
        campaign.verdict.compare(kind, repr(request[:60]), *answers)
