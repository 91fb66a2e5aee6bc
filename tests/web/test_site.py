"""What is answered at which address, and to whom."""

from __future__ import annotations

import json
import re

import pytest

from session_monitor.reports.report import Report
from tests.support.webserving import ELSEWHERE, MAIN, serving
from web import static
from web.answers.desk import Desk
from web.asking import parameters
from web.server.shares import OF_ALL, OWN, of_session

OTHER = "nightly-digest-2026-02-02"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../etc/passwd",
        "/static/..%2f..%2fkeys.py",
        "/static/%2e%2e/%2e%2e/keys.py",
        "//etc/passwd",
        "/static/",
        "/static/index.html",
        "/.web-key",
        "/static/.web-key",
        "/pages/../keys.py",
        "/static/a.js/",
        "/static/a.js%00.html",
        "/session/",
        "/api/",
        "/api/session/../overview",
        "/%73ession",
    ],
)
def test_no_path_leads_out(running, path):
    """Only the paths of a fixed list are answered; whatever else is asked for is not there."""
    assert running.ask(path).status == 404


def test_health_says_only_that_it_answers(running):
    """From elsewhere and without a key, health tells no more than the status."""
    assert running.ask("/api/health", ELSEWHERE).data == {"status": "ok"}
    assert running.ask("/api/health").data["sessions"] > 0


def test_who_am_i(running):
    """Each is told what is open to them."""
    key = running.keys().of_session(MAIN)
    headers = {**ELSEWHERE, "Cookie": f"{running.cookie}={key}"}
    asked = running.ask("/api/me").data
    same = {"redacted": False, "version": asked["version"], "timezone": asked["timezone"]}

    assert running.ask("/api/me").data == {"scope": "all", "session": None, "local": True, **same}
    mine = {"scope": "session", "session": MAIN, "local": False, **same}
    assert running.ask("/api/me", headers, id=MAIN).data == mine
    assert running.ask("/api/me", headers, id=OTHER).data == {**mine, "session": None}


def test_what_is_worked_out_counts_for_who_asked(folder, monkeypatch):
    """Questions and exports alike: this machine's own user, the main key and each session's key are told apart."""
    asked = []
    with serving(folder) as running:
        desk, keys = running.site.desk, running.keys()
        answer, by_turns = desk.answer, desk.by_turns

        def answered(key, work, share, **more):
            asked.append(share)
            return answer(key, work, share, **more)

        def in_pieces(pieces, share):
            asked.append(share)
            return by_turns(pieces, share)

        monkeypatch.setattr(desk, "answer", answered)
        monkeypatch.setattr(desk, "by_turns", in_pieces)
        for headers in (
            {},
            *({**ELSEWHERE, "Authorization": f"Bearer {key}"} for key in (keys.main, keys.of_session(MAIN))),
        ):
            for path in ("/api/session", "/api/session/export"):
                assert running.ask(path, headers, id=MAIN).status == 200

    shared = (OWN, OF_ALL, of_session(keys.of_session(MAIN)))
    assert asked == [share for share in shared for _ in range(2)]


def test_rounds_are_counted_where_the_data_changed(folder, monkeypatch):
    """Who listens looks each second: an index that is as it was is not asked again."""
    changes, asked = iter([1, 1, 2, 2, None, 2, 3]), []
    monkeypatch.setattr(Desk, "change", lambda _desk: next(changes))
    monkeypatch.setattr(Report, "round_count", lambda _report, session_id: asked.append(session_id) or len(asked))
    with serving(folder) as running:
        count = running.site._counting(MAIN)
        assert [count() for _ in range(7)] == [1, 1, 2, 2, None, 2, 3]
    assert asked == [MAIN] * 3


PERSON = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/", "/session?id=x", "/api/sessions", "/static/a.js", "/nope"])
def test_a_refusal_is_a_page_for_a_person(running, path):
    """A browser that opens an address gets a page whichever it is; a program gets JSON; both get the same status."""
    page, other = running.ask(path, {**ELSEWHERE, **PERSON}), running.ask(path, {**ELSEWHERE, "Accept": "*/*"})

    assert (page.status, other.status) == (401, 401)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert 'data-code="key_needed"' in page.body.decode()
    assert other.headers["WWW-Authenticate"] == page.headers["WWW-Authenticate"] == "Bearer"
    if path not in ("/", "/session?id=x"):
        assert other.code == "key_needed"


def test_what_is_open_without_a_key(running):
    """The files of the page that asks for a key, and none that another page needs or that tells of the data."""
    files = {**static.files(), **running.site.files}
    opened = {path for path in files if static.is_open(path)}

    assert all(path.startswith(("/static/refusal.", "/static/shared/", "/static/texts/")) for path in opened)
    assert len(opened) == 6
    with_files = running.site._replace(files=files)
    page = static.refusal_page(with_files.files, "/", "key_needed", {"en": "a <b>"}).body.decode()
    named = set(re.findall(r'(?:href|src)="\./(static/[^"]+)"', page))
    assert {f"/{each}" for each in named} <= opened
    assert "a &lt;b&gt;" in page


def test_a_key_in_a_header_is_kept(running):
    """A right one becomes a cookie for that browser, a wrong one is told even to who has another; none gives none."""
    main, mine = running.keys().main, running.keys().of_session(MAIN)

    def kept(key, **more):
        return running.ask("/api/key", {**ELSEWHERE, "Authorization": f"Bearer {key}", **more})

    assert kept(main).data["scope"] == "all"
    assert kept(main).headers["Set-Cookie"].startswith(f"{running.cookie}={main}; HttpOnly; SameSite=Strict; Path=/;")
    assert kept(mine).headers["Set-Cookie"].startswith(f"{running.cookie}-{mine[:8]}={mine}; ")
    assert (kept("x").code, kept("x", Cookie=f"{running.cookie}={mine}").code) == ("wrong_key", "wrong_key")
    assert running.ask("/api/key", ELSEWHERE).status == 401
    assert running.ask("/api/key").headers["Set-Cookie"] is None
    assert running.ask("/api/me", {**ELSEWHERE, "Authorization": f"Bearer {main}"}).headers["Set-Cookie"] is None


@pytest.mark.parametrize("path", ["/prices", "/coverage", "/api/prices", "/api/coverage", "/compare", "/api/compare"])
def test_what_is_of_all_sessions(running, path):
    """The key of one session opens neither, and no key opens nothing."""
    mine = {**ELSEWHERE, "Authorization": f"Bearer {running.keys().of_session(MAIN)}"}
    assert running.ask(path, mine, id=MAIN).status == 403
    assert running.ask(path, ELSEWHERE).status == 401
    assert static.is_page(path) == (not path.startswith("/api/"))


@pytest.mark.parametrize("path", sorted(set(parameters.known(static.API)) - {"/api/openapi.json"}))
def test_a_parameter_that_an_address_does_not_have(running, path):
    """What was meant by it would be missing in the answer, so there is none; those that there are are named."""
    refused = running.ask(path, bogus="1")
    error = json.loads(refused.body)["error"]

    assert (refused.status, error["code"]) == (400, "bad_parameter")
    assert error["message"].startswith(f"{path} has no parameter bogus: there are ")
